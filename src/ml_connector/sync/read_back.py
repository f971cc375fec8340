"""
Finds out what became of a write by asking the system for the record, where the write's own answer does not tell.

    ambiguous → wait, read back, judge; absence counts only when seen twice
    accepted  → read back until it is seen, within the limit

Where a system says that it does not know us nothing more is asked, for that could lock the account: `ReadBack.stop`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from ml_connector.canonical.plant import PlexRecord
from ml_connector.connectors.asked_wait import LONGEST_ASKED_S
from ml_connector.errors import AuthenticationError, MLConnectorError
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.change import Change, write_of
from ml_connector.sync.intent import UNANSWERED, Intent, Outcome
from ml_connector.sync.judge import SPLIT, Proof, judge
from ml_connector.sync.receipts import Receipts
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.transfer import tell_not_shown, tell_split
from ml_connector.sync.upstream import keys_of, to_flat

ATTEMPTS = 3
"""How often one intent is sent, at the most."""
_AT_WORK = 3
"""How many times the wait for an answer Plex may work on what was sent: five minutes, unless configured otherwise."""
_SLICE_S = 5.0
"""A long wait is cut into these, for the lease to be kept, and the wait to be told, between any two."""
_TOLD_FROM_S = 30.0
_LOOKING, _CONFIRMING = "looking up what became of writes", "confirming what Plex accepted"


class ReadBack:
    """One run's way of finding out; *stop* is why nothing more is asked."""

    stop: AuthenticationError | None = None

    def __init__(self, tools: SyncTools, *, receipts: Receipts, progress: Progress) -> None:
        self._tools = tools
        self._settle_s = tools.connection.plex.settle_s
        self._timeout_s = tools.connection.plex.timeout_s
        self._receipts = receipts
        self._progress = progress

    def resolve(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Put what reading back proves in the place of every ambiguous outcome."""
        ambiguous = [item.intent for item in outcomes if item.state == "ambiguous"]
        late = [item.intent for item in outcomes if item.code == UNANSWERED and _could_be_twice(item.intent.change)]
        left_s = (_AT_WORK - 1) * self._timeout_s  # its answer was waited for already
        proved = {_place(item.intent): item for item in self._settle(ambiguous, {_place(it): left_s for it in late})}
        return [_resolved(item, proved.get(_place(item.intent), item)) for item in outcomes]

    def settle(self, intents: Sequence[Intent]) -> list[Outcome]:
        """Find out what became of what an earlier run was sending when it ended."""
        return self._settle(intents, {_place(it): self._at_work_s(it) for it in intents if _could_be_twice(it.change)})

    def _at_work_s(self, intent: Intent) -> float:
        """How long Plex may yet be at work on what an earlier run sent: that run may have been told to wait before."""
        most_s = _AT_WORK * self._timeout_s
        if intent.sent_at is None:
            return most_s
        gone_s = (self._tools.clock() - datetime.fromisoformat(intent.sent_at)).total_seconds()
        return min(most_s, LONGEST_ASKED_S + most_s - gone_s)

    def _settle(self, intents: Sequence[Intent], at_work_s: Mapping[tuple[int, int], float]) -> list[Outcome]:
        """
        Look once the read lag has surely passed; absence counts only when seen twice, and once nothing is at work on
        it.

        So does being in two plants or in none: the two are not read at one moment, and a transfer may pass between.
        """
        outcomes: list[Outcome] = []
        open_ = list(intents)
        for look in range(2):
            if not open_:
                break
            longest_s = max(at_work_s.get(_place(intent), 0.0) for intent in open_) if look else 0.0
            self._pause(max(self._settle_s, longest_s), done=len(outcomes), total=len(intents))
            asked = self._one_by_one(open_, _LOOKING, done=len(outcomes), total=len(intents))
            verdicts = [(intent, self.look(intent)) for intent in asked]
            told = [item for _intent, item in verdicts if item is not None and (look or item.code not in SPLIT)]
            outcomes += told
            settled = {_place(item.intent) for item in told}
            open_ = [intent for intent in open_ if _place(intent) not in settled]
        return [*outcomes, *(_proved_absent(intent) for intent in open_)]

    def look(self, intent: Intent) -> Outcome | None:
        """One look; None where Plex shows nothing of the write. Once *stop* is set nothing is looked at."""
        if self.stop is not None:
            return Outcome(intent=intent, state="unknown", reason=self.stop.message)
        try:
            verdict = self._judge(intent.change)
        except AuthenticationError as error:
            self.stop = error
            return Outcome(intent=intent, state="unknown", reason=error.message)
        except Exception as error:  # noqa: BLE001 - what nobody can look up must not keep every later run from beginning
            # It stays "sending" in the database: the next run looks again.
            told = (
                error.message
                if isinstance(error, MLConnectorError)
                else f"looking it up fails ({type(error).__name__})"
            )
            return Outcome(intent=intent, state="unknown", reason=told)
        if verdict == "absent":
            return None
        if verdict in SPLIT:
            reason, remedy = tell_split(intent.change, verdict)
            return Outcome(intent=intent, state="conflict", code=verdict, reason=reason, remedy=remedy)
        return Outcome(intent=intent, state=verdict, reason="found by reading back")

    def _judge(self, change: Change) -> Proof:
        found: list[PlexRecord] = []
        for key in keys_of(change):
            here = msgspec.structs.replace(change, plant=key.plant)
            natives = self._tools.connector(change.system).find(write_of(here))
            found += [to_flat(native, here) for native in natives]
        return judge(change, found)

    def confirm(self, intents: Sequence[Intent], *, within_s: float) -> list[Intent]:
        """
        An accepted command is done when Plex shows it (PX-02); *within_s* of 0 looks once, and asking counts as
        waiting.

        Returns those that are not done.

        Raises:
            AuthenticationError: Plex does not know us.
        """
        waiting, waited, pause = list(intents), 0.0, 0.1
        began = self._tools.clock()
        while waiting and waited <= within_s:
            self._tools.sleep(pause)
            asked = self._one_by_one(waiting, _CONFIRMING, done=len(intents) - len(waiting), total=len(intents))
            seen = [intent for intent in asked if self._is_seen(intent)]
            # A clock that was put back must not make it longer.
            waited, pause = max(waited + pause, (self._tools.clock() - began).total_seconds()), min(pause * 1.6, 5.0)
            self._receipts.keep(
                [Outcome(intent=intent, state="applied", reason="confirmed by reading back") for intent in seen]
            )
            waiting = [intent for intent in waiting if intent not in seen]
            self._progress(_CONFIRMING, len(intents) - len(waiting), len(intents))
        split = self._split(waiting)
        self._receipts.keep(split)
        halves = [item.intent for item in split]
        left = [intent for intent in waiting if intent not in halves]
        self._receipts.park([Outcome(intent=it, state="accepted", reason=tell_not_shown(it.change)) for it in left])
        if self.stop is not None:
            raise self.stop
        return waiting

    def _split(self, intents: Sequence[Intent]) -> list[Outcome]:
        """Which of these left somebody in two plants, or in none: seen twice, the read lag apart."""
        found: list[Outcome] = []
        halves = [intent for intent in intents if intent.change.action == "transfer"]
        for look in range(2):
            if halves and look:
                self._pause(self._settle_s, done=0, total=len(halves))
            looks = [self.look(intent) for intent in self._one_by_one(halves, _LOOKING, done=0, total=len(halves))]
            found = [item for item in looks if item is not None and item.code in SPLIT]
            halves = [item.intent for item in found]
        return found

    def _pause(self, seconds: float, *, done: int, total: int) -> None:
        """Wait before the next look, and keep the lease meanwhile; not at all where nothing more is asked."""
        left_s = 0.0 if self.stop is not None else seconds
        told = _LOOKING if left_s < _TOLD_FROM_S else _tell_wait(self._tools.clock() + timedelta(seconds=left_s))
        while left_s > 0:
            self._progress(told, done, total)
            self._tools.sleep(min(left_s, _SLICE_S))
            left_s -= _SLICE_S

    def _one_by_one(self, intents: Sequence[Intent], stage: str, *, done: int, total: int) -> Iterator[Intent]:
        """Thousands are asked for at Plex's pace: the lease is kept between any two of them."""
        for intent in intents:
            self._progress(stage, done, total)
            yield intent

    def _is_seen(self, intent: Intent) -> bool:
        try:
            return self._judge(intent.change) == "applied"
        except AuthenticationError:
            raise
        except Exception:  # noqa: BLE001 - as in `look`
            return False  # its plant may be configured no more: it stays "accepted", and every other record goes on


def _tell_wait(until: datetime) -> str:
    """The stage of a long wait says until when, why, and that it may be ended."""
    return f"waiting until {until:%H:%M:%S %Z}: Plex may be at work yet on what was sent, and Ctrl-C loses nothing"


def _resolved(outcome: Outcome, proved: Outcome) -> Outcome:
    """What nobody at Plex was heard to refuse keeps its code, so that a later run sends it again."""
    if outcome.code == UNANSWERED and proved.state == "rejected":
        return msgspec.structs.replace(proved, code=UNANSWERED)
    return proved


def _place(intent: Intent) -> tuple[int, int]:
    return intent.plan_id, intent.seq


def _could_be_twice(change: Change) -> bool:
    """Nothing of ours names it to Plex: a creation sent again while the first is at work is a second record."""
    return (change.system, change.action) == ("plex", "create") and change.type != "employee"


def _proved_absent(intent: Intent) -> Outcome:
    if intent.attempt >= ATTEMPTS:
        return Outcome(intent=intent, state="rejected", reason=f"not there after {ATTEMPTS} attempts")
    return Outcome(intent=intent, state="planned", reason="proved not applied by reading back")
