"""Parked records and holds at rest. A record stays parked *since* the day it first was; a hold keeps its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, String, Table, Text, bindparam, delete, insert, select, update

from ml_connector.canonical.keys import encode
from ml_connector.mapping.desired import Pending
from ml_connector.storage.database import Database, Transaction, metadata

Name = tuple[str, str, str, str]  # type, plant, key, field

parked = Table(
    "parked",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("label", Text, nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text),
    Column("waiting_for", Text),
    Column("content_hash", String(64)),
    Column("since", String(40), nullable=False),
)

pending = Table(
    "pending",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("due_on", String(10), primary_key=True),
    Column("reason", String(200), primary_key=True),
    Column("label", Text, nullable=False),
    Column("since", String(40), nullable=False),
)

_PENDING = ("type", "plant", "key", "due_on", "reason")

holds = Table(
    "hold",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("id", String(16), primary_key=True),
    Column("guard", String(64), nullable=False),
    Column("type", String(32), nullable=False),
    Column("plant", String(16), nullable=False),
    Column("members", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("releasable", String(5), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("released_at", String(40)),
    Column("released_by", Text),
    Column("explanation", Text),
)


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """
    A record, or one *field* of it, that waits. *content_hash* is set when Plex refused exactly that content.

    *key* is what people know the record by.
    """

    type: str
    plant: str
    key: str
    label: str
    code: str
    reason: str
    remedy: str | None = None
    waiting_for: str | None = None
    field: str = ""
    content_hash: str | None = None
    since: str = ""

    @property
    def name(self) -> Name:
        return (self.type, self.plant, self.key, self.field)


class GuardReason(msgspec.Struct, frozen=True, kw_only=True):
    """
    Why a guard holds a set, in parts: *limit* as configured, *allowed* the number it comes to by *population*.

    *used* were applied in the rolling *window* (empty: one run alone is over) since the moment *since*; *samples* are
    a few of the *wanted*, and *release* says what a release does.
    """

    limit: str
    allowed: int
    population: int
    wanted: int
    release: str
    used: int = 0
    since: str = ""
    window: str = ""
    samples: tuple[str, ...] = ()


class HoldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A hold as it is kept; *state* is open, released or past (it no longer trips)."""

    id: str
    guard: str
    type: str
    plant: str
    members: tuple[str, ...]
    reason: str
    remedy: str
    state: str
    releasable: bool
    created_at: str
    released_at: str | None = None
    released_by: str | None = None
    explanation: GuardReason | None = None


