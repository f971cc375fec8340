"""Nouns of the translation: what a plant should hold, and what waits."""

from __future__ import annotations

from typing import Literal

import msgspec

from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.claim import RowVersion

THROUGH = "active through that day"
"""How the reason of an ending that lies ahead ends: *that day* is its last."""


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """
    One Plex record as Workday's facts want it, owned fields only.

    `ended` is an explicit ending (terminated, moved to another plant), never an absence. *source* is the Workday key
    people know the record by; *spoken* says in people's words what a field holds as an id; *replaces* names the only
    value a field may take the place of, where everything else in it is the plant's own; *rows* names the mapping row
    that gave a field its value; *needs* names the records (`type|plant|key`) that must exist first; *depth* orders
    people below their managers; *note* is what a person should know of whatever is written.
    """

    type: str
    plant: str
    key: str
    source: str
    label: str
    state: Literal["present", "ended"] = "present"
    reason: str = ""
    fields: dict[str, Scalar] = {}
    spoken: dict[str, str] = {}
    replaces: dict[str, str] = {}
    rows: dict[str, RowVersion] = {}
    needs: tuple[str, ...] = ()
    depth: int = 0
    note: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A record (or, with *field*, one field of it) that cannot go yet, with what would free it."""

    type: str
    plant: str
    key: str
    label: str
    code: str
    reason: str
    remedy: str | None = None
    waiting_for: str | None = None
    field: str | None = None


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """
    A change that is known and not due yet: it happens at the start of *on* (plant's own date), an ending at its end.

    *plant* is empty, and *key* the worker's id, while Workday does not show yet where somebody will work. *source* is
    the number people know the record by. *begins* tells a beginning from an ending.
    """

    type: str
    plant: str
    key: str
    label: str
    on: str
    reason: str
    begins: bool = False
    source: str = ""

    @property
    def at_end(self) -> bool:
        """Whether it happens when the day *on* is over."""
        return self.reason.endswith(THROUGH)


def reference(kind: str, *, plant: str, key: str) -> str:
    """The name of a record inside *needs*."""
    return f"{kind}|{plant}|{key}"
