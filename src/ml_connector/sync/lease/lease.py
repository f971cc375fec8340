"""
The right to write to one connection's Plex, for a while, under a fencing number.

The number is checked in the database with every step that is kept; the time is checked before every request, so that
a process that was paused beyond its lease wakes up and sends nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from ml_connector.errors import UnavailableError
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

    def renew(self, tx: Connection) -> None:
        """
        Prolong the lease inside the transaction that says what was or will be done.

        Raises:
            UnavailableError: somebody else took over; nothing may be sent or kept.
        """
        now = self._tools.clock()
        self._tools.leases.renew(tx, self._fence, at=now)
        self._note(now)

    def beat(self) -> None:
        """Prolong the lease when a third of it has passed; called between steps, never inside a transaction."""
        if self._tools.clock() >= self._renew_at:
            with self._tools.database.transaction() as tx:
                self.renew(tx)

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
