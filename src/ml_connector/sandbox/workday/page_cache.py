"""
Which records a reading lists, kept from page to page as Workday keeps them: two hours, counted from the first page.

The first page is slow, the others are not: whoever comes back too late pays for a first page again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

LIFE_S = 2 * 3600.0
_MOST = 16


class PageCache:
    """
    The latest selections, by what was asked and seen. Thread-safe; the same one may be made twice at the same time.

    *clock* counts the seconds a selection is kept for; *first_page_s* is how long one takes to be made, and *sleep*
    waits for that.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        first_page_s: Callable[[], float] = lambda: 0.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._clock, self._first_page_s, self._sleep = clock, first_page_s, sleep
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, asked: Hashable, make: Callable[[], Any]) -> Any:
        """Give the selection for *asked*, made if it is not kept, or no longer."""
        with self._lock:
            made_at, kept = self._kept.get(asked, (None, None))
            if made_at is not None and self._clock() - made_at < LIFE_S:
                self._kept.move_to_end(asked)
                return kept
        if pause_s := self._first_page_s():
            self._sleep(pause_s)
        made = make()
        with self._lock:
            self._kept[asked] = (self._clock(), made)
            self._kept.move_to_end(asked)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return made
