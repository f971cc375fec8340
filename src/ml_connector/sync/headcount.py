"""
Planned beside actual: seats and the people at work on them, per plant, position and department. Pure.

Plex has no record for actual headcount, it counts its active employees; this is our own count of the same people by
Workday's facts, so that the two can be held side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from ml_connector.mapping.reference_data import Seat


class HeadcountLine(msgspec.Struct, frozen=True, kw_only=True):
    """
    One combination. *planned* is None where Workday's positions could not be read; *shift* where the plant has none.

    *actual* counts active employees by their primary job; whom Workday excludes from headcount, and contingent
    workers, are *excluded* instead. Workers that no mapping places yet are in neither: they are parked.
    """

    plant: str
    position: str
    department: str
    shift: str | None
    planned: int | None
    actual: int
    excluded: int


class Attendance:
    """Counts people at work, one by one."""

    def __init__(self) -> None:
        self._actual: Counter[Seat] = Counter()
        self._excluded: Counter[Seat] = Counter()

    def add(self, seat: Seat, *, excluded: bool) -> None:
        """Count one active worker where the primary job is."""
        (self._excluded if excluded else self._actual)[seat] += 1

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
            )
            for seat in _all_of(planned or (), self._actual, self._excluded)
        ]


def _all_of(*counts: Iterable[Seat]) -> list[Seat]:
    return sorted({seat for count in counts for seat in count})
