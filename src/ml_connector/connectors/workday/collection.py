"""
A whole collection by limit and offset, fetched ahead, given in order, and proved complete before its end (CC-03).

The proof is the announced total: the same on every page, as many rows as it says, no id twice. An offset window over a
list that grows or shrinks meanwhile repeats or skips rows, and cannot pass. Memory is the pages ahead plus one, and
some 90 bytes per row read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial

import msgspec

from ml_connector.connectors.strict_json import Row, write_json
from ml_connector.connectors.workday.ahead import Limits, Stretch, Wish, fetch_ahead, plan_stretch, read_stretches
from ml_connector.connectors.workday.json_answers import Collection
from ml_connector.connectors.workday.proof import EMPTIED, REMEDY
from ml_connector.errors import IncompleteReadError

AskWindow = Callable[[Wish], Collection]

_WID = re.compile("[0-9a-f]{32}")


class Window(msgspec.Struct, frozen=True):
    """One page: its rows, which one it is, of how many, the announced total, and whether it ends the whole."""

    rows: tuple[Row, ...]
    number: int
    of_pages: int
    total: int
    ends: bool


def read_windows(ask: AskWindow, *, id_field: str, limits: Limits) -> Generator[Window, None, None]:
    """
    Yield the pages that *ask* gives, the last one only when all of them add up.

    With `limits.records` no more pages are read than hold them, and nothing is claimed about the whole.

    Raises:
        IncompleteReadError: what was yielded must not be believed.
    """
    tally = _Tally(id_field, limits.records)
    windows = read_stretches(
        partial(_read_stretch, ask, tally, limits), size=limits.size, given=lambda: 0, ended=lambda: tally.ended
    )
    with closing(windows):
        yield from windows


class _Tally:
    """Adds the pages of one collection up. *start* is where the next page begins, *ended* that there is none."""

    def __init__(self, id_field: str, records: int | None) -> None:
        self._id_field, self._records = id_field, records
        self._seen: set[bytes] = set()
        self._total: int | None = None
        self.start = self.number = 0
        self.ended = False

    def end(self, page: Collection) -> int:
        """The record before which reading ends."""
        return page.total if self._records is None else min(page.total, self._records)

    def add(self, page: Collection, size: int) -> Window:
        """Take a page in, asked for *size* records."""
        number = self.number = self.number + 1
        total = self._total = page.total if self._total is None else self._total
        if page.total != total and page.rows:
            raise IncompleteReadError(
                f"page {number} speaks of {page.total} records, page 1 of {total}: the set moved while we read it",
                remedy=REMEDY,
            )
        expected = min(size, total - self.start)
        if expected > 0 and not page.rows:
            raise IncompleteReadError(
                f"page {number} is empty, where {total} records were announced: a role was taken away meanwhile, or the "
                "set moved",
                remedy=EMPTIED,
            )
        self.start += size
        before = len(self._seen)
        self._seen.update(tell_apart(row, self._id_field) for row in page.rows)
        if len(self._seen) - before != len(page.rows):
            raise IncompleteReadError(f"a record of page {number} came before already", remedy=REMEDY)
        if len(page.rows) != expected:
            raise IncompleteReadError(
                f"page {number} has {len(page.rows)} records instead of {expected}: {total} were announced",
                remedy=REMEDY,
            )
        self.ended = self.start >= self.end(page)
        left = max(0, total - self.start)
        return Window(page.rows, number, number + -(-left // size), total, self.start >= total)


def _read_stretch(ask: AskWindow, tally: _Tally, limits: Limits, stretch: Stretch) -> Generator[Window, None, None]:
    """Pages of one size, until the last or until it is time to try more."""
    begin = Wish(start=tally.start, count=stretch.size, give_way=stretch.may_shrink)
    first = ask(begin)
    wishes = plan_stretch(stretch, limits, start=begin.start, end=tally.end(first))
    coming = fetch_ahead(ask, first, wishes, limits)
    del first  # or the whole stretch would hold its first page
    with closing(coming):
        for page in coming:
            yield tally.add(page, stretch.size)


def tell_apart(row: Row, id_field: str) -> bytes:
    """The row's WID in 16 bytes; without one, a digest of the row."""
    wid = row.get(id_field)
    if isinstance(wid, str) and _WID.fullmatch(wid):
        return bytes.fromhex(wid)
    return hashlib.blake2b(write_json(row), digest_size=16).digest()
