"""
Whose a record was at a moment: which profiles were known to be one person by then. Pure.

Whoever a decision joined to somebody counts as a person of their own in every view of the time before it. Profiles that
the rules took for one person have always been one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple


class Joined(NamedTuple):
    """
    A profile belonged to a *person* since a moment of Workday's clock; None: by the rules, as long as it is known.
    """

    person: str
    since: datetime | None


class Whose:
    """The profiles, by WID, that are or were one person with the *profile* that is asked about."""

    def __init__(self, joins: Mapping[str, Sequence[Joined]], profile: str) -> None:
        """*joins* are the people each profile was said to be, one after the other; everybody else is themselves."""
        self._joins, self._profile = joins, profile
        self._all = {profile, *joins, *(joined.person for each in joins.values() for joined in each)}

    def profiles(self, *, before: datetime | None = None) -> set[str]:
        """
        Those that were known to be one person with this one by what was decided *before* a moment; today without one.
        """
        root = self._root(self._profile, before)
        return {wid for wid in self._all if self._root(wid, before) == root}

    def later(self, *, before: datetime) -> list[str]:
        """Who was another person then, and is the same today: a profile for each."""
        then = self.profiles(before=before)
        return sorted({self._root(wid, before) for wid in self.profiles() if wid not in then})

    def left_at(self, wid: str, *, before: datetime) -> datetime | None:
        """Since when the records made for a profile are nobody's, as somebody had decided that it is another one's."""
        joined = self._then(wid, before)
        return None if joined is None or joined.person == wid else joined.since

    def _then(self, wid: str, before: datetime | None) -> Joined | None:
        known = [it for it in self._joins.get(wid, ()) if before is None or it.since is None or it.since < before]
        return known[-1] if known else None

    def _root(self, wid: str, before: datetime | None) -> str:
        seen = set[str]()
        while wid not in seen and (joined := self._then(wid, before)) is not None:
            seen.add(wid)
            wid = joined.person
        return wid
