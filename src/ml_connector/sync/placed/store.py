"""Where everybody was placed, at rest: one row a worker's profile, with all it followed from."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Column, String, Table, Text, bindparam, delete, select

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
        asked = {"of_connection": self._connection, "after": after, "upto": upto}
        with self._database.reading() as tx:
            return {key: KeptPlace(by, body) for key, by, body in tx.execute(_KEPT, asked).all()}

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


# Built once: a statement built anew for every batch costs more than running it.
_KEPT = select(placed.c.key, placed.c.follows_from, placed.c.body).where(
    placed.c.connection == bindparam("of_connection"),
    placed.c.key > bindparam("after"),
    placed.c.key <= bindparam("upto"),
)
