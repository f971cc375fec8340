"""
What both sides agreed on last, and what the last believed look left to compare the next one with.

Of each record the fields both held alike; of people also what Workday showed of them, by what they were found in step,
and how many of them each seat had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    Column,
    Index,
    Insert,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from ml_connector.canonical.keys import encode
from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.claim import RowVersion
from ml_connector.storage.database import Database, Transaction, insert_for, insert_many, insert_or, metadata
from ml_connector.sync.allowance import PEOPLE
from ml_connector.sync.headcount import HeadcountLine

baselines = Table(
    "baseline",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fields", Text, nullable=False),
    Column("run_id", Integer),
    Column("agreed_at", String(40), nullable=False),
)

# What both sides turned out to hold alike without a write of ours: appended to, never changed.
agreements = Table(
    "agreement",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", String(64), nullable=False),
    Column("type", String(32), nullable=False),
    Column("plant", String(16), nullable=False),
    Column("key", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("fields", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("run_id", Integer, nullable=False),
    Column("agreed_at", String(40), nullable=False),
    Index("ix_agreement_record", "connection", "type", "source"),
    Index("ix_agreement_key", "connection", "type", "key"),
)

fill_masks = Table(
    "worker_fill",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fields", Integer, nullable=False),
)

in_step = Table(
    "in_step",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", String(40), nullable=False),
)

headcounts = Table(
    "headcount",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("position", String(200), primary_key=True),
    Column("department", String(200), primary_key=True),
    Column("shift", String(200)),
    Column("planned", Integer),
    Column("actual", Integer, nullable=False),
    Column("excluded", Integer, nullable=False),
    Column("on_leave", Integer, nullable=False, server_default="0"),
    Column("fte", String(32)),
)


_AGREED = ("connection", "type", "plant", "key", "fields", "run_id", "agreed_at")


@cache
def _upsert(dialect: str, *, unless_known: bool) -> Insert:
    statement = insert_for(dialect, baselines)
    name_of_one = _AGREED[:4]
    if unless_known:
        return statement.on_conflict_do_nothing(index_elements=name_of_one)
    updated = {name: statement.excluded[name] for name in _AGREED[4:]}
    return statement.on_conflict_do_update(index_elements=name_of_one, set_=updated)


class Agreed(NamedTuple):
    """
    One record's owned fields, as both sides hold them; *source* and *rows* as in a change.

    *status* is what Plex holds of one that both sides ended: nothing is compared with it, it is kept for the past.
    """

    type: str
    plant: str
    key: str
    fields: Mapping[str, Scalar]
    source: str
    rows: Mapping[str, RowVersion]
    status: Scalar = None


class BaselineStore:
    """The only SQL on baselines and on what is remembered beside them."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    # What was agreed on

    def agree(self, tx: Transaction, records: Sequence[Agreed], *, run: int, at: datetime) -> None:
        """Remember what both sides turn out to hold alike without a write of ours."""
        if not records:
            return
        common = {"connection": self._connection, "run_id": run, "agreed_at": at.isoformat()}
        rows = [
            {
                **common,
                "type": each.type,
                "plant": each.plant,
                "key": each.key,
                "source": each.source,
                "fields": encode(
                    each.fields if each.status is None else {"status": each.status, **each.fields}
                ).decode(),
                "mapping": encode(each.rows).decode(),
            }
            for each in records
        ]
        tx.execute(insert(agreements), rows)
        self.remember(tx, records, run=run, at=at)

    def remember(
        self, tx: Transaction, records: Sequence[Agreed], *, run: int, at: datetime, unless_known: bool = False
    ) -> None:
        """
        Put what both sides hold alike now in the place of what they did; with *unless_known* only where nothing is.
        """
        if not records:
            return
        moment = at.isoformat()
        rows = [
            (self._connection, it.type, it.plant, it.key, encode(it.fields).decode(), run, moment) for it in records
        ]
        insert_many(tx, _upsert(tx.dialect.name, unless_known=unless_known), rows, names=_AGREED)
        # What is agreed on now is another thing than what somebody was found in step with.
        people = [{"in_plant": it.plant, "of_key": it.key} for it in records if it.type in PEOPLE]
        if people:
            here = (in_step.c.connection == self._connection, in_step.c.plant == bindparam("in_plant"))
            tx.execute(delete(in_step).where(*here, in_step.c.key == bindparam("of_key")), people)

    def forget(self, tx: Transaction, left: Sequence[tuple[str, str]]) -> None:
        """Nothing is agreed on any more about a person in the plant their record left, by (plant, key)."""
        for plant, key in left:
            here = (baselines.c.plant == plant, baselines.c.key == key, baselines.c.type.in_(PEOPLE))
            tx.execute(delete(baselines).where(baselines.c.connection == self._connection, *here))

    def baseline(self, kind: str, plant: str, *, keys: Sequence[str] | None = None) -> dict[str, dict[str, Scalar]]:
        """What both sides agreed on last, by key: for all of a plant's records of a type, or for these."""
        where = and_(
            baselines.c.connection == self._connection,
            baselines.c.type == kind,
            baselines.c.plant == plant,
            *([] if keys is None else [baselines.c.key.in_(keys)]),
        )
        with self._database.reading() as tx:
            rows = tx.execute(select(baselines.c.key, baselines.c.fields).where(where)).all()
        return {row.key: msgspec.json.decode(row.fields) for row in rows}

    def sentinels(self, kind: str, plant: str, *, limit: int) -> dict[str, dict[str, Scalar]]:
        """The records of a plant that were agreed on longest ago, by key."""
        where = and_(baselines.c.connection == self._connection, baselines.c.type == kind, baselines.c.plant == plant)
        query = select(baselines.c.key, baselines.c.fields).where(where)
        with self._database.reading() as tx:
            rows = tx.execute(query.order_by(baselines.c.agreed_at, baselines.c.key).limit(limit)).all()
        return {row.key: msgspec.json.decode(row.fields) for row in rows}

    def most_agreed(self, kind: str) -> int:
        """How many records of a type were agreed on in the plant that has most of them."""
        where = and_(baselines.c.connection == self._connection, baselines.c.type == kind)
        query = select(func.count()).where(where).group_by(baselines.c.plant)
        with self._database.reading() as tx:
            return max((int(count) for count in tx.execute(query).scalars()), default=0)

    # Who is in step

    def in_step(self, plant: str, after: str, upto: str) -> dict[str, str]:
        """
        By what the employees of a plant with a key after one and not after another were found in step (`sync.steady`).
        """
        asked = {"of_connection": self._connection, "in_plant": plant, "after": after, "upto": upto}
        with self._database.reading() as tx:
            return dict(tx.execute(_IN_STEP, asked).all())

    def save_in_step(self, tx: Transaction, found: Mapping[tuple[str, str], str]) -> None:
        """Remember by what employees, named by plant and key, were found in step."""
        if not found:
            return
        statement = insert_or(tx, in_step)
        updated = {"digest": statement.excluded.digest}
        upsert = statement.on_conflict_do_update(index_elements=["connection", "plant", "key"], set_=updated)
        common = {"connection": self._connection}
        tx.execute(
            upsert, [{**common, "plant": plant, "key": key, "digest": told} for (plant, key), told in found.items()]
        )

    # Which fields Workday shows

    def fill_masks(self, keys: Sequence[str]) -> dict[str, int]:
        """By worker's key, which fields the last believed reading showed (`mapping.fill`)."""
        where = and_(fill_masks.c.connection == self._connection, fill_masks.c.key.in_(keys))
        with self._database.reading() as tx:
            return dict(tx.execute(select(fill_masks.c.key, fill_masks.c.fields).where(where)).all())

    def save_fill_masks(self, tx: Transaction, masks: Mapping[str, int]) -> None:
        """Remember them for the workers of whom they changed."""
        if not masks:
            return
        statement = insert_or(tx, fill_masks)
        updated = {"fields": statement.excluded.fields}
        upsert = statement.on_conflict_do_update(index_elements=["connection", "key"], set_=updated)
        tx.execute(
            upsert, [{"connection": self._connection, "key": key, "fields": mask} for key, mask in masks.items()]
        )

    # Headcount

    def save_headcount(self, tx: Transaction, lines: Sequence[HeadcountLine]) -> None:
        """Put the newest count in the place of the one before."""
        tx.execute(delete(headcounts).where(headcounts.c.connection == self._connection))
        if lines:
            tx.execute(
                insert(headcounts), [{"connection": self._connection, **msgspec.structs.asdict(line)} for line in lines]
            )

    def headcount(self) -> list[HeadcountLine]:
        """Planned beside actual, as the newest plan counted them."""
        query = select(*(headcounts.c[name] for name in HeadcountLine.__struct_fields__))
        query = query.where(headcounts.c.connection == self._connection)
        query = query.order_by(headcounts.c.plant, headcounts.c.position, headcounts.c.department)
        with self._database.reading() as tx:
            return [HeadcountLine(**row) for row in tx.execute(query).mappings()]


# Built once: a statement built anew for every batch costs more than running it.
_IN_STEP = select(in_step.c.key, in_step.c.digest).where(
    in_step.c.connection == bindparam("of_connection"),
    in_step.c.plant == bindparam("in_plant"),
    in_step.c.key > bindparam("after"),
    in_step.c.key <= bindparam("upto"),
)
