"""The pace limit: so many calls in any sixty seconds for each key, counted by a sliding window."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable

_WINDOW_S = 60.0


class Throttle:
    """Counts admitted calls; refused ones do not count."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, identity: str, *, limit: int) -> int:
        """Admit the call and return 0, or return the whole seconds until one would be admitted."""
        now, calls = self._monotonic(), self._calls[identity]
        while calls and calls[0] <= now - _WINDOW_S:
            calls.popleft()
        if len(calls) < limit:
            calls.append(now)
            return 0
        return max(1, math.ceil(calls[0] + _WINDOW_S - now)) if calls else int(_WINDOW_S)

    def reset(self) -> None:
        """Forget every call."""
        self._calls.clear()
