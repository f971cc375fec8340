"""The lease at rest: which process may write for a connection, until when, under which fencing number."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import Column, Integer, String, Table, Text, select, update

from ml_connector.errors import UnavailableError
from ml_connector.storage.database import Database, Transaction, insert_or, metadata, server_now

LEASE_S = 300

leases = Table(
    "lease",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("expires_at", String(40), nullable=False),
)


class LeaseStore:
    """The only SQL on leases, for one connection: one sender at a time."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database, self._connection = database, connection

    def take(self, *, at: datetime) -> int:
        """
        Become the connection's only sender and return the fencing number.

        A dead process on this machine is taken over from at once, a silent one elsewhere after the lease has run out.

        Raises:
            UnavailableError: another run is alive.
        """
        me = _owner()
        with self._database.transaction() as tx:
            at = server_now(tx) or at
            nobody = {"connection": self._connection, "owner": "", "fence": 0, "expires_at": at.isoformat()}
            tx.execute(insert_or(tx, leases).values(nobody).on_conflict_do_nothing())
            row = tx.execute(select(leases).where(leases.c.connection == self._connection).with_for_update()).one()
            if row.owner and row.owner != me and _alive(row.owner, row.expires_at, at):
                raise UnavailableError(
                    f"another run is busy with {self._connection} (process {row.owner.split(':')[1]})",
                    remedy="wait until it has ended, or stop it; then try again",
                )
            expires = (at + timedelta(seconds=LEASE_S)).isoformat()
            values = {"owner": me, "fence": row.fence + 1, "expires_at": expires}
            tx.execute(update(leases).where(leases.c.connection == self._connection).values(values))
            return int(row.fence) + 1

    def renew(self, tx: Transaction, fence: int, *, at: datetime) -> None:
        """
        Prolong the lease inside the transaction that says "sending".

        Raises:
            UnavailableError: somebody else took over while this process was not looking; nothing may be sent.
        """
        where = (leases.c.connection == self._connection, leases.c.fence == fence, leases.c.owner == _owner())
        expires = ((server_now(tx) or at) + timedelta(seconds=LEASE_S)).isoformat()
        if tx.execute(update(leases).where(*where).values(expires_at=expires)).rowcount != 1:
            raise UnavailableError(
                "another run took over this connection while this one was paused",
                remedy="let the other run finish; `ml-connector runs` shows it",
            )

    def give_back(self, fence: int) -> None:
        """Let somebody else become the sender at once."""
        where = (leases.c.connection == self._connection, leases.c.fence == fence)
        with self._database.transaction() as tx:
            tx.execute(update(leases).where(*where).values(owner=""))


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _alive(owner: str, expires_at: str, now: datetime) -> bool:
    if datetime.fromisoformat(expires_at) <= now:
        return False
    host, _, pid = owner.rpartition(":")
    if host == socket.gethostname():
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # alive, and another user's
    return True
