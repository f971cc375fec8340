"""
Snapshots at rest: one row per record and side, with the extraction that saw it last.

An extraction reads a type whole, or only what changed since another one, on which it builds. A record is *current* when
the newest whole extraction or one built on it saw it, *vanished* when none did. Vanished rows stay: absence is never an
ending (CC-11).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from ml_connector.snapshot.extracts.store import Scope, bind, bound_by, columns_of, extracts
from ml_connector.snapshot.translation import HASH_BYTES, Row
from ml_connector.storage.database import Database, Transaction, insert_for, insert_many, insert_or, metadata

_T = TypeVar("_T")
_BATCH, _HASHES, _KEYS = 500, 2_000, 5_000
_KEY = itemgetter(Row._fields.index("key"))
records = Table(
    "snapshot_record",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("side", String(16), primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("payload_hash", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("extract_id", Integer, nullable=False),
    # With what is asked for in it: SQLite prefers an index that holds all of it to one that finds it, and would go
    # through every record of the type for each page.
    Index("ix_snapshot_record_payload", "connection", "side", "type", "plant", "payload_hash", "extract_id"),
    # Whoever asks which records there are, and as what they came, reads no body.
    Index("ix_snapshot_record_seen", "connection", "side", "type", "plant", "key", "extract_id", "payload_hash"),
)


faults = Table(
    "snapshot_fault",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("side", String(16), primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fault", Text, nullable=False),
    Column("extract_id", Integer, nullable=False),
)


class Kept(NamedTuple):
    """What is kept of a record, and the extraction that saw it last."""

    body: str
    seen_by: int


class SnapshotStore:
    """The only SQL on snapshots."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_known(self, tx: Transaction, scope: Scope, *, payload_hashes: Sequence[str]) -> dict[str, int]:
        """Which records came as these very bytes before: by payload hash, the extraction that saw them last."""
        if not payload_hashes:
            return {}
        return dict(tx.execute(_FIND_KNOWN, {**bind(scope), "hashes": payload_hashes}).all())

    def all_known(self, tx: Transaction, scope: Scope) -> dict[str, int]:
        """The same of every record that is kept."""
        return dict(tx.execute(_ALL_KNOWN, bind(scope)).all())

    def holds_any(self, tx: Transaction, scope: Scope) -> bool:
        """Whether anything was ever kept of the scope, believed or not."""
        return tx.execute(select(records.c.key).where(_within(scope)).limit(1)).first() is not None

    def touch(self, tx: Transaction, scope: Scope, *, payload_hashes: memoryview, extract_id: int) -> None:
        """Mark the records that came as these very bytes, 20 bytes of hash each, as seen by the given extraction."""
        for start in range(0, len(payload_hashes), _HASHES * HASH_BYTES):
            some = payload_hashes[start : start + _HASHES * HASH_BYTES]
            chosen = [some[at : at + HASH_BYTES].hex() for at in range(0, len(some), HASH_BYTES)]
            tx.execute(_TOUCH, {"seen_by": extract_id, **bind(scope), "hashes": chosen})

    def save_page(self, tx: Transaction, scope: Scope, *, rows: Sequence[Row], extract_id: int) -> None:
        """Insert or replace one page of records."""
        if not rows:
            return
        # In the order of the key, as the database sorts them: places near each other are written once.
        values = [(*scope, *row, extract_id) for row in sorted(rows, key=_KEY)]
        insert_many(tx, _save_or_replace(tx.dialect.name), values, names=_SAVED)

    def kept(self, tx: Transaction, scope: Scope, *, keys: Sequence[str]) -> dict[str, Kept]:
        """What is kept of these records, whichever extraction saw them last."""
        found: dict[str, Kept] = {}
        for start in range(0, len(keys), _BATCH):
            chosen = records.c.key.in_(keys[start : start + _BATCH])
            query = select(records.c.key, records.c.body, records.c.extract_id).where(_within(scope), chosen)
            found.update((row.key, Kept(row.body, row.extract_id)) for row in tx.execute(query))
        return found

    def save_faults(
        self, tx: Transaction, scope: Scope, *, found: Mapping[str, str], cleared: Sequence[str], extract_id: int
    ) -> None:
        """
        Keep which records came and could not be understood, as JSON by key, and forget those that now can be.

        What is kept of such a record from earlier is no longer current.
        """
        some = select(faults.c.key).where(*columns_of(faults, scope)).limit(1)
        gone = [*cleared, *found] if tx.execute(some).first() else []
        for start in range(0, len(gone), _BATCH):
            chosen = gone[start : start + _BATCH]
            tx.execute(delete(faults).where(*columns_of(faults, scope), faults.c.key.in_(chosen)))
        if found:
            told = [
                {**scope._asdict(), "key": key, "fault": text, "extract_id": extract_id} for key, text in found.items()
            ]
            tx.execute(insert_or(tx, faults).on_conflict_do_nothing(), told)
            tx.execute(update(records).where(_within(scope), records.c.key.in_(list(found))).values(extract_id=0))

    def faults(self, scope: Scope, *, extract_id: int) -> list[str]:
        """The records that came and could not be understood, as kept, of an extraction and all built on it."""
        where = and_(*columns_of(faults, scope), faults.c.extract_id >= extract_id)
        with self._database.reading() as tx:
            return list(tx.execute(select(faults.c.fault).where(where).order_by(faults.c.key)).scalars())

    def read(
        self, scope: Scope, *, of: type[_T], extract_id: int | None = None, leave_out: Collection[str] = ()
    ) -> Iterator[_T]:
        """
        Yield the scope's records in order of their key, a batch at a time.

        With *extract_id* only those that this extraction saw, or one built on it. No transaction of its own stays open
        between batches.
        """
        if leave_out:
            yield from self._read_some(scope, of=of, extract_id=extract_id, leave_out=leave_out)
            return
        decode = msgspec.json.Decoder(of).decode
        for batch in self._batches(scope, records.c.body, extract_id=extract_id, size=_BATCH):
            for _key, body in batch:
                yield decode(body)

    def _batches(self, scope: Scope, *columns: Any, extract_id: int | None, size: int) -> Iterator[Sequence[Any]]:
        """Yield the key and some columns of a scope's records in order of their key, so many at a time."""
        last = ""
        while True:
            where = and_(_within(scope), records.c.key > last, *_seen_by(extract_id))
            query = select(records.c.key, *columns).where(where).order_by(records.c.key).limit(size)
            with self._database.reading() as tx:
                batch = tx.execute(query).all()
            if batch:
                yield batch
            if len(batch) < size:
                return
            last = batch[-1].key

    def _read_some(
        self, scope: Scope, *, of: type[_T], extract_id: int | None, leave_out: Collection[str]
    ) -> Iterator[_T]:
        """Keys first: what is left out is most of it."""
        wanted = (key for key in self.keys(scope, extract_id=extract_id) if key not in leave_out)
        while some := list(islice(wanted, _BATCH)):
            found = self._find(scope, keys=some, of=of, extract_id=extract_id)
            yield from (found[key] for key in some if key in found)

    def came(self, scope: Scope, *, extract_id: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Yield key and payload hash of the records that the given extraction saw, in order, a batch at a time."""
        return self._batches(scope, records.c.payload_hash, extract_id=extract_id, size=_HASHES)

    def bodies(self, scope: Scope, *, extract_id: int) -> Iterator[Sequence[tuple[str, str]]]:
        """Yield key and body, as kept, of the records that the given extraction saw, in order, a batch at a time."""
        return self._batches(scope, records.c.body, extract_id=extract_id, size=_BATCH)

    def keys(self, scope: Scope, *, extract_id: int | None) -> Iterator[str]:
        """Yield the keys of the records that the given extraction saw, or of all, in order."""
        for batch in self._batches(scope, extract_id=extract_id, size=_KEYS):
            yield from (row[0] for row in batch)

    def find(self, scope: Scope, *, keys: Sequence[str], of: type[_T], extract_id: int | None = None) -> dict[str, _T]:
        """The records under these keys; with *extract_id* those that this extraction saw, vanished ones too without."""
        return self._find(scope, keys=keys, of=of, extract_id=extract_id)

    def _find(self, scope: Scope, *, keys: Sequence[str], of: type[_T], extract_id: int | None) -> dict[str, _T]:
        """As kept, whatever a store built on this one lays over it."""
        decode = msgspec.json.Decoder(of).decode
        found: dict[str, _T] = {}
        with self._database.reading() as tx:
            for start in range(0, len(keys), _BATCH):
                chosen = records.c.key.in_(keys[start : start + _BATCH])
                where = and_(_within(scope), chosen, *_seen_by(extract_id))
                rows = tx.execute(select(records.c.key, records.c.body).where(where)).all()
                found.update((key, decode(body)) for key, body in rows)
        return found

    def hash_of(self, scope: Scope, *, key: str) -> str | None:
        """The hash of the bytes a record last came as."""
        with self._database.reading() as tx:
            query = select(records.c.payload_hash).where(_within(scope), records.c.key == key)
            return tx.execute(query).scalar_one_or_none()

    def hashes_between(self, scope: Scope, *, after: str, upto: str, extract_id: int) -> dict[str, str]:
        """The same of the records that this extraction saw whose keys come after one and not after another."""
        asked = {**bind(scope), "after": after, "upto": upto, "seen_by": extract_id}
        with self._database.reading() as tx:
            return dict(tx.execute(_HASHES_BETWEEN, asked).all())

    def known(self, connection: str, *, keys: Sequence[str]) -> set[str]:
        """Which of these keys any record of the connection was ever seen under."""
        query = select(records.c.key).where(records.c.connection == connection, records.c.key.in_(keys)).distinct()
        with self._database.reading() as tx:
            return set(tx.execute(query).scalars())

    def count(self, scope: Scope, *, extract_id: int) -> int:
        """How many records the given extraction saw."""
        query = select(func.count()).select_from(records).where(_within(scope), *_seen_by(extract_id))
        with self._database.reading() as tx:
            return int(tx.execute(query).scalar_one())

    def vanished(self, scope: Scope, *, extract_id: int) -> list[str]:
        """Keys kept from earlier that the given complete extraction did not see."""
        where = and_(_within(scope), records.c.extract_id < extract_id)
        with self._database.reading() as tx:
            return list(tx.execute(select(records.c.key).where(where).order_by(records.c.key)).scalars())

    def gone(self, scope: Scope, *, extract_id: int, doubted: bool = True) -> list[str]:
        """
        Keys that the last believed extraction before this complete one saw, and nothing since.

        With *doubted* also those that only a reading in between saw which a guard holds; where such readings show what
        never was the scope's own, they are left out, and with them whoever they saw last.
        """
        believed = (
            select(func.coalesce(extracts.c.base_id, extracts.c.id))
            .where(*columns_of(extracts, scope), extracts.c.state == "complete", extracts.c.id < extract_id)
            .order_by(extracts.c.id.desc())
            .limit(1)
        )
        since = records.c.extract_id >= believed.scalar_subquery()
        where = and_(_within(scope), since, records.c.extract_id < extract_id)
        if not doubted:
            held = select(extracts.c.id).where(*columns_of(extracts, scope), extracts.c.state == "held")
            where = and_(where, records.c.extract_id.not_in(held))
        with self._database.reading() as tx:
            return list(tx.execute(select(records.c.key).where(where).order_by(records.c.key)).scalars())

    def forget(self, tx: Transaction, scope: Scope, *, keys: Sequence[str]) -> None:
        """Stop remembering vanished records, once a person accepted that they are gone from view."""
        for start in range(0, len(keys), _BATCH):
            tx.execute(delete(records).where(_within(scope), records.c.key.in_(keys[start : start + _BATCH])))


_CAME_SAME = and_(bound_by(records), records.c.payload_hash.in_(bindparam("hashes", expanding=True)))
# Built once: a statement built anew for every page costs more than running it.
_FIND_KNOWN = select(records.c.payload_hash, records.c.extract_id).where(_CAME_SAME)
_ALL_KNOWN = select(records.c.payload_hash, records.c.extract_id).where(bound_by(records))
_HASHES_BETWEEN = select(records.c.key, records.c.payload_hash).where(
    bound_by(records),
    records.c.key > bindparam("after"),
    records.c.key <= bindparam("upto"),
    records.c.extract_id >= bindparam("seen_by"),
)
_TOUCH = update(records).where(_CAME_SAME).values(extract_id=bindparam("seen_by"))


@lru_cache(maxsize=2)
def _save_or_replace(dialect: str) -> Any:
    statement = insert_for(dialect, records)
    changed = {name: statement.excluded[name] for name in ("payload_hash", "body", "extract_id")}
    return statement.on_conflict_do_update(index_elements=[*Scope._fields, "key"], set_=changed)


_SAVED = (*Scope._fields, *Row._fields, "extract_id")


def _seen_by(extract_id: int | None) -> list[Any]:
    return [] if extract_id is None else [records.c.extract_id >= extract_id]


@lru_cache(maxsize=512)
def _within(scope: Scope) -> Any:
    return and_(*columns_of(records, scope))
