"""
What a run could not decide about, because a reading is held: what waited there before goes on waiting, since when it
did.

A hold says that we do not know, and who does not know clears nothing up. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ml_connector.review.store import Parked
from ml_connector.sync.change import Hold
from ml_connector.sync.policy import ON_CHANGES
from ml_connector.sync.sentinel import FILLED_FROM

_PEOPLE = frozenset({"worker", "employee", "employee_attributes"})
# What is decided from each type that Workday shows.
_DECIDED_FROM = {
    "worker": _PEOPLE,
    "cost_center": frozenset({"cost_center", "department", "position", "building"}),
    "position": frozenset({"headcount"}),
}
# Holds on a reading of Workday after which its type is not looked at; the others leave something to decide from.
_UNREAD = frozenset({"empty_result", "list_shrunk", "not_readable", "unstable_extract"})


class Undecided:
    """Tells which parked records a run with these holds says nothing of."""

    def __init__(
        self, holds: Iterable[Hold], *, not_given: Collection[str] = (), nobody: bool, unseen: Collection[str]
    ) -> None:
        """
        With *nobody* no worker was decided about; *unseen* are the numbers of workers no longer shown to us.

        *not_given* are the types Workday's surface does not give.
        """
        unread = [hold for hold in holds if hold.guard not in ON_CHANGES]
        lists = {(hold.type, hold.plant) for hold in unread if hold.plant}
        lists |= {(kind, plant) for kind, (source, _) in FILLED_FROM.items() for held, plant in lists if held == source}
        workday = {hold.type for hold in unread if not hold.plant and hold.guard in _UNREAD} | set(not_given)
        self._lists = lists
        self._types = {kind for each in workday for kind in _DECIDED_FROM.get(each, ())} | (
            _PEOPLE if nobody else set()
        )
        self._unseen = unseen

    def covers(self, item: Parked) -> bool:
        """Whether the run says nothing of it."""
        waits_for = (item.waiting_for or "").partition(" ")[0]
        return (
            item.type in self._types
            or (item.type, item.plant) in self._lists
            or (waits_for, item.plant) in self._lists
            or (item.type in _PEOPLE and item.key in self._unseen)
        )
