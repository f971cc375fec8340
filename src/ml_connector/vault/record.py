"""What is bound to what: the words a sealed credential is tied to, and the signatures kept beside it."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.errors import ConfigurationError, MissingCredentialError
from ml_connector.secret import Secret
from ml_connector.vault import crypto
from ml_connector.vault.keys import MasterKey

MIN_SECRET_CHARACTERS = 8  # anything shorter is neither safe nor possible to mask in a log line
_NAMES = ("username", "client_id")  # who we are, not how we prove it

CredentialName = tuple[str, str, str]
"""Connection, system and field: where a credential belongs."""


class CredentialInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown of a credential: never the value, never its length."""

    connection: str
    system: str
    field: str
    version: int
    fingerprint: str
    set_at: datetime

    @property
    def place(self) -> CredentialName:
        return self.connection, self.system, self.field


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A data key under the master key; *purpose* is `credential`, or `root` for the one that derived keys come from."""

    id: str
    purpose: str
    sealed: crypto.Sealed


def wrap(data_key: bytes, *, key_id: str, purpose: str, by: MasterKey) -> WrappedKey:
    """Seal *data_key* under the master key *by*, tied to its id and purpose."""
    sealed = crypto.seal(data_key, key=by.derive("data keys"), key_id=by.id, context=("data key", purpose, key_id))
    return WrappedKey(id=key_id, purpose=purpose, sealed=sealed)


def unwrap(wrapped: WrappedKey, *, by: MasterKey | None) -> bytes:
    """
    Open a data key.

    Raises:
        crypto.Rejected: no such master key, or anything was altered.
    """
    if by is None or by.id != wrapped.sealed.key_id:
        raise crypto.Rejected
    context = ("data key", wrapped.purpose, wrapped.id)
    return crypto.unseal(wrapped.sealed, key=by.derive("data keys"), context=context)


def context_of(info: CredentialInfo) -> tuple[str | int, ...]:
    """Everything the row says in clear, so that none of it can be changed without the value refusing to open."""
    return ("credential", *info.place, info.version, info.fingerprint, info.set_at.isoformat())


def fingerprint_of(value: Secret, *, place: CredentialName, root: bytes) -> str:
    """Eight hex digits to tell two values apart by; keyed, so that nobody can try guesses against it."""
    key = crypto.derive(root, label="credential fingerprint")
    return hmac.digest(key, crypto.bind((*place, value.reveal())), "sha256").hex()[:8]


def version_mac(place: CredentialName, *, version: int, present: bool, root: bytes) -> bytes:
    """The signature of 'this is the version that counts'."""
    key = crypto.derive(root, label="credential version")
    return hmac.digest(key, crypto.bind((*place, version, int(present))), "sha256")


def check_version(mac: bytes, *, place: CredentialName, version: int, present: bool, root: bytes) -> None:
    """
    Check a version's signature.

    Raises:
        crypto.Rejected: somebody else wrote it.
    """
    expected = version_mac(place, version=version, present=present, root=root)
    if not hmac.compare_digest(mac, expected):
        raise crypto.Rejected


def check_length(value: Secret, *, place: CredentialName, issued: bool = False) -> None:
    """
    Refuse what is too short to be a secret; names (`username`, `client_id`, `<pcn>/username`) may be short.

    So may what the system itself *issued*: it is the way in from now on, whatever we think of it.

    Raises:
        ConfigurationError: empty, or a secret under eight characters.
    """
    _, system, field = place
    least = 1 if issued or field.rpartition("/")[2] in _NAMES else MIN_SECRET_CHARACTERS
    if len(value.reveal()) < least:
        raise ConfigurationError(
            f"the {system} {field} is shorter than {least} characters",
            remedy="use one long enough to be a secret; shorter ones could not even be masked in the log",
        )


def missing(place: CredentialName) -> MissingCredentialError:
    """The error for a credential that was never stored, or was removed."""
    connection, system, field = place
    return MissingCredentialError(
        f"no {system} {field} is stored for connection {connection}", remedy=set_command(place)
    )


def rejection(place: CredentialName) -> ConfigurationError:
    """The one error for everything that does not open: which check failed is nobody's business."""
    connection, system, field = place
    return ConfigurationError(
        f"the stored {system} {field} of connection {connection} does not open: the database was altered, or another "
        "key sealed it",
        remedy=f"restore the database from a backup, or {set_command(place)}",
    )


def unnumbered(place: CredentialName) -> ConfigurationError:
    """The error for a place whose last version nobody can tell: to store it again would not help."""
    return ConfigurationError(rejection(place).message, remedy="restore the database from a backup")


def set_command(place: CredentialName) -> str:
    """What a person types to store it."""
    connection, system, field = place
    return f"ml-connector credentials set {system} {field} --connection {connection}"


def info_from(row: Any) -> CredentialInfo:
    """What a row of the credential table shows."""
    return CredentialInfo(
        connection=row.connection,
        system=row.system,
        field=row.field,
        version=row.version,
        fingerprint=row.fingerprint,
        set_at=datetime.fromisoformat(row.set_at),
    )


def wrapped_from(row: Any, *, prefix: str = "") -> WrappedKey:
    """A data key from its row; *prefix* when its columns stand beside another table's."""

    def column(name: str) -> Any:
        return getattr(row, prefix + name)

    sealed = crypto.Sealed(
        format=column("format"),
        alg=column("alg"),
        key_id=column("kek_id"),
        nonce=column("nonce"),
        ciphertext=column("ciphertext"),
    )
    return WrappedKey(id=column("id"), purpose=column("purpose"), sealed=sealed)


def columns_of(wrapped: WrappedKey) -> dict[str, Any]:
    """A data key as its row."""
    sealed = wrapped.sealed
    return {
        "id": wrapped.id,
        "purpose": wrapped.purpose,
        "kek_id": sealed.key_id,
        "format": sealed.format,
        "alg": sealed.alg,
        "nonce": sealed.nonce,
        "ciphertext": sealed.ciphertext,
    }
