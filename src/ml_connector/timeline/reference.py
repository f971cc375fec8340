"""
What a code of Workday's was, from which day on, and since when we know it: cost centers, job profiles, locations. Pure.

Whoever asks about another day than today (labor of a period that is past, most of all) gets the class, the name and the
activity of that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple


class ReferenceFact(NamedTuple):
    """From *effective_on* the code was as *body* (canonical JSON) says, as entered by *entered_at*."""

    type: str
    key: str
    effective_on: date
    entered_at: datetime
    body: str


def known_on(told: Sequence[ReferenceFact], *, on: date, by: datetime | None = None) -> ReferenceFact | None:
    """
    What held on a day, as known now or *by* a moment: of what began by then, the latest told.

    Workday says of each code from when on it is as it is now. So a class entered late takes the place of the old one
    from its own day and not before (RD-11); before the first day we know of nothing is said.
    """
    begun = [each for each in told if each.effective_on <= on and (by is None or each.entered_at <= by)]
    return max(begun, key=lambda each: (each.entered_at, each.effective_on), default=None)
