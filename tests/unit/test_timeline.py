"""Days of change, as known when; when everything is compared; which windows hold what may have changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.keys import AsOf, RecordType, encode
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.workday.operations import OPERATIONS, Selection, build_page_request
from ml_connector.settings.forms import parse_regular
from ml_connector.timeline.calendar import last_due, windows
from ml_connector.timeline.fact import Fact, as_known, changes_ahead, days_to_ask
from ml_connector.timeline.outbox import Outbox

M = [datetime(2026, 11, 20 + number, 9, tzinfo=UTC) for number in range(5)]
D = [date(2026, 11, 20) + timedelta(days=number) for number in range(30)]


def fact(on, by, body):
    return Fact("w", D[on], M[by], body)


def test_ed_09_of_two_changes_for_one_day_the_later_entry_holds_whatever_came_first():
    """CC-10 too: by entry moment, never by arrival."""
    told = [fact(3, 2, "later"), fact(3, 1, "earlier")]
    for facts in (told, told[::-1]):
        assert as_known(facts, on=D[4], by=M[4]).body == "later"


def test_ed_10_a_correction_replaces_what_followed_from_the_mistake_and_not_what_was_known():
    facts = [fact(1, 0, "mistake"), fact(5, 0, "what followed"), fact(1, 2, "right")]
    assert as_known(facts, on=D[6], by=M[2]).body == "right"
    assert as_known(facts, on=D[6], by=M[1]).body == "what followed"
    assert as_known(facts, on=D[0], by=M[4]) is None


def test_cc_09_none_of_several_changes_ahead_is_skipped_and_one_taken_back_is_none():
    facts = [fact(0, 0, "a"), fact(5, 1, "b"), fact(8, 1, "c"), fact(10, 1, "d")]
    assert [(each.effective_on, each.body) for each in changes_ahead(facts, after=D[1], by=M[4])] == [
        (D[5], "b"), (D[8], "c"), (D[10], "d"),
    ]  # fmt: skip
    # As asked anew after the rescind: the day is as the one before, and the days that follow stand.
    again = [*facts, fact(5, 2, "a"), fact(8, 2, "c"), fact(10, 2, "d")]
    assert [each.effective_on for each in changes_ahead(again, after=D[1], by=M[4])] == [D[8], D[10]]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), st.sampled_from("abc")), max_size=12), st.integers(0, 9)
)
def test_m_9_what_was_known_by_a_moment_never_changes_by_what_is_entered_later(rows, on):
    facts = [fact(*row) for row in rows]
    for moment in range(4):
        earlier = [each for each in facts if each.entered_at <= M[moment]]
        assert as_known(facts, on=D[on], by=M[moment]) == as_known(earlier, on=D[on], by=M[moment])


def test_cc_08_every_day_inside_a_period_on_which_something_took_effect_is_asked_for():
    entries = [(D[2], M[3]), (D[7], M[3]), (D[1], M[0])]
    days = days_to_ask(entries, [D[4]], window=(M[2], D[9]), today=D[9], horizon=D[29])
    assert days == {D[2], D[4], D[7]}, "D1 was told of before; D4 follows the first that changed"


def test_days_out_of_reason_are_not_asked_for():
    odd = [(date(1899, 12, 31), M[3]), (date(9999, 12, 31), M[3]), (D[12], M[3])]
    assert days_to_ask(odd, (), window=(M[2], D[9]), today=D[9], horizon=D[29]) == {D[12]}


def test_cc_01_two_windows_never_one_and_the_second_only_when_a_day_has_begun():
    overlap = timedelta(minutes=5)
    same_day = list(windows(entered_at=M[0], effective_on=D[0], now=M[1], today=D[0], overlap=overlap))
    assert [window.effective for window in same_day] == [None]
    assert same_day[0].entered == (M[0] - overlap, M[1])
    next_day = list(windows(entered_at=M[0], effective_on=D[1], now=M[1], today=D[3], overlap=overlap))
    assert next_day[1].effective == (D[0], D[3])
    assert next_day[1].entered is None


def test_tz_04_tz_06_a_window_across_the_autumn_change_is_asked_for_in_utc():
    begin, end = datetime(2026, 11, 1, 8, 15, tzinfo=UTC), datetime(2026, 11, 1, 9, 45, tzinfo=UTC)
    pacific = ZoneInfo("America/Los_Angeles")
    window = next(
        windows(
            entered_at=begin.astimezone(pacific),
            effective_on=D[0],
            now=end.astimezone(pacific),
            today=D[0],
            overlap=timedelta(0),
        )
    )
    request = build_page_request(
        OPERATIONS[RecordType.WORKER],
        version="v45.0",
        as_of=AsOf(D[0], end),
        page=1,
        count=1,
        selection=Selection(window=window),
    )
    assert "<wd:Updated_From>2026-11-01T08:15:00.000Z<" in request
    assert "<wd:Updated_Through>2026-11-01T09:45:00.000Z<" in request


@pytest.mark.parametrize("day", [13, 14, 15])
def test_tz_05_a_daily_time_that_is_skipped_in_spring_comes_once(day):
    zone = ZoneInfo("America/New_York")
    noon = datetime(2027, 3, day, 12, tzinfo=zone)
    due = last_due("daily 02:30 America/New_York", at=noon)
    assert due.date() == date(2027, 3, day)
    before = last_due("daily 02:30 America/New_York", at=due - timedelta(seconds=1))
    assert before.date() == date(2027, 3, day - 1)


def test_a_weekly_time_comes_once_a_week():
    at = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert last_due("weekly Sunday 02:00 UTC", at=at) == datetime(2026, 11, 22, 2, tzinfo=UTC)
    assert last_due("weekly Thursday 12:00 UTC", at=at) == at


@pytest.mark.parametrize("text", ["daily", "daily 25:00 UTC", "weekly 02:00 UTC", "daily 02:00 Mars/Base", "hourly"])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="no time"):
        parse_regular(text)


def body(**fields):
    return encode(Worker(key="w", employee_id="1", worker_type="employee", **fields)).decode()


def test_tz_02_tz_03_everybody_is_seen_as_of_the_day_it_is_where_they_work():
    """In Melbourne the day has begun, in Detroit it has not: what takes effect on it is true only there."""
    facts = {"w": [Fact("w", D[0], M[0], body(active=True)), Fact("w", D[5], M[1], body(active=False))]}
    outbox = Outbox(facts, by=M[4])
    latest = Worker(key="w", employee_id="1", worker_type="employee", active=False)
    for today, active in ((D[4], True), (D[5], False)):
        seen = list(outbox.on_their_day(iter([latest]), latest=D[5], day_of=lambda _worker, today=today: today))
        assert [worker.active for worker in seen] == [active]
