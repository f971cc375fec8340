"""
Lists asked for before they are wanted: waiting for one system is no reason not to ask the other.

What is wanted later is asked for in that order, a few lists at a time, and no list is asked for while a few wait
unread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Self

from ml_connector.connectors.hands import READERS_S, Hands
from ml_connector.connectors.port import Page, Pages, Query

AT_ONCE = 3


class ReadAhead:
    """
    Reads *queries* of one connector in threads of its own, at most *at_once* of them; with one it asks when asked.

    Used by one thread, from `with` to its end.
    """

    def __init__(self, connector: Pages, queries: Sequence[Query], *, at_once: int) -> None:
        self._connector = connector
        self._to_ask = deque(queries if at_once > 1 else ())
        self._asked: dict[Query, Future[list[Page]]] = {}
        self._hands = Hands(at_once, name="ahead", leave_after_s=READERS_S)
        for _ in range(at_once):
            self._ask_next()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait a little for what was asked already; its answers are nobody's."""
        self._hands.leave()

    def read(self, query: Query) -> Iterator[Page]:
        """Yield the pages, and raise what the connector raises, as if it were asked now; asked again, it is."""
        asked = self._asked.pop(query, None)
        if asked is None:
            yield from self._connector.read(query)
            return
        try:
            yield from asked.result()
        finally:
            self._ask_next()

    def _ask_next(self) -> None:
        if self._to_ask:
            query = self._to_ask.popleft()
            self._asked[query] = self._hands.submit(self._ask, query)

    def _ask(self, query: Query) -> list[Page]:
        return list(self._connector.read(query))
