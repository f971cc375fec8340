"""The pretended data-source API: formats, row limits, the fourteen codes, procedures that refuse with HTTP 200."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.sandbox.plex.catalog import BY_ID, DATA_SOURCES
from tests.unit.sandbox.plex_caller import ID, PlexCaller, person, read

PUBLIC = {
    "cost_centers_get": 300,
    "departments_get": 660,
    "positions_get": 3515,
    "position_add": 9209,
    "employees_get": 154,
    "employee_attributes_update": 22657,
}
GIVEN = {
    "staffing_levels_get": 900101,
    "staffing_level_update": 900102,
    "cost_center_add": 900103,
    "cost_center_update": 900104,
    "department_add": 900105,
    "department_update": 900106,
    "position_update": 900107,
    "employee_attributes_get": 900108,
}


def _codes(at: PlexCaller, name: str, inputs: Any, **given: Any) -> tuple[int, list[str]]:
    refused = at.execute(name, inputs, **given)
    body = read(refused)
    assert set(body) == {"errors", "transactionNo"}
    return refused.status, [error["code"] for error in body["errors"]]


def test_ids_are_the_agreed_ones() -> None:
    ids = PlexCaller().plex.datasource_ids
    assert {name: ids[name] for name in PUBLIC | GIVEN} == PUBLIC | GIVEN
    assert len(BY_ID) == len(DATA_SOURCES)


def test_both_formats_tell_the_same_rows() -> None:
    at = PlexCaller()
    flat = read(at.execute("cost_centers_get", {"Cost_Center_No": "4300"}))
    wide = read(at.call("POST", "/datasources/300/execute", {"inputs": {"Cost_Center_No": "4300"}}))
    (table,) = wide["tables"]
    assert [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]] == flat["rows"]
    assert flat["rows"][0]["Cost_Center_Name"] == "Assembly"
    assert (flat["rowLimitedExceeded"], wide["rowLimitedExceeded"]) == (False, False)
    assert int(wide["transactionNo"]) == int(flat["transactionNo"]) + 1


def test_outputs_alone_come_with_no_table() -> None:
    body = read(PlexCaller().call("POST", "/datasources/9209/execute", {"inputs": {"Position": "Buffer"}}))
    assert (body["outputs"], body["tables"]) == ({}, [])


def test_pretty_indents() -> None:
    indented = PlexCaller().execute("cost_centers_get", pretty="true")
    assert isinstance(indented.body, bytes)
    assert b"\n  " in indented.body


@pytest.mark.parametrize(
    ("spelling", "flat", "wide"),
    [
        ("raw", {"rowLimitedExceeded": True}, {"rowLimitedExceeded": True}),
        ("viewer", {"rowLimitedExceeded": True}, {"tables.rowLimitedExceeded": True}),
        ("limitExceeded", {"limitExceeded": True}, {"tables.limitExceeded": True}),
        ("rowLimitExceeded", {"rowLimitExceeded": True}, {"rowLimitExceeded": True}),
    ],
)
def test_rows_are_cut_with_200_and_a_flag_in_four_spellings(
    spelling: str, flat: dict[str, bool], wide: dict[str, bool]
) -> None:
    at = PlexCaller(row_limits={"departments_get": 3}, row_limit_flag=spelling)
    short = at.execute("departments_get")
    assert (short.status, len(read(short)["rows"])) == (200, 3)
    body = read(at.call("POST", "/datasources/660/execute", {"inputs": {}}))
    (table,) = body["tables"]
    assert {name: value for name, value in read(short).items() if "xceeded" in name} == flat
    found = {name: value for name, value in body.items() if "xceeded" in name}
    found |= {f"tables.{name}": value for name, value in table.items() if "xceeded" in name}
    assert found == wide


def test_as_many_rows_as_the_limit_are_not_too_many() -> None:
    at = PlexCaller()
    rows = read(at.execute("departments_get"))["rows"]
    at.plex.switches.change("row_limits", {"departments_get": len(rows)})
    assert read(at.execute("departments_get"))["rowLimitedExceeded"] is False


def test_lagging_reads_do_not_see_what_a_procedure_wrote() -> None:
    at = PlexCaller()
    at.plex.lag_reads(30)
    at.execute("position_add", {"Position": "Buffer"})
    assert read(at.execute("positions_get", {"Position": "Buffer"}))["rows"] == []
    at.wait(31)
    assert len(read(at.execute("positions_get", {"Position": "Buffer"}))["rows"]) == 1


def test_an_added_column_comes_first_and_in_the_metadata() -> None:
    at = PlexCaller(added_column=True)
    body = read(at.call("POST", "/datasources/300/execute", {"inputs": {}}))
    assert body["tables"][0]["columns"][:2] == ["Added_Since", "Cost_Center_Key"]
    assert read(at.call("GET", "/datasources/300"))["columns"][0]["name"] == "Added_Since"


def test_metadata_matches_what_execute_takes_and_gives() -> None:
    at = PlexCaller()
    for source in DATA_SOURCES:
        told = read(at.call("GET", f"/datasources/{source.id}"))
        assert told["id"] == source.id
        assert all(set(each) == {"name", "type", "required", "nullable"} for each in told["inputs"])
        if source.is_read:
            rows = read(at.execute(source.key))["rows"]
            assert rows
            assert list(rows[0]) == [column["name"] for column in told["columns"]]
            for column in told["columns"]:
                empty = [row for row in rows if row[column["name"]] is None]
                assert column["nullable"] or not empty


def test_search_finds_what_is_granted() -> None:
    at = PlexCaller()
    at.plex.set_permission("cost_center_add", granted=False)
    found = read(at.call("GET", "/datasources/search", name="COST_center"))
    assert {each["id"] for each in found} == {300, 900104}


@pytest.mark.parametrize(
    ("name", "inputs", "status", "code"),
    [
        ("departments_get", {"department_code": "x"}, 400, "DATA_SOURCE_INPUT_NOT_FOUND"),
        ("departments_get", {"PCN": 101}, 400, "DATA_SOURCE_INPUT_NOT_ACCESSIBLE"),
        ("departments_get", {"Active": "true"}, 400, "DATA_SOURCE_INPUT_TYPE_MISMATCH"),
        ("departments_get", {"Department_Code": 4100}, 400, "DATA_SOURCE_INPUT_TYPE_MISMATCH"),
        ("cost_centers_get", {"Department_No": 2**31}, 400, "DATA_SOURCE_INPUT_TYPE_MISMATCH"),
        ("cost_centers_get", {"Department_No": True}, 400, "DATA_SOURCE_INPUT_TYPE_MISMATCH"),
        ("cost_centers_get", {"Updated_Date": "2026-11-01"}, 400, "DATA_SOURCE_INPUT_FORMAT_INVALID"),
        ("employee_attributes_get", {"Resource_ID": "7"}, 400, "DATA_SOURCE_INPUT_TYPE_MISMATCH"),
        ("department_add", {"Department_Code": "x"}, 400, "DATA_SOURCE_INPUT_REQUIRED"),
        ("position_add", {"Position": None}, 400, "DATA_SOURCE_INPUT_NOT_NULLABLE"),
        ("employees_get", {"PCNs": "101;102"}, 400, "DATA_SOURCE_INPUT_FORMAT_INVALID"),
        ("employees_get", {"PCNs": "101,999"}, 403, "CUSTOMER_ACCESS_DENIED"),
        ("employees_get", {"User_No": 1}, 403, "USER_ACCESS_DENIED"),
    ],
)
def test_input_rules(name: str, inputs: dict[str, Any], status: int, code: str) -> None:
    assert _codes(PlexCaller(), name, inputs) == (status, [code])


def test_a_web_service_user_reaches_its_own_plant_alone() -> None:
    at = PlexCaller()
    assert at.execute("employees_get", {"PCNs": "101,102"}).status == 200
    refused = _codes(at, "employees_get", {"PCNs": "101,102"}, headers=at.basic("101"))
    assert refused == (403, ["CUSTOMER_ACCESS_DENIED"])


def test_what_is_not_granted_is_403() -> None:
    at = PlexCaller()
    at.plex.set_permission("departments_get", granted=False)
    assert _codes(at, "departments_get", {}) == (403, ["DATA_SOURCE_ACCESS_DENIED"])
    at.plex.set_permission("datasource_api", granted=False)
    assert _codes(at, "cost_centers_get", {}) == (403, ["DATA_SOURCE_API_ACCESS_DENIED"])


def test_what_is_not_there() -> None:
    at = PlexCaller(broken=["departments_get"])
    missing = at.call("POST", "/datasources/4711/execute", {})
    assert (missing.status, read(missing)["errors"][0]["code"]) == (400, "DATA_SOURCE_NOT_FOUND")
    assert _codes(at, "departments_get", {}) == (400, ["DATA_SOURCE_OBJECT_NOT_FOUND"])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_execute_takes_post_only(method: str) -> None:
    refused = PlexCaller().call(method, "/datasources/300/execute", {})
    assert (refused.status, read(refused)["errors"][0]["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_content_type_is_required() -> None:
    at = PlexCaller()
    refused = at.execute("cost_centers_get", headers=at.basic("101", **{"content-type": "text/plain"}))
    assert refused.status == 400


def test_every_call_is_listed_under_its_transaction() -> None:
    at = PlexCaller()
    number = read(at.execute("cost_centers_get"))["transactionNo"]
    _codes(at, "departments_get", {"x": 1})
    listed = [(row["transactionNo"], row["code"]) for row in at.plex.state("transactions")]
    assert listed == [(number, None), (str(int(number) + 1), "DATA_SOURCE_INPUT_NOT_FOUND")]


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("cost_center_add", {"Cost_Center_No": "4100", "Cost_Center_Name": "Again"}),
        ("cost_center_add", {"Cost_Center_No": "4999", "Cost_Center_Name": "New", "Department_No": 1}),
        ("cost_center_update", {"Cost_Center_Key": 1, "Cost_Center_No": "1", "Cost_Center_Name": "x"}),
        ("cost_center_update", {"Cost_Center_Key": 101001, "Cost_Center_No": "4200", "Cost_Center_Name": "x"}),
        ("department_add", {"Department_Code": "4100-STP", "Department_Name": "x", "Active": True}),
        ("department_update", {"Department_No": 1, "Department_Code": "a", "Department_Name": "x", "Active": True}),
        ("position_update", {"Position_Key": 1, "Position": "Welder"}),
        ("staffing_level_update", {"Position": "Nobody", "Shift": "Day", "Department_Code": "x", "Staffing_Level": 1}),
        ("employee_attributes_update", {"Resource_ID": ID, "Cost_Center_No": "4100"}),
    ],
)
def test_a_procedure_refuses_with_http_200(name: str, inputs: dict[str, Any]) -> None:
    at = PlexCaller()
    before = {table: at.plex.state(table) for table in ("cost_centers", "departments", "positions", "headcount")}
    refused = at.execute(name, inputs)
    assert refused.status == 200
    assert read(refused)["outputs"]["Result_Error"] is True
    assert {table: at.plex.state(table) for table in before} == before


def test_cost_centers_are_added_and_renamed() -> None:
    at = PlexCaller()
    added = read(at.execute("cost_center_add", {"Cost_Center_No": "0042", "Cost_Center_Name": "Lab"}))["outputs"]
    assert added["Result_Error"] is False
    renamed = {"Cost_Center_Key": added["Cost_Center_Key"], "Cost_Center_No": "0042", "Cost_Center_Name": "Laboratory"}
    at.wait(60)
    at.execute("cost_center_update", renamed)
    (row,) = read(at.execute("cost_centers_get", {"Cost_Center_No": "0042"}))["rows"]
    assert (row["Cost_Center_Name"], row["Updated_Date"]) == ("Laboratory", "2026-11-23T12:01:00Z")


def test_positions_and_departments_are_added_and_employees_follow_a_rename() -> None:
    at = PlexCaller()
    at.execute("position_add", {"Position": "Robot Technician"})
    at.execute("position_add", {"Position": "Robot Technician"})
    (position,) = read(at.execute("positions_get", {"Position": "Robot Technician"}))["rows"]
    department = {"Department_Code": "9000-LAB", "Department_Name": "Lab", "Active": True}
    number = read(at.execute("department_add", department))["outputs"]["Department_No"]
    at.call("POST", "/mdm/v1/employees", person(position="Robot Technician", department="9000-LAB"))
    at.execute("position_update", {"Position_Key": position["Position_Key"], "Position": "Robot Tech"})
    at.execute("department_update", department | {"Department_No": number, "Department_Code": "9000-X"})
    row = at.employee()
    assert row is not None
    assert (row["position"], row["department"]) == ("Robot Tech", "9000-X")


def test_planned_headcount_is_set() -> None:
    at = PlexCaller()
    inputs = {"Position": "Welder", "Shift": "Night", "Department_Code": "4100-STP", "Staffing_Level": 7}
    assert read(at.execute("staffing_level_update", inputs))["outputs"]["Result_Error"] is False
    (row,) = [
        row
        for row in read(at.execute("staffing_levels_get"))["rows"]
        if (row["Position"], row["Shift"], row["Department_Code"]) == ("Welder", "Night", "4100-STP")
    ]
    assert row["Staffing_Level"] == 7


def test_attributes_change_only_where_given() -> None:
    at = PlexCaller()
    at.call("POST", "/mdm/v1/employees", person())
    for inputs in ({"External_Employee_ID": "WID-1", "Cost_Center_No": "4200"}, {"External_Employee_ID": None}):
        assert (
            read(at.execute("employee_attributes_update", {"Resource_ID": ID} | inputs))["outputs"]["Result_Code"] == 0
        )
    (row,) = read(at.execute("employee_attributes_get", {"Resource_ID": ID.upper()}))["rows"]
    assert (row["External_Employee_ID"], row["Cost_Center_No"], row["Cost_Center_Key"]) == (None, "4200", 101002)
    assert row["Customer_Employee_No"] == "21001"
