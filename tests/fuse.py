"""A crash at a boundary: nobody may catch it, and nothing goes on after it."""

from __future__ import annotations

import threading


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
