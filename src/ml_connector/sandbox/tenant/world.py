"""All histories together, and the one way to look at them: as of a day and a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from ml_connector.sandbox.tenant.facts import JobProfile, Location, Organization, Position, Worker
from ml_connector.sandbox.tenant.history import Entry, Facts, History

Kept = TypeVar("Kept", bound=msgspec.Struct)


class Shelf(dict[str, History[Facts]]):
    """The histories of one kind of object, by key, in the order they came to be."""

    def __init__(self, facts: type[Facts]) -> None:
        super().__init__()
        self._facts = facts
        self.entered = 0

    def found(self, key: str, *, kind: str, on: date, at: datetime, facts: Facts) -> None:
        """Begin an object's history with all that is known of it."""
        self[key] = History(key, facts=self._facts)
        self.change(key, msgspec.structs.asdict(facts), kind=kind, on=on, at=at)

    def change(self, key: str, changes: Mapping[str, Any], *, kind: str, on: date, at: datetime, **told: Any) -> None:
        """Enter a change that takes effect *on* a day; *told* says of an entry how the log tells it."""
        self.entered += 1
        self[key].append(Entry(kind, on, at, changes, **told))


class Submitted(NamedTuple):
    """A transfer that waits for approval: nothing of it is true yet, and no answer tells of it."""

    worker: str
    location: str
    on: date


class World:
    """Everything ever entered in the tenant, and what was *submitted* and waits for approval."""

    def __init__(self) -> None:
        self.workers = Shelf(Worker)
        self.positions = Shelf(Position)
        self.organizations = Shelf(Organization)
        self.job_profiles = Shelf(JobProfile)
        self.locations = Shelf(Location)
        self.worker_ids: dict[tuple[str, str], str] = {}
        self._held: dict[str, dict[str, None]] = {}
        self._looked_at: dict[str, tuple[Entry, ...]] = {}
        self.submitted: list[Submitted] = []

    @property
    def entered(self) -> int:
        """How much has been entered so far."""
        shelves = (self.workers, self.positions, self.organizations, self.job_profiles, self.locations)
        return sum(shelf.entered for shelf in shelves)

    def ever_on(self) -> Mapping[str, Mapping[str, None]]:
        """By position, the workers whom any entry ever put there, whether or not it counts."""
        for key, history in list(self.workers.items()):
            entries = history.entries
            if self._looked_at.get(key) is not entries:
                for entry in entries:
                    for job in entry.changes.get("jobs", ()):
                        self._held.setdefault(job.position_id, {})[key] = None
                self._looked_at[key] = entries
        return self._held

    def hire(self, worker: Worker, *, at: datetime) -> None:
        """Enter a new worker, who can be found by each of the ids Workday gives."""
        kind = "Contract Contingent Worker" if worker.contingent else "Hire Employee"
        self.workers.found(worker.key, kind=kind, on=worker.hire_on, at=at, facts=worker)
        self.worker_ids["WID", worker.wid] = worker.key
        if worker.worker_id is not None:
            id_type = "Contingent_Worker_ID" if worker.contingent else "Employee_ID"
            self.worker_ids[id_type, worker.worker_id] = worker.key


class AsOf:
    """
    The world on one day as known by one moment, with each answer kept for the next who asks.

    Belongs to one request: it remembers nothing across them.
    """

    def __init__(self, world: World, *, on: date, by: datetime) -> None:
        self.world, self.on, self.by = world, on, by
        self._seen: dict[tuple[int, str], Any] = {}
        self._seated: dict[str, Worker] | None = None
        self._on: Mapping[str, Mapping[str, None]] | None = None

    def _at(self, shelf: Mapping[str, History[Kept]], key: str) -> Kept | None:
        place = (id(shelf), key)
        if place not in self._seen:
            history = shelf.get(key)
            self._seen[place] = None if history is None else history.at(self.on, by=self.by)
        found: Kept | None = self._seen[place]
        return found

    def worker(self, key: str) -> Worker | None:
        """Tell a worker, or None before the first day."""
        return self._at(self.world.workers, key)

    def is_active(self, worker: Worker) -> bool:
        """Whether somebody is at work: hired, not ended, and the hire not taken back."""
        return worker.is_active(self.on) and self.world.workers[worker.key].begins(by=self.by)

    def position(self, key: str) -> Position | None:
        """Tell a position."""
        return self._at(self.world.positions, key)

    def organization(self, key: str) -> Organization | None:
        """Tell an organization of any kind."""
        return self._at(self.world.organizations, key)

    def job_profile(self, key: str) -> JobProfile | None:
        """Tell a job profile."""
        return self._at(self.world.job_profiles, key)

    def location(self, key: str) -> Location | None:
        """Tell a location."""
        return self._at(self.world.locations, key)

    def superiors(self, organization: str) -> Iterator[Organization]:
        """Yield an organization, then those above it, to the top. A ring in the data ends where it closes."""
        seen: set[str] = set()
        key: str | None = organization
        while key is not None and key not in seen:
            seen.add(key)
            found = self.organization(key)
            if found is None:
                return
            yield found
            key = found.superior

    def manager(self, organization: str, *, of: str) -> Worker | None:
        """Find who manages an organization; nobody is their own manager, and who has left manages nothing."""
        found = self.organization(organization)
        if found is None or found.manager is None or found.manager == of:
            return None
        manager = self.worker(found.manager)
        return manager if manager is not None and manager.is_active(self.on) else None

    def occupants(self) -> dict[str, Worker]:
        """Say who fills each position: position id to worker."""
        filled: dict[str, Worker] = {}
        for key in list(self.world.workers):
            worker = self.worker(key)
            if worker is not None and worker.is_active(self.on):
                filled |= {job.position_id: worker for job in worker.jobs}
        return filled

    def occupant(self, position: str) -> Worker | None:
        """Say who fills one position."""
        sitting = [worker for key in self._ever_on(position) if (worker := self._sitting(key, position)) is not None]
        return self.occupants()[position] if len(sitting) > 1 else next(iter(sitting), None)

    def _ever_on(self, position: str) -> list[str]:
        if self._on is None:
            self._on = self.world.ever_on()
        return list(self._on.get(position, ()))

    def _sitting(self, key: str, position: str) -> Worker | None:
        worker = self.worker(key)
        if worker is None or not worker.is_active(self.on):
            return None
        return worker if any(job.position_id == position for job in worker.jobs) else None

    def seated(self) -> dict[str, Worker]:
        """Say who fills each position, worked out once."""
        if self._seated is None:
            self._seated = self.occupants()
        return self._seated
