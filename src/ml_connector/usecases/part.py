"""
Parting two people who were taken for one: who goes by their own name, and whose the Plex record is then.

The ids of records are made of the person, so the record stays with whom the person is named after; unless it never was
theirs. Then both change ids, in every plant, so that no record is anybody's twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from ml_connector.bootstrap import App
from ml_connector.storage.database import Transaction
from ml_connector.timeline.links.store import LinkStore, Profile
from ml_connector.usecases.known import known_workers
from ml_connector.usecases.own_records import Employees, find_made_ids, find_own_records


class Parting(NamedTuple):
    """
    The profiles that leave a person and are one of their own; *along* the Plex records that go with them, by plant.
    """

    person: str
    leave: tuple[str, ...]
    along: dict[str, str]

    @property
    def new(self) -> str:
        """Who they are from then on."""
        return self.leave[0]


def plan_parting(app: App, store: LinkStore, profile: Profile) -> Parting | None:
    """
    How a profile is parted from the others of its person, whichever the person is named after; None without others.
    """
    others = store.followers(profile.person)
    leave = (profile.wid,) if profile.wid != profile.person else tuple(others)
    if not leave:
        return None
    stay = [wid for wid in (profile.person, *others) if wid not in leave]
    theirs, own = store.numbers(leave), store.numbers(_in_scope(app, stay))
    along, employees = {}, Employees(app)
    for plant in app.connection.plex.pcns:
        for key in find_own_records(app, store, profile.person, plant=plant, employees=employees):
            written = app.tools.history.sources_of("employee", key=key)
            if not written.isdisjoint(theirs) and written.isdisjoint(own):
                along[plant] = key
    return Parting(profile.person, leave, along)


def hand_over(app: App, tx: Transaction, store: LinkStore, parting: Parting, *, at: datetime) -> None:
    """Let the records go along; one that somebody chose in another plant for who stays is theirs for good."""
    person, new = parting.person, parting.new
    own, theirs = find_made_ids(app, person), find_made_ids(app, new)
    chosen = dict(parting.along)
    if set(chosen.values()) & set(own.values()):
        held = store.adopted()
        made = {plant: key for plant, key in own.items() if held.get((plant, person), key) in own.values()}
        chosen = made | chosen
    for plant in chosen:
        for one in (person, new):
            store.release(tx, person=one, plant=plant)
    for plant, key in chosen.items():
        store.adopt(tx, person=new, plant=plant, plex_id=key, by=app.actor, at=at)
        if key in own.values():
            store.adopt(tx, person=person, plant=plant, plex_id=theirs[plant], by=app.actor, at=at)


class Exchanged(NamedTuple):
    """In this plant two people go by each other's ids."""

    plant: str
    people: tuple[str, str]


def find_exchanged(app: App, store: LinkStore, one: str) -> list[Exchanged]:
    """Where a person exchanged ids with another who has no record there: once they are one again, it is undone."""
    employees = Employees(app)
    return [
        each
        for each in find_exchanges(app, store, one)
        if not find_own_records(app, store, each.people[1], plant=each.plant, employees=employees)
    ]


def find_exchanges(app: App, store: LinkStore, one: str) -> list[Exchanged]:
    """Where a person goes by the id made of another, and the other by theirs; the person comes first."""
    adopted, own = store.adopted(), find_made_ids(app, one)
    return [
        Exchanged(plant, (one, other))
        for (plant, other), key in adopted.items()
        if other != one and key in own.values() and adopted.get((plant, one)) in find_made_ids(app, other).values()
    ]


def change_back(tx: Transaction, store: LinkStore, exchanged: Collection[Exchanged]) -> None:
    """Let each go by the ids made of them again."""
    for plant, people in exchanged:
        for one in people:
            store.release(tx, person=one, plant=plant)


def _in_scope(app: App, wids: Collection[str]) -> list[str]:
    """Of these profiles those that are ever written; who was never shown may be."""
    shown = known_workers(app, wids)
    contingent = app.connection.sync.contingent_workers
    return [wid for wid in wids if wid not in shown or contingent or shown[wid].worker_type == "employee"]