class ReviewStore:
    """The only SQL on what waits for a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def parked(self, connection: str) -> list[Parked]:
        """Everything parked now, in order of type, plant and key."""
        order = (parked.c.type, parked.c.plant, parked.c.key, parked.c.field)
        with self._database.reading() as tx:
            rows = tx.execute(select(parked).where(parked.c.connection == connection).order_by(*order)).mappings()
            return [_parked(row) for row in rows]

    def replace_parked(
        self,
        tx: Transaction,
        connection: str,
        items: Sequence[Parked],
        *,
        still: Collection[Name] = (),
        undecided: Callable[[Parked], bool] = lambda _item: False,
        at: datetime,
    ) -> list[Parked]:
        """
        Put *items* in the place of everything parked; return those that are new, or parked for another reason than
        before. What waits for another record and is named in *still* stays as it is, and so does what is *undecided*.
        """
        ours = parked.c.connection == connection
        known = {item.name: item for item in map(_parked, tx.execute(select(parked).where(ours)).mappings())}
        tx.execute(delete(parked).where(ours))
        waiting = [
            item for name, item in known.items() if (item.code == "waiting" and name in still) or undecided(item)
        ]
        unique = {item.name: item for item in (*waiting, *items)}
        return self._insert(tx, connection, unique, known=known, at=at)

    def park(self, tx: Transaction, connection: str, items: Sequence[Parked], *, at: datetime) -> list[Parked]:
        """Park more records beside those that are; return those that are new, or parked for another reason."""
        if not items:
            return []
        unique = {item.name: item for item in items}
        keys = {item.key for item in items}
        query = select(parked).where(parked.c.connection == connection, parked.c.key.in_(keys))
        known = {item.name: item for item in map(_parked, tx.execute(query).mappings()) if item.name in unique}
        self.unpark(tx, connection, names=list(unique))
        return self._insert(tx, connection, unique, known=known, at=at)

    def unpark(self, tx: Transaction, connection: str, *, names: Sequence[Name]) -> None:
        """Take records out by (type, plant, key, field)."""
        if names:
            tx.execute(_UNPARK, [dict(zip(_NAMED, (connection, *name), strict=True)) for name in names])

    def replace_pending(
        self, tx: Transaction, connection: str, items: Sequence[Pending], *, at: datetime
    ) -> tuple[list[Pending], list[Pending]]:
        """Put *items* in the place of everything pending; return those that are new, and those that are no more."""
        query = select(pending).where(pending.c.connection == connection)
        known = {tuple(row[name] for name in _PENDING): dict(row) for row in tx.execute(query).mappings()}
        tx.execute(delete(pending).where(pending.c.connection == connection))
        unique = {(item.type, item.plant, item.key, item.on, item.reason): item for item in items}
        rows = [
            {
                **dict(zip(_PENDING, name, strict=True)),
                "connection": connection,
                "label": item.label,
                "since": known[name]["since"] if name in known else at.isoformat(),
            }
            for name, item in unique.items()
        ]
        if rows:
            tx.execute(insert(pending), rows)
        gone = [
            Pending(
                type=row["type"],
                plant=row["plant"],
                key=row["key"],
                label=row["label"],
                on=row["due_on"],
                reason=row["reason"],
            )
            for name, row in known.items()
            if name not in unique
        ]
        return [item for name, item in unique.items() if name not in known], gone

    def holds(self, connection: str, *, state: str | None = None) -> list[HoldInfo]:
        """Holds by state, oldest first."""
        query = select(holds).where(holds.c.connection == connection).order_by(holds.c.created_at, holds.c.id)
        if state is not None:
            query = query.where(holds.c.state == state)
        with self._database.reading() as tx:
            return [_hold(row) for row in tx.execute(query).mappings()]

    def replace_open_holds(self, tx: Transaction, connection: str, found: Sequence[HoldInfo]) -> list[HoldInfo]:
        """Open the holds found now, let those that trip no more pass; return the ones that are new (one alert each)."""
        known = self._hold_states(tx, connection)
        tx.execute(update(holds).where(holds.c.connection == connection, holds.c.state == "open").values(state="past"))
        return self._open(tx, connection, found, known=known)

    def _hold_states(self, tx: Transaction, connection: str) -> dict[str, str]:
        return {row.id: row.state for row in tx.execute(select(holds).where(holds.c.connection == connection))}

    def _open(
        self, tx: Transaction, connection: str, found: Sequence[HoldInfo], *, known: Mapping[str, str]
    ) -> list[HoldInfo]:
        fresh: list[HoldInfo] = []
        for hold in {item.id: item for item in found}.values():
            same = (holds.c.connection == connection, holds.c.id == hold.id)
            if known.get(hold.id) == "released":
                continue  # released while this plan was being made: the next one lets it through
            if hold.id in known:
                # What was applied meanwhile is told anew; the set is the same.
                tx.execute(update(holds).where(*same).values(state="open", **_told(hold)))
                if known[hold.id] == "past":
                    fresh.append(hold)
            else:
                values = {**msgspec.structs.asdict(hold), "connection": connection, "state": "open"}
                values |= {"members": encode(hold.members).decode(), **_told(hold)}
                values["releasable"] = str(hold.releasable).lower()
                tx.execute(insert(holds).values(values))
                fresh.append(hold)
        return fresh

    def open_hold(self, tx: Transaction, connection: str, hold: HoldInfo, *, alike: Collection[str]) -> bool:
        """Open a hold in the place of those at guards *alike*, beside all others; return whether it is new."""
        where = (holds.c.connection == connection, holds.c.state == "open", holds.c.guard.in_(alike))
        tx.execute(update(holds).where(*where, holds.c.id != hold.id).values(state="past"))
        fresh = self._open(tx, connection, [hold], known=self._hold_states(tx, connection))
        return hold.id in {item.id for item in fresh}

    def release(self, tx: Transaction, connection: str, *, hold: str, by: str, at: datetime) -> None:
        """Approve a hold's exact set."""
        values = {"state": "released", "released_by": by, "released_at": at.isoformat()}
        tx.execute(update(holds).where(holds.c.connection == connection, holds.c.id == hold).values(values))

    def retire(self, tx: Transaction, connection: str, *, releases: Collection[str]) -> None:
        """Let releases end that nothing asks for any more."""
        where = (holds.c.connection == connection, holds.c.id.in_(releases), holds.c.state == "released")
        tx.execute(update(holds).where(*where).values(state="past"))

    def _insert(
        self,
        tx: Transaction,
        connection: str,
        items: Mapping[Name, Parked],
        *,
        known: Mapping[Name, Parked],
        at: datetime,
    ) -> list[Parked]:
        rows = [
            {
                **msgspec.structs.asdict(item),
                "connection": connection,
                "since": known[name].since if name in known else at.isoformat(),
            }
            for name, item in items.items()
        ]
        if rows:
            tx.execute(insert(parked), rows)
        return [item for name, item in items.items() if name not in known or not _same_reason(item, known[name])]


_NAMED = ("of_connection", "of_type", "of_plant", "of_key", "of_field")
# Built once, run for a batch.
_UNPARK = delete(parked).where(*(parked.c[name.removeprefix("of_")] == bindparam(name) for name in _NAMED))


def _same_reason(one: Parked, other: Parked) -> bool:
    return (one.code, one.reason, one.waiting_for) == (other.code, other.reason, other.waiting_for)


def _parked(row: Any) -> Parked:
    return Parked(**{name: row[name] for name in Parked.__struct_fields__})


def _told(hold: HoldInfo) -> dict[str, str | None]:
    explanation = None if hold.explanation is None else encode(hold.explanation).decode()
    return {"reason": hold.reason, "remedy": hold.remedy, "explanation": explanation}


def _hold(row: Any) -> HoldInfo:
    values = {name: row[name] for name in HoldInfo.__struct_fields__}
    values["members"] = tuple(msgspec.json.decode(row["members"]))
    values["releasable"] = row["releasable"] == "true"
    told = row["explanation"]
    values["explanation"] = None if told is None else msgspec.json.decode(told, type=GuardReason)
    return HoldInfo(**values)
