"""
Stored credentials: one sealed row each, under its own data key, which the master key seals.

An old row put back is refused by the signed version table. Somebody who puts *all* the vault's tables back together
is not seen here: the audit trail's events carry the version too, `doctor` compares, and the trail's anchors lie outside
the database.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from ml_connector.errors import ConfigurationError
from ml_connector.secret import Secret
from ml_connector.storage.database import Database, Transaction, metadata
from ml_connector.vault import crypto, record
from ml_connector.vault.data_keys.store import DataKeyStore, data_keys
from ml_connector.vault.keys import KeyRing, MasterKey
from ml_connector.vault.record import CredentialInfo, CredentialName

_credential = sa.Table(
    "credential",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("system", sa.String(16), primary_key=True),
    sa.Column("field", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("dek_id", sa.ForeignKey("data_key.id"), nullable=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("alg", sa.String(16), nullable=False),
    sa.Column("nonce", sa.LargeBinary, nullable=False),
    sa.Column("ciphertext", sa.LargeBinary, nullable=False),
    sa.Column("fingerprint", sa.String(8), nullable=False),
    sa.Column("set_at", sa.String(40), nullable=False),
)
_version = sa.Table(
    "credential_version",
    metadata,
    sa.Column("connection", sa.String(64), primary_key=True),
    sa.Column("system", sa.String(16), primary_key=True),
    sa.Column("field", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("present", sa.Boolean, nullable=False),  # false once removed; the row stays: versions never repeat
    sa.Column("mac", sa.LargeBinary, nullable=False),
)


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What a rotation sealed anew; zeros mean there was nothing left to do."""

    master_key: str
    data_keys: int
    credentials: int


class StartedOver(msgspec.Struct, frozen=True, kw_only=True):
    """What was given up with a lost master key, and the key that took its place."""

    master_key: str
    lost_keys: tuple[str, ...]
    credentials: int


