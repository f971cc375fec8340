"""Whether anything came twice among very many, for 8 bytes each. *Pure*."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from itertools import islice

_SHELVES = 256


class Once:
    """
    Takes identities in and says whether each came once.

    Of each 64 keyed bits are kept: a set of objects takes ten times as much. There is room for *expected* ones; more
    double it, as what grows step by step leaves holes in memory.
    """

    def __init__(self, expected: int = 1024) -> None:
        self._bits = array("q", bytes(8 * max(expected, 1)))
        self._count = 0

    def add(self, identities: Iterable[Hashable]) -> None:
        """Take some in."""
        for identity in identities:
            if self._count == len(self._bits):
                self._bits.frombytes(bytes(8 * self._count))
            self._bits[self._count] = hash(identity)
            self._count += 1

    @property
    def holds(self) -> bool:
        """Whether none came twice; of two that no bit kept tells apart, which is next to never, it says one did."""
        shelves = [array("q") for _ in range(_SHELVES)]  # or the set of them all would take ten times as much after all
        for bits in islice(self._bits, self._count):
            shelves[bits % _SHELVES].append(bits)
        return all(len(set(shelf)) == len(shelf) for shelf in shelves)
