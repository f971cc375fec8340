"""`asof`: what Plex held of a worker on a day, and why; what a code of Workday's was then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ml_connector.cli.command import command
from ml_connector.cli.commands.inspection import parse_date
from ml_connector.cli.door import Door
from ml_connector.cli.words import printable

if TYPE_CHECKING:
    from ml_connector.asof.statement import Evidence
    from ml_connector.usecases.asof import HeldValue, MappedBy, WorkerPast
    from ml_connector.usecases.references import CodePast


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, panel="Look")(asof)


def asof(
    door: Door,
    *,
    day: Annotated[str, typer.Argument(metavar="DATE", help="The day, as each plant's own calendar has it.")],
    what: Annotated[
        Literal["worker", "cost_center", "job_profile"],
        typer.Argument(metavar="TYPE", help="worker, cost_center or job_profile.", show_default=False),
    ],
    key: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A worker's number or WID, an employee's id in Plex, or a code's reference id in Workday.",
        ),
    ],
) -> None:
    """
    Say what Plex held of a worker when a day ended, or what a code was then. From our records alone.

    Of a worker, with what wrote it and who approved it; of a code, with its class and what each plant called it.

        ml-connector asof 2026-11-24 worker 21001
        ml-connector asof 2026-11-14 job_profile JP-OPER
        ml-connector asof 2026-11-24 worker 21001 --output json
    """
    from ml_connector.usecases import asof as usecase
    from ml_connector.usecases.references import code_asof

    if what != "worker":
        with door.look() as app:
            code = code_asof(app, what, key, on=parse_date(day))
        if door.json:
            door.write_json(code)
        else:
            _render_code(code)
        return
    with door.look() as app:
        found = usecase.asof(app, key, on=parse_date(day))
    if door.json:
        door.write_json(found)
    else:
        _render(found)


def _render(found: WorkerPast) -> None:
    from ml_connector.cli.render import cell, make_console, table

    console = make_console()
    for record in found.records:
        now = found.goes_on.get(record.plant)
        when = f"when {found.on} ended there" if now is None else f"until {now:%Y-%m-%d %H:%M} there: the day goes on"
        head = f"Plant {record.plant}, employee {record.key}, {when}"
        console.print(cell(head, style="bold"), soft_wrap=True)
        if record.gone:
            console.print(cell(f"not there any more: {record.gone}", style="yellow"))
        if record.left_at:
            since = f"belongs to no worker since {record.left_at.isoformat(timespec='seconds')}, when its worker was joined with another"
            console.print(cell(f"{since}: what Plex held of it after that is not known here", style="yellow"))
        rows = [(each.field, each.spoken or each.value, _origin(each), f"[{each.evidence}]") for each in record.fields]
        if rows:
            console.print(table(("field", "value", "from", "why"), rows))
        for number, evidence in enumerate(record.evidence, start=1):
            console.print(cell(f"[{number}] {_told(evidence)}"))
    for plant, why in found.silent.items():
        console.print(cell(f"Plant {plant}: {why}", style="dim"))
    for note in found.notes:
        console.print(cell(note, style="yellow"), soft_wrap=True)


def _render_code(code: CodePast) -> None:
    from ml_connector.cli.render import cell, make_console, table

    console = make_console()
    head = f"{code.type.replace('_', ' ')} {code.key} on {code.on}"
    console.print(cell(head[0].upper() + head[1:], style="bold"), soft_wrap=True)
    activity = {True: "active", False: "inactive", None: "not told"}[code.active]
    rows = [("name", code.name), ("class", code.job_class), ("activity", activity), ("so since", code.since)]
    console.print(table(("field", "value"), [row for row in rows if row[1] is not None]))
    for plant, target in code.mapped.items():
        told = ", ".join(f"{name}={text}" for name, text in target.items())
        console.print(cell(f"Plant {plant}: {told}   {_version(code.mapped_by[plant])}"))
    if not code.mapped:
        console.print("No plant had a mapping of it in force")


def _origin(value: HeldValue) -> str:
    if value.how == "found":
        return "found in Plex, not written by us"
    origin = ", ".join(value.workday) or "the configuration"
    if value.mapping is None:
        return f"Workday's {origin}" if value.workday else origin
    row = value.mapping
    return f"Workday's {origin}, mapped by {row.kind} {row.source}, version {row.version} by {row.by}"


def _version(row: MappedBy) -> str:
    drafted = f", drafted by {row.drafted_by}" if row.drafted_by else ""
    return f"version {row.version} by {row.by}{drafted}"


def _told(evidence: Evidence) -> str:
    since = evidence.at.isoformat(timespec="seconds")
    plan = (evidence.plan or "")[:12]
    asked = f"Workday asked as of {evidence.effective_on}, as known at {evidence.entered_at}; mapping {(evidence.crosswalk or '')[:12]}"
    if evidence.how == "found":
        return printable(f"found in Plex at {since} for plan {plan} (run {evidence.planned_in}): {evidence.reason}")
    if evidence.how == "agreed":
        return printable(f"agreed on {since} in run {evidence.run} by {evidence.by}, not written by us; {asked}")
    words = [f"{evidence.action} at {since} in run {evidence.run} by {evidence.by}: {evidence.reason}"]
    words.append(f"plan {plan}, drawn up in run {evidence.planned_in} by {evidence.planned_by}; {asked}")
    words += [f"hold {each.hold} released by {each.by} at {each.at.isoformat()}" for each in evidence.approvals]
    if evidence.request:
        words.append("sent: " + ", ".join(f"{name}={value}" for name, value in evidence.request.items()))
    answer = evidence.answer
    if answer is not None:
        parts = [f"answered: {answer.state}", str(answer.status or ""), answer.reference or "", answer.reason or ""]
        parts.append(f"SHA-256 {answer.hash[:12]}" if answer.hash else "")
        words.append(" ".join(part for part in parts if part))
    return printable("; ".join(words))
