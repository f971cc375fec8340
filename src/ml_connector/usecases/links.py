"""Seeing and deciding who is who: which Workday profiles are one person, and which Plex record a person is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.audit.event import OTHER, AuditAction, AuditEvent
from ml_connector.bootstrap import App
from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import ApprovalRequiredError, ConfigurationError, UsageError
from ml_connector.mapping.people import label
from ml_connector.storage.database import Transaction
from ml_connector.sync.contested import find_owner, may_be_made
from ml_connector.timeline.identity import Seen, aliases_of
from ml_connector.timeline.links.store import Link, LinkStore, Profile
from ml_connector.usecases.join import (
    check_choice,
    check_join,
    check_not_both_at_work,
    check_works_there,
    find_both_at_work,
    moved_by,
    settle,
)
from ml_connector.usecases.known import known_workers
from ml_connector.usecases.own_records import Employees, find_made_ids
from ml_connector.usecases.part import change_back, find_exchanged, find_exchanges, hand_over, plan_parting
from ml_connector.usecases.subjects import find_wid


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """
    A worker whose number a Plex employee wears who is nobody's yet.

    *written* tells that we wrote to that employee before, so that its name proves nothing. *refused* says why the
    worker was not let be that employee, with the *remedy*.
    """

    plant: str
    worker: str
    worker_name: str
    plex_id: str
    plex_name: str
    written: bool = False
    refused: str | None = None
    remedy: str | None = None


def list_links(app: App, *, worker: str | None = None) -> list[Link]:
    """
    People with several profiles, a chosen Plex record, or a decision on who they are; or one person, named by a
    worker's number or WID.

    Raises:
        UsageError: nobody is known under that number.
    """
    store = _store(app)
    found = store.list() if worker is None else store.list(person=_profile(app, store, worker).person)
    return [_tell_apart(app, each) for each in found]


def _tell_apart(app: App, link: Link) -> Link:
    """The link with names; a record that we made for the person and Plex took to another plant is nobody's choice."""
    made = find_made_ids(app, link.person)
    along = {plant: key for plant, key in link.plex.items() if key in made.values()}
    chosen = {plant: key for plant, key in link.plex.items() if plant not in along}
    store = _store(app)
    profiles = store.profiles(link.person)
    shown = known_workers(app, [each.wid for each in profiles])
    named = tuple(
        msgspec.structs.replace(each, number=shown[each.wid].known_as, name=label(shown[each.wid]))
        if each.wid in shown
        else each
        for each in profiles
    )
    return msgspec.structs.replace(
        link, plex=chosen, came_along=along, profiles=named, signed=store.signed(link.person)
    )


def join(app: App, worker: str, *, to: str, accept: bool = False) -> Link:
    """
    Decide that *worker* and *to* are one person: from now on they share one Plex record per plant.

    Raises:
        UsageError: one of them is not known, both are the same profile, or both are at work.
        ApprovalRequiredError: their family names differ, or a Plex record would be nobody's then, and nobody said that
            it may be by *accept*.
    """
    store = _store(app)
    profile, other = _profile(app, store, worker), _profile(app, store, to)
    if profile.wid == other.wid:
        raise UsageError(
            f"{worker} and {to} are the same profile; that would decide nothing",
            remedy=f"ml-connector links relink {worker} --to WORKER   (an earlier one), "
            f"or, if there was none: ml-connector links relink {worker} --new",
        )
    if profile.person != other.person:
        check_not_both_at_work(app, store, profile, other, names=(worker, to))
        if not accept:
            check_join(app, store, profile, other, names=(worker, to))
    moved, at = moved_by(store, profile), app.clock()
    exchanged = [each for each in find_exchanged(app, store, profile.person) if other.person in each.people]
    with app.database.transaction() as tx:
        _write_down(app, tx, store, profile)
        for wid in moved if profile.person != other.person else moved[:1]:
            store.decide(tx, wid, person=other.person, by=app.actor, at=at)
        change_back(tx, store, exchanged)
        _record(app, tx, profile.wid, "is the same person as another worker", accepted=accept, other=other.wid)
        _record(app, tx, other.wid, "is the same person as another worker", accepted=accept, other=profile.wid)
    return _tell_apart(app, store.list(person=other.person)[0])


def separate(app: App, worker: str) -> Link:
    """
    Decide that *worker* is somebody of their own; the other profiles, where there are any, are one person together.

    Raises:
        UsageError: nobody is known under that number.
    """
    store = _store(app)
    profile = _profile(app, store, worker)
    parting, at = plan_parting(app, store, profile), app.clock()
    with app.database.transaction() as tx:
        _write_down(app, tx, store, profile)
        store.decide(tx, profile.wid, person=profile.wid, by=app.actor, at=at)
        if parting is not None:
            for wid in parting.leave:
                store.decide(tx, wid, person=parting.new, by=app.actor, at=at)
            hand_over(app, tx, store, parting, at=at)
            for plant, key in parting.along.items():
                _record(app, tx, parting.new, f"keeps the Plex employee of plant {plant}", record=key)
        _record(app, tx, profile.wid, "is a person of their own")
    return _tell_apart(app, store.list(person=profile.wid)[0])


