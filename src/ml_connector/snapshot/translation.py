"""
How a type's records become what is kept of them, a batch at a time. Pure.

Light to import on purpose: this, the mapping and nothing of the database is what a child process needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from blake3 import blake3

from ml_connector.canonical.keys import NativeRecord, encode
from ml_connector.errors import RecordError

# Part of every payload hash: raise it when a translation changes, and every record is translated anew.
TRANSLATION = b"3"
HASH_BYTES = 20
# From so many bytes on BLAKE3 is the faster one, three times so for a worker over SOAP.
_LONG = 8 << 10

Translate = Callable[[NativeRecord], tuple[str, Any]]
Describe = Callable[[NativeRecord], str | None]
Shorten = Callable[[NativeRecord], NativeRecord]


class Came(NamedTuple):
    """A record as it came, and the hash of its bytes."""

    native: NativeRecord
    payload_hash: str


class Row(NamedTuple):
    """One record to keep: its key, the hash of the bytes it came as, and its canonical form as JSON."""

    key: str
    payload_hash: str
    body: str


class Untranslatable(msgspec.Struct, frozen=True, kw_only=True):
    """A record that came but cannot be understood: *key* as snapshots have it, *name* as people call it."""

    key: str
    name: str
    code: str
    reason: str
    remedy: str | None = None
    waiting_for: str | None = None


class Translation(NamedTuple):
    """
    How a type's records become canonical ones; *variant* names the settings it goes by.

    What *translate* refuses is told by *key_of*, the key snapshots know it by, and *name_of*, the one people do.
    *shorten* leaves out what the translation does not read, so that a record is worth sending to a child process;
    with it, all of them must be functions of a module, or partials of such. Without it no child is ever asked.
    """

    translate: Translate
    key_of: Describe
    name_of: Describe
    variant: str = ""
    shorten: Shorten | None = None

    @property
    def version(self) -> str:
        """What a record kept under another translation cannot be compared with."""
        return f"{TRANSLATION.decode()}|{self.variant}"


def translate_all(translation: Translation, batch: Iterable[Came]) -> list[Row | Untranslatable]:
    """Translate records in their order; what cannot be understood becomes a fault."""
    return [_translate_one(translation, came) for came in batch]


def shorten_all(translation: Translation, batch: Iterable[Came]) -> list[Came]:
    """The same records as short as they can be."""
    shorten = translation.shorten
    return [came if shorten is None else Came(shorten(came.native), came.payload_hash) for came in batch]


def payload_hash(payload: bytes, *, variant: str = "") -> str:
    """
    SHA-256, or BLAKE3 where it is long, cut to 160 bits, of the bytes as they came and the version and *variant* of
    the translation.

    One nobody can find two records for: who writes a name or a note in Workday must not be able to hide a change.
    """
    if len(payload) >= _LONG:
        return blake3(payload, key=_key_of(variant)).hexdigest(HASH_BYTES)
    digest = _begin_hash(variant).copy()
    digest.update(payload)
    return digest.hexdigest()[: 2 * HASH_BYTES]


@lru_cache(maxsize=8)
def _begin_hash(variant: str) -> hashlib._Hash:
    """The hash of what every payload's begins with."""
    return hashlib.sha256(TRANSLATION + b"\0" + variant.encode() + b"\0")


@lru_cache(maxsize=8)
def _key_of(variant: str) -> bytes:
    """The same as the key of a hash that takes one."""
    return _begin_hash(variant).digest()


def _translate_one(translation: Translation, came: Came) -> Row | Untranslatable:
    native, digest = came
    try:
        key, canonical = translation.translate(native)
    except RecordError as error:
        key = translation.key_of(native) or f"row {digest[:8]}"
        return _fault(key, translation.name_of(native) or key, error)
    return Row(key, digest, encode(canonical).decode())


def _fault(key: str, name: str, error: RecordError) -> Untranslatable:
    return Untranslatable(
        key=key,
        name=name,
        code=error.code,
        reason=error.message,
        remedy=error.remedy,
        waiting_for=error.waiting_for,
    )
