"""
Extractions at rest: when each was begun, what it was read as of, and whether it counts.

An extraction reads a type whole, or only what changed since another one, on which it builds. What a guard holds, what
broke off, and what was read as of another day is built on by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    func,
    select,
    update,
)

from ml_connector.storage.database import Database, metadata

ANOTHER_DAY = "another day"
"""The variant of a reading as of another day than today: one to look at, which nothing is built on."""

extracts = Table(
    "extract",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", String(64), nullable=False),
    Column("side", String(16), nullable=False),
    Column("type", String(32), nullable=False),
    Column("plant", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("total", Integer, nullable=False, default=0),
    Column("content_id", Integer),
    Column("base_id", Integer),
    Column("variant", String(200)),
    Column("effective_on", String(10)),
    Column("entered_at", String(40)),
    Column("started_at", String(40), nullable=False),
    Column("ended_at", String(40)),
    Index("ix_extract_scope", "connection", "side", "type", "plant", "state"),
)


class Scope(NamedTuple):
    """Which records: of one connection, from one side (workday, plex), of one type, in one plant (or "")."""

    connection: str
    side: str
    type: str
    plant: str = ""


class Believed(NamedTuple):
    """
    The newest complete extraction: how many records it counted, and which one first saw exactly this content.

    *id* is that of the whole extraction it is or builds on: what it and all after it saw is current. *number* is its
    own. *whole_at* is *entered_at* of the whole one; all moments are those the system was asked as of.
    """

    id: int
    total: int
    content_id: int
    number: int
    variant: str
    effective_on: str
    entered_at: str
    whole_at: str


class AsBefore(NamedTuple):
    """
    A complete extraction, read *at* a moment by a *variant* of the translation, that saw exactly what is kept.

    Its moments, as in `Believed`, are empty where it was not asked as of any.
    """

    scope: Scope
    before: Believed
    at: datetime
    variant: str
    effective_on: str = ""
    entered_at: str = ""


class ExtractStore:
    """The only SQL on extractions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(
        self,
        scope: Scope,
        *,
        at: datetime,
        effective_on: str = "",
        entered_at: str = "",
        variant: str = "",
        base_id: int | None = None,
    ) -> int:
        """Open an extraction and return its number; *base_id* is the whole one it builds on."""
        with self._database.transaction() as tx:
            row = {
                **scope._asdict(),
                "state": "reading",
                "total": 0,
                "effective_on": effective_on,
                "entered_at": entered_at,
                "variant": variant,
                "base_id": base_id,
                "started_at": at.isoformat(),
            }
            return int(tx.execute(extracts.insert(), row).inserted_primary_key[0])  # type: ignore[index]

    def finish(self, extract_id: int, *, at: datetime, total: int, content_id: int | None) -> None:
        """Close an extraction; only a complete one, which knows the id of its content, counts from now on."""
        state = "discarded" if content_id is None else "complete"
        with self._database.transaction() as tx:
            values = {"state": state, "total": total, "content_id": content_id, "ended_at": at.isoformat()}
            tx.execute(update(extracts).where(extracts.c.id == extract_id), values)

    def note_as_before(self, notes: Sequence[AsBefore]) -> None:
        """
        Keep that complete extractions saw exactly the records of the ones before them, whose they stay.

        Those are then as good as read whole as of the same moments.
        """
        rows = [
            {
                **scope._asdict(),
                "state": "complete",
                "total": before.total,
                "content_id": before.content_id,
                "base_id": before.id,
                "effective_on": effective_on,
                "entered_at": entered_at,
                "variant": variant,
                "started_at": at.isoformat(),
                "ended_at": at.isoformat(),
            }
            for scope, before, at, variant, effective_on, entered_at in notes
        ]
        if rows:
            with self._database.transaction() as tx:
                tx.execute(extracts.insert(), rows)
                for note in notes:
                    if note.entered_at:
                        moments = {"effective_on": note.effective_on, "entered_at": note.entered_at}
                        tx.execute(update(extracts).where(extracts.c.id == note.before.id).values(moments))

    def disbelieve(self, extract_id: int) -> None:
        """Take back a complete extraction that a guard holds: the next one is compared with the last believed."""
        with self._database.transaction() as tx:
            tx.execute(update(extracts).where(extracts.c.id == extract_id).values(state="held"))

    def last_believed(self, scope: Scope, *, doubted: bool = False, settled: bool = False) -> Believed | None:
        """
        The newest complete extraction, or None if there was none.

        With *doubted* also one that a guard holds; with *settled* none as of another day than it was.
        """
        states = ("complete", "held") if doubted else ("complete",)
        chosen = {**bind(scope), "states": states, "but": (ANOTHER_DAY,) if settled else ()}
        with self._database.reading() as tx:
            row = tx.execute(_LAST_BELIEVED, chosen).one_or_none()
        return None if row is None else Believed(*row)

    def looked_elsewhere(self, scope: Scope) -> bool:
        """
        Whether another day was read, if only in part, since today was read to the end: it may have seen news first.
        """
        settled = self.last_believed(scope, doubted=True, settled=True)
        since = extracts.c.id > (settled.number if settled else 0)
        query = select(extracts.c.id).where(*columns_of(extracts, scope), since, extracts.c.variant == ANOTHER_DAY)
        with self._database.reading() as tx:
            return tx.execute(query.limit(1)).first() is not None

    def believed_before(self, scope: Scope, entered_at: datetime) -> datetime | None:
        """As of which moment the last complete extraction before this one was asked; None if there was none."""
        moment = extracts.c.entered_at
        earlier = (extracts.c.state == "complete", moment > "", moment < entered_at.astimezone(UTC).isoformat())
        query = select(func.max(moment)).where(*columns_of(extracts, scope), *earlier)
        with self._database.reading() as tx:
            found = tx.execute(query).scalar_one()
        return None if found is None else datetime.fromisoformat(found)

    def to_build_on(self, scope: Scope, *, variant: str) -> Believed | None:
        """
        The newest complete extraction, if another one may read only what changed since.

        It may not where something was read whole since, and not believed or for another day, or under other settings.
        """
        believed = self.last_believed(scope)
        if believed is None or believed.variant != variant or not believed.entered_at:
            return None
        newest = select(func.coalesce(extracts.c.base_id, extracts.c.id)).where(*columns_of(extracts, scope))
        with self._database.reading() as tx:
            base = tx.execute(newest.order_by(extracts.c.id.desc()).limit(1)).scalar_one()
        return believed if base == believed.id else None


