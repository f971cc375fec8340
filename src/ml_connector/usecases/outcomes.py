"""What became of records, and of the runs that wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.errors import UsageError
from ml_connector.review.store import ReviewStore
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.runs.store import RunInfo, RunStore
from ml_connector.usecases.subjects import find_bearers
from ml_connector.usecases.syncs import ONLY

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
    _check_word("plant", plant, app.connection.plex.pcns)
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
