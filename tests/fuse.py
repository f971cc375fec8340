"""A crash at a boundary: nobody may catch it, and nothing goes on after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable


class CrashError(BaseException):
    """The process is no more."""


class Fuse:
    """Counts boundaries and blows at the given one; after that nothing of this life gets any further."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.passed = at, 0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.passed += 1
            if self.at is not None and self.passed >= self.at:
                raise CrashError


class LastingFuse(Fuse):
    """
    Counts what a crash could find: boundaries between which nothing that lasts has changed are one state.

    *lasting* names all that outlives the process. It blows at the first boundary of a state, and passes are states.
    """

    def __init__(self, at: int | None = None) -> None:
        super().__init__(at)
        self.boundaries = 0
        self.lasting: Callable[[], Hashable] = lambda: None
        self._last: Hashable = object()

    def __call__(self) -> None:
        with self._lock:
            self.boundaries += 1
            state = self.lasting()
            if state != self._last:
                self._last, self.passed = state, self.passed + 1
            if self.at is not None and self.passed >= self.at:
                raise CrashError
