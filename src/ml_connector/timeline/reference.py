"""
What a code of Workday's was, from which day on, and since when we know it: cost centers, job profiles, locations. Pure.

Whoever asks about another day than today (labor of a period that is past, most of all) gets the class, the name and the
activity of that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec


class ReferenceFact(NamedTuple):
    """From *effective_on* the code was as *body* (canonical JSON) says, as entered by *entered_at*."""

    type: str
    key: str
    effective_on: date
    entered_at: datetime
    body: str


class _Named(msgspec.Struct):
    wid: str | None = None


_NAMED = msgspec.json.Decoder(_Named).decode


def known_on(told: Sequence[ReferenceFact], *, on: date, by: datetime | None = None) -> ReferenceFact | None:
    """
    What held on a day, as known now or *by* a moment: of what began by then, the latest told.

    Workday says of each code from when on it is as it is now. So a class entered late takes the place of the old one
    from its own day and not before (RD-11); before the first day we know of nothing is said.
    """
    begun = [each for each in told if each.effective_on <= on and (by is None or each.entered_at <= by)]
    return max(begun, key=lambda each: (each.entered_at, each.effective_on), default=None)


def is_given_away(told: Sequence[ReferenceFact], *, by: datetime) -> bool:
    """
    Whether a code is told after a moment to be another object, by Workday's own id, than it was *by* then (RD-01).
    """
    wids = [(each.entered_at <= by, wid) for each in told if (wid := _NAMED(each.body).wid) is not None]
    was = [wid for known, wid in wids if known]
    return bool(was) and any(wid != was[-1] for known, wid in wids if not known)
