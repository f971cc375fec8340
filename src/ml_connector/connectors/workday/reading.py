"""
One extraction: pages fetched ahead, given in order, and proved complete before the last of them is given (CC-03).

Memory is the pages ahead, compressed as they came and within a budget, one part of a page unpacked, and 8 bytes per
record for the proof that none came twice. A page that takes the tenant too long is asked for in smaller ones.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from itertools import islice

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.inflate import OversizedError
from ml_connector.connectors.port import Page
from ml_connector.connectors.workday.ahead import Limits, Stretch, Wish, fetch_ahead, plan_stretch, read_stretches
from ml_connector.connectors.workday.faults import ASK_AGAIN, sort_unusable
from ml_connector.connectors.workday.proof import Proof
from ml_connector.connectors.workday.soap import WorkdayPage
from ml_connector.connectors.workday.split import SplitPage
from ml_connector.errors import IncompleteReadError

_PART = 50


class BrokenPageError(IncompleteReadError):
    """A long page broke after records of it were given: read again, and hold every page until its end was seen."""


AskPage = Callable[[Wish], WorkdayPage]


def read_pages(ask: AskPage, *, record_type: RecordType, reference: str, limits: Limits) -> Generator[Page, None, None]:
    """
    Yield the pages that *ask* gives, a long one in parts; the last part only when all of them add up.

    With `limits.records` no more pages are read than hold them, and nothing is claimed about the whole.

    Raises:
        IncompleteReadError: what was yielded must not be believed.
    """
    proof = Proof(reference)
    parts = read_stretches(
        partial(_read_stretch, ask, proof, limits),
        size=limits.size,
        given=lambda: proof.count,
        ended=lambda: proof.ended,
    )
    with closing(parts):
        for records, of_pages in parts:
            yield Page(
                tuple([NativeRecord(record_type, record) for record in records]), proof.page, of_pages, proof.total
            )
            del records  # or the next part would be cut beside this one


def _read_stretch(
    ask: AskPage, proof: Proof, limits: Limits, stretch: Stretch
) -> Generator[tuple[tuple[bytes, ...], int], None, None]:
    """Pages of one size, from where the records given so far end, until the last or until it is time to try more."""
    size = stretch.size
    begin = Wish(start=proof.count, count=size, give_way=stretch.may_shrink)
    first = ask(begin)
    of_pages = max(first.results.pages, 1)
    last = of_pages
    if limits.records is not None:
        last = min(of_pages, max(1, -(-limits.records // size)))
    proof.begin_stretch(first.results)
    wishes = plan_stretch(stretch, limits, start=begin.start, end=last * size)
    coming = fetch_ahead(ask, first, wishes, limits)
    del first  # or the whole stretch would hold its first page
    with closing(coming):
        for number, page in enumerate(coming, start=begin.number):
            proof.open_page(page.results, asked=number)
            for records, ends in _cut_parts(page):
                proof.add(records)
                if ends:
                    proof.close_page(last=number == last, whole=last == of_pages)
                yield records, of_pages
                del records  # or the next part would be cut beside this one


def _cut_parts(page: WorkdayPage) -> Iterator[tuple[tuple[bytes, ...], bool]]:
    """The page's records, and whether its end was seen; a long page part by part, each held back until more came."""
    if isinstance(page, SplitPage):
        yield page.records, True
        return
    given = 0
    try:
        with closing(page.cut()) as records:
            part = list(islice(records, _PART))
            for following in records:
                yield tuple(part), False
                given += len(part)
                part = [following]
                part += islice(records, _PART - 1)
            yield tuple(part), True
    except OversizedError as reason:
        raise sort_unusable(reason, task=f"page {page.results.page}") from None
    except ValueError as reason:
        raise BrokenPageError(
            f"page {page.results.page} cannot be used after {given} of its records: {reason}", remedy=ASK_AGAIN
        ) from None
