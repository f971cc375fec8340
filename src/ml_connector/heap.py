"""
How the C library keeps memory that was freed: one heap for all threads, and what is free in between given back.

glibc gives every thread a heap of its own, which no other uses, and keeps what lies between things that are in use: a
reading of 100,000 workers took a quarter more than it needs. Elsewhere than with glibc nothing is changed. To have what
is large given back each time (M_MMAP_THRESHOLD) cost a reading without changes a fifth of its speed.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

# Name and number of mallopt(3).
_M_ARENA_MAX = -8


def keep_small() -> None:
    """Set it for this process, before it starts threads."""
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give the system back what is free in between; some milliseconds, so from time to time only."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@lru_cache(maxsize=1)
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") and hasattr(library, "malloc_trim") else None
