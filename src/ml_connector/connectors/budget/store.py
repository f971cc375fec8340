"""The budget of calls at rest: what all commands of a connection have spent of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from sqlalchemy import Column, String, Table, Text, select, update

from ml_connector.connectors.budget.spent import Spent
from ml_connector.storage.database import Database, Transaction, insert_or, metadata, server_now

# No turn is taken and no pause asked for beyond that: a clock was set back.
_FARTHEST_S = 16 * 60.0

budgets = Table(
    "call_budget",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("spent", Text, nullable=False),
)


class _Kept(msgspec.Struct):
    """`Spent`, in seconds since 1970; 0 where it is “ever since”, which JSON has no number for."""

    passed: list[float] = []
    next_at: float = 0.0
    paused_until: float = 0.0


class BudgetStore:
    """The only SQL on budgets, for one connection."""

    def __init__(
        self, database: Database, connection: str, *, calls_per_minute: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._connection, self._clock = database, connection, clock
        self._calls_per_minute = calls_per_minute

    def take(self, ahead_s: float) -> list[float]:
        """Take the turns of about *ahead_s* seconds, at least one: how many seconds from now each is."""
        with self._database.transaction() as tx:
            now = self._now(tx)
            spent = self._load(tx, now=now)
            turns: list[float] = []
            while not turns or len(turns) * spent.interval_s < ahead_s:
                turns.append(max(now, spent.free_at()))
                spent.add(turns[-1])
            self._save(tx, spent)
        return [at - now for at in turns]

    def pause(self, seconds: float) -> None:
        """Let nobody pass for *seconds*; never shortens an earlier pause."""
        with self._database.transaction() as tx:
            now = self._now(tx)
            spent = self._load(tx, now=now)
            spent.pause(now + seconds)
            self._save(tx, spent)

    def _now(self, tx: Transaction) -> float:
        now = server_now(tx)
        return self._clock() if now is None else now.timestamp()

    def _load(self, tx: Transaction, *, now: float) -> Spent:
        nothing = {"connection": self._connection, "spent": "{}"}
        tx.execute(insert_or(tx, budgets).values(nothing).on_conflict_do_nothing())
        query = select(budgets.c.spent).where(budgets.c.connection == self._connection).with_for_update()
        kept = msgspec.json.decode(tx.execute(query).scalar_one(), type=_Kept)
        spent, farthest = Spent(calls_per_minute=self._calls_per_minute), now + _FARTHEST_S
        spent.passed.extend(at for at in kept.passed if at <= farthest)
        if kept.next_at <= farthest:
            spent.next_at = kept.next_at
        if kept.paused_until <= farthest:
            spent.paused_until = kept.paused_until
        return spent

    def _save(self, tx: Transaction, spent: Spent) -> None:
        kept = _Kept(
            passed=[round(at, 3) for at in spent.passed],
            next_at=round(max(spent.next_at, 0.0), 6),
            paused_until=round(max(spent.paused_until, 0.0), 3),
        )
        values = {"spent": msgspec.json.encode(kept).decode()}
        tx.execute(update(budgets).where(budgets.c.connection == self._connection).values(values))
