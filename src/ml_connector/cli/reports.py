"""Plans, runs and what waits, in words. Imports Rich: from inside commands only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ml_connector.cli.render import bars, cell, difference, hanging, make_console, remedy, stacked, table
from ml_connector.cli.words import duration, plural, printable
from ml_connector.errors import shortened
from ml_connector.mapping.desired import Pending
from ml_connector.review.store import HoldInfo
from ml_connector.sync.allowance import said_of
from ml_connector.sync.belief import ON_CLOCK
from ml_connector.sync.policy import ON_CHANGES
from ml_connector.sync.report import ChangeInfo, HoldLine, PlanReport, RunReport, StayingLine
from ml_connector.sync.runs.store import RunInfo
from ml_connector.usecases.outcomes import RecordInfo
from ml_connector.usecases.waiting_list import NEXT_OF_RELEASED, ParkedInfo

SHORT = 12
_LONGEST_LABEL, _LONGEST_REASON = 60, 400  # the whole stands in --output json
_LONGEST_PROBLEM = 120
_NAMED = 20  # of people still in a closed cost center
_COUNTING = ON_CHANGES | {"population_drop", "sentinel_missing"}
_FEW = 3  # so many that wait for the same thing are told one by one
_SIGNS = {
    "create": ("+", "green"),
    "reactivate": ("+", "green"),
    "update": ("~", "cyan"),
    "deactivate": ("-", "yellow"),
    "transfer": (">", "cyan"),
    "hold": ("!", "magenta"),
}
WRITES = ("create", "update", "reactivate", "transfer", "deactivate")
_MISSED = "drift_found_by_full"
_COUNTED = (*WRITES, "hold", "pending", "parked")


def render_plan(
    report: PlanReport, *, limit: int | None, other_day: bool = False, console: Console | None = None
) -> None:
    """
    Print counts as bars, the changes with old → new, what is held, what is due later, and the next command.

    A plan for another day is there to be looked at: nothing is written from it.
    """
    console = console or make_console()
    short = report.digest[:SHORT]
    console.print(cell(f"Plan {short} for {report.connection}, as of {report.as_of[:10]}", style="bold"))
    _render_counts(report.counts, _COUNTED, console)
    changes = report.changes if limit is None else report.changes[:limit]
    for each in changes:
        _render_change(each, console)
    if len(report.changes) > len(changes):
        console.print(f"… and {plural(len(report.changes) - len(changes), 'more change')}: --all, or --output json")
    _render_holds(report.holds, console)
    for lack, by_type in (
        ("Workday's surface does not give", report.not_given),
        ("Not configured, and so not read:", report.not_configured),
    ):
        if by_type:
            missing = "; ".join(f"{kind.replace('_', ' ')}: {', '.join(names)}" for kind, names in by_type.items())
            console.print(cell(f"{lack} {missing}", style="dim"), soft_wrap=True)
    if report.pending:
        rows = [(_due_on(item), item.plant or None, _due(item), item.reason) for item in report.pending[:limit]]
        console.print(table(("due", "plant", "record", "what"), rows))
    _render_staying(report.staying, console)
    if report.counts.get("parked"):
        console.print(f"{plural(report.counts['parked'], 'parked record')}: ml-connector parked")
    console.print(_say_next(report, other_day=other_day))


def _say_next(report: PlanReport, *, other_day: bool) -> str:
    """What a plan comes to, and the next command where there is one."""
    writes, held = sum(report.counts.get(name, 0) for name in WRITES), report.counts.get("hold", 0)
    if writes and other_day:
        return f"{plural(writes, 'write')}, as of {report.as_of[:10]}. Today's are planned by: ml-connector plan"
    if writes:
        wait = duration(report.forecast_s)
        return f"Next: ml-connector apply {report.digest[:SHORT]}   ({plural(writes, 'write')}, ~{wait})"
    if held:
        return f"Nothing may be written now: {plural(held, 'change')} held."
    if report.holds:
        return "Nothing to write of what was compared; what is held above was not, and may hide changes."
    return "Nothing to write: Plex is in step."


def render_outcome(report: RunReport, holds: Sequence[HoldInfo] = (), *, console: Console | None = None) -> None:
    """Print what a run did, what to look at, and the open *holds* with what releases or mends each."""
    console = console or make_console()
    console.print(cell(f"Run {report.run} took {duration(report.duration_s)}", style="bold"))
    _render_counts(report.counts, [name for name in report.counts if name not in {"noop", _MISSED}], console)
    if missed := report.counts.get(_MISSED):
        told = f"{plural(missed, 'record')} of Workday's had changed and its log did not tell; comparing everything found it"
        console.print(cell(told, style="dim"), soft_wrap=True)
    if report.carried_out_in is not None:
        console.print(f"Nothing was sent: this plan was carried out in run {report.carried_out_in}")
    _render_staying(report.staying, console)
    if report.counts.get("parked"):
        console.print("Parked records wait for somebody: ml-connector parked")
    if report.counts.get("unknown"):
        console.print(f"Not sure yet what Plex did with some: ml-connector runs show {report.run}")
    if report.counts.get("held") and not report.waiting:
        console.print("Something could not be read and is left alone: ml-connector parked   says why, and what to do")
    if report.waiting:
        console.print("A guard waits for a decision. Look at the set first: ml-connector plan --all")
    if report.unanchored:
        console.print(cell(report.unanchored, style="yellow"), soft_wrap=True)
    _render_holds([_line(hold) for hold in holds], console)


def _render_staying(lines: Sequence[StayingLine], console: Console) -> None:
    for line in lines:
        people = plural(len(line.people), "worker")
        told = (
            f"{line.what} of plant {line.plant} is inactive and still has {people}: {', '.join(line.people[:_NAMED])}"
        )
        more = f" and {len(line.people) - _NAMED} more" if len(line.people) > _NAMED else ""
        console.print(cell(told[0].upper() + told[1:] + more, style="yellow"), soft_wrap=True)


def run_answer(report: RunReport) -> dict[str, Any]:
    """The JSON that scripts rely on."""
    again = {} if report.carried_out_in is None else {"carried_out_in": report.carried_out_in}
    return {
        "run": report.run,
        "plan": report.plan,
        "counts": report.counts,
        "watermark": report.watermark,
        "duration_s": report.duration_s,
        **again,
        **({"staying": report.staying} if report.staying else {}),
        **({"unanchored": report.unanchored} if report.unanchored else {}),
    }


def render_runs(runs: Sequence[RunInfo], *, narrowed: bool = False, console: Console | None = None) -> None:
    """Print one line per run, of all or of *narrowed* ones; a long problem is cut, and told whole of one run."""
    if not runs:
        (console or make_console()).print("There is no such run." if narrowed else "No run yet.")
        return
    rows = [
        (
            run.id,
            run.kind,
            cell(run.state),
            run.started_at[:16].replace("T", " "),
            (run.plan or "")[:SHORT] or None,
            (run.watermark or "")[:19].replace("T", " ") or None,
            shortened(run.problem, _LONGEST_PROBLEM) if run.problem else _counts(run.counts),
        )
        for run in runs
    ]
    columns = ("run", "kind", "state", "started", "plan", "watermark", "what")
    made = table(columns, rows, right=("run",), broken=("what",))
    (console or make_console()).print(made)


def render_run(detail: Mapping[str, Any]) -> None:
    """Print one run: its head, then its writes."""
    console = make_console()
    plan = (detail["plan"] or "")[:SHORT]
    head = f"Run {detail['id']}: {detail['kind']} by {detail['actor']}, {detail['state']}"
    console.print(cell(head + (f", plan {plan}" if plan else ""), style="bold"))
    if detail["watermark"]:
        console.print(cell(f"Workday read and believed up to {detail['watermark']}", style="dim"))
    if detail["problem"]:
        console.print(cell(detail["problem"], style="red"))
    states = Counter(write["state"] for write in detail["writes"])
    counts = dict(states) or {name: count for name, count in detail["counts"].items() if count}
    if counts:
        console.print(bars(counts, console=console))
    rows = [
        (each["plant"], f"{each['type']} {each['label'] or each['key']}", each["action"], each["state"], _told(each))
        for each in detail["writes"]
    ]
    if rows:
        console.print(table(("plant", "record", "action", "state", "why"), rows))


def _told(write: Mapping[str, Any]) -> Text:
    """Why it was to be written, and below it how it is known what became of it."""
    return stacked(*(words for words in (write["reason"], write["outcome"]) if words))


def render_records(records: Sequence[RecordInfo]) -> None:
    """Print status, reason and remedy per record; of staffing levels also planned and actual headcount."""
    if not records:
        make_console().print("There is no such record.")
        return
    if any(each.actual is not None for each in records):
        _render_heads(records)
        return
    rows = [
        (
            each.plant,
            f"{shortened(each.key, _LONGEST_LABEL)} {shortened(_label(each.label, each.key), _LONGEST_LABEL)}".strip(),
            each.status,
            _why(each.reason, each.remedy),
        )
        for each in records
    ]
    make_console().print(table(("plant", "record", "status", "why"), rows))


def _render_heads(records: Sequence[RecordInfo]) -> None:
    """A column of which nobody has anything is left out: eight do not fit into an ordinary terminal."""
    told: dict[str, list[int | str | None]] = {
        "planned": [each.planned for each in records],
        "actual": [each.actual for each in records],
        "on leave": [each.on_leave or None for each in records],
        "excluded": [each.excluded or None for each in records],
        "FTE": [each.fte for each in records],
    }
    always = {"planned", "actual"}
    numbers = {name: column for name, column in told.items() if name in always or any(column)}
    rows = [
        (each.plant, each.key, *(column[row] for column in numbers.values()), each.status)
        for row, each in enumerate(records)
    ]
    heads = ("plant", "position in department", *numbers, "status")
    make_console().print(table(heads, rows, right=tuple(numbers)))


def render_parked(
    parked: Sequence[ParkedInfo],
    holds: Sequence[HoldInfo],
    *,
    released: Sequence[HoldInfo] = (),
    console: Console | None = None,
) -> None:
    """Print what waits for somebody: parked records by reason, then holds with the command that releases them."""
    console = console or make_console()
    _render_released(released, console)
    if not parked and not holds:
        console.print(f"Nothing {'else ' if released else ''}is parked, nothing is held.")
        return
    for group in _alike(parked):
        if len(group) > _FEW:
            _render_alike(group, console)
            continue
        for each in group:
            head = cell(_named(each), style="bold").append(f"   {_since(each.since)}", style="dim")
            console.print(hanging(head, console=console))
            _render_why(_reason(each), each.remedy, console)
    _render_holds([_line(hold) for hold in holds], console)


def _render_released(released: Sequence[HoldInfo], console: Console) -> None:
    """What a person let go and no plan has carried out: it waits for nobody any more, and goes by itself."""
    for hold in released:
        head = f"released {hold.id}: {_what(hold.type, hold.guard, len(hold.members))}, {hold.guard}"
        by = f"by {hold.released_by}, not carried out yet: {hold.reason}"
        console.print(cell(head, style="bold magenta"))
        console.print(Padding(cell(shortened(by, _LONGEST_REASON)), (0, 0, 0, 4)))
        console.print(Text("    ").append_text(remedy(NEXT_OF_RELEASED)), soft_wrap=True)


def _alike(parked: Sequence[ParkedInfo]) -> list[list[ParkedInfo]]:
    """Parked records by what they wait for, in order; each alone where nothing is named (PX-04)."""
    groups: dict[tuple[object, ...], list[ParkedInfo]] = {}
    for number, each in enumerate(parked):
        alike = (each.type, each.plant, each.code, each.waiting_for, _reason(each), each.remedy)
        groups.setdefault(alike if each.waiting_for else (number,), []).append(each)
    return list(groups.values())


def _render_alike(group: Sequence[ParkedInfo], console: Console) -> None:
    """What many wait for, told once: how many, why, the remedy, and a few of them by number."""
    each = group[0]
    noun = each.type.replace("_", " ")
    where = f" in plant {each.plant}" if each.plant else ""
    waited = str(each.waiting_for).removesuffix(where) + where
    head = f"{plural(len(group), f'{noun} record' if noun.endswith('s') else noun)} wait for {waited}"
    since = _since(min(item.since for item in group))
    console.print(hanging(cell(head, style="bold").append(f"   {since}", style="dim"), console=console))
    some = ", ".join(shortened(item.key, _LONGEST_LABEL) for item in group[:_FEW])
    console.print(Padding(cell(f"{some} and {len(group) - _FEW:,} more: --output json names them all"), (0, 0, 0, 4)))
    _render_why(_reason(each), each.remedy, console)


def _reason(each: ParkedInfo) -> str:
    return each.reason if each.field is None else f"field {each.field}: {each.reason}"


def _render_counts(counts: Mapping[str, int], names: Sequence[str], console: Console) -> None:
    """What changes as bars; what needs nothing in words, for it would dwarf the rest."""
    counted = {name: counts[name] for name in names if counts.get(name)}
    if counted:
        console.print(bars(counted, console=console))
    if counts.get("noop"):
        others = "other record" if counted else "record"
        console.print(cell(f"{plural(counts['noop'], others)} as Workday wants them", style="dim"))


def _render_holds(holds: Sequence[HoldLine], console: Console) -> None:
    """One line per cause: what cannot be read for one reason in several places is told once."""
    for group in _same_cause(holds):
        hold = group[0]
        console.print(cell(_head(group), style="bold magenta"))
        console.print(Padding(cell(shortened(hold.reason, _LONGEST_REASON)), (0, 0, 0, 4)))
        told = hold.explanation
        some = said_of(told, count=hold.count)
        if some:
            console.print(Padding(cell(shortened(some, _LONGEST_REASON), style="dim"), (0, 0, 0, 4)))
        if told is not None and told.release:
            console.print(Padding(cell(f"released: {told.release}", style="dim"), (0, 0, 0, 4)))
        console.print(Text("    ").append_text(remedy(hold.remedy)), soft_wrap=True)


def _same_cause(holds: Sequence[HoldLine]) -> list[list[HoldLine]]:
    """What can only be mended, and is mended by the same deed, in the order it came."""
    groups: dict[object, list[HoldLine]] = {}
    for hold in holds:
        groups.setdefault(hold.id if hold.releasable else (hold.guard, hold.remedy, _cause(hold)), []).append(hold)
    return list(groups.values())


def _cause(hold: HoldLine) -> str:
    """The reason without the place, which the head of the line names."""
    return hold.reason.partition(": ")[2] or hold.reason


def _head(group: Sequence[HoldLine]) -> str:
    hold = group[0]
    if len(group) == 1:
        where = f" in plant {hold.plant}" if hold.plant else ""
        return f"held {hold.id}: {_what(hold.type, hold.guard, hold.count)}{where}, {hold.guard}"
    kinds = ", ".join(dict.fromkeys(each.type.replace("_", " ") for each in group))
    plants = ", ".join(dict.fromkeys(each.plant for each in group if each.plant))
    return f"held in {len(group)} places: {kinds}{f' in plants {plants}' if plants else ''}, {hold.guard}"


def _what(kind: str, guard: str, count: int) -> str:
    """What a hold is about; a doubted reading counts no records."""
    if guard in ON_CLOCK:
        return "Workday's clock"
    return plural(count, f"{kind} record") if guard in _COUNTING else f"the reading of {kind} records"


def _render_why(reason: str, fix: str | None, console: Console) -> None:
    """Why, wrapped; and what to do, on one line however long, so that it can be copied."""
    console.print(Padding(cell(shortened(reason, _LONGEST_REASON)), (0, 0, 0, 4)))
    if fix:
        console.print(Text("    ").append_text(remedy(fix)), soft_wrap=True)


def _line(hold: HoldInfo) -> HoldLine:
    return HoldLine(
        id=hold.id,
        guard=hold.guard,
        type=hold.type,
        plant=hold.plant,
        count=len(hold.members),
        reason=hold.reason,
        remedy=hold.remedy,
        releasable=hold.releasable,
        explanation=hold.explanation,
    )


def _render_change(change: ChangeInfo, console: Console) -> None:
    """One line that names the record and the reason, and below it the fields with old → new."""
    sign, colour = _SIGNS.get(change.action, ("·", ""))
    head = Text(f"{sign} {printable(change.action)} ", style=colour).append(_named(change), style="bold")
    if change.reason:
        head.append(f"   {printable(change.reason)}", style="dim")
    console.print(hanging(head, console=console))
    if change.after:
        console.print(
            Padding(
                difference({**change.before, **change.spoken_before}, {**change.after, **change.spoken}), (0, 0, 0, 4)
            )
        )


def _due_on(item: Pending) -> str:
    """The day; an ending is due when its last day is over, which may be today's still."""
    return f"end of {item.on[:10]}" if item.at_end else item.on[:10]


