"""
Plans and intents: what was decided, what was sent, and what became of it.

A row of `plan_change` is the durable intent of the write protocol: it is there before any byte leaves, and its state
tells after a crash what may have happened.

    planned → sending → applied | accepted → applied
                      → rejected | conflict | duplicate
                      → forbidden (our role may not: the next plan tries again)
                      → planned (proved absent by reading back)
    planned → waiting (a record it needs did not make it) · held · superseded

It stays `sending` for as long as nobody can tell what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from ml_connector.canonical.keys import encode
from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.crosswalk import RowVersion
from ml_connector.storage.database import Database, insert_many, metadata
from ml_connector.sync.baseline.store import Agreed, BaselineStore, agreements
from ml_connector.sync.cause import Known
from ml_connector.sync.change import Change
from ml_connector.sync.runs.store import runs

_AT_ONCE = 500
_OPEN = ("planned", "held", "waiting")
_DONE = ("applied", "accepted")
plans = Table(
    "plan",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("watermark", String(40), nullable=False),
    Column("crosswalk", String(64), nullable=False),
    Column("inputs", String(64)),
    Column("run_id", Integer),
    Column("counts", Text, nullable=False),
    Column("created_at", String(40), nullable=False),
    Index("ix_plan_connection", "connection", "id"),
)

changes = Table(
    "plan_change",
    metadata,
    Column("plan_id", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("connection", String(64), nullable=False),
    Column("type", String(32), nullable=False),
    Column("plant", String(16), nullable=False),
    Column("key", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("action", String(16)),
    Column("level", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("content_hash", String(64), nullable=False),
    Column("change", Text, nullable=False),
    Column("reason", Text),
    Column("reference", Text),
    Column("response_status", Integer),
    Column("response_hash", String(64)),
    Column("run_id", Integer),
    Column("sent_at", String(40)),
    Column("ended_at", String(40)),
    Index("ix_plan_change_state", "connection", "state"),
    Index("ix_plan_change_record", "connection", "type", "source"),
    Index("ix_plan_change_key", "connection", "type", "key"),
)


class StoredPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as kept; *state* is planned, applying, done or superseded."""

    id: int
    connection: str
    digest: str
    state: str
    as_of: str
    watermark: str
    crosswalk: str
    inputs: str | None
    counts: dict[str, int]
    created_at: str


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One change on its way; *sent_at* is the moment, in ISO 8601, before its last attempt could begin."""

    plan_id: int
    seq: int
    state: str
    attempt: int
    change: Change
    reason: str | None = None
    sent_at: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of one attempt; *sent* is false where nothing had to be sent, *code* the system's own for a refusal.

    *status* and *response_hash* are those of the answer, where there was one.
    """

    intent: Intent
    state: str
    sent: bool = True
    reason: str | None = None
    remedy: str | None = None
    reference: str | None = None
    code: str | None = None
    status: int | None = None
    response_hash: str | None = None