def withdraw(app: App, worker: str) -> Link:
    """
    Take back what `join` or `separate` decided: the next plan says who *worker* is by the rules, or asks again (ED-12).

    Raises:
        UsageError: nobody is known under that number, or nobody decided who it is.
    """
    store = _store(app)
    profile = _profile(app, store, worker)
    exchanged = find_exchanged(app, store, profile.wid)
    with app.database.transaction() as tx:
        change_back(tx, store, exchanged)
        if not store.withdraw(tx, profile.wid, by=app.actor, at=app.clock()):
            raise UsageError(
                f"nobody decided who {worker} is, so there is nothing to take back",
                remedy=f"ml-connector links relink {worker} --new   if they are a person of their own; "
                "with --plant PCN a chosen Plex record is taken back",
            )
        _record(app, tx, profile.wid, "is nobody's decision any more")
    return Link(person=profile.wid, aliases=())


def adopt(app: App, worker: str, *, plant: str, record: str, accept: bool = False, names_seen: bool = False) -> Link:
    """
    Decide that *worker* is a Plex employee who is there already, named by badge number or id.

    With *names_seen* only a record that would be nobody's then is asked about.

    Raises:
        UsageError: no such worker, plant or employee, nobody can say who the worker is, or they have no job there.
        ConfigurationError: the employee is somebody else.
        ApprovalRequiredError: the names differ, or a record would be nobody's then, and nobody said so by *accept*.
    """
    employees = Employees(app)
    profile = _adopt(app, employees, worker, plant=plant, record=record, accept=accept, names_seen=names_seen)
    return _tell_apart(app, _store(app).list(person=profile.person)[0])


def _adopt(
    app: App, employees: Employees, worker: str, *, plant: str, record: str, accept: bool, names_seen: bool
) -> Profile:
    store = _store(app)
    _check_plant(app, plant)
    profile = settle(app, store, _profile(app, store, worker), name=worker)
    employee = _find_employee(employees, plant=plant, record=record)
    owner = _owner(app, store, plant=plant, key=employee.key)
    if owner not in {None, profile.person}:
        whose = _number(app, owner or "")
        chosen = store.adopted().get((plant, owner or "")) == employee.key
        first = f"ml-connector links unlink {whose} --plant {plant}   if it is not theirs; " if chosen else ""
        both = find_both_at_work(app, store, profile, owner or "")
        ended = "" if both is None else "end one of the two in Workday; after the next ml-connector plan: "
        raise ConfigurationError(
            f"Plex employee {record} of plant {plant} is somebody else already: worker {whose}; nothing was changed",
            remedy=f"{first}if they are one person: {ended}ml-connector links relink {worker} --to {whose}",
        )
    check_works_there(app, store, profile, plant=plant, name=worker)
    if not accept:
        check_choice(
            app, store, profile, plant=plant, name=worker, names_seen=names_seen, employee=employee, employees=employees
        )
    with app.database.transaction() as tx:
        at = app.clock()
        _write_down(app, tx, store, profile)
        store.adopt(tx, person=profile.person, plant=plant, plex_id=employee.key, by=app.actor, at=at)
        told = f"is a Plex employee of plant {plant} who was there before"
        _record(app, tx, profile.wid, told, record=employee.key, accepted=accept or names_seen)
    return profile


def release(app: App, worker: str, *, plant: str) -> Link:
    """
    Take back what `adopt` decided; what was written to the record meanwhile stays in it, and is told.

    Raises:
        UsageError: no such worker or plant, no record was chosen there, or it was exchanged with another's.
    """
    store = _store(app)
    _check_plant(app, plant)
    profile = _profile(app, store, worker)
    chosen = _tell_apart(app, Link(person=profile.person, aliases=(), plex=_held(store, profile.person))).plex
    if plant not in chosen:
        raise UsageError(
            f"nobody chose a Plex record of plant {plant} for {worker}, so there is nothing to take back",
            remedy="ml-connector links list   shows what was chosen",
        )
    for other in [each.people[1] for each in find_exchanges(app, store, profile.person) if each.plant == plant]:
        raise UsageError(
            f"{worker} and {_number(app, other)} were parted, and exchanged their Plex records of plant {plant}: that of "
            "one alone cannot be taken back; nothing was changed",
            remedy=f"ml-connector links relink {worker} --to {_number(app, other)}   if they are one person",
        )
    with app.database.transaction() as tx:
        store.release(tx, person=profile.person, plant=plant)
        _record(app, tx, profile.wid, f"is no chosen Plex employee of plant {plant} any more", record=chosen[plant])
    found = store.list(person=profile.person)
    link = _tell_apart(app, found[0]) if found else Link(person=profile.person, aliases=())
    put_back = app.tools.history.before_ours("employee", plant, key=chosen[plant])
    return msgspec.structs.replace(link, put_back=put_back)