def _due(item: Pending) -> str:
    number = item.source or ("" if item.plant else item.key)
    return f"{item.type} {number} {shortened(_label(item.label, number), _LONGEST_LABEL)}".strip()


def _system(record: ChangeInfo | ParkedInfo) -> str:
    """A change without a plant writes Workday, which has none."""
    return "Workday " if getattr(record, "system", None) == "workday" else ""


def _named(record: ChangeInfo | ParkedInfo) -> str:
    plant = f"{record.plant} " if record.plant else _system(record)
    label = shortened(record.label, _LONGEST_LABEL)
    key = shortened(record.key, _LONGEST_LABEL) if _label(record.label, record.key) or not label else ""
    return printable(" ".join(filter(None, (f"{plant}{record.type}", key, label))))


def _why(reason: str, fix: str | None) -> Text:
    return cell(reason).append("\n").append_text(remedy(fix)) if fix else cell(reason)


def _since(instant: str) -> str:
    """The moment by our own clock, said so: a plan's day is by Workday's."""
    moment = datetime.fromisoformat(instant).astimezone(UTC)
    return f"since {moment:%Y-%m-%d %H:%M} UTC by this machine's clock"


def _label(label: str, key: str) -> str:
    """The label, unless it only repeats the key."""
    return "" if label.replace(", ", "|") == key else label


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "–"
