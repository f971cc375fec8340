"""
How many calls the JSON surfaces still take: a bucket of tokens that refills, told in a header on every success.

Workday documents neither the header nor the numbers; recordings show 3600 counting down and filling up again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

HEADER = "WD-RateLimit-Tokens-Remaining"
_REFILL_S = 60.0


class Allowance:
    """A bucket that is full again a minute after it was empty. *clock* counts seconds."""

    def __init__(self, tokens: int, *, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.change(tokens)

    def change(self, tokens: int) -> None:
        """Give the bucket another size, and fill it."""
        with self._lock:
            self._most, self._left, self._at = tokens, float(tokens), self._clock()

    def take(self) -> int | None:
        """Take one token and tell how many are left; None if there was none."""
        with self._lock:
            now = self._clock()
            grown = self._left + max(0.0, now - self._at) * self._most / _REFILL_S
            self._left, self._at = min(float(self._most), grown), now
            if self._left < 1:
                return None
            self._left -= 1
            return int(self._left)
