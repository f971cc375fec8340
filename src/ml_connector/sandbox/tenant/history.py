"""
What was true when, and since when it is known: entries with an effective date and an entry moment, never changed.

An object is seen *as of* both: the entries effective by a day and entered by a moment, folded in that order.
A view stays the same for ever, however much is entered later. That is what pages pinned to both moments rely on.
A rescind takes an entry back from a moment on; a correction takes it back and puts another in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

Facts = TypeVar("Facts", bound=msgspec.Struct)


@cache
def _required(facts: type[msgspec.Struct]) -> frozenset[str]:
    """What must be told of such an object to begin with."""
    return frozenset(field.name for field in msgspec.structs.fields(facts) if field.required)


class Entry(msgspec.Struct, frozen=True):
    """
    One transaction: its Workday type name, the day it takes effect, the moment it was entered, what it changed.

    *taken_back_at* is when it was rescinded or corrected; *rescinds* and *corrects* mark the entry that did it;
    *unlogged* is what the transaction log does not tell, *early* what it tells before the moment it was entered at.
    """

    kind: str
    effective_on: date
    entered_at: datetime
    changes: Mapping[str, Any]
    taken_back_at: datetime | None = None
    rescinds: bool = False
    corrects: bool = False
    unlogged: bool = False
    early: bool = False

    def counts(self, *, by: datetime) -> bool:
        """Whether it holds, as known by a moment."""
        taken_back = self.taken_back_at is not None and self.taken_back_at <= by
        return self.entered_at <= by and not taken_back and not self.rescinds


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

    def newest(self, kind: str) -> Entry:
        """
        Find the newest entry of a kind that still counts.

        Raises:
            LookupError: there is none.
        """
        found = [entry for entry in self.entries if entry.kind == kind and entry.taken_back_at is None]
        found = [entry for entry in found if not entry.rescinds]
        if not found:
            raise LookupError(f"nothing of the kind {kind!r} can be taken back from {self.key}")
        return max(found, key=lambda each: each.entered_at)

    def rescind(self, entry: Entry, *, at: datetime) -> None:
        """Take an entry back, as if it had never been."""
        self._take_back(entry, at=at)
        self.append(Entry(entry.kind, entry.effective_on, at, {}, rescinds=True))

    def correct(self, entry: Entry, changes: Mapping[str, Any], *, on: date, at: datetime) -> None:
        """Put another entry in an entry's place: what it should have said, from *on*."""
        self._take_back(entry, at=at)
        self.append(Entry(entry.kind, on, at, {**entry.changes, **changes}, corrects=True))

    def first(self, *, by: datetime) -> Facts:
        """Tell what the object began with, as known by a moment, whether or not that still counts."""
        whole = [entry for entry in self.known(by=by) if self._is_whole(entry)]
        return self._facts(**([entry for entry in whole if entry.counts(by=by)] or whole)[0].changes)

    def begins(self, *, by: datetime) -> bool:
        """Whether a beginning still counts, as known by a moment."""
        return any(self._is_whole(entry) and entry.counts(by=by) for entry in self.entries)

    def _is_whole(self, entry: Entry) -> bool:
        return _required(self._facts) <= entry.changes.keys()

    def _take_back(self, entry: Entry, *, at: datetime) -> None:
        taken_back = msgspec.structs.replace(entry, taken_back_at=at)
        self.entries = tuple(taken_back if each is entry else each for each in self.entries)

    def known(self, *, by: datetime) -> list[Entry]:
        """List what had been entered by a moment, whenever it takes effect."""
        return [entry for entry in self.entries if entry.entered_at <= by]

    def told(self, *, by: datetime) -> list[Entry]:
        """List what the transaction log may tell at a moment."""
        return [entry for entry in self.entries if (entry.entered_at <= by or entry.early) and not entry.unlogged]

    def at(self, on: date, *, by: datetime) -> Facts | None:
        """Fold what was effective on a day, as known by a moment; None before the first entry counts."""
        state: Facts | None = None
        for entry in self.entries:
            if entry.effective_on > on:
                break
            if not entry.counts(by=by) or (state is None and not self._is_whole(entry)):
                continue
            changes = entry.changes
            state = self._facts(**changes) if state is None else msgspec.structs.replace(state, **changes)
        return state
