"""Smaller pages when a tenant is too slow, larger ones when it recovers; the records given stay where they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.connectors.workday.page_size import STEPS, grow, shrink


def test_from_the_start_the_sizes_go_down_the_ladder() -> None:
    sizes, size = [999], 999
    while (smaller := shrink(size, given=0)) is not None:
        sizes.append(size := smaller)
    assert sizes == [999, 500, 250, 100, 50, 25, 10]


def test_in_the_middle_a_size_must_divide_what_was_given() -> None:
    assert shrink(999, given=999) == 333
    assert shrink(100, given=300) == 50
    assert shrink(10, given=10) is None


@given(st.integers(0, 100_000), st.integers(1, 999), st.sampled_from(STEPS))
def test_whatever_size_is_chosen_the_next_page_begins_where_the_last_one_ended(
    pages: int, size: int, most: int
) -> None:
    given_so_far = pages * size
    smaller = shrink(size, given=given_so_far)
    assert smaller is None or (smaller < size and given_so_far % smaller == 0)
    larger = grow(size, given=given_so_far, most=most)
    assert larger == size or (size < larger <= most and given_so_far % larger == 0)
