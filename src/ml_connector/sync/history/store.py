"""What was ever planned, sent and agreed on, asked again: of one record, one run, or one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, or_, select, tuple_

from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.claim import RowVersion
from ml_connector.storage.database import Database
from ml_connector.sync.baseline.store import agreements
from ml_connector.sync.cause import LastAgreed
from ml_connector.sync.change import Change
from ml_connector.sync.intent import Intent
from ml_connector.sync.runs.store import runs
from ml_connector.sync.store import OPEN, StoredPlan, changes, intent_of

_AT_ONCE = 500
_DONE = ("applied", "accepted")


class HistoryStore:
    """Reads plans, agreements and runs together; it writes nothing."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    def carried_out_in(self, plan: StoredPlan) -> int | None:
        """The first run that ended with this plan done; where our clock was put back in it, by its writes."""
        ended = select(func.min(runs.c.id)).where(
            runs.c.connection == self._connection,
            runs.c.plan == plan.digest,
            runs.c.state == "done",
            runs.c.kind != "plan",
            runs.c.ended_at >= plan.created_at,
        )
        sent = select(func.max(changes.c.run_id)).where(changes.c.plan_id == plan.id)
        with self._database.reading() as tx:
            found = tx.execute(select(func.coalesce(ended.scalar_subquery(), sent.scalar_subquery()))).scalar_one()
        return None if found is None else int(found)

    def open_records(self) -> set[tuple[str, str, str]]:
        """Type, plant and source of the records that changes wait for, which the next plan supersedes."""
        where = (changes.c.connection == self._connection, changes.c.state.in_(OPEN))
        with self._database.reading() as tx:
            rows = tx.execute(select(changes.c.type, changes.c.plant, changes.c.source).where(*where).distinct())
            return {(row.type, row.plant, row.source) for row in rows}

    def of_record(self, *, kind: str, source: str, plant: str) -> list[tuple[Intent, int | None]]:
        """What was ever planned for one record, the newest plan first, with the run that sent it."""
        query = select(changes).where(*self._planned(kind, source), changes.c.plant == plant)
        with self._database.reading() as tx:
            rows = tx.execute(query.order_by(changes.c.plan_id.desc(), changes.c.seq)).mappings()
            return [(intent_of(row), row["run_id"]) for row in rows]

    def newest(self, *, kind: str, source: str | None = None) -> list[tuple[Intent, int | None]]:
        """The last that was planned for each record of a type and not replaced since, with the run that sent it."""
        with self._database.reading() as tx:
            rows = tx.execute(self._newest(kind, source)).mappings()
            return [(intent_of(row), row["run_id"]) for row in rows]

    def ever_planned(self, kind: str, source: str) -> bool:
        """Whether anything was ever planned for a record."""
        with self._database.reading() as tx:
            return tx.execute(select(changes.c.seq).where(*self._planned(kind, source)).limit(1)).first() is not None

    def last_known(self, kind: str, plant: str, *, keys: Sequence[str]) -> dict[str, LastAgreed]:
        """By key, whose these records of a plant were when both sides last agreed, and where each value came from."""
        told: list[tuple[int, int, int, str, str, dict[str, RowVersion]]] = []
        with self._database.reading() as tx:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                for row in tx.execute(select(agreements).where(*self._of(agreements, kind, plant, some))):
                    rows = msgspec.json.decode(row.mapping, type=dict[str, RowVersion])
                    told.append((row.run_id, 0, row.id, row.key, row.source, rows))
                applied = (*self._of(changes, kind, plant, some), changes.c.state == "applied")
                for row in tx.execute(select(changes).where(*applied)):
                    rows = msgspec.json.decode(row.change, type=Change).rows
                    told.append((row.run_id, 1, row.seq, row.key, row.source, rows))
        found: dict[str, LastAgreed] = {}
        for *_, key, source, rows in sorted(told, key=itemgetter(0, 1, 2)):
            before = found.get(key)
            found[key] = LastAgreed(source, {**(before.rows if before else {}), **rows})
        return found

    def sources_of(self, kind: str, *, key: str) -> set[str]:
        """Whose a record ever was, in any plant: who it was written for, or agreed on as theirs."""
        found: set[str] = set()
        with self._database.reading() as tx:
            for table, done in ((agreements, ()), (changes, (changes.c.state.in_(_DONE),))):
                where = (table.c.connection == self._connection, table.c.type == kind, table.c.key == key, *done)
                found.update(tx.execute(select(table.c.source).where(*where).distinct()).scalars())
        return found

    def before_ours(self, kind: str, plant: str, *, key: str) -> dict[str, Scalar]:
        """What a record held, in the fields we wrote, before we first wrote to it."""
        where = (*self._of(changes, kind, plant, [key]), changes.c.state.in_(_DONE))
        found: dict[str, Scalar] = {}
        with self._database.reading() as tx:
            query = select(changes.c.change).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            for row in tx.execute(query):
                found = {**msgspec.json.decode(row.change, type=Change).before, **found}
        return found

    def of_run(self, run: int) -> list[Intent]:
        """What one run sent or decided, in order."""
        where = (changes.c.connection == self._connection, changes.c.run_id == run)
        with self._database.reading() as tx:
            query = select(changes).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            return [intent_of(row) for row in tx.execute(query).mappings()]

    def applied_since_reading(self) -> list[Intent]:
        """What was carried out by the newest run that read both sides, and after it: no reading shows it yet."""
        mine = runs.c.connection == self._connection
        newest = select(func.max(runs.c.id)).where(mine, runs.c.entered_at.is_not(None)).scalar_subquery()
        where = (changes.c.connection == self._connection, changes.c.state == "applied", changes.c.run_id >= newest)
        with self._database.reading() as tx:
            query = select(changes).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            return [intent_of(row) for row in tx.execute(query).mappings()]

    def left_behind(self) -> set[tuple[str, str]]:
        """
        The employees, by plant and key, whom a plan meant to end and did not, after it had brought them to another
        plant.

        Whatever was written to such a record since settles it.
        """
        old, new, later = changes.alias(), changes.alias(), changes.alias()
        since = and_(
            later.c.connection == old.c.connection,
            *(later.c[name] == old.c[name] for name in ("type", "plant", "key")),
            later.c.plan_id > old.c.plan_id,
            later.c.state.in_(_DONE),
        )
        query = select(old.c.plant, old.c.key).where(
            old.c.connection == self._connection,
            *(old.c.type == "employee", old.c.action == "deactivate", old.c.state.not_in(_DONE)),
            *(new.c.plan_id == old.c.plan_id, new.c.type == "employee", new.c.source == old.c.source),
            *(new.c.plant != old.c.plant, new.c.action.in_(("create", "reactivate")), new.c.state.in_(_DONE)),
            ~exists().where(since),
        )
        with self._database.reading() as tx:
            return {(row.plant, row.key) for row in tx.execute(query)}

    def unsettled_transfers(self) -> dict[str, Intent]:
        """
        By person, the transfer that was the last thing sent of the employee and was neither seen done nor refused.
        """
        sent = (changes.c.connection == self._connection, changes.c.type == "employee", changes.c.sent_at.is_not(None))
        doubtful = (changes.c.action == "transfer", changes.c.state.not_in(("applied", "rejected", "forbidden")))
        whose = select(changes.c.source).where(*sent, *doubtful)
        query = select(changes).where(*sent, changes.c.source.in_(whose)).order_by(changes.c.plan_id, changes.c.seq)
        with self._database.reading() as tx:
            last = {row["source"]: intent_of(row) for row in tx.execute(query).mappings()}
        return {
            intent.change.person: intent
            for intent in sorted(last.values(), key=lambda it: (it.plan_id, it.seq))
            if intent.change.action == "transfer" and intent.state not in {"applied", "rejected", "forbidden"}
        }

    def is_sent_since(self, intent: Intent, *, numbers: Collection[str]) -> bool:
        """
        Whether anything was sent after it of the employee, by its key or one of the *numbers* people know them by.
        """
        where = (
            *(changes.c.connection == self._connection, changes.c.type == "employee", changes.c.sent_at.is_not(None)),
            or_(changes.c.key == intent.change.key, changes.c.source.in_(sorted(numbers))),
            tuple_(changes.c.plan_id, changes.c.seq) > (intent.plan_id, intent.seq),
        )
        with self._database.reading() as tx:
            return tx.execute(select(exists().where(*where))).scalar_one()

    def _newest(self, kind: str, source: str | None) -> Select[Any]:
        place = func.row_number().over(
            partition_by=(changes.c.plant, changes.c.source), order_by=(changes.c.plan_id.desc(), changes.c.seq.desc())
        )
        stands = (*self._planned(kind, source), changes.c.state != "superseded")
        ranked = select(changes.c.plan_id, changes.c.seq, place.label("place")).where(*stands).subquery()
        same = and_(changes.c.plan_id == ranked.c.plan_id, changes.c.seq == ranked.c.seq)
        return select(changes).join(ranked, same).where(ranked.c.place == 1)

    def _planned(self, kind: str, source: str | None) -> tuple[ColumnElement[bool], ...]:
        of_type = (changes.c.connection == self._connection, changes.c.type == kind)
        return of_type if source is None else (*of_type, (changes.c.source == source) | (changes.c.key == source))

    def _of(self, table: Table, kind: str, plant: str, keys: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        record = table.c.type == kind, table.c.plant == plant, table.c.key.in_(keys)
        return table.c.connection == self._connection, *record
