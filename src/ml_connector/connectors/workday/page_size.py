"""
How many records to ask for on a page, when the full number takes the tenant too long.

Another size numbers the pages anew, so a size is taken only where it divides the records already given: the next page
then begins exactly where the last one ended, and the proof that all came, each once, goes on over the change. Pure.
"""

from __future__ import annotations

STEPS = (999, 500, 250, 100, 50, 25, 10)
# Pages that must come well at a smaller size before a larger one is tried.
GROW_AFTER = 8


def shrink(size: int, *, given: int) -> int | None:
    """The next smaller size to go on with after *given* records; None when there is none worth it."""
    for step in STEPS:
        if step < size and (fitting := _fit(step, given=given)) * 4 >= step:
            return fitting
    return None


def grow(size: int, *, given: int, most: int) -> int:
    """The next larger size, at most *most*, to go on with after *given* records; *size* itself when none fits here."""
    for step in sorted({most, *(step for step in STEPS if step < most)}):
        if step > size and (fitting := _fit(step, given=given)) > size:
            return fitting
    return size


def _fit(step: int, *, given: int) -> int:
    return next(size for size in range(step, 0, -1) if given % size == 0)
