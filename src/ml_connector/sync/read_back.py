"""
Finds out what became of a write by asking the system for the record, where the write's own answer does not tell.

    ambiguous → wait, read back, judge; absence counts only when seen twice
    accepted  → read back until it is seen, within the limit
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import AuthenticationError, MLConnectorError
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.change import Change, write_of
from ml_connector.sync.judge import SPLIT, Verdict, judge
from ml_connector.sync.receipts import Receipts
from ml_connector.sync.store import Intent, Outcome
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.transfer import tell_not_shown, tell_split
from ml_connector.sync.upstream import keys_of, to_flat

ATTEMPTS = 3
"""How often one intent is sent, at the most."""
LATE = "late"
"""The code of an ambiguous attempt whose answer was waited for in vain."""
_LOOKING, _CONFIRMING = "looking up what became of writes", "confirming what Plex accepted"


class ReadBack:
    """One run's way of finding out."""

    def __init__(self, tools: SyncTools, *, receipts: Receipts, progress: Progress) -> None:
        self._tools = tools
        self._settle_s = tools.connection.plex.settle_s
        # With the wait before it three timeouts, five minutes unless configured otherwise: no longer does Plex work on.
        self._at_work_s = max(self._settle_s, 2 * tools.connection.plex.timeout_s)
        self._receipts = receipts
        self._progress = progress

    def resolve(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Put what reading back proves in the place of every ambiguous outcome."""
        ambiguous = [item.intent for item in outcomes if item.state == "ambiguous"]
        late = [item.intent for item in outcomes if item.code == LATE and _could_be_twice(item.intent.change)]
        proved = {(item.intent.plan_id, item.intent.seq): item for item in self.settle(ambiguous, late=late)}
        return [proved.get((item.intent.plan_id, item.intent.seq), item) for item in outcomes]

    def settle(self, intents: Sequence[Intent], *, late: Sequence[Intent] = ()) -> list[Outcome]:
        """
        Look once the read lag has surely passed; absence counts only when seen twice, of *late* ones once none works on.

        So does being in two plants or in none: the two are not read at one moment, and a transfer may pass between.
        """
        outcomes: list[Outcome] = []
        open_ = list(intents)
        for look in range(2):
            if not open_:
                break
            at_work = look and any(intent in late for intent in open_)
            self._progress(_LOOKING, len(outcomes), len(intents))  # the lease outlasts the longer of the two
            self._tools.sleep(self._at_work_s if at_work else self._settle_s)
            asked = self._one_by_one(open_, _LOOKING, done=len(outcomes), total=len(intents))
            verdicts = [(intent, self.look(intent)) for intent in asked]
            told = [item for _intent, item in verdicts if item is not None and (look or item.code not in SPLIT)]
            outcomes += told
            settled = {(item.intent.plan_id, item.intent.seq) for item in told}
            open_ = [intent for intent in open_ if (intent.plan_id, intent.seq) not in settled]
        return [*outcomes, *(_proved_absent(intent) for intent in open_)]

    def look(self, intent: Intent) -> Outcome | None:
        """One look; None where Plex shows nothing of the write."""
        try:
            verdict = self._judge(intent.change)
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

    def _judge(self, change: Change) -> Verdict:
        found: list[PlexRecord] = []
        for key in keys_of(change):
            here = msgspec.structs.replace(change, plant=key.plant)
            natives = self._tools.connector(change.system).find(write_of(here))
            found += [to_flat(native, here) for native in natives]
        return judge(change, found)

    def confirm(self, intents: Sequence[Intent], *, within_s: float) -> list[Intent]:
        """
        An accepted command is done when Plex shows it (PX-02); *within_s* of 0 looks once, and asking counts as waiting.

        Returns those that are not done.

        Raises:
            AuthenticationError: Plex does not know us; asking on could lock the account.
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
        return waiting

    def _split(self, intents: Sequence[Intent]) -> list[Outcome]:
        """Which of these left somebody in two plants, or in none: seen twice, the read lag apart."""
        found: list[Outcome] = []
        halves = [intent for intent in intents if intent.change.action == "transfer"]
        for look in range(2):
            if halves and look:
                self._tools.sleep(self._settle_s)
            looks = [self.look(intent) for intent in self._one_by_one(halves, _LOOKING, done=0, total=len(halves))]
            found = [item for item in looks if item is not None and item.code in SPLIT]
            halves = [item.intent for item in found]
        return found

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


def _could_be_twice(change: Change) -> bool:
    """Nothing of ours names it to Plex: a creation sent again while the first is at work is a second record."""
    return (change.system, change.action) == ("plex", "create") and change.type != "employee"


def _proved_absent(intent: Intent) -> Outcome:
    if intent.attempt >= ATTEMPTS:
        return Outcome(intent=intent, state="rejected", reason=f"not there after {ATTEMPTS} attempts")
    return Outcome(intent=intent, state="planned", reason="proved not applied by reading back")
