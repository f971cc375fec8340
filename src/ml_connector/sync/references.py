"""
What each plant should hold besides people: departments, cost centers, positions and staffing levels.

Only what somebody is placed by, or a seat is planned with, is wanted; so everybody is placed before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from ml_connector.canonical.organization import JobProfile, Position
from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.desired import Desired
from ml_connector.mapping.reference_data import ReferenceData, Seat, Seats
from ml_connector.settings.plex import Plant
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.draft import Draft
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.parking import park_waiting
from ml_connector.sync.population import Learnt


class References:
    """Says what is wanted of reference data; what waits and what lies ahead goes into the draft."""

    def __init__(
        self,
        draft: Draft,
        *,
        learnt: Learnt,
        today: Mapping[str, date],
        plants: Sequence[Plant],
        crosswalk: Crosswalk,
        lookup: Lookup,
        baselines: BaselineStore,
        centers: CenterDays,
        plex_owns_centers: bool,
    ) -> None:
        self._draft, self._learnt, self._today, self._plants = draft, learnt, today, plants
        self._crosswalk, self._lookup, self._baselines, self._centers = crosswalk, lookup, baselines, centers
        self._plex_owns_centers = plex_owns_centers

    def wanted(self) -> Iterator[Desired]:
        """Yield departments, cost centers, positions and staffing levels, to be there or to be ended."""
        data = ReferenceData(
            plants=self._plants,
            crosswalk=self._crosswalk,
            today=self._today,
            centers=self._centers,
            profiles=self._lookup.by_key("job_profile", JobProfile),
        )
        counts: list[Desired] = []
        planned: Mapping[Seat, int] | None = None
        if self._lookup.readable("workday", "position"):
            seats = data.headcount(self._lookup.read("workday", "position", Position))
            self._learnt.used |= seats.used
            self._draft.parked += [park_waiting(item) for item in seats.waiting]
            counts, planned = [*seats.records, *self._unseated(data, seats)], seats.planned
        shifts = {plant.pcn: plant.default_shift for plant in self._plants}
        self._draft.headcount = self._learnt.attendance.beside(planned, shifts=shifts)
        if self._lookup.readable("workday", "cost_center"):
            self._draft.pending += () if self._plex_owns_centers else data.openings(self._learnt.used)
            self._draft.parked += map(park_waiting, data.doubtful(self._learnt.used))
            for record in [*data.records(self._learnt.used), *data.endings()]:
                if not (self._plex_owns_centers and _is_center(record)):
                    yield record
        yield from counts

    def _unseated(self, data: ReferenceData, seats: Seats) -> Iterator[Desired]:
        """Our staffing levels that Plex still holds and no seat stands behind any more."""
        if not self._lookup.understood("workday", "position"):
            return  # a seat that came and could not be understood is counted nowhere
        for plant in self._today:
            if self._lookup.readable("plex", "headcount", plant):
                ours = self._baselines.baseline("headcount", plant)
                there = self._lookup.find("plex", "headcount", PlexRecord, list(ours), plant)
                held = {key: ours[key] for key in there}
                yield from data.unseated(seats, plant=plant, held=held)


def _is_center(record: Desired) -> bool:
    """Whether it says which cost centers there are, or that one is no more."""
    return record.type == "cost_center" or (record.type, record.state) == ("department", "ended")
