"""Who is perhaps between two plants: a transfer was sent, and what became of it is not settled (PX-07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.canonical.workforce import Worker
from ml_connector.review.store import Parked
from ml_connector.sync.intent import Intent
from ml_connector.sync.judge import SPLIT, judge_transfer
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.parking import park_change
from ml_connector.sync.transfer import tell_not_shown, tell_split

_LOOKS_AGAIN = "the next run looks again, `ml-connector resend {key}` sends it again"


class UnderWay:
    """The unsettled transfers beside what Plex shows; *homes* says in which plants there is an employee with an id."""

    def __init__(self, moving: Mapping[str, Intent], *, homes: Mapping[str, Sequence[str]], lookup: Lookup) -> None:
        self._moving, self._homes, self._lookup = moving, homes, lookup

    def find(self, worker: Worker) -> tuple[str | None, Parked] | None:
        """
        In which plant somebody is whose transfer was sent, and how they are shown while it is not settled.

        What Plex took may still come true; and where the two plants show more or less than one record, or cannot both
        be read, nothing is created or ended on a guess.
        """
        intent = self._moving.get(worker.key)
        if intent is None:
            return None
        change = intent.change
        plants = (change.origin, change.plant)
        verdict = judge_transfer(change, self._homes.get(change.key, ()))
        read = all(self._lookup.readable("plex", "employee", plant) for plant in plants)
        if verdict in SPLIT and read:
            reason, remedy = tell_split(change, verdict)
            return None, park_change(change, code=verdict, reason=reason, remedy=remedy)
        under_way = verdict == "absent" and intent.state in {"accepted", "sending"}
        if under_way or (verdict == "in_none" and not read):
            return change.origin if under_way else None, park_change(
                change,
                code="not_confirmed",
                reason=tell_not_shown(change),
                remedy=_LOOKS_AGAIN.format(key=change.source),
            )
        return None
