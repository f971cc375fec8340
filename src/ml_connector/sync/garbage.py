"""
A plan makes many small things that live to its end: looking for garbage among them again and again costs a third of it.

What is no garbage in a circle is freed at once as ever; only the circles wait a little longer.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_EVERY = 100_000
"""Things made, less things freed, between two looks; by default it is 700."""


@contextmanager
def looking_seldom() -> Iterator[None]:
    """Look for garbage more seldom meanwhile."""
    before = gc.get_threshold()
    gc.set_threshold(_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
