"""Rows of the crosswalk from day to day: which one answers, what overlaps, and what a plan notices of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import ConfigurationError, RecordError
from ml_connector.mapping.check import check_claims
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.table import parse_table, render_table

NOVEMBER = date(2026, 11, 1)
DAY = timedelta(days=1)


def account(number: str, *, since: date | None = None, until: date | None = None, plant: str = "101") -> MappingRow:
    return MappingRow(
        kind=Kind.ACCOUNT,
        plant=plant,
        source="CC4100/direct/REG",
        target={"account": number},
        effective_on=since,
        ends_on=until,
    )


def job(position: str, *, since: date | None = None, until: date | None = None, plant: str = "101") -> MappingRow:
    return MappingRow(
        kind=Kind.JOB_PROFILE,
        plant=plant,
        source="JP-OPER",
        target={"position": position},
        effective_on=since,
        ends_on=until,
    )


def position_on(crosswalk: Crosswalk, day: date, plant: str = "101") -> str:
    return crosswalk.resolve(Kind.JOB_PROFILE, source="JP-OPER", plant=plant, on=day).target["position"]


def test_rd_05_the_row_of_the_day_answers_and_a_replay_of_october_gives_octobers() -> None:
    rows = [account("5105-4100", since=NOVEMBER), account("5100-4100")]
    today = Crosswalk(rows, days={"101": date(2026, 11, 23)})

    def on(day: date) -> str:
        return today.resolve(Kind.ACCOUNT, source="CC4100/direct/REG", plant="101", on=day).target["account"]

    assert on(date(2026, 10, 31)) == "5100-4100"
    assert on(NOVEMBER) == "5105-4100"
    assert today.resolve(Kind.ACCOUNT, source="CC4100/direct/REG", plant="101").target["account"] == "5105-4100"
    october = Crosswalk(rows, days={"101": date(2026, 10, 15)})
    assert october.resolve(Kind.ACCOUNT, source="CC4100/direct/REG", plant="101").target["account"] == "5100-4100"


def test_rd_05_tz_07_each_plant_lives_on_its_own_day() -> None:
    rows = [job("Old", plant="*"), job("New", since=NOVEMBER, plant="*")]
    crosswalk = Crosswalk(rows, days={"101": NOVEMBER - DAY, "301": NOVEMBER})

    assert crosswalk.resolve(Kind.JOB_PROFILE, source="JP-OPER", plant="101").target == {"position": "Old"}
    assert crosswalk.resolve(Kind.JOB_PROFILE, source="JP-OPER", plant="301").target == {"position": "New"}


def test_rd_05_an_ended_row_answers_through_its_last_day_and_says_so_afterwards() -> None:
    crosswalk = Crosswalk([job("Old", until=NOVEMBER - DAY)])

    assert position_on(crosswalk, NOVEMBER - DAY) == "Old"
    with pytest.raises(RecordError, match="only until 2026-10-31") as caught:
        position_on(crosswalk, NOVEMBER)
    assert caught.value.code == "unmapped"
    assert caught.value.waiting_for == "job_profile JP-OPER"
    assert (caught.value.remedy or "").startswith("ml-connector mapping set job_profile JP-OPER --plant 101")


def test_rd_05_after_the_plants_own_row_has_ended_the_one_for_any_plant_answers() -> None:
    crosswalk = Crosswalk([job("Own", until=NOVEMBER - DAY), job("Any", plant="*")])

    assert position_on(crosswalk, NOVEMBER - DAY) == "Own"
    assert position_on(crosswalk, NOVEMBER) == "Any"


def test_rd_05_an_edited_reference_id_is_answered_by_the_row_of_the_day() -> None:
    rows = [
        MappingRow(
            kind=Kind.JOB_PROFILE, plant="101", source="OLD", target={"position": name}, effective_on=on, wid="w1"
        )
        for name, on in (("Then", None), ("Now", NOVEMBER))
    ]
    crosswalk = Crosswalk(rows, wids=lambda _kind: {"NEW": "w1"})

    def found(day: date) -> str:
        return crosswalk.resolve(Kind.JOB_PROFILE, source="NEW", plant="101", on=day).target["position"]

    assert (found(NOVEMBER - DAY), found(NOVEMBER)) == ("Then", "Now")


def test_a_line_with_dates_answers_nobody_who_does_not_say_for_which_day() -> None:
    with pytest.raises(ValueError, match="for a day only"):
        Crosswalk([job("A"), job("B", since=NOVEMBER)]).resolve(Kind.JOB_PROFILE, source="JP-OPER", plant="101")


@pytest.mark.parametrize(
    "rows",
    [
        [job("A", since=NOVEMBER), job("B", since=NOVEMBER)],
        [job("A", until=NOVEMBER), job("B", since=NOVEMBER)],
        [job("A", since=NOVEMBER - DAY, until=NOVEMBER + DAY), job("B", since=NOVEMBER)],
    ],
    ids=["tie", "one day", "days"],
)
def test_rd_06_days_that_overlap_are_refused_with_both_rows_named(rows: list[MappingRow]) -> None:
    with pytest.raises(ConfigurationError, match=r"position=A .*position=B"):
        Crosswalk(rows)
    assert Crosswalk([rows[0], job("B", since=NOVEMBER + 2 * DAY)])


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (date(1900, 1, 1), None, "effective_on 1900-01-01 lies outside"),
        (None, date(9999, 12, 31), "ends_on 9999-12-31 lies outside"),
        (NOVEMBER, NOVEMBER - DAY, "before it begins"),
    ],
)
def test_a_day_that_cannot_be_is_refused(since: date | None, until: date | None, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        job("A", since=since, until=until)


def test_rd_05_a_row_that_begins_tomorrow_is_no_news_today() -> None:
    days = {"101": NOVEMBER, "102": NOVEMBER}
    tomorrow = {plant: day + DAY for plant, day in days.items()}
    rows = [job("A", plant="*")]
    later = [*rows, job("B", since=NOVEMBER + DAY, plant="*")]

    assert Crosswalk(rows, days=days).version == Crosswalk(later, days=days).version
    assert Crosswalk(rows, days=tomorrow).version != Crosswalk(later, days=tomorrow).version
    assert Crosswalk(rows, days=days).version == Crosswalk(rows, days=tomorrow).version


SOME_DAYS = st.one_of(st.none(), st.integers(0, 6).map(lambda number: NOVEMBER + number * DAY))


@st.composite
def lines(draw: st.DrawFn) -> list[MappingRow]:
    """Rows of one code in two plants and in any, which never overlap."""
    found = []
    for plant in ("*", "101", "102"):
        begins = sorted(draw(st.sets(SOME_DAYS, max_size=3)), key=lambda day: day or date.min)
        for number, since in enumerate(begins):
            after = begins[number + 1] if number + 1 < len(begins) else None
            last = (after or NOVEMBER + 9 * DAY) - DAY
            until = draw(st.sampled_from([None, last, since])) if since and since <= last else None
            found.append(job(draw(st.sampled_from("ABC")), since=since, until=until, plant=plant))
    return found


@given(lines(), lines(), st.integers(0, 7), st.integers(0, 7))
def test_rd_05_the_version_differs_exactly_when_some_answer_of_the_day_does(
    before: list[MappingRow], after: list[MappingRow], here: int, there: int
) -> None:
    days = {"101": NOVEMBER + here * DAY, "102": NOVEMBER + there * DAY}
    one, other = Crosswalk(before, days=days), Crosswalk(after, days=days)

    def answers(crosswalk: Crosswalk) -> list[tuple[str, str] | None]:
        found = [crosswalk.find(Kind.JOB_PROFILE, source="JP-OPER", plant=plant) for plant in days]
        return [row and (row.plant, row.target["position"]) for row in found]

    assert (one.version == other.version) == (answers(one) == answers(other))


@given(lines())
def test_up_08_days_survive_the_spreadsheet(rows: list[MappingRow]) -> None:
    table = parse_table(render_table(rows))

    assert table.faults == ()
    assert sorted(table.rows, key=lambda row: row.key) == sorted(rows, key=lambda row: row.key)


def test_every_wrong_day_of_a_file_is_told_by_its_line() -> None:
    data = b"""kind,plant,source,position,effective_on,ends_on
