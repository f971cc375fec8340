"""
One extraction: pages fetched ahead, given in order, and proved complete before the last of them is given (CC-03).

Memory is the pages ahead, compressed as they came and within a budget, one part of a page unpacked, and 8 bytes per
record for the proof that none came twice. A page that takes the tenant too long is asked for in smaller ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import msgspec

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.port import Page
from ml_connector.connectors.workday.page_size import GROW_AFTER, grow, shrink
from ml_connector.connectors.workday.proof import REMEDY, Proof
from ml_connector.connectors.workday.soap import WorkdayPage
from ml_connector.connectors.workday.split import SplitPage
from ml_connector.errors import IncompleteReadError, UnavailableError

_PART = 50


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One page to ask for. *give_way*: when it is late, say so at once, since a smaller one can be asked for."""

    number: int
    count: int
    give_way: bool


class BrokenPageError(IncompleteReadError):
    """A long page broke after records of it were given: read again, and hold every page until its end was seen."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """*size* records a page, at most *ahead* pages and *held_bytes* on their way, at most *records* in all."""

    size: int
    ahead: int
    held_bytes: int
    records: int | None = None


AskPage = Callable[[Wish], WorkdayPage]


def read_pages(ask: AskPage, *, record_type: RecordType, reference: str, limits: Limits) -> Generator[Page, None, None]:
    """
    Yield the pages that *ask* gives, a long one in parts; the last part only when all of them add up.

    With `limits.records` no more pages are read than hold them, and nothing is claimed about the whole.

    Raises:
        IncompleteReadError: what was yielded must not be believed.
    """
    proof, size = Proof(reference), limits.size
    while not proof.ended:
        may_shrink = shrink(size, given=proof.count) is not None
        try:
            with closing(_read_stretch(ask, proof, limits, size, may_shrink=may_shrink)) as parts:
                for records, of_pages in parts:
                    natives = tuple(NativeRecord(record_type, record) for record in records)
                    yield Page(natives, proof.page, of_pages, proof.total)
        except UnavailableError as error:
            if not (error.timed_out and may_shrink):
                raise
            size = shrink(size, given=proof.count) or size
        else:
            size = grow(size, given=proof.count, most=limits.size)


def _read_stretch(
    ask: AskPage, proof: Proof, limits: Limits, size: int, *, may_shrink: bool
) -> Generator[tuple[tuple[bytes, ...], int], None, None]:
    """Pages of one size, from where the records given so far end, until the last or until it is time to try more."""
    start = proof.count // size + 1
    first = ask(Wish(number=start, count=size, give_way=may_shrink))
    of_pages = max(first.results.pages, 1)
    last = of_pages
    if limits.records is not None:
        last = min(of_pages, max(1, -(-limits.records // size)))
    final = last
    if size < limits.size:
        final = min(last, start + GROW_AFTER - 1)
    proof.begin_stretch(first.results)
    wishes = (Wish(number=number, count=size, give_way=may_shrink) for number in range(start + 1, final + 1))
    coming = _fetch_all(ask, first, wishes, limits)
    del first  # or the whole stretch would hold its first page
    with closing(coming):
        for number, page in enumerate(coming, start=start):
            proof.open_page(page.results, asked=number)
            for records, ends in _cut_parts(page):
                proof.add(records)
                if ends:
                    proof.close_page(last=number == last, whole=last == of_pages)
                yield records, of_pages


def _cut_parts(page: WorkdayPage) -> Iterator[tuple[tuple[bytes, ...], bool]]:
    """The page's records, and whether its end was seen; a long page part by part, each held back until the next."""
    if isinstance(page, SplitPage):
        yield page.records, True
        return
    given = 0
    try:
        with closing(page.cut()) as records:
            part = tuple(islice(records, _PART))
            while following := tuple(islice(records, _PART)):
                yield part, False
                given += len(part)
                part = following
            yield part, True
    except ValueError as reason:
        raise BrokenPageError(
            f"page {page.results.page} broke off after {given} of its records: {reason}", remedy=REMEDY
        ) from None


def _fetch_all(
    ask: AskPage, first: WorkdayPage, wishes: Iterator[Wish], limits: Limits
) -> Generator[WorkdayPage, None, None]:
    """The first page, then the others in order while some are on their way: as many as the budget takes, or one."""
    following = next(wishes, None)
    if following is None:
        yield first
        return
    with ThreadPoolExecutor(max_workers=limits.ahead, thread_name_prefix="workday-page") as pool:
        coming: deque[Future[WorkdayPage]] = deque([pool.submit(ask, following)])
        largest, page = first.size, first
        del first
        try:
            while True:
                allowed = max(1, min(limits.ahead, limits.held_bytes // max(largest, 1)))
                for wish in islice(wishes, max(0, allowed - len(coming))):
                    coming.append(pool.submit(ask, wish))
                yield page
                if not coming:
                    return
                page = coming.popleft().result()
                largest = max(largest, page.size)
        finally:
            for future in coming:
                future.cancel()
