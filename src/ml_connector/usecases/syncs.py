"""What a person or a schedule can ask of a sync, and what they can ask about it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.errors import UsageError
from ml_connector.mapping.plausible import is_plausible
from ml_connector.review.store import Explanation, HoldInfo, ReviewStore
from ml_connector.snapshot.extract import Progress
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.report import PlanReport, RunReport
from ml_connector.sync.runs.store import RunInfo, RunStore
from ml_connector.sync.store import SyncStore
from ml_connector.usecases.subjects import find_bearers, find_numbers_of

ONLY = ("worker", "employee", "employee_attributes", "cost_center", "department", "position", "headcount")

_OF_WORKERS = frozenset({"employee", "employee_attributes"})
RUN_KINDS = ("plan", "apply", "sync", "reevaluate", "resend")
RUN_STATES = ("running", "done", "failed", "interrupted", "degraded")
STATUSES = (
    "planned",
    "held",
    "waiting",
    "sending",
    "applied",
    "accepted",
    "rejected",
    "forbidden",
    "conflict",
    "duplicate",
    "parked",
    "in step",
    "no seat",
)

NEXT_OF_RELEASED = (
    "ml-connector sync   carries it out; a release cannot be taken back: what is not meant, correct in Workday before"
)


class ParkedInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One parked record, as `parked` prints it; *field* where only that field waits, *code* what class of reason it is."""

    type: str
    key: str
    plant: str
    label: str
    code: str
    reason: str
    remedy: str | None
    since: str
    waiting_for: str | None
    field: str | None = None


class HeldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One hold beside the parked records: the same keys, and what a person needs to release it; *state* open or released."""

    type: str
    key: str
    plant: str
    code: str
    reason: str
    remedy: str | None
    since: str
    waiting_for: str | None
    hold: str
    guard: str
    releasable: bool
    count: int
    state: str = "open"
    explanation: Explanation | None = None


class RecordInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    The last thing that happened to one record.

    For a staffing level also *planned* beside *actual* headcount as last counted, of whom *on_leave* are on leave and
    who work *fte*, those *excluded* from it apart.
    """

    type: str
    plant: str
    key: str
    label: str
    status: str
    reason: str
    remedy: str | None
    last_run: int | None
    planned: int | None = None
    actual: int | None = None
    on_leave: int | None = None
    excluded: int | None = None
    fte: str | None = None


def plan(
    app: App, *, only: str | None = None, as_of: date | None = None, whole: bool = False, progress: Progress
) -> PlanReport:
    """
    Read both sides and keep a plan; nothing is written to Plex. With *whole* all of Workday is read and compared.

    Raises:
        UsageError: *only* is no type that can be planned, or *as_of* no day that anybody means.
    """
    if as_of is not None and not is_plausible(as_of):
        raise UsageError(
            f"nothing is planned for {as_of}", remedy="ml-connector plan   is for today; --as-of for a day near it"
        )
    if only is not None and only not in ONLY:
        raise UsageError(f"{only} is not planned for Plex", remedy=f"--only {' | '.join(ONLY)}")
    return app.syncer.plan(as_of=as_of, only=only, whole=whole, progress=progress)


def apply(app: App, *, digest: str, progress: Progress) -> RunReport:
    """Carry out exactly the plan with this digest."""
    return app.syncer.apply(digest, progress=progress)


def sync(app: App, *, whole: bool = False, progress: Progress) -> RunReport:
    """Plan and apply within the guards; *whole* as in `plan`."""
    return app.syncer.sync(whole=whole, progress=progress)


def resend(app: App, keys: Sequence[str], *, progress: Progress) -> RunReport:
    """Send the same bytes again, unless a later plan wants something else."""
    waiting = {item.key for item in ReviewStore(app.database).parked(app.name)}
    named: list[str] = []
    for key in keys:
        named += [key] if key in waiting else sorted(find_numbers_of(app, [key]) & waiting) or [key]
    return app.syncer.resend(named, progress=progress)


def reevaluate(app: App, keys: Sequence[str], *, progress: Progress) -> RunReport:
    """
    Decide some records anew from source and mapping as they are now, and send what follows.

    Raises:
        UsageError: nothing is known under one of the keys.
    """
    _check_known(app, keys)
    return app.syncer.reevaluate(sorted({*keys, *find_numbers_of(app, keys)}), progress=progress)


