"""
The past as our tables keep it, read as statements: plans and their changes, agreements, runs, holds that were released.

Moments are Workday's: a run notes its clock beside ours, so that a day means the same as in a plan.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from ml_connector.asof.statement import Answer, Approval, Evidence, Statement
from ml_connector.asof.whose import Joined
from ml_connector.audit.event import AuditAction
from ml_connector.audit.store import AuditTrail
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.claim import RowVersion
from ml_connector.mapping.plex_fields import FIELDS
from ml_connector.review.store import ReviewStore
from ml_connector.storage.database import Database
from ml_connector.sync.baseline.store import agreements
from ml_connector.sync.change import Change, left_by
from ml_connector.sync.runs.store import runs
from ml_connector.sync.store import changes, plans
from ml_connector.timeline.links.store import Join

PEOPLE = (RecordType.EMPLOYEE.value, RecordType.EMPLOYEE_ATTRIBUTES.value)
_AT_ONCE = 500
# Where no field was kept: an ending from before the status was kept with it, or a record that is not there.
_ENDED = "it had ended in Plex already, without a write of ours"


class _Run(NamedTuple):
    kind: str
    actor: str
    entered_at: str | None
    ahead: timedelta
    """How far Workday's clock was ahead of ours."""
    looked_at: str | None


class PastStore:
    """The only SQL on what was, for one connection."""

    def __init__(self, database: Database, connection: str, *, trail: AuditTrail) -> None:
        self._database, self._connection, self._trail = database, connection, trail

    def keys_of(self, sources: Sequence[str]) -> set[str]:
        """The Plex records ever written, or agreed on, for workers of these numbers."""
        with self._database.reading() as tx:
            return {
                key
                for table in (changes, agreements)
                for key in tx.execute(
                    select(table.c.key)
                    .where(table.c.connection == self._connection, table.c.type == "employee")
                    .where(table.c.source.in_(sources))
                    .distinct()
                ).scalars()
            }

    def statements(self, keys: Iterable[str]) -> list[Statement]:
        """Everything our records say about the employees with these ids, and what belongs to them."""
        wanted = sorted(keys)
        found: list[Statement] = []
        known, releases = self._runs, self._releases()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for row in self._changes(some):
                found += _told_by_change(row, known=known, releases=releases)
            found += [_told_by_agreement(row, known=known) for row in self._agreements(some)]
        return found

    def first_read(self) -> datetime | None:
        """When our knowledge begins, by Workday's clock: the first plan."""
        query = select(plans.c.created_at, plans.c.run_id).where(plans.c.connection == self._connection)
        with self._database.reading() as tx:
            row = tx.execute(query.order_by(plans.c.id).limit(1)).one_or_none()
        return None if row is None else self._runs.moment(row.created_at, run=row.run_id)

    def last_moment(self, now: datetime) -> datetime:
        """*now* by Workday's clock, as the last run knew it."""
        return self._runs.moment(now.isoformat(), run=None)

    def heard(self, moments: Mapping[str, datetime]) -> dict[str, datetime]:
        """Moments of our clock, by Workday's as it was known then."""
        return {name: self._runs.heard(at) for name, at in moments.items()}

    def joins(self, told: Mapping[str, Sequence[Join]]) -> dict[str, list[Joined]]:
        """Whose a profile was said to be, and since when by Workday's clock, as it was known then."""
        return {
            wid: [Joined(it.person, None if it.since is None else self._runs.heard(it.since)) for it in each]
            for wid, each in told.items()
        }

    def _changes(self, keys: Sequence[str]) -> list[Any]:
        columns = [changes.c[name] for name in changes.c.keys() if name not in {"connection", "source", "level"}]  # noqa: SIM118
        of_plan = [plans.c[name] for name in ("digest", "as_of", "crosswalk", "created_at")]
        query = (
            select(*columns, *of_plan, plans.c.run_id.label("planned_in"))
            .join(plans, plans.c.id == changes.c.plan_id)
            .where(changes.c.connection == self._connection, changes.c.type.in_(PEOPLE), changes.c.key.in_(keys))
        )
        with self._database.reading() as tx:
            return list(tx.execute(query))

    def _agreements(self, keys: Sequence[str]) -> list[Any]:
        of_plan = [plans.c.id.label("plan_id"), *(plans.c[name] for name in ("digest", "as_of", "crosswalk"))]
        query = (
            select(agreements, *of_plan)
            .join(plans, (plans.c.run_id == agreements.c.run_id) & (plans.c.connection == agreements.c.connection))
            .where(agreements.c.connection == self._connection, agreements.c.type.in_(PEOPLE))
            .where(agreements.c.key.in_(keys))
        )
        with self._database.reading() as tx:
            return list(tx.execute(query))

    @cached_property
    def _runs(self) -> _Runs:
        """Read once: a schedule leaves a hundred thousand of them a year."""
        query = select(runs.c.id, runs.c.kind, runs.c.actor, runs.c.entered_at, runs.c.looked_at)
        where = runs.c.connection == self._connection
        with self._database.reading() as tx:
            return _Runs(tx.execute(query.where(where).order_by(runs.c.id)).all())

    def _releases(self) -> dict[str, list[Approval]]:
        """By hold: who released it, and when; from the audit trail, where nothing is altered."""
        found: dict[str, list[Approval]] = {}
        for hold in ReviewStore(self._database).holds(self._connection):
            if hold.released_at is None:
                continue
            for event in self._trail.list(_AT_ONCE, action=AuditAction.HOLD_RELEASED, key=hold.id):
                approval = Approval(hold=hold.id, by=event.event.actor, at=event.event.at)
                found.setdefault(hold.id, []).append(approval)
        return found


