"""`parked`, `resend`, `reevaluate`, `release`: what waits for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from ml_connector.cli.command import command
from ml_connector.cli.commands.syncs import _tell
from ml_connector.cli.door import Door
from ml_connector.cli.progress import shown
from ml_connector.cli.words import plural, printable

PANEL = "Put right"
Keys = Annotated[list[str], typer.Argument(metavar="KEY…", help="As `parked` names them.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (parked, resend, reevaluate, release):
        command(app, panel=PANEL)(function)


def parked(door: Door) -> None:
    """
    List what waits for a person. Parked records and holds, each with the reason and the remedy.

        ml-connector parked
    """
    from ml_connector.usecases import waiting_list

    with door.look() as app:
        if door.json:
            door.write_json(waiting_list.waiting(app))
            return
        found, held, let_go = waiting_list.parked(app), waiting_list.holds(app), waiting_list.released(app)
    from ml_connector.cli.reports import render_parked

    render_parked(found, held, released=let_go)


def resend(door: Door, *, keys: Keys) -> int:
    """
    Send the same bytes again. It is refused when a later plan wants something else.

        ml-connector resend 21001
    """
    from ml_connector.usecases import syncs, waiting_list

    with door.open() as app, shown() as progress:
        report, holds = syncs.resend(app, keys, progress=progress), waiting_list.holds(app)
    return _tell(door, report, holds)


def reevaluate(door: Door, *, keys: Keys) -> int:
    """
    Decide records anew and send what follows. Source and mapping count as they are now.

        ml-connector reevaluate 21001 21002
    """
    from ml_connector.usecases import syncs, waiting_list

    with door.open() as app, shown() as progress:
        report, holds = syncs.reevaluate(app, keys, progress=progress), waiting_list.holds(app)
    return _tell(door, report, holds)


def release(door: Door, *, hold: Annotated[str, typer.Argument(help="As `parked` or `plan` names it.")]) -> None:
    """
    Approve what a guard holds back. Exactly that set: the next sync lets it through.

        ml-connector release 7c1e
    """
    from ml_connector.usecases import waiting_list

    with door.open() as app:
        released = waiting_list.release(app, hold)
    if door.json:
        door.write_json(released)
        return
    typer.echo(f"Released {printable(released.id)}: {plural(len(released.members), 'record')}.")
    typer.echo("Next: ml-connector sync   (or ml-connector plan, and apply what it names)")
