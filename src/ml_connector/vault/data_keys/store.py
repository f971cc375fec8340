"""
Data keys at rest, each sealed by a master key. One of them, the root, is what lasting keys are derived from.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from ml_connector.errors import ConfigurationError
from ml_connector.storage.database import Transaction, metadata, take_turn
from ml_connector.vault import crypto, record
from ml_connector.vault.keys import KeyRing, MasterKey
from ml_connector.vault.record import WrappedKey

data_keys = sa.Table(
    "data_key",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("kek_id", sa.String(16), nullable=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("alg", sa.String(16), nullable=False),
    sa.Column("nonce", sa.LargeBinary, nullable=False),
    sa.Column("ciphertext", sa.LargeBinary, nullable=False),
)

_TURN = 0x7661756C  # it says "vaul"


class DataKeyStore:
    """The only SQL on data keys; *is_unused* tells whether the vault ever held anything."""

    def __init__(self, ring: KeyRing, *, is_unused: Callable[[Transaction], bool]) -> None:
        self._ring, self._is_unused = ring, is_unused

    def root(self, tx: Transaction, *, lock: bool = False) -> bytes | None:
        """
        The root; None when the vault has never held anything. With *lock* nobody else changes it until *tx* ends.

        Raises:
            ConfigurationError: the master key in place is another one, or the vault was altered.
        """
        query = sa.select(data_keys).where(data_keys.c.purpose == "root")
        # The lock keeps a `set` on PostgreSQL from slipping an old-key row past a rotation; SQLite locks anyway.
        query = query.with_for_update() if lock else query
        rows = tx.execute(query).all()
        if lock and not rows:  # there is no row to wait for, and somebody else may be making it
            self.take_turn(tx)
            rows = tx.execute(query).all()
        if not rows and self._is_unused(tx):
            return None
        self._check_master(tx)
        try:
            if len(rows) != 1:
                raise crypto.Rejected
            return self.unwrap(record.wrapped_from(rows[0]))
        except crypto.Rejected:
            raise ConfigurationError(
                "the vault does not open: the database was altered", remedy="restore the database from a backup"
            ) from None

    def require_root(self, tx: Transaction) -> bytes:
        """The root, locked; made where the vault is wholly empty. Raises as `root`."""
        root = self.root(tx, lock=True)
        return self._make_root(tx) if root is None else root

    def begin_anew(self, tx: Transaction) -> bytes:
        """Forget every key, and make another root."""
        tx.execute(sa.delete(data_keys))
        return self._make_root(tx)

    def master(self, tx: Transaction) -> MasterKey:
        """The master key in force: the one that wraps the root."""
        key_id = tx.execute(sa.select(data_keys.c.kek_id).where(data_keys.c.purpose == "root")).scalar_one()
        return self._ring.find(key_id) or self._ring.first

    def master_ids(self, tx: Transaction) -> tuple[str, ...]:
        """The ids of all master keys that seal any of them."""
        return tuple(sorted(tx.execute(sa.select(data_keys.c.kek_id).distinct()).scalars()))

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """
        Open one.

        Raises:
            Rejected: no master key of the ring opens it.
        """
        return record.unwrap(wrapped, by=self._ring.find(wrapped.sealed.key_id))

    def insert(self, tx: Transaction, key: bytes, *, key_id: str) -> None:
        """Keep the key of one credential, sealed by the master key in force."""
        self._insert(tx, key, key_id=key_id, purpose="credential", by=self.master(tx))

    def delete(self, tx: Transaction, key_id: str) -> None:
        tx.execute(sa.delete(data_keys).where(data_keys.c.id == key_id))

    def rewrap(self, tx: Transaction, new: MasterKey) -> int:
        """
        Seal all of them by *new*; returns how many were not.

        Raises:
            ConfigurationError: one of them does not open. Roll back.
        """
        self._ring.learn(new)
        rows = tx.execute(sa.select(data_keys).where(data_keys.c.kek_id != new.id))
        wrapped = [record.wrapped_from(row) for row in rows]
        for old in wrapped:
            try:
                key = self.unwrap(old)
            except crypto.Rejected:
                raise ConfigurationError(
                    "a stored data key does not open: nothing was rotated",
                    remedy="ml-connector doctor   says which credential to set again; if it names none, restore the "
                    "database from a backup",
                ) from None
            values = record.columns_of(record.wrap(key, key_id=old.id, purpose=old.purpose, by=new))
            tx.execute(sa.update(data_keys).where(data_keys.c.id == old.id).values(values))
        return len(wrapped)

    @staticmethod
    def take_turn(tx: Transaction) -> None:
        """Wait for whoever begins a vault or changes its master key; until *tx* ends nobody else does."""
        take_turn(tx, _TURN)

    def _make_root(self, tx: Transaction) -> bytes:
        root = crypto.new_key()
        self._insert(tx, root, key_id=crypto.new_key_id(), purpose="root", by=self._ring.first)
        return root

    def _insert(self, tx: Transaction, key: bytes, *, key_id: str, purpose: str, by: MasterKey) -> None:
        wrapped = record.wrap(key, key_id=key_id, purpose=purpose, by=by)
        tx.execute(sa.insert(data_keys).values(record.columns_of(wrapped)))

    def _check_master(self, tx: Transaction) -> None:
        """A key that opens no row at all is the wrong key; ids are public, so saying so helps nobody else."""
        key_ids = self.master_ids(tx)
        if key_ids and not any(self._ring.find(key_id) for key_id in key_ids):
            raise ConfigurationError(
                f"the vault is sealed with master key {', '.join(key_ids)}; the one in place is {self._ring.first.id}",
                remedy="put the right key back; if it is lost, so are the credentials, and nothing else: "
                "ml-connector credentials rotate-key --lost",
            )
