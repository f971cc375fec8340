"""
How events are linked: canonical bytes, the hash over them and the one before, the seal over the hash. Pure.

The hash can be checked by anybody; the seal only by who holds the key, and nobody else can make one. The stand-alone
verifier computes the same from its own code, so that a mistake here shows there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC

import msgspec

from ml_connector.audit.event import AuditEvent, storable

GENESIS = "0" * 64
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
COLUMNS = (
    "at",
    "action",
    "actor",
    "object",
    "run",
    "plan",
    "fields",
    "before_hash",
    "after_hash",
    "reason",
    "outcome",
    "detail",
)
"""What is hashed of an event, in this order, after its number and the hash before it."""


class Entry(msgspec.Struct, frozen=True):
    """One link: the event as text columns, its hash and its seal."""

    seq: int
    columns: dict[str, str | None]
    hash: str
    seal: str


def head_key(seal_key: bytes) -> bytes:
    """The key that seals links, head and anchors: what an auditor needs, and no more than that."""
    return hmac.digest(seal_key, b"audit head", "sha256")


def link(event: AuditEvent, *, seq: int, previous: str, key: bytes) -> Entry:
    """Put *event* after the link whose hash is *previous*; *key* is the head key."""
    columns = columns_of(event)
    digest = hashlib.sha256(canonical_bytes(seq, previous=previous, columns=columns)).hexdigest()
    return Entry(seq, columns, digest, seal_of("event", seq=seq, digest=digest, key=key)[:32])


def columns_of(event: AuditEvent) -> dict[str, str | None]:
    """The event as it is stored: text only, one spelling for each value."""
    return {
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "action": event.action.value,
        "actor": storable(event.actor),
        "object": storable(event.object),
        "run": storable(event.run),
        "plan": storable(event.plan),
        "fields": _json(list(event.fields)),
        "before_hash": event.before_hash,
        "after_hash": event.after_hash,
        "reason": storable(event.reason),
        "outcome": storable(event.outcome),
        "detail": _json(event.detail),
    }


def canonical_bytes(seq: int, *, previous: str, columns: dict[str, str | None]) -> bytes:
    """Each part with its length in front, an absent one apart from an empty one: no two events share bytes."""
    out = bytearray()
    for part in (str(seq), previous, *(columns[name] for name in COLUMNS)):
        if part is None:
            out += b"-"
        else:
            data = part.encode()
            out += b"+%d:" % len(data) + data
    return bytes(out)


def seal_of(kind: str, *, seq: int, digest: str, key: bytes) -> str:
    """The MAC of 'link (or head, or anchor) number *seq* has this hash'."""
    return hmac.digest(key, f"{kind}:{seq}:{digest}".encode(), "sha256").hex()


def is_sealed(seal: str, *, kind: str, seq: int, digest: str, key: bytes) -> bool:
    """Whether *seal* was made with *key* for exactly this."""
    return hmac.compare_digest(seal.encode(), seal_of(kind, seq=seq, digest=digest, key=key).encode())


def _json(value: object) -> str:
    return _ENCODER.encode(value)
