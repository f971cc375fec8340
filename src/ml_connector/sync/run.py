"""
The three verbs: plan, apply, sync. Each is one run under one lease, from the clearing of what an earlier run left on
its way to the last line of the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection as Transaction

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.audit.store import AuditTrail
from ml_connector.canonical.plant import PlexRecord
from ml_connector.connectors.port import Connector
from ml_connector.errors import ConfigurationError, MLConnectorError, StalePlanError
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.review.store import HoldInfo, Parked, ReviewStore
from ml_connector.settings import Connection
from ml_connector.snapshot.extract import Progress, Reader
from ml_connector.snapshot.store import Scope, SnapshotStore
from ml_connector.storage.database import Database
from ml_connector.sync.apply import Sender, parked_of, resumed
from ml_connector.sync.change import Change, digest_of
from ml_connector.sync.gather import PLEX_TYPES, Gathered, Gatherer
from ml_connector.sync.judge import judge
from ml_connector.sync.plan import Draft, Planner
from ml_connector.sync.policy import Released
from ml_connector.sync.report import PlanReport, RunReport, change_info, hold_line
from ml_connector.sync.store import Intent, Outcome, StoredPlan, SyncStore

_EVERY_TYPE = (*(kind.value for kind in PLEX_TYPES), "worker", "job_profile", "location", "position")
_WORKER_TYPES = ("employee", "employee_attributes")
_SENDABLE = ("planned", "waiting")


class Syncer:
    """Plans and applies for one connection."""

    def __init__(
        self,
        *,
        name: str,
        connection: Connection,
        database: Database,
        workday: Callable[[], Connector],
        plex: Callable[[], Connector],
        crosswalk: Callable[[], Crosswalk],
        trail: AuditTrail,
        actor: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._connection = connection
        self._database = database
        self._workday = workday
        self._plex = plex
        self._crosswalk = crosswalk
        self._trail = trail
        self._actor = actor
        self._clock = clock
        self._sleep = sleep
        self._store = SyncStore(database, name)
        self._review = ReviewStore(database)
        self._snapshots = SnapshotStore(database)

    def plan(
        self, *, as_of: date | None = None, only: str | None = None, keys: Collection[str] = (), progress: Progress
    ) -> PlanReport:
        """Read both sides, decide everything, keep it under its digest, write nothing to Plex."""
        with self._run("plan", progress) as run:
            stored, draft = self._draw_up(run, as_of=as_of, only=only, keys=keys, retry=())
            run.close(stored, draft.counts())
            return self._report(stored, draft)

    def apply(self, digest: str, *, progress: Progress) -> RunReport:
        """
        Carry out exactly the plan with this digest (or one that begins so). A plan already carried out is a no-op.

        Raises:
            StalePlanError: there is no such plan, a newer one replaced it, or the world moved since; nothing is sent.
        """
        stored = self._approved(digest)
        with self._run("apply", progress) as run:
            if stored.state != "done":
                run.recover()
                intents = self._store.intents(plan_id=stored.id, states=_SENDABLE)
                self._check_unmoved(run, stored, intents, progress)
                run.send(stored)
            return run.finish(stored)

    def sync(self, *, as_of: date | None = None, progress: Progress) -> RunReport:
        """Plan and apply within the guards: what a schedule runs."""
        with self._run("sync", progress) as run:
            stored, _draft = self._draw_up(run, as_of=as_of, only=None, keys=(), retry=())
            run.send(stored)
            return run.finish(stored)

    def reevaluate(self, keys: Sequence[str], *, progress: Progress) -> RunReport:
        """Decide some records anew, from source and mapping as they are now, and send what follows."""
        with self._run("reevaluate", progress) as run:
            stored, _draft = self._draw_up(run, as_of=None, only=None, keys=keys, retry=keys)
            run.send(stored)
            return run.finish(stored)

    def resend(self, keys: Sequence[str], *, progress: Progress) -> RunReport:
        """
        Send the same bytes again.

        Raises:
            StalePlanError: a later plan wants something else for the record; reevaluate instead.
        """
        with self._run("resend", progress) as run:
            run.recover()
            changes = [self._same_bytes(key) for key in keys]
            newest = self._store.newest_plan()
            as_of, watermark = (newest.as_of, newest.watermark) if newest else ("", "")
            stored = self._save(run, changes, as_of=as_of, watermark=watermark, draft=Draft(changes=changes))
            run.send(stored)
            return run.finish(stored)

    def release(self, hold: str) -> HoldInfo:
        """
        Approve a hold's exact set; the next plan lets it through.

        Raises:
            ConfigurationError: there is no such open hold, or it is not for a person to release.
        """
        found = [item for item in self._review.holds(self._name, state="open") if item.id.startswith(hold)]
        if len(found) != 1:
            raise ConfigurationError(f"there is no open hold {hold}", remedy="ml-connector plan   lists the holds")
        if not found[0].releasable:
            raise ConfigurationError(
                f"hold {found[0].id} cannot be released: {found[0].reason}", remedy=found[0].remedy
            )
        now = self._clock()
        with self._database.transaction() as tx:
            self._review.release(tx, self._name, hold=found[0].id, by=self._actor, at=now)
            if found[0].guard == "population_drop":
                scope = Scope(self._name, "workday", "worker")
                self._snapshots.forget(tx, scope, keys=found[0].members)
            event = AuditEvent(
                action=AuditAction.HOLD_RELEASED,
                actor=self._actor,
                object=f"hold|{found[0].plant}|{found[0].id}",
                at=now,
                reason=found[0].reason,
                detail={"guard": found[0].guard, "members": len(found[0].members)},
            )
            self._trail.append(tx, [event])
        return msgspec.structs.replace(found[0], state="released", released_by=self._actor, released_at=now.isoformat())

    # One run

    @contextmanager
    def _run(self, kind: str, progress: Progress) -> Iterator[_Run]:
        fence = self._store.take_lease(at=self._clock())
        run = _Run(self, kind, fence, progress)
        try:
            yield run
        except BaseException as error:
            run.fail(error)
            raise
        finally:
            self._store.give_lease_back(fence)

    def _draw_up(
        self, run: _Run, *, as_of: date | None, only: str | None, keys: Collection[str], retry: Collection[str]
    ) -> tuple[StoredPlan, Draft]:
        run.recover()
        released = self._released()
        gathered = self._gatherer(run.progress).gather(as_of=as_of, released=released)
        run.progress("comparing", 0, None)
        crosswalk = self._crosswalk()
        planner = Planner(
            name=self._name,
            connection=self._connection,
            crosswalk=crosswalk,
            snapshots=self._snapshots,
            store=self._store,
            gathered=gathered,
            refused=self._refused(retry),
        )
        draft = planner.draft(released=released, only=_types(only), keys=keys)
        stored = self._save(
            run,
            draft.changes,
            as_of=gathered.as_of.effective_on.isoformat(),
            watermark=gathered.as_of.entered_at.isoformat(),
            draft=draft,
            gathered=gathered,
        )
        return stored, draft

    def _save(
        self,
        run: _Run,
        changes: list[Change],
        *,
        as_of: str,
        watermark: str,
        draft: Draft,
        gathered: Gathered | None = None,
    ) -> StoredPlan:
        """Plan, parked records, holds and their audit events share one transaction."""
        now, crosswalk = self._clock(), self._crosswalk().version
        digest = digest_of(self._name, crosswalk, changes)
        with self._database.transaction() as tx:
            self._store.save_plan(
                tx,
                digest=digest,
                as_of=as_of,
                watermark=watermark,
                crosswalk=crosswalk,
                counts=draft.counts(),
                changes_=changes,
                at=now,
            )
            events = [
                self._event(AuditAction.PLAN_CREATED, f"plan||{digest[:12]}", run, now, digest, detail=draft.counts())
            ]
            if gathered is not None:
                events += self._keep_review(tx, run, draft, digest, now)
            self._trail.append(tx, events)
        stored = self._store.find_plan(digest)
        assert stored is not None  # noqa: S101 - just written
        return stored

    def _keep_review(self, tx: Transaction, run: _Run, draft: Draft, digest: str, now: datetime) -> list[AuditEvent]:
        holds = [
            HoldInfo(
                id=hold.id,
                guard=hold.guard,
                type=hold.type,
                plant=hold.plant,
                members=hold.members,
                reason=hold.reason,
                remedy=hold.remedy,
                state="open",
                releasable=hold.releasable,
                created_at=now.isoformat(),
            )
            for hold in draft.holds
        ]
        self._store.save_fill_rates(tx, draft.absent, total=draft.workers)
        newly_parked = self._review.replace_parked(tx, self._name, draft.parked, types=_EVERY_TYPE, at=now)
        newly_held = self._review.replace_open_holds(tx, self._name, holds, types=_EVERY_TYPE)
        events = [
            self._event(AuditAction.DECISION_NOOP, "records||unchanged", run, now, digest, detail={"count": draft.noop})
        ]
        events += [
            self._event(
                AuditAction.DECISION_PARKED,
                f"{item.type}|{item.plant}|{item.key}",
                run,
                now,
                digest,
                reason=f"{item.code}: {item.waiting_for or item.field or 'see the record'}",
            )
            for item in newly_parked
        ]
        events += [
            self._event(
                AuditAction.DECISION_HELD,
                f"hold|{hold.plant}|{hold.id}",
                run,
                now,
                digest,
                reason=hold.reason,
                detail={"guard": hold.guard, "members": len(hold.members)},
            )
            for hold in newly_held
        ]
        return events

    # What a run needs to know

    def _approved(self, digest: str) -> StoredPlan:
        stored = self._store.find_plan(digest)
        if stored is None:
            raise StalePlanError(f"there is no plan {digest}", remedy="ml-connector plan")
        newest = self._store.newest_plan()
        if stored.state == "superseded" or (newest is not None and newest.id != stored.id and stored.state != "done"):
            raise StalePlanError(
                f"plan {stored.digest[:12]} was replaced by a newer one",
                remedy="ml-connector plan   and apply its digest",
            )
        if stored.state != "done" and stored.crosswalk != self._crosswalk().version:
            raise StalePlanError(
                f"the mapping changed since plan {stored.digest[:12]} was made", remedy="ml-connector plan"
            )
        return stored

    def _check_unmoved(self, run: _Run, stored: StoredPlan, intents: Sequence[Intent], progress: Progress) -> None:
        """Read again what the plan is about to touch: exactly what was approved, or nothing."""
        scopes = sorted({(intent.change.type, intent.change.plant) for intent in intents})
        gatherer = self._gatherer(progress)
        for kind, plant in scopes:
            gatherer.read_again(kind, plant)
        moved: list[Intent] = []
        already: list[Outcome] = []
        for intent in intents:
            change = intent.change
            scope = Scope(self._name, "plex", change.type, change.plant)
            found = self._snapshots.find(scope, keys=[change.key], of=PlexRecord)
            verdict = judge(change, list(found.values()))
            if verdict == "applied":
                already.append(Outcome(intent=intent, state="applied", reason="Plex holds this already"))
            elif verdict != "absent":
                moved.append(intent)
        if moved:
            names = ", ".join(sorted(intent.change.label for intent in moved)[:5])
            raise StalePlanError(
                f"{len(moved)} record{'s' if len(moved) > 1 else ''} of plan {stored.digest[:12]} changed in Plex "
                f"since: {names}; nothing was sent",
                remedy="ml-connector plan   shows them as they are now",
            )
        run.keep(already)

    def _same_bytes(self, key: str) -> Change:
        history = [intent for kind in PLEX_TYPES for intent, _run in self._store.history(kind=kind.value, source=key)]
        history.sort(key=lambda intent: intent.plan_id, reverse=True)
        failed = [
            item for item in history if item.state in {"rejected", "conflict", "duplicate", "waiting", "accepted"}
        ]
        if not failed:
            raise ConfigurationError(
                f"nothing of {key} was refused or left unknown",
                remedy="ml-connector parked   lists what can be sent again",
            )
        newer = [
            item for item in history if item.change.name == failed[0].change.name and item.plan_id > failed[0].plan_id
        ]
        if any(item.change.content_hash != failed[0].change.content_hash for item in newer):
            raise StalePlanError(
                f"{key} is superseded: a later plan wants something else", remedy=f"ml-connector reevaluate {key}"
            )
        return msgspec.structs.replace(failed[0].change, hold=None, needs=())

    def _released(self) -> Released:
        return [frozenset(hold.members) for hold in self._review.holds(self._name, state="released")]

    def _refused(self, retry: Collection[str]) -> dict[str, Parked]:
        """Content Plex refused, or accepted and has not shown yet: not sent again by itself."""
        refused = {item.content_hash: item for item in self._review.parked(self._name) if item.content_hash}
        for intent in self._store.intents(states=("accepted",)):
            outcome = Outcome(intent=intent, state="accepted", reason="accepted by Plex, not shown yet")
            refused[intent.change.content_hash] = parked_of(outcome)
        return {content: item for content, item in refused.items() if content and item.key not in retry}

    def _gatherer(self, progress: Progress) -> Gatherer:
        return Gatherer(
            name=self._name,
            connection=self._connection,
            workday=self._workday(),
            plex=self._plex(),
            reader=Reader(self._database, clock=self._clock),
            snapshots=self._snapshots,
            progress=progress,
        )

    def _report(self, stored: StoredPlan, draft: Draft) -> PlanReport:
        pace = self._connection.plex.calls_per_minute * float(self._connection.plex.share)
        writes = sum(1 for change in draft.changes if change.hold is None)
        return PlanReport(
            digest=stored.digest,
            connection=self._name,
            as_of=stored.as_of,
            counts=draft.counts(),
            changes=tuple(change_info(change) for change in draft.changes),
            holds=tuple(hold_line(hold) for hold in draft.holds),
            pending=tuple(draft.pending),
            forecast_s=round(60 * writes / pace, 1),
        )

    def _event(
        self,
        action: AuditAction,
        subject: str,
        run: _Run,
        at: datetime,
        digest: str | None = None,
        *,
        reason: str | None = None,
        detail: dict[str, int] | dict[str, str | int] | None = None,
    ) -> AuditEvent:
        return AuditEvent(
            action=action,
            actor=self._actor,
            object=subject,
            at=at,
            run=str(run.number),
            plan=digest,
            reason=reason,
            detail=dict(detail or {}),
        )


class _Run:
    """One run: its number, its sender, its end."""

    def __init__(self, syncer: Syncer, kind: str, fence: int, progress: Progress) -> None:
        self._syncer = syncer
        self._fence = fence
        self._started = time.monotonic()
        self._closed = False
        self.progress = progress
        now = syncer._clock()
        with syncer._database.transaction() as tx:
            syncer._store.close_abandoned(tx, at=now)
            self.number = syncer._store.start_run(tx, kind=kind, actor=syncer._actor, at=now)
            syncer._trail.append(tx, [syncer._event(AuditAction.RUN_STARTED, f"run||{self.number}", self, now)])

    def recover(self) -> None:
        self._sender().recover()

    def send(self, stored: StoredPlan) -> None:
        syncer = self._syncer
        with syncer._database.transaction() as tx:
            syncer._store.set_plan_state(tx, stored.id, "applying")
        intents = syncer._store.intents(plan_id=stored.id, states=_SENDABLE)
        self._sender().send(resumed(intents), digest=stored.digest)

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        self._sender().keep(outcomes)

    def finish(self, stored: StoredPlan) -> RunReport:
        """Close the run and say what it did."""
        syncer = self._syncer
        states = syncer._store.counts(stored.id)
        counts = {
            "applied": states.get("applied", 0),
            "noop": stored.counts.get("noop", 0),
            "parked": len(syncer._review.parked(syncer._name)),
            "held": states.get("held", 0),
            "pending": stored.counts.get("pending", 0),
            "unknown": states.get("sending", 0) + states.get("accepted", 0),
        }
        holds = [hold for hold in syncer._review.holds(syncer._name, state="open") if hold.releasable]
        with syncer._database.transaction() as tx:
            syncer._store.set_plan_state(tx, stored.id, "done")
        self.close(stored, counts)
        return RunReport(
            run=self.number,
            plan=stored.digest,
            counts=counts,
            watermark=stored.watermark or None,
            duration_s=round(time.monotonic() - self._started, 2),
            waiting=bool(holds),
        )

    def close(self, stored: StoredPlan, counts: dict[str, int]) -> None:
        self._end("done", counts, plan=stored.digest, watermark=stored.watermark)

    def fail(self, error: BaseException) -> None:
        """Keep why the run stopped; the sentence only, never a traceback."""
        problem = error.message if isinstance(error, MLConnectorError) else type(error).__name__
        state = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        self._end(state, {}, problem=problem)

    def _end(
        self,
        state: str,
        counts: dict[str, int],
        *,
        plan: str | None = None,
        watermark: str | None = None,
        problem: str | None = None,
    ) -> None:
        if self._closed:
            return
        self._closed = True
        syncer, now = self._syncer, self._syncer._clock()
        with syncer._database.transaction() as tx:
            syncer._store.end_run(
                tx, self.number, state=state, at=now, counts=counts, plan=plan, watermark=watermark, problem=problem
            )
            event = syncer._event(
                AuditAction.RUN_ENDED, f"run||{self.number}", self, now, plan, reason=problem, detail=counts
            )
            syncer._trail.append(tx, [event])
        syncer._trail.write_anchor()

    def _sender(self) -> Sender:
        syncer = self._syncer
        return Sender(
            name=syncer._name,
            database=syncer._database,
            store=syncer._store,
            review=syncer._review,
            trail=syncer._trail,
            plex=syncer._plex(),
            settings=syncer._connection.plex,
            actor=syncer._actor,
            run=self.number,
            fence=self._fence,
            clock=syncer._clock,
            sleep=syncer._sleep,
            progress=self.progress,
        )


def _types(only: str | None) -> tuple[str, ...]:
    if only is None:
        return ()
    return _WORKER_TYPES if only == "worker" else (only,)
