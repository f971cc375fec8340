"""Which changes of the crosswalk one person may make alone, and whom they move."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ml_connector.mapping.approval import changes_in_force, is_same_person
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.impact import Impact, count_impact, days_of_change

TODAY = date(2026, 11, 23)


def job(position: str, *, plant: str = "101", source: str = "JP-OPER", **more: object) -> MappingRow:
    return MappingRow(kind=Kind.JOB_PROFILE, plant=plant, source=source, target={"position": position}, **more)  # type: ignore[arg-type]


def account(source: str, *, plant: str = "101") -> MappingRow:
    return MappingRow(kind=Kind.ACCOUNT, plant=plant, source=source, target={"account": "5100-4100"})


IN_FORCE = job("Press Operator", wid="w1")


@pytest.mark.parametrize(
    ("row", "needs"),
    [
        (job("Welder"), True),
        (job("Press Operator"), False),
        (job("Press Operator", ends_on=TODAY), True),
        (job("Press Operator", effective_on=TODAY), True),
        (job("Press Operator", wid="w2"), True),
        (job("Welder", source="JP-NEW"), False),
        (job("Welder", source="JP-RENAMED", wid="w1"), True),
        (job("Welder", plant="102"), False),
        (job("Welder", plant="*"), False),
    ],
    ids=["target", "same", "end", "successor", "other id", "new", "renamed", "elsewhere", "any plant"],
)
def test_rd_09_whatever_changes_an_answer_in_force_needs_another_person(row: MappingRow, needs: bool) -> None:
    assert changes_in_force(row, [IN_FORCE]) is needs


@pytest.mark.parametrize(
    ("row", "other", "needs"),
    [
        (job("Welder"), job("Press Operator", plant="*"), True),
        (account("CC4100/direct/REG"), account("*/direct/REG"), True),
        (account("CC4100/*/REG"), account("*/direct/REG"), True),
        (account("*/direct/REG"), account("CC4100/*/REG"), False),
        (account("*/*/*"), account("CC4100/direct/REG", plant="*"), True),
        (account("CC4100/direct/REG"), account("*/direct/OT"), False),
        (account("CC4100/direct/REG", plant="*"), account("*/direct/REG"), False),
    ],
)
def test_rd_09_a_row_that_takes_over_from_a_less_specific_one_needs_another_person(
    row: MappingRow, other: MappingRow, needs: bool
) -> None:
    assert changes_in_force(row, [other]) is needs


def test_rd_09_one_account_in_two_spellings_is_one_person() -> None:
    assert is_same_person("Mia ", "mia")
    assert not is_same_person("mia", "leo")


def count(before: list[MappingRow], after: list[MappingRow]) -> list[Impact]:
    people = [[("101", Kind.JOB_PROFILE, code), ("101", Kind.LOCATION, "DET")] for code in ("JP-OPER",) * 3 + ("JP-B",)]
    people += [[("102", Kind.JOB_PROFILE, "JP-OPER")], []]
    changed = [row for row in after if row not in before]
    changed += [row for row in before if row not in after]
    days = days_of_change({"101": TODAY, "102": TODAY}, changed)
    return count_impact(people, before=Crosswalk(before), after=Crosswalk(after), days=days)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([job("A")], [job("B")], ["re-routes 3 workers in plant 101"]),
        ([job("A")], [job("A"), job("C", plant="102")], ["maps 1 worker for the first time in plant 102"]),
        ([job("A")], [job("A", ends_on=TODAY)], ["leaves 3 workers without a mapping in plant 101"]),
        (
            [job("A")],
            [job("A"), job("B", effective_on=TODAY + timedelta(days=9))],
            ["re-routes 3 workers in plant 101"],
        ),
        ([job("A")], [job("A"), job("A", effective_on=TODAY)], []),
        ([job("A")], [job("B", ends_on=TODAY - timedelta(days=1)), job("A", effective_on=TODAY)], []),
        (
            [job("A", plant="*")],
            [job("B", plant="*")],
            ["re-routes 3 workers in plant 101", "re-routes 1 worker in plant 102"],
        ),
    ],
    ids=["target", "first", "end", "successor", "same again", "past only", "any plant"],
)
def test_rd_09_a_change_says_whom_it_moves(before: list[MappingRow], after: list[MappingRow], told: list[str]) -> None:
    assert [str(impact) for impact in count(before, after)] == told
