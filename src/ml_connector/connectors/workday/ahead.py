"""
Pages fetched ahead of whoever uses them, in sizes the tenant can give in time; one mechanism for SOAP and REST.

Workday builds a list when its first page is asked for, slowly, and keeps it for two hours: later pages are quick as
long as nobody dawdles. So pages are asked for whether or not the last one is used up yet, as many as the byte budget
holds, a few at once, and a slow reader on our side keeps no request from being made before the budget is full.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import closing
from itertools import islice
from typing import Protocol, TypeVar

import msgspec

from ml_connector.connectors.hands import READERS_S, Hands
from ml_connector.connectors.workday.page_size import GROW_AFTER, grow, shrink
from ml_connector.errors import UnavailableError


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """*size* records a page, *ahead* requests at once, *held_bytes* of pages waiting, at most *records* in all."""

    size: int
    ahead: int
    held_bytes: int
    records: int | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """*count* records after the first *start*. *give_way*: late is said at once, as a smaller page can be asked for."""

    start: int
    count: int
    give_way: bool

    @property
    def number(self) -> int:
        """Which page it is, from 1, where all are of this size."""
        return self.start // self.count + 1


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Pages of *size* records in a row; *may_shrink*: smaller ones can be asked for when these come too late."""

    size: int
    may_shrink: bool


class Held(Protocol):
    """A page that waits."""

    @property
    def size(self) -> int:
        """Bytes it takes."""


_Page = TypeVar("_Page", bound=Held)
_Part = TypeVar("_Part")
ReadStretch = Callable[[Stretch], Generator[_Part, None, None]]


def read_stretches(
    read_stretch: ReadStretch[_Part], *, size: int, given: Callable[[], int], ended: Callable[[], bool]
) -> Generator[_Part, None, None]:
    """
    Yield what *read_stretch* gives, until all has *ended*.

    Pages that come too late are asked for in smaller ones; after some that came well, larger ones are tried again.
    *given* tells how many records must divide by the next size.
    """
    now = size
    while not ended():
        may_shrink = shrink(now, given=given()) is not None
        try:
            with closing(read_stretch(Stretch(size=now, may_shrink=may_shrink))) as parts:
                yield from parts
        except UnavailableError as error:
            if not (error.timed_out and may_shrink):
                raise
            now = shrink(now, given=given()) or now
        else:
            now = grow(now, given=given(), most=size)


def plan_stretch(stretch: Stretch, limits: Limits, *, start: int, end: int) -> Iterator[Wish]:
    """The pages after the one at *start*, up to record *end*; at less than full size only until more may be tried."""
    size = stretch.size
    if size < limits.size:
        end = min(end, start + size * GROW_AFTER)
    return (Wish(start=at, count=size, give_way=stretch.may_shrink) for at in range(start + size, end, size))


def fetch_ahead(
    ask: Callable[[Wish], _Page], first: _Page, wishes: Iterator[Wish], limits: Limits
) -> Generator[_Page, None, None]:
    """The first page, then the others in order while some are on their way: as many as the budget takes, or one."""
    following = next(wishes, None)
    if following is None:
        yield first
        return
    largest, page = first.size, first
    del first  # or the whole stretch would hold its first page
    with Hands(limits.ahead, name="workday-page", leave_after_s=READERS_S) as hands:
        coming: deque[Future[_Page]] = deque([hands.submit(ask, following)])
        while True:
            allowed = max(1, limits.held_bytes // max(largest, 1))
            for wish in islice(wishes, max(0, allowed - len(coming))):
                coming.append(hands.submit(ask, wish))
            yield page
            if not coming:
                return
            page = coming.popleft().result()
            largest = max(largest, page.size)