class SyncStore:
    """The only SQL on plans and intents."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection
        self._baselines = BaselineStore(database, connection)

    # Plans

    def save_plan(
        self,
        tx: Connection,
        *,
        digest: str,
        as_of: str,
        watermark: str,
        crosswalk: str,
        inputs: str | None,
        counts: Mapping[str, int],
        changes_: Sequence[Change],
        run: int,
        at: datetime,
    ) -> int:
        """Keep a plan and its intents; whoever saves one supersedes the earlier ones first."""
        values = {"connection": self._connection, "digest": digest, "state": "planned", "as_of": as_of}
        values |= {"watermark": watermark, "crosswalk": crosswalk, "counts": encode(counts).decode()}
        row = tx.execute(insert(plans).values(**values, inputs=inputs, run_id=run, created_at=at.isoformat()))
        number = int(row.inserted_primary_key[0])  # type: ignore[index]
        rows = [_intent_row(self._connection, number, seq, change) for seq, change in enumerate(changes_)]
        if rows:
            insert_many(tx, _PLAN, [tuple(row.values()) for row in rows], names=tuple(rows[0]))
        return number

    def supersede(self, tx: Connection) -> list[str]:
        """Nothing of an older plan may still be sent; return the digests of those that were open."""
        older = (plans.c.connection == self._connection, plans.c.state.in_(("planned", "applying")))
        open_ = list(tx.execute(select(plans.c.digest).where(*older).order_by(plans.c.id)).scalars())
        tx.execute(update(plans).where(*older).values(state="superseded"))
        waiting = (changes.c.connection == self._connection, changes.c.state.in_(_OPEN))
        tx.execute(update(changes).where(*waiting).values(state="superseded"))
        return open_

    def find_plan(self, digest: str) -> StoredPlan | None:
        """The newest plan with this digest, or with a digest that begins so; None where there is none."""
        where = and_(plans.c.connection == self._connection, plans.c.digest.startswith(digest, autoescape=True))
        with self._database.reading() as tx:
            row = tx.execute(select(plans).where(where).order_by(plans.c.id.desc()).limit(1)).mappings().one_or_none()
        return None if row is None else _plan(row)

    def newest_plan(self) -> StoredPlan | None:
        """The connection's newest plan."""
        return self.find_plan("")

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

    def set_plan_state(self, tx: Connection, plan_id: int, state: str) -> None:
        tx.execute(update(plans).where(plans.c.id == plan_id).values(state=state))

    def move_watermark(self, tx: Connection, plan_id: int, watermark: str) -> None:
        """Note that Workday was read whole again, and the plan still stands."""
        tx.execute(update(plans).where(plans.c.id == plan_id).values(watermark=watermark))

    # Intents

    def intents(self, *, plan_id: int | None = None, states: Sequence[str] = ()) -> list[Intent]:
        """Intents in order, of one plan or of the whole connection, in the given states (none given: all)."""
        where = [changes.c.connection == self._connection]
        if plan_id is not None:
            where.append(changes.c.plan_id == plan_id)
        if states:
            where.append(changes.c.state.in_(states))
        with self._database.reading() as tx:
            query = select(changes).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            return [_intent(row) for row in tx.execute(query).mappings()]

    def open_records(self) -> set[tuple[str, str, str]]:
        """Type, plant and source of the records that changes wait for, which the next plan supersedes."""
        where = (changes.c.connection == self._connection, changes.c.state.in_(_OPEN))
        with self._database.reading() as tx:
            rows = tx.execute(select(changes.c.type, changes.c.plant, changes.c.source).where(*where).distinct())
            return {(row.type, row.plant, row.source) for row in rows}

    def history(self, *, kind: str, source: str, plant: str) -> list[tuple[Intent, int | None]]:
        """What was ever planned for one record, the newest plan first, with the run that sent it."""
        query = select(changes).where(*self._planned(kind, source), changes.c.plant == plant)
        with self._database.reading() as tx:
            rows = tx.execute(query.order_by(changes.c.plan_id.desc(), changes.c.seq)).mappings()
            return [(_intent(row), row["run_id"]) for row in rows]

    def newest(self, *, kind: str, source: str | None = None) -> list[tuple[Intent, int | None]]:
        """The last that was planned for each record of a type and not replaced since, with the run that sent it."""
        with self._database.reading() as tx:
            rows = tx.execute(self._newest(kind, source)).mappings()
            return [(_intent(row), row["run_id"]) for row in rows]

    def ever_planned(self, kind: str, source: str) -> bool:
        """Whether anything was ever planned for a record."""
        with self._database.reading() as tx:
            return tx.execute(select(changes.c.seq).where(*self._planned(kind, source)).limit(1)).first() is not None

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

    def last_known(self, kind: str, plant: str, *, keys: Sequence[str]) -> dict[str, Known]:
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
        found: dict[str, Known] = {}
        for *_, key, source, rows in sorted(told, key=itemgetter(0, 1, 2)):
            before = found.get(key)
            found[key] = Known(source, {**(before.rows if before else {}), **rows})
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

    def _of(self, table: Table, kind: str, plant: str, keys: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        record = table.c.type == kind, table.c.plant == plant, table.c.key.in_(keys)
        return table.c.connection == self._connection, *record

    def of_run(self, run: int) -> list[Intent]:
        """What one run sent or decided, in order."""
        where = (changes.c.connection == self._connection, changes.c.run_id == run)
        with self._database.reading() as tx:
            query = select(changes).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            return [_intent(row) for row in tx.execute(query).mappings()]

    def applied_since_reading(self) -> list[Intent]:
        """What was carried out by the newest run that read both sides, and after it: no reading shows it yet."""
        mine = runs.c.connection == self._connection
        newest = select(func.max(runs.c.id)).where(mine, runs.c.entered_at.is_not(None)).scalar_subquery()
        where = (changes.c.connection == self._connection, changes.c.state == "applied", changes.c.run_id >= newest)
        with self._database.reading() as tx:
            query = select(changes).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            return [_intent(row) for row in tx.execute(query).mappings()]

    def left_behind(self) -> set[tuple[str, str]]:
        """
        The employees, by plant and key, whom a plan meant to end and did not, after it had brought them to another plant.

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
        """By person, the transfer that was the last thing sent of the employee and was neither seen done nor refused."""
        sent = (changes.c.connection == self._connection, changes.c.type == "employee", changes.c.sent_at.is_not(None))
        doubtful = (changes.c.action == "transfer", changes.c.state.not_in(("applied", "rejected", "forbidden")))
        whose = select(changes.c.source).where(*sent, *doubtful)
        query = select(changes).where(*sent, changes.c.source.in_(whose)).order_by(changes.c.plan_id, changes.c.seq)
        with self._database.reading() as tx:
            last = {row["source"]: _intent(row) for row in tx.execute(query).mappings()}
        return {
            intent.change.person: intent
            for intent in sorted(last.values(), key=lambda it: (it.plan_id, it.seq))
            if intent.change.action == "transfer" and intent.state not in {"applied", "rejected", "forbidden"}
        }

    def sent_since(self, intent: Intent, *, numbers: Collection[str]) -> bool:
        """Whether anything was sent after it of the employee, by its key or one of the *numbers* people know them by."""
        where = (
            *(changes.c.connection == self._connection, changes.c.type == "employee", changes.c.sent_at.is_not(None)),
            or_(changes.c.key == intent.change.key, changes.c.source.in_(sorted(numbers))),
            tuple_(changes.c.plan_id, changes.c.seq) > (intent.plan_id, intent.seq),
        )
        with self._database.reading() as tx:
            return tx.execute(select(exists().where(*where))).scalar_one()

    def mark_sending(self, tx: Connection, intents: Sequence[Intent], *, run: int, at: datetime) -> list[Intent]:
        """Note, before the first byte, that these are about to leave."""
        moment = at.isoformat()
        sent = [
            msgspec.structs.replace(intent, state="sending", attempt=intent.attempt + 1, sent_at=moment)
            for intent in intents
        ]
        if sent:
            common = {"run": run, "moment": moment}
            tx.execute(_MARK_SENDING, [{**_one(intent), **common, "attempts": intent.attempt} for intent in sent])
        return sent

    def record(self, tx: Connection, outcomes: Sequence[Outcome], *, run: int, at: datetime) -> None:
        """Keep what became of intents; applied ones become the baseline in the same transaction."""
        if outcomes:
            common = {"run": run, "moment": at.isoformat()}
            told = [
                {
                    **common,
                    "became": it.state,
                    "why": it.reason,
                    "number": it.reference,
                    "status": it.status,
                    "response": it.response_hash,
                }
                for it in outcomes
            ]
            rows = [{**_one(it.intent), **values} for it, values in zip(outcomes, told, strict=True)]
            tx.execute(_RECORD, rows)
        applied = [outcome.intent.change for outcome in outcomes if outcome.state == "applied"]
        moved = [it for it in applied if it.action == "transfer"]
        self._baselines.remember(tx, [_agreed(it) for it in applied if it.action != "transfer"], run=run, at=at)
        # What belongs to the new plant follows the transfer, and may be known of before it is.
        self._baselines.remember(tx, [_agreed(it) for it in moved], run=run, at=at, unless_known=True)
        self._baselines.forget(tx, [(it.origin, it.key) for it in moved])

    def counts(self, plan_id: int) -> dict[str, int]:
        """How many intents of a plan are in each state."""
        query = select(changes.c.state, func.count()).where(changes.c.plan_id == plan_id).group_by(changes.c.state)
        with self._database.reading() as tx:
            return {str(state): int(count) for state, count in tx.execute(query)}


_ONE = and_(changes.c.plan_id == bindparam("of_plan"), changes.c.seq == bindparam("at_seq"))
# Built once and run for a batch: a statement built anew for every record costs more than running it.
_PLAN = insert(changes)
_MARK_SENDING = (
    update(changes)
    .where(_ONE)
    .values(state="sending", attempt=bindparam("attempts"), run_id=bindparam("run"), sent_at=bindparam("moment"))
)
_RECORD = (
    update(changes)
    .where(_ONE)
    .values(
        state=bindparam("became"),
        reason=bindparam("why"),
        run_id=bindparam("run"),
        ended_at=bindparam("moment"),
        reference=func.coalesce(bindparam("number"), changes.c.reference),
        response_status=func.coalesce(bindparam("status"), changes.c.response_status),
        response_hash=func.coalesce(bindparam("response"), changes.c.response_hash),
    )
)


def _one(intent: Intent) -> dict[str, Any]:
    return {"of_plan": intent.plan_id, "at_seq": intent.seq}


def _intent_row(connection: str, plan_id: int, seq: int, change: Change) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "seq": seq,
        "connection": connection,
        "type": change.type,
        "plant": change.plant,
        "key": change.key,
        "source": change.source,
        "action": change.action,
        "level": change.level,
        "state": "planned" if change.hold is None else "held",
        "attempt": 0,
        "content_hash": change.content_hash,
        "change": encode(change).decode(),
    }


def _intent(row: Any) -> Intent:
    change = msgspec.json.decode(row["change"], type=Change)
    return Intent(
        plan_id=row["plan_id"],
        seq=row["seq"],
        state=row["state"],
        attempt=row["attempt"],
        change=change,
        reason=row["reason"],
        sent_at=row["sent_at"],
    )


def _plan(row: Any) -> StoredPlan:
    values = {name: row[name] for name in StoredPlan.__struct_fields__}
    return StoredPlan(**{**values, "counts": msgspec.json.decode(row["counts"])})


def iterate_levels(intents: Sequence[Intent], *, size: int) -> Iterator[list[Intent]]:
    """Cut intents, already in order, into batches of one level each."""
    batch: list[Intent] = []
    for intent in intents:
        if batch and (intent.change.level != batch[0].change.level or len(batch) == size):
            yield batch
            batch = []
        batch.append(intent)
    if batch:
        yield batch


def _agreed(change: Change) -> Agreed:
    return Agreed(change.type, change.plant, change.key, change.owned, change.source, change.rows)
