"""Mapping rows held against the live chart and the setup tables."""

from __future__ import annotations

import itertools

import pytest

from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.errors import Fault
from ml_connector.mapping.check import check_claims
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow


def record(record_type: str, key: str, *, plant: str = "101", **fields: Scalar) -> PlexRecord:
    return PlexRecord(type=record_type, plant=plant, key=key, fields=fields)


def account(number: str, *, plant: str = "101", active: bool = True) -> PlexRecord:
    return record("account", number, plant=plant, active=active, cost_center=number.split("-")[1])


def row(kind: Kind, source: str, *, plant: str = "101", **target: str) -> MappingRow:
    return MappingRow(kind=kind, plant=plant, source=source, target=target)


CENTER = row(Kind.COST_CENTER, "CC4100", cost_center="4100", department="4100-STP", segment="4100")
LIVE: dict[str, list[PlexRecord]] = {
    "accounts": [
        account("5100-4100-00"),
        account("5100-4200-00"),
        account("5199-4100-00", active=False),
        account("5100-4900-00", active=False),
        account("5100-7100-00", plant="102"),
    ],
    "departments": [record("department", "4100-STP", active=True), record("department", "OLD", active=False)],
    "positions": [record("position", "Press Operator", active=True)],
    "buildings": [record("building", "DET")],
    "cost_centers": [record("cost_center", "4100")],
}


def check(one: MappingRow, **instead: list[PlexRecord]) -> list[Fault]:
    """The faults of one row beside the mapped cost center."""
    rows = [one] if one.key == CENTER.key else [one, CENTER]
    return [fault for fault in faults_of(rows, live=flat({**LIVE, **instead})) if fault.subject == one.label]


def faults_of(rows: list[MappingRow], *, live: list[PlexRecord]) -> list[Fault]:
    return list(itertools.chain.from_iterable(check_claims(rows, live=live)))


def flat(tables: dict[str, list[PlexRecord]]) -> list[PlexRecord]:
    return [record for table in tables.values() for record in table]


def only(faults: list[Fault]) -> Fault:
    (fault,) = faults
    assert fault.message
    assert fault.remedy
    return fault


@pytest.mark.parametrize(
    "sound",
    [
        CENTER,
        row(Kind.JOB_PROFILE, "JP-OPER", position="Press Operator"),
        row(Kind.LOCATION, "DET", building="DET"),
        row(Kind.ACCOUNT, "CC4100/direct/REG", account="5100-4100-00"),
        row(Kind.ACCOUNT, "*/direct/REG", account="5100-4200-00"),
    ],
    ids=lambda sound: sound.label,
)
def test_a_row_that_fits_has_no_fault(sound: MappingRow) -> None:
    assert check(sound) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("5100-4110-00", "account_missing"),
        ("5199-4100-00", "account_inactive"),
        ("5100-7100-00", "account_wrong_plant"),
        ("5100-4200-00", "segment_mismatch"),
    ],
)
def test_rd_08_px_08_an_account_must_exist_be_active_be_ours_and_carry_the_segment(number: str, code: str) -> None:
    fault = only(check(row(Kind.ACCOUNT, "CC4100/direct/REG", account=number)))

    assert (fault.code, fault.blocking) == (code, True)
    assert fault.subject == "account CC4100/direct/REG (plant 101)"


def test_rd_08_an_account_that_does_not_say_it_is_active_is_not() -> None:
    silent = record("account", "5150-4100-00", cost_center="4100")
    one = row(Kind.ACCOUNT, "CC4100/direct/REG", account="5150-4100-00")

    assert only(check(one, accounts=[silent])).code == "account_inactive"


def test_px_08_the_mismatch_names_both_segments() -> None:
    fault = only(check(row(Kind.ACCOUNT, "CC4100/*/*", account="5100-4200-00")))

    assert "'4200'" in fault.message
    assert "'4100'" in fault.message


