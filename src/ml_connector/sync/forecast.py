"""
How long the writes of a plan take at the pace Plex allows, so that nobody is surprised by an hour. Pure.

Reads that a write needs spend the same budget and are counted with it. Workday publishes no pace: a second is counted
for each of its calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from ml_connector.connectors.port import ASKED_AT_ONCE
from ml_connector.settings.plex import PlexConnection
from ml_connector.sync.change import Change

# Up to here the bar says it all: the wait is over before anybody could plan around it.
LONG_S = 60.0
_SLOW_S = 1.0
_COMMANDS = frozenset({"deactivate", "reactivate", "transfer"})


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """
    So many writes, that cost so many *calls*, of which *pace* are allowed a minute, and so many *slow* ones besides.
    """

    writes: int
    calls: int
    pace: int
    slow: int = 0

    @property
    def seconds(self) -> float:
        """How long it takes when Plex answers as fast as it is asked."""
        return round(60 * self.calls / self.pace + self.slow * _SLOW_S, 1)

    @property
    def is_long(self) -> bool:
        """Whether it is worth saying before it begins."""
        return self.seconds > LONG_S

    def __str__(self) -> str:
        all_calls = self.calls + self.slow
        calls = "" if all_calls == self.writes else f" ({all_calls:,} calls with the reads they need)"
        return f"{self.writes:,} writes{calls}, about {_spoken(self.seconds)} at {self.pace:,} a minute"


def forecast_writes(changes: Iterable[Change], *, plex: PlexConnection, reads_again: bool) -> Forecast:
    """
    Foretell what sending *changes* takes; what is held is not sent.

    *reads_again*: what is about to be touched is first read once more, as `apply` does.
    """
    sent = [change for change in changes if change.hold is None]
    to_plex = [change for change in sent if change.system == "plex"]
    calls = sum(_calls(change) for change in to_plex) + _looks(to_plex)
    if reads_again:
        calls += sum(_reads(kind) for kind, _plant in {(change.type, change.plant) for change in to_plex})
    # A change of Workday's record reads it first.
    slow = sum(1 + (change.action != "create") for change in sent if change.system == "workday")
    pace = plex.own_calls_per_minute
    return Forecast(writes=len(sent), calls=calls, pace=pace, slow=slow)


def _calls(change: Change) -> int:
    if change.type == "employee" and change.action in _COMMANDS:
        return 2  # it is accepted at first, and looked at until it is seen (PX-02)
    # A cost center wants its department's number, which has to be looked up.
    return 2 if change.type == "cost_center" and "department_code" in change.body else 1


def _looks(changes: Iterable[Change]) -> int:
    """Employees are looked at right before they are updated, many at a question (UP-05)."""
    updates = Counter(change.plant for change in changes if (change.type, change.action) == ("employee", "update"))
    return sum(-(-count // ASKED_AT_ONCE) for count in updates.values())


def _reads(kind: str) -> int:
    return 2 if kind == "cost_center" else 1


def _spoken(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
