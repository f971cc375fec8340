"""Whether anything came twice, in little memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.once import Once


@given(st.lists(st.lists(st.binary(max_size=3))), st.integers(0, 3))
def test_it_says_what_a_set_says(batches: list[list[bytes]], expected: int) -> None:
    once, seen = Once(expected), list[bytes]()
    for batch in batches:
        once.add(batch)
        seen += batch
        assert once.holds == (len(set(seen)) == len(seen))
