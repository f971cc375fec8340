"""
Who was placed by exactly what is so now: where none of it changed they would be placed alike, and are not placed again.

Where somebody belongs follows from the worker as Workday shows them (the hash of the bytes that came), from the
settings, the mapping in force, Workday's codes and which of them are inactive. All of that is one text beside the
place. What else could decide (a transfer under way, a change that lies ahead, another profile, a record chosen by hand,
one in another plant, one that is gone) is looked at afresh each time, and whoever has any of it is placed again. Days
alone decide nothing about the others: what they have begun has begun on every later day too. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

import msgspec

from ml_connector.canonical.keys import encode, known_text
from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.desired import reference
from ml_connector.mapping.fill import mask_of
from ml_connector.mapping.people import Person, manager_named, person_id
from ml_connector.mapping.placement import Place
from ml_connector.mapping.projection import is_excluded
from ml_connector.settings.model import Connection
from ml_connector.sync.gather import Gathered
from ml_connector.sync.headcount import is_counted
from ml_connector.sync.steady import Ground, sum_up_settings

_MOST = 50_000
"""So many are remembered of one plan, so that memory stays bounded; the others by the next."""

_AT_ONCE = 500

_CODES = ("cost_center", "job_profile", "location")


class KeptPlace(NamedTuple):
    """All that a place follows from, as one text, and the place as JSON."""

    follows_from: str
    body: str


class Spot(NamedTuple):
    """
    All that headcount and reference data learn of somebody at work; many have it in common.

    *department*, *position* and *building* are Plex's texts, *job_profile* and *cost_center* Workday's codes.
    *counted*: their *fte* counts.
    """

    plant: str
    department: str
    position: str
    building: str
    job_profile: str
    cost_center: str
    excluded: bool
    on_leave: bool
    counted: bool
    fte: str | None


class Seated(msgspec.Struct, frozen=True, array_like=True):
    """
    What follows for somebody at work in one plant and nowhere else.

    *ground* is what `sync.steady` knows of them. *others* are the ids they would have in other plants, *since* the
    plant's day on which they were placed.
    """

    ground: Ground
    spot: Spot
    others: tuple[str, ...]
    since: date


class Placed(msgspec.Struct, frozen=True, array_like=True):
    """
    One worker's profile, *key*, as far as the others need it: *me* is the typed id, *shown* the fields Workday shows.

    *seated* is None for whoever is not at work, or out of scope.
    """

    key: str
    me: str
    manager: str | None
    active: bool
    shown: int
    seated: Seated | None

    @property
    def person(self) -> Person:
        """As others refer to them."""
        return Person(self.key, None if self.seated is None else self.seated.ground.plant, self.manager)


_DECODE, _ENCODE = msgspec.json.Decoder(Placed).decode, msgspec.json.Encoder().encode


def sum_up_around(gathered: Gathered, *, connection: Connection, crosswalk: str, centers: CenterDays) -> str:
    """All that places follow from beside the worker, in 40 characters: the same for everybody."""
    codes = [gathered.extracts.get(("workday", kind, "")) for kind in _CODES]
    told = [
        sum_up_settings(connection, ()).hex(),
        crosswalk,
        [None if extract is None else extract.content_id for extract in codes],
        {plant: _inactive(centers, on=day) for plant, day in gathered.today.items()},
    ]
    return hashlib.blake2b(encode(told), digest_size=20).hexdigest()


def _inactive(centers: CenterDays, *, on: date) -> list[str]:
    return sorted(source for source, active in centers.activity(on=on).items() if not active)


class Remembered:
    """Gives back places that still hold, and takes down new ones."""

    def __init__(
        self,
        *,
        around: str,
        today: Mapping[str, date],
        kept: Callable[..., Mapping[str, KeptPlace]],
        in_plex: Collection[str],
        homes: Mapping[str, Sequence[str]],
        odd: Collection[str],
        ahead: Callable[[str], bool],
    ) -> None:
        """
        *around* is `sum_up_around`, *kept* gives what is kept between two keys. *in_plex* are the references of what
        Plex holds, *homes* says in which plants there is an employee with an id. *odd* are the profiles and people of
        whom somebody's choice, a doubt or a transfer decides, and *ahead* tells of whom something lies ahead.
        """
        self._around, self._today, self._kept = around, today, kept
        self._in_plex, self._homes = in_plex, homes
        self._odd, self._ahead = odd, ahead
        self._came: dict[str, str] = {}
        self._are_set_up = cache(self._look_at_setup)
        self.news: dict[str, KeptPlace] = {}

    def sift(
        self,
        came: Iterable[Sequence[tuple[str, str]]],
        load: Callable[[Sequence[str]], Mapping[str, Worker]],
    ) -> Iterator[Worker | Placed]:
        """
        Yield everybody in their order: the place where it still holds, else the worker.

        *came* are keys and hashes of what came, a batch at a time; *load* gives the workers under some keys.
        """
        last = ""
        for batch in came:
            kept = self._kept(after=last, upto=batch[-1][0])
            last = batch[-1][0]
            placed = {key: one for key, by in batch if (one := self._recall(kept.get(key), key, by)) is not None}
            others = _load_each([key for key, _by in batch if key not in placed], load)
            for key, by in batch:
                one = placed.get(key)
                if one is None and len(self._came) < _MOST:
                    self._came[key] = by + self._around
                yield next(others) if one is None else one

    def _recall(self, kept: KeptPlace | None, key: str, by: str) -> Placed | None:
        if kept is None or kept.follows_from != by + self._around or key in self._odd or self._ahead(key):
            return None
        placed = _DECODE(kept.body)
        seated = placed.seated
        if seated is not None and (seated.since > self._today[seated.ground.plant] or not self._is_alone(seated)):
            return None
        return placed

    def _is_alone(self, seated: Seated) -> bool:
        """Whether Plex holds the record in its plant, no other of that person anywhere, and what it points to."""
        ground, homes = seated.ground, self._homes
        return (
            homes.get(ground.key) == (ground.plant,)
            and homes.keys().isdisjoint(seated.others)
            and self._are_set_up(seated.spot)
        )

    def _look_at_setup(self, spot: Spot) -> bool:
        texts = {"department": spot.department, "position": spot.position, "building": spot.building}
        return all(reference(kind, plant=spot.plant, key=text) in self._in_plex for kind, text in texts.items())

    def note_absent(self, worker: Worker) -> None:
        """Take down that somebody is not at work, or out of scope."""
        self._note(worker, None)

    def note(self, worker: Worker, place: Place, ground: Ground, *, ids: Mapping[str, str]) -> None:
        """Take down where somebody ordinary was placed; *ids* are the ids they have of their own, by plant."""
        job, fields = place.job, place.fields
        seated = Seated(
            ground=ground._replace(alone=True),
            spot=Spot(
                plant=place.plant,
                department=str(fields["department"]),
                position=str(fields["position"]),
                building=str(fields["building"]),
                job_profile=place.job_profile,
                cost_center=place.cost_center_source,
                excluded=is_excluded(worker),
                on_leave=worker.on_leave is True,
                counted=is_counted(worker, job),
                fte=known_text(job.fte),
            ),
            others=tuple(key for plant, key in ids.items() if plant != place.plant),
            since=self._today[place.plant],
        )
        # A second job may begin or end on any day.
        one_job = isinstance(worker.jobs, tuple) and len(worker.jobs) == 1
        if one_job and ids[place.plant] == place.key and self._is_alone(seated):
            self._note(worker, seated)

    def _note(self, worker: Worker, seated: Seated | None) -> None:
        follows_from = self._came.get(worker.key)
        if follows_from is None or worker.key in self._odd or self._ahead(worker.key):
            return
        placed = Placed(
            key=worker.key,
            me=person_id(worker.worker_type, worker.employee_id),
            manager=manager_named(worker),
            active=worker.active is not False,
            shown=mask_of(worker),
            seated=seated,
        )
        self.news[worker.key] = KeptPlace(follows_from, _ENCODE(placed).decode())


def _load_each(keys: Sequence[str], load: Callable[[Sequence[str]], Mapping[str, Worker]]) -> Iterator[Worker]:
    """Yield the workers under these keys, some of them at a time in memory."""
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        workers = load(some)
        yield from (workers[key] for key in some)
