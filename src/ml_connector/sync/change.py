"""Nouns of a plan: changes, holds, and the digest that a person approves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

import msgspec

from ml_connector.canonical.keys import RecordType, encode
from ml_connector.canonical.plant import Scalar
from ml_connector.connectors.port import Action, Write
from ml_connector.errors import shortened
from ml_connector.mapping.claim import RowVersion
from ml_connector.review.store import GuardReason

# Referential order (WP-15): what is pointed to goes before what points; a cost center points to its department.
ORDER = {
    "department": 0,
    "cost_center": 1,
    "position": 2,
    "headcount": 3,
    "employee": 10,
    "employee_attributes": 8_000,
}
_ENDINGS = 9_000
_LONGEST_NAME = 60
DRIFT = "drift: "
"""How the reason of a change begins where the other side was changed since we agreed."""


class Change(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """
    One write that would bring one record in line: one of Plex's, or, without a *plant*, one of Workday's.

    *before* and *after* hold the owned fields that differ; *body* is what will be sent, to the letter; *spoken* says
    in people's words what a field is to hold as an id, *spoken_before* what it holds; *rows* names the mapping row a
    value of *after* came from; *needs* names records of this same plan that must be applied first. A transfer brings
    *person*'s record to *plant* from *origin*.
    *hold* is the one it waits in, *approved* are the released ones without which it would wait.
    *effective_on* is the day from which on it holds, where the system keeps such a day. It is sent too, and is not part
    of the content: what was refused yesterday is not tried again today for its date.
    """

    plant: str
    type: str
    key: str
    source: str
    label: str
    action: Action
    reason: str
    before: dict[str, Scalar]
    after: dict[str, Scalar]
    owned: dict[str, Scalar]
    body: dict[str, Any]
    spoken: dict[str, str] = {}
    spoken_before: dict[str, str] = {}
    rows: dict[str, RowVersion] = {}
    needs: tuple[str, ...] = ()
    level: int = 0
    hold: str | None = None
    approved: tuple[str, ...] = ()
    effective_on: str | None = None
    origin: str = ""
    person: str = ""

    @property
    def system(self) -> Literal["plex", "workday"]:
        """Which system is written."""
        return "plex" if self.plant else "workday"

    @property
    def name(self) -> str:
        """The record's name as *needs* spells it."""
        return f"{self.type}|{self.plant}|{self.key}"

    @property
    def drifted(self) -> bool:
        """Whether somebody changed the record since we agreed, on the side that does not own it (UP-05)."""
        return self.reason.startswith(DRIFT)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of what would be sent: the same bytes, the same hash, in every version (golden hashes in tests)."""
        return hashlib.sha256(encode([self.type, self.plant, self.key, self.action, self.body])).hexdigest()


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Changes (or a whole reading) that wait for a person. *id* is the same whenever the same set trips again."""

    id: str
    guard: str
    type: str
    plant: str
    members: tuple[str, ...]
    reason: str
    remedy: str
    releasable: bool = True
    explanation: GuardReason | None = None

    @property
    def count(self) -> int:
        return len(self.members)


def level_of(kind: str, action: Action, *, depth: int) -> int:
    """When a change goes: references, then managers before their reports, then attributes, endings last."""
    if action == "deactivate":
        return _ENDINGS
    return ORDER[kind] + (depth if kind == "employee" else 0)


def left_by(change: Change) -> dict[str, Scalar]:
    """
    What a change that was carried out leaves in Plex, as far as it is ours; a new employee is also given a status.

    A transfer leaves the record as it was, elsewhere.
    """
    if change.action == "transfer":
        return {}
    if change.action != "create":
        return change.after
    status = change.body.get("status") if change.type == "employee" else None
    return change.owned if status is None else {"status": status, **change.owned}


def digest_of(connection: str, crosswalk: str, changes: list[Change]) -> str:
    """The fingerprint a person approves: the same changes under the same crosswalk give the same digest."""
    told = [
        [it.content_hash, it.before, it.hold or "", *([it.effective_on] if it.effective_on else [])] for it in changes
    ]
    content = [connection, crosswalk, told]
    return hashlib.sha256(encode(content)).hexdigest()


def make_hold(
    guard: str,
    *,
    kind: str,
    plant: str,
    members: Iterable[str],
    reason: str,
    remedy: str,
    releasable: bool = True,
    explanation: GuardReason | None = None,
) -> Hold:
    """Name a hold after the exact set it covers."""
    ordered = tuple(sorted(members))
    name = hashlib.sha256(encode([guard, kind, plant, ordered])).hexdigest()[:8]
    return Hold(
        id=name,
        guard=guard,
        type=kind,
        plant=plant,
        members=ordered,
        reason=reason,
        remedy=remedy.format(hold=name),
        releasable=releasable,
        explanation=explanation,
    )


def short_name(label: str) -> str:
    """A name inside a sentence: one that goes on for lines would hide what is said of it."""
    return shortened(label, _LONGEST_NAME)


def write_of(change: Change) -> Write:
    """The change as the port takes it."""
    return Write(
        record_type=RecordType(change.type),
        plant=change.plant,
        key=change.key,
        action=change.action,
        body=change.body,
        effective_on=change.effective_on,
        origin=change.origin,
    )
