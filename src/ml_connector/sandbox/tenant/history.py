"""
What was true when, and since when it is known: entries with an effective date and an entry moment, never changed.

An object is seen *as of* both: the entries effective by a day and entered by a moment, folded in that order.
A view stays the same for ever, however much is entered later. That is what pages pinned to both moments rely on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import msgspec

Facts = TypeVar("Facts", bound=msgspec.Struct)


class Entry(msgspec.Struct, frozen=True):
    """One transaction: its Workday type name, the day it takes effect, the moment it was entered, what it changed."""

    kind: str
    effective_on: date
    entered_at: datetime
    changes: Mapping[str, Any]


class History(Generic[Facts]):
    """
    All entries about one object, in the order they apply.

    The entries are one tuple that is replaced, never altered: a reader in another thread keeps the one it took.
    """

    __slots__ = ("_facts", "entries", "key")

    def __init__(self, key: str, *, facts: type[Facts]) -> None:
        self.key = key
        self.entries: tuple[Entry, ...] = ()
        self._facts = facts

    def append(self, entry: Entry) -> None:
        """Enter a change. The later entry wins among those effective on the same day."""
        self.entries = tuple(sorted((*self.entries, entry), key=lambda each: (each.effective_on, each.entered_at)))

    def known(self, *, by: datetime) -> list[Entry]:
        """List what had been entered by a moment, whenever it takes effect."""
        return [entry for entry in self.entries if entry.entered_at <= by]

    def at(self, on: date, *, by: datetime) -> Facts | None:
        """Fold what was effective on a day, as known by a moment; None before the first entry counts."""
        state: Facts | None = None
        for entry in self.entries:
            if entry.effective_on > on:
                break
            if entry.entered_at > by:
                continue
            changes = entry.changes
            state = self._facts(**changes) if state is None else msgspec.structs.replace(state, **changes)
        return state
