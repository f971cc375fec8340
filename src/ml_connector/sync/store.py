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

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from ml_connector.canonical.keys import encode
from ml_connector.storage.database import Database, Transaction, insert_many, metadata
from ml_connector.sync.baseline.store import Agreed, BaselineStore
from ml_connector.sync.change import Change
from ml_connector.sync.intent import Intent, Outcome

OPEN = ("planned", "held", "waiting")
"""States of intents that may yet be sent; the next plan supersedes them."""

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
    # Every plan asks for the few transfers and endings among all that was ever sent.
    Index("ix_plan_change_action", "connection", "type", "action", "state"),
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


class SyncStore:
    """The only SQL on plans and intents."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection
        self._baselines = BaselineStore(database, connection)

    def save_plan(
        self,
        tx: Transaction,
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
        rows = [_row_of(self._connection, number, seq, change) for seq, change in enumerate(changes_)]
        if rows:
            insert_many(tx, _PLAN, [tuple(row.values()) for row in rows], names=tuple(rows[0]))
        return number

    def supersede(self, tx: Transaction) -> list[str]:
        """Nothing of an older plan may still be sent; return the digests of those that were open."""
        older = (plans.c.connection == self._connection, plans.c.state.in_(("planned", "applying")))
        open_ = list(tx.execute(select(plans.c.digest).where(*older).order_by(plans.c.id)).scalars())
        tx.execute(update(plans).where(*older).values(state="superseded"))
        waiting = (changes.c.connection == self._connection, changes.c.state.in_(OPEN))
        tx.execute(update(changes).where(*waiting).values(state="superseded"))
        return open_

    def find_plan(self, digest: str) -> StoredPlan | None:
        """The newest plan with this digest, or with a digest that begins so; None where there is none."""
        return self._newest(plans.c.digest.startswith(digest, autoescape=True))

    def newest_plan(self) -> StoredPlan | None:
        """The connection's newest plan."""
        return self._newest()

    def _newest(self, *where: ColumnElement[bool]) -> StoredPlan | None:
        query = select(plans).where(plans.c.connection == self._connection, *where)
        with self._database.reading() as tx:
            row = tx.execute(query.order_by(plans.c.id.desc()).limit(1)).mappings().one_or_none()
        return None if row is None else _plan(row)

    def set_plan_state(self, tx: Transaction, plan_id: int, state: str) -> None:
        tx.execute(update(plans).where(plans.c.id == plan_id).values(state=state))

    def move_watermark(self, tx: Transaction, plan_id: int, watermark: str) -> None:
        """Note that Workday was read whole again, and the plan still stands."""
        tx.execute(update(plans).where(plans.c.id == plan_id).values(watermark=watermark))

    def intents(self, *, plan_id: int | None = None, states: Sequence[str] = ()) -> list[Intent]:
        """Intents in order, of one plan or of the whole connection, in the given states (none given: all)."""
        where = [changes.c.connection == self._connection]
        if plan_id is not None:
            where.append(changes.c.plan_id == plan_id)
        if states:
            where.append(changes.c.state.in_(states))
        with self._database.reading() as tx:
            query = select(changes).where(*where).order_by(changes.c.plan_id, changes.c.seq)
            return [intent_of(row) for row in tx.execute(query).mappings()]

    def mark_sending(self, tx: Transaction, intents: Sequence[Intent], *, run: int, at: datetime) -> list[Intent]:
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

    def record(self, tx: Transaction, outcomes: Sequence[Outcome], *, run: int, at: datetime) -> None:
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


def _row_of(connection: str, plan_id: int, seq: int, change: Change) -> dict[str, Any]:
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


def intent_of(row: Any) -> Intent:
    """An intent as a row of `changes` keeps it."""
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


def _agreed(change: Change) -> Agreed:
    return Agreed(change.type, change.plant, change.key, change.owned, change.source, change.rows)
