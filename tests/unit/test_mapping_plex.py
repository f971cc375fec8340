"""Plex's words to flat records and back: nothing lost, nothing cut, nothing we do not own touched."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import RecordError
from ml_connector.mapping.limits import LIMITS
from ml_connector.mapping.plex import employee_uuid, to_body, to_plant_record
from ml_connector.mapping.plex_fields import FIELDS, read_day
from ml_connector.mapping.rules import FIELDS as OWNERS

ID = "11111111-2222-4333-8444-555555555555"
EMPLOYEE = {
    "id": ID.upper(),
    "badgeNumber": "0021001",
    "userId": "anguyen",
    "firstName": "Ada ",
    "middleName": None,
    "lastName": "Nguyễn",
    "supervisorId": ID.upper(),
    "status": "Active",
    "position": "Welder",
    "department": "4200-WLD",
    "workPhone": "555-1",
    "homePhone": "",
}
CENTER = {
    "cost_center_key": 9,
    "cost_center_no": "4100",
    "cost_center_name": "Stamping",
    "department_no": 3,
    "department_code": "4100-STP",
    "Permission_Key": 5,
}


def native(record_type: RecordType, row: Any) -> NativeRecord:
    return NativeRecord(record_type, row if isinstance(row, bytes) else msgspec.json.encode(row))


def record(record_type: RecordType, row: Any) -> PlexRecord:
    return to_plant_record(native(record_type, row), plant="101")


def test_px_01_the_same_person_has_the_same_uuid_everywhere_and_no_one_elses() -> None:
    uuid = employee_uuid("acme1", plant="101", person="a1")
    assert uuid == employee_uuid("acme1", plant="101", person="a1") == "4e3271c4-4a1f-5a74-a8d7-2a0867308aa8"
    assert UUID(uuid).version == 5
    others = [("acme2", "101", "a1"), ("acme1", "102", "a1"), ("acme1", "101", "a2"), ("acme1", "10", "1a1")]
    assert len({uuid, *(employee_uuid(tenant, plant=plant, person=person) for tenant, plant, person in others)}) == 5


@given(tenant=st.text(), plant=st.text(), person=st.text())
def test_px_01_an_employees_id_is_the_uuid_of_the_names_as_json_whatever_they_hold(
    tenant: str, plant: str, person: str
) -> None:
    namespace = UUID("5a7b8a5e-62c2-5d0c-9f57-7d1f1d3f4c10")
    assert employee_uuid(tenant, plant=plant, person=person) == str(
        uuid5(namespace, json.dumps([tenant, plant, person]))
    )


def test_an_employee() -> None:
    seen = record(RecordType.EMPLOYEE, EMPLOYEE)
    assert seen.key == ID
    assert seen.native == EMPLOYEE
    assert seen.fields == {
        "id": ID,
        "badge_number": "0021001",
        "first_name": "Ada",
        "middle_name": None,
        "last_name": "Nguyễn",
        "supervisor_id": ID,
        "status": "Active",
        "position": "Welder",
        "department": "4200-WLD",
    }


@pytest.mark.parametrize(
    ("record_type", "row", "key", "fields"),
    [
        (
            RecordType.COST_CENTER,
            CENTER,
            "4100",
            {"cost_center_no": "4100", "name": "Stamping", "department_code": "4100-STP"},
        ),
        (
            RecordType.HEADCOUNT,
            {"position": "Welder", "shift": "Day", "department_code": "4200", "staffing_level": 4, "shift_key": 1},
            "Welder|Day|4200",
            {"position": "Welder", "shift": "Day", "department": "4200", "planned": 4},
        ),
        (
            RecordType.EMPLOYEE_ATTRIBUTES,
            {
                "resource_id": ID.upper(),
                "customer_employee_no": 7,
                "external_employee_id": "",
                "cost_center_no": "0041",
            },
            ID,
            {"employee_no": "7", "external_employee_id": None, "cost_center": "0041"},
        ),
        (
            RecordType.DEPARTMENT,
            {"department_no": 3, "department_code": "100 - Mfg", "department_name": "Mfg", "active": 1},
            "100 - Mfg",
            {"department_code": "100 - Mfg", "name": "Mfg", "active": True},
        ),
        (
            RecordType.POSITION,
            {"position": "Welder", "active": "false"},
            "Welder",
            {"position": "Welder", "active": False},
        ),
        (
            RecordType.ACCOUNT,
            {"id": ID, "accountNumber": "5100-4100-000", "name": "Wages", "categoryType": "Expense", "active": True},
            "5100-4100-000",
            {
                "account_no": "5100-4100-000",
                "name": "Wages",
                "category": "Expense",
                "active": True,
                "base": "5100",
                "cost_center": "4100",
                "sub_account": "000",
            },
        ),
        (
            RecordType.ACCOUNT,
            {"accountNumber": "1000"},
            "1000",
            {"account_no": "1000", "base": "1000", "cost_center": None, "sub_account": None},
        ),
        (
            RecordType.FISCAL_PERIOD,
            {"periodDisplay": "11-2026", "beginDate": "2026-11-01T00:00:00Z", "periodStatus": "Soft Closed"},
            "11-2026",
            {"period": "11-2026", "begin_on": "2026-11-01", "status": "Soft Closed"},
        ),
        (RecordType.BUILDING, {"buildingCode": "DET"}, "DET", {"building_code": "DET"}),
        (RecordType.TENANT, {"id": ID, "code": "ACME-DET"}, ID, {"id": ID, "code": "ACME-DET"}),
    ],
)
def test_each_type_has_its_key_and_fields(record_type: RecordType, row: Any, key: str, fields: dict[str, Any]) -> None:
    seen = record(record_type, row)
    assert (seen.type, seen.plant, seen.key, seen.fields) == (record_type, "101", key, fields)


@pytest.mark.parametrize(
    ("record_type", "row", "code"),
    [
        (RecordType.EMPLOYEE, b"[]", "unreadable"),
        (RecordType.EMPLOYEE, b"{", "unreadable"),
        (RecordType.EMPLOYEE, {"badgeNumber": "1"}, "no_key"),
        (RecordType.EMPLOYEE, {"id": None}, "no_key"),
        (RecordType.HEADCOUNT, {"position": "W", "shift": "", "department_code": "D"}, "no_key"),
        (RecordType.EMPLOYEE, {"id": ID, "lastName": {"x": 1}}, "bad_value"),
        (RecordType.POSITION, {"position": "W", "active": "perhaps"}, "bad_value"),
        (
            RecordType.HEADCOUNT,
            {"position": "W", "shift": "S", "department_code": "D", "staffing_level": 1.5},
            "bad_value",
        ),
    ],
)
def test_a_row_that_cannot_be_understood_is_one_records_fault(record_type: RecordType, row: Any, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        record(record_type, row)
    assert caught.value.code == code


# Writing back

texts = st.none() | st.text(max_size=30)
NAMES = [field.wire for field in FIELDS[RecordType.EMPLOYEE][1:] if field.name != "supervisor_id"]
NAMES += ["userId", "workPhone", "workExtension", "homePhone", "mobilePhone", "newInPlex"]
rows = st.fixed_dictionaries({"id": st.just(ID)}, optional=dict.fromkeys(NAMES, texts))


@given(rows)
def test_up_05_an_update_that_changes_nothing_sends_back_what_came(row: dict[str, Any]) -> None:
    sent = {name: value for name, value in row.items() if value is not None}
    for name in ("id", "userId", "newInPlex"):
        sent.pop(name, None)
    assert to_body(RecordType.EMPLOYEE, action="update", fields={}, native=row) == sent
    fields = record(RecordType.EMPLOYEE, row).fields
    assert to_body(RecordType.EMPLOYEE, action="update", fields=fields, native=row) == sent


@given(rows, st.text(min_size=1, max_size=20).filter(lambda text: text == text.strip()))
def test_up_05_an_update_changes_our_field_and_nothing_else(row: dict[str, Any], name: str) -> None:
    before = to_body(RecordType.EMPLOYEE, action="update", fields={}, native=row)
    after = to_body(RecordType.EMPLOYEE, action="update", fields={"last_name": name}, native=row)
    before.pop("lastName", None)
    assert after["lastName"] in {name, row.get("lastName")}
    after.pop("lastName", None)
    assert after == before


def test_px_03_a_login_is_never_sent() -> None:
    for action in ("create", "update"):
        body = to_body(RecordType.EMPLOYEE, action=action, fields={"id": ID, "last_name": "X"}, native=EMPLOYEE)
        assert "userId" not in body


def test_creating_an_employee() -> None:
    fields = {"id": ID, "badge_number": "21001", "first_name": "Ada", "middle_name": None, "status": "Active"}
    body = to_body(RecordType.EMPLOYEE, action="create", fields=fields, native=None)
    assert body == {"id": ID, "badgeNumber": "21001", "firstName": "Ada", "status": "Active"}


def test_up_01_empty_clears_and_absent_does_not() -> None:
    row = EMPLOYEE | {"middleName": "B"}
    body = to_body(
        RecordType.EMPLOYEE, action="update", fields={"middle_name": None, "supervisor_id": None}, native=row
    )
    assert body["middleName"] == ""
    assert "supervisorId" not in body
    assert body["lastName"] == "Nguyễn"


@pytest.mark.parametrize(("action", "status"), [("deactivate", "Inactive"), ("reactivate", "Active")])
def test_a_command_carries_the_status_alone(action: str, status: str) -> None:
    body = to_body(RecordType.EMPLOYEE, action=action, fields={"status": status}, native=EMPLOYEE)
    assert body == {"status": status}


def test_a_cost_center_update_keeps_its_own_keys() -> None:
    body = to_body(RecordType.COST_CENTER, action="update", fields={"name": "Final Assembly"}, native=CENTER)
    assert body == {
        "cost_center_key": 9,
        "cost_center_no": "4100",
        "cost_center_name": "Final Assembly",
        "department_no": 3,
    }


def test_a_cost_center_with_a_new_department_names_it() -> None:
    body = to_body(RecordType.COST_CENTER, action="update", fields={"department_code": "X"}, native=CENTER)
    assert (body["department_code"], "department_no" in body) == ("X", False)


@pytest.mark.parametrize("record_type", [RecordType.POSITION, RecordType.DEPARTMENT])
def test_up_07_a_setup_record_is_deactivated_never_deleted(record_type: RecordType) -> None:
    row = {"position_key": 7, "position": "Welder", "department_no": 3, "department_code": "D", "active": True}
    body = to_body(record_type, action="deactivate", fields={}, native=row)
    assert body["active"] is False
    assert body["position_key" if record_type is RecordType.POSITION else "department_no"]


@pytest.mark.parametrize("record_type", [RecordType.COST_CENTER, RecordType.HEADCOUNT, RecordType.EMPLOYEE_ATTRIBUTES])
def test_what_has_no_such_state_cannot_be_deactivated(record_type: RecordType) -> None:
    with pytest.raises(RecordError) as caught:
        to_body(record_type, action="deactivate", fields={}, native=CENTER)
    assert caught.value.code == "cannot_deactivate"


def test_an_update_without_plexs_row_is_refused() -> None:
    with pytest.raises(RecordError) as caught:
        to_body(RecordType.POSITION, action="update", fields={"active": False}, native=None)
    assert caught.value.code == "no_row_key"


def test_attributes_and_headcount() -> None:
    fields = {"resource_id": ID, "external_employee_id": "21001", "cost_center": "4100"}
    assert to_body(RecordType.EMPLOYEE_ATTRIBUTES, action="create", fields=fields, native=None) == {
        "resource_id": ID,
        "external_employee_id": "21001",
        "cost_center_no": "4100",
    }
    row = {"position": "W", "shift": "Day", "department_code": "D", "staffing_level": 3, "department_no": 4}
    assert to_body(RecordType.HEADCOUNT, action="update", fields={"planned": 5}, native=row) == {
        "position": "W",
        "shift": "Day",
        "department_code": "D",
        "staffing_level": 5,
    }


def test_wp_13_one_name_in_two_encodings_is_one_name() -> None:
    composed, decomposed = "Nguy\u1ec5n", "Nguye\u0302\u0303n"
    seen = record(RecordType.EMPLOYEE, {"id": ID, "lastName": decomposed})
    assert seen.fields["last_name"] == composed
    body = to_body(RecordType.EMPLOYEE, action="update", fields={"last_name": composed}, native=seen.native)
    assert body == {"lastName": decomposed}


def test_wp_13_too_long_is_told_and_never_cut_off() -> None:
    for (record_type, name), limit in LIMITS.items():
        fits = {name: "é" * limit.characters, "id": ID}
        fields = fits if record_type is RecordType.EMPLOYEE else {name: fits[name]}
        to_body(record_type, action="create", fields=fields, native=None)
        with pytest.raises(RecordError) as caught:
            to_body(record_type, action="create", fields=fields | {name: "é" * (limit.characters + 1)}, native=None)
        assert caught.value.code == "field_too_long"
        assert "éé" not in caught.value.message


def test_wp_13_every_text_we_write_has_a_limit() -> None:
    written = {(kind, name) for kind, fields in OWNERS.items() for name in fields if name not in {"active", "planned"}}
    assert {(kind.value, name) for kind, name in LIMITS} >= written


def test_every_field_with_an_owner_is_one_we_can_read() -> None:
    for kind, fields in OWNERS.items():
        assert set(fields) <= {field.name for field in FIELDS[RecordType(kind)]}


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(RecordError) as caught:
        to_body(RecordType.EMPLOYEE, action="update", fields={"pay_rate": "20"}, native=EMPLOYEE)
    assert caught.value.code == "unknown_field"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01T00:00:00Z", "2026-11-01"),
        ("2026-10-31T20:00:00-04:00", "2026-11-01"),
        ("2026-11-01T00:00:00.0000000Z", "2026-11-01"),
        (None, None),
    ],
)
def test_tz_08_one_instant_is_one_day_however_it_is_written(written: str | None, day: str | None) -> None:
    assert read_day(written) == day


@pytest.mark.parametrize("written", ["2026-11-01T00:00:00", "2026-11-01 00:00", "2026-02-30", "11/01/2026", "soon"])
def test_tz_08_a_time_that_tells_no_offset_and_what_is_no_day_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"offset|no day"):
        read_day(written)
