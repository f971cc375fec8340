"""History: what was true when, as known when."""

from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.sandbox.tenant.history import Entry, History

DAY, MOMENT = date(2026, 11, 16), datetime(2026, 11, 16, 9, tzinfo=UTC)


class Facts(msgspec.Struct, frozen=True):
    a: int = 0
    b: int = 0


def history(*entries: Entry) -> History[Facts]:
    made = History("x", facts=Facts)
    for entry in entries:
        made.append(entry)
    return made


def test_nothing_is_there_before_it_is_effective_or_entered() -> None:
    made = history(Entry("hire", DAY, MOMENT, {"a": 1}))
    assert made.at(DAY - timedelta(days=1), by=MOMENT) is None
    assert made.at(DAY, by=MOMENT - timedelta(milliseconds=1)) is None
    assert made.at(DAY, by=MOMENT) == Facts(a=1)


def test_ed_09_the_later_entry_wins_among_those_of_the_same_day() -> None:
    later = MOMENT + timedelta(hours=5)
    made = history(Entry("b", DAY, later, {"a": 2}), Entry("a", DAY, MOMENT, {"a": 1, "b": 7}))
    assert made.at(DAY, by=later) == Facts(a=2, b=7)
    assert made.at(DAY, by=MOMENT) == Facts(a=1, b=7)


def test_ed_10_what_was_known_then_stays_what_was_known_then() -> None:
    made = history(Entry("a", DAY, MOMENT, {"a": 1}))
    made.append(Entry("retroactive", DAY, MOMENT + timedelta(days=8), {"a": 9}))
    assert made.at(DAY + timedelta(days=30), by=MOMENT + timedelta(days=7)) == Facts(a=1)
    assert made.at(DAY, by=MOMENT + timedelta(days=8)) == Facts(a=9)


offsets = st.integers(min_value=0, max_value=20)
entries = st.lists(st.tuples(offsets, offsets, st.sampled_from("ab"), st.integers()), max_size=12)


@given(entries, entries, offsets, offsets)
def test_later_entries_never_change_an_earlier_view(
    early: list[tuple[int, int, str, int]], late: list[tuple[int, int, str, int]], on: int, by: int
) -> None:
    def entry(effective: int, entered: int, name: str, value: int) -> Entry:
        return Entry("x", DAY + timedelta(days=effective), MOMENT + timedelta(days=entered), {name: value})

    made = history(*(entry(*each) for each in early))
    day, moment = DAY + timedelta(days=on), MOMENT + timedelta(days=by)
    before = made.at(day, by=moment)
    for effective, entered, name, value in late:
        made.append(entry(effective, by + 1 + entered, name, value))
    assert made.at(day, by=moment) == before