class _Runs:
    """Runs by number; what one does not know of Workday's clock, the one before it does."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._by_id: dict[int, _Run] = {}
        ahead = next((_ahead(row) for row in rows if row.entered_at), timedelta())
        for row in rows:
            ahead = _ahead(row) if row.entered_at else ahead
            self._by_id[row.id] = _Run(row.kind, row.actor, row.entered_at, ahead, row.looked_at)
        self._numbers = sorted(self._by_id)

    def get(self, number: int | None) -> _Run | None:
        return None if number is None else self._by_id.get(number)

    def moment(self, instant: str, *, run: int | None) -> datetime:
        """An instant of ours, by Workday's clock as *run* knew it; the newest run where none is named."""
        position = len(self._numbers) if run is None else bisect_right(self._numbers, run)
        ahead = self._by_id[self._numbers[position - 1]].ahead if position else timedelta()
        return datetime.fromisoformat(instant) + ahead

    def heard(self, at: datetime) -> datetime:
        """An instant of ours, by Workday's clock as the last run knew it that had looked by then."""
        moments, newest = self._looks
        position = bisect_right(moments, at)
        return self.moment(at.isoformat(), run=newest[position - 1] if position else 0)

    @cached_property
    def _looks(self) -> tuple[list[datetime], list[int]]:
        """When runs looked, in order of our clock, and beside each the newest of all that had looked by then."""
        looks = sorted((datetime.fromisoformat(it.looked_at), n) for n, it in self._by_id.items() if it.looked_at)
        return [looked_at for looked_at, _ in looks], list(accumulate((number for _, number in looks), max))


def _ahead(row: Any) -> timedelta:
    return datetime.fromisoformat(row.entered_at) - datetime.fromisoformat(row.looked_at)


