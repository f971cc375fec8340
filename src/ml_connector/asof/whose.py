"""
Whose a record was at a moment: which profiles were known to be one person by then. Pure.

Who was joined to somebody by a decision was a person of their own until it was made, and stays one in every view of the
time before; two profiles that the rules took for one person have always been one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class Joined(NamedTuple):
    """A profile belongs to *person*, by a decision *since* a moment of Workday's clock, by the rules ever since it is known."""

    person: str
    since: datetime | None


class Whose:
    """The profiles, by WID, of the person whom one of them names today."""

    def __init__(self, joins: Mapping[str, Joined], profile: str) -> None:
        self._joins, self._profile = joins, profile
        root = self._root(profile, before=None)
        self._all = {wid for wid in {*joins, root, profile} if self._root(wid, before=None) == root}

    def profiles(self, *, before: datetime) -> set[str]:
        """Those that were known to be one person with the one that is asked about, by what was decided *before* a moment."""
        root = self._root(self._profile, before=before)
        return {wid for wid in self._all if self._root(wid, before=before) == root}

    def later(self, *, before: datetime) -> list[str]:
        """Who was another person then, and is the same today: a profile for each."""
        roots = {self._root(wid, before=before) for wid in self._all}
        return sorted(roots - {self._root(self._profile, before=before)})

    def left_at(self, wid: str, *, before: datetime) -> datetime | None:
        """Since when the records made for a profile are nobody's, since it was joined to another one by a decision."""
        since = self._joins[wid].since if wid in self._joins else None
        return since if since is not None and since < before else None

    def _root(self, wid: str, *, before: datetime | None) -> str:
        seen = set[str]()
        while wid in self._joins and wid not in seen:
            joined = self._joins[wid]
            if before is not None and joined.since is not None and joined.since >= before:
                break
            seen.add(wid)
            wid = joined.person
        return wid
