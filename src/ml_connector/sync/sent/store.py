"""
What runs have sent of people, as guards count it beside a run.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import and_, func, or_, select

from ml_connector.storage.database import Database, Transaction
from ml_connector.sync.allowance import PEOPLE, Sent, name_member, overwritten
from ml_connector.sync.baseline.store import baselines
from ml_connector.sync.belief import Moment
from ml_connector.sync.change import Change
from ml_connector.sync.runs.store import runs
from ml_connector.sync.store import changes

# What Plex took, or may have taken.
_LEFT = ("applied", "accepted", "sending")
# Kinds of run that send all of a plan.
_WHOLE = ("sync", "apply")


class SentStore:
    """Reads plans and runs together; it writes nothing."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    def sent_since(self, since: Moment, *, ours: datetime, actions: Collection[str]) -> list[Sent]:
        """
        Writes to people that left for Plex in runs that read Workday since then, by its clock or by ours, and were not
        refused.

        It is *ours* by our clock now; a run that it puts into the future tells nothing by it.

        The creations that first filled a plant are left out.
        """
        columns = (changes.c.action, changes.c.plant, changes.c.source, changes.c.content_hash, runs.c.entered_at)
        where = and_(
            changes.c.connection == self._connection,
            changes.c.type.in_(PEOPLE),
            changes.c.state.in_(_LEFT),
            changes.c.sent_at.is_not(None),
            or_(
                runs.c.entered_at >= since.entered_at.astimezone(UTC).isoformat(),
                runs.c.looked_at.between(since.looked_at.astimezone(UTC).isoformat(), ours.astimezone(UTC).isoformat()),
            ),
        )
        sent: list[Sent] = []
        with self._database.reading() as tx:
            more = (changes.c.type, changes.c.key, changes.c.run_id)
            plain = select(*columns, *more).join(runs, runs.c.id == changes.c.run_id)
            bare = [action for action in actions if action != "update"]
            filled = self._filled(tx) if "create" in actions else {}
            later = [and_(changes.c.plant == plant, changes.c.run_id > run) for plant, run in filled.items()]
            counted = or_(changes.c.action != "create", *later)
            plain_ones = plain.where(where, changes.c.action.in_(bare), changes.c.type == "employee", counted)
            sent += map(_sent, tx.execute(plain_ones))
            if "update" in actions:
                whole = plain.add_columns(changes.c.change).where(where, changes.c.action == "update")
                sent += [_sent(row, msgspec.json.decode(row.change, type=Change)) for row in tx.execute(whole)]
        return sent

    def filled_plants(self) -> set[str]:
        """Plants that a whole sync has gone through with employees of ours in it."""
        with self._database.reading() as tx:
            return set(self._filled(tx))

    def _filled(self, tx: Transaction) -> dict[str, int]:
        """By plant, the first run that went through to its end and left employees there."""
        through = and_(runs.c.connection == self._connection, runs.c.state == "done", runs.c.kind.in_(_WHOLE))
        found: dict[str, int] = {}
        for table, more in ((changes, changes.c.state.in_(_LEFT)), (baselines, baselines.c.run_id.is_not(None))):
            where = and_(table.c.connection == self._connection, table.c.type == "employee", more)
            query = select(table.c.plant, func.min(table.c.run_id).label("run")).join(runs, runs.c.id == table.c.run_id)
            for row in tx.execute(query.where(where, through).group_by(table.c.plant)):
                found[row.plant] = min(row.run, found.get(row.plant, row.run))
        return found


def _sent(row: Any, change: Change | None = None) -> Sent:
    name = f"{row.type}|{row.plant}|{row.key}"
    return Sent(
        action=row.action,
        plant=row.plant,
        source=row.source,
        member=name_member(row.action, name, row.content_hash),
        at=row.entered_at,
        fields=frozenset() if change is None else overwritten(change),
        drifted=change is not None and change.drifted,
    )