def _told_by_change(row: Any, *, known: _Runs, releases: Mapping[str, Sequence[Approval]]) -> Iterable[Statement]:
    """What a plan saw before it, and, once it was carried out, what it left behind."""
    change = msgspec.json.decode(row.change, type=Change)
    planner = known.get(row.planned_in)
    common = Evidence(
        how="found",
        at=known.moment(row.created_at, run=row.planned_in),
        action=change.action,
        reason=change.reason,
        source=change.source,
        plan=row.digest,
        planned_in=row.planned_in,
        planned_by=None if planner is None else planner.actor,
        effective_on=row.as_of or None,
        entered_at=None if planner is None else planner.entered_at,
        crosswalk=row.crosswalk or None,
    )
    if planner is None or planner.kind != "resend":  # which looks at nothing: it repeats what was seen before
        gone = change.action == "create" and change.reason.startswith("removed in Plex")
        if gone or (change.action not in {"create", "transfer"} and change.before):
            yield _statement(
                change, at=common.at, run=row.planned_in, order=(row.plan_id, 0, row.seq), evidence=common, gone=gone
            )
    if row.state == "applied":
        sender, created_at = known.get(row.run_id), datetime.fromisoformat(row.created_at)
        evidence = msgspec.structs.replace(
            common,
            how="written" if row.sent_at else "agreed",
            at=known.moment(row.ended_at, run=row.run_id),
            run=row.run_id,
            by=None if sender is None else sender.actor,
            approvals=tuple(it for hold in change.approved for it in releases.get(hold, ()) if it.at <= created_at),
            request=shown_request(change) if row.sent_at else None,
            answer=Answer(
                state=row.state,
                status=row.response_status,
                reference=row.reference,
                hash=row.response_hash,
                reason=row.reason,
            ),
        )
        wrote = msgspec.structs.replace(
            _statement(
                change,
                at=evidence.at,
                run=row.run_id,
                order=(row.plan_id, 1, row.seq),
                evidence=evidence,
                fields=left_by(change),
            ),
            rows=change.rows,
            begins=change.action == "create" and change.type == RecordType.EMPLOYEE,
        )
        if change.action != "transfer":
            yield wrote
            return
        for kind in sorted(PEOPLE):
            yield msgspec.structs.replace(wrote, type=kind, plant=change.origin, gone=True)
            yield msgspec.structs.replace(wrote, type=kind, origin=change.origin)


def _told_by_agreement(row: Any, *, known: _Runs) -> Statement:
    fields: dict[str, Scalar] = msgspec.json.decode(row.fields)
    run = known.get(row.run_id)
    evidence = Evidence(
        how="agreed",
        at=known.moment(row.agreed_at, run=row.run_id),
        action="agree",
        reason="both sides held the same, without a write of ours" if fields else _ENDED,
        source=row.source,
        run=row.run_id,
        by=None if run is None else run.actor,
        plan=row.digest,
        planned_in=row.run_id,
        planned_by=None if run is None else run.actor,
        effective_on=row.as_of or None,
        entered_at=None if run is None else run.entered_at,
        crosswalk=row.crosswalk or None,
    )
    return Statement(
        plant=row.plant,
        type=row.type,
        key=row.key,
        at=evidence.at,
        run=row.run_id,
        order=(row.plan_id, 0, row.id),
        fields=fields,
        rows=msgspec.json.decode(row.mapping, type=dict[str, RowVersion]),
        gone=not fields,
        evidence=evidence,
    )


def _statement(
    change: Change,
    *,
    at: datetime,
    run: int,
    order: tuple[int, ...],
    evidence: Evidence,
    fields: Mapping[str, Scalar] | None = None,
    gone: bool = False,
) -> Statement:
    told = dict(change.before if fields is None else fields)
    return Statement(
        plant=change.plant,
        type=change.type,
        key=change.key,
        at=at,
        run=run,
        order=order,
        fields={} if gone else told,
        gone=gone,
        evidence=evidence,
    )


def shown_request(change: Change) -> dict[str, Any]:
    """
    The body as it was sent, of the fields we know; what a plant keeps for itself was sent back and is nobody's to see.
    """
    known = {field.wire for field in FIELDS[RecordType(change.type)]} | {"id", "tenantId"}
    return {name: value if name in known else "(the plant's own)" for name, value in change.body.items()}
