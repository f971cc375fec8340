"""
What is true for each plant today, in the plant's own zone, and what lies ahead of it. Pure.

Workday is asked as of the latest date any plant has; where it is still the day before, a change that takes effect on
the later date has not happened yet (TZ-02, TZ-03). Plex knows no future (PX-06), so what lies ahead waits here, is told
by its date, and is asked for again on its day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

import msgspec

from ml_connector.canonical.workforce import Worker
from ml_connector.timeline.fact import Early, Fact, as_known, changes_ahead


class _Profile(Protocol):
    """A worker, or what stands for one of whom nothing is near or ahead."""

    @property
    def key(self) -> str: ...


_P = TypeVar("_P", bound=_Profile)
_DECODE = msgspec.json.Decoder(Worker).decode


class Outbox:
    """
    Facts of workers whose days of change are near or ahead, by worker, as known *by* one moment.

    *early* is what was told of a worker before the moment it was entered at.
    """

    def __init__(
        self, facts: Mapping[str, Sequence[Fact]], *, by: datetime, early: Mapping[str, Early] | None = None
    ) -> None:
        self._facts, self._by, self._early = facts, by, early or {}

    def on_their_day(
        self, workers: Iterator[_P], *, latest: date, day_of: Callable[[_P], date]
    ) -> Iterator[_P | Worker]:
        """Yield everybody as of the day it is where they work; *workers* are as of the *latest* day."""
        for worker in workers:
            facts = self._facts.get(worker.key)
            day = day_of(worker) if facts else latest
            fact = as_known(facts, on=day, by=self._by) if facts and day < latest else None
            yield worker if fact is None else _DECODE(fact.body)

    def on(self, profile: str, *, day: date) -> Worker | None:
        """What a worker profile is on a day near today; None where nothing changes near it."""
        fact = as_known(self._facts.get(profile, ()), on=day, by=self._by)
        return None if fact is None else _DECODE(fact.body)

    def ahead(self, profile: str, *, after: date) -> Iterator[tuple[date, Worker]]:
        """Yield what a worker profile will be, and from which day, as far as Workday has told (CC-09, ED-02)."""
        for fact in changes_ahead(self._facts.get(profile, ()), after=after, by=self._by):
            yield fact.effective_on, _DECODE(fact.body)

    def told(self) -> list[object]:
        """What a plan follows from of it."""
        facts = (fact for worker in sorted(self._facts) for fact in self._facts[worker])
        ahead = [[fact.worker, fact.effective_on.isoformat(), fact.entered_at.isoformat()] for fact in facts]
        return [
            *ahead,
            *([worker, "early", self._early[worker].entered_at.isoformat()] for worker in sorted(self._early)),
        ]

    def early(self, profile: str) -> Early | None:
        """What was told of a profile too early, and is not to be believed yet."""
        return self._early.get(profile)

    def knows(self, profile: str) -> bool:
        """Whether any change of this profile is near or ahead, or was told too early."""
        return profile in self._facts or profile in self._early
