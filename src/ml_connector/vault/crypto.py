"""
Sealing and opening bytes, and nothing else: no storage, no clock, no environment.

One primitive serves both layers of the envelope: a data key seals a credential, the master key seals a data key.
Everything that says *where* a sealed value belongs goes into the authenticated data, so that a ciphertext moved to
another row, field, connection or version does not open.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = 1
ALGORITHM = "A256GCM"
KEY_BYTES = 32
NONCE_BYTES = 12


class Rejected(Exception):  # noqa: N818 - an answer, turned into a sentence by the store
    """Does not open. Deliberately silent about why: altered, moved and sealed by another key look the same."""

    def __init__(self) -> None:
        super().__init__("sealed value rejected")


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed value as it is stored; *ciphertext* ends with the 16-byte tag."""

    format: int
    alg: str
    key_id: str
    nonce: bytes
    ciphertext: bytes


def new_key() -> bytes:
    """A random 256-bit key from the operating system."""
    return os.urandom(KEY_BYTES)


def new_key_id() -> str:
    """A random name for a key: 128 bits, hex."""
    return os.urandom(16).hex()


def derive(material: bytes, *, label: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA256): no two labels share a key, and none leads back to *material*."""
    info = b"ml-connector/1/" + label.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(material)


def bind(parts: Sequence[str | int]) -> bytes:
    """
    Join *parts* so that no two different lists give the same bytes: each with its type and length in front.

    Without lengths, `("ab", "c")` and `("a", "bc")` would be one context.
    """
    out = bytearray()
    for part in parts:
        data = str(part).encode()
        out += (b"i" if isinstance(part, int) else b"s") + len(data).to_bytes(8, "big") + data
    return bytes(out)


def seal(plaintext: bytes, *, key: bytes, key_id: str, context: Sequence[str | int]) -> Sealed:
    """Encrypt under *key* with a fresh random nonce; *context* is bound, not stored."""
    nonce = os.urandom(NONCE_BYTES)
    bound = bind((FORMAT, ALGORITHM, key_id, *context))
    return Sealed(
        format=FORMAT,
        alg=ALGORITHM,
        key_id=key_id,
        nonce=nonce,
        ciphertext=AESGCM(key).encrypt(nonce, plaintext, bound),
    )


def unseal(sealed: Sealed, *, key: bytes, context: Sequence[str | int]) -> bytes:
    """
    Decrypt what `seal` made with the same key and context.

    Raises:
        Rejected: anything at all is different.
    """
    if sealed.format != FORMAT or sealed.alg != ALGORITHM or len(sealed.nonce) != NONCE_BYTES:
        raise Rejected
    bound = bind((sealed.format, sealed.alg, sealed.key_id, *context))
    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, bound)
    except InvalidTag:
        raise Rejected from None
