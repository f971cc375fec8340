"""
What Workday already says of days that a plant's own calendar has not reached: hires, moves, endings, each told with its
day.

Nothing of it is written before its day, and on that day it is read again. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError, shortened
from ml_connector.mapping.desired import THROUGH, Pending
from ml_connector.mapping.placement import Place, Placement, tell_pending

_LONGEST_REASON = 200
_LAST_DAY = f"termination: {THROUGH}"


class Coming:
    """Tells what lies ahead of workers, as of each plant's own day."""

    def __init__(self, placement: Placement, *, today: Mapping[str, date], record: Callable[[str, str], str]) -> None:
        """*record* gives the id of the employee of a plant and person."""
        self._placement, self._today, self._record = placement, today, record

    def due(self, worker: Worker, *, plant: str) -> Pending | None:
        """
        A hire or an ending that Workday already knows and the plant's own calendar has not reached (ED-01, TZ-03).
        """
        today = self._today[plant]
        key = self._record(plant, worker.key)
        if hired_after(worker, today):
            return self._coming(worker, plant=plant, key=key)
        last = self._last_day(worker, plant)
        if last is None:
            return None
        return tell_pending(worker, plant=plant, key=key, on=last, reason=_LAST_DAY)

    def hire(self, worker: Worker) -> Pending | None:
        """
        A future hire that no plant knows yet (ED-02), for its plant where that can be told.

        Until the hire date Workday shows the date and no job (`Active=0`), so mostly it cannot.
        """
        try:
            plant = self._placement.plant_of(worker)
        except RecordError:
            plant = None
        if not hired_after(worker, min(self._today.values()) if plant is None else self._today[plant]):
            return None
        if plant is None:
            return self._coming(worker, plant="", key=worker.known_as)
        return self._coming(worker, plant=plant, key=self._record(plant, worker.key))

    def _coming(self, worker: Worker, *, plant: str, key: str) -> Pending:
        on = worker.hired_on if isinstance(worker.hired_on, date) else None
        return tell_pending(worker, plant=plant, key=key, on=on, reason="future hire", begins=True)

    def changes(
        self, worker: Worker, place: Place | None, *, ahead: Iterable[tuple[date, Worker]]
    ) -> Iterator[Pending]:
        """
        Tell each change of where somebody works that lies ahead, in order (CC-09), each ending and each return with it.

        *place* is where they work now, None for whoever is not at work; what `due` tells is not told again.
        """
        before, here = place, place
        last = None if place is None else self._last_day(worker, place.plant)
        ends = {last}
        for day, then in ahead:
            if last is not None and day > last:
                before = last = None
            after, reason = before, ""
            if then.active is True:
                try:
                    after = self._placement.here(then, on=day)
                    reason = _moved(before, after)
                except RecordError as error:
                    after, reason = None, f"a move that cannot be made yet: {error.message}"
            here = here or after
            if here is None:
                continue
            if reason:
                yield self._later(worker, here, on=day, reason=reason, begins=place is None)
            before, end = after, self._last_day(then, here.plant)
            if end is not None and end not in ends:
                yield self._later(worker, here, on=end, reason=_LAST_DAY)
                ends.add(end)
                last = end

    def _last_day(self, worker: Worker, plant: str) -> date | None:
        """The last day of employment, if it is known and has not passed yet."""
        last = worker.terminated_on
        return last if isinstance(last, date) and last >= self._today[plant] and not worker.hire_rescinded else None

    def _later(self, worker: Worker, place: Place, *, on: date, reason: str, begins: bool = False) -> Pending:
        reason = shortened(reason, _LONGEST_REASON)
        return tell_pending(worker, plant=place.plant, key=place.key, on=on, reason=reason, begins=begins)


def has_ended(worker: Worker, *, today: date) -> bool:
    """Whether Workday said explicitly that the worker is no longer active, and nothing is to come."""
    return worker.active is False and not hired_after(worker, today)


def hired_after(worker: Worker, day: date) -> bool:
    """Hired on a later day than that, and not called off (ED-04)."""
    return isinstance(worker.hired_on, date) and worker.hired_on > day and worker.hire_rescinded is not True


def _moved(before: Place | None, after: Place | None) -> str:
    """What differs between two places, in words; nothing where nothing does."""
    if after is None or before is None:
        return (
            "" if after is None else f"plant {after.plant}: {after.fields['position']} in {after.fields['department']}"
        )
    if before.plant != after.plant:
        return f"moves to plant {after.plant}: {after.fields['position']} in {after.fields['department']}"
    told = {name: (before.fields[name], after.fields[name]) for name in ("department", "position", "building")}
    told["cost center"] = (before.cost_center, after.cost_center)
    return ", ".join(f"{name} {old} → {new}" for name, (old, new) in told.items() if old != new)
