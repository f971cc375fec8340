"""
What was spent of a budget of calls per minute, and when the next call may leave. *Pure*: the moments are the caller's.

The pace is 99.5 % of the budget, so that jitter on the way cannot push one call too many into the other side's minute.
After a quiet time a twentieth of the budget may pass at once; never more than the budget in any 60 seconds.
"""

from __future__ import annotations

from collections import deque

_WINDOW_S = 60.0
_PACE = 0.995
_BURST_SHARE = 20


class Spent:
    """Moments are seconds of one clock; *passed* are the last ones, as many as the budget has calls."""

    def __init__(self, *, calls_per_minute: int) -> None:
        self.interval_s = _WINDOW_S / (calls_per_minute * _PACE)
        self._slack_s = self.interval_s * (max(1, calls_per_minute // _BURST_SHARE) - 1)
        self.passed: deque[float] = deque(maxlen=calls_per_minute)
        self.next_at = float("-inf")
        self.paused_until = float("-inf")

    def free_at(self) -> float:
        """When the next call may leave."""
        full = len(self.passed) == self.passed.maxlen
        # A little more than the minute: the first call of a window may have arrived later than it passed here.
        window_at = self.passed[0] + _WINDOW_S / _PACE if full else float("-inf")
        return max(self.next_at, window_at, self.paused_until)

    def add(self, at: float) -> None:
        """A call leaves at *at*."""
        self.next_at = max(self.next_at, at - self._slack_s) + self.interval_s
        self.passed.append(at)

    def pause(self, until: float) -> None:
        """Let nobody pass before *until*; never shortens an earlier pause."""
        self.paused_until = max(self.paused_until, until)
