"""Where everybody was placed, at rest: one row a worker's profile, with all it followed from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Column, String, Table, Text, and_, bindparam, delete, select

from ml_connector.storage.database import Database, Transaction, insert_or, metadata
from ml_connector.sync.placed.remembered import KeptPlace

placed = Table(
    "placed",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("follows_from", String(80), nullable=False),
    Column("body", Text, nullable=False),
)


class PlacedStore:
    """The only SQL on places, for one connection."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database, self._connection = database, connection

    def kept(self, *, after: str, upto: str) -> dict[str, KeptPlace]:
        """The places of the workers whose keys come after one and not after another, by key."""
        where = and_(placed.c.connection == self._connection, placed.c.key > after, placed.c.key <= upto)
        with self._database.reading() as tx:
            rows = tx.execute(select(placed.c.key, placed.c.follows_from, placed.c.body).where(where))
            return {row[0]: KeptPlace(row[1], row[2]) for row in rows}

    def save(self, tx: Transaction, found: Mapping[str, KeptPlace], *, others: Collection[str]) -> None:
        """Keep these places, and forget what is kept of the *others*."""
        gone = [{"of_key": key} for key in others if key not in found]
        if gone:
            here = placed.c.connection == self._connection
            tx.execute(delete(placed).where(here, placed.c.key == bindparam("of_key")), gone)
        if found:
            statement = insert_or(tx, placed)
            updated = {name: statement.excluded[name] for name in KeptPlace._fields}
            upsert = statement.on_conflict_do_update(index_elements=["connection", "key"], set_=updated)
            tx.execute(
                upsert, [{"connection": self._connection, "key": key, **it._asdict()} for key, it in found.items()]
            )