def release(app: App, hold: str) -> HoldInfo:
    """Approve a hold's exact set."""
    return app.syncer.release(hold)


def holds(app: App) -> list[HoldInfo]:
    """Open holds, oldest first."""
    return ReviewStore(app.database).holds(app.name, state="open")


def parked(app: App) -> list[ParkedInfo]:
    """Everything parked now."""
    return [
        ParkedInfo(
            type=item.type,
            key=item.key,
            plant=item.plant,
            label=item.label,
            code=item.code,
            reason=item.reason,
            remedy=item.remedy,
            since=item.since,
            waiting_for=item.waiting_for,
            field=item.field or None,
        )
        for item in ReviewStore(app.database).parked(app.name)
    ]


def released(app: App) -> list[HoldInfo]:
    """Sets that a person let go and that no plan has carried out yet: drawn up before that, or not applied."""
    store = SyncStore(app.database, app.name)
    plan = store.newest_plan()
    found = ReviewStore(app.database).holds(app.name, state="released")
    if plan is None or not found:
        return found
    drawn_up = datetime.fromisoformat(plan.created_at)
    planned: dict[str, bool] = {}
    for it in store.intents(plan_id=plan.id):
        planned |= {name: planned.get(name, False) or it.state == "planned" for name in it.change.approved}
    return [it for it in found if planned.get(it.id, datetime.fromisoformat(it.released_at or "") >= drawn_up)]


def _waits_for(hold: HoldInfo) -> str | None:
    if hold.state == "released":
        return "the next sync"
    return f"release {hold.id}" if hold.releasable else None


def waiting(app: App) -> list[ParkedInfo | HeldInfo]:
    """Everything parked, then the holds: open ones wait for a person, released ones for the next sync."""
    held = [
        HeldInfo(
            type=hold.type,
            key=hold.id,
            plant=hold.plant,
            code=hold.guard,
            reason=hold.reason,
            state=hold.state,
            remedy=NEXT_OF_RELEASED if hold.state == "released" else hold.remedy,
            since=hold.created_at,
            waiting_for=_waits_for(hold),
            hold=hold.id,
            guard=hold.guard,
            releasable=hold.releasable,
            count=len(hold.members),
            explanation=hold.explanation,
        )
        for hold in (*holds(app), *released(app))
    ]
    return [*parked(app), *held]


def runs(
    app: App, *, limit: int = 20, kind: str | None = None, state: str | None = None, since: datetime | None = None
) -> list[RunInfo]:
    """
    The newest runs first; only of one kind, in one state, or begun since then.

    Raises:
        UsageError: there is no such kind or state.
    """
    _check_word("kind of run", kind, RUN_KINDS)
    _check_word("state of a run", state, RUN_STATES)
    return RunStore(app.database, app.name).runs(limit=limit, kind=kind, state=state, since=since)


def run_detail(app: App, run: int) -> dict[str, Any]:
    """
    One run with its writes by state: the *reason* of each, and what its *outcome* was told by, where that is known.

    Raises:
        UsageError: there is no such run.
    """
    found = RunStore(app.database, app.name).run(run)
    if found is None:
        raise UsageError(f"there is no run {run}", remedy="ml-connector runs")
    writes = [
        {
            "type": intent.change.type,
            "plant": intent.change.plant,
            "key": intent.change.source,
            "label": intent.change.label,
            "action": intent.change.action,
            "state": intent.state,
            "attempt": intent.attempt,
            "reason": intent.change.reason,
            "outcome": intent.reason,
        }
        for intent in HistoryStore(app.database, app.name).of_run(run)
    ]
    return {**msgspec.structs.asdict(found), "writes": writes}


