"""
Everybody, placed: who belongs where, who is here yet, and which records exist or are about to.

Supervisors are other workers, so the whole population is placed before the first record is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date

import msgspec

from ml_connector.canonical.plant import Scalar
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.desired import reference
from ml_connector.mapping.people import People, person_id
from ml_connector.mapping.placement import Elsewhere, Place
from ml_connector.mapping.plausible import check_plausible
from ml_connector.mapping.projection import Projection, is_excluded
from ml_connector.mapping.reference_data import Seat, Use
from ml_connector.mapping.routing import PLANTLESS
from ml_connector.review.store import Parked
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.headcount import Attendance, is_counted
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.placed.remembered import Placed, Remembered, Spot
from ml_connector.sync.steady import Steady
from ml_connector.sync.transfer import Moves
from ml_connector.sync.under_way import UnderWay
from ml_connector.timeline.identity import is_at_work

_BATCH = 500
_NOWHERE_ELSE = Elsewhere()
_IN_PLEX = ("position", "department", "building", "cost_center", "employee")


class Learnt(msgspec.Struct, kw_only=True):
    """
    What was learnt of both sides before anything is compared.

    *in_plex* are references of the records Plex holds, *known* of those that exist or are about to. *badges* says which
    employee wears which, by plant and badge; *homes* in which plants there is an employee with an id. *used* are the
    codes somebody is placed by, *active* is how many workers in scope are active.
    """

    people: People = msgspec.field(default_factory=People)
    in_plex: set[str] = set()
    known: set[str] = set()
    badges: dict[tuple[str, str], str] = {}
    homes: dict[str, tuple[str, ...]] = {}
    used: set[Use] = set()
    attendance: Attendance = msgspec.field(default_factory=Attendance)
    active: int = 0


class _Badge(msgspec.Struct, frozen=True):
    badge_number: Scalar = None


class _Seen(msgspec.Struct, frozen=True):
    """What everybody is placed by of a `PlexRecord`: all of it takes three times as long to read."""

    key: str
    fields: _Badge


class Population:
    """Takes in what Plex holds, then everybody Workday shows, and puts down in *learnt* what follows."""

    def __init__(
        self,
        learnt: Learnt,
        *,
        today: Mapping[str, date],
        lookup: Lookup,
        baselines: BaselineStore,
        moves: Moves,
        under_way: UnderWay,
        steady: Steady,
        remembered: Remembered,
        refused: Collection[tuple[str, str]],
    ) -> None:
        """*refused* are the employees Plex refused to hold, by plant and number."""
        self._learnt, self._today, self._lookup, self._baselines = learnt, today, lookup, baselines
        self._moves, self._under_way, self._steady, self._refused = moves, under_way, steady, refused
        self._remembered = remembered
        self._unseen: dict[str, list[str]] = {}
        self._spots: Counter[Spot] = Counter()

    def add_plex(self) -> None:
        """Which records exist in Plex, and who wears which badge."""
        learnt = self._learnt
        for side, kind, plant in self._lookup.types():
            if side != "plex" or kind not in _IN_PLEX:
                continue
            for record in self._lookup.read(side, kind, _Seen, plant):
                key, worn = record.key, record.fields.badge_number
                learnt.in_plex.add(reference(kind, plant=plant, key=key))
                if kind == "employee":
                    learnt.homes[key] = (*learnt.homes[key], plant) if key in learnt.homes else (plant,)
                    if isinstance(worn, str):
                        learnt.badges[plant, worn.strip()] = key
        learnt.known |= learnt.in_plex

    def add(self, projection: Projection, worker: Worker) -> None:
        """Find out where a worker belongs."""
        self._learnt.people.add(worker, plant=self._place(projection, worker))

    def add_as_before(self, placed: Placed) -> None:
        """Take in somebody who is placed as they were; `count_as_before` counts them."""
        seated = placed.seated
        self._learnt.people.put(placed.me, placed.person)
        if seated is not None:
            self._spots[seated.spot] += 1
            self._steady.take(seated.ground)

    def count_as_before(self) -> None:
        """Count those who are placed as they were, together."""
        learnt = self._learnt
        for spot, people in self._spots.items():
            learnt.active += people
            seat = Seat(spot.plant, spot.position, spot.department)
            learnt.attendance.add(seat, excluded=spot.excluded, on_leave=spot.on_leave, people=people)
            if spot.counted:
                learnt.attendance.add_work(seat, [spot.fte], people=people)
            learnt.used.add((spot.plant, Kind.JOB_PROFILE, spot.job_profile))
            learnt.used.add((spot.plant, Kind.COST_CENTER, spot.cost_center))
        self._spots.clear()

    def add_unplaced(self, projection: Projection, worker: Worker) -> None:
        """
        Let others refer as before to somebody in Plex whom nothing can be decided about: not shown now, or a question.

        *worker* is the profile as last shown, under the person's key. Not being shown is no ending (CC-11).
        """
        learnt = self._learnt
        if learnt.people.get(person_id(worker.worker_type, worker.employee_id)) is not None:
            return
        if is_at_work(worker, today=min(self._today.values())) and projection.in_scope(worker):
            learnt.people.add(worker, plant=projection.held_in(worker, known=self._is_held))

    def _is_held(self, name: str) -> bool:
        """Whether Plex holds an employee; where it cannot be seen, whether both sides agreed on it."""
        _kind, plant, key = name.split("|", 2)
        if self._lookup.readable("plex", "employee", plant):
            return name in self._learnt.in_plex
        self._unseen.setdefault(plant, []).append(key)
        return bool(self._baselines.baseline("employee", plant, keys=[key]))

    def add_unseen(self) -> None:
        """Where employees cannot be read, only those agreed on earlier are known: nobody is written there now."""
        for plant, keys in self._unseen.items():
            for start in range(0, len(keys), _BATCH):
                agreed = self._baselines.baseline("employee", plant, keys=keys[start : start + _BATCH])
                self._learnt.known.update(reference("employee", plant=plant, key=key) for key in agreed)

    def _place(self, projection: Projection, worker: Worker) -> str | None:
        if not projection.in_scope(worker) or worker.active is not True:
            self._remembered.note_absent(worker)
            return None
        self._learnt.active += 1
        try:
            check_plausible(worker, today=projection.day_of(worker))
            place = projection.place(worker)
        except RecordError as error:
            # Told in the second pass, where it is parked.
            return self._place_beside(projection, worker) if error.code in PLANTLESS else None
        due = projection.coming.due(worker, plant=place.plant)
        if due is not None and due.begins:
            return None  # not here yet, on the plant's own calendar: nobody can report to them
        elsewhere = projection.elsewhere(worker, place)
        self._count_in(worker, place, elsewhere)
        stuck = self._under_way.find(worker) or self._consider_move(projection, worker, place, elsewhere)
        if stuck is not None:
            return stuck[0]  # until that is settled, who reports to them reports to them there
        place = msgspec.structs.replace(place, key=self._moves.ids.get((place.plant, worker.key), place.key))
        plant, name = place.plant, reference("employee", plant=place.plant, key=place.key)
        if name not in self._learnt.in_plex and (plant, worker.known_as) in self._refused:
            return None  # Plex refused the record: nobody can report to it yet
        for each in (place, *elsewhere.places):
            self._use(each)
        if not self._lookup.readable("plex", "employee", plant):
            self._unseen.setdefault(plant, []).append(place.key)
            return plant
        if name not in self._learnt.in_plex and not _is_creatable(projection, worker):
            return None
        self._learnt.known.add(name)
        if due is None and elsewhere == _NOWHERE_ELSE:
            self._remember(projection, worker, place, name)
        return plant

    def _place_beside(self, projection: Projection, worker: Worker) -> str | None:
        """
        Place somebody whose primary job is in no plant that can be named where another job of theirs is (WP-06, WP-08);
        they are counted in no headcount.
        """
        plants = []
        for place in projection.elsewhere(worker, None).places:
            due = projection.coming.due(worker, plant=place.plant)
            if due is not None and due.begins:
                continue
            name = reference("employee", plant=place.plant, key=place.key)
            self._use(place)
            if name in self._learnt.in_plex or _is_creatable(projection, worker):
                plants.append(place.plant)
                self._learnt.known.add(name)
        return plants[0] if plants else None

    def _use(self, place: Place) -> None:
        self._learnt.used |= {
            (place.plant, Kind.JOB_PROFILE, place.job_profile),
            (place.plant, Kind.COST_CENTER, place.cost_center_source),
        }

    def _remember(self, projection: Projection, worker: Worker, place: Place, name: str) -> None:
        ground = self._steady.consider(worker, place, name)
        if ground is not None:
            self._remembered.note(worker, place, ground, ids=projection.ids_of(worker.key))

    def _consider_move(
        self, projection: Projection, worker: Worker, place: Place, elsewhere: Elsewhere
    ) -> tuple[str, Parked] | None:
        """
        See whether somebody new to a plant comes from another (PX-07).

        Returns the plant they stay in meanwhile, and how they are shown, where Plex refused the move.
        """
        here = reference("employee", plant=place.plant, key=place.key)
        if (
            here in self._learnt.in_plex
            or not elsewhere.sure
            or not self._lookup.readable("plex", "employee", place.plant)
        ):
            return None
        left = projection.endings(
            worker, reason="", here=place.plant, elsewhere=elsewhere.plants, known=self._learnt.in_plex.__contains__
        )
        if left:
            self._moves.consider(worker.key, place, left)
        return self._moves.stuck.get((place.plant, worker.key))

    def _count_in(self, worker: Worker, place: Place, elsewhere: Elsewhere) -> None:
        """
        One head at the primary job (WP-05); what is worked in another plant counts there, its head does not (WP-06).
        """
        self._learnt.attendance.add(seat_of(place), excluded=is_excluded(worker), on_leave=worker.on_leave is True)
        works = [(seat_of(place), job) for job in (place.job, *elsewhere.others_here)]
        works += [(seat_of(other), other.job) for other in elsewhere.places]
        for seat, job in works:
            if is_counted(worker, job):
                self._learnt.attendance.add_work(seat, [job.fte])


def _is_creatable(projection: Projection, worker: Worker) -> bool:
    try:
        projection.check_creatable(worker)
    except RecordError:
        return False
    return True


def seat_of(place: Place) -> Seat:
    """The seat somebody with that place is counted at."""
    return Seat(place.plant, str(place.fields["position"]), str(place.fields["department"]))
