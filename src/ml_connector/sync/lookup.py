"""What was read, as whoever draws up a plan looks it up: a record, a list, a hash; never more than was believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from ml_connector.canonical.keys import Record
from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.placement import Place
from ml_connector.mapping.proposal import RECORDS, wid_of
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.gather import Gathered
from ml_connector.sync.steady import RECORDS as RECORDS_OF_ONE

_T = TypeVar("_T")
_R = TypeVar("_R", bound=Record)


class Lookup:
    """One gathered state of both systems, by side, type, plant and key."""

    def __init__(self, gathered: Gathered, snapshots: SnapshotStore, *, status_inactive: str) -> None:
        self._gathered, self._snapshots, self._status_inactive = gathered, snapshots, status_inactive

    def readable(self, side: str, kind: str, plant: str = "") -> bool:
        """Whether a type could be read."""
        return self._gathered.readable(side, kind, plant)

    def understood(self, side: str, kind: str) -> bool:
        """Whether every record that came of a readable type could be understood."""
        return not self._gathered.extracts[side, kind, ""].faults

    def types(self) -> Iterable[tuple[str, str, str]]:
        """What could be read: side, type, plant."""
        return self._gathered.extracts.keys()

    def read(self, side: str, kind: str, of: type[_T], plant: str = "") -> Iterator[_T]:
        """Every record of a readable type, a page at a time in memory."""
        extract = self._gathered.extracts[side, kind, plant]
        return self._snapshots.read(extract.scope, of=of, extract_id=extract.id)

    def came(self, side: str, kind: str) -> Iterator[Sequence[tuple[str, str]]]:
        """Key and payload hash of every record of a readable type, a batch at a time."""
        extract = self._gathered.extracts[side, kind, ""]
        return self._snapshots.came(extract.scope, extract_id=extract.id)

    def find(self, side: str, kind: str, of: type[_T], keys: Sequence[str], plant: str = "") -> dict[str, _T]:
        """The records of a readable type under these keys."""
        extract = self._gathered.extracts[side, kind, plant]
        return self._snapshots.find(extract.scope, keys=keys, of=of, extract_id=extract.id)

    def by_key(self, kind: str, of: type[_R]) -> dict[str, _R]:
        """Workday's records of a type; none where they could not be read."""
        if not self.readable("workday", kind):
            return {}
        return {record.key: record for record in self.read("workday", kind, of)}

    def wids(self, kind: Kind) -> dict[str, str]:
        """Workday's own ids of what it shows now, by reference id (RD-01)."""
        if kind not in RECORDS or not self.readable("workday", kind.value):
            return {}
        return _own_ids(self.read("workday", kind.value, RECORDS[kind]))

    def find_wids(self, kind: Kind, sources: Sequence[str]) -> dict[str, str]:
        """The same of these reference ids alone."""
        if kind not in RECORDS or not self.readable("workday", kind.value):
            return {}
        return _own_ids(self.find("workday", kind.value, RECORDS[kind], sources).values())

    def plex(self, kind: str, plant: str, key: str) -> PlexRecord | None:
        """One record as Plex shows it; None where there is none, or where it cannot be read."""
        extract = self._gathered.extracts.get(("plex", kind, plant))
        if extract is None:
            return None
        return self._snapshots.find(extract.scope, keys=[key], of=PlexRecord, extract_id=extract.id).get(key)

    def plex_hashes(self, plant: str, after: str, upto: str) -> list[dict[str, str]] | None:
        """
        The hashes of what Plex shows of employees, a mapping for each type of record; None where one cannot be read.

        Of those whose keys come after one and not after another.
        """
        extracts = [self._gathered.extracts.get(("plex", kind, plant)) for kind in RECORDS_OF_ONE]
        if None in extracts:
            return None
        return [
            self._snapshots.hashes_between(each.scope, after=after, upto=upto, extract_id=each.id)
            for each in extracts
            if each is not None
        ]

    def is_active(self, plant: str, key: str) -> bool:
        """Whether Plex shows an active employee with this id."""
        return self._active_employee(plant, key) is not None

    def stays(self, place: Place) -> bool:
        """Whether Plex holds an active employee in that cost center already; what cannot be seen is left as it is."""
        if not self.readable("plex", "employee", place.plant):
            return True
        employee = self._active_employee(place.plant, place.key)
        if employee is None:
            return False
        attributes = self.plex("employee_attributes", place.plant, place.key)
        number = attributes.fields.get("cost_center") if attributes is not None else None
        if number is not None:
            return number == place.cost_center
        return employee.fields.get("department") == place.fields["department"]

    def _active_employee(self, plant: str, key: str) -> PlexRecord | None:
        employee = self.plex("employee", plant, key)
        ended = employee is not None and employee.fields.get("status") == self._status_inactive
        return None if ended else employee


def _own_ids(records: Iterable[Record]) -> dict[str, str]:
    return {record.key: wid for record in records if (wid := wid_of(record)) is not None}
