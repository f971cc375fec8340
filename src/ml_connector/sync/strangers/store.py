"""Who was read and is nobody known yet, as the database finds them: on most days, of ten thousand, no one."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, bindparam, exists, select

from ml_connector.snapshot.extracts.store import Scope, bind, bound_by
from ml_connector.snapshot.store import records
from ml_connector.storage.database import Database
from ml_connector.timeline.identity import WID
from ml_connector.timeline.links.store import aliases


class StrangerStore:
    """Reads snapshots and links together; it writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, scope: Scope, *, extract_id: int, size: int) -> Iterator[list[str]]:
        """
        Yield the keys (WIDs) of the workers an extraction saw that are no known profile, in order, so many at a time.

        They may be written down as known between two of them.
        """
        last = ""
        while True:
            asked = {**bind(scope), "seen_by": extract_id, "after": last, "size": size}
            with self._database.reading() as tx:
                some = list(tx.execute(_STRANGERS, asked).scalars().all())
            if some:
                yield some
            if len(some) < size:
                return
            last = some[-1]


_KNOWN = and_(
    aliases.c.connection == records.c.connection,
    aliases.c.kind == WID,
    aliases.c.value == records.c.key,
)
_STRANGERS = (
    select(records.c.key)
    .where(
        bound_by(records),
        records.c.key > bindparam("after"),
        records.c.extract_id >= bindparam("seen_by"),
        ~exists().where(_KNOWN),
    )
    .order_by(records.c.key)
    .limit(bindparam("size"))
)
