"""
When Workday was first seen to tell of a hire, and when it had not yet: both dates of a fact, for who was hired late.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.canonical.workforce import Worker
from ml_connector.settings.plex import Plant
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.timeline.facts.store import FactStore

_DECODE = msgspec.json.Decoder(Worker).decode


class Told(NamedTuple):
    """
    Something was told *since* a day, and, where that is known, *not_on* an earlier one: it was entered in between.
    """

    since: date
    not_on: date | None


class Entered:
    """Knows the facts of one connection, and which readings of its workers were believed."""

    def __init__(self, name: str, *, facts: FactStore, extracts: ExtractStore, plants: Sequence[Plant]) -> None:
        self._scope, self._facts, self._extracts = Scope(name, "workday", "worker"), facts, extracts
        self._zones = {plant.pcn: ZoneInfo(plant.time_zone) for plant in plants}

    def hire(self, worker: Worker, *, profiles: Collection[str], plant: str) -> Told | None:
        """
        Between which days of a plant the hire of one of a person's *profiles* on its day was told; None: not known.
        """
        facts = [fact for told in self._facts.of(sorted(profiles)).values() for fact in told]
        moments = [fact.entered_at for fact in facts if _tells(_DECODE(fact.body), worker)]
        if not moments:
            return None
        before = self._extracts.believed_before(self._scope, min(moments))
        return Told(since=self._day(min(moments), plant), not_on=None if before is None else self._day(before, plant))

    def _day(self, at: datetime, plant: str) -> date:
        return at.astimezone(self._zones[plant]).date()


def note_conversion(hired_on: date, told: Told | None) -> str:
    """
    What a conversion that comes late means: the record changes now, and what counts by days counts from *hired_on*.

    It was entered late only where it is known not to have been entered on its day; that we come late is another matter.
    """
    why = ""
    if told is not None and told.since <= hired_on:
        why = ", in Plex only now"
    elif told is not None and told.not_on is not None and told.not_on > hired_on:
        why = ", entered late"
    elif told is not None:
        why = f", known here since {told.since}"
    return f"an employee since {hired_on}{why}: labor from that day on needs a review"


def _tells(told: Worker, worker: Worker) -> bool:
    """Whether this is the same employment: of that number, from that day on."""
    employment = (worker.worker_type, worker.employee_id, worker.hired_on)
    return (told.worker_type, told.employee_id, told.hired_on) == employment