# Kept, for a connection has few scopes and asks about each of them again and again.
@lru_cache(maxsize=512)
def columns_of(table: Table, scope: Scope) -> tuple[Any, ...]:
    """Where a table's rows are of this scope."""
    return tuple(table.c[name] == value for name, value in scope._asdict().items())


def bound_by(table: Table) -> Any:
    """The same with the scope left to be filled in, for statements that are built once."""
    return and_(*(table.c[name] == bindparam(f"in_{name}") for name in Scope._fields))


def bind(scope: Scope) -> dict[str, Any]:
    """The values for `bound_by`."""
    return {f"in_{name}": value for name, value in scope._asdict().items()}


def _last_believed() -> Any:
    whole = extracts.alias("whole")
    whole_id = func.coalesce(extracts.c.base_id, extracts.c.id)
    columns = (
        whole_id,
        extracts.c.total,
        func.coalesce(extracts.c.content_id, extracts.c.id),
        extracts.c.id,
        func.coalesce(extracts.c.variant, ""),
        func.coalesce(extracts.c.effective_on, ""),
        func.coalesce(extracts.c.entered_at, ""),
        func.coalesce(whole.c.entered_at, ""),
    )
    joined = extracts.join(whole, whole.c.id == whole_id)
    believed = extracts.c.state.in_(bindparam("states", expanding=True))
    chosen = func.coalesce(extracts.c.variant, "").not_in(bindparam("but", expanding=True))
    query = select(*columns).select_from(joined).where(bound_by(extracts), believed, chosen)
    return query.order_by(extracts.c.id.desc()).limit(1)


# Built once: a statement built anew for every page costs more than running it.
_LAST_BELIEVED = _last_believed()
