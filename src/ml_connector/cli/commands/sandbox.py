"""`sandbox`: both systems, simulated on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ml_connector.cli.command import command, make_group
from ml_connector.cli.commands.inspection import SystemName, parse_date
from ml_connector.cli.door import Door
from ml_connector.cli.words import printable

PANEL = "Try out"
_PORTS = {"min": 0, "max": 65535}


Ready = Annotated[Path, typer.Option("--ready-file", metavar="PATH", help="What the running sandbox wrote.")]
_READY = Path("ready.json")


def register(app: typer.Typer) -> None:
    """Add the command, and what can be asked of a sandbox that runs."""
    group = make_group(default=sandbox)
    command(group)(advance)
    command(group)(play)
    app.add_typer(group, name="sandbox", rich_help_panel=PANEL)


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
        ml-connector sandbox advance
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


def advance(
    door: Door,
    *,
    days: Annotated[int, typer.Option("--days", min=1, metavar="N", help="How many.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Nothing happens on them but what lay ahead.")] = False,
    ready_file: Ready = _READY,
) -> None:
    """
    Let days pass in a running sandbox. Each with its hires, moves and endings, unless they are quiet.

        ml-connector sandbox advance
        ml-connector sandbox advance --days 3 --quiet
    """
    from ml_connector.cli import rehearsal

    told = rehearsal.advance(rehearsal.load_ready(ready_file), days=days, quiet=quiet)
    if door.json:
        door.write_json(told)
        return
    from ml_connector.cli.render import cell, hanging, make_console

    console = make_console()
    for line in rehearsal.tell_days(told):
        console.print(hanging(cell(line), console=console))


def play(
    door: Door,
    *,
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Its name; without one, all names.", show_default=False)
    ] = None,
    system: Annotated[
        SystemName | None,
        typer.Option("--system", help="Whom a fault befalls: workday unless told.", show_default=False),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, metavar="N", help="How many requests a fault spoils.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take back every fault that waits.")] = False,
    ready_file: Ready = _READY,
) -> None:
    """
    Play a scenario in a running sandbox, and name whom it touched. Without a name, list them by what they show.

        ml-connector sandbox play
        ml-connector sandbox play future_hire
        ml-connector sandbox play fault:429-seconds --system plex --count 3
        ml-connector sandbox play --clear
    """
    from ml_connector.cli import rehearsal
    from ml_connector.errors import UsageError

    detail = {name: value for name, value in (("system", system), ("count", count)) if value is not None}
    if detail and not (scenario or "").startswith("fault:"):
        raise UsageError(
            f"--{next(iter(detail))} is for faults", remedy="ml-connector sandbox play fault:429-seconds --system plex"
        )
    if clear and scenario:
        raise UsageError("--clear takes every fault back, and no scenario", remedy="ml-connector sandbox play --clear")
    ready = rehearsal.load_ready(ready_file)
    if clear:
        told = rehearsal.clear_faults(ready)
    else:
        told = rehearsal.play(ready, scenario, **detail) if scenario else rehearsal.list_scenarios(ready)
    if door.json:
        door.write_json(told)
        return
    if "groups" in told:
        _list_groups(told["groups"])
        return
    for line in told.get("touched", []):
        typer.echo(printable(line))
    for line in rehearsal.tell_faults(told):
        typer.echo(printable(line))


def _list_groups(groups: dict[str, list[str]]) -> None:
    from rich.padding import Padding

    from ml_connector.cli.render import cell, make_console

    console = make_console()
    for title, names in groups.items():
        console.print(cell(title, style="bold"))
        console.print(Padding(cell("  ".join(names)), (0, 0, 0, 4)))
