"""What arrived at both doors: enough to count calls and compare bodies, without keeping what was in them."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

_MOST = 100_000


@dataclass
class Arrival:
    """One request; *status* is `None` as long as nothing was answered, *fault* the mode that spoilt it."""

    system: str
    method: str
    path: str
    query: str = ""
    status: int | None = None
    body_sha256: str | None = None
    body_bytes: int = 0
    fault: str | None = None
    seq: int = 0
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))

    def hash_body(self, body: bytes) -> None:
        """Keep the body's fingerprint and length."""
        self.body_sha256, self.body_bytes = hashlib.sha256(body).hexdigest(), len(body)


class Arrivals:
    """The latest requests in order of arrival; thread-safe."""

    def __init__(self) -> None:
        self._kept: deque[Arrival] = deque(maxlen=_MOST)
        self._seq = 0
        self._lock = threading.Lock()

    def append(self, arrival: Arrival) -> None:
        """Number and keep a request."""
        with self._lock:
            self._seq += 1
            arrival.seq = self._seq
            self._kept.append(arrival)

    def list(self, *, system: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Requests after number *since*, of one system or both."""
        with self._lock:
            found = [each for each in self._kept if each.seq > since and system in (None, each.system)]
        return [asdict(each) for each in found]

    def clear(self) -> None:
        """Forget every request; numbering goes on."""
        with self._lock:
            self._kept.clear()
