"""Data sources against prepared answers: names, cut-off rows, drift, refusals inside a 200."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.plex.catalog import CREATES, NAMES, READS, UPDATES, Catalog, Entry, _merge
from ml_connector.connectors.port import Query, Write
from ml_connector.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    IncompleteReadError,
    MLConnectorError,
    PermissionError_,
    RecordError,
    UnavailableError,
)
from ml_connector.settings.plex import DataSource
from tests.unit.plex_script import make_connector

POSITION = {"Position_Key": 7, "Position": "Welder", "Job_Description": None, "Active": True}
CENTER = {"Cost_Center_Key": 9, "Cost_Center_No": "4100", "Cost_Center_Name": "Stamping", "Department_No": 3}
DEPARTMENT = {"Department_No": 3, "Department_Code": "4100-STP", "Department_Name": "Stamping", "Active": True}
IDS = {"staffing_levels_get": {"id": 900101}, "cost_center_add": {"id": 900103}, "position_update": {"id": 900107}}

TWICE = b'{"outputs":{},"rows":[{"Position_Key":7,"Position":"W","Position":"X","Active":1}]}'


def result(*rows: Any, **more: Any) -> tuple[int, Any]:
    return 200, {"outputs": {}, "rows": list(rows), "rowLimitedExceeded": False, "transactionNo": "12"} | more


def query(record_type: RecordType = RecordType.POSITION) -> Query:
    return Query(record_type=record_type, plant="101")


def read(connector: Any, asked: Query) -> list[dict[str, Any]]:
    return [msgspec.json.decode(record.payload) for page in connector.read(asked) for record in page.records]


def write(
    action: str = "create", record_type: RecordType = RecordType.POSITION, key: str = "Welder", **body: Any
) -> Write:
    return Write(record_type=record_type, plant="101", key=key, action=action, body=body)  # type: ignore[arg-type]


def error_of(code: str, message: str = "no") -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message}], "transactionNo": "12"}


# Reading


def test_columns_are_read_by_name_and_new_ones_pass_through() -> None:
    connector, script = make_connector(result(POSITION | {"Pay_Grade": 1.50}))
    (row,) = read(connector, query())
    assert row == {"position_key": 7, "position": "Welder", "job_description": None, "active": True, "Pay_Grade": 1.5}
    assert script.calls == ["POST /datasources/3515/execute"]
    assert script.requests[0].query == (("format", "2"),)
    assert script.requests[0].headers["Content-Type"] == "application/json; charset=utf-8"


def test_amounts_keep_their_digits() -> None:
    body = b'{"outputs":{},"rows":[{"Position_Key":7,"Position":"W","Active":1,"Rate":21.10,"Big":0.10000000000000000001}]}'
    connector, _ = make_connector((200, body))
    (page,) = connector.read(query())
    assert b'"Rate":21.10' in page.records[0].payload
    assert b'"Big":0.10000000000000000001' in page.records[0].payload


@pytest.mark.parametrize(
    "flag",
    [
        {"rowLimitedExceeded": True},
        {"rowLimitExceeded": True},
        {"limitExceeded": True},
        {"RowLimitExceeded": "true"},
        {"tables": [{"rowLimitedExceeded": True}]},
        {"tables": [{"rowLimitExceeded": True}]},
        {"tables": [{}, {"limitExceeded": True}]},
    ],
    ids=repr,
)
def test_every_spelling_of_the_row_limit_at_both_levels_means_cut_off(flag: dict[str, Any]) -> None:
    connector, _ = make_connector(result(POSITION, **flag))
    with pytest.raises(IncompleteReadError, match="cut the rows off"):
        read(connector, query())


def test_a_column_we_need_and_miss_is_contract_drift() -> None:
    rows = [{name: value for name, value in CENTER.items() if name != "Cost_Center_Name"}]
    connector, _ = make_connector(result(*rows), described("Cost_Center_Key", "Cost_Center_No", "Department_No"))
    with pytest.raises(ConfigurationError, match=r"data source 300 no longer gives Cost_Center_Name$"):
        read(connector, query(RecordType.COST_CENTER))


def test_rows_of_something_else_are_no_contract_drift() -> None:
    connector, _ = make_connector(*[result(DEPARTMENT), described(*CENTER)] * 4)
    with pytest.raises(UnavailableError, match="which its description promises"):
        read(connector, query(RecordType.COST_CENTER))


def test_rows_of_something_else_are_asked_for_again() -> None:
    connector, script = make_connector(result(DEPARTMENT), described(*CENTER), result(CENTER), result(DEPARTMENT))
    assert [row["cost_center_no"] for row in read(connector, query(RecordType.COST_CENTER))] == [
        CENTER["Cost_Center_No"]
    ]
    assert script.calls[0] == script.calls[2]


def test_a_column_missing_from_one_row_only_is_an_empty_column() -> None:
    connector, _ = make_connector(result(POSITION, {"Position_Key": 8, "Position": "Clerk"}))
    assert read(connector, query())[1] == {"position_key": 8, "position": "Clerk"}


def test_columns_may_be_renamed_by_the_settings() -> None:
    named = {"positions_get": {"id": 55, "columns": {"position": "Job_Title"}, "fixed": {"Active": True}}}
    row = {"Position_Key": 7, "Job_Title": "Welder", "Active": True}
    connector, script = make_connector(result(row), datasources=named)
    assert read(connector, query())[0]["position"] == "Welder"
    assert (script.calls, script.bodies()) == (["POST /datasources/55/execute"], [{"Active": True}])


def test_inputs_fixed_in_the_table_are_kept_beside_those_of_the_settings() -> None:
    entry = Entry(name="positions_get", id=55, fixed={"Active": True, "Most": 10})
    merged = _merge(entry, DataSource(fixed={"Most": 20, "PCN": "101"}))
    assert merged.fixed == {"Active": True, "Most": 20, "PCN": "101"}


@pytest.mark.parametrize("name", ["employees_get", "customer_date_utc_get"])
def test_a_name_that_nothing_uses_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is no data source we use"):
        Catalog({name: DataSource(id=154)})


def test_every_name_is_one_that_some_record_type_needs() -> None:
    assert {*READS.values(), *CREATES.values(), *UPDATES.values()} == NAMES


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{}", b'{"rows":null}', b'{"rows":[1]}', b'{"outputs":[],"rows":[]}', b"<html>", TWICE),
        b'{"errors":[{"code":"REQUEST_PROCESSING_ERROR"}],"transactionNo":"1"}',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
    ],
    ids=repr,
)
def test_cc_13_an_answer_without_rows_is_never_an_empty_list(body: bytes) -> None:
    connector, _ = make_connector(*[(200, body)] * 4)
    with pytest.raises(UnavailableError):
        read(connector, query())


def test_a5_rows_cut_off_at_any_byte_are_none() -> None:
    whole = msgspec.json.encode(result(POSITION)[1])
    for end in range(len(whole)):
        connector, _ = make_connector(*[(200, whole[:end])] * 4)
        with pytest.raises(UnavailableError):
            read(connector, query())


def test_cc_13_a_refusal_inside_a_200_is_never_an_empty_list() -> None:
    connector, _ = make_connector(result(outputs={"Result_Error": True, "Result_Message": "no"}))
    with pytest.raises(RecordError, match="RESULT_ERROR"):
        read(connector, query())


def test_a_cost_center_is_given_its_departments_code() -> None:
    orphan = CENTER | {"Cost_Center_No": "4200", "Department_No": None}
    connector, _ = make_connector(result(CENTER, orphan), result(DEPARTMENT))
    first, second = read(connector, query(RecordType.COST_CENTER))
    assert (first["department_code"], second["department_code"]) == ("4100-STP", None)


def test_up_01_a_departments_number_in_quotes_is_that_number_and_an_unknown_one_says_nothing() -> None:
    quoted = CENTER | {"Department_No": str(CENTER["Department_No"])}
    unknown = CENTER | {"Cost_Center_No": "4200", "Department_No": 999}
    connector, _ = make_connector(result(quoted, unknown), result(DEPARTMENT))
    first, second = read(connector, query(RecordType.COST_CENTER))
    assert first["department_code"] == "4100-STP"
    assert "department_code" not in second


def test_without_permission_for_departments_the_code_is_not_given() -> None:
    connector, _ = make_connector(result(CENTER), (403, error_of("DATA_SOURCE_ACCESS_DENIED")))
    assert "department_code" not in read(connector, query(RecordType.COST_CENTER))[0]


CODES = [
    (403, "DATA_SOURCE_ACCESS_DENIED", PermissionError_),
    (400, "DATA_SOURCE_API_ACCESS_DENIED", PermissionError_),
    (403, "CUSTOMER_ACCESS_DENIED", PermissionError_),
    (403, "USER_ACCESS_DENIED", PermissionError_),
    (403, "", PermissionError_),
    (400, "DATA_SOURCE_NOT_FOUND", ConfigurationError),
    (404, "DATA_SOURCE_NOT_FOUND", ConfigurationError),
    (400, "DATA_SOURCE_OBJECT_NOT_FOUND", ConfigurationError),
    (400, "DATA_SOURCE_INPUT_NOT_FOUND", ConfigurationError),
    (400, "DATA_SOURCE_INPUT_NOT_ACCESSIBLE", ConfigurationError),
    (405, "METHOD_NOT_ALLOWED", ConfigurationError),
]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_px_02_an_unexpected_error_is_sorted_by_its_code(status: int) -> None:
    unexpected = (status, error_of("REQUEST_PROCESSING_ERROR"))
    connector, _ = make_connector(*[unexpected] * 4)
    with pytest.raises(UnavailableError):
        read(connector, query())
    connector, _ = make_connector(unexpected)
    with pytest.raises(AmbiguousWriteError):
        connector.write(write(position="Welder"))


@pytest.mark.parametrize(("status", "code", "error"), CODES)
def test_codes_mean_the_same_for_reading_and_writing(status: int, code: str, error: type[MLConnectorError]) -> None:
    for act in (lambda c: read(c, query()), lambda c: c.write(write(position="Welder"))):
        connector, script = make_connector((status, error_of(code)))
        with pytest.raises(error) as caught:
            act(connector)
        assert type(caught.value) is error
        assert caught.value.remedy
        assert len(script.requests) == 1


@pytest.mark.parametrize(
    "code",
    [
        "DATA_SOURCE_INPUT_REQUIRED",
        "DATA_SOURCE_INPUT_NOT_NULLABLE",
        "DATA_SOURCE_INPUT_TYPE_MISMATCH",
        "SOMETHING_NEW",
    ],
)
def test_a_wrong_value_is_the_records_fault_and_no_retry(code: str) -> None:
    connector, script = make_connector((400, error_of(code)))
    with pytest.raises(RecordError) as caught:
        connector.write(write(position="Welder"))
    assert caught.value.code == code
    assert len(script.requests) == 1


# Without a public id


def test_what_has_no_public_id_is_held_and_names_the_setting() -> None:
    connector, script = make_connector()
    for act in (lambda: read(connector, query(RecordType.HEADCOUNT)), lambda: connector.write(write("update"))):
        with pytest.raises(ConfigurationError) as caught:
            act()
        assert "set plex.datasources." in str(caught.value.remedy)
    assert script.requests == []


def test_an_override_for_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean staffing_levels_get"):
        make_connector(datasources={"staffing_level_get": {"id": 1}})


# Writing


def test_a_write_goes_out_under_plexs_names_and_keeps_the_transaction_number() -> None:
    connector, script = make_connector((200, {"outputs": {}, "tables": [], "transactionNo": "4711"}))
    receipt = connector.write(write(position="Welder", active=True))
    assert (receipt.state, receipt.reference) == ("applied", "4711")
    assert script.bodies() == [{"Position": "Welder", "Active": True}]


@pytest.mark.parametrize("flag", [True, 1, "1", "true", -1, "Yes"])
def test_a_business_refusal_inside_a_200_is_a_refusal(flag: Any) -> None:
    outputs = {"Result_Error": flag, "Result_Message": "Position exists. Call 555 123 4567."}
    connector, _ = make_connector((200, {"outputs": outputs, "transactionNo": "1"}))
    with pytest.raises(RecordError, match=r"Position exists\. Call \[number\]") as caught:
        connector.write(write(position="Welder"))
    assert caught.value.code == "RESULT_ERROR"


@pytest.mark.parametrize("flag", [None, False, 0, "", "0", "False", Decimal(0)])
def test_a_result_error_that_is_not_set_is_success(flag: Any) -> None:
    body = msgspec.json.Encoder(decimal_format="number").encode({"outputs": {"Result_Error": flag}})
    connector, _ = make_connector((200, body))
    assert connector.write(write(position="Welder")).state == "applied"


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"<html>"),
        (200, []),
        (200, {}),
        (200, {"outputs": None}),
        (200, b'{"outputs":{'),
        (200, TWICE),
        (500, b""),
    ],
    ids=repr,
)
def test_a1_t1_an_answer_that_proves_nothing_is_ambiguous(answer: Any) -> None:
    connector, script = make_connector(answer)
    with pytest.raises(AmbiguousWriteError):
        connector.write(write(position="Welder"))
    assert len(script.requests) == 1


def test_a_cost_center_is_written_with_its_departments_number() -> None:
    connector, script = make_connector(result(DEPARTMENT), (200, {"outputs": {"Cost_Center_Key": 1}}), datasources=IDS)
    body = {"cost_center_no": "4100", "cost_center_name": "Stamping", "department_code": "4100-STP"}
    connector.write(write(record_type=RecordType.COST_CENTER, key="4100", **body))
    assert script.bodies()[1] == {"Cost_Center_No": "4100", "Cost_Center_Name": "Stamping", "Department_No": 3}


def test_px_04_a_department_that_does_not_exist_is_what_the_cost_center_waits_for() -> None:
    connector, script = make_connector(result(DEPARTMENT), datasources=IDS)
    with pytest.raises(RecordError) as caught:
        connector.write(write(record_type=RecordType.COST_CENTER, key="1", cost_center_no="1", department_code="X"))
    assert (caught.value.code, caught.value.waiting_for) == ("setup_missing", "department X")
    assert len(script.requests) == 1


# Reading back


def test_find_narrows_where_it_can_and_believes_exact_matches_only() -> None:
    connector, script = make_connector(result(POSITION, POSITION | {"Position": "Welder II"}))
    (found,) = connector.find(write())
    assert msgspec.json.decode(found.payload)["position"] == "Welder"
    assert script.bodies() == [{"Position": "Welder"}]


def test_find_a_staffing_level_by_all_three_parts_of_its_key() -> None:
    rows = [
        {"Position": "Welder", "Shift": shift, "Department_Code": code, "Staffing_Level": 4}
        for shift in ("Day", "Night")
        for code in ("4200-WLD", "4300-ASM")
    ]
    connector, _ = make_connector(result(*rows), datasources=IDS)
    seat = {"position": "Welder", "shift": "Night", "department_code": "4200-WLD"}
    (found,) = connector.find(write(record_type=RecordType.HEADCOUNT, key="Welder|Night|4200-WLD", **seat))
    assert msgspec.json.decode(found.payload)["shift"] == "Night"


def test_px_02_a_staffing_level_is_found_whatever_stands_in_the_names_of_its_parts() -> None:
    row = {"Position": "Welder | MIG", "Shift": "Day|Night", "Department_Code": "4200|WLD", "Staffing_Level": 4}
    seat = {"position": "Welder | MIG", "shift": "Day|Night", "department_code": "4200|WLD"}
    connector, _ = make_connector(result(row, row | {"Shift": "Day"}), datasources=IDS)
    (found,) = connector.find(write(record_type=RecordType.HEADCOUNT, key="|".join(seat.values()), **seat))
    assert msgspec.json.decode(found.payload)["shift"] == "Day|Night"


# Health


def described(*columns: str, inputs: tuple[str, ...] = (), required: tuple[str, ...] = ()) -> tuple[int, Any]:
    fields = [{"name": name, "type": "string", "required": name in required, "nullable": True} for name in inputs]
    return 200, {"id": 1, "name": "X", "inputs": fields, "outputs": [], "columns": [{"name": name} for name in columns]}


class Plex:
    """Answers each call by its path; what is not listed is granted, as we need it, and has one row."""

    def __init__(self, **changes: Any) -> None:
        self._changes = changes

    def __call__(self, request: Any) -> Any:
        path = request.url.partition("?")[0].partition("/api")[2].strip("/")
        name = (
            path.rpartition("/")[2]
            if "datasources" not in path
            else path.split("/")[1] + "_" * path.endswith("execute")
        )
        if name in self._changes:
            return self._changes[name]
        if "tenants" in path:
            return 200, [{"id": "3f0c0000-0000-4000-8000-000000000101", "code": "ACME-DET"}]
        if path.endswith("execute"):
            return result({**POSITION, **CENTER, **DEPARTMENT})
        if "datasources" in path:
            return described(
                *POSITION,
                *CENTER,
                *DEPARTMENT,
                inputs=(*POSITION, *CENTER, *DEPARTMENT, "Resource_ID", "External_Employee_ID"),
            )
        return 200, [dict.fromkeys(("id", "code", "status", "accountNumber", "buildingCode", "periodDisplay"), "a")]


def check(**changes: Any) -> dict[str, Any]:
    plants = [{"pcn": "101", "company_code": "ACME-DET", "tenant_id": "3f0c0000-0000-4000-8000-000000000101"}]
    connector, _ = make_connector(*[Plex(**changes)] * 99, plants=plants)
    return {surface.surface: surface for surface in connector.check()}


def test_all_is_well() -> None:
    surfaces = check()
    assert [(name, surface.ok, surface.signed_in) for name, surface in surfaces.items()] == [
        ("connect 101", True, True),
        ("datasource 101", True, True),
    ]
    held = {entry.type: entry.remedy for entry in surfaces["datasource 101"].types if entry.problem}
    assert "plex.datasources.staffing_levels_get.id" in held["headcount"]


@pytest.mark.parametrize(
    ("change", "surface", "kind", "words"),
    [
        ({"buildings": (200, [])}, "connect 101", "building", "a Plex role may be missing"),
        ({"chart-of-accounts": (403, b"")}, "connect 101", "account", "says no"),
        ({"tenants": (200, [{"id": "x", "code": "OTHER"}])}, "connect 101", "tenant", "not among the tenants"),
        ({"3515_": result()}, "datasource 101", "position", "a Plex role may be missing"),
        ({"660": (403, error_of("DATA_SOURCE_ACCESS_DENIED"))}, "datasource 101", "departments_get", "does not let"),
        (
            {"300": described("Cost_Center_Key", inputs=("Cost_Center_No",))},
            "datasource 101",
            "cost_center",
            "no longer gives",
        ),
        (
            {"9209": described(inputs=("Position", "Active"))},
            "datasource 101",
            "position_add",
            "no longer takes Job_Desc",
        ),
    ],
)
def test_403_empty_and_drift_are_told_apart(change: dict[str, Any], surface: str, kind: str, words: str) -> None:
    seen = check(**change)[surface]
    entry = next(entry for entry in seen.types if entry.type == kind)
    assert not seen.ok
    assert seen.signed_in
    assert words in str(entry.problem)
    assert entry.remedy
    assert entry.permitted is not ("says no" in words or "does not let" in words)


def test_a_plant_without_people_yet_is_told_and_stops_nothing() -> None:
    seen = check(employees=(200, []))["connect 101"]
    assert seen.ok
    assert any(entry.type == "employee" and entry.problem for entry in seen.types)


def test_a_data_source_without_an_id_is_searched_by_its_name() -> None:
    seen = check(search=(200, [{"id": 77, "name": "Staffing_Levels_Get"}, {"name": 5}, "x"]))
    remedies = [entry.remedy for entry in seen["datasource 101"].types if entry.type == "headcount"]
    assert remedies
    assert all("Plex lists: Staffing_Levels_Get is 77; ask" in str(remedy) for remedy in remedies)


def test_a_search_plex_refuses_changes_nothing_but_the_hint() -> None:
    seen = check(search=(403, b""))
    remedies = [str(entry.remedy) for entry in seen["datasource 101"].types if entry.type == "headcount"]
    assert remedies
    assert all(remedy.startswith("ask your Plex Champion") for remedy in remedies)


def test_a_refused_credential_closes_the_surface_and_never_raises() -> None:
    connector, script = make_connector(*[(401, b"")] * 9)
    surfaces = connector.check()
    assert [(surface.ok, surface.signed_in) for surface in surfaces] == [(False, False)] * 4
    assert len(script.requests) == 4


def test_discover_says_what_can_be_written() -> None:
    connector, _ = make_connector(datasources=IDS)
    types = {info.type: info for info in connector.discover()}
    assert types["employee"].writable == ("create", "update", "deactivate", "reactivate", "transfer")
    assert types["position"].writable == ("create", "update")
    assert types["cost_center"].writable == ("create",)
    assert types["account"].writable == ()
