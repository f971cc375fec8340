"""
Everybody at once, small: where each worker belongs, and who manages whom.

Supervisors are ids of other records, so the whole population must be known before the first employee is written.
Pure; a few words per worker, so that a hundred thousand fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UnsetType

from ml_connector.canonical.workforce import CONTINGENT_BADGE, Worker


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

    def add(self, worker: Worker, *, plant: str | None) -> None:
        """Take one worker in; *plant* only if the worker can be written there."""
        self.put(person_id(worker.worker_type, worker.employee_id), Person(worker.key, plant, manager_named(worker)))

    def put(self, me: str, person: Person) -> None:
        """
        Take one person in, by their typed id.

        Of two who bear one number, a leaver and who was given it after them, others refer to the one who is somewhere.
        """
        if person.plant is not None or me not in self._by_id:
            self._by_id[me] = person

    def get(self, person: str) -> Person | None:
        return self._by_id.get(person)

    def everybody(self) -> Iterator[tuple[str, Person]]:
        """All of them, by typed id."""
        yield from self._by_id.items()

    def wearing(self, badge: str) -> Iterator[Person]:
        """Whose badge number it is, by their own number: employees wear theirs, contingent workers a marked one."""
        bare = badge.removeprefix(CONTINGENT_BADGE)
        names = [person_id("employee", badge), person_id("contingent", badge), person_id("contingent", bare)]
        for name in names if bare != badge else names[:1]:
            if name in self._by_id:
                yield self._by_id[name]

    def is_placed(self, number: str) -> bool:
        """Whether anybody is somewhere whom people know by that number, which is marked for contingent workers."""
        return any(person.plant is not None for person in self.wearing(number))

    def depth(self, person: str) -> int | None:
        """How many managers stand above, or None when the chain runs into a circle (WP-14)."""
        if person not in self._depth:
            self._follow(person)
        return self._depth.get(person, 0)

    def _follow(self, person: str) -> None:
        """Find out the depth of somebody and of all above them."""
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

    def circle(self, person: str) -> list[str]:
        """The members of the circle *person* is in, in order, beginning with the smallest id."""
        members = [person]
        step = self._by_id[person].manager
        while step is not None and step != person and step not in members:
            members.append(step)
            step = self._by_id[step].manager
        start = members.index(min(members))
        return members[start:] + members[:start]


def label(worker: Worker) -> str:
    """How people call the worker; the number they know them by where there is no name."""
    if isinstance(worker.name, UnsetType):
        return worker.known_as
    if isinstance(worker.name.preferred, str):
        return worker.name.preferred
    parts = [part for part in (worker.name.given, worker.name.family) if isinstance(part, str)]
    return " ".join(parts) or worker.known_as


def manager_named(worker: Worker) -> str | None:
    """The typed id of whom the worker reports to; None where Workday names nobody."""
    if not isinstance(worker.manager_id, str):
        return None
    kind = "employee" if isinstance(worker.manager_type, UnsetType) else worker.manager_type
    return person_id(kind, worker.manager_id)


def person_id(worker_type: str, employee_id: str) -> str:
    """The typed id others refer to a worker by."""
    return f"{worker_type} {employee_id}"
