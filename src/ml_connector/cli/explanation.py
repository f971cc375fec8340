"""An explanation for people: six steps on one screen of eighty columns, readable without colour. Imports Rich."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ml_connector.cli.render import ARROW, Sheet, cell, difference, make_console, remedy, table
from ml_connector.cli.reports import WRITES
from ml_connector.cli.words import plural, printable
from ml_connector.errors import shortened
from ml_connector.sync.explained import (
    ExplainedWorker,
    MappedField,
    MatchStep,
    OrderStep,
    ReadStep,
    RoutedJob,
    ScopeStep,
    Verdict,
)

_FEW = 3
_STEP = 9
_SHORT = 12
_LONGEST, _LONGEST_REASON = 40, 200
_NARROW = 60
_TOLD_FIRST = frozenset({*WRITES, "held"})
_WORDS = {"none": "nothing to do", "parked": "parked, it waits", "pending": "not due yet"}


def render_explained(found: ExplainedWorker, *, console: Console | None = None) -> None:
    """Print the verdict, then what led to it, a step a line or a few."""
    console = console or make_console()
    number = f"{found.worker_type} {found.worker}"
    name = "" if found.label == found.worker else f" {shortened(found.label, _LONGEST)}"
    verbs = {each.verb: None for each in found.decide if each.verb in _TOLD_FIRST} or {found.verdict: None}
    said = ", ".join(_WORDS.get(verb, verb) for verb in verbs)
    head = Text(printable(f"{number}{name}: {said}"), style="bold")
    console.print(head)
    for note in found.notes:
        console.print(cell(f"note: {note}", style="yellow"))
    _step(console, "1 read", _read(found.read))
    _step(console, "2 scope", _scope(found.scope))
    _step(console, "3 match", _match(found.match))
    _step(console, "4 map", [] if found.map else [cell("nothing is to be written, so nothing is mapped")])
    for plant, fields in groupby(found.map, key=lambda each: each.plant):
        console.print(Padding(_fields(found, plant, list(fields), narrow=console.width < _NARROW), (0, 0, 0, 2)))
    render_decision(found, console=console)


def render_decision(found: ExplainedWorker, *, console: Console) -> None:
    """Print what is decided, and when it goes: the end of it all."""
    _step(console, "5 decide", [])
    for verdict in found.decide:
        _decide(verdict, console)
    _step(console, "6 order", _order(found))


def _step(console: Console, name: str, lines: Sequence[Text]) -> None:
    grid = Table.grid(padding=(0, 0))
    grid.add_column(width=_STEP)
    grid.add_column(overflow="fold")
    for number, line in enumerate(lines or [Text("")]):
        grid.add_row(Text("" if number else name, style="bold"), line)
    console.print(grid)


def _read(read: ReadStep) -> list[Text]:
    entered = read.entered_at[:16].replace("T", " ")
    told = [cell(f"by {read.surface}, extraction {read.extract}, as of {read.effective_on}, known {entered} UTC")]
    if read.hash:
        since = f"so since {read.holds_from}, " if read.holds_from else ""
        told.append(cell(f"{since}record {read.hash[:_SHORT]}", style="dim"))
    if read.problem:
        told.append(cell(read.problem, style="red"))
    if read.facts:
        told.append(cell(_said(read.facts)))
    return told


def _said(facts: Mapping[str, object]) -> str:
    """What is so, and of what is not only that somebody is not active."""
    told = [name for name, value in facts.items() if value is True]
    told += [f"not {name}" for name, value in facts.items() if value is False and name == "active"]
    told += [f"{name} {value}" for name, value in facts.items() if value is not None and not isinstance(value, bool)]
    return ", ".join(told)


def _scope(scope: ScopeStep) -> list[Text]:
    if not scope.in_scope:
        return [cell(f"out of scope: {scope.setting}", style="yellow")]
    return [_job(each) for each in scope.jobs] or [cell("in scope; Workday shows no job, so no plant can be told yet")]


def _job(job: RoutedJob) -> Text:
    what = f"{'primary job' if job.primary else 'another job'}: company {job.company}, location {job.location}"
    if job.problem:
        return cell(f"{what}: {job.problem}", style="red")
    return cell(f"{what} {ARROW} plant {job.plant}, by the route {job.route}")


def _match(match: MatchStep) -> list[Text]:
    several = f", {len(match.profiles)} profiles in Workday" if len(match.profiles) > 1 else ""
    told = [cell(f"person {match.person}, known by {match.by}{several}")]
    for each in match.records:
        number = "" if each.employee_no is None else f"employee {each.employee_no}, "
        there = "in Plex" if each.found else "not in Plex yet"
        told.append(cell(f"plant {each.plant}: {number}{there}; {each.by}"))
    return told or [cell("no record in any plant")]


def _fields(found: ExplainedWorker, plant: str, fields: Sequence[MappedField], *, narrow: bool) -> Table | Sheet | Text:
    """A line a field; of several plants only those where something is to be done are told so."""
    alone = len({each.plant for each in found.map}) == 1
    if not alone and all(each.verb == "none" for each in found.decide if each.plant == plant):
        return cell(f"plant {plant}: {len(fields)} fields, as Plex holds them (--output json names them)", style="dim")
    if narrow:
        columns = ("field" if alone else f"field of plant {plant}", "should hold", "because of")
        return table(columns, [(each.field, _value(each), _origin(each)) for each in fields])
    made = Table(box=None, pad_edge=False, show_header=not alone, header_style="dim")
    made.add_column(f"plant {plant}", overflow="fold")
    made.add_column("should hold", overflow="fold")
    made.add_column("because of", overflow="ellipsis", no_wrap=True, style="dim")
    for each in fields:
        made.add_row(cell(each.field), _value(each), _origin(each))
    return made


def _value(field: MappedField) -> Text:
    if field.value is None:
        return Text("(empty)", style="dim")
    return cell(shortened(field.spoken or str(field.value), _LONGEST))


def _origin(field: MappedField) -> Text:
    row = field.mapping
    if row is not None:
        return cell(f"{row.kind} {shortened(row.source, _SHORT)} v{row.version}")
    origin = ", ".join(field.workday) or "configuration"
    return cell(f"{origin}{'' if field.compared else ', once'}")


def _decide(verdict: Verdict, console: Console) -> None:
    where = f"plant {verdict.plant} " if verdict.plant else ""
    what = f"{where}{verdict.type}" + (f" field {verdict.field}" if verdict.field else "")
    head = _verb(verdict.verb, action=verdict.action).append(f" {printable(what)}", style="bold")
    on = f"{verdict.on}: " if verdict.on else ""
    head.append(printable(f"  {on}{shortened(verdict.reason, _LONGEST_REASON)}"), style="not bold")
    last = verdict.last
    if last and (verdict.verb == "none" or last.state != "applied"):
        head.append(printable(f" ({last.action} {last.state} in run {last.run})"), style="not bold")
    console.print(Padding(head, (0, 0, 0, 2)))
    if verdict.action == "create":
        console.print(Padding(cell(f"{plural(len(verdict.after), 'field')}, as mapped above"), (0, 0, 0, 6)))
    elif verdict.after:
        console.print(
            Padding(
                difference({**verdict.before, **verdict.spoken_before}, {**verdict.after, **verdict.spoken}),
                (0, 0, 0, 6),
            )
        )
    if verdict.hold:
        console.print(
            Padding(cell(f"held {verdict.hold.id} by {verdict.hold.guard}: {verdict.hold.reason}"), (0, 0, 0, 6))
        )
    if verdict.waiting_for:
        console.print(Padding(cell(f"waits for {shortened(verdict.waiting_for, _LONGEST_REASON)}"), (0, 0, 0, 6)))
    for name in verdict.approved:
        console.print(Padding(cell(f"let go: hold {name}"), (0, 0, 0, 6)))
    if verdict.remedy:
        told = remedy(verdict.remedy)
        if console.record:  # a picture ends where its lines do, and nobody copies from it
            console.print(Padding(told, (0, 0, 0, 6)))
        else:
            console.print(Text("      ").append_text(told), soft_wrap=True)


def _verb(verb: str, *, action: str) -> Text:
    said = f"{action} held" if verb == "held" and action else verb
    return Text(said, style="magenta" if verb == "held" else cell(verb).style)


def _order(found: ExplainedWorker) -> list[Text]:
    told = [_place(each) for each in found.order]
    told += [
        cell(
            f"on {each.on}, by the calendar of plant {each.plant}"
            if each.plant
            else f"on {each.on}, where they will work"
        )
        for each in found.decide
        if each.verb == "pending"
    ]
    return list(_once(told)) or [cell("nothing goes")]


def _place(step: OrderStep) -> Text:
    said = f"{step.action} {step.type} goes {step.position:,} of {step.of:,} (plant {step.plant})"
    said += f", after {_some(step.after)}" if step.after else ""
    said += f", before {_some(step.before)}" if step.before else ""
    return cell(said)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")


def _once(lines: Iterable[Text]) -> Iterator[Text]:
    told: set[str] = set()
    for line in lines:
        if line.plain not in told:
            told.add(line.plain)
            yield line