job_profile,101,JP-A,P,2026-11-01,
job_profile,101,JP-B,P,1900-01-01,9999-12-31
job_profile,101,JP-C,P,11/1/2026,
job_profile,101,JP-D,P,2026-02-30,
job_profile,101,JP-E,P,2026-11-01,2026-10-31
job_profil,,JP-F,P,soon,
job_profile,101,JP-A,Q,2026-11-01,
job_profile,101,JP-G,P,,2026-11-30
job_profile,101,JP-G,Q,2026-11-30,
job_profile,101,JP-H,P,,2026-11-29
job_profile,101,JP-H,Q,2026-11-30,
"""
    table = parse_table(data)

    assert table.rows == ()
    assert [(fault.line, fault.code) for fault in table.faults] == [
        (3, "date"),
        (4, "date"),
        (5, "date"),
        (6, "date"),
        (7, "kind"),
        (7, "plant"),
        (7, "date"),
        (8, "tie"),
        (10, "overlap"),
    ]
    assert all(fault.remedy for fault in table.faults)
    assert "line 9" in table.faults[-1].message
    assert sorted(table.placed) == [2, 8, 9, 10, 11, 12]


def center(segment: str, *, since: date | None = None) -> MappingRow:
    return MappingRow(
        kind=Kind.COST_CENTER,
        plant="101",
        source="CC4100",
        target={"cost_center": "4100", "department": "4100-STP", "segment": segment},
        effective_on=since,
    )


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([account("5100-4100"), center("4100")], []),
        ([account("5100-4100"), center("4100"), center("4200", since=NOVEMBER)], ["segment_mismatch"]),
        (
            [
                account("5100-4100"),
                account("5100-4200", since=NOVEMBER),
                center("4100"),
                center("4200", since=NOVEMBER),
            ],
            [],
        ),
        ([account("5100-4100", until=NOVEMBER - DAY), center("4100"), center("4200", since=NOVEMBER)], []),
        ([account("5100-4100", since=NOVEMBER), center("4100", since=NOVEMBER + DAY)], []),
        ([account("5100-4100", until=NOVEMBER), center("4100", since=NOVEMBER + DAY)], ["cost_center_unmapped"]),
    ],
    ids=["always", "moves away", "both move", "ended before", "begins within", "begins after"],
)
def test_rd_08_px_08_an_account_is_held_against_its_cost_center_on_the_days_both_are_in_force(
    rows: list[MappingRow], codes: list[str]
) -> None:
    live = [
        PlexRecord(type="account", plant="101", key=number, fields={"active": True, "cost_center": number[5:]})
        for number in ("5100-4100", "5100-4200")
    ]
    live += [
        PlexRecord(type=kind, plant="101", key=key, fields={})
        for kind, key in (("cost_center", "4100"), ("department", "4100-STP"))
    ]
    assert [fault.code for faults in check_claims(rows, live=live) for fault in faults] == codes
