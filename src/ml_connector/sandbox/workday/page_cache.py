"""Which records a reading lists, kept from page to page as Workday keeps them: the first page is slow, the others are not."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

_MOST = 16


class PageCache:
    """The latest selections, by what was asked and seen. Thread-safe; the same one may be made twice at the same time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, asked: Hashable, make: Callable[[], Any]) -> Any:
        """Give the selection for *asked*, made if it is not kept."""
        with self._lock:
            if asked in self._kept:
                self._kept.move_to_end(asked)
                return self._kept[asked]
        made = make()
        with self._lock:
            self._kept[asked] = made
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return made
