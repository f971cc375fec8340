"""
What is written down of each write: before its first byte leaves, that it will; afterwards what became of it.

A receipt, the baseline that follows from it, what a person is to see of it, and the audit event share one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.review.store import Parked
from ml_connector.storage.database import Transaction
from ml_connector.sync.change import Change
from ml_connector.sync.intent import NOT_LOOKED_UP, UNANSWERED, Intent, Outcome
from ml_connector.sync.judge import SPLIT
from ml_connector.sync.lease.lease import Lease
from ml_connector.sync.parking import park_change, why_parked
from ml_connector.sync.tools import SyncTools

_EVENT = {
    "applied": AuditAction.WRITE_APPLIED,
    "accepted": AuditAction.WRITE_ACCEPTED,
    "rejected": AuditAction.WRITE_REJECTED,
    "forbidden": AuditAction.WRITE_REJECTED,
    "conflict": AuditAction.WRITE_CONFLICT,
    "duplicate": AuditAction.WRITE_CONFLICT,
    "unknown": AuditAction.WRITE_UNKNOWN,
}
_REMEDY = {
    "rejected": "correct it in Workday, the mapping or Plex's setup; then `ml-connector reevaluate {key}`",
    "forbidden": "grant the {system} user the right to change this; the next run tries again",
    "conflict": "somebody changed the record in {system} meanwhile; look at it, then `ml-connector reevaluate {key}`",
    "duplicate": "two {system} records answer to this key; merge them in {system}, then `ml-connector reevaluate {key}`",
    "unknown": "{system} neither confirmed nor showed it; the next run looks again, `ml-connector resend {key}` sends it again",
    "accepted": "{system} accepted it and has not shown it yet; the next run looks again",
}
_NOT_AGAIN = frozenset({"rejected", "conflict", "duplicate"})
AGAIN = frozenset({*SPLIT, "RESOURCE_NOT_FOUND", UNANSWERED, NOT_LOOKED_UP})
"""Codes that say nothing of a record's content: once a reading shows that it is to be sent, it is."""


class Receipts:
    """What one run, under its lease, writes down of what it sends."""

    def __init__(self, tools: SyncTools, *, run: int, lease: Lease) -> None:
        self._tools = tools
        self._run = run
        self._lease = lease

    def intend(self, intents: Sequence[Intent], *, digest: str) -> list[Intent]:
        """Make it durable that these are about to leave; return them as being sent."""
        now = self._tools.clock()
        with self._lease.transaction() as tx:
            leaving = self._tools.store.mark_sending(tx, intents, run=self._run, at=now)
            self._tools.trail.append(tx, [self._intended(intent, digest, now) for intent in leaving])
        return leaving

    def keep(self, outcomes: Sequence[Outcome], *, digest: str | None = None) -> None:
        """Write down what became of these."""
        if not outcomes:
            return
        now = self._tools.clock()
        with self._lease.transaction() as tx:
            unknown = [item for item in outcomes if item.state == "unknown"]
            known = [item for item in outcomes if item.state != "unknown"]
            still = [Outcome(intent=item.intent, state="sending", reason=item.reason) for item in unknown]
            self._tools.store.record(tx, [*known, *still], run=self._run, at=now)
            moved = [
                it.intent.change for it in known if it.state == "applied" and it.intent.change.action == "transfer"
            ]
            self._tools.trail.append(tx, [self._take_along(tx, change, now) for change in moved])
            parked = [item for item in outcomes if item.state in _REMEDY and item.state != "accepted"]
            waiting = [item for item in outcomes if item.state == "waiting"]
            # Proved absent, it is to be planned again: nothing about it is unknown any more.
            over = [item.intent.change for item in outcomes if item.state in {"applied", "planned"}]
            names = [(change.type, change.plant, change.source, "") for change in over]
            self._tools.review.unpark(tx, self._tools.name, names=names)
            fresh = self._tools.review.park(
                tx, self._tools.name, [parked_of(item) for item in (*parked, *waiting)], at=now
            )
            events = [self._event(item, digest, now) for item in outcomes if item.state in _EVENT and item.sent]
            # Of the rest the write itself is on record; that nothing was sent is a decision of its own.
            events += [self._held_back(item, digest, now) for item in fresh if item.code == "waiting"]
            self._tools.trail.append(tx, events)

    def park(self, outcomes: Sequence[Outcome]) -> None:
        """Show people what is not done yet, whatever becomes of it."""
        if outcomes:
            now = self._tools.clock()
            with self._lease.transaction() as tx:
                self._tools.review.park(tx, self._tools.name, [parked_of(item) for item in outcomes], at=now)

    def _take_along(self, tx: Transaction, change: Change, at: datetime) -> AuditEvent:
        """A person goes on as the record that came along."""
        by, person = self._tools.actor, change.person
        self._tools.links.take_along(
            tx, person=person, origin=change.origin, plant=change.plant, plex_id=change.key, by=by, at=at
        )
        return AuditEvent(
            action=AuditAction.LINK_CHANGED,
            actor=by,
            object=f"worker/{change.plant}/{change.source}",
            at=at,
            run=str(self._run),
            reason=f"moved with its record from plant {change.origin}",
        )

    def _event(self, outcome: Outcome, digest: str | None, at: datetime) -> AuditEvent:
        event = self._of_write(_EVENT[outcome.state], outcome.intent, digest, at, outcome.reason or outcome.state)
        if outcome.reference:
            event.detail["reference"] = outcome.reference
        return event

    def _intended(self, intent: Intent, digest: str, at: datetime) -> AuditEvent:
        return self._of_write(AuditAction.WRITE_INTENDED, intent, digest, at, None)

    def _of_write(
        self, action: AuditAction, intent: Intent, digest: str | None, at: datetime, outcome: str | None
    ) -> AuditEvent:
        change = intent.change
        told = {} if change.system == "plex" else {"system": change.system}
        return AuditEvent(
            action=action,
            actor=self._tools.actor,
            object=f"{change.type}/{change.plant}/{change.key}",
            at=at,
            run=str(self._run),
            plan=digest,
            fields=tuple(sorted(change.after)),
            after_hash=change.content_hash,
            reason=change.reason,
            outcome=outcome,
            detail={"action": change.action, "attempt": intent.attempt, **told},
        )

    def _held_back(self, item: Parked, digest: str | None, at: datetime) -> AuditEvent:
        return AuditEvent(
            action=AuditAction.DECISION_PARKED,
            actor=self._tools.actor,
            object=f"{item.type}/{item.plant}/{item.key}",
            at=at,
            run=str(self._run),
            plan=digest,
            reason=why_parked(item),
        )


def parked_of(outcome: Outcome) -> Parked:
    """How a write that did not make it is shown to a person."""
    change, state = outcome.intent.change, outcome.state
    if state == "waiting":
        return park_change(
            change,
            code="waiting",
            reason=f"waits for {outcome.reason}",
            remedy="it goes by itself with the next run after that record is written",
            waiting_for=outcome.reason,
        )
    return park_change(
        change,
        code=outcome.code or ("not_confirmed" if state == "accepted" else state),
        reason=outcome.reason or state,
        remedy=outcome.remedy or _REMEDY[state].format(key=change.source, system=change.system.capitalize()),
        content_hash=change.content_hash if state in _NOT_AGAIN and outcome.code not in AGAIN else None,
    )