class Vault:
    """
    The credentials of every connection, opened one at a time.

    *reload* reads the master key again: a process that runs while another one rotates needs it, and a rotation proves
    with it that the next start will be able to read.
    """

    def __init__(
        self,
        database: Database,
        *,
        master_key: MasterKey | ConfigurationError,
        reload: Callable[[], MasterKey] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._ring = KeyRing(master_key, reload=reload)
        self._keys = DataKeyStore(self._ring, is_unused=_is_unused)
        self._clock = clock

    def check(self, *, tx: Transaction | None = None) -> str | None:
        """
        Prove that the master key is the one the rows are sealed with; returns its id, None for an empty vault.

        *tx*: as the open transaction sees it.

        Raises:
            ConfigurationError: it is another one, or the vault was altered.
        """
        with nullcontext(tx) if tx is not None else self._database.reading() as tx:
            return self._keys.master(tx).id if self._keys.root(tx) is not None else None

    def derive(self, label: str, *, tx: Transaction | None = None) -> bytes:
        """
        32 bytes for one lasting purpose, such as the audit seal; rotations do not change them.

        The first call on a wholly empty vault makes the root they come from. *tx*: as the open transaction sees it.
        """
        if tx is not None:
            return crypto.derive(self._keys.require_root(tx), label=label)
        with self._database.reading() as tx:
            root = self._keys.root(tx)
        if root is None:
            with self._database.transaction() as tx:
                root = self._keys.require_root(tx)
        return crypto.derive(root, label=label)

    def set(
        self,
        tx: Transaction,
        *,
        connection: str,
        system: str,
        field: str,
        value: Secret,
        issued: bool = False,
        told: int = 0,
    ) -> CredentialInfo:
        """
        Seal *value* under a new data key and the next version, replacing what was there; *issued* by the system itself,
        it may be short.

        *told*: the last version that the audit trail tells of; the next one is above it, whatever the tables say.

        Raises:
            ConfigurationError: too short to be a secret, the master key is missing or wrong, or the number of the last
                version was altered and nothing was *told*.
        """
        place = (connection, system, field)
        record.check_length(value, place=place, issued=issued)
        root = self._keys.require_root(tx)
        info = CredentialInfo(
            connection=connection,
            system=system,
            field=field,
            version=self._next_version(tx, place, present=True, root=root, told=told),
            fingerprint=record.fingerprint_of(value, place=place, root=root),
            set_at=self._clock().astimezone(UTC),
        )
        self._replace(tx, info, value)
        return info

    def get(self, *, connection: str, system: str, field: str) -> Secret:
        """
        Open one credential.

        Raises:
            ConfigurationError: not stored, or not opening. Every rejection reads the same.
        """
        place = (connection, system, field)
        with self._database.reading() as tx:
            row = tx.execute(_at(_joined(), _credential, place)).one_or_none()
            if row is None:
                raise record.missing(place)
            return self._open(row, root=self._keys.root(tx))

    def list(self, connection: str | None = None) -> list[CredentialInfo]:
        """
        What is stored, in order of name; nothing is opened, so nothing is proved either.

        Raises:
            ConfigurationError: a row is not even readable.
        """
        query = sa.select(_credential).order_by(_credential.c.connection, _credential.c.system, _credential.c.field)
        if connection is not None:
            query = query.where(_credential.c.connection == connection)
        with self._database.reading() as tx:
            return [_listed(row) for row in tx.execute(query)]

    def remove(self, tx: Transaction, *, connection: str, system: str, field: str, told: int = 0) -> int:
        """
        Forget one credential and its data key; returns the version under which it is gone. *told*: as in `set`.

        Raises:
            ConfigurationError: there is none.
        """
        place = (connection, system, field)
        root = self._keys.require_root(tx)
        if not self._delete(tx, place):
            raise record.missing(place)
        return self._next_version(tx, place, present=False, root=root, told=told)

    def rotate(self, tx: Transaction, *, new_master_key: MasterKey | None = None) -> Rotated:
        """
        Seal every credential under a fresh data key or, given *new_master_key*, every data key under that.

        All of it happens in *tx*, and ends with opening every credential with the key the next start will load.

        Raises:
            ConfigurationError: something does not open, or the next start would not find the key. Roll back.
        """
        root = self._keys.require_root(tx)
        if new_master_key is not None:
            rewrapped = self._keys.rewrap(tx, new_master_key)
            result = Rotated(master_key=new_master_key.id, data_keys=rewrapped, credentials=0)
        else:
            rows = tx.execute(_joined()).all()
            for row in rows:
                self._replace(tx, record.info_from(row), self._open(row, root=root))
            result = Rotated(master_key=self._keys.master(tx).id, data_keys=len(rows), credentials=len(rows))
        self._prove_readable(tx, result.master_key)
        return result

    def is_empty(self) -> bool:
        """Whether nothing was ever sealed here; needs no key."""
        with self._database.reading() as tx:
            return _is_unused(tx)

    def start_over(self, tx: Transaction) -> StartedOver:
        """
        Forget everything that a lost master key sealed, and begin again under the one in place.

        Versions go on from where they were: no number is ever given twice, whoever wrote the last one.

        Raises:
            ConfigurationError: the key in place opens the vault, so nothing is lost; or there is none in place.
        """
        self.take_turn(tx)
        ids = self._keys.master_ids(tx)
        if _is_unused(tx) or any(self._ring.find(key_id) for key_id in ids):
            raise ConfigurationError(
                "the key in place opens the vault: nothing is lost", remedy="ml-connector credentials rotate-key"
            )
        forgotten = tx.execute(sa.delete(_credential)).rowcount
        root = self._keys.begin_anew(tx)
        for row in tx.execute(sa.select(_version)).all():
            place = (row.connection, row.system, row.field)
            mac = record.version_mac(place, version=row.version + 1, present=False, root=root)
            again = {"version": row.version + 1, "present": False, "mac": mac}
            tx.execute(_at(sa.update(_version), _version, place).values(**again))
        return StartedOver(master_key=self._ring.first.id, lost_keys=ids, credentials=forgotten)

    @staticmethod
    def take_turn(tx: Transaction) -> None:
        """Wait for whoever begins a vault or changes its master key; until *tx* ends nobody else does."""
        DataKeyStore.take_turn(tx)

    def _prove_readable(self, tx: Transaction, key_id: str) -> None:
        found = self._ring.find_at_next_start(key_id)
        if found is None:
            raise ConfigurationError(
                f"the next start would not find master key {key_id}: nothing was changed",
                remedy="put the new key where vault.master_key points, then rotate again",
            )
        fresh = Vault(self._database, master_key=found.alone())  # the proof leans on this key and no other
        root = fresh._keys.root(tx)
        for row in tx.execute(_joined()):
            fresh._open(row, root=root)

    def _replace(self, tx: Transaction, info: CredentialInfo, value: Secret) -> None:
        """Seal under a data key of its own: no data key ever meets a second nonce."""
        key, key_id = crypto.new_key(), crypto.new_key_id()
        sealed = crypto.seal(value.reveal().encode(), key=key, key_id=key_id, context=record.context_of(info))
        self._delete(tx, info.place)
        self._keys.insert(tx, key, key_id=key_id)
        tx.execute(
            sa.insert(_credential).values(
                connection=info.connection,
                system=info.system,
                field=info.field,
                version=info.version,
                dek_id=key_id,
                format=sealed.format,
                alg=sealed.alg,
                nonce=sealed.nonce,
                ciphertext=sealed.ciphertext,
                fingerprint=info.fingerprint,
                set_at=info.set_at.isoformat(),
            )
        )

    def _delete(self, tx: Transaction, place: CredentialName) -> bool:
        key_id = tx.execute(_at(sa.select(_credential.c.dek_id), _credential, place)).scalar()
        if key_id is None:
            return False
        tx.execute(_at(sa.delete(_credential), _credential, place))
        self._keys.delete(tx, key_id)
        return True

    def _open(self, row: Any, *, root: bytes | None) -> Secret:
        """The credential in a row of `_joined`, or the one sentence for everything that can be wrong with it."""
        place = (row.connection, row.system, row.field)
        try:
            if root is None or not row.present or row.expected != row.version:
                raise crypto.Rejected
            record.check_version(row.mac, place=place, version=row.expected, present=True, root=root)
            key = self._keys.unwrap(record.wrapped_from(row, prefix="key_"))
            sealed = crypto.Sealed(
                format=row.format, alg=row.alg, key_id=row.dek_id, nonce=row.nonce, ciphertext=row.ciphertext
            )
            return Secret(crypto.unseal(sealed, key=key, context=record.context_of(record.info_from(row))).decode())
        except (crypto.Rejected, ValueError, TypeError):
            raise record.rejection(place) from None

    def _next_version(self, tx: Transaction, place: CredentialName, *, present: bool, root: bytes, told: int) -> int:
        row = tx.execute(_at(sa.select(_version), _version, place)).one_or_none()
        names = dict(zip(("connection", "system", "field"), place, strict=True))
        if row is None:
            tx.execute(sa.insert(_version).values(**names, version=0, present=False, mac=b""))
            last = 0
        else:
            try:  # never sign a successor to a number somebody else wrote
                record.check_version(row.mac, place=place, version=row.version, present=row.present, root=root)
                last = row.version
            except crypto.Rejected:
                if not told:
                    raise record.unnumbered(place) from None
                last = told
        number = max(last, told) + 1
        mac = record.version_mac(place, version=number, present=present, root=root)
        tx.execute(_at(sa.update(_version), _version, place).values(version=number, present=present, mac=mac))
        return number


def _is_unused(tx: Transaction) -> bool:
    used = sa.union_all(sa.select(data_keys.c.id), sa.select(_version.c.field), sa.select(_credential.c.field))
    return tx.execute(used.limit(1)).first() is None


def _listed(row: Any) -> CredentialInfo:
    try:
        return record.info_from(row)
    except (ValueError, TypeError):
        raise record.rejection((row.connection, row.system, row.field)) from None


def _at(statement: Any, table: sa.Table, place: CredentialName) -> Any:
    connection, system, field = place
    return statement.where(table.c.connection == connection, table.c.system == system, table.c.field == field)


def _joined() -> Any:
    """Credentials with their data key and their version in one statement: what one reader sees is of one moment."""
    key_columns = [column.label(f"key_{column.name}") for column in data_keys.c]
    same = [_credential.c[name] == _version.c[name] for name in ("connection", "system", "field")]
    return (
        sa.select(_credential, _version.c.version.label("expected"), _version.c.present, _version.c.mac, *key_columns)
        .outerjoin(data_keys, data_keys.c.id == _credential.c.dek_id)
        .outerjoin(_version, sa.and_(*same))
    )
