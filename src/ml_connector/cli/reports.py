"""Plans, runs and what waits, in words. Imports Rich: from inside commands only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.text import Text

from ml_connector.cli.render import bars, cell, difference, make_console, remedy, table
from ml_connector.cli.words import duration, plural, printable
from ml_connector.review.store import HoldInfo
from ml_connector.sync.report import ChangeInfo, HoldLine, PlanReport, RunReport
from ml_connector.sync.store import RunInfo
from ml_connector.usecases.syncs import ParkedInfo, RecordInfo

SHORT = 12
_COUNTED = ("create", "update", "reactivate", "deactivate", "hold", "pending", "parked", "noop")


def render_plan(report: PlanReport, *, limit: int | None, console: Console | None = None) -> None:
    """Print counts as bars, the changes with old → new, what is held, what is due later, and the next command."""
    console = console or make_console()
    short = report.digest[:SHORT]
    console.print(cell(f"Plan {short} for {report.connection}, as of {report.as_of[:10]}", style="bold"))
    console.print(bars({name: report.counts[name] for name in _COUNTED if report.counts.get(name)}, console=console))
    changes = report.changes if limit is None else report.changes[:limit]
    if changes:
        console.print(table(("plant", "record", "action", "change"), [_change(each) for each in changes]))
    if len(report.changes) > len(changes):
        console.print(f"… and {plural(len(report.changes) - len(changes), 'more change')}: --all, or --output json")
    _render_holds(report.holds, console)
    if report.pending:
        rows = [(item.on[:10], item.plant, f"{item.type} {item.key}", item.reason) for item in report.pending[:limit]]
        console.print(table(("due", "plant", "record", "what"), rows))
    if report.counts.get("parked"):
        console.print(f"{plural(report.counts['parked'], 'parked record')}: ml-connector parked")
    writes = sum(report.counts.get(name, 0) for name in ("create", "update", "reactivate", "deactivate"))
    if writes:
        console.print(f"Next: ml-connector apply {short}   ({plural(writes, 'write')}, ~{duration(report.forecast_s)})")
    else:
        console.print("Nothing to write: Plex is in step.")


def render_outcome(report: RunReport, *, console: Console | None = None) -> None:
    """Print what a run did, and what to look at."""
    console = console or make_console()
    console.print(cell(f"Run {report.run} took {duration(report.duration_s)}", style="bold"))
    console.print(bars(report.counts, console=console))
    if report.counts.get("parked"):
        console.print("Parked records wait for somebody: ml-connector parked")
    if report.counts.get("unknown"):
        console.print(f"Not sure yet what Plex did with some: ml-connector runs show {report.run}")
    if report.waiting:
        console.print("A guard waits for a decision: ml-connector parked   then   ml-connector release HOLD")


def run_answer(report: RunReport) -> dict[str, Any]:
    """The JSON that scripts rely on."""
    return {
        "run": report.run,
        "plan": report.plan,
        "counts": report.counts,
        "watermark": report.watermark,
        "duration_s": report.duration_s,
    }


def render_runs(runs: Sequence[RunInfo]) -> None:
    """Print one line per run."""
    rows = [
        (
            run.id,
            run.kind,
            cell(run.state),
            run.started_at[:16].replace("T", " "),
            (run.plan or "")[:SHORT] or None,
            run.problem or _counts(run.counts),
        )
        for run in runs
    ]
    make_console().print(table(("run", "kind", "state", "started", "plan", "what"), rows, right=("run",)))


def render_run(detail: Mapping[str, Any]) -> None:
    """Print one run: its head, then its writes."""
    console = make_console()
    plan = (detail["plan"] or "")[:SHORT]
    head = f"Run {detail['id']}: {detail['kind']} by {detail['actor']}, {detail['state']}"
    console.print(cell(head + (f", plan {plan}" if plan else ""), style="bold"))
    if detail["problem"]:
        console.print(cell(detail["problem"], style="red"))
    states = Counter(write["state"] for write in detail["writes"])
    console.print(bars(dict(states) or detail["counts"], console=console))
    rows = [
        (each["plant"], f"{each['type']} {each['label'] or each['key']}", each["action"], each["state"], each["reason"])
        for each in detail["writes"]
    ]
    if rows:
        console.print(table(("plant", "record", "action", "state", "why"), rows))


def render_records(records: Sequence[RecordInfo]) -> None:
    """Print status, reason and remedy per record."""
    rows = [
        (each.plant, f"{each.key} {_label(each.label, each.key)}".strip(), each.status, _why(each.reason, each.remedy))
        for each in records
    ]
    make_console().print(table(("plant", "record", "status", "why"), rows))


def render_parked(parked: Sequence[ParkedInfo], holds: Sequence[HoldInfo], *, console: Console | None = None) -> None:
    """Print what waits for somebody: parked records by reason, then holds with the command that releases them."""
    console = console or make_console()
    if not parked and not holds:
        console.print("Nothing is parked, nothing is held.")
        return
    rows = [
        (
            each.plant or None,
            f"{each.type} {each.key} {_label(each.label, each.key)}".strip(),
            each.since[:10],
            _why(each.reason if each.field is None else f"field {each.field}: {each.reason}", each.remedy),
        )
        for each in parked
    ]
    if rows:
        console.print(table(("plant", "record", "since", "why, and what to do"), rows))
    _render_holds([_line(hold) for hold in holds], console)


def _render_holds(holds: Sequence[HoldLine], console: Console) -> None:
    if not holds:
        return
    rows = [
        (hold.id, hold.plant or None, hold.type, hold.count, _why(f"{hold.guard}: {hold.reason}", hold.remedy))
        for hold in holds
    ]
    console.print(table(("hold", "plant", "type", "count", "why, and what to do"), rows, right=("count",)))


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
    )


def _change(change: ChangeInfo) -> tuple[object, ...]:
    record = Text(f"{printable(change.type)} {printable(change.key)}")
    name = _label(change.label, change.key)
    if name:
        record.append(f"\n{printable(name)}", style="dim")
    what = difference(change.before, change.after)
    if change.reason:
        what = Text(printable(change.reason), style="dim").append("\n" if what else "").append_text(what)
    return change.plant, record, change.action, what


def _why(reason: str, fix: str | None) -> Group:
    return Group(cell(reason), remedy(fix)) if fix else Group(cell(reason))


def _label(label: str, key: str) -> str:
    return "" if label == key else label


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "–"
