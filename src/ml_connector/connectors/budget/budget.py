"""
A budget of calls per minute, spent evenly and shared by threads.

Colliding with a limit and backing off costs most of the throughput; asking before the call costs nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from ml_connector.connectors.budget.spent import Spent
from ml_connector.connectors.hands import heed_stop, rest


class Pacing(Protocol):
    """Who lets calls pass; thread-safe."""

    def acquire(self) -> None:
        """
        Wait for this caller's turn.

        Raises:
            NotSentError: this thread was told to stop; the turn is somebody else's.
        """

    def pause(self, seconds: float) -> None:
        """
        Let nobody pass for *seconds*: one refusal for pace concerns every thread. Never shortens an earlier pause.
        """


class Budget:
    """Let callers pass at a steady pace, never more than *calls_per_minute* in any 60 seconds."""

    def __init__(
        self,
        *,
        calls_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = rest,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._spent = Spent(calls_per_minute=calls_per_minute)
        # One caller sleeps for its turn while the others queue behind the lock: no herd at each slot.
        self._turnstile = threading.Lock()
        self._pausing = threading.Lock()  # the turnstile is held asleep

    def acquire(self) -> None:
        """As `Pacing`."""
        with self._turnstile:
            while (wait_s := self._spent.free_at() - self._clock()) > 0:
                self._sleep(wait_s)
            heed_stop()
            self._spent.add(self._clock())

    def pause(self, seconds: float) -> None:
        """As `Pacing`."""
        until = self._clock() + seconds
        with self._pausing:
            self._spent.pause(until)
