"""
From two snapshots to a list of changes, in referential order, with what waits and what is held.

Two passes over the workers: `population` places everybody, because supervisors are other workers; then `wishes` says
what is wanted of each, and it is compared, a batch at a time, so that memory holds changes and never populations of
records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property, partial
from itertools import islice
from typing import TypeVar

import msgspec

from ml_connector.canonical.organization import CostCenter
from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.cost_centers import want_cost_centers
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.desired import Desired, reference
from ml_connector.mapping.fill import GROUPS, FillWatch, grant_for
from ml_connector.mapping.projection import Projection
from ml_connector.mapping.rules import Owner
from ml_connector.review.store import Parked
from ml_connector.settings.model import Connection
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.allowance import Lately
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.belief import missing_fields
from ml_connector.sync.change import Change
from ml_connector.sync.comparison import Comparison
from ml_connector.sync.draft import Draft
from ml_connector.sync.entered import Entered
from ml_connector.sync.garbage import looking_seldom
from ml_connector.sync.gather import Gathered
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.identify import Identities
from ml_connector.sync.intent import Intent
from ml_connector.sync.lately import look_back
from ml_connector.sync.linked import hold_unlinked
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.order import in_order, part_orphans, with_what_they_need
from ml_connector.sync.parking import park_orphan, park_waiting
from ml_connector.sync.placed.remembered import Placed, Remembered, sum_up_around
from ml_connector.sync.placed.store import PlacedStore
from ml_connector.sync.policy import Approvals, guard_changes
from ml_connector.sync.population import Learnt, Population
from ml_connector.sync.references import References
from ml_connector.sync.sent.store import SentStore
from ml_connector.sync.steady import RECORDS as RECORDS_OF_ONE
from ml_connector.sync.steady import Around, Steady, sum_up_settings
from ml_connector.sync.transfer import Moves
from ml_connector.sync.under_way import UnderWay
from ml_connector.sync.upstream import hold_unwritable, owners_of, read_plants
from ml_connector.sync.wishes import Wishes
from ml_connector.sync.witness import Witness
from ml_connector.timeline.outbox import Outbox

_T = TypeVar("_T")
_BATCH = 500


class Planner:
    """Draws up one plan. Reads snapshots and baselines, writes nothing."""

    def __init__(
        self,
        *,
        name: str,
        connection: Connection,
        crosswalk: Crosswalk,
        snapshots: SnapshotStore,
        history: HistoryStore,
        sent: SentStore,
        baselines: BaselineStore,
        placed: PlacedStore,
        gathered: Gathered,
        refused: Mapping[str, Parked],
        who: Identities,
        outbox: Outbox,
        entered: Entered,
        moving: Mapping[str, Intent],
        witness: Witness | None = None,
        anew: bool = False,
    ) -> None:
        """
        *refused* is what is not to be sent again by itself, by content; *moving* the unsettled transfers, by person.

        With *anew* everybody is decided about, whether or not anything of it changed since they were found in step.
        """
        self.left_out = self.as_before = 0
        self._name, self._connection = name, connection
        self._history = history
        self._sent = sent
        self._baselines = baselines
        self._gathered = gathered
        self._refused = refused
        self._who, self._others = who, who.others()
        self._outbox, self._entered = outbox, entered
        self._anew = anew or witness is not None
        self._witness = witness or Witness("")
        self._conflicts: dict[str, Parked] = {}
        self._unplaced: dict[str, Worker] = {}
        self._draft, self._learnt = Draft(), Learnt()
        self._plex_owns_centers = owners_of(connection).cost_centers is Owner.PLEX
        self._snapshots = snapshots
        self._lookup = Lookup(gathered, snapshots, status_inactive=connection.plex.status_inactive)
        self._crosswalk = crosswalk.knowing(self._lookup.wids)
        self._moves = Moves(
            tenants={plant.pcn: plant.tenant_id for plant in connection.plex.plants},
            status_inactive=connection.plex.status_inactive,
            load=partial(self._lookup.plex, "employee"),
            refused=refused,
        )
        self._under_way = UnderWay(moving, homes=self._learnt.homes, lookup=self._lookup)
        self._steady = Steady(
            anew=self._anew,
            ahead=outbox.knows,
            others=self._others,
            in_plex=self._learnt.in_plex,
            shown=self._lookup.plex_hashes,
            found=baselines.in_step,
        )
        self._remembered = Remembered(
            around=sum_up_around(gathered, connection=connection, crosswalk=crosswalk.version, centers=self._centers),
            today=gathered.today,
            kept=placed.kept,
            in_plex=self._learnt.in_plex,
            homes=self._learnt.homes,
            odd=who.odd() | moving.keys(),
            ahead=outbox.knows,
        )

    @cached_property
    def _population(self) -> Population:
        return Population(
            self._learnt,
            today=self._gathered.today,
            lookup=self._lookup,
            baselines=self._baselines,
            moves=self._moves,
            under_way=self._under_way,
            steady=self._steady,
            remembered=self._remembered,
            refused={(item.plant, item.key) for item in self._refused.values() if item.type == "employee"},
        )

    @cached_property
    def _wishes(self) -> Wishes:
        return Wishes(
            self._draft,
            learnt=self._learnt,
            today=self._gathered.today,
            lookup=self._lookup,
            baselines=self._baselines,
            moves=self._moves,
            under_way=self._under_way,
            outbox=self._outbox,
            entered=self._entered,
            others=self._others,
            centers=self._centers,
            plex_owns_centers=self._plex_owns_centers,
            witness=self._witness,
            only_primary=self._connection.workday.surface != "soap",
            left_behind=cache(self._history.left_behind),
        )

    @cached_property
    def _references(self) -> References:
        return References(
            self._draft,
            learnt=self._learnt,
            today=self._gathered.today,
            plants=self._connection.plex.plants,
            crosswalk=self._crosswalk,
            lookup=self._lookup,
            baselines=self._baselines,
            centers=self._centers,
            plex_owns_centers=self._plex_owns_centers,
        )

    @cached_property
    def _comparison(self) -> Comparison:
        return Comparison(
            self._draft,
            connection=self._connection,
            gathered=self._gathered,
            snapshots=self._snapshots,
            lookup=self._lookup,
            history=self._history,
            baselines=self._baselines,
            refused=self._refused,
            arrived=self._wishes.arrived,
            steady=self._steady,
            witness=self._witness,
        )

    @looking_seldom()
    def draft(self, *, approvals: Approvals, only: Collection[str] = (), keys: Collection[str] = ()) -> Draft:
        """Decide everything and guard all of it; only then keep some types of change, or some records."""
        draft = self._draft
        draft.holds += self._gathered.holds
        draft.not_given = self._gathered.not_given
        draft.parked += self._gathered.parked
        self._population.add_plex()
        missing = self._learn_people(approvals)
        references = list(self._references.wanted())
        wanted = [item for item in references if item.state == "present"]
        self._learnt.known.update(reference(item.type, plant=item.plant, key=item.key) for item in wanted)
        self._comparison.each(references)
        draft.nobody = any(GROUPS[group].stops for group in missing)
        if not draft.nobody:
            self._compare_people(missing)
        self._compare_upstream()
        draft.parked += [*self._who.questions.values(), *self._conflicts.values()]
        self._witness.note_doubt({**self._who.questions, **self._conflicts})
        draft.missed = self._gathered.missed_in_all
        draft.in_step = self._steady.in_step
        draft.today = min(self._gathered.today.values()).isoformat()
        ordered, unwritable = hold_unwritable(self._in_order(), self._connection.workday, name=self._name)
        draft.holds += unwritable
        ordered = hold_unlinked(ordered, self._gathered.holds)
        guard = self._connection.sync.guard
        lately = look_back(self._sent, ordered, sync=self._connection.sync, now=self._gathered.look)
        draft.active = self._learnt.active + self._count_leavers(ordered, lately)
        guarded, holds = guard_changes(
            ordered, population=draft.active, guard=guard, approvals=approvals, lately=lately
        )
        draft.holds += holds
        draft.going = frozenset((it.type, it.plant, it.source) for it in guarded if it.hold is None)
        draft.changes = in_order(
            with_what_they_need(
                guarded,
                lambda change: (
                    (not only or change.type in only) and (not keys or change.key in keys or change.source in keys)
                ),
            )
        )
        return draft

    def _count_leavers(self, changes: Sequence[Change], lately: Lately) -> int:
        """
        Who is active no more because of these endings: a share of the workers is one of those there were before
        (CC-12).
        """
        left = {each.source for each in changes if (each.type, each.action) == ("employee", "deactivate")}
        left |= {each.source for each in lately.sent if each.action == "deactivate"}
        return sum(not self._learnt.people.is_placed(number) for number in left)

    # Learning

    def _learn_people(self, approvals: Approvals) -> frozenset[str]:
        """First pass: where everybody belongs. Returns the groups of fields Workday left out for too many."""
        projection, watch = self._projection(frozenset()), FillWatch()
        for placed_anew in _chunks(self._place(projection, watch), _BATCH):
            had = self._baselines.fill_masks([worker.key for worker in placed_anew])
            for worker in placed_anew:
                watch.add(worker, had=had.get(worker.key))
        self._population.count_as_before()
        for worker in self._not_decided():
            self._population.add_unplaced(projection, worker)
        missing: set[str] = set()
        for each in watch.missing():
            grant = grant_for(each.domain, each.fields, workday=self._connection.workday)
            hold = missing_fields(each, grant=grant)
            if not approvals.cover(hold):
                missing.update(each.groups)
                self._draft.holds.append(hold)
        if not missing:
            # What is held is no measure for the next reading.
            self._draft.fill, self._draft.placed = watch.news, self._remembered.news
        if "personal" in missing:
            # Nobody is created without a name: no report can point to a newcomer.
            self._learnt.known &= self._learnt.in_plex
        self._population.add_unseen()
        return frozenset(missing)

    def _place(self, projection: Projection, watch: FillWatch) -> Iterator[Worker]:
        """Place everybody; yield who is not placed as before."""
        for one in self._everybody():
            if isinstance(one, Worker):
                self._population.add(projection, one)
                yield one
            else:
                watch.add_as_before(one.shown, active=one.active)
                self._population.add_as_before(one)
                self.as_before += 1

    @cached_property
    def _centers(self) -> CenterDays:
        return CenterDays(self._lookup.by_key("cost_center", CostCenter), crosswalk=self._crosswalk)

    def _everybody(self) -> Iterator[Worker | Placed]:
        """Everybody, as a worker only where they have to be placed."""
        if not self._lookup.readable("workday", "worker"):
            return iter(())
        if self._anew:
            return self._people(self._lookup.read("workday", "worker", Worker))
        came = self._lookup.came("workday", "worker")
        return self._people(self._remembered.sift(came, partial(self._lookup.find, "workday", "worker", Worker)))

    def _workers(self, *, leave_out: Collection[str]) -> Iterator[Worker]:
        if self._lookup.readable("workday", "worker"):
            extract = self._gathered.extracts["workday", "worker", ""]
            read = self._snapshots.read(extract.scope, of=Worker, extract_id=extract.id, leave_out=leave_out)
            yield from (one for one in self._people(read) if isinstance(one, Worker))

    def _people(self, read: Iterator[Worker | Placed]) -> Iterator[Worker | Placed]:
        """One a person, as of the day it is where they work."""
        latest = self._gathered.as_of.effective_on
        profiles = self._outbox.on_their_day(read, latest=latest, day_of=self._day_of)
        return self._who.people(profiles, self._conflicts, self._unplaced)

    def _not_decided(self) -> Iterator[Worker]:
        """The profiles nothing is decided about, under the person's key: in doubt, or shown earlier and not now."""
        extract = self._gathered.extracts.get(("workday", "worker", ""))
        if extract is None:
            return
        yield from self._unplaced.values()
        for keys in _chunks(iter(self._snapshots.vanished(extract.scope, extract_id=extract.id)), _BATCH):
            for worker in self._snapshots.find(extract.scope, keys=keys, of=Worker).values():
                yield msgspec.structs.replace(worker, key=self._who.joined.get(worker.key, worker.key))

    def _day_of(self, worker: Worker | Placed) -> date:
        """Which day it is where somebody works; where that cannot be told, the latest."""
        if not isinstance(worker, Worker):
            return self._gathered.as_of.effective_on
        return self._projection(frozenset()).day_of(worker)

    def _on_day(self, worker: Worker, day: date) -> Worker | None:
        """What somebody is on another plant's day, by the profile that speaks for them."""
        told = (self._outbox.on(each, day=day) for each in (worker.key, *self._others.get(worker.key, ())))
        return next((then for then in told if then is not None and then.known_as == worker.known_as), None)

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
            stays=self._lookup.stays,
            homes=self._learnt.homes,
            on_day=self._on_day,
        )

    # Comparing

    def _compare_upstream(self) -> None:
        """The other direction: what Workday should hold of what Plex owns."""
        if not self._plex_owns_centers or not self._lookup.readable("workday", "cost_center"):
            return
        plex = read_plants(self._snapshots, self._gathered.extracts, kind="cost_center")
        wanted = want_cost_centers(
            held={center.key: center for center in self._lookup.read("workday", "cost_center", CostCenter)},
            plex=plex,
            unread=self._gathered.today.keys() - plex.keys(),
            agreed=self._baselines.baseline("cost_center", "").keys(),
            crosswalk=self._crosswalk,
        )
        self._draft.parked += [park_waiting(item) for item in wanted.waiting]
        self._comparison.one("cost_center", "", wanted.records)

    def _compare_people(self, missing: frozenset[str]) -> None:
        """Second pass: employees and their attributes, plant by plant."""
        projection = self._projection(missing)
        settings = sum_up_settings(self._connection, missing)
        steady = self._steady.find(
            Around(projection, self._learnt.people, self._learnt.known, self._comparison.doubted, self._learnt.badges),
            settings=settings,
        )
        self.left_out = len(steady)
        self._draft.noop += len(RECORDS_OF_ONE) * len(steady)
        for workers in _chunks(self._workers(leave_out=steady), _BATCH):
            everything: list[Desired] = []
            for worker in workers:
                wanted = self._wishes.of(projection, worker)
                if worker.key == self._witness.person:
                    wanted = self._witness.watch(worker, wanted, self._draft)
                told = len(self._draft.parked) + len(self._draft.pending)
                items = list(wanted)
                if told != len(self._draft.parked) + len(self._draft.pending):
                    self._steady.give_up(items)
                everything += items
            self._comparison.each(everything)

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
        """
        A setup table that cannot be read is not held against a record; an employee has to be seen, and be at work.
        """
        kind, plant, key = need.split("|", 2)
        if change.action == "deactivate" and kind == "employee":
            return not self._lookup.is_active(plant, key)  # nobody is employed nowhere (WP-09)
        if self._lookup.readable("plex", kind, plant):
            return need not in self._learnt.in_plex
        if kind != "employee":
            return False
        # Whoever both sides agreed on may be pointed to, but nothing is written beside a record nobody can see.
        return change.type == "employee_attributes" or need not in self._learnt.known


def _chunks(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while chunk := list(islice(items, size)):
        yield chunk
