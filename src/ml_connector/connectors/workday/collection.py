"""
A whole collection by limit and offset, fetched ahead, given in order, and proved complete before its end (CC-03).

The proof is the announced total: the same on every page, as many rows as it says, no id twice. An offset window over a
list that grows or shrinks meanwhile repeats or skips rows, and cannot pass. Memory is the pages ahead plus one, and
16 bytes per row read.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import msgspec

from ml_connector.connectors.strict_json import Row, write_json
from ml_connector.connectors.workday.json_answers import Collection
from ml_connector.errors import IncompleteReadError

AskWindow = Callable[[int, int], Collection]

_REMEDY = "read again from the first page; if it stays, somebody is changing many records just now"
_WID = re.compile("[0-9a-f]{32}")


class Window(msgspec.Struct, frozen=True):
    """One page: its rows, which one it is, of how many, and the announced total."""

    rows: tuple[Row, ...]
    number: int
    of_pages: int
    total: int


def read_windows(
    ask: AskWindow, *, id_field: str, size: int, ahead: int, pages: int | None = None
) -> Generator[Window, None, None]:
    """
    Yield the pages that *ask* (limit, offset) gives, the last one only when all of them add up.

    With *pages* only so many are read, and nothing is claimed about the whole.

    Raises:
        IncompleteReadError: what was yielded must not be believed.
    """
    first = ask(size, 0)
    total, of_pages = first.total, max(1, -(-first.total // size))
    last = of_pages if pages is None else min(of_pages, pages)
    seen: set[bytes] = set()
    count = 0
    coming = _fetch_all(ask, first, size=size, last=last, ahead=ahead)
    del first  # or the whole extraction would hold its first page
    with closing(coming):
        for number, page in enumerate(coming, start=1):
            if page.total != total:
                raise IncompleteReadError(
                    f"page {number} speaks of {page.total} records, page 1 of {total}: the set moved while we read it",
                    remedy=_REMEDY,
                )
            count += len(page.rows)
            seen.update(tell_apart(row, id_field) for row in page.rows)
            if len(seen) != count:
                raise IncompleteReadError(f"a record of page {number} came before already", remedy=_REMEDY)
            if number == of_pages and count != total:
                raise IncompleteReadError(f"{total} records were announced and {count} came", remedy=_REMEDY)
            yield Window(page.rows, number, of_pages, total)


def tell_apart(row: Row, id_field: str) -> bytes:
    """The row's WID in 16 bytes; without one, a digest of the row."""
    wid = row.get(id_field)
    if isinstance(wid, str) and _WID.fullmatch(wid):
        return bytes.fromhex(wid)
    return hashlib.blake2b(write_json(row), digest_size=16).digest()


def _fetch_all(
    ask: AskWindow, first: Collection, *, size: int, last: int, ahead: int
) -> Generator[Collection, None, None]:
    """The first page, then the others in order while up to *ahead* of them are on their way."""
    if last == 1:
        yield first
        return
    with ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="workday-window") as pool:
        offsets = iter(range(size, last * size, size))
        coming: deque[Future[Collection]] = deque()
        try:
            coming.extend(pool.submit(ask, size, offset) for offset in islice(offsets, ahead))
            yield first
            del first
            while coming:
                page = coming.popleft().result()
                coming.extend(pool.submit(ask, size, offset) for offset in islice(offsets, 1))
                yield page
        finally:
            for future in coming:
                future.cancel()
