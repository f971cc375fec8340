"""
What a whole comparison found changed though nothing had told of it (CC-06). Pure.

Not all that is other than before was missed. Counted is what none of these explains:

    the log told of the record       entered, or effective, since the last reading: a day that was known to come, too
    who sits on a seat               is an event of the worker's, and the worker's log tells it
    the manager left their seat,     is the manager's event, and the team is read anew for it
    took a vacant one, or bears
    another number
    it is shown, or not any more     is a permission: what is not shown is held by its own guard, and was not changed
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from ml_connector.canonical.keys import RecordType
from ml_connector.mapping.people import person_id

_FOLLOWS = {
    RecordType.POSITION: frozenset({"filled_by", "open"}),
    RecordType.WORKER: frozenset({"manager_id", "manager_type"}),
}
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Missed:
    """Takes in the records of one type that are other than before; those of *told* (WIDs) the log told of."""

    def __init__(self, kind: RecordType, told: Collection[str]) -> None:
        self._kind, self._told = kind, frozenset(told)
        self._changed: set[str] = set()
        self._led: dict[str, list[str | None]] = {}

    def add(self, key: str, *, before: str | None, now: str) -> None:
        """Look at one record as canonical JSON; *before* is None where it was never seen."""
        new = _decode(now)
        if key in self._told or new.get("wid") in self._told:
            return
        follows = _FOLLOWS[self._kind]
        old = None if before is None else _decode(before)
        if old is None or _differ(_without(old, follows), _without(new, follows)):
            self._changed.add(key)
        elif self._kind is RecordType.WORKER and _differ(old, new):
            led, leads = _managers(old), _managers(new)
            self._led[key] = [led[place] for place in led.keys() & leads.keys() if led[place] != leads[place]]

    @property
    def is_in_doubt(self) -> bool:
        """Whether it matters who left their seat, or took one."""
        return bool(self._led)

    def count(self, *, leavers: Collection[str], taken: bool) -> int:
        """
        How many nothing explains, where the log told of *leavers* (typed ids) that they left, or that a seat was
        *taken*.
        """
        explained = (
            all(taken if manager is None else manager in leavers for manager in managers)
            for managers in self._led.values()
        )
        return len(self._changed) + sum(not each for each in explained)


def _without(record: dict[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """The record, and each job of it, without *fields*."""
    told = {name: value for name, value in record.items() if name not in fields}
    return told | ({"jobs": [_without(job, fields) for job in told["jobs"]]} if told.get("jobs") else {})


def _managers(worker: dict[str, Any]) -> dict[int, str | None]:
    """
    The typed ids of who manages a worker (0) and each of several jobs (from 1), where that is told; None is nobody.
    """
    return {
        place: person_id(led.get("manager_type", "employee"), led["manager_id"]) if led["manager_id"] else None
        for place, led in enumerate((worker, *worker.get("jobs", ())))
        if "manager_id" in led
    }


def _differ(before: Any, now: Any) -> bool:
    """Whether anything that is told both times is another: what is told once only was shown once only."""
    if isinstance(before, dict) and isinstance(now, dict):
        return any(_differ(before[name], now[name]) for name in before.keys() & now.keys())
    if isinstance(before, list) and isinstance(now, list):
        return len(before) != len(now) or any(map(_differ, before, now))
    return bool(before != now)
