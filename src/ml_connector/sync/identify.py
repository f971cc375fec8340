"""
Who the workers of an extraction are: profiles seen for the first time are told apart and written down, before planning.

Only new profiles are looked at, so a day with a hundred thousand known workers costs one question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from ml_connector.audit.event import AuditAction
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError
from ml_connector.review.store import Parked
from ml_connector.snapshot.extract import Extract
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.sync.contested import find_contests, tell_contest
from ml_connector.sync.parking import park_worker
from ml_connector.sync.placed.remembered import Placed
from ml_connector.sync.run import Run
from ml_connector.sync.tools import SyncTools
from ml_connector.timeline.identity import (
    WID,
    Alias,
    Identified,
    NameOwner,
    Seen,
    aliases_of,
    governing,
    identify,
    is_at_work,
    news_of,
)

_BATCH = 500


class Identities(msgspec.Struct, frozen=True, kw_only=True):
    """
    *joined* are profiles (WID) that belong to a person another profile was seen as first; *adopted* the Plex records
    somebody chose, by (plant, person); *questions* the profiles nobody can place, as they are parked; *contested* the
    people who would be one Plex record with somebody else, and why nothing is written of them. *unshown* are, by
    person, the profiles of who has several that Workday does not show now and that were at work when it last did.
    """

    joined: Mapping[str, str] = {}
    adopted: Mapping[tuple[str, str], str] = {}
    questions: Mapping[str, Parked] = {}
    contested: Mapping[str, RecordError] = {}
    unshown: Mapping[str, Sequence[Worker]] = {}

    def people(
        self, workers: Iterator[Worker | Placed], conflicts: dict[str, Parked], unplaced: dict[str, Worker]
    ) -> Iterator[Worker | Placed]:
        """
        Yield one worker a person, under the person's key: the profile that speaks for them.

        Who has two active profiles at once, or another's Plex record, is put into *conflicts* instead. The profiles of
        all who are not yielded are put into *unplaced*, by WID, under the person's key.
        """
        several = set(self.joined.values())
        together: dict[str, list[Worker]] = {}
        for worker in workers:
            if worker.key in self.questions:
                if isinstance(worker, Worker):
                    unplaced[worker.key] = worker
                continue
            person = self.joined.get(worker.key, worker.key)
            if (person in several or person in self.contested) and isinstance(worker, Worker):
                together.setdefault(person, []).append(worker)
            else:
                yield worker
        for person, profiles in together.items():
            try:
                if person in self.contested:
                    raise self.contested[person]
                speaks = governing([*profiles, *self.unshown.get(person, ())])
                if speaks in profiles:  # not being shown decides nothing, nor lets another profile decide (CC-11)
                    yield msgspec.structs.replace(speaks, key=person)
            except RecordError as error:
                conflicts[person] = park_worker(profiles[0], error)
                unplaced |= {each.key: msgspec.structs.replace(each, key=person) for each in profiles}

    def others(self) -> dict[str, list[str]]:
        """By person, the profiles that joined the one they were first seen as."""
        found: dict[str, list[str]] = {}
        for profile, person in self.joined.items():
            found.setdefault(person, []).append(profile)
        return found

    def odd(self) -> set[str]:
        """The profiles and people that something else than their own Workday record decides about."""
        adopted = {person for _plant, person in self.adopted}
        return {*self.joined, *self.joined.values(), *self.questions, *self.contested} | adopted

    def told(self) -> list[object]:
        """What a plan follows from of it."""
        return [dict(self.joined), {"|".join(place): plex_id for place, plex_id in self.adopted.items()}]


def identify_workers(tools: SyncTools, run: Run, extract: Extract | None, *, today: date) -> Identities:
    """Write down whom the extraction shows for the first time, and give what is known of everybody."""
    questions: dict[str, Parked] = {}
    for batch in _batches(tools, extract):
        met, asked = _meet(tools, batch.workers, settled=batch.settled)
        questions |= asked
        if batch.workers:
            _write_down(tools, run, met)
    _learn_renumbered(tools, run, extract)
    return _identities(tools, extract, today=today, joined=tools.links.joined(), questions=questions)


def _identities(
    tools: SyncTools,
    extract: Extract | None,
    *,
    today: date,
    joined: Mapping[str, str],
    questions: Mapping[str, Parked],
) -> Identities:
    adopted = tools.links.adopted()
    return Identities(
        joined=joined,
        adopted=adopted,
        questions=questions,
        contested=_contested(tools, adopted),
        unshown={} if extract is None else _unshown(tools, extract, joined, today=today),
    )


def _unshown(
    tools: SyncTools, extract: Extract, joined: Mapping[str, str], *, today: date
) -> dict[str, Sequence[Worker]]:
    """The profiles of who has several that are not shown now, and were at work when they last were, by person."""
    several = joined.keys() | set(joined.values())
    gone = several.intersection(tools.snapshots.vanished(extract.scope, extract_id=extract.id)) if several else ()
    found: dict[str, Sequence[Worker]] = {}
    for wid, worker in tools.snapshots.find(extract.scope, keys=sorted(gone), of=Worker).items():
        if is_at_work(worker, today=today):
            person = joined.get(wid, wid)
            found[person] = (*found.get(person, ()), worker)
    return found


def _contested(tools: SyncTools, adopted: Mapping[tuple[str, str], str]) -> dict[str, RecordError]:
    plants = tools.connection.plex.pcns
    tenant = tools.connection.workday.tenant
    contests = find_contests(adopted, people=tools.links.people(), tenant=tenant, plants=plants)
    found = sorted({one for contest in contests for one in contest.people})
    shown = tools.snapshots.find(Scope(tools.name, "workday", RecordType.WORKER), keys=found, of=Worker)
    numbers = {key: worker.known_as for key, worker in shown.items()}
    return {one: tell_contest(contest, numbers=numbers) for contest in contests for one in contest.people}


def _learn_renumbered(tools: SyncTools, run: Run, extract: Extract | None) -> None:
    """
    Write down the new number of whoever is known by WID and got one (WP-01); it may be anybody's who has it by then.
    """
    changed = sorted(extract.changed) if extract is not None else []
    for start in range(0, len(changed), _BATCH):
        batch = changed[start : start + _BATCH]
        workers = tools.snapshots.find(extract.scope, keys=batch, of=Worker, extract_id=extract.id) if extract else {}
        people = tools.links.find([Alias(WID, wid) for wid in workers])
        numbers = {Alias(each.worker_type, each.employee_id): each.key for each in workers.values()}
        known = tools.links.find(list(numbers))
        news = {
            number: Seen(people[Alias(WID, wid)].person, wid)
            for number, wid in numbers.items()
            if number not in known and Alias(WID, wid) in people
        }
        if news:
            with run.transaction() as tx:
                tools.links.learn(tx, news, by=tools.actor, at=tools.clock())


def recognize_workers(tools: SyncTools, extract: Extract | None, *, today: date) -> Identities:
    """The same, and nothing is written down."""
    questions: dict[str, Parked] = {}
    joined = tools.links.joined()
    for batch in _batches(tools, extract):
        met, asked = _meet(tools, batch.workers, settled=batch.settled)
        questions |= asked
        joined |= {each.worker.key: each.person for each in met if each.person != each.worker.key}
    return _identities(tools, extract, today=today, joined=joined, questions=questions)


class _Batch(NamedTuple):
    workers: Sequence[Worker]
    settled: bool


def _batches(tools: SyncTools, extract: Extract | None) -> Iterator[_Batch]:
    """The workers of an extraction whom nobody knows yet; *settled* tells whether anybody was known before."""
    if extract is None:
        return
    settled = tools.links.any()
    for some in tools.strangers.find(extract.scope, extract_id=extract.id, size=_BATCH):
        workers = tools.snapshots.find(extract.scope, keys=some, of=Worker, extract_id=extract.id)
        yield _Batch(list(workers.values()), settled)


def _meet(tools: SyncTools, workers: Sequence[Worker], *, settled: bool) -> tuple[list[Identified], dict[str, Parked]]:
    """Tell who each new profile is; somebody met a moment ago counts already."""
    if not workers:
        return [], {}
    known = tools.links.find([name for worker in workers for name in aliases_of(worker)])
    universals = tools.links.universal_ids(sorted({each.person for each in known.values()}))
    met: list[Identified] = []
    questions: dict[str, Parked] = {}
    for worker in sorted(workers, key=lambda each: each.key):
        try:
            found = identify(worker, known, settled=settled, universals=universals)
        except RecordError as error:
            questions[worker.key] = park_worker(worker, error)
            continue
        met.append(found)
        known |= {name: NameOwner(seen.person) for name, seen in news_of([found], known).items()}
        if isinstance(worker.universal_id, str):
            universals.setdefault(found.person, set()).add(worker.universal_id)
    return met, questions


def _write_down(tools: SyncTools, run: Run, met: Sequence[Identified]) -> None:
    now = tools.clock()
    events = [
        run.event(
            AuditAction.LINK_CHANGED,
            f"worker//{each.worker.known_as}",
            now,
            reason=f"is known already, by the {each.how.kind} id of an earlier profile",
        )
        for each in met
        if each.how is not None
    ]
    with run.transaction() as tx:
        tools.links.learn(tx, news_of(met, {}), by=tools.actor, at=now)
        tools.trail.append(tx, events)
