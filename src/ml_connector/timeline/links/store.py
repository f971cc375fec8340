"""
Links at rest: which Workday names belong to one person, and which Plex record a person is in each plant (WP-02).

Nothing here is derived from anything else, so it belongs into every backup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from ml_connector.canonical.plant import Scalar
from ml_connector.canonical.workforce import CONTINGENT_BADGE, mark_number
from ml_connector.storage.database import Database, Transaction, insert_or, metadata
from ml_connector.timeline.identity import CONTINGENT, EMPLOYEE, UNIVERSAL, WID, Alias, NameOwner, Seen

_BATCH = 500

aliases = Table(
    "person_alias",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("value", String(200), primary_key=True),
    Column("person", String(200), nullable=False),
    Column("profile", String(200), nullable=False),
    Column("decided", Boolean, nullable=False),
    Column("linked_by", Text, nullable=False),
    Column("linked_at", String(40), nullable=False),
    Index("ix_person_alias_person", "connection", "person"),
    Index("ix_person_alias_profile", "connection", "profile"),
)

# Which person a profile was said to be: appended to, never changed. The first row of a profile is what was before.
decisions = Table(
    "person_decision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", String(64), nullable=False),
    Column("profile", String(200), nullable=False),
    Column("person", String(200), nullable=False),
    Column("decided", Boolean, nullable=False),
    Column("linked_by", Text, nullable=False),
    Column("linked_at", String(40), nullable=False),
    Index("ix_person_decision_profile", "connection", "profile"),
)

links = Table(
    "plex_link",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("person", String(200), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("plex_id", String(64), nullable=False),
    Column("linked_by", Text, nullable=False),
    Column("linked_at", String(40), nullable=False),
    Index("ix_plex_link_record", "connection", "plant", "plex_id", unique=True),
)


class LinkedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """
    A Workday profile, and who said whose it is, and when; *decided* by a person, else by the rules.

    *number* and *name* as Workday showed them last, empty where it never did.
    """

    wid: str
    by: str
    at: str
    decided: bool
    number: str = ""
    name: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """
    One person as `links list` shows it: their Workday names and, by plant, the Plex record that somebody chose.

    *came_along* are the records that a transfer between plants took along; *signed* says, by plant, who chose and when;
    *put_back* what a record that is chosen no more held before we wrote to it, by field.
    """

    person: str
    aliases: tuple[Alias, ...]
    plex: dict[str, str] = {}
    came_along: dict[str, str] = {}
    profiles: tuple[LinkedProfile, ...] = ()
    signed: dict[str, str] = {}
    put_back: dict[str, Scalar] = {}


class Profile(NamedTuple):
    """One Workday profile, by its WID, and the person it belongs to."""

    wid: str
    person: str


class Join(NamedTuple):
    """
    A profile belonged to a *person* since a moment by our clock.

    None: by the rules, as long as the profile is known.
    """

    person: str
    since: datetime | None


class LinkStore:
    """The only SQL on links, for one connection."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database, self._connection = database, connection

    def find(self, names: Sequence[Alias]) -> dict[Alias, NameOwner]:
        """Whom these names belong to, as far as they are known."""
        found: dict[Alias, NameOwner] = {}
        # A kind at a time: asked for pairs, SQLite reads all that is known of anybody.
        values: dict[str, list[str]] = {}
        for name in names:
            values.setdefault(name.kind, []).append(name.value)
        query = select(aliases.c.value, aliases.c.person, aliases.c.decided)
        with self._database.reading() as tx:
            for kind, all_of_it in values.items():
                here = (aliases.c.connection == self._connection, aliases.c.kind == kind)
                for start in range(0, len(all_of_it), _BATCH):
                    some = aliases.c.value.in_(all_of_it[start : start + _BATCH])
                    for value, person, decided in tx.execute(query.where(*here, some)).all():
                        found[Alias(kind, value)] = NameOwner(person, decided)
        return found

    def universal_ids(self, people: Sequence[str]) -> dict[str, set[str]]:
        """The universal ids of these people, of those who have any."""
        found: dict[str, set[str]] = {}
        mine = (aliases.c.connection == self._connection, aliases.c.kind == UNIVERSAL)
        with self._database.reading() as tx:
            for start in range(0, len(people), _BATCH):
                query = select(aliases.c.person, aliases.c.value).where(*mine)
                for row in tx.execute(query.where(aliases.c.person.in_(people[start : start + _BATCH]))):
                    found.setdefault(row.person, set()).add(row.value)
        return found

    def unknown(self, wids: Sequence[str]) -> list[str]:
        """Which of these profiles were never seen."""
        known = self.find([Alias(WID, wid) for wid in wids])
        return [wid for wid in wids if Alias(WID, wid) not in known]

    def joined(self) -> dict[str, str]:
        """
        The profiles that belong to a person another profile was seen as first: WID to person, whoever was joined to
        whom.
        """
        here = (aliases.c.connection == self._connection, aliases.c.kind == WID, aliases.c.person != aliases.c.value)
        with self._database.reading() as tx:
            found = {
                row.value: row.person for row in tx.execute(select(aliases.c.value, aliases.c.person).where(*here))
            }
        return {wid: root for wid in found if (root := _root(found, wid)) != wid}

    def followers(self, person: str) -> list[str]:
        """The profiles that are a person another profile was seen as first."""
        return sorted(wid for wid, one in self.joined().items() if one == person)

    def profiles(self, person: str) -> tuple[LinkedProfile, ...]:
        """The profiles of a person, with who said so, the earliest first."""
        here = (aliases.c.connection == self._connection, aliases.c.kind == WID, aliases.c.person == person)
        with self._database.reading() as tx:
            rows = tx.execute(select(aliases).where(*here).order_by(aliases.c.linked_at, aliases.c.value)).all()
        return tuple(
            LinkedProfile(wid=row.value, by=row.linked_by, at=row.linked_at, decided=row.decided) for row in rows
        )

    def signed(self, person: str) -> dict[str, str]:
        """By plant, who chose the Plex record of a person, and when."""
        here = (links.c.connection == self._connection, links.c.person == person)
        with self._database.reading() as tx:
            return {
                row.plant: f"{row.linked_by}, {row.linked_at[:10]}" for row in tx.execute(select(links).where(*here))
            }

    def numbers(self, wids: Sequence[str]) -> set[str]:
        """The numbers people know or knew these profiles by."""
        typed = (aliases.c.connection == self._connection, aliases.c.kind.in_((EMPLOYEE, CONTINGENT)))
        with self._database.reading() as tx:
            rows = tx.execute(select(aliases.c.kind, aliases.c.value).where(*typed, aliases.c.profile.in_(wids)))
            return {mark_number(row.kind, row.value) for row in rows}

    def people(self) -> Iterator[str]:
        """Everybody who has a profile, by the key of the person; read only as far as it is asked for."""
        here = (aliases.c.connection == self._connection, aliases.c.kind == WID)
        with self._database.reading() as tx:
            yield from tx.execute(select(aliases.c.person).where(*here).distinct()).scalars()

    def profile(self, text: str) -> Profile | None:
        """The profile that a person calls so: by employee number, contingent worker number, marked or not, or WID."""
        query = select(aliases.c.kind, aliases.c.profile, aliases.c.person)
        plain = and_(aliases.c.value == text, aliases.c.kind.in_((EMPLOYEE, CONTINGENT, WID)))
        marked = and_(aliases.c.value == text.removeprefix(CONTINGENT_BADGE), aliases.c.kind == CONTINGENT)
        named = (plain | marked,)
        with self._database.reading() as tx:
            rows = tx.execute(query.where(aliases.c.connection == self._connection, *named)).all()
        rows = sorted(rows, key=lambda row: (row.kind != EMPLOYEE, row.kind))
        if not rows:
            return None
        person = rows[0].person
        return Profile(rows[0].profile, self.joined().get(person, person))

    def joins(self) -> dict[str, list[Join]]:
        """
        By WID, the people a profile was said to be, one after the other; of those who were ever another's than their
        own.
        """
        here = (aliases.c.connection == self._connection, aliases.c.kind == WID)
        query = select(aliases.c.value, aliases.c.person, aliases.c.decided, aliases.c.linked_at).where(*here)
        found: dict[str, list[Join]] = {}
        with self._database.reading() as tx:
            told = select(decisions).where(decisions.c.connection == self._connection).order_by(decisions.c.id)
            for row in tx.execute(told):
                before = found.setdefault(row.profile, [])
                before.append(_join(row, first=not before))
            for row in tx.execute(query.where(aliases.c.person != aliases.c.value)):
                before = found.setdefault(row.value, [])
                if not before or before[-1].person != row.person:  # the rules said so since
                    before.append(_join(row, first=not before))
        return found

    def count(self) -> int:
        """How many Workday profiles are known."""
        here = (aliases.c.connection == self._connection, aliases.c.kind == WID)
        with self._database.reading() as tx:
            return int(tx.execute(select(func.count()).select_from(aliases).where(*here)).scalar_one())

    def any(self) -> bool:
        """Whether anybody was ever linked."""
        query = select(aliases.c.person).where(aliases.c.connection == self._connection).limit(1)
        with self._database.reading() as tx:
            return tx.execute(query).first() is not None

    def learn(self, tx: Transaction, names: Mapping[Alias, Seen], *, by: str, at: datetime) -> None:
        """Write down names seen for the first time; one that is known already stays with its person."""
        if not names:
            return
        signed = {"connection": self._connection, "decided": False, "linked_by": by, "linked_at": at.isoformat()}
        rows = [{**signed, **name._asdict(), **seen._asdict()} for name, seen in names.items()]
        tx.execute(insert_or(tx, aliases).on_conflict_do_nothing(), rows)

    def decide(self, tx: Transaction, profile: str, *, person: str, by: str, at: datetime) -> None:
        """
        Put a profile's own names under *person*, as somebody decided; no rule overrules it. A universal id stays where
        it is: profiles share it.
        """
        mine = (aliases.c.connection == self._connection, aliases.c.profile == profile)
        signed = {"person": person, "decided": True, "linked_by": by, "linked_at": at.isoformat()}
        self._keep_decision(tx, profile, signed)
        tx.execute(update(aliases).where(*mine, aliases.c.kind != UNIVERSAL).values(signed))

    def _keep_decision(self, tx: Transaction, profile: str, signed: Mapping[str, object]) -> None:
        """Keep what is decided of a profile, and first what was before, unless that is kept already."""
        mine = (decisions.c.connection == self._connection, decisions.c.profile == profile)
        named = {"connection": self._connection, "profile": profile}
        if tx.execute(select(decisions.c.id).where(*mine).limit(1)).first() is None:
            own = (aliases.c.connection == self._connection, aliases.c.kind == WID, aliases.c.value == profile)
            query = select(*(aliases.c[name] for name in signed)).where(*own, aliases.c.person != aliases.c.value)
            before = tx.execute(query).mappings().one_or_none()
            if before is not None:
                tx.execute(insert(decisions).values(**named, **before))
        tx.execute(insert(decisions).values(**named, **signed))

    def withdraw(self, tx: Transaction, profile: str, *, by: str, at: datetime) -> bool:
        """
        Forget a profile of whom somebody decided who it is, so that it is told or asked anew; False where nobody had.

        A universal id that another profile of that person shares stays known.
        """
        here = aliases.c.connection == self._connection
        mine, wid = (here, aliases.c.profile == profile), aliases.c.kind == WID
        if tx.execute(select(aliases.c.person).where(*mine, wid, aliases.c.decided)).first() is None:
            return False
        signed = {"person": profile, "decided": False, "linked_by": by, "linked_at": at.isoformat()}
        self._keep_decision(tx, profile, signed)
        others = select(aliases.c.person).where(here, wid, aliases.c.profile != profile)
        shared = set(tx.execute(others.where(aliases.c.person.in_(select(aliases.c.person).where(*mine)))).scalars())
        kept = (aliases.c.kind == UNIVERSAL) & aliases.c.person.in_(shared)
        tx.execute(delete(aliases).where(*mine, ~kept))
        return True

    def adopted(self, *, person: str | None = None, plex_id: str | None = None) -> dict[tuple[str, str], str]:
        """
        The Plex record that was chosen for a person, by (plant, person): every one, or those of *person* or *plex_id*.
        """
        query = select(links.c.plant, links.c.person, links.c.plex_id).where(links.c.connection == self._connection)
        wanted = ((links.c.person, person), (links.c.plex_id, plex_id))
        query = query.where(*(column == value for column, value in wanted if value is not None))
        with self._database.reading() as tx:
            return {(row.plant, row.person): row.plex_id for row in tx.execute(query)}

    def chosen_at(self, records: Sequence[str]) -> dict[str, datetime]:
        """Since when, by our clock, these Plex records are somebody's choice for a person, or came along with them."""
        query = select(links.c.plex_id, links.c.linked_at).where(links.c.connection == self._connection)
        query = query.where(links.c.plex_id.in_(records))
        with self._database.reading() as tx:
            return {row.plex_id: datetime.fromisoformat(row.linked_at) for row in tx.execute(query)}

    def adopt(self, tx: Transaction, *, person: str, plant: str, plex_id: str, by: str, at: datetime) -> None:
        """Let a person be this Plex record in this plant; whoever was joined to somebody since claims it no more."""
        self.release(tx, person=person, plant=plant)
        nobody = links.c.person.not_in(select(aliases.c.person).where(aliases.c.connection == self._connection))
        same = (links.c.plant == plant, links.c.plex_id == plex_id, nobody)
        tx.execute(delete(links).where(links.c.connection == self._connection, *same))
        row = {"connection": self._connection, "person": person, "plant": plant, "plex_id": plex_id}
        tx.execute(insert(links).values(**row, linked_by=by, linked_at=at.isoformat()))

    def take_along(
        self, tx: Transaction, *, person: str, origin: str, plant: str, plex_id: str, by: str, at: datetime
    ) -> None:
        """Let a person go on in another plant as the record that came along; one chosen before stays so since then."""
        mine = (links.c.connection == self._connection, links.c.person == person, links.c.plex_id == plex_id)
        query = select(links.c.linked_by, links.c.linked_at).where(*mine).order_by(links.c.linked_at)
        chosen = tx.execute(query.limit(1)).one_or_none()
        if chosen is not None:
            by, at = chosen.linked_by, datetime.fromisoformat(chosen.linked_at)
        self.release(tx, person=person, plant=origin)
        self.adopt(tx, person=person, plant=plant, plex_id=plex_id, by=by, at=at)

    def release(self, tx: Transaction, *, person: str, plant: str) -> None:
        """Let a person be no Plex record of anybody's choice in this plant any more."""
        here = (links.c.connection == self._connection, links.c.person == person, links.c.plant == plant)
        tx.execute(delete(links).where(*here))

    def list(self, *, person: str | None = None) -> list[Link]:
        """
        People of whom somebody decided, or with more than their own first profile's names to them; or exactly *person*.
        """
        mine = aliases.c.connection == self._connection
        with self._database.reading() as tx:
            chosen = [aliases.c.person == person] if person else []
            if not person:
                several = (
                    select(aliases.c.person)
                    .where(mine, aliases.c.kind == WID)
                    .group_by(aliases.c.person)
                    .having(func.count() > 1)
                )
                adopted = select(links.c.person).where(links.c.connection == self._connection)
                decided = select(aliases.c.person).where(mine, aliases.c.kind == WID, aliases.c.decided)
                chosen = [or_(*(aliases.c.person.in_(each) for each in (several, adopted, decided)))]
            rows = tx.execute(
                select(aliases.c.person, aliases.c.kind, aliases.c.value)
                .where(mine, *chosen)
                .order_by(aliases.c.person, aliases.c.kind.desc(), aliases.c.value)
            ).all()
        people: dict[str, list[Alias]] = {}
        for row in rows:
            people.setdefault(row.person, []).append(Alias(row.kind, row.value))
        plex: dict[str, dict[str, str]] = {}
        for (plant, one), plex_id in (self.adopted(person=person) if person else self.adopted()).items():
            plex.setdefault(one, {})[plant] = plex_id
        return [Link(person=one, aliases=tuple(names), plex=plex.get(one, {})) for one, names in people.items()]


def _root(joined: Mapping[str, str], wid: str) -> str:
    """Who a profile is in the end; in a circle, which names nobody, whoever it is."""
    seen = {wid}
    person = joined[wid]
    while person in joined and person not in seen:
        seen.add(person)
        person = joined[person]
    return wid if person in seen else person


def _join(row: Any, *, first: bool) -> Join:
    """By the rules alone a profile was the same person from the start; later it is since it was taken back."""
    return Join(row.person, None if first and not row.decided else datetime.fromisoformat(row.linked_at))
