"""
Carries out a plan's intents by the write protocol.

    planned → sending (durable before the first byte) → applied | accepted | rejected
                                                      → ambiguous: what became of it is read back

A batch is of one level of the plan, and about what leaves in a second: two transactions, however many writes, and no
more to look up after a crash than that. Plex is asked by several threads at once. What a write needs and did not get
(its department, its manager) makes it wait for that record by name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, wait

import msgspec

from ml_connector.canonical.keys import NativeRecord
from ml_connector.connectors.hands import Hands
from ml_connector.connectors.port import ASKED_AT_ONCE, Write
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RecordError,
    StorageError,
    TransientError,
)
from ml_connector.settings.plex import PlexConnection
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.change import Change, short_name, write_of
from ml_connector.sync.intent import NOT_LOOKED_UP, UNANSWERED, Intent, Outcome, iterate_levels
from ml_connector.sync.judge import SPLIT, is_unedited
from ml_connector.sync.lease.lease import Lease
from ml_connector.sync.read_back import ATTEMPTS, ReadBack
from ml_connector.sync.receipts import Receipts
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.upstream import to_flat

LEAST_BATCH, MOST_BATCH = 64, 256
_HEARTBEAT_S = 30.0
_PLANNED_ANEW = "nothing: the next run plans it anew, from what Plex holds then"


class Sender:
    """One run's means to write, under its lease."""

    def __init__(self, tools: SyncTools, *, receipts: Receipts, lease: Lease, progress: Progress) -> None:
        self._tools = tools
        self._settings = tools.connection.plex
        self._receipts = receipts
        self._back = ReadBack(tools, receipts=receipts, progress=progress)
        self._lease = lease
        self._progress = progress
        self._stop: MLConnectorError | None = None

    def recover(self) -> None:
        """
        Find out what became of everything an earlier run left on its way.

        Proved absent, an intent is planned again: whether it is still wanted is for the next plan to say.

        Raises:
            AuthenticationError: Plex does not know us; what was proved before it said so is kept.
        """
        left = self._tools.store.intents(states=("sending", "accepted"))
        if not left:
            return
        self._progress("finding out what an earlier run left behind", 0, len(left))
        self._receipts.keep(self._back.settle([intent for intent in left if intent.state == "sending"]))
        if self._back.stop is not None:
            raise self._back.stop
        self._back.confirm([intent for intent in left if intent.state == "accepted"], within_s=0)

    def confirm_left(self) -> None:
        """Look once more for what Plex accepted in an earlier run: it may have come true while this one was reading."""
        left = self._tools.store.intents(states=("accepted",))
        if left:
            self._back.confirm(left, within_s=0)

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
        awaited = {it.change.name for it in intents if it.change.action == "update" and "status" in it.change.after}
        accepted: list[Intent] = []
        with Hands(self._settings.writers, name="plex", leave_after_s=None) as hands:
            for batch in iterate_levels(intents, size=batch_size(self._settings)):
                ready = self._set_aside(batch, missing, digest)
                outcomes = self._send_batch(hands, ready, digest)
                for outcome in self._arrived(outcomes, awaited):
                    if outcome.state == "accepted" and not _is_awaited(outcome.intent, awaited):
                        accepted.append(outcome.intent)
                    elif outcome.state != "applied":
                        missing[outcome.intent.change.name] = outcome.intent.change.label
                done += len(batch)
                self._progress(_stage(batch[-1]), done, len(intents))
                if self._stop is not None:
                    raise self._stop
        self._back.confirm(accepted, within_s=self._settings.confirm_within_s)

    def _arrived(self, outcomes: Sequence[Outcome], awaited: Collection[str]) -> list[Outcome]:
        """
        The outcomes, once what is only accepted and has to be there before anything else of its record is shown.

        What is written of somebody in the new plant needs them there (PX-07); and a command that Plex carries out late
        would put its own status over the one that is written of the records *awaited* (WP-12).
        """
        moving = [it.intent for it in outcomes if it.state == "accepted" and _is_awaited(it.intent, awaited)]
        if not moving or self._stop is not None:
            return list(outcomes)
        unseen = {(it.plan_id, it.seq) for it in self._back.confirm(moving, within_s=self._settings.confirm_within_s)}
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
        self._receipts.keep(
            [
                Outcome(intent=it, state="waiting", reason=reason.format(it.change.system.capitalize()))
                for it in refused
            ],
            digest=digest,
        )
        missing.update((intent.change.name, intent.change.label) for intent in refused)
        return [intent for intent in intents if intent not in refused]

    def _set_aside(self, batch: Sequence[Intent], missing: dict[str, str], digest: str) -> list[Intent]:
        """
        Keep back what needs a record that did not make it, naming that record (WP-15).

        Of the record itself nothing more is sent, and why is told already: what is left of it stays planned.
        """
        ready: list[Intent] = []
        outcomes: list[Outcome] = []
        for intent in batch:
            if intent.change.name in missing:
                continue
            lacking = next((need for need in intent.change.needs if need in missing), None)
            if lacking is None:
                ready.append(intent)
                continue
            kind, plant, _key = lacking.split("|", 2)
            what = f"{kind} {short_name(missing[lacking])} in plant {plant}"
            missing[intent.change.name] = intent.change.label
            outcomes.append(Outcome(intent=intent, state="waiting", reason=what))
        self._receipts.keep(outcomes, digest=digest)
        return ready

    def _send_batch(self, hands: Hands, intents: Sequence[Intent], digest: str) -> list[Outcome]:
        turn, settled = self._part_edited(intents)
        while turn and self._stop is None:
            turn = self._receipts.intend(turn, digest=digest)
            outcomes = self._back.resolve(self._attempt_all(hands, turn))
            self._receipts.keep(outcomes, digest=digest)
            self._stop = self._stop or self._back.stop
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
            held, refused = self._find_now([write_of(intent.change) for intent in updates])
        except (TransientError, NotSentError, AuthenticationError) as error:
            self._stop = error
            return [], []
        reason = "somebody changed the record in Plex after it was read"
        edited = [
            Outcome(intent=intent, state="conflict", sent=False, reason=reason, remedy=_PLANNED_ANEW)
            for intent in updates
            if (native := held.get((intent.change.plant, intent.change.key))) is not None
            and _is_edited(intent.change, native)
        ]
        unseen = [
            Outcome(intent=intent, state="forbidden", sent=False, reason=why.message, remedy=why.remedy)
            for intent in updates
            if (why := refused.get(intent.change.plant)) is not None
        ]
        settled = [*edited, *unseen]
        self._receipts.keep(settled)
        aside = {(item.intent.plan_id, item.intent.seq) for item in settled}
        return [intent for intent in intents if (intent.plan_id, intent.seq) not in aside], settled

    def _find_now(
        self, writes: Sequence[Write]
    ) -> tuple[dict[tuple[str, str], NativeRecord], dict[str, ConfigurationError]]:
        """
        What Plex holds now, by plant and key, and by plant why it does not take the question.

        A plant that shows it to nobody is in neither.

        Raises:
            AuthenticationError: Plex does not know us. TransientError, NotSentError: it is away.
        """
        found: dict[tuple[str, str], NativeRecord] = {}
        refused: dict[str, ConfigurationError] = {}
        for plant in dict.fromkeys(write.plant for write in writes):
            try:
                held = self._find_in([write for write in writes if write.plant == plant])
            except AuthenticationError:
                raise
            except PermissionError_:
                continue  # who may not read may hardly write: the write's own answer says so
            except ConfigurationError as error:
                refused[plant] = error
                continue
            found |= {(plant, key): native for key, native in held.items()}
        return found, refused

    def _find_in(self, writes: Sequence[Write]) -> dict[str, NativeRecord]:
        """What one plant holds now, by key; a slow pace lets few questions leave within a lease."""
        held: dict[str, NativeRecord] = {}
        for at in range(0, len(writes), ASKED_AT_ONCE):
            self._lease.beat()
            held |= self._tools.plex().find_each(writes[at : at + ASKED_AT_ONCE])
        return held

    def _attempt_all(self, hands: Hands, intents: Sequence[Intent]) -> list[Outcome]:
        futures: list[Future[Outcome]] = [hands.submit(self._attempt, intent) for intent in intents]
        try:
            while wait(futures, timeout=_HEARTBEAT_S).not_done:
                self._lease.beat()
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            # What has left is waited for and kept, so that an interrupted run knows as much as a finished one; what
            # waits for its turn does not leave any more.
            hands.stop()
            left = [future.result() for future in futures if not future.cancel()]
            dropped = [
                Outcome(intent=intent, state="planned", reason="interrupted before it left")
                for intent, future in zip(intents, futures, strict=True)
                if future.cancelled()
            ]
            self._receipts.keep([*self._back.resolve(left), *dropped])
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
            code = UNANSWERED if error.unanswered else None
            return Outcome(intent=intent, state="ambiguous", reason=error.message, code=code)
        except (NotSentError, TransientError, AuthenticationError, StorageError) as error:
            # What the database could not tell, whose turn it is or a token, was asked for before anything leaves.
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
        seen = self._back.look(intent)
        if seen is not None and (seen.state == "applied" or seen.code in SPLIT):
            return seen
        if intent.attempt == 1 and (seen is None or seen.state != "unknown"):
            return outcome
        if intent.attempt == 1 and intent.change.action == "create" and self._back.stop is None:
            why = f"{outcome.reason}; whether it is there could not be looked up"
            return msgspec.structs.replace(outcome, code=NOT_LOOKED_UP, reason=why, remedy=_PLANNED_ANEW)
        reason = f"refused after an attempt whose outcome is not known: {outcome.reason}"
        return Outcome(intent=intent, state="unknown", reason=reason)


def batch_size(plex: PlexConnection) -> int:
    """How many writes are made ready together: those of a second, where the pace lets more than a few leave."""
    return min(MOST_BATCH, max(LEAST_BATCH, plex.own_calls_per_minute // 60))


def _is_awaited(intent: Intent, awaited: Collection[str]) -> bool:
    change = intent.change
    return change.action == "transfer" or (change.action == "reactivate" and change.name in awaited)


def _is_edited(change: Change, native: NativeRecord) -> bool:
    try:
        return not is_unedited(change, to_flat(native, change))
    except RecordError:
        return True  # it was understood when it was read


def _stage(intent: Intent) -> str:
    return f"writing to {intent.change.system.capitalize()}"


def resumed(intents: Sequence[Intent]) -> list[Intent]:
    """Intents taken up again in a later run start with a fresh count of attempts."""
    return [msgspec.structs.replace(intent, attempt=0) for intent in intents]
