"""`ping`, `discover`, `read`: looking at the two systems without touching them."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ml_connector.cli.command import MOST, command
from ml_connector.cli.door import Door
from ml_connector.cli.failures import IN_PART, tell
from ml_connector.cli.words import plural, printable, printable_json

if TYPE_CHECKING:
    from rich.console import Console

    from ml_connector.connectors.port import SurfaceHealth
    from ml_connector.errors import RecordError

PANEL = "Look"
SystemName = Literal["workday", "plex"]
System = Annotated[SystemName, typer.Argument(help="workday or plex.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, panel=PANEL)(ping)
    command(app, panel=PANEL)(discover)
    command(app, panel=PANEL)(read)


def ping(
    door: Door,
    *,
    system: Annotated[SystemName | None, typer.Argument(help="Only this one.", show_default=False)] = None,
) -> int:
    """
    Prove access to both systems. Surface by surface and type by type; nothing is written, here or there.

        ml-connector ping
        ml-connector ping plex --output json
    """
    from ml_connector.usecases import inspection

    with door.open() as app:
        report = inspection.ping(app, systems=(system,) if system else ("workday", "plex"))
    if door.json:
        door.write_json(report)
        return report.exit_code
    render_ping(report.systems)
    return report.exit_code


def _clock(offset_s: float) -> str:
    """How far a system's clock is ahead of ours, or behind it, in a unit that a person reads."""
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(offset_s) >= 2 * seconds:
            return f"{offset_s / seconds:+.1f} {unit}"
    return f"{offset_s:+.1f} s"


def render_ping(systems: tuple[SurfaceHealth, ...], *, console: Console | None = None) -> None:
    """Print surfaces and, below, what is wrong with which type."""
    from ml_connector.cli.render import cell, make_console, remedy, table

    rows, problems = [], []
    for surface in systems:
        state = cell("ok", style="green") if surface.ok else cell("not ok", style="red")
        offset = None if surface.clock_offset_s is None else _clock(surface.clock_offset_s)
        seen = ", ".join(f"{each.type} {each.count:,}" for each in surface.types if each.count is not None)
        rows.append((surface.system, surface.surface, state, surface.version, offset, seen or None))
        named = f"{surface.system} {surface.surface}"
        if surface.problem:
            problems.append((named, surface.problem, surface.remedy))
        problems += [(f"{named}, {each.type}", each.problem, each.remedy) for each in surface.types if each.problem]
    console = console or make_console()
    console.print(table(("system", "surface", "state", "version", "clock", "sees"), rows))
    for note in dict.fromkeys(surface.version_note for surface in systems if surface.version_note):
        console.print(cell(note, style="dim"))
    for where, problem, fix in problems:
        console.print(cell(f"{where}: {problem}"))
        if fix:
            console.print(remedy(fix))


def discover(door: Door, *, system: System) -> None:
    """
    Name record types, their fields and change filters.

        ml-connector discover plex
    """
    from ml_connector.usecases import inspection

    with door.open() as app:
        types = inspection.discover(app, system=system)
    if door.json:
        door.write_json(types)
        return
    from rich.padding import Padding

    from ml_connector.cli.render import cell, make_console, remedy

    console = make_console()
    for info in types:
        console.print(cell(info.type, style="bold").append(f"   {printable(info.operation)}", style="not bold"))
        for name, values in (
            ("change filters", info.change_filters),
            ("writes", info.writable),
            ("fields", tuple(each.name for each in info.fields)),
        ):
            console.print(Padding(cell(f"{name}: {', '.join(values) or 'none'}", style="dim"), (0, 0, 0, 4)))
        for why, names in (("not given by this surface", info.missing), ("not configured", info.unset)):
            if names:
                console.print(Padding(cell(f"{why}: {', '.join(names)}", style="yellow"), (0, 0, 0, 4)))
        if info.remedy:
            console.print(remedy(info.remedy))


def read(
    door: Door,
    *,
    system: System,
    record_type: Annotated[str, typer.Argument(metavar="TYPE", help="As `discover` names it.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="T", help="Only what was entered since this date or moment.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="D", help="What is true on this date (Workday).")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=MOST, metavar="N", help="Stop after so many.")
    ] = None,
    plant: Annotated[str | None, typer.Option("--plant", metavar="PCN", help="Only this plant (Plex).")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The system's own words, untranslated.")] = False,
    pay: Annotated[bool, typer.Option("--pay/--no-pay", help="Workers with pay; reading it is recorded.")] = True,
) -> int:
    """
    Print records as JSON Lines. They are whole only if the exit code is 0 or 3, and no --limit was given.

        ml-connector read workday worker --limit 3 --no-pay
        ml-connector read plex employee --plant 101 > employees.jsonl
    """
    from ml_connector.canonical.keys import RecordType, System
    from ml_connector.errors import MLConnectorError, UsageError
    from ml_connector.usecases.inspection import ReadRequest
    from ml_connector.usecases.inspection import read as read_records

    if record_type not in set(RecordType):
        raise UsageError(f"there is no record type {record_type}", remedy=f"ml-connector discover {system}")
    request = ReadRequest(
        system=System(system),
        record_type=RecordType(record_type),
        since=parse_moment(since) if since else None,
        as_of=parse_date(as_of) if as_of else None,
        limit=limit,
        plant=plant,
        raw=raw,
        pay=pay,
    )
    faults = 0

    def on_fault(name: str, error: RecordError) -> None:
        nonlocal faults
        faults += 1
        tell(f"{name}: {error.message}", remedy=error.remedy)

    printed = 0
    with door.open() as app:
        try:
            for line in read_records(app, request, on_fault=on_fault):
                _write_line(line)
                printed += 1
        except (MLConnectorError, KeyboardInterrupt):
            # That a reading is whole is proved by its end, and holding it back until then would take it all into memory.
            if printed:
                door.say(f"Do not use the {plural(printed, 'record')} above: the reading broke off and is not whole.")
            raise
    if faults:
        door.say(f"{plural(faults, 'record')} could not be translated; the rest is above.")
        return IN_PART
    return 0


def _write_line(line: bytes) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(printable_json(line.decode(errors="replace")) + "\n")
    else:
        sys.stdout.buffer.write(line + b"\n")


def parse_date(text: str) -> date:
    """Read an ISO date, or end as wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date such as 2026-11-23") from None


def parse_moment(text: str) -> datetime:
    """Read a date or a moment; without an offset it is UTC. Or end as wrong usage."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date or moment such as 2026-11-23T06:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
