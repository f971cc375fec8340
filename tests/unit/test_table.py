"""The crosswalk as CSV: there and back without losing or running anything."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.mapping.claim import TARGET_PARTS, Kind
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.table import COLUMNS, parse_table, render_table

OPERATOR = MappingRow(kind=Kind.JOB_PROFILE, plant="101", source="JP-OPER", target={"position": "Press Operator"})
CENTER = MappingRow(
    kind=Kind.COST_CENTER,
    plant="*",
    source="0010",
    target={"cost_center": "0010", "department": "0010-STP", "segment": "0010"},
)

NASTY = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=15),
    st.sampled_from(
        ["=HYPERLINK(1)", "'=1", "''", "-1", "@SUM(A1)", "＝1", '"},{', "a;b,c", "0010", "\u202ex", "\u2028x", '"', "+"]
    ),
).filter(lambda text: text and text == text.strip())


@st.composite
def rows(draw: st.DrawFn) -> list[MappingRow]:
    keys = draw(st.sets(st.tuples(st.sampled_from(Kind), st.sampled_from(["101", "*"]), NASTY), max_size=8))
    found = []
    for kind, plant, text in sorted(keys):
        source = f"{text.replace('/', '|')}/*/REG" if kind is Kind.ACCOUNT else text
        target = {part: draw(NASTY) for part in TARGET_PARTS[kind]}
        if source != "*" and (kind, plant, source) not in {row.line for row in found}:
            state = draw(st.sampled_from(["accepted", "proposed"]))
            found.append(MappingRow(kind=kind, plant=plant, source=source, target=target, state=state))
    return found


@given(rows())
def test_up_08_export_and_import_is_identity(given_rows: list[MappingRow]) -> None:
    table = parse_table(render_table(given_rows))

    assert table.faults == ()
    assert list(table.rows) == sorted(given_rows, key=lambda row: row.key)


@given(rows())
def test_no_exported_cell_begins_like_a_formula(given_rows: list[MappingRow]) -> None:
    text = render_table(given_rows).decode("utf-8-sig")

    for line in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) for cell in line)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_rows_or_faults_and_never_both(data: bytes) -> None:
    table = parse_table(data)

    assert not (table.rows and table.faults)
    assert len(table.rows) == len(table.lines)


def test_up_08_leading_zeros_survive() -> None:
    data = render_table([CENTER])

    assert b'"cost_center","*","0010","0010","0010-STP","0010"' in data
    assert parse_table(data).rows == (CENTER,)


def test_the_file_begins_with_a_byte_order_mark_and_the_header() -> None:
    assert render_table([]).decode("utf-8") == "\ufeff" + ",".join(f'"{name}"' for name in COLUMNS) + "\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_saved_in_another_country_is_read_too(delimiter: str) -> None:
    lines = ["Source,Kind,Plant,Position", "JP-OPER,job_profile,101, Press Operator ", ",,,"]
    data = "\n".join(lines).replace(",", delimiter).encode()

    assert parse_table(data).rows == (OPERATOR,)


def test_lines_point_into_the_file() -> None:
    data = b"kind,plant,source,position\n\njob_profile,101,A,P\n,,,\njob_profile,101,B,Q\n"

    assert parse_table(data).lines == (3, 5)


def test_lines_are_counted_through_cells_that_hold_line_breaks() -> None:
    data = b'kind,plant,source,position\njob_profile,101,A,"P\nQ"\njob_profil,101,B,Q\n'

    assert [(fault.line, fault.code) for fault in parse_table(data).faults] == [(2, "text"), (4, "kind")]


def test_one_fault_keeps_every_row_out_and_all_faults_are_told() -> None:
    data = b"""kind,plant,source,position,building,state
job_profile,101,JP-OPER,Press Operator,,
job_profil,101,JP-WELD,Welder,,
job_profile,101,JP-WELD,,,
location,101,DET,,DET,maybe
location,,DET,,DET,
location,Detroit,DET,,DET,
job_profile,101,JP-OPER,Operator,,
job_profile,101,JP-MATL,Handler,DET,
location,101,DET,,DET,,,surplus
"""
    table = parse_table(data)

    assert table.rows == ()
    assert [(fault.line, fault.code) for fault in table.faults] == [
        (3, "kind"),
        (4, "target"),
        (4, "tie"),
        (5, "state"),
        (6, "plant"),
        (7, "plant"),
        (8, "tie"),
        (9, "target"),
        (10, "cells"),
    ]
    assert all(fault.remedy and fault.message for fault in table.faults)
    assert "line 2" in table.faults[6].message


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"kind,plant,sorce\n", 1, "did you mean source?"),
        (b"kind,plant,source,source\n", 1, "stands twice"),
        (b"kind,plant,source\njob_profile,101,Press\xe9\n", 2, "not UTF-8"),
        (b'kind,plant,source,position\njob_profile,101,"A,P\n', 2, "no CSV"),
    ],
)
def test_a_file_that_is_no_table_says_where(data: bytes, line: int, words: str) -> None:
    faults = parse_table(data).faults

    assert faults
    assert any(fault.line == line and words in fault.message for fault in faults)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_rd06_an_empty_file_is_told_in_one_sentence(data: bytes) -> None:
    (fault,) = parse_table(data).faults

    assert fault.message == "the file is empty"
    assert "mapping export" in fault.remedy


def test_rd06_a_line_with_too_many_cells_still_says_which_code_it_is_about() -> None:
    data = b"""kind,plant,source,position,building,effective_on
