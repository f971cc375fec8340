"""
From which day until which a mapping row is in force (RD-05). Pure.

Days are the plant's own calendar dates, both ends included. A row without a first day always was in force; one without
a last day is until the next row of its line begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol, TypeVar

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What lies outside is a slip of the finger, or a system's way of saying "never".
EARLIEST, LATEST = date(1970, 1, 1), date(2099, 12, 31)
_MOST_PAIRS = 10


class Dated(Protocol):
    """Whatever is in force for a time."""

    @property
    def effective_on(self) -> date | None: ...
    @property
    def ends_on(self) -> date | None: ...


_Row = TypeVar("_Row", bound=Dated)


def find_in_force(rows: Sequence[_Row], *, on: date | None) -> _Row | None:
    """
    The row of one line, given in order of their first days, that is in force on a day.

    Raises:
        ValueError: the line has dates and no day was named; whoever asks has to know for which.
    """
    if on is None:
        if any(row.effective_on or row.ends_on for row in rows):
            raise ValueError("a line with dates answers for a day only")
        return rows[0] if rows else None
    begun = [row for row in rows if row.effective_on is None or row.effective_on <= on]
    if not begun or (begun[-1].ends_on is not None and begun[-1].ends_on < on):
        return None
    return begun[-1]


def find_overlaps(rows: Sequence[_Row]) -> Iterator[tuple[_Row, _Row]]:
    """
    Yield pairs of rows of one line, given in order, of which one is said to last into the other, or to begin with it.

    A row that many others last into is paired with some of them only: a file of ten thousand such rows has fifty
    million pairs.
    """
    lasting, first = list[_Row](), None
    for other in rows:
        start, end = other.effective_on, other.ends_on
        if first is not None and first.effective_on == start:
            yield first, other
        else:
            first = other
        if start is not None:
            lasting = [one for one in lasting if one.ends_on is not None and one.ends_on >= start]
            yield from ((one, other) for one in lasting if one.effective_on != start)
        if end is not None:
            lasting = sorted([*lasting, other], key=lambda one: spell(one.ends_on))[-_MOST_PAIRS:]


def find_period_faults(effective_on: date | None, ends_on: date | None) -> Iterator[str]:
    """Say what is wrong with a pair of days."""
    days = (("effective_on", effective_on), ("ends_on", ends_on))
    odd = [f"{name} {day}" for name, day in days if day is not None and not EARLIEST <= day <= LATEST]
    if odd:
        verb = "lie" if len(odd) > 1 else "lies"
        yield f"{' and '.join(odd)} {verb} outside {EARLIEST.year} to {LATEST.year}"
    elif effective_on is not None and ends_on is not None and ends_on < effective_on:
        yield f"it ends on {ends_on}, before it begins on {effective_on}"


def describe_period(effective_on: date | None, ends_on: date | None) -> str:
    """Say from when until when, in words."""
    words = [f"from {effective_on}" if effective_on else "", f"until {ends_on}" if ends_on else ""]
    return " ".join(word for word in words if word) or "always"


def parse_day(text: str) -> date | None:
    """Read a day written as 2026-11-01; None for anything else."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def spell(day: date | None) -> str:
    """The day as text that sorts, empty for always."""
    return day.isoformat() if day is not None else ""
