"""
What each plant should hold of one worker, and what of it waits: the second look at everybody, once all are placed.

Whatever cannot be decided is parked in the draft with what it waits for; what lies ahead is told with its day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, date
from operator import itemgetter

import msgspec

from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.desired import Desired, reference
from ml_connector.mapping.placement import Elsewhere, Place
from ml_connector.mapping.plausible import check_plausible
from ml_connector.mapping.projection import Projection, badge, is_converted_late
from ml_connector.mapping.routing import PLANTLESS
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.draft import Draft
from ml_connector.sync.entered import Entered, note_conversion
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.parking import (
    STILL_ANOTHERS,
    badge_in_use,
    holds_anothers,
    note_closed,
    park_staying,
    park_waiting,
    park_worker,
)
from ml_connector.sync.population import Learnt
from ml_connector.sync.transfer import Move, Moves, after_move, bring_attributes, render_move
from ml_connector.sync.under_way import UnderWay
from ml_connector.sync.witness import Witness
from ml_connector.timeline.outbox import Outbox


class Wishes:
    """
    Says what is wanted of one worker after the other. *arrived* are records that a transfer brings, as they will be.
    """

    def __init__(
        self,
        draft: Draft,
        *,
        learnt: Learnt,
        today: Mapping[str, date],
        lookup: Lookup,
        baselines: BaselineStore,
        moves: Moves,
        under_way: UnderWay,
        outbox: Outbox,
        entered: Entered,
        others: Mapping[str, Collection[str]],
        centers: CenterDays,
        plex_owns_centers: bool,
        witness: Witness,
        only_primary: bool,
        left_behind: Callable[[], Collection[tuple[str, str]]],
    ) -> None:
        """
        *others* are the other profiles of who has several; with *only_primary* Workday's surface tells no other job.

        *left_behind* gives the records of a move that broke off: the new plant has the person, the old one was to end
        them.
        """
        self._draft, self._learnt, self._today, self._lookup = draft, learnt, today, lookup
        self._baselines, self._moves, self._under_way = baselines, moves, under_way
        self._outbox, self._entered, self._others, self._centers = outbox, entered, others, centers
        self._plex_owns_centers, self._witness = plex_owns_centers, witness
        self._only_primary, self._left_behind = only_primary, left_behind
        self._owners: dict[str, dict[str, str]] = {}
        self.arrived: dict[tuple[str, str, str], PlexRecord] = {}

    def of(self, projection: Projection, worker: Worker) -> Iterator[Desired]:
        """The worker's records in every plant: to be there, or to be ended."""
        if not projection.in_scope(worker):
            self._draft.noop += 1
            ahead = self._ahead(worker, after=min(self._today.values()))
            entering = [(day, then) for day, then in ahead if projection.in_scope(then)]  # converted then (ED-14)
            self._draft.pending += projection.coming.changes(worker, None, ahead=entering)
            self._witness.leave_out(worker)
            return
        try:
            yield from self._wanted_of(projection, worker)
        except RecordError as error:
            self._draft.parked.append(park_worker(worker, error))

    def _wanted_of(self, projection: Projection, worker: Worker) -> Iterator[Desired]:
        self._check_early(worker)
        check_plausible(worker, today=projection.day_of(worker))
        ending = projection.ending(worker)
        if ending is not None:
            yield from self._ended(projection, worker, ending)
            return
        try:
            place = projection.place(worker)
        except RecordError as error:
            if error.code not in PLANTLESS:
                raise
            self._draft.parked.append(park_worker(worker, error))
            yield from self._only_beside(projection, worker)
            return
        due = projection.coming.due(worker, plant=place.plant)
        if due is not None:
            self._draft.pending.append(due)
            if due.begins:
                return
        ahead = self._ahead(worker, after=self._today[place.plant])
        self._draft.pending += projection.coming.changes(worker, place, ahead=ahead)
        if self._is_worn_by_another(projection, worker, place) or self._is_stuck(worker, place):
            return
        elsewhere = projection.elsewhere(worker, place)
        self._draft.pending += elsewhere.pending
        move = self._moves.going.get((place.plant, worker.key))
        yield from self._present(projection, worker, place, move)
        yield from self._beside(projection, worker, elsewhere)
        left = projection.endings(
            worker,
            reason=f"works in plant {place.plant} now",
            here=place.plant,
            elsewhere=elsewhere.plants if move is None else {*elsewhere.plants, move.origin},
            known=self._learnt.known.__contains__,
        )
        # Who is at work here already did not come from there: there may be another job that this surface does not tell.
        if left and self._only_primary and self._lookup.is_active(place.plant, place.key):
            left = [item for item in left if (item.plant, item.key) in self._left_behind()]
        if elsewhere.sure:
            for item in left:
                yield from self._given_back(projection, worker, item)

    def _only_beside(self, projection: Projection, worker: Worker) -> Iterator[Desired]:
        """
        The records of somebody whose primary job is in no plant that can be named: where their other jobs are, if they
        have any (WP-06).

        Nothing is ended: the route may be missing, or what it goes by, and not the job (WP-08).
        """
        elsewhere = projection.elsewhere(worker, None)
        due = [
            due for place in elsewhere.places if (due := projection.coming.due(worker, plant=place.plant)) is not None
        ]
        self._draft.pending += [*due, *elsewhere.pending]
        stuck = self._under_way.find(worker)
        if stuck is not None:
            self._draft.parked.append(stuck[1])
        elif not any(each.begins for each in due):
            yield from self._beside(projection, worker, elsewhere)

    def _beside(self, projection: Projection, worker: Worker, elsewhere: Elsewhere) -> Iterator[Desired]:
        """What the jobs beside the primary one ask for: in each of their plants a record of its own (WP-06, WP-07)."""
        for plant, error in elsewhere.waiting:
            self._draft.parked.append(park_worker(worker, error, plant=plant))
        for other in elsewhere.places:
            if self._is_worn_by_another(projection, worker, other):
                continue
            try:
                yield from self._present(projection, worker, other)
            except RecordError as error:
                self._draft.parked.append(park_worker(worker, error, plant=other.plant))

    def _present(
        self, projection: Projection, worker: Worker, place: Place, move: Move | None = None
    ) -> Iterator[Desired]:
        """One of the plants a worker works in: the employee and what belongs to it."""
        self._check_setup(place.plant, place.needs)
        name = reference("employee", plant=place.plant, key=place.key)
        if move is None and name not in self._learnt.in_plex and self._lookup.readable("plex", "employee", place.plant):
            projection.check_creatable(worker)
        if place.closed:
            self._draft.parked.append(
                park_staying(worker, place, self._centers.say_closed(place.cost_center_source, plant=place.plant))
            )
        employee, waiting = projection.employee(
            worker, place, people=self._learnt.people, known=self._learnt.known.__contains__
        )
        if waiting is not None:
            self._draft.parked.append(park_waiting(waiting, key=worker.known_as))
        if move is not None:  # nobody leaves before what the new plant is to hold of them is known
            changes, self.arrived["employee", place.plant, place.key] = render_move(place, move)
            self._draft.changes += changes
            there = self._lookup.plex("employee_attributes", move.origin, place.key)
            if there is not None:
                self.arrived["employee_attributes", place.plant, place.key] = bring_attributes(there, move)
            employee = after_move(employee)
        yield self._noted(worker, place, employee)
        attributes = projection.attributes(worker, place)
        if self._plex_owns_centers:  # not created by us: who points to it waits for it
            center = reference("cost_center", plant=place.plant, key=place.cost_center)
            attributes = msgspec.structs.replace(attributes, needs=(*attributes.needs, center))
        yield attributes

    def _noted(self, worker: Worker, place: Place, employee: Desired) -> Desired:
        """
        The employee with a word on a closed cost center, or on a conversion that comes late; only who has several
        profiles was converted.
        """
        if place.closed:
            employee = msgspec.structs.replace(employee, note=note_closed(place))
        held = self._lookup.plex("employee", place.plant, place.key) if worker.key in self._others else None
        worn = held.fields.get("badge_number") if held is not None else None
        hired_on = worker.hired_on
        if not isinstance(hired_on, date) or not is_converted_late(worker, worn=worn, today=self._today[place.plant]):
            return employee
        profiles = (worker.key, *self._others[worker.key])
        told = self._entered.hire(worker, profiles=profiles, plant=place.plant)
        return msgspec.structs.replace(
            employee, note="; ".join(filter(None, [employee.note, note_conversion(hired_on, told)]))
        )

    def _check_early(self, worker: Worker) -> None:
        """
        Believe nothing of a worker before all that was told of them has been entered.

        Raises:
            RecordError: something was told too early; the message shows both moments.
        """
        for profile in (worker.key, *self._others.get(worker.key, ())):
            early = self._outbox.early(profile)
            if early is not None:
                raise RecordError(
                    f"Workday's log tells what takes effect on {early.effective_on} as entered at "
                    f"{early.entered_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, and by Workday's own clock it was "
                    f"{early.told_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC then",
                    code="entered_ahead",
                    waiting_for="that moment by Workday's clock",
                    remedy="it goes by itself with the first run after that moment; the time of Workday's servers is Workday's",
                )

    def _ahead(self, worker: Worker, *, after: date) -> list[tuple[date, Worker]]:
        """What somebody will be after a day, whichever profile speaks for them then, in the order of days."""
        profiles = [each for each in (worker.key, *self._others.get(worker.key, ())) if self._outbox.knows(each)]
        told = (
            (day, msgspec.structs.replace(then, key=worker.key))
            for profile in profiles
            for day, then in self._outbox.ahead(profile, after=after)
        )
        return sorted(told, key=itemgetter(0))

    def _is_stuck(self, worker: Worker, place: Place) -> bool:
        """Whether somebody is between two plants, and nothing is written before that is settled (PX-07)."""
        stuck = self._under_way.find(worker) or self._moves.stuck.get((place.plant, worker.key))
        if stuck is not None:
            self._draft.parked.append(stuck[1])
        return stuck is not None

    def _ended(self, projection: Projection, worker: Worker, reason: str) -> Iterator[Desired]:
        known = projection.endings(worker, reason=reason, here=None, known=self._learnt.known.__contains__)
        told = False
        for item in known:
            due = projection.coming.due(worker, plant=item.plant)
            if due is not None:
                self._draft.pending.append(due)
                told = True
            if due is None or (due.begins and self._is_ours(item)):
                yield from self._given_back(projection, worker, item)
        coming = None if known else projection.coming.hire(worker)
        if coming is not None:
            self._draft.pending.append(coming)
        elif not told:
            ahead = self._ahead(worker, after=min(self._today.values()))
            self._draft.pending += projection.coming.changes(worker, None, ahead=ahead)
        if not known and coming is None:
            self._draft.noop += 1  # nobody Plex ever heard of

    def _is_ours(self, item: Desired) -> bool:
        """Whether both sides agreed on the record before: what a plant made ready for a newcomer is left alone."""
        return bool(self._baselines.baseline(item.type, item.plant, keys=[item.key]))

    def _given_back(self, projection: Projection, worker: Worker, item: Desired) -> Iterator[Desired]:
        """
        A record that has ended or is to. Where it still wears another worker's badge, as after a join was undone, it is
        first given back its own worker's values, so that the other one can have that badge (WP-01).
        """
        held = None
        if (item.plant, badge(worker)) not in self._learnt.badges:  # nearly always they wear their own
            held = self._lookup.plex("employee", item.plant, item.key)
        worn = "" if held is None else str(held.fields.get("badge_number") or "")
        if not any(person.key != worker.key for person in self._learnt.people.wearing(worn)):
            yield item
            return
        try:
            place = self._own_place(projection, worker, item)
        except RecordError as error:
            told = holds_anothers(error, plant=item.plant, key=item.key, badge=badge(worker))
            self._draft.parked.append(park_worker(worker, told, plant=item.plant))
            place, item = None, msgspec.structs.replace(item, note=STILL_ANOTHERS)
        if place is None:
            yield msgspec.structs.replace(item, fields=projection.personal(worker))
        else:
            own, _waiting = projection.employee(
                worker, place, people=self._learnt.people, known=self._learnt.known.__contains__
            )
            fields = {name: value for name, value in own.fields.items() if name != "status"}
            needs = item.needs  # an ending says nothing of a department or a supervisor
            if not self._lookup.is_active(item.plant, item.key):
                needs += own.needs
            yield msgspec.structs.replace(item, fields=fields, spoken=own.spoken, rows=own.rows, needs=needs)
        attributes = self._lookup.plex("employee_attributes", item.plant, item.key)
        if attributes is not None:
            center = attributes.fields.get("cost_center") if place is None else place.cost_center
            kept = {"external_employee_id": worker.employee_id, "cost_center": center}
            yield msgspec.structs.replace(item, type="employee_attributes", state="present", fields=kept, needs=())

    def _own_place(self, projection: Projection, worker: Worker, item: Desired) -> Place | None:
        """
        Where somebody worked last, if that is where a record of theirs is that holds another worker's values.

        Raises:
            RecordError: that cannot be told.
        """
        place = projection.place(worker)
        if place.plant != item.plant:
            return None  # they never worked there: only the name is theirs
        self._check_setup(place.plant, place.needs)
        return place

    def _is_worn_by_another(self, projection: Projection, worker: Worker, place: Place) -> bool:
        """Whether another employee wears the worker's number; then the worker waits for a decision, or for that one."""
        plant = place.plant
        wearer = self._learnt.badges.get((plant, badge(worker)), place.key)
        if wearer == place.key:
            return False
        owner = self._owner_of(projection, plant, wearer)
        profiles = (worker.key, *self._others.get(worker.key, ()))
        left = any(wearer in projection.ids_of(profile).values() for profile in profiles)
        error = badge_in_use(badge(worker), plant=plant, wearer=wearer, number=worker.known_as, owner=owner, left=left)
        self._draft.parked.append(park_worker(worker, error, plant=plant))
        return True

    def _owner_of(self, projection: Projection, plant: str, key: str) -> str | None:
        """The typed id of whose record it is in that plant; None where it is nobody's of all who are shown."""
        if plant not in self._owners:
            everybody = self._learnt.people.everybody()
            self._owners[plant] = {projection.id_in(plant, one.key): me for me, one in everybody}
        return self._owners[plant].get(key)

    def _check_setup(self, plant: str, needs: Iterable[str]) -> None:
        """Setup tables first (PX-04); a table that could not be read is not held against the worker."""
        for need in needs:
            kind, _, key = need.split("|", 2)
            if need not in self._learnt.known and self._lookup.readable("plex", kind, plant):
                raise RecordError(
                    f"setup_missing: {kind.capitalize()}='{key}' does not exist in plant {plant}",
                    code="setup_missing",
                    waiting_for=f"{kind} {key} in plant {plant}",
                    remedy=f"add it to the {kind} setup table of plant {plant} in Plex, or map to another one",
                )