job_profile,101,JP-OPER,Operator, Press,,2026-12-01
job_profile,Detroit,JP-WELD,Welder, first class,,2026-12-01
Operator, Press,101,JP-OPER,,,surplus
"""
    table = parse_table(data)

    assert [(fault.line, fault.code) for fault in table.faults] == [
        (2, "cells"),
        (3, "cells"),
        (3, "plant"),
        (4, "cells"),
    ]
    told = {line: (claim.kind, claim.source, claim.effective_on) for line, claim in table.claims.items()}
    assert told[2] == (Kind.JOB_PROFILE, "JP-OPER", date(2026, 12, 1))
    assert told.keys() == {2, 3}
    assert (table.rows, table.placed) == ((), frozenset())


def test_rd05_two_days_that_cannot_be_are_told_once() -> None:
    data = b"kind,plant,source,position,effective_on,ends_on\njob_profile,101,A,P,9999-12-31,1900-01-01\n"
    (fault,) = parse_table(data).faults

    assert fault.message == "effective_on 9999-12-31 and ends_on 1900-01-01 lie outside 1970 to 2099"


def test_rd06_every_pair_of_lines_that_overlap_is_told_not_only_neighbours() -> None:
    data = b"""kind,plant,source,position,effective_on,ends_on
job_profile,101,A,P,2026-01-01,2026-12-31
job_profile,101,A,Q,2026-10-01,2026-11-30
job_profile,101,A,R,2026-11-01,
job_profile,101,A,S,2026-11-01,
"""
    faults = parse_table(data).faults

    assert [(fault.line, fault.code) for fault in faults] == [
        (3, "overlap"),
        (4, "overlap"),
        (4, "overlap"),
        (5, "tie"),
        (5, "overlap"),
        (5, "overlap"),
    ]
    assert [fault.line for fault in faults if "while line 2 lasts" in fault.message] == [3, 4, 5]
    assert [fault.line for fault in faults if "while line 3 lasts" in fault.message] == [4, 5]


def test_rd06_ten_thousand_overlaps_are_told_in_no_time() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(10_000)]
    lines = [f"job_profile,101,A,P,{day},2099-12-31" for day in days]
    table = parse_table("\n".join(["kind,plant,source,position,effective_on,ends_on", *lines]).encode())

    assert {fault.line for fault in table.faults} == set(range(3, len(days) + 2))
    assert len(table.faults) <= 10 * len(days)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"kind,plant,source,positon\njob_profile,101,A,P\njob_profile,,B,Q\n", [(1, "header"), (3, "plant")]),
        (
            b"kind,plant,source,position\njob,101,A,P\nlocation,101,B,Q\xe9\n,101,C,R\n",
            [(2, "kind"), (3, "not_utf8"), (4, "kind")],
        ),
        (b'kind,plant,source,position\njob,101,A,P\njob_profile,101,"B,P\n', [(2, "kind"), (3, "not_csv")]),
        (b"kind,plant,source,account\naccount,101,CC4100,1\naccount,101,,1\n", [(2, "source"), (3, "source")]),
        (b"kind,plant,source,position\njob_profile,101,*,P\n", [(2, "source")]),
    ],
    ids=["header", "letters", "quotation", "account", "star"],
)
def test_rd06_one_slip_hides_no_other_and_makes_no_more_of_them(data: bytes, told: list[tuple[int, str]]) -> None:
    table = parse_table(data)

    assert [(fault.line, fault.code) for fault in table.faults] == told
    assert table.rows == ()


@pytest.mark.parametrize("first", [b"job_profile,101,JP-A,,,,Welder", b"cost_center,101,CC4100,4100,4100-STP,4100"])
def test_rd06_a_file_without_a_header_is_one_fault(first: bytes) -> None:
    (fault,) = parse_table(first + b"\njob_profile,101,JP-B,,,,Welder\n").faults
    assert (fault.line, fault.code) == (1, "header")
    assert "the file has no header" in fault.message


def test_rd06_a_header_that_lacks_a_column_names_it() -> None:
    told = [fault.message for fault in parse_table(b"kind,plant,position\njob_profile,101,Welder\n").faults]
    assert told == ["column source is missing"]
