"""
The life of one run, under one lease: started, recovered from what came before, sent, finished or failed, told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.errors import AnchorError, MLConnectorError, PlannedOutageError, StorageError
from ml_connector.snapshot.extract import Progress
from ml_connector.storage.database import Transaction
from ml_connector.sync.apply import Sender, resumed
from ml_connector.sync.forecast import forecast_writes
from ml_connector.sync.intent import Outcome
from ml_connector.sync.lease.lease import Lease
from ml_connector.sync.policy import WRITES_OFF
from ml_connector.sync.receipts import Receipts
from ml_connector.sync.report import RunReport, staying_lines
from ml_connector.sync.store import StoredPlan
from ml_connector.sync.tools import SyncTools

SENDABLE = ("planned", "waiting")


@contextmanager
def open_run(tools: SyncTools, kind: str, *, progress: Progress) -> Iterator[Run]:
    """
    Become the connection's only sender for the length of the block; however it ends, the run says so.

    Raises:
        UnavailableError: another run is busy with this connection.
    """
    lease = Lease(tools)
    try:
        run = Run(tools, kind, lease=lease, progress=progress)
        try:
            yield run
        except BaseException as error:
            with suppress(StorageError):  # what ended the run is what is told; the next one closes what was left open
                run.fail(error)
            raise
    finally:
        with suppress(StorageError):  # whoever comes next finds this process gone, elsewhere in 5 minutes
            lease.give_back()


class Run:
    """
    One run: its number, its right to write, its end.

    *missed* is what its own reading found that no log had told of; the plan it carries out may be from another one.
    *unanchored* says why its end could not be noted beside the database.
    """

    def __init__(self, tools: SyncTools, kind: str, *, lease: Lease, progress: Progress) -> None:
        self._tools = tools
        self._lease = lease
        self._started = time.monotonic()
        self._closed = False
        self._foretold = False
        self.unanchored: str | None = None
        self.missed: int | None = None
        self._sending: StoredPlan | None = None
        self._progress = progress
        now = tools.clock()
        guard = self._guard_changed()
        with self.transaction() as tx:
            tools.runs.close_abandoned(tx, at=now)
            self.number = tools.runs.start_run(tx, kind=kind, actor=tools.actor, at=now)
            events = [self.event(AuditAction.RUN_STARTED, f"run//{self.number}", now)]
            if guard is not None:
                events.append(self.event(AuditAction.CONFIG_CHANGED, f"guard//{tools.name}", now, detail=guard))
            tools.trail.append(tx, events)
        self._receipts = Receipts(tools, run=self.number, lease=lease)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Keep something of this run, unless another one took over; see `Lease.transaction`."""
        return self._lease.transaction()

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Tell how far the run is; a long one keeps its lease by it."""
        self._lease.beat()
        self._progress(stage, done, total)

    def recover(self) -> None:
        self._sender().recover()

    def foretell(self, stored: StoredPlan, *, reads_again: bool) -> None:
        """Say how long it will take, before anything of it is done and once; a short one needs no words."""
        if self._foretold:
            return
        self._foretold = True
        intents = self._tools.store.intents(plan_id=stored.id, states=SENDABLE)
        forecast = forecast_writes(
            [intent.change for intent in intents], plex=self._tools.connection.plex, reads_again=reads_again
        )
        if forecast.is_long:
            self.progress(str(forecast), 0, None)

    def send(self, stored: StoredPlan) -> None:
        self.foretell(stored, reads_again=False)
        self._sending = stored
        tools = self._tools
        with self.transaction() as tx:
            tools.store.set_plan_state(tx, stored.id, "applying")
        intents = tools.store.intents(plan_id=stored.id, states=SENDABLE)
        self._sender().send(resumed(intents), digest=stored.digest)

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of intents that nothing more is sent of."""
        self._receipts.keep(outcomes)

    def finish(self, stored: StoredPlan, *, carried_out_in: int | None = None) -> RunReport:
        """Close the run and say what it did: nothing, where an earlier run carried the plan out."""
        self._sender().confirm_left()
        tools = self._tools
        written = self._written(stored)
        open_holds, parked = tools.review.holds(tools.name, state="open"), tools.review.parked(tools.name)
        unread = sum(1 for hold in open_holds if not hold.releasable and hold.guard != WRITES_OFF)
        counts = {
            "applied": written["applied"],
            "noop": stored.counts.get("noop", 0),
            "parked": len(parked),
            "held": tools.store.counts(stored.id).get("held", 0) + unread,
            "pending": stored.counts.get("pending", 0),
            "unknown": written["unknown"],
        }
        if self.missed is not None:
            counts["drift_found_by_full"] = self.missed
        if carried_out_in is not None:
            counts |= {"applied": 0, "noop": counts["noop"] + counts["applied"]}
        with self.transaction() as tx:
            tools.store.set_plan_state(tx, stored.id, "done")
            self._end(tx, "done", counts, plan=stored.digest, watermark=stored.watermark)
        self._seal()
        return RunReport(
            run=self.number,
            plan=stored.digest,
            counts=counts,
            watermark=stored.watermark or None,
            duration_s=round(time.monotonic() - self._started, 2),
            waiting=any(hold.releasable for hold in open_holds),
            carried_out_in=carried_out_in,
            staying=staying_lines(parked),
            unanchored=self.unanchored,
        )

    def close(self, stored: StoredPlan, counts: dict[str, int]) -> None:
        """End a run that sends nothing."""
        with self.transaction() as tx:
            self._end(tx, "done", counts, plan=stored.digest, watermark=stored.watermark)
        self._seal()

    def fail(self, error: BaseException) -> None:
        """Keep why the run stopped; the sentence only, never a traceback."""
        if self._closed:
            return
        stopped = isinstance(error, KeyboardInterrupt)
        problem = error.message if isinstance(error, MLConnectorError) else type(error).__name__
        state, problem = ("interrupted", "interrupted") if stopped else ("failed", problem)
        if isinstance(error, PlannedOutageError):
            state = "degraded"  # announced: nothing failed, and the next run catches up (CC-14)
        # What was written before it stopped was written: the run says so, and the next one goes on from there.
        stored = self._sending
        counts, plan = ({}, None) if stored is None else (self._written(stored), stored.digest)
        # Without the lease: how this run ended is nobody else's to say, not even of the one that took over.
        with self._tools.database.transaction() as tx:
            self._end(tx, state, counts, plan=plan, problem=problem)
        self._seal()

    def _written(self, stored: StoredPlan) -> dict[str, int]:
        states = self._tools.store.counts(stored.id)
        return {"applied": states.get("applied", 0), "unknown": states.get("sending", 0) + states.get("accepted", 0)}

    def _end(
        self,
        tx: Transaction,
        state: str,
        counts: dict[str, int],
        *,
        plan: str | None = None,
        watermark: str | None = None,
        problem: str | None = None,
    ) -> None:
        tools, now = self._tools, self._tools.clock()
        tools.runs.end_run(
            tx, self.number, state=state, at=now, counts=counts, plan=plan, watermark=watermark, problem=problem
        )
        event = self.event(AuditAction.RUN_ENDED, f"run//{self.number}", now, plan=plan, reason=problem, detail=counts)
        tools.trail.append(tx, [event])

    def _seal(self) -> None:
        """
        Once the end is kept, nothing else is said of it.

        An anchor that cannot be written undoes nothing of the run: it is told, and the next one's holds this one too.
        """
        self._closed = True
        try:
            self._tools.trail.write_anchor()
        except AnchorError as error:
            self.unanchored = f"{error.message}: the trail's end is noted in the database alone until the next run"
            self._progress(self.unanchored, 0, None)

    def event(
        self,
        action: AuditAction,
        subject: str,
        at: datetime,
        *,
        plan: str | None = None,
        reason: str | None = None,
        detail: Mapping[str, str | int] | None = None,
    ) -> AuditEvent:
        """An audit event of this run."""
        return AuditEvent(
            action=action,
            actor=self._tools.actor,
            object=subject,
            at=at,
            run=str(self.number),
            plan=plan,
            reason=reason,
            detail=dict(detail or {}),
        )

    def _guard_changed(self) -> dict[str, str | int] | None:
        """The guard limits this run works under, unless the run before already told the same."""
        limits = self._tools.connection.sync.guard.model_dump(mode="json")
        limits |= {f"rolling.{name}": limit for name, limit in limits.pop("rolling").items() if limit is not None}
        told: dict[str, str | int] = {name: str(limit) for name, limit in sorted(limits.items())}
        known = self._tools.trail.list(1, action=AuditAction.CONFIG_CHANGED, key=self._tools.name)
        if known and known[0].event.detail == told:
            return None
        return told

    def _sender(self) -> Sender:
        return Sender(self._tools, receipts=self._receipts, lease=self._lease, progress=self.progress)
