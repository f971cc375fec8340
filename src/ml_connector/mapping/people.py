"""
Everybody at once, small: where each worker belongs, who manages whom, and how complete the reading was.

Supervisors are ids of other records, so the whole population must be known before the first employee is written.
Pure; a few words per worker, so that a hundred thousand fit.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import UnsetType

from ml_connector.canonical.workforce import Worker

# What a section's absence means: the field whose absence shows it, and the Workday domain to grant (UP-02).
SECTIONS = {
    "personal": ("name", "Person Data: Name"),
    "employment": ("active", "Worker Data: Current Staffing Information"),
    "jobs": ("jobs", "Worker Data: Current Staffing Information"),
    "organizations": ("organizations", "Worker Data: Organization Information"),
}
# Workday gives neither of whoever is not at work yet, or never was: there its absence shows nothing.
_AT_WORK_ONLY = frozenset({"jobs", "organizations"})
ROUTING_SECTIONS = frozenset({"employment", "jobs", "organizations"})


class Person(NamedTuple):
    """One worker, as far as others refer to them. *plant* is None while the worker cannot be placed."""

    key: str
    plant: str | None
    manager: str | None


class People:
    """The population of one extraction, by typed worker id (`employee 1001` is not `contingent 1001`: WP-01)."""

    def __init__(self) -> None:
        self._by_id: dict[str, Person] = {}
        self._depth: dict[str, int | None] = {}
        self.total = 0
        self.absent = dict.fromkeys(SECTIONS, 0)
        self._excused = dict.fromkeys(SECTIONS, 0)

    def add(self, worker: Worker, *, plant: str | None) -> None:
        """Take one worker in; *plant* only if the worker can be written there."""
        manager = None
        if isinstance(worker.manager_id, str):
            kind = "employee" if isinstance(worker.manager_type, UnsetType) else worker.manager_type
            manager = person_id(kind, worker.manager_id)
        self._by_id[person_id(worker.worker_type, worker.employee_id)] = Person(worker.key, plant, manager)
        self.total += 1
        for section, (field, _domain) in SECTIONS.items():
            if isinstance(getattr(worker, field), UnsetType):
                excused = section in _AT_WORK_ONLY and worker.active is False
                (self._excused if excused else self.absent)[section] += 1

    def get(self, person: str) -> Person | None:
        return self._by_id.get(person)

    def depth(self, person: str) -> int | None:
        """How many managers stand above, or None when the chain runs into a circle (WP-14)."""
        chain: list[str] = []
        on_chain: set[str] = set()
        step: str | None = person
        while step is not None and step in self._by_id and step not in self._depth and step not in on_chain:
            chain.append(step)
            on_chain.add(step)
            step = self._by_id[step].manager
        if step is not None and step in on_chain:
            circle = chain[chain.index(step) :]
            self._depth.update(dict.fromkeys(circle))
            chain = chain[: len(chain) - len(circle)]
            depth: int | None = 0
        else:
            depth = self._depth[step] if step is not None and step in self._depth else -1
        for member in reversed(chain):
            # Whoever reports into a circle is fine: only its members are held out of the hierarchy.
            depth = 0 if depth is None else depth + 1
            self._depth[member] = depth
        return self._depth.get(person, 0)

    def circle(self, person: str) -> list[str]:
        """The members of the circle *person* is in, in order, beginning with the smallest id."""
        members = [person]
        step = self._by_id[person].manager
        while step is not None and step != person and step not in members:
            members.append(step)
            step = self._by_id[step].manager
        start = members.index(min(members))
        return members[start:] + members[:start]

    def missing_sections(
        self, *, before: dict[str, int], before_total: int, tolerance: float = 0.05
    ) -> dict[str, float]:
        """
        Sections absent for suddenly many workers: `{section: share absent}` (UP-02).

        A first reading is held to the same tolerance, since Workday always gives these to whoever may see them.
        """
        if self.total == 0:
            return {}
        missing: dict[str, float] = {}
        for section, absent in self.absent.items():
            usual = before.get(section, 0) / before_total if before_total else 0.0
            share = absent / max(1, self.total - self._excused[section])
            if share > usual + tolerance:
                missing[section] = share
        return missing


def label(worker: Worker) -> str:
    """How people call the worker; the id where there is no name."""
    if isinstance(worker.name, UnsetType):
        return worker.employee_id
    if isinstance(worker.name.preferred, str):
        return worker.name.preferred
    parts = [part for part in (worker.name.given, worker.name.family) if isinstance(part, str)]
    return " ".join(parts) or worker.employee_id


def person_id(worker_type: str, employee_id: str) -> str:
    """The typed id others refer to a worker by."""
    return f"{worker_type} {employee_id}"