def find_matches(app: App) -> list[Match]:
    """
    Workers who wait because a Plex employee, nobody's yet, wears their number: what an enterprise's first day looks
    like.

    It goes by what the last plan parked and the last reading of Plex; nothing is read anew, and nothing is decided.
    """
    from ml_connector.review.store import ReviewStore

    store, found = _store(app), []
    waiting = [item for item in ReviewStore(app.database).parked(app.name) if item.code == "badge_in_use"]
    employees = Employees(app)
    for item in waiting:
        plant = item.plant
        employee, profile = employees.wearing(plant, item.key), store.profile(item.key)
        if employee is None or profile is None:
            continue
        if _owner(app, store, plant=plant, key=employee.key) in {None, profile.person}:
            match = Match(
                plant=plant,
                worker=item.key,
                worker_name=item.label,
                plex_id=employee.key,
                plex_name=" ".join(
                    str(employee.fields.get(name) or "") for name in ("first_name", "last_name")
                ).strip(),
                written=bool(app.tools.history.sources_of("employee", key=employee.key)),
            )
            found.append(match)
    return found


def adopt_all(app: App, matches: Sequence[Match]) -> list[Match]:
    """
    Let each of these workers be the Plex employee beside them; give those refused, with the reason. Names were looked
    at.

    Raises:
        StorageError: nothing more can be kept; what was linked before stays so.
    """
    refused, employees = [], Employees(app)
    for match in matches:
        try:
            _adopt(app, employees, match.worker, plant=match.plant, record=match.plex_id, accept=False, names_seen=True)
        except (UsageError, ConfigurationError, ApprovalRequiredError) as error:  # one of them never stops the others
            refused.append(msgspec.structs.replace(match, refused=error.message, remedy=error.remedy))
    return refused


def _write_down(app: App, tx: Transaction, store: LinkStore, profile: Profile) -> None:
    """Give a profile that is decided of before anybody could say who it is its names."""
    unknown = store.unknown([profile.wid])
    for worker in known_workers(app, unknown).values():
        seen = Seen(profile.person, profile.wid)
        store.learn(tx, dict.fromkeys(aliases_of(worker), seen), by=app.actor, at=app.clock())


def _owner(app: App, store: LinkStore, *, plant: str, key: str) -> str | None:
    return find_owner(
        key,
        plant=plant,
        adopted=store.adopted() if may_be_made(key) else store.adopted(plex_id=key),
        people=store.people(),
        tenant=app.connection.workday.tenant,
        plants=app.connection.plex.pcns,
    )


def _number(app: App, person: str) -> str:
    """The number people know a person by; the WID where nothing of them is kept."""
    found = known_workers(app, [person]).get(person)
    return person if found is None else found.known_as


def _held(store: LinkStore, person: str) -> dict[str, str]:
    """By plant, the records that are a person's by a choice or by a transfer."""
    return {plant: key for (plant, _), key in store.adopted(person=person).items()}


def _record(
    app: App,
    tx: Transaction,
    wid: str,
    decision: str,
    *,
    other: str | None = None,
    record: str | None = None,
    accepted: bool = False,
) -> None:
    """
    Tell the trail, under the number people know the worker by, what was decided, and of whom or which record else.
    """
    detail: dict[str, str | int] = {} if other is None else {OTHER: _number(app, other)}
    if record is not None:
        detail["plex_id"] = record
    if accepted:
        detail["accepted"] = "yes"
    event = AuditEvent(
        action=AuditAction.LINK_CHANGED,
        actor=app.actor,
        at=app.clock(),
        object=f"worker//{_number(app, wid)}",
        reason=decision,
        detail=detail,
    )
    app.trail.append(tx, [event])


def _store(app: App) -> LinkStore:
    return LinkStore(app.database, app.name)


def _profile(app: App, store: LinkStore, worker: str) -> Profile:
    found = store.profile(worker)
    if found is None:  # who is parked because nobody can say who it is has been read, and is not written down yet
        wid = find_wid(app, worker)
        found = None if wid is None else store.profile(wid) or Profile(wid, wid)
    if found is None:
        raise UsageError(
            f"no worker {worker} was ever read", remedy="name a worker's number or WID; ml-connector plan reads anew"
        )
    return found


def _check_plant(app: App, plant: str) -> None:
    known = app.connection.plex.pcns
    if plant not in known:
        raise UsageError(f"there is no plant {plant}", remedy=f"one of {', '.join(known)}")


def _find_employee(employees: Employees, *, plant: str, record: str) -> PlexRecord:
    found = employees.find(plant, keys=[record]).get(record) or employees.wearing(plant, record)
    if found is None:
        raise UsageError(
            f"the last reading of plant {plant} shows no employee {record}",
            remedy="name a badge number or an id; ml-connector plan reads anew",
        )
    return found
