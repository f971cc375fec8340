"""`explain`: what a plan would decide of one worker, step by step, as a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ml_connector.cli.command import command
from ml_connector.cli.door import Door
from ml_connector.cli.failures import DONE, IN_PART, WAITING

if TYPE_CHECKING:
    from ml_connector.sync.explained import ExplainedWorker


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, panel="Look")(explain)


def explain(
    door: Door,
    *,
    what: Annotated[Literal["worker"], typer.Argument(help="worker.", show_default=False)],
    worker: Annotated[
        str, typer.Argument(metavar="ID", help="A worker's number or WID, or their employee's id or number in Plex.")
    ],
) -> int:
    """
    Say what a plan would do with one worker, and why. Step by step from the last reading: nothing is asked, nothing is
    written.

        ml-connector explain worker 21001
        ml-connector explain worker 21001 --output json
    """
    from ml_connector.usecases import explain as usecase

    del what
    with door.look() as app:
        found = usecase.explain(app, worker)
    if door.json:
        door.write_json(found)
    else:
        from ml_connector.cli.explanation import render_explained

        render_explained(found)
    return _code(found)


def _code(found: ExplainedWorker) -> int:
    """As a plan of this worker alone would end."""
    if any(each.hold is not None and each.hold.releasable for each in found.decide):
        return WAITING
    return IN_PART if any(each.verb in {"held", "parked"} for each in found.decide) else DONE