def test_px_08_an_account_whose_cost_center_is_unmapped_cannot_be_proved_right() -> None:
    one = row(Kind.ACCOUNT, "CC4200/direct/REG", account="5100-4200-00")

    assert only(check(one)).code == "cost_center_unmapped"
    assert only(faults_of([one], live=flat(LIVE))).code == "cost_center_unmapped"


def test_px_08_a_segment_needs_an_active_account() -> None:
    center = row(Kind.COST_CENTER, "CC4100", cost_center="4100", department="4100-STP", segment="4900")

    assert only(check(center)).code == "segment_missing"


def test_up_08_a_segment_with_a_leading_zero_is_another_segment() -> None:
    center = row(Kind.COST_CENTER, "CC4100", cost_center="4100", department="4100-STP", segment="04100")
    fault = only(check(center))

    assert fault.code == "segment_missing"
    assert "did you mean '4100'?" in fault.message


@pytest.mark.parametrize(
    "one", [row(Kind.ACCOUNT, "CC4100/direct/REG", account="5100-4100-00"), CENTER], ids=["account", "cost_center"]
)
def test_cc_13_an_empty_chart_is_no_chart(one: MappingRow) -> None:
    assert only(check(one, accounts=[])).code == "empty_chart"


def test_cc_13_another_plants_chart_is_no_chart_either() -> None:
    one = row(Kind.ACCOUNT, "CC4100/direct/REG", account="5100-4100-00", plant="103")

    assert only(check(one)).code == "empty_chart"


def test_cc_13_an_empty_setup_table_proves_nothing() -> None:
    fault = only(check(row(Kind.JOB_PROFILE, "JP-OPER", position="Press Operator"), positions=[]))

    assert (fault.code, fault.blocking) == ("empty_table", True)


def test_cc_13_a_row_for_any_plant_is_not_right_because_nothing_was_read() -> None:
    one = row(Kind.JOB_PROFILE, "JP-OPER", position="Press Operator", plant="*")
    nothing: dict[str, list[PlexRecord]] = {name: [] for name in LIVE}

    assert only(check(one, **nothing)).code == "empty_table"


def test_px_04_a_missing_position_is_a_hint_since_a_sync_can_create_it() -> None:
    fault = only(check(row(Kind.JOB_PROFILE, "JP-OPER", position="Press operator")))

    assert (fault.code, fault.blocking) == ("setup_missing", False)
    assert "did you mean 'Press Operator'?" in fault.message


def test_px_04_a_missing_building_blocks_since_nobody_but_a_person_can_add_it() -> None:
    fault = only(check(row(Kind.LOCATION, "HQ", building="CHI-HQ")))

    assert (fault.code, fault.blocking) == ("setup_missing", True)


def test_px_04_an_inactive_department_is_told() -> None:
    center = row(Kind.COST_CENTER, "CC4100", cost_center="4100", department="OLD", segment="4100")

    assert only(check(center)).code == "setup_inactive"


def test_rd_12_a_row_for_any_plant_must_fit_every_plant() -> None:
    one = row(Kind.JOB_PROFILE, "JP-OPER", position="Press Operator", plant="*")
    positions = [*LIVE["positions"], record("position", "Operator", plant="102", active=True)]

    assert "plant 102" in only(check(one, positions=positions)).message


def test_up_08_zeros_a_spreadsheet_ate_are_suggested_even_in_a_long_chart() -> None:
    chart = [account(f"5100-{number:05}-00") for number in range(1000)]
    fault = only(check(row(Kind.ACCOUNT, "*/direct/REG", account="5100-42-00"), accounts=chart))

    assert fault.code == "account_missing"
    assert "did you mean '5100-00042-00'?" in fault.message
    assert "did you mean" not in only(check(row(Kind.ACCOUNT, "*/*/REG", account="5200-42-00"), accounts=chart)).message


def test_a_whole_crosswalk_is_checked_with_its_own_cost_centers() -> None:
    rows = [CENTER, row(Kind.ACCOUNT, "CC4100/direct/REG", account="5100-4200-00")]

    assert only(faults_of(rows, live=flat(LIVE))).code == "segment_mismatch"
