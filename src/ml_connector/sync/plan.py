"""
From two snapshots to a list of changes, in referential order, with what waits and what is held.

Two passes over the workers: the first finds out where everybody belongs, because supervisors are other workers; the
second compares, a batch at a time, so that memory holds changes and never populations of records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, cached_property, partial
from itertools import islice
from operator import itemgetter
from typing import TypeVar

import msgspec

from ml_connector.canonical.keys import Record
from ml_connector.canonical.organization import CostCenter, JobProfile, Position
from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.cost_centers import want_cost_centers
from ml_connector.mapping.crosswalk import Crosswalk, Kind
from ml_connector.mapping.desired import Desired, reference
from ml_connector.mapping.fill import GROUPS, FillWatch, grant_for
from ml_connector.mapping.people import People
from ml_connector.mapping.placement import Elsewhere, Place
from ml_connector.mapping.plausible import check_plausible
from ml_connector.mapping.projection import Projection, badge, is_excluded, note_conversion
from ml_connector.mapping.proposal import RECORDS, wid_of
from ml_connector.mapping.reference_data import ReferenceData, Seat, Seats, Use
from ml_connector.mapping.rules import Owner, is_owned
from ml_connector.review.store import Parked
from ml_connector.settings.model import Connection
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.belief import missing_fields
from ml_connector.sync.change import Change
from ml_connector.sync.diff import Decision, Sides, decide
from ml_connector.sync.draft import Draft, look_back
from ml_connector.sync.gather import Gathered
from ml_connector.sync.headcount import Attendance
from ml_connector.sync.identify import Identities
from ml_connector.sync.judge import SPLIT, judge_transfer
from ml_connector.sync.linked import hold_unlinked
from ml_connector.sync.order import in_order, part_orphans, with_what_they_need
from ml_connector.sync.parking import (
    park_between,
    park_desired,
    park_orphan,
    park_staying,
    park_waiting,
    park_worker,
)
from ml_connector.sync.policy import Approvals, guard_changes
from ml_connector.sync.render import render
from ml_connector.sync.steady import RECORDS as RECORDS_OF_ONE
from ml_connector.sync.steady import Around, Steady, sum_up_settings
from ml_connector.sync.store import Intent, SyncStore
from ml_connector.sync.transfer import (
    Move,
    Moves,
    after_move,
    bring_attributes,
    render_move,
    tell_not_shown,
    tell_split,
)
from ml_connector.sync.upstream import find_held, hold_unwritable, owners_of, read_plants
from ml_connector.sync.witness import Compared, Witness
from ml_connector.timeline.outbox import Outbox

_T = TypeVar("_T")
_R = TypeVar("_R", bound=Record)
_BATCH = 500
_NOWHERE_ELSE = Elsewhere()
_LOOKS_AGAIN = "the next run looks again, `ml-connector resend {key}` sends it again"
_REFERENCES = ("position", "department", "building")


class Planner:
    """Draws up one plan. Reads snapshots and baselines, writes nothing."""

    def __init__(
        self,
        *,
        name: str,
        connection: Connection,
        crosswalk: Crosswalk,
        snapshots: SnapshotStore,
        store: SyncStore,
        baselines: BaselineStore,
        gathered: Gathered,
        refused: Mapping[str, Parked],
        who: Identities,
        outbox: Outbox,
        moving: Mapping[str, Intent],
        witness: Witness | None = None,
        anew: bool = False,
    ) -> None:
        """
        *refused* is what is not to be sent again by itself, by content; *moving* the unsettled transfers, by person.

        With *anew* everybody is decided about, whether or not anything of it changed since they were found in step.
        """
        self.left_out = 0
        self._witness = witness or Witness("")
        self._who = who
        self._moving = moving
        self._others = who.others()
        self._outbox = outbox
        self._conflicts: dict[str, Parked] = {}
        self._name = name
        self._connection = connection
        self._crosswalk = crosswalk.knowing(self._wids)
        self._snapshots = snapshots
        self._store = store
        self._baselines = baselines
        self._gathered = gathered
        self._refused = refused
        self._people = People()
        self._used: set[Use] = set()
        self._in_plex: set[str] = set()
        self._known: set[str] = set()
        self._unseen: dict[str, list[str]] = {}
        self._badges: dict[tuple[str, str], str] = {}
        self._steady = Steady(
            anew=anew or witness is not None,
            ahead=outbox.knows,
            others=self._others,
            in_plex=self._in_plex,
            shown=self._shown,
            found=baselines.in_step,
        )
        self._active = 0
        self._attendance = Attendance()
        self._homes: dict[str, tuple[str, ...]] = {}
        self._moves = Moves(
            tenants={plant.pcn: plant.tenant_id for plant in connection.plex.plants},
            status_inactive=connection.plex.status_inactive,
            load=partial(self._find_in_plex, "employee"),
            refused=refused,
        )
        self._arrived: dict[tuple[str, str, str], PlexRecord] = {}
        self._draft = Draft()
        self._owners = owners_of(connection)
        self._owned = {
            owner: cache(partial(is_owned, by=owner, owners=self._owners)) for owner in (Owner.WORKDAY, Owner.PLEX)
        }
        self._plex_owns_centers = self._owners.cost_centers is Owner.PLEX

    def draft(self, *, approvals: Approvals, only: Collection[str] = (), keys: Collection[str] = ()) -> Draft:
        """Decide everything and guard all of it; only then keep some types of change, or some records."""
        draft = self._draft
        draft.holds += self._gathered.holds
        draft.parked += self._gathered.parked
        self._learn_plex()
        missing = self._learn_people(approvals)
        references = list(self._references())
        wanted = [item for item in references if item.state == "present"]
        self._known.update(reference(item.type, plant=item.plant, key=item.key) for item in wanted)
        self._compare_references(references)
        draft.nobody = any(GROUPS[group].stops for group in missing)
        if not draft.nobody:
            self._compare_people(missing)
        self._compare_upstream()
        draft.parked += [*self._who.questions.values(), *self._conflicts.values()]
        self._witness.note_doubt({**self._who.questions, **self._conflicts})
        missed = self._gathered.missed
        draft.missed = sum(missed.values()) if missed else None
        draft.in_step = self._steady.in_step
        draft.active, draft.today = self._active, min(self._gathered.today.values()).isoformat()
        ordered, unwritable = hold_unwritable(self._in_order(), self._connection.workday)
        draft.holds += unwritable
        ordered = hold_unlinked(ordered, self._gathered.holds)
        guard = self._connection.sync.guard
        lately = look_back(self._store, ordered, guard=guard, now=self._gathered.as_of.entered_at)
        guarded, holds = guard_changes(
            ordered, population=self._active, guard=guard, approvals=approvals, lately=lately
        )
        draft.holds += holds
        draft.changes = in_order(
            with_what_they_need(
                guarded,
                lambda change: (
                    (not only or change.type in only) and (not keys or change.key in keys or change.source in keys)
                ),
            )
        )
        return draft

    # Learning

    def _learn_plex(self) -> None:
        """Which records exist in Plex, and who wears which badge."""
        for (side, kind, plant), extract in self._gathered.extracts.items():
            if side != "plex" or kind not in {*_REFERENCES, "cost_center", "employee"}:
                continue
            for record in self._snapshots.read(extract.scope, of=PlexRecord, extract_id=extract.id):
                self._in_plex.add(reference(kind, plant=plant, key=record.key))
                if kind == "employee":
                    self._homes[record.key] = (*self._homes.get(record.key, ()), plant)
                worn = record.fields.get("badge_number")
                if kind == "employee" and isinstance(worn, str):
                    self._badges[plant, worn.strip()] = record.key
        self._known |= self._in_plex

    def _learn_people(self, approvals: Approvals) -> frozenset[str]:
        """First pass: where everybody belongs. Returns the groups of fields Workday left out for too many."""
        projection, watch = self._projection(frozenset()), FillWatch()
        for workers in _chunks(self._workers(), _BATCH):
            had = self._baselines.fill_masks([worker.key for worker in workers])
            for worker in workers:
                watch.add(worker, had=had.get(worker.key))
                self._people.add(worker, plant=self._learn_person(projection, worker))
        missing: set[str] = set()
        for each in watch.missing():
            grant = grant_for(each.domain, each.fields, workday=self._connection.workday)
            hold = missing_fields(each, grant=grant)
            if not approvals.cover(hold):
                missing.update(each.groups)
                self._draft.holds.append(hold)
        if not missing:
            self._draft.fill = watch.news  # what is held is no measure for the next reading
        if "personal" in missing:
            self._known &= self._in_plex  # nobody is created without a name: no report can point to a newcomer
        self._learn_unseen()
        return frozenset(missing)

    def _learn_person(self, projection: Projection, worker: Worker) -> str | None:
        if not projection.in_scope(worker) or worker.active is not True:
            return None
        self._active += 1
        try:
            check_plausible(worker, today=max(self._gathered.today.values()))
            place = projection.place(worker)
        except RecordError:
            return None  # told in the second pass, where it is parked
        due = projection.due(worker, plant=place.plant)
        if due is not None and due.begins:
            return None  # not here yet, on the plant's own calendar: nobody can report to them
        elsewhere = projection.elsewhere(worker, place)
        self._count_in(worker, place, elsewhere)
        stuck = self._between(worker) or self._consider_move(projection, worker, place, elsewhere)
        if stuck is not None:
            return stuck[0]  # until that is settled, who reports to them reports to them there
        place = msgspec.structs.replace(place, key=self._moves.ids.get((place.plant, worker.key), place.key))
        plant, name = place.plant, reference("employee", plant=place.plant, key=place.key)
        if name not in self._in_plex and (plant, worker.employee_id) in self._refused_people:
            return None  # Plex refused the record: nobody can report to it yet
        for each in (place, *elsewhere.places):
            self._used |= {
                (each.plant, Kind.JOB_PROFILE, each.job_profile),
                (each.plant, Kind.COST_CENTER, each.cost_center_source),
            }
        if not self._gathered.readable("plex", "employee", plant):
            self._unseen.setdefault(plant, []).append(place.key)
            return plant
        try:
            self._check_creatable(projection, worker, name)
        except RecordError:
            return None
        self._known.add(name)
        if due is None and elsewhere == _NOWHERE_ELSE:
            self._steady.consider(worker, place, name)
        return plant

    def _consider_move(
        self, projection: Projection, worker: Worker, place: Place, elsewhere: Elsewhere
    ) -> tuple[str, Parked] | None:
        """
        See whether somebody new to a plant comes from another (PX-07).

        Returns the plant they stay in meanwhile, and how they are shown, where Plex refused the move.
        """
        here = reference("employee", plant=place.plant, key=place.key)
        if here in self._in_plex or not elsewhere.sure or not self._gathered.readable("plex", "employee", place.plant):
            return None
        left = projection.endings(
            worker, reason="", here=place.plant, elsewhere=elsewhere.plants, known=self._in_plex.__contains__
        )
        if left:
            self._moves.consider(worker.key, place, left)
        return self._moves.stuck.get((place.plant, worker.key))

    def _count_in(self, worker: Worker, place: Place, elsewhere: Elsewhere) -> None:
        """One head at the primary job (WP-05); what is worked in another plant counts there, its head does not (WP-06)."""
        self._attendance.add(_seat(place), excluded=is_excluded(worker), on_leave=worker.on_leave is True)
        if worker.worker_type != "employee":
            return
        works = [(_seat(place), job) for job in (place.job, *elsewhere.others_here)]
        works += [(_seat(other), other.job) for other in elsewhere.places]
        for seat, job in works:
            if job.assignment is not True and job.excluded_from_headcount is not True:
                self._attendance.add_work(seat, [job.fte])

    def _learn_unseen(self) -> None:
        """Where employees cannot be read, only those agreed on earlier are known: nobody is written there now."""
        for plant, keys in self._unseen.items():
            for some in _chunks(iter(keys), _BATCH):
                agreed = self._baselines.baseline("employee", plant, keys=some)
                self._known.update(reference("employee", plant=plant, key=key) for key in agreed)

    def _check_creatable(self, projection: Projection, worker: Worker, name: str) -> None:
        if name not in self._in_plex:
            projection.check_creatable(worker)

    @cached_property
    def _doubted(self) -> frozenset[tuple[str, str, str]]:
        """Records that an earlier plan found otherwise, and whose change was not carried out."""
        refused = {(item.type, item.plant, item.key) for item in self._refused.values()}
        return frozenset(refused | self._store.open_records())

    @cached_property
    def _refused_people(self) -> frozenset[tuple[str, str]]:
        return frozenset((item.plant, item.key) for item in self._refused.values() if item.type == "employee")

    def _references(self) -> Iterator[Desired]:
        data = ReferenceData(
            plants=self._connection.plex.plants,
            crosswalk=self._crosswalk,
            today=self._gathered.today,
            centers=self._centers,
            profiles=self._by_key("job_profile", JobProfile),
        )
        counts: list[Desired] = []
        planned: Mapping[Seat, int] | None = None
        if self._gathered.readable("workday", "position"):
            seats = data.headcount(self._read("workday", "position", Position))
            self._used |= seats.used
            self._draft.parked += [park_waiting(item) for item in seats.waiting]
            counts, planned = [*seats.records, *self._unseated(data, seats)], seats.planned
        shifts = {plant.pcn: plant.default_shift for plant in self._connection.plex.plants}
        self._draft.headcount = self._attendance.beside(planned, shifts=shifts)
        if self._gathered.readable("workday", "cost_center"):
            self._draft.pending += () if self._plex_owns_centers else data.openings(self._used)
            for record in [*data.records(self._used), *data.endings()]:
                if not (self._plex_owns_centers and _is_center(record)):
                    yield record
        yield from counts

    def _unseated(self, data: ReferenceData, seats: Seats) -> Iterator[Desired]:
        """Our staffing levels that Plex still holds and no seat stands behind any more."""
        if self._gathered.extracts["workday", "position", ""].faults:
            return  # a seat that came and could not be understood is counted nowhere
        for plant in self._gathered.today:
            extract = self._gathered.extracts.get(("plex", "headcount", plant))
            if extract is not None:
                ours = self._baselines.baseline("headcount", plant)
                there = self._snapshots.find(extract.scope, keys=list(ours), of=PlexRecord, extract_id=extract.id)
                held = {key: ours[key] for key in there}
                yield from data.unseated(seats, plant=plant, held=held)

    @cached_property
    def _centers(self) -> CenterDays:
        return CenterDays(self._by_key("cost_center", CostCenter), crosswalk=self._crosswalk)

    def _by_key(self, kind: str, of: type[_R]) -> dict[str, _R]:
        """Workday's records of a type; none where they could not be read."""
        if not self._gathered.readable("workday", kind):
            return {}
        return {record.key: record for record in self._read("workday", kind, of)}

    def _stays(self, place: Place) -> bool:
        """Whether Plex holds an active employee in that cost center already; what cannot be seen is left as it is."""
        if not self._gathered.readable("plex", "employee", place.plant):
            return True
        employee = self._find_in_plex("employee", place.plant, place.key)
        if employee is None or employee.fields.get("status") == self._connection.plex.status_inactive:
            return False
        attributes = self._find_in_plex("employee_attributes", place.plant, place.key)
        number = attributes.fields.get("cost_center") if attributes is not None else None
        if number is not None:
            return number == place.cost_center
        return employee.fields.get("department") == place.fields["department"]

    def _find_in_plex(self, kind: str, plant: str, key: str) -> PlexRecord | None:
        extract = self._gathered.extracts.get(("plex", kind, plant))
        if extract is None:
            return None
        return self._snapshots.find(extract.scope, keys=[key], of=PlexRecord, extract_id=extract.id).get(key)

    def _workers(self, *, leave_out: Collection[str] = ()) -> Iterator[Worker]:
        if self._gathered.readable("workday", "worker"):
            latest = self._gathered.as_of.effective_on
            extract = self._gathered.extracts["workday", "worker", ""]
            read = self._snapshots.read(extract.scope, of=Worker, extract_id=extract.id, leave_out=leave_out)
            profiles = self._outbox.on_their_day(read, latest=latest, day_of=self._day_of)
            yield from self._who.people(profiles, self._conflicts)

    def _day_of(self, worker: Worker) -> date:
        """Which day it is where somebody works; where that cannot be told, the latest."""
        with suppress(RecordError):
            plant = self._projection(frozenset()).plant_of(worker)
            if plant is not None:
                return self._gathered.today[plant]
        return self._gathered.as_of.effective_on

    def _read(self, side: str, kind: str, of: type[_T], plant: str = "") -> Iterator[_T]:
        extract = self._gathered.extracts[side, kind, plant]
        return self._snapshots.read(extract.scope, of=of, extract_id=extract.id)

    def _wids(self, kind: Kind) -> dict[str, str]:
        """Workday's own ids of what it shows now, by reference id (RD-01)."""
        if kind not in RECORDS or not self._gathered.readable("workday", kind.value):
            return {}
        records = self._read("workday", kind.value, RECORDS[kind])
        return {record.key: wid for record in records if (wid := wid_of(record)) is not None}

    def _projection(self, missing: frozenset[str]) -> Projection:
        return Projection(
            tenant=self._connection.workday.tenant,
            plex=self._connection.plex,
            crosswalk=self._crosswalk,
            today=self._gathered.today,
            contingent=self._connection.sync.contingent_workers,
            missing_sections=missing,
            adopted={**self._who.adopted, **self._moves.ids},
            centers=self._centers,
            stays=self._stays,
            homes=self._homes,
        )

    # Comparing

    def _compare_references(self, wanted: Iterable[Desired]) -> None:
        groups: dict[tuple[str, str], list[Desired]] = {}
        for item in wanted:
            groups.setdefault((item.type, item.plant), []).append(item)
        for (kind, plant), items in groups.items():
            if self._gathered.readable("plex", kind, plant):
                self._compare(kind, plant, items)

    def _compare_upstream(self) -> None:
        """The other direction: what Workday should hold of what Plex owns."""
        if not self._plex_owns_centers or not self._gathered.readable("workday", "cost_center"):
            return
        plex = read_plants(self._snapshots, self._gathered.extracts, kind="cost_center")
        wanted = want_cost_centers(
            held={center.key: center for center in self._read("workday", "cost_center", CostCenter)},
            plex=plex,
            unread=self._gathered.today.keys() - plex.keys(),
            agreed=self._baselines.baseline("cost_center", "").keys(),
            crosswalk=self._crosswalk,
        )
        self._draft.parked += [park_waiting(item) for item in wanted.waiting]
        self._compare("cost_center", "", wanted.records)

    def _compare_people(self, missing: frozenset[str]) -> None:
        """Second pass: employees and their attributes, plant by plant."""
        projection = self._projection(missing)
        settings = sum_up_settings(self._connection, missing)
        steady = self._steady.find(
            Around(projection, self._people, self._known, self._doubted, self._badges), settings=settings
        )
        self.left_out = len(steady)
        self._draft.noop += len(RECORDS_OF_ONE) * len(steady)
        for workers in _chunks(self._workers(leave_out=steady), _BATCH):
            groups: dict[tuple[str, str], list[Desired]] = {}
            for worker in workers:
                wanted = self._wanted(projection, worker)
                if worker.key == self._witness.person:
                    wanted = self._witness.watch(worker, wanted, self._draft)
                told = len(self._draft.parked) + len(self._draft.pending)
                items = list(wanted)
                if told != len(self._draft.parked) + len(self._draft.pending):
                    self._steady.give_up(items)
                for item in items:
                    groups.setdefault((item.type, item.plant), []).append(item)
            for (kind, plant), items in groups.items():
                if self._gathered.readable("plex", kind, plant):
                    self._compare(kind, plant, items)

    def _shown(self, plant: str, keys: Sequence[str]) -> list[dict[str, str]] | None:
        """The hashes of what Plex shows of these employees, a type of record each; None where it cannot be read."""
        extracts = [self._gathered.extracts.get(("plex", kind, plant)) for kind in RECORDS_OF_ONE]
        if None in extracts:
            return None
        return [
            self._snapshots.hashes(each.scope, keys=keys, extract_id=each.id) for each in extracts if each is not None
        ]

    def _wanted(self, projection: Projection, worker: Worker) -> Iterator[Desired]:
        if not projection.in_scope(worker):
            self._draft.noop += 1
            self._witness.leave_out(worker)
            return
        try:
            yield from self._wanted_of(projection, worker)
        except RecordError as error:
            self._draft.parked.append(park_worker(worker, error))

    def _wanted_of(self, projection: Projection, worker: Worker) -> Iterator[Desired]:
        check_plausible(worker, today=max(self._gathered.today.values()))
        ending = projection.ending(worker)
        if ending is not None:
            yield from self._ended(projection, worker, ending)
            return
        place = projection.place(worker)
        due = projection.due(worker, plant=place.plant)
        if due is not None:
            self._draft.pending.append(due)
            if due.begins:
                return
        ahead = self._ahead(worker, after=self._gathered.today[place.plant])
        self._draft.pending += projection.to_come(worker, place, ahead=ahead)
        if self._is_worn_by_another(worker, place.plant, place.key) or self._is_stuck(worker, place):
            return
        elsewhere = projection.elsewhere(worker, place)
        self._draft.pending += elsewhere.pending
        move = self._moves.going.get((place.plant, worker.key))
        yield from self._present(projection, worker, place, move)
        for plant, error in elsewhere.waiting:
            self._draft.parked.append(park_worker(worker, error, plant=plant))
        for other in elsewhere.places:
            if self._is_worn_by_another(worker, other.plant, other.key):
                continue
            try:
                yield from self._present(projection, worker, other)
            except RecordError as error:
                self._draft.parked.append(park_worker(worker, error, plant=other.plant))
        if elsewhere.sure:
            yield from projection.endings(
                worker,
                reason=f"works in plant {place.plant} now",
                here=place.plant,
                elsewhere=elsewhere.plants if move is None else {*elsewhere.plants, move.origin},
                known=self._known.__contains__,
            )

    def _present(
        self, projection: Projection, worker: Worker, place: Place, move: Move | None = None
    ) -> Iterator[Desired]:
        """One of the plants a worker works in: the employee and what belongs to it."""
        self._check_setup(place.plant, place.needs)
        if move is None and self._gathered.readable("plex", "employee", place.plant):
            self._check_creatable(projection, worker, reference("employee", plant=place.plant, key=place.key))
        if place.closed:
            self._draft.parked.append(
                park_staying(worker, place, self._centers.say_closed(place.cost_center_source, plant=place.plant))
            )
        employee, waiting = projection.employee(worker, place, people=self._people, known=self._known.__contains__)
        if waiting is not None:
            self._draft.parked.append(park_waiting(waiting, key=worker.employee_id))
        if move is not None:  # nobody leaves before what the new plant is to hold of them is known
            changes, self._arrived["employee", place.plant, place.key] = render_move(place, move)
            self._draft.changes += changes
            there = self._find_in_plex("employee_attributes", move.origin, place.key)
            if there is not None:
                self._arrived["employee_attributes", place.plant, place.key] = bring_attributes(there, move)
            employee = after_move(employee)
        yield self._noted(worker, place, employee)
        attributes = projection.attributes(worker, place)
        if self._plex_owns_centers:  # not created by us: who points to it waits for it
            center = reference("cost_center", plant=place.plant, key=place.cost_center)
            attributes = msgspec.structs.replace(attributes, needs=(*attributes.needs, center))
        yield attributes

    def _noted(self, worker: Worker, place: Place, employee: Desired) -> Desired:
        """The employee with a word on a conversion that was entered late; only who has several profiles was converted."""
        held = self._find_in_plex("employee", place.plant, place.key) if worker.key in self._others else None
        worn = held.fields.get("badge_number") if held is not None else None
        note = note_conversion(worker, worn=worn, today=self._gathered.today[place.plant])
        return msgspec.structs.replace(employee, note=note) if note else employee

    def _ahead(self, worker: Worker, *, after: date) -> list[tuple[date, Worker]]:
        """What somebody will be after a day, whichever profile speaks for them then, in the order of days."""
        profiles = [each for each in (worker.key, *self._others.get(worker.key, ())) if self._outbox.knows(each)]
        told = (one for profile in profiles for one in self._outbox.ahead(profile, after=after))
        return sorted(told, key=itemgetter(0))

    def _is_stuck(self, worker: Worker, place: Place) -> bool:
        """Whether somebody is between two plants, and nothing is written before that is settled (PX-07)."""
        stuck = self._between(worker) or self._moves.stuck.get((place.plant, worker.key))
        if stuck is not None:
            self._draft.parked.append(stuck[1])
        return stuck is not None

    def _between(self, worker: Worker) -> tuple[str | None, Parked] | None:
        """
        In which plant somebody is whose transfer was sent, and how they are shown while it is not settled.

        What Plex took may still come true; and where the two plants show more or less than one record, or cannot both
        be read, nothing is created or ended on a guess.
        """
        intent = self._moving.get(worker.key)
        if intent is None:
            return None
        change = intent.change
        plants = (change.origin, change.plant)
        verdict = judge_transfer(change, self._homes.get(change.key, ()))
        read = all(self._gathered.readable("plex", "employee", plant) for plant in plants)
        if verdict in SPLIT and read:
            reason, remedy = tell_split(change, verdict)
            return None, park_between(change, code=verdict, reason=reason, remedy=remedy)
        under_way = verdict == "absent" and intent.state in {"accepted", "sending"}
        if under_way or (verdict == "in_none" and not read):
            return change.origin if under_way else None, park_between(
                change,
                code="not_confirmed",
                reason=tell_not_shown(change),
                remedy=_LOOKS_AGAIN.format(key=change.source),
            )
        return None

    def _ended(self, projection: Projection, worker: Worker, reason: str) -> Iterator[Desired]:
        known = projection.endings(worker, reason=reason, here=None, known=self._known.__contains__)
        told = False
        for item in known:
            due = projection.due(worker, plant=item.plant)
            if due is not None:
                self._draft.pending.append(due)
                told = True
            if due is None or (due.begins and self._is_ours(item)):
                yield item
        coming = None if known else projection.coming(worker)
        if coming is not None:
            self._draft.pending.append(coming)
        elif not told:
            ahead = self._ahead(worker, after=min(self._gathered.today.values()))
            self._draft.pending += projection.to_come(worker, None, ahead=ahead)
        if not known and coming is None:
            self._draft.noop += 1  # nobody Plex ever heard of

    def _is_ours(self, item: Desired) -> bool:
        """Whether both sides agreed on the record before: what a plant made ready for a newcomer is left alone."""
        return bool(self._baselines.baseline(item.type, item.plant, keys=[item.key]))

    def _is_worn_by_another(self, worker: Worker, plant: str, key: str) -> bool:
        """Whether an employee we did not write wears the worker's number; then the worker waits for a decision."""
        wearer = self._badges.get((plant, badge(worker)), key)
        if wearer == key:
            return False
        number = worker.employee_id
        error = RecordError(
            f"badge {badge(worker)} is worn by another employee of plant {plant} ({wearer})",
            code="badge_in_use",
            waiting_for=f"badge {badge(worker)} in plant {plant}",
            remedy=(
                f"if it is the same person: ml-connector links relink {number} --plex {badge(worker)} --plant {plant}   "
                "(everybody at once: ml-connector links match); never two records"
            ),
        )
        self._draft.parked.append(park_worker(worker, error, plant=plant))
        return True

    def _check_setup(self, plant: str, needs: Iterable[str]) -> None:
        """Setup tables first (PX-04); a table that could not be read is not held against the worker."""
        for need in needs:
            kind, _, key = need.split("|", 2)
            if need not in self._known and self._gathered.readable("plex", kind, plant):
                raise RecordError(
                    f"setup_missing: {kind.capitalize()}='{key}' does not exist in plant {plant}",
                    code="setup_missing",
                    waiting_for=f"{kind} {key} in plant {plant}",
                    remedy=f"add it to the {kind} setup table of plant {plant} in Plex, or map to another one",
                )

    def _compare(self, kind: str, plant: str, items: list[Desired]) -> None:
        source, target = (Owner.WORKDAY, Owner.PLEX) if plant else (Owner.PLEX, Owner.WORKDAY)
        extract = self._gathered.extracts[target.value, kind, plant]
        keys = [item.key for item in items]
        held = find_held(self._snapshots, extract, keys=keys)
        agreed = self._baselines.baseline(kind, plant, keys=keys)
        for item in items:
            actual = held.get(item.key) or self._arrived.get((kind, plant, item.key))
            parked = len(self._draft.parked)
            decision = decide(
                item,
                actual,
                baseline=agreed.get(item.key),
                status_inactive=self._connection.plex.status_inactive,
                owned=self._owned[source],
                sides=Sides(source=source.name.capitalize(), target=target.name.capitalize()),
            )
            if decision is None:
                self._draft.noop += 1
                # An ending that came true without our knowing leaves nothing agreed; one we never wrote, nothing new.
                nothing = None if item.state == "present" else item.fields
                doubted = (item.type, item.plant, item.source) in self._doubted
                if doubted or agreed.get(item.key, nothing) != item.fields:
                    self._draft.agreed.append(item)
                elif item.state == "present":
                    self._steady.note(item)
            else:
                self._add(item, actual, decision)
            if self._witness.wanted:
                self._witness.note(Compared(item, actual, agreed.get(item.key), decision), self._draft.parked[parked:])

    def _add(self, item: Desired, actual: PlexRecord | None, decision: Decision) -> None:
        try:
            today = self._gathered.as_of.effective_on.isoformat()
            changes = list(render(item, actual, decision, texts=self._connection.plex, today=today))
        except RecordError as error:
            self._draft.parked.append(park_desired(item, error))
            return
        refused = [self._refused[change.content_hash] for change in changes if change.content_hash in self._refused]
        if refused:
            self._draft.parked += refused
        else:
            self._draft.changes += changes

    def _in_order(self) -> list[Change]:
        ordered: list[Change] = []
        for change, lacking in part_orphans(in_order(self._draft.changes), lacks=self._is_lacking):
            if lacking is None:
                ordered.append(change)
            else:
                self._draft.parked.append(park_orphan(change, lacking))
                self._witness.note_orphan(change, self._draft.parked[-1])
        return ordered

    def _is_lacking(self, change: Change, need: str) -> bool:
        """A setup table that cannot be read is not held against a record; an employee has to be seen."""
        kind, plant, _key = need.split("|", 2)
        if self._gathered.readable("plex", kind, plant):
            return need not in self._in_plex
        if kind != "employee":
            return False
        # Whoever both sides agreed on may be pointed to, but nothing is written beside a record nobody can see.
        return change.type == "employee_attributes" or need not in self._known


def _is_center(record: Desired) -> bool:
    """Whether it says which cost centers there are, or that one is no more."""
    return record.type == "cost_center" or (record.type, record.state) == ("department", "ended")


def _seat(place: Place) -> Seat:
    return Seat(place.plant, str(place.fields["position"]), str(place.fields["department"]))


def _chunks(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while chunk := list(islice(items, size)):
        yield chunk
