"""
A budget of calls per minute, spent evenly and shared by threads.

Colliding with a limit and backing off costs most of the throughput; asking before the call costs nothing. The
pace is 99.5 % of the budget, so that jitter on the way cannot push one call too many into the other side's minute.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

_WINDOW_S = 60.0
_PACE = 0.995
_BURST_SHARE = 20


class Budget:
    """
    Let callers pass at a steady pace, never more than *calls_per_minute* in any 60 seconds.

    After a quiet time a twentieth of the budget may pass at once; the window still holds.
    """

    def __init__(
        self,
        *,
        calls_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._interval_s = _WINDOW_S / (calls_per_minute * _PACE)
        self._slack_s = self._interval_s * (max(1, calls_per_minute // _BURST_SHARE) - 1)
        self._passed: deque[float] = deque(maxlen=calls_per_minute)
        self._next_at = float("-inf")
        self._paused_until = float("-inf")
        # One caller sleeps for its turn while the others queue behind the lock: no herd at each slot.
        self._turnstile = threading.Lock()
        self._pausing = threading.Lock()  # the turnstile is held asleep

    def acquire(self) -> None:
        """Wait for this caller's turn."""
        with self._turnstile:
            while (wait_s := self._free_at() - self._clock()) > 0:
                self._sleep(wait_s)
            now = self._clock()
            self._next_at = max(self._next_at, now - self._slack_s) + self._interval_s
            self._passed.append(now)

    def pause(self, seconds: float) -> None:
        """
        Let nobody pass for *seconds*: one refusal for pace concerns every thread. Never shortens an earlier pause.
        """
        until = self._clock() + seconds
        with self._pausing:
            self._paused_until = max(self._paused_until, until)

    def _free_at(self) -> float:
        full = len(self._passed) == self._passed.maxlen
        # A little more than the minute: the first call of a window may have arrived later than it passed here.
        window_at = self._passed[0] + _WINDOW_S / _PACE if full else float("-inf")
        return max(self._next_at, window_at, self._paused_until)
