"""
Carries out a plan's intents by the write protocol, and finds out what happened where it cannot know.

    planned → sending (durable before the first byte) → applied | accepted | rejected
                                                      → ambiguous: wait, read back, judge
    accepted → read back until it is seen, within the limit

A batch is of one level of the plan, and about what leaves in a second: two transactions, however many writes, and no more
to look up after a crash than that. Plex is asked by several threads at once. What
a write needs and did not get (its department, its manager) makes it wait for that record by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.connectors.port import Write
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    MLConnectorError,
    NotSentError,
    RecordError,
    TransientError,
)
from ml_connector.mapping.cost_centers import EFFECTIVE
from ml_connector.review.store import Parked
from ml_connector.settings.plex import PlexConnection
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.change import Change
from ml_connector.sync.judge import SPLIT, Verdict, is_unedited, judge
from ml_connector.sync.lease.lease import Lease
from ml_connector.sync.parking import why_parked
from ml_connector.sync.store import Intent, Outcome, iterate_levels
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.transfer import tell_not_shown, tell_split
from ml_connector.sync.upstream import keys_of, to_flat

LEAST_BATCH, MOST_BATCH = 64, 256
ATTEMPTS = 3
_HEARTBEAT_S = 30.0

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
_PLANNED_ANEW = "nothing: the next run plans it anew, from what Plex holds then"


class Sender:
    """One run's right and means to write: who, in which run, under which lease."""

    def __init__(self, tools: SyncTools, *, run: int, lease: Lease, progress: Progress) -> None:
        self._tools = tools
        self._settings = tools.connection.plex
        self._run = run
        self._lease = lease
        self._progress = progress
        self._stop: MLConnectorError | None = None

    def recover(self) -> int:
        """
        Find out what became of everything an earlier run left on its way; return how many stay unknown.

        Proved absent, an intent is planned again: whether it is still wanted is for the next plan to say.
        """
        left = self._tools.store.intents(states=("sending", "accepted"))
        if not left:
            return 0
        self._progress("finding out what an earlier run left behind", 0, len(left))
        self.keep(self._read_back([intent for intent in left if intent.state == "sending"]))
        self._confirm([intent for intent in left if intent.state == "accepted"], within_s=0)
        return len(self._tools.store.intents(states=("sending",)))

    def confirm_left(self) -> None:
        """Look once more for what Plex accepted in an earlier run: it may have come true while this one was reading."""
        left = self._tools.store.intents(states=("accepted",))
        if left:
            self._confirm(left, within_s=0)

    def send(self, intents: Sequence[Intent], *, digest: str) -> None:
        """
        Send intents in order, level by level.

        Raises:
            MLConnectorError: the system refuses us or is away; what was not sent stays planned.
        """
        missing: dict[str, str] = {}
        intents = self._without_conflicts(intents, missing, digest)
        done = 0
        if intents:
            self._progress(_stage(intents[0]), done, len(intents))
        accepted: list[Intent] = []
        with ThreadPoolExecutor(max_workers=self._settings.writers, thread_name_prefix="plex") as pool:
            for batch in iterate_levels(intents, size=batch_size(self._settings)):
                ready = self._set_aside(batch, missing, digest)
                outcomes = self._send_batch(pool, ready, digest)
                for outcome in self._arrived(outcomes):
                    if outcome.state == "accepted" and outcome.intent.change.action != "transfer":
                        accepted.append(outcome.intent)
                    elif outcome.state != "applied":
                        missing[outcome.intent.change.name] = outcome.intent.change.label
                done += len(batch)
                self._progress(_stage(batch[-1]), done, len(intents))
                if self._stop is not None:
                    raise self._stop
        self._confirm(accepted, within_s=self._settings.confirm_within_s)

    def _arrived(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """What is written of somebody in the new plant needs them there: a transfer is waited for (PX-07)."""
        moving = [it.intent for it in outcomes if it.state == "accepted" and it.intent.change.action == "transfer"]
        if not moving or self._stop is not None:
            return list(outcomes)
        unseen = {(it.plan_id, it.seq) for it in self._confirm(moving, within_s=self._settings.confirm_within_s)}
        seen = {(it.plan_id, it.seq) for it in moving} - unseen
        return [
            msgspec.structs.replace(it, state="applied") if (it.intent.plan_id, it.intent.seq) in seen else it
            for it in outcomes
        ]

    def _without_conflicts(self, intents: Sequence[Intent], missing: dict[str, str], digest: str) -> list[Intent]:
        """
        Refuse, before a byte leaves, other content for a record whose last write has no known outcome.

        Either of the two could then come last.
        """
        on_its_way = {
            intent.change.name: intent.change.content_hash for intent in self._tools.store.intents(states=("sending",))
        }
        refused = [
            intent
            for intent in intents
            if on_its_way.get(intent.change.name, intent.change.content_hash) != intent.change.content_hash
        ]
        reason = "word from {} about an earlier write of the same record"
        self.keep(
            [
                Outcome(intent=it, state="waiting", reason=reason.format(it.change.system.capitalize()))
                for it in refused
            ],
            digest=digest,
        )
        missing.update((intent.change.name, intent.change.label) for intent in refused)
        return [intent for intent in intents if intent not in refused]

    def _set_aside(self, batch: Sequence[Intent], missing: dict[str, str], digest: str) -> list[Intent]:
        """Keep back what needs a record that did not make it, naming that record (WP-15)."""
        ready: list[Intent] = []
        outcomes: list[Outcome] = []
        for intent in batch:
            lacking = next((need for need in intent.change.needs if need in missing), None)
            if lacking is None:
                ready.append(intent)
                continue
            kind, plant, _key = lacking.split("|", 2)
            what = f"{kind} {missing[lacking]} in plant {plant}"
            missing[intent.change.name] = intent.change.label
            outcomes.append(Outcome(intent=intent, state="waiting", reason=what))
        self.keep(outcomes, digest=digest)
        return ready

    def _send_batch(self, pool: ThreadPoolExecutor, intents: Sequence[Intent], digest: str) -> list[Outcome]:
        turn, settled = self._part_edited(intents)
        while turn and self._stop is None:
            with self._tools.database.transaction() as tx:
                self._lease.renew(tx)
                now = self._tools.clock()
                turn = self._tools.store.mark_sending(tx, turn, run=self._run, at=now)
                self._tools.trail.append(tx, [self._intended(intent, digest, now) for intent in turn])
            outcomes = self._resolve(self._attempt_all(pool, turn))
            self.keep(outcomes, digest=digest)
            turn = [item.intent for item in outcomes if item.state == "planned" and item.intent.attempt < ATTEMPTS]
            again = {(intent.plan_id, intent.seq) for intent in turn}
            settled += [item for item in outcomes if (item.intent.plan_id, item.intent.seq) not in again]
        return settled

    def _part_edited(self, intents: Sequence[Intent]) -> tuple[list[Intent], list[Outcome]]:
        """
        Set aside updates of employees whom somebody changed in Plex after they were read.

        An update sends the whole record, and a run can last an hour: what others wrote meanwhile must survive it.
        """
        updates = [intent for intent in intents if (intent.change.type, intent.change.action) == ("employee", "update")]
        try:
            held = self._tools.plex().find_each([write_of(intent.change) for intent in updates]) if updates else {}
        except (TransientError, NotSentError, AuthenticationError) as error:
            self._stop = error
            return [], []
        except ConfigurationError:
            return list(intents), []  # who may not read may hardly write: the write's own answer says so
        reason = "somebody changed the record in Plex after it was read"
        edited = [
            Outcome(intent=intent, state="conflict", sent=False, reason=reason, remedy=_PLANNED_ANEW)
            for intent in updates
            if (native := held.get(intent.change.key)) is not None and _is_edited(intent.change, native)
        ]
        self.keep(edited)
        aside = {(item.intent.plan_id, item.intent.seq) for item in edited}
        return [intent for intent in intents if (intent.plan_id, intent.seq) not in aside], edited

    def _attempt_all(self, pool: ThreadPoolExecutor, intents: Sequence[Intent]) -> list[Outcome]:
        futures: list[Future[Outcome]] = [pool.submit(self._attempt, intent) for intent in intents]
        try:
            while wait(futures, timeout=_HEARTBEAT_S).not_done:
                self._lease.beat()
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            # What has left is waited for and kept, so that an interrupted run knows as much as a finished one.
            waiting = [future for future in futures if not future.cancel()]
            self.keep(self._resolve([future.result() for future in waiting]))
            raise

    def _attempt(self, intent: Intent) -> Outcome:
        """Send one intent once and sort the answer by what it proves."""
        try:
            connector = self._tools.connector(intent.change.system)
            receipt = connector.write(write_of(intent.change), allowed=self._lease.check)
        except RecordError as error:
            return self._refused(
                Outcome(intent=intent, state="rejected", reason=error.message, remedy=error.remedy, code=error.code)
            )
        except AmbiguousWriteError as error:
            return Outcome(intent=intent, state="ambiguous", reason=error.message)
        except (NotSentError, TransientError, AuthenticationError) as error:
            if intent.attempt >= ATTEMPTS or not isinstance(error, NotSentError):
                self._stop = error
            return Outcome(intent=intent, state="planned", reason=error.message)
        except ConfigurationError as error:
            # One type we may not write stops nothing else; it is tried again once the role is granted.
            return Outcome(intent=intent, state="forbidden", reason=error.message, remedy=error.remedy)
        return Outcome(
            intent=intent,
            state=receipt.state,
            reference=receipt.reference,
            status=receipt.status,
            response_hash=receipt.response_hash,
            reason=receipt.note,
        )

    def _refused(self, outcome: Outcome) -> Outcome:
        """
        A refused creation may be refused because it is there: a line can deliver twice, a read can lag.

        Only what Plex never took is rejected; after an ambiguous attempt a refusal proves nothing by itself.
        """
        intent = outcome.intent
        if intent.change.action not in {"create", "transfer"}:
            return outcome
        seen = self._try_look(intent)
        if seen is not None and (seen.state == "applied" or seen.code in SPLIT):
            return seen
        if intent.attempt == 1 and (seen is None or seen.state != "unknown"):
            return outcome
        reason = f"refused after an attempt whose outcome is not known: {outcome.reason}"
        return Outcome(intent=intent, state="unknown", reason=reason)

    def _resolve(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Put what reading back proves in the place of every ambiguous outcome."""
        ambiguous = [item.intent for item in outcomes if item.state == "ambiguous"]
        proved = {(item.intent.plan_id, item.intent.seq): item for item in self._read_back(ambiguous)}
        return [proved.get((item.intent.plan_id, item.intent.seq), item) for item in outcomes]

    def _read_back(self, intents: Sequence[Intent]) -> list[Outcome]:
        """
        Look once the read lag has surely passed; absence counts only when seen twice.

        So does being in two plants or in none: the two are not read at one moment, and a transfer may pass between.
        """
        outcomes: list[Outcome] = []
        open_ = list(intents)
        for look in range(2):
            if not open_:
                break
            self._tools.sleep(self._settings.settle_s)
            verdicts = [(intent, self._try_look(intent)) for intent in open_]
            told = [item for _intent, item in verdicts if item is not None and (look or item.code not in SPLIT)]
            outcomes += told
            settled = {(item.intent.plan_id, item.intent.seq) for item in told}
            open_ = [intent for intent in open_ if (intent.plan_id, intent.seq) not in settled]
        return [*outcomes, *(_proved_absent(intent) for intent in open_)]

    def _try_look(self, intent: Intent) -> Outcome | None:
        """One look; None where Plex shows nothing of the write."""
        try:
            verdict = self._look(intent.change)
        except MLConnectorError as error:
            # It stays "sending" in the database: the next run looks again.
            return Outcome(intent=intent, state="unknown", reason=error.message)
        if verdict == "absent":
            return None
        if verdict in SPLIT:
            reason, remedy = tell_split(intent.change, verdict)
            return Outcome(intent=intent, state="conflict", code=verdict, reason=reason, remedy=remedy)
        return Outcome(intent=intent, state=verdict, reason="found by reading back")

    def _look(self, change: Change) -> Verdict:
        found: list[PlexRecord] = []
        for key in keys_of(change):
            here = msgspec.structs.replace(change, plant=key.plant)
            natives = self._tools.connector(change.system).find(write_of(here))
            found += [to_flat(native, here) for native in natives]
        return judge(change, found)

    def _confirm(self, intents: Sequence[Intent], *, within_s: float) -> list[Intent]:
        """
        An accepted command is done when Plex shows it (PX-02); *within_s* of 0 looks once.

        Returns those that are not done.
        """
        waiting, waited, pause = list(intents), 0.0, 0.1
        while waiting and waited <= within_s:
            self._tools.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.6, 5.0)
            seen = [intent for intent in waiting if self._is_seen(intent)]
            self.keep([Outcome(intent=intent, state="applied", reason="confirmed by reading back") for intent in seen])
            waiting = [intent for intent in waiting if intent not in seen]
            self._progress("confirming what Plex accepted", len(intents) - len(waiting), len(intents))
        split = self._split(waiting)
        self.keep(split)
        halves = [item.intent for item in split]
        left = [intent for intent in waiting if intent not in halves]
        self._park([Outcome(intent=it, state="accepted", reason=tell_not_shown(it.change)) for it in left])
        return waiting

    def _split(self, intents: Sequence[Intent]) -> list[Outcome]:
        """Which of these left somebody in two plants, or in none: seen twice, the read lag apart."""
        found: list[Outcome] = []
        halves = [intent for intent in intents if intent.change.action == "transfer"]
        for look in range(2):
            if halves and look:
                self._tools.sleep(self._settings.settle_s)
            looks = [self._try_look(intent) for intent in halves]
            found = [item for item in looks if item is not None and item.code in SPLIT]
            halves = [item.intent for item in found]
        return found

    def _is_seen(self, intent: Intent) -> bool:
        try:
            return self._look(intent.change) == "applied"
        except (TransientError, NotSentError, AmbiguousWriteError):
            return False

    def keep(self, outcomes: Sequence[Outcome], *, digest: str | None = None) -> None:
        """Receipts, baselines and audit events share one transaction."""
        if not outcomes:
            return
        now = self._tools.clock()
        with self._tools.database.transaction() as tx:
            self._lease.renew(tx)
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

    def _take_along(self, tx: Connection, change: Change, at: datetime) -> AuditEvent:
        """A person goes on as the record that came along."""
        links, by = self._tools.links, self._tools.actor
        links.release(tx, person=change.person, plant=change.origin)
        links.adopt(tx, person=change.person, plant=change.plant, plex_id=change.key, by=by, at=at)
        return AuditEvent(
            action=AuditAction.LINK_CHANGED,
            actor=by,
            object=f"worker/{change.plant}/{change.source}",
            at=at,
            run=str(self._run),
            reason=f"moved with its record from plant {change.origin}",
        )

    def _park(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            now = self._tools.clock()
            with self._tools.database.transaction() as tx:
                self._lease.renew(tx)
                self._tools.review.park(tx, self._tools.name, [parked_of(item) for item in outcomes], at=now)

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


def batch_size(plex: PlexConnection) -> int:
    """How many writes are made ready together: those of a second, where the pace lets more than a few leave."""
    return min(MOST_BATCH, max(LEAST_BATCH, int(plex.calls_per_minute * plex.share) // 60))


def _proved_absent(intent: Intent) -> Outcome:
    if intent.attempt >= ATTEMPTS:
        return Outcome(intent=intent, state="rejected", reason=f"not there after {ATTEMPTS} attempts")
    return Outcome(intent=intent, state="planned", reason="proved not applied by reading back")


def _is_edited(change: Change, native: NativeRecord) -> bool:
    try:
        return not is_unedited(change, to_flat(native, change))
    except RecordError:
        return True  # it was understood when it was read


def write_of(change: Change) -> Write:
    """The change as the port takes it."""
    return Write(
        record_type=RecordType(change.type),
        plant=change.plant,
        key=change.key,
        action=change.action,
        body=change.body if change.effective_on is None else change.body | {EFFECTIVE: change.effective_on},
        origin=change.origin,
    )


def _stage(intent: Intent) -> str:
    return f"writing to {intent.change.system.capitalize()}"


def parked_of(outcome: Outcome) -> Parked:
    """How a write that did not make it is shown to a person."""
    change, state = outcome.intent.change, outcome.state
    if state == "waiting":
        return Parked(
            type=change.type,
            plant=change.plant,
            key=change.source,
            label=change.label,
            code="waiting",
            reason=f"waits for {outcome.reason}",
            remedy="it goes by itself with the next run after that record is written",
            waiting_for=outcome.reason,
        )
    return Parked(
        type=change.type,
        plant=change.plant,
        key=change.source,
        label=change.label,
        code=outcome.code or ("not_confirmed" if state == "accepted" else state),
        reason=outcome.reason or state,
        remedy=outcome.remedy or _REMEDY[state].format(key=change.source, system=change.system.capitalize()),
        content_hash=change.content_hash if state in _NOT_AGAIN and outcome.code not in SPLIT else None,
    )


def resumed(intents: Sequence[Intent]) -> list[Intent]:
    """Intents taken up again in a later run start with a fresh count of attempts."""
    return [msgspec.structs.replace(intent, attempt=0) for intent in intents]
