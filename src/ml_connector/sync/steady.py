"""
Who was found in step, and by what: where none of it changed the same would be found again, and is not worked out anew.

All that the decision about an ordinary worker follows from is one digest: the worker as Workday shows them, the texts
of their place, the manager's record, what Plex shows of the employee and its attributes, and the settings. What else
could decide (a day that lies ahead, another job, a doubt, another wearer of the badge, a record left in another plant,
a missing parent) is looked at afresh each time, and whoever has any of it is not ordinary. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from ml_connector.canonical.keys import encode
from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.desired import Desired
from ml_connector.mapping.people import People
from ml_connector.mapping.placement import Place
from ml_connector.mapping.projection import Projection, badge, manager_of
from ml_connector.settings.model import Connection
from ml_connector.sync.inputs import DECISION

RECORDS = ("employee", "employee_attributes")
"""What an ordinary worker is in a plant."""

_BATCH = 2_000


class Ground(NamedTuple):
    """
    What is known of an ordinary worker once everybody is placed; the rest is what other records say.

    *worker* is the person's key, *key* the employee's in *plant*; *manager* is a typed id; *digest* sums up the worker
    and the place. *alone*: it was seen already that no other plant holds the person.
    """

    worker: str
    plant: str
    key: str
    source: str
    manager: str | None
    badge: str
    digest: bytes
    alone: bool = False


def ground_of(worker: Worker, place: Place) -> Ground:
    """Sum up a worker and where they belong."""
    digest = hashlib.blake2b(encode(worker), digest_size=20)
    digest.update(encode([place.plant, place.key, place.fields, place.cost_center]))
    return Ground(
        worker=worker.key,
        plant=place.plant,
        key=place.key,
        source=worker.known_as,
        manager=manager_of(worker, place.job),
        badge=badge(worker),
        digest=digest.digest(),
    )


def sum_up_settings(connection: Connection, missing: Collection[str]) -> bytes:
    """All that is the same for everybody: the settings, what is withheld, and how decisions are made."""
    told = [DECISION, connection.model_dump(mode="json"), sorted(missing)]
    return hashlib.blake2b(encode(told), digest_size=20).digest()


def sum_up(ground: Ground, *, settings: bytes, supervisor: str | None, shown: tuple[str, ...]) -> str:
    """The digest of all that decides; *shown* are the hashes of what Plex shows of the worker's records."""
    told = f"{supervisor}|{'|'.join(shown)}".encode()  # the two digests before it are as long for everybody
    return hashlib.blake2b(settings + ground.digest + told, digest_size=20).hexdigest()


class Around(NamedTuple):
    """
    What else could decide about somebody, once everybody is placed.

    *known* are the records that exist or are about to, by reference; *doubted* those an earlier plan found otherwise,
    by type, plant and number; *badges* says which employee wears which, by plant and badge.
    """

    projection: Projection
    people: People
    known: Collection[str]
    doubted: Collection[tuple[str, str, str]]
    badges: Mapping[tuple[str, str], str]

    def find_supervisor(self, manager: str) -> str | None:
        """
        The record that stands for a manager; None where there is none, and where chains of managers run in circles.
        """
        if self.people.depth(manager) is None:
            return None  # whoever is in a circle reports to somebody in it
        return self.projection.supervisor(manager, people=self.people, known=self.known.__contains__)

    def is_elsewhere(self, ground: Ground) -> bool:
        """Whether any other plant knows the person."""
        return self.projection.is_elsewhere(ground.worker, here=ground.plant, known=self.known.__contains__)


