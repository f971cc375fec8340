"""
What can be an audit event: a closed vocabulary, and one shape for all of them.

An event names fields and never holds their values. Ids of people become keyed pseudonyms and content hashes become
keyed commitments before they reach the chain: nobody can guess a salary or a person out of it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec

_STAND_IN = re.compile(r"~[0-9a-f]{32}")
_PERSONAL = frozenset({"worker", "employee", "employee_attributes"})
OTHER = "other_worker"
"""Where the detail of an event names a second person, by number: disguised as the one in its object is."""


class AuditAction(StrEnum):
    """Everything that is recorded; a new kind of event starts with a line here."""

    PLAN_CREATED = "plan.created"
    PLAN_SUPERSEDED = "plan.superseded"
    RUN_STARTED = "run.started"
    RUN_ENDED = "run.ended"
    WRITE_INTENDED = "write.intended"
    WRITE_APPLIED = "write.applied"
    WRITE_ACCEPTED = "write.accepted"
    WRITE_REJECTED = "write.rejected"
    WRITE_UNKNOWN = "write.unknown"
    WRITE_CONFLICT = "write.conflict"
    DECISION_NOOP = "decision.noop"
    DECISION_PENDING = "decision.pending"
    DECISION_WITHDRAWN = "decision.withdrawn"
    DECISION_PARKED = "decision.parked"
    DECISION_HELD = "decision.held"
    HOLD_RELEASED = "hold.released"
    CREDENTIAL_SET = "credential.set"
    CREDENTIAL_REMOVED = "credential.removed"
    CREDENTIAL_ROTATED = "credential.rotated"
    KEY_LOST = "key.lost"
    MAPPING_CHANGED = "mapping.changed"
    MAPPING_IMPORTED = "mapping.imported"
    MAPPING_DRAFTED = "mapping.drafted"
    MAPPING_APPROVED = "mapping.approved"
    MAPPING_WITHDRAWN = "mapping.withdrawn"
    LINK_CHANGED = "link.changed"
    PAY_VIEWED = "pay.viewed"
    CONFIG_CHANGED = "config.changed"
    AUDIT_VERIFIED = "audit.verified"
    AUDIT_EXPORTED = "audit.exported"


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing that happened.

    *object* is `type/plant/key` (the plant may be empty); *at* is aware; *fields* are names only. *before_hash* and
    *after_hash* are fingerprints of contents. *detail* holds short words and counts, never field values.
    """

    action: AuditAction
    actor: str
    at: datetime
    object: str | None = None
    run: str | None = None
    plan: str | None = None
    fields: tuple[str, ...] = ()
    before_hash: str | None = None
    after_hash: str | None = None
    reason: str | None = None
    outcome: str | None = None
    detail: dict[str, str | int] = {}


def pseudonym(seal_key: bytes, identity: str) -> str:
    """The same stand-in for the same id, every time; without the key nobody can try ids against it."""
    # Of the text as it can be stored: whose event it was can then be checked against what is kept.
    return "~" + hmac.digest(seal_key, b"pseudonym\0" + _encoded(storable(identity) or ""), "sha256").hex()[:32]


def commitment(seal_key: bytes, content_hash: str) -> str:
    """A stand-in for a hash of contents, so that few possible contents (pay) cannot be tried one by one."""
    return hmac.digest(seal_key, b"commitment\0" + _encoded(content_hash), "sha256").hex()


def person_of(event: AuditEvent) -> str | None:
    """The key in *object* when it is a person's; None for cost centers and the like."""
    parts = (event.object or "").split("/", 2)
    return parts[2] if len(parts) == 3 and parts[0] in _PERSONAL and parts[2] else None


def disguise(event: AuditEvent, *, seal_key: bytes) -> tuple[AuditEvent, dict[str, str]]:
    """The event as it goes into the chain, and the pseudonym → id pairs to be kept apart from it."""
    changes: dict[str, Any] = {
        name: commitment(seal_key, value)
        for name in ("before_hash", "after_hash")
        if (value := getattr(event, name)) is not None
    }
    subjects: dict[str, str] = {}
    hidden = event
    for person in (person_of(event), event.detail.get(OTHER)):
        if isinstance(person, str):
            stand_in = pseudonym(seal_key, person)
            subjects[stand_in] = storable(person) or ""
            told = _mapped(hidden, partial(_replace_word, word=person, other=stand_in))
            hidden = msgspec.structs.replace(hidden, **told)
            changes |= told
    return msgspec.structs.replace(event, **changes) if changes else event, subjects


def pseudonyms_in(event: AuditEvent) -> set[str]:
    """The stand-ins an event of the chain mentions."""
    texts = [event.object or "", event.reason or "", event.outcome or "", *map(str, event.detail.values())]
    return {found for text in texts for found in _STAND_IN.findall(text)}


def reveal(event: AuditEvent, *, subjects: Mapping[str, str]) -> AuditEvent:
    """The event with the ids we still have put back; the others were forgotten."""
    changes = _mapped(event, lambda text: _STAND_IN.sub(lambda found: subjects.get(found[0], found[0]), text))
    return msgspec.structs.replace(event, **changes)


def _mapped(event: AuditEvent, change: Callable[[str], str]) -> dict[str, Any]:
    """Wherever text may name a person, changed: object, reason, outcome and detail."""
    return {
        "object": event.object and change(event.object),
        "reason": event.reason and change(event.reason),
        "outcome": event.outcome and change(event.outcome),
        "detail": {name: change(value) if isinstance(value, str) else value for name, value in event.detail.items()},
    }


def _replace_word(text: str, word: str, other: str) -> str:
    if word not in text:
        return text
    if text.endswith(word) and text[-len(word) - 1 : -len(word)] in ("|", "/") and text.count(word) == 1:
        return text[: -len(word)] + other  # the usual object: a thousand of them must not compile a pattern each
    return re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", lambda _: other, text)


def storable(text: str | None) -> str | None:
    """The text with NUL and lone surrogates, which fit into no database, as visible signs; all else exactly."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "␀").encode("utf-8", errors="replace").decode()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")
