"""What the sandbox did of its own accord or was told to do: days, scenarios, faults set and fired, settings, resets."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any

_MOST = 20_000


class Deeds:
    """The latest deeds in order; thread-safe."""

    def __init__(self) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._seq = 0
        self._lock = threading.Lock()

    def note(self, what: str, **details: Any) -> None:
        """Number and keep a deed: one word for *what*, and its details."""
        with self._lock:
            self._seq += 1
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._kept.append({"seq": self._seq, "at": at, "what": what, **details})

    def list(self, *, since: int = 0) -> list[dict[str, Any]]:
        """Deeds after number *since*."""
        with self._lock:
            return [dict(deed) for deed in self._kept if deed["seq"] > since]

    def clear(self) -> None:
        """Forget every deed; numbering goes on."""
        with self._lock:
            self._kept.clear()
