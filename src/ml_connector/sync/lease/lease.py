"""
The right to write to one connection's Plex, for a while, under a fencing number.

The number is checked in the database with everything that is decided, sent or said to be done; the time is checked
before every request, so that a process that was paused beyond its lease wakes up, sends nothing and overwrites nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ml_connector.errors import UnavailableError
from ml_connector.storage.database import Transaction
from ml_connector.sync.lease import store
from ml_connector.sync.tools import SyncTools


class Lease:
    """One run's lease. Thread-safe: only the run's own thread renews, senders merely look."""

    def __init__(self, tools: SyncTools) -> None:
        """
        Take the lease.

        Raises:
            UnavailableError: another run is alive.
        """
        self._tools = tools
        now = tools.clock()
        self._fence = tools.leases.take(at=now)
        self._note(now)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """
        Keep what was decided or done, and prolong the lease with it.

        Raises:
            UnavailableError: somebody else took over; nothing may be sent, and nothing of the block is kept.
        """
        now = self._tools.clock()
        with self._tools.database.transaction() as tx:
            self._tools.leases.renew(tx, self._fence, at=now)
            yield tx
        self._note(now)

    def beat(self) -> None:
        """Prolong the lease when a third of it has passed; called between steps, never inside a transaction."""
        if self._tools.clock() >= self._renew_at:
            with self.transaction():
                pass

    def check(self) -> None:
        """
        Make sure, before the first byte, that nobody can have taken over.

        Raises:
            UnavailableError: the lease ran out while this process was not looking; nothing more of this run is sent.
        """
        if self._tools.clock() >= self._ends_at:
            raise UnavailableError(
                "the right to write ran out while this process was paused; nothing was sent",
                remedy="run it again: the next run finds out what became of everything",
            )

    def give_back(self) -> None:
        self._tools.leases.give_back(self._fence)

    def _note(self, now: datetime) -> None:
        self._ends_at = now + timedelta(seconds=store.LEASE_S)
        self._renew_at = now + timedelta(seconds=store.LEASE_S / 3)
