"""`mapping`: the crosswalk of codes between the two systems."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ml_connector.cli.command import command, make_group
from ml_connector.cli.door import Door
from ml_connector.cli.failures import IN_PART, WAITING, tell
from ml_connector.cli.progress import shown
from ml_connector.cli.words import plural, printable

if TYPE_CHECKING:
    from ml_connector.usecases.mapping_changes import Changed
    from ml_connector.usecases.mapping_proposals import Proposed

Kind = Annotated[
    str | None, typer.Option("--kind", metavar="K", help="cost_center, job_profile, location or account only.")
]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Hold the rows against both systems, Plex as it is now, first.")
]
Preview = Annotated[bool, typer.Option("--preview", help="Only say what it would do, and whom it would move.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = make_group("Say what each Workday code is called in each plant.\n\n\b\n    ml-connector mapping coverage")
    command(group, "list")(list_rows)
    command(group, "set")(set_row)
    command(group, "import")(import_rows)
    command(group)(approve)
    command(group)(withdraw)
    command(group)(export)
    command(group)(coverage)
    app.add_typer(group, name="mapping", rich_help_panel="Put right")


def list_rows(
    door: Door,
    *,
    kind: Kind = None,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="Only what waits to be accepted, or to be approved.")
    ] = False,
) -> None:
    """
    List the rows accepted, those proposed, and changes that wait for approval.

        ml-connector mapping list --kind cost_center
    """
    from ml_connector.mapping.period import describe_period
    from ml_connector.usecases import mappings

    with door.look() as app:
        rows = [row for row in mappings.list_rows(app, kind=kind) if not proposed or row.state != "accepted"]
    if door.json:
        door.write_json(rows)
        return
    from ml_connector.cli.render import make_console, stacked, table

    if not rows:
        kept = f" of the kind {kind}" if kind else ""
        door.say(f"Nothing{kept} is proposed or waits for approval." if proposed else f"No row{kept} is there yet.")
        return
    lines = [
        (
            row.plant,
            stacked(row.kind, row.source if row.now is None else f"{row.source} (now {row.now})"),
            stacked(*(f"{part}={value}" for part, value in row.target.items())),
            describe_period(row.effective_on, row.ends_on),
            stacked(f"{row.state}, version {row.version}", f"by {row.changed_by}"),
        )
        for row in rows
    ]
    columns = ("plant", "code", "in Plex", "in force", "state")
    make_console().print(table(columns, lines))


def set_row(
    door: Door,
    *,
    kind: Annotated[str, typer.Argument(help="cost_center, job_profile, location or account.")],
    source: Annotated[
        str, typer.Argument(help="Workday's reference id; for an account cost_center/job_class/component.")
    ],
    target: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE…", help="What it is called in Plex.", show_default=False)
    ] = None,
    plant: Annotated[str, typer.Option("--plant", metavar="PCN", help="Only in this plant.")] = "*",
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day of the row, as 2026-11-01; or always.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day; alone it ends the row that is there.")
    ] = None,
    check: Check = True,
    preview: Preview = False,
) -> int:
    """
    Say what one code is called. A change of what is in force waits for approval.

        ml-connector mapping set job_profile JP-WELD --plant 101 position=Welder
        ml-connector mapping set cost_center CC4100 cost_center=4100 department=4100-STP segment=4100
        ml-connector mapping set account CC4100/direct/REG --plant 101 --from 2026-11-01 account=5105-4100
        ml-connector mapping set cost_center CC4900 --plant 101 --until 2026-09-30
    """
    from ml_connector.usecases import mappings

    with door.open() as app:
        changed = mappings.set_row(
            app,
            kind=kind,
            source=source,
            plant=plant,
            target=dict(_pair(each) for each in target or ()),
            check=check,
            preview=preview,
            since="always" if since == "always" else _day("--from", since),
            until=_day("--until", until),
        )
    return _tell_changed(door, changed)


def approve(
    door: Door,
    *,
    lines: Annotated[
        list[str] | None, typer.Argument(metavar="LINE…", help="KIND/PLANT/SOURCE as in the list.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that other people changed.")] = False,
    check: Check = True,
    preview: Preview = False,
) -> int:
    """
    Put changes in force that another person made.

        ml-connector mapping approve cost_center/101/CC4100
        ml-connector mapping approve --all --preview
    """
    from ml_connector.usecases import mappings

    if bool(lines) == every:
        raise typer.BadParameter("either LINE… or --all")
    with door.open() as app:
        changed = mappings.approve_rows(app, lines=lines or (), check=check, preview=preview)
    return _tell_changed(door, changed)


def withdraw(
    door: Door,
    *,
    lines: Annotated[list[str], typer.Argument(metavar="LINE…", help="KIND/PLANT/SOURCE as in the list.")],
) -> None:
    """
    Drop changes that wait for approval.

        ml-connector mapping withdraw cost_center/101/CC4100
    """
    from ml_connector.usecases import mappings

    with door.open() as app:
        changed = mappings.withdraw_rows(app, lines=lines)
    _tell_changed(door, changed)


def import_rows(
    door: Door,
    *,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A CSV as `mapping export` writes it.", show_default=False)
    ] = None,
    propose: Annotated[bool, typer.Option("--propose", help="Compare both systems and keep what fits.")] = False,
    accept: Annotated[bool, typer.Option("--accept-proposed", help="Accept what was proposed.")] = False,
    kind: Kind = None,
    check: Check = True,
    preview: Preview = False,
) -> int:
    """
    Take in a CSV whole or not at all. Or let rows be proposed, look at them, and accept them.

        ml-connector mapping import --propose
        ml-connector mapping import --accept-proposed --kind location
        ml-connector mapping import crosswalk.csv
    """
    from ml_connector.usecases import mapping_files, mapping_proposals, mappings

    if propose and preview:
        raise typer.BadParameter("proposing changes nothing that is in force: there is nothing to preview")
    if (file is not None) + propose + accept != 1:
        raise typer.BadParameter("one of FILE, --propose and --accept-proposed")
    with door.open() as app, shown() as progress:
        if propose:
            return _tell_proposed(door, mapping_proposals.propose_rows(app, kind=kind, progress=progress))
        changed = (
            mapping_files.import_file(app, file, check=check, preview=preview)
            if file is not None
            else mappings.accept_rows(app, kind=kind, check=check, preview=preview)
        )
    return _tell_changed(door, changed)


def export(
    door: Door,
    *,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Standard output without it.", show_default=False)
    ] = None,
) -> None:
    """
    Write the crosswalk as CSV for a spreadsheet, and back with `mapping import`. As JSON it is what `mapping list`
    gives.

        ml-connector mapping export crosswalk.csv
    """
    from ml_connector.usecases import mapping_files, mappings

    with door.look() as app:
        if door.json and file is None:
            door.write_json([row for row in mappings.list_rows(app) if row.state != "draft"])
            return
        if file is None:
            sys.stdout.buffer.write(mapping_files.export_table(app))
            return
        mapping_files.export_file(app, file)
    if door.json:
        door.write_json({"file": str(file)})
        return
    door.say(f"Written to {printable(file)}.")


def coverage(door: Door) -> int:
    """
    Name every code that current workers or seats use, and whether it is mapped.

        ml-connector mapping coverage
    """
    from ml_connector.usecases import mapping_proposals

    with door.open() as app, shown() as progress:
        found = mapping_proposals.coverage(app, progress=progress)
    if door.json:
        door.write_json(found)
        return 0 if found.complete else IN_PART
    from ml_connector.cli.render import cell, make_console, remedy, table

    console = make_console()
    summary = [(each.kind, each.mapped, each.proposed, each.missing, each.workers_waiting) for each in found.summary]
    columns = ("kind", "mapped", "proposed", "missing", "workers waiting")
    console.print(table(columns, summary, right=columns[1:]))
    open_lines = [line for line in found.lines if line.standing != "mapped"]
    rows = [
        (
            line.plant,
            f"{line.kind} {line.source}",
            line.workers,
            cell(line.standing).append("\n").append(remedy(line.remedy)),
        )
        for line in open_lines
    ]
    if rows:
        console.print(table(("plant", "code", "workers", "standing, and what to do"), rows, right=("workers",)))
    else:
        console.print("Everything that current workers and seats use is mapped.")
    return 0 if found.complete else IN_PART


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, as in position=Welder")
    return key, value


def _day(option: str, text: str | None) -> date | None:
    from ml_connector.mapping.period import parse_day

    day = None if text is None else parse_day(text)
    if text is not None and day is None:
        raise typer.BadParameter(f"{option} {text!r} is no date such as 2026-11-01")
    return day


def _target(target: dict[str, str]) -> str:
    return ", ".join(f"{part}={value}" for part, value in target.items())


def _tell_changed(door: Door, changed: Changed) -> int:
    for warning in changed.warnings:
        where = f"line {warning.line}: " if warning.line else ""
        tell(f"{where}worth a look: {warning.message}", remedy=warning.remedy)
    if door.json:
        door.write_json(changed)
    else:
        _print_changed(changed)
    if not changed.waiting or changed.preview:
        return 0
    from ml_connector.usecases.mapping_changes import approve_command

    remedy = f"another person: {approve_command(changed.waiting)}"
    tell(f"{plural(len(changed.waiting), 'line')} with a change that waits for another person", remedy=remedy)
    return WAITING


def _print_changed(changed: Changed) -> None:
    verb = "would be" if changed.preview else "is"
    for row in changed.changed:
        until = f" until {row.ends_on}" if row.ends_on else ""
        typer.echo(f"{printable(row.label)}{until} {verb} {row.state}: {printable(_target(row.target))}")
    for impact in changed.impact:
        typer.echo(f"It {impact}.")
    if changed.unchanged:
        typer.echo(f"{plural(changed.unchanged, 'row')} said what was there already.")
    if not changed.changed and not changed.unchanged:
        typer.echo("There was nothing to do.")


def _tell_proposed(door: Door, proposed: Proposed) -> int:
    waiting = any(each.row is None for each in proposed.proposals)
    if door.json:
        door.write_json(proposed)
        return IN_PART if waiting else 0
    from ml_connector.cli.render import make_console, table

    rows = [
        (each.plant, f"{each.kind} {each.source}", each.name, _target(each.row.target) if each.row else None, each.why)
        for each in proposed.proposals
    ]
    console = make_console()
    if rows:
        console.print(table(("plant", "code", "name", "proposed", "why"), rows))
        console.print("Next: ml-connector mapping import --accept-proposed   (or set single rows: mapping set)")
    else:
        console.print("Everything in use is mapped: there is nothing to propose.")
    return IN_PART if waiting else 0
