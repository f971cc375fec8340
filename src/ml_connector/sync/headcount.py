"""
Planned beside actual: seats and the people at work on them, per plant, position and department. Pure.

Plex has no record for actual headcount, it counts its active employees; this is our own count of the same people by
Workday's facts, so that the two can be held side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from ml_connector.canonical.keys import normal_decimal
from ml_connector.canonical.workforce import Job, Worker
from ml_connector.mapping.reference_data import Seat


class HeadcountLine(msgspec.Struct, frozen=True, kw_only=True):
    """
    One combination. *planned* is None where Workday's positions could not be read; *shift* where the plant has none.

    *actual* counts active employees by their primary job, of whom *on_leave* are on leave (WP-12); whom Workday
    excludes from headcount, and contingent workers, are *excluded* instead. *fte* is a decimal text: what those of
    *actual* work in this plant, all their jobs there together, and what others work here beside a primary job in
    another plant (WP-05, WP-06); None where Workday does not tell it of everybody. Workers that no mapping places yet
    are in neither: they are parked.
    """

    plant: str
    position: str
    department: str
    shift: str | None
    planned: int | None
    actual: int
    excluded: int
    on_leave: int = 0
    fte: str | None = None


class Attendance:
    """Counts people at work, one by one or those alike together."""

    def __init__(self) -> None:
        self._actual: Counter[Seat] = Counter()
        self._excluded: Counter[Seat] = Counter()
        self._on_leave: Counter[Seat] = Counter()
        self._fte: dict[Seat, Decimal | None] = {}

    def add(self, seat: Seat, *, excluded: bool, on_leave: bool = False, people: int = 1) -> None:
        """Count one active worker, or more who are alike, where the primary job is."""
        (self._excluded if excluded else self._actual)[seat] += people
        if on_leave and not excluded:
            self._on_leave[seat] += people

    def add_work(self, seat: Seat, fte: Iterable[str | UnsetType | None], *, people: int = 1) -> None:
        """Add the full-time equivalents of a worker's jobs in one plant, or of more; nothing told is nothing known."""
        for each in fte:
            known = self._fte.get(seat, Decimal(0))
            told = None if each is None or each is UNSET else Decimal(str(each)) * people
            self._fte[seat] = None if known is None or told is None else known + told

    def beside(self, planned: Mapping[Seat, int] | None, *, shifts: Mapping[str, str | None]) -> list[HeadcountLine]:
        """Put the count beside what is *planned*, in order of plant, position and department."""
        return [
            HeadcountLine(
                plant=seat.plant,
                position=seat.position,
                department=seat.department,
                shift=shifts.get(seat.plant),
                planned=None if planned is None else planned.get(seat, 0),
                actual=self._actual[seat],
                excluded=self._excluded[seat],
                on_leave=self._on_leave[seat],
                fte=_tell(self._fte.get(seat, Decimal(0))),
            )
            for seat in _all_of(planned or (), self._actual, self._excluded, self._fte)
        ]


def is_counted(worker: Worker, job: Job) -> bool:
    """Whether what somebody works in a job is part of the full-time equivalents of its seat."""
    return worker.worker_type == "employee" and job.assignment is not True and job.excluded_from_headcount is not True


def _tell(fte: Decimal | None) -> str | None:
    return None if fte is None else normal_decimal(fte)


def _all_of(*counts: Iterable[Seat]) -> list[Seat]:
    return sorted({seat for count in counts for seat in count})