class Steady:
    """
    Tells who was found in step by exactly what is so now, and by what those compared in one plan are found so.

    In the order of a plan: `consider` everybody who has a place, `find` once, then `give_up` and `note` what is
    compared.
    """

    def __init__(
        self,
        *,
        anew: bool,
        ahead: Callable[[str], bool],
        others: Collection[str],
        in_plex: Collection[str],
        shown: Callable[[str, str, str], Sequence[Mapping[str, str]] | None],
        found: Callable[[str, str, str], Mapping[str, str]],
    ) -> None:
        """
        With *anew* nobody is ordinary.

        *ahead* tells of whom something lies ahead, *others* are who has several profiles, *in_plex* the references of
        what Plex holds. *shown(plant, after, upto)* gives the hashes of that plant's employees with after < key ≤ upto,
        by key, a mapping for each of `RECORDS`, or None where they cannot be read; *found*, asked alike, the digests by
        which they were found in step, by key.
        """
        self._anew = anew
        self._ahead = ahead
        self._others = others
        self._in_plex = in_plex
        self._shown = shown
        self._found = found
        self._grounds: dict[str, list[Ground]] = {}
        self._hoped: dict[tuple[str, str], str] = {}
        self._half: set[tuple[str, str]] = set()
        self.in_step: dict[tuple[str, str], str] = {}

    def consider(self, worker: Worker, place: Place, name: str) -> Ground | None:
        """
        Remember somebody where nothing but their own records, *name* first, and their manager's can decide about them.
        """
        if (
            self._anew
            or place.closed
            or self._ahead(worker.key)
            or worker.key in self._others
            or name not in self._in_plex
            or any(need not in self._in_plex for need in place.needs)
        ):
            return None
        ground = ground_of(worker, place)
        self.take(ground)
        return ground

    def take(self, ground: Ground) -> None:
        """Remember somebody of whom that is known."""
        self._grounds.setdefault(ground.plant, []).append(ground)

    def find(self, around: Around, *, settings: bytes) -> set[str]:
        """Who was found in step, by exactly what is so now; of the others it is noted by what they may be found so."""
        steady = set[str]()
        supervisor = cache(around.find_supervisor)
        for plant, grounds in self._grounds.items():
            grounds.sort(key=attrgetter("key"))
            last = ""
            for start in range(0, len(grounds), _BATCH):
                some = grounds[start : start + _BATCH]
                after, last = last, some[-1].key
                shown = self._shown(plant, after, last)
                if shown is None:
                    break
                found = self._found(plant, after, last)
                for ground in some:
                    key = ground.key
                    came = tuple([each.get(key, "") for each in shown])
                    if not came[0]:
                        continue  # the database has keys in another order than we: nothing was seen of them
                    digest = _decided_by(ground, around, settings=settings, supervisor=supervisor, shown=came)
                    if digest is not None and found.get(key) == digest:
                        steady.add(ground.worker)
                    elif digest is not None:
                        self._hoped[plant, key] = digest
        self._grounds.clear()
        return steady

    def give_up(self, items: Iterable[Desired]) -> None:
        """Whoever leaves anything to wait for is not in step."""
        for item in items:
            self._hoped.pop((item.plant, item.key), None)

    def note(self, item: Desired) -> None:
        """Take down that a record is as it should be; somebody is in step when all their records are."""
        name = item.plant, item.key
        if item.type not in RECORDS or name not in self._hoped:
            return
        if name in self._half:
            self.in_step[name] = self._hoped.pop(name)
        else:
            self._half.add(name)


def _decided_by(
    ground: Ground,
    around: Around,
    *,
    settings: bytes,
    supervisor: Callable[[str], str | None],
    shown: tuple[str, ...],
) -> str | None:
    """By what somebody is decided about; None where anything else may decide."""
    boss = None
    if ground.manager is not None:
        boss = supervisor(ground.manager)
        if boss is None:
            return None
    if (
        (around.doubted and any((kind, ground.plant, ground.source) in around.doubted for kind in RECORDS))
        or around.badges.get((ground.plant, ground.badge), ground.key) != ground.key
        or (not ground.alone and around.is_elsewhere(ground))
    ):
        return None
    return sum_up(ground, settings=settings, supervisor=boss, shown=shown)
