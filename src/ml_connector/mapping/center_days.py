"""
From when until when, and for whom, a cost center takes people: not before its first day (RD-02), nobody new once it is
inactive unless another has taken its place (RD-03, RD-04), and none but the companies it is for (RD-10). Pure.

What has taken its place is the crosswalk's word: an accepted row in force that gives it the Plex number of a cost
center still active. Where one is split in several no row can say so, and whoever is still in it waits for Workday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from ml_connector.canonical.organization import CostCenter
from ml_connector.errors import RecordError
from ml_connector.mapping.claim import Kind, set_command, shell_word
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow

_KIND = Kind.COST_CENTER
INACTIVE = "inactive_cost_center"


class CenterDays:
    """Answers for the cost centers that Workday shows; of one it does not show nothing is known, and nothing held."""

    def __init__(self, centers: Mapping[str, CostCenter], *, crosswalk: Crosswalk) -> None:
        self._centers, self._crosswalk = centers, crosswalk
        self._live: dict[tuple[str, date], frozenset[str]] = {}

    @property
    def shown(self) -> Mapping[str, CostCenter]:
        """All that Workday shows, by reference id."""
        return self._centers

    def find(self, source: str) -> CostCenter | None:
        """The cost center, if Workday shows it."""
        return self._centers.get(source)

    def opens_on(self, source: str, *, on: date) -> date | None:
        """The first day of one that is not open yet *on* a day; None where it is."""
        center = self._centers.get(source)
        first = None if center is None else center.available_on
        return first if isinstance(first, date) and first > on else None

    def is_inactive(self, source: str, *, on: date) -> bool:
        """Whether it is known to be inactive *on* a day: in a plant where that day has not come yet it is not."""
        center = self._centers.get(source)
        if center is None or center.active is not False:
            return False
        return not (isinstance(center.effective_on, date) and center.effective_on > on)

    def is_closed(self, source: str, *, plant: str, row: MappingRow, on: date) -> bool:
        """Whether it is inactive and none that is active stands behind the Plex number *row* gives it in *plant*."""
        if not self.is_inactive(source, on=on):
            return False
        if (plant, on) not in self._live:
            self._live[plant, on] = frozenset(self._numbers(plant, on))
        return row.target["cost_center"] not in self._live[plant, on]

    def activity(self, *, on: date) -> dict[str, bool]:
        """Whether each cost center is active *on* a day."""
        return {source: not self.is_inactive(source, on=on) for source in self._centers}

    def _numbers(self, plant: str, on: date) -> Iterator[str]:
        """The Plex numbers that active cost centers stand behind."""
        for source, active in self.activity(on=on).items():
            row = self._crosswalk.find(_KIND, source=source, plant=plant, on=on) if active else None
            if row is not None and row.state == "accepted":
                yield row.target["cost_center"]

    def check(self, source: str, *, company: str | None, on: date) -> None:
        """
        Let nobody into a cost center before its first day, or from a company it is not for.

        Raises:
            RecordError: it is so; both the cost center and the day, or the company, are named.
        """
        first = self.opens_on(source, on=on)
        if first is not None:
            raise RecordError(
                f"cost center {source} opens on {first.isoformat()}",
                code="future_cost_center",
                waiting_for=f"cost_center {source}",
                remedy="it goes by itself on that day; if it should be open already, correct its availability date in Workday",
            )
        center = self._centers.get(source)
        allowed = () if center is None or not isinstance(center.restricted_to, tuple) else center.restricted_to
        if allowed and company not in allowed:
            raise RecordError(
                f"cost center {source} is for company {', '.join(allowed)}, and the worker belongs to {company or 'none'}",
                code="restricted_cost_center",
                waiting_for=f"cost_center {source}",
                remedy=(
                    "in Workday, move the worker to a cost center of their own company, or allow the company in "
                    "the cost center's restrictions"
                ),
            )

    def say_closed(self, source: str, *, plant: str) -> RecordError:
        """What keeps newcomers out of a closed cost center, with both ways on."""
        center = self._centers.get(source)
        since = center.effective_on if center is not None else None
        day = f" (as of {since.isoformat()})" if isinstance(since, date) else ""
        draft = self._crosswalk.draft_of(_KIND, source=source, plant=plant)
        if draft is None:
            command = f"{set_command(_KIND, source=source, plant=plant)} --from YYYY-MM-DD"
            successor = f"where it was split, there is no other way; where just one took its place: {command}"
        else:
            line = shell_word("/".join(draft.line))
            successor = f"or let another person than {draft.changed_by} approve what takes its place: ml-connector mapping approve {line}"
        return RecordError(
            f"cost center {source} is inactive in Workday{day}",
            code=INACTIVE,
            waiting_for=f"cost_center {source}",
            remedy=f"move the worker to another cost center in Workday; {successor}",
        )