def records(
    app: App, *, record_type: str, key: str | None = None, status: str | None = None, plant: str | None = None
) -> list[RecordInfo]:
    """
    What last happened to each record of a type: parked, held, applied, sending …; only of one *status* or *plant*.

    Raises:
        UsageError: there is no such record type, status or plant, or nothing ever happened to a record of that key.
    """
    _check_word("status of a record", status, STATUSES)
    _check_word("plant", plant, [each.pcn for each in app.connection.plex.plants])
    if record_type not in {kind.value for kind in RecordType}:
        raise UsageError(f"there is no record type {record_type}", remedy=f"one of {', '.join(ONLY)}")
    kind = "employee" if record_type == "worker" else record_type
    found = _find_records(app, kind, key=key)
    if key is not None and not found and kind in _OF_WORKERS:
        for worker in find_bearers(app, key):
            found |= _find_records(app, kind, key=worker.known_as)
    if record_type == "headcount":
        _count_heads(app, found, key=key)
    if key is not None and not found:
        raise UsageError(
            f"there is no such record: nothing was ever decided or parked for {record_type} {key}",
            remedy=f"ml-connector records {record_type}   lists those there are",
        )
    chosen = [info for info in found.values() if status in {None, info.status} and plant in {None, info.plant}]
    return sorted(chosen, key=lambda info: (info.plant, info.key))


def _find_records(app: App, kind: str, *, key: str | None) -> dict[tuple[str, str], RecordInfo]:
    """By plant and key, what waits and what was planned last."""
    # One that cannot be understood is parked as Workday's worker, any other as the plant's employee.
    kinds = {"employee", "worker"} if kind == "employee" else {kind}
    found: dict[tuple[str, str], RecordInfo] = {}
    for item in ReviewStore(app.database).parked(app.name):
        if item.type in kinds and key in {None, item.key}:
            info = RecordInfo(
                type=item.type,
                plant=item.plant,
                key=item.key,
                label=item.label,
                status="parked",
                reason=item.reason,
                remedy=item.remedy,
                last_run=None,
            )
            found.setdefault((item.plant, item.key), info)
    for intent, run in HistoryStore(app.database, app.name).newest(kind=kind, source=key):
        change = intent.change
        info = RecordInfo(
            type=change.type,
            plant=change.plant,
            key=change.source,
            label=change.label,
            status=intent.state,
            reason=change.reason if intent.state == "applied" else intent.reason or change.reason,
            remedy=f"ml-connector release {change.hold}" if intent.state == "held" else None,
            last_run=run,
        )
        found.setdefault((change.plant, change.source), info)
    return found


def _count_heads(app: App, found: dict[tuple[str, str], RecordInfo], *, key: str | None) -> None:
    """Put planned and actual headcount beside what happened to each staffing level."""
    for line in BaselineStore(app.database, app.name).headcount():
        source = f"{line.position} in {line.department}"
        if key not in {None, source, f"{line.position}|{line.shift}|{line.department}"}:
            continue
        info = found.get((line.plant, source)) or RecordInfo(
            type="headcount",
            plant=line.plant,
            key=source,
            label=source,
            status="in step" if line.planned else "no seat",
            reason="nothing was to be written",
            remedy=None,
            last_run=None,
        )
        found[line.plant, source] = msgspec.structs.replace(
            info,
            planned=line.planned,
            actual=line.actual,
            on_leave=line.on_leave,
            excluded=line.excluded,
            fte=line.fte,
        )


def _check_word(what: str, word: str | None, known: Sequence[str]) -> None:
    """A word that nothing can match would give an empty list, and be taken for an answer."""
    if word is not None and word not in known:
        raise UsageError(f"there is no {what} {word}", remedy=f"one of {', '.join(known)}")


def _check_known(app: App, keys: Sequence[str]) -> None:
    history, snapshots = HistoryStore(app.database, app.name), SnapshotStore(app.database)
    unknown = set(keys) - {item.key for item in ReviewStore(app.database).parked(app.name)}
    unknown -= {key for key in unknown if any(history.ever_planned(kind, key) for kind in ONLY)}
    unknown -= snapshots.known(app.name, keys=sorted(unknown))
    if unknown:
        for worker in find_bearers(app, *unknown):
            unknown -= {worker.known_as, worker.employee_id, worker.key, worker.universal_id}
    if unknown:
        raise UsageError(
            f"nothing is parked or known under {', '.join(sorted(unknown))}",
            remedy="ml-connector parked   names what waits; a worker is known by the number in Workday",
        )
