"""
One budget for every command of a connection, whatever runs beside it: turns are taken from the database.

A `ping` during a sync, two reads at once: the other system counts them together, and refuses the one that comes too
much. So turns are taken for about a second ahead; what a command does not use of them is lost, and that is all.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from ml_connector.connectors.budget.store import BudgetStore
from ml_connector.connectors.hands import heed_stop, rest

# Above that nobody waits for anybody, and taking turns would cost more than it spares.
MOST_SHARED = 6_000
_AHEAD_S = 1.0
# Used later than that, a minute could come to hold more calls than it may: the pace leaves 0.3 s to spare.
_LATE_S = 0.25


class SharedBudget:
    """`Pacing` of all processes that use one database, for one connection."""

    def __init__(
        self,
        store: BudgetStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        self._store, self._clock, self._sleep = store, clock, sleep
        self._turnstile = threading.Lock()  # held asleep, as by `Budget`
        self._lock = threading.Lock()
        self._turns: deque[float] = deque()
        self._paused_until = float("-inf")

    def acquire(self) -> None:
        """
        As `Pacing`.

        Raises:
            StorageError: the database does not tell whose turn it is; nothing leaves. NotSentError: as `Pacing`.
        """
        with self._turnstile:
            at = self._next_turn()
            while (wait_s := max(at, self._paused_until) - self._clock()) > 0:
                self._sleep(wait_s)
        heed_stop()

    def pause(self, seconds: float) -> None:
        """As `Pacing`; commands that run beside this one hear of it when they take their next turns."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
            self._turns.clear()
        self._store.pause(seconds)

    def _next_turn(self) -> float:
        with self._lock:
            while self._turns:
                at = self._turns.popleft()
                if at > self._clock() - _LATE_S:
                    return at
        waits = self._store.take(_AHEAD_S)
        now = self._clock()
        with self._lock:
            self._turns.extend(now + wait_s for wait_s in waits[1:])
        return now + waits[0]
