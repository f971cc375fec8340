"""`sandbox`: both systems, simulated on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ml_connector.cli.command import command
from ml_connector.cli.commands.inspection import parse_date
from ml_connector.cli.door import Door

PANEL = "Try out"
_PORTS = {"min": 0, "max": 65535}


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, panel=PANEL)(sandbox)


def sandbox(
    door: Door,
    *,
    workday_port: Annotated[int, typer.Option("--workday-port", metavar="P", help="0 = any free one.", **_PORTS)] = 0,
    plex_port: Annotated[int, typer.Option("--plex-port", metavar="P", help="0 = any free one.", **_PORTS)] = 0,
    workers: Annotated[int, typer.Option("--workers", min=1, metavar="N", help="How many people.")] = 1200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Another seed, other people.")] = 7,
    day: Annotated[str | None, typer.Option("--date", metavar="D", help="The tenant's first day.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", metavar="PATH", help="Written once both answer.")
    ] = None,
    calls_per_minute: Annotated[
        int, typer.Option("--calls-per-minute", min=1, metavar="N", help="How many calls Plex takes.")
    ] = 6000,
) -> None:
    """
    Run a simulated Workday and Plex on this machine. A tenant and an enterprise, on loopback, until Ctrl-C.

        ml-connector sandbox --ready-file ready.json
        ml-connector init --sandbox ready.json
    """
    from ml_connector.errors import ConfigurationError
    from ml_connector.sandbox.server import serve

    today = parse_date(day) if day else None
    door.say("Simulated Workday and Plex are starting; Ctrl-C ends them.")
    try:
        serve(
            workday_port=workday_port,
            plex_port=plex_port,
            workers=workers,
            seed=seed,
            today=today,
            ready_file=ready_file,
            calls_per_minute=calls_per_minute,
        )
    except OSError as error:
        raise ConfigurationError(
            f"the sandbox cannot start: {error.strerror}", remedy="another port (0 = any free one), or another file"
        ) from None
