"""
The master key and where it is kept: a file, the environment, or the desktop keyring.

Each place holds one key, or two while a rotation is under way: the current one and its successor. Both are offered to
the vault, which knows from its rows which of them is in force; so a rotation may be killed anywhere.
The key never lies in the database, and a missing key is never silently replaced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import NoReturn

import structlog

from ml_connector.errors import ConfigurationError
from ml_connector.vault.crypto import KEY_BYTES, derive, new_key
from ml_connector.vault.places import EnvironmentPlace, KeyPlace, place_of

PREFIX = "mlck_"  # lets a secret scanner recognise a leaked key
_MIN_DISTINCT_BYTES = 16  # 32 random bytes practically never fall below; a typed phrase or zeros do


class MasterKey:
    """256 bits that open the vault. Shows its public id, never itself; *successor* waits to replace it."""

    __slots__ = ("_material", "id", "successor")

    def __init__(self, material: bytes, *, successor: MasterKey | None = None) -> None:
        if len(material) != KEY_BYTES:
            raise ValueError("a master key has 32 bytes")
        self._material = material
        self.successor = successor
        self.id = hashlib.sha256(self.derive("key id")).hexdigest()[:16]

    def derive(self, label: str) -> bytes:
        """32 bytes for one purpose (HKDF-SHA256): no two labels share a key, and none leads back."""
        return derive(self._material, label=label)

    def alone(self) -> MasterKey:
        """This key without its successor."""
        return MasterKey(self._material)

    def __repr__(self) -> str:
        return f"<MasterKey {self.id}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("MasterKey does not leave the process")

    def _text(self) -> str:
        return PREFIX + base64.urlsafe_b64encode(self._material).decode()


class KeyRing:
    """
    The master keys at hand, by id: what this process started with, and what *reload* finds when an unknown one is met.

    A process that runs while another one rotates meets one.
    """

    def __init__(self, first: MasterKey | ConfigurationError, *, reload: Callable[[], MasterKey] | None = None) -> None:
        """In place of a key that cannot be had stands why; whatever needs it then says so."""
        self._first = first
        self._reload = reload
        self._known: dict[str, MasterKey] = {}
        if isinstance(first, MasterKey):
            self.learn(first)

    @property
    def first(self) -> MasterKey:
        """
        The key this process started with.

        Raises:
            ConfigurationError: there was none.
        """
        if isinstance(self._first, ConfigurationError):
            raise self._first
        return self._first

    def learn(self, key: MasterKey | None) -> None:
        """Take in *key* and its successor."""
        while key is not None:
            self._known[key.id] = key
            key = key.successor

    def find(self, key_id: str) -> MasterKey | None:
        """The key of that id, if it is within reach."""
        if isinstance(self._first, ConfigurationError):
            raise self._first
        if key_id not in self._known and self._reload is not None:
            self.learn(self._reload())
        return self._known.get(key_id)

    def find_at_next_start(self, key_id: str) -> MasterKey | None:
        """The key of that id as a new process would find it; without *reload* that is what we know."""
        if self._reload is None:
            return self._known.get(key_id)
        key: MasterKey | None = self._reload()
        while key is not None and key.id != key_id:
            key = key.successor
        return key


def open_master_key(setting: str, *, create: bool = False) -> MasterKey:
    """
    Load the key named by *setting* (`file:PATH`, `env:NAME`, `keyring:SERVICE`).

    *create* makes one where there is none (a file or a keyring entry; an environment is not ours to write).

    Raises:
        ConfigurationError: missing, malformed, or readable by others.
    """
    place = place_of(setting)
    text = place.load()
    if text is None:
        if not create:
            raise _missing(place)
        place.save(MasterKey(new_key())._text(), replace=False)  # noqa: SLF001 - this module writes keys
        text = place.load() or ""
    if isinstance(place, EnvironmentPlace):
        structlog.get_logger(__name__).warning(
            "master_key_in_environment",
            variable=setting.removeprefix("env:"),
            hint="child processes and /proc can read it: file: or keyring: is safer",
        )
    return _parse_ring(text, where=place.name)


def stage_successor(setting: str) -> MasterKey:
    """
    Put a new key beside the current one and return the new one; the one already waiting is taken again.

    Raises:
        ConfigurationError: the environment holds no second key (we cannot write it).
    """
    place = place_of(setting)
    ring = open_master_key(setting)
    if ring.successor is not None:
        return ring.successor
    if isinstance(place, EnvironmentPlace):
        raise ConfigurationError(
            f"{place.name} holds one key; a rotation needs the new one beside it",
            remedy="append a space and the output of `openssl rand -base64 32` to the variable, then run this again",
        )
    successor = MasterKey(new_key())
    place.save(f"{ring._text()}\n{successor._text()}", replace=True)  # noqa: SLF001
    return successor


def retire_all_but(setting: str, *, key_id: str) -> None:
    """Leave only the key *key_id* in its place; in the environment this is the operator's to do."""
    place = place_of(setting)
    ring = open_master_key(setting)
    kept = next((key for key in (ring, ring.successor) if key is not None and key.id == key_id), None)
    if kept is None:
        raise ConfigurationError(f"{place.name} does not hold key {key_id}: nothing was removed from it")
    if ring.successor is not None and not isinstance(place, EnvironmentPlace):
        place.save(kept._text(), replace=True)  # noqa: SLF001


def _missing(place: KeyPlace) -> ConfigurationError:
    return ConfigurationError(
        f"there is no master key in {place.name}",
        remedy="put the key back from where you keep it; on a new installation: ml-connector init; lost for good: "
        "ml-connector credentials rotate-key --lost",
    )


def _parse_ring(text: str, *, where: str) -> MasterKey:
    words = text.split()
    if not 1 <= len(words) <= 2:
        raise _malformed(where)
    successor = MasterKey(_decode(words[1], where=where)) if len(words) == 2 else None
    return MasterKey(_decode(words[0], where=where), successor=successor)


def _decode(word: str, *, where: str) -> bytes:
    plain = word.removeprefix(PREFIX).replace("-", "+").replace("_", "/")
    try:
        material = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(where) from None
    if len(material) != KEY_BYTES or len(set(material)) < _MIN_DISTINCT_BYTES:
        raise _malformed(where)
    return material


def _malformed(where: str) -> ConfigurationError:
    return ConfigurationError(
        f"{where} does not hold a master key: 32 random bytes in base64",
        remedy="put the key back from where you keep it",
    )
