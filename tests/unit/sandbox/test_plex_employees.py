"""The pretended Plex's employees: created at once, commanded for later (PX-01 to PX-07)."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.sandbox.company import PLANTS, UNMAPPED_JOB
from tests.unit.sandbox.plex_caller import EMPLOYEES, ID, PlexCaller, person, read

HAND_MADE = {"90001", "90002", "90003", "90004", "90005"}
OTHER = "22222222-2222-4333-8444-555555555555"


def test_hand_made_employees_are_there_from_the_start() -> None:
    assert {row["badgeNumber"] for row in PlexCaller().plex.state("employees")} == HAND_MADE


def test_px_01_the_caller_may_choose_the_id() -> None:
    at = PlexCaller()
    created = at.call("POST", EMPLOYEES, person())
    assert created.status == 201
    assert read(created) == person()
    assert read(at.call("GET", f"{EMPLOYEES}/{ID.upper()}"))["lastName"] == "Nguyễn"


def test_an_id_is_made_when_none_is_given() -> None:
    at = PlexCaller()
    body = person()
    del body["id"]
    assert len(read(at.call("POST", EMPLOYEES, body))["id"]) == 36


@pytest.mark.parametrize(
    ("again", "word"), [({"badgeNumber": "21002"}, "id"), ({"id": OTHER}, "Badge")], ids=["id", "badge"]
)
def test_px_01_a_second_create_is_refused(again: dict[str, str], word: str) -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    refused = at.call("POST", EMPLOYEES, person(**again))
    assert refused.status == 400
    assert read(refused)["code"] == "REQUEST_VALIDATION_FAILED"
    assert [word in fault["message"] for fault in read(refused)["errors"]] == [True]


@pytest.mark.parametrize("field", ["status", "position", "shift", "building", "type", "department"])
def test_px_04_setup_texts_must_exist(field: str) -> None:
    at = PlexCaller()
    refused = at.call("POST", EMPLOYEES, person(**{field: "No such"}))
    assert refused.status == 400
    assert field in read(refused)["errors"][0]["message"]
    assert at.employee() is None


def test_px_04_the_unmapped_position_does_not_exist() -> None:
    assert PlexCaller().call("POST", EMPLOYEES, person(position=UNMAPPED_JOB.plex_position)).status == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "REQUEST_MALFORMED"),
        (["x"], "REQUEST_MALFORMED"),
        (person(badgeNumber=21001), "REQUEST_VALIDATION_FAILED"),
        (person(id="21001"), "REQUEST_VALIDATION_FAILED"),
        (person(lastName=""), "REQUEST_VALIDATION_FAILED"),
        (person(lastName="x" * 51), "REQUEST_VALIDATION_FAILED"),
        (person(supervisorId=OTHER), "REQUEST_VALIDATION_FAILED"),
    ],
)
def test_what_cannot_be_an_employee_is_refused(body: Any, code: str) -> None:
    refused = PlexCaller().call("POST", EMPLOYEES, body)
    assert (refused.status, read(refused)["code"]) == (400, code)


def test_px_03_a_user_id_makes_a_login() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person(userId="ada.nguyen"))
    (account,) = [row for row in at.plex.state("user_accounts") if row["userId"] == "ada.nguyen"]
    assert account["active"] is True
    assert any(row["userId"] == "ada.nguyen" for row in read(at.call("GET", "/mdm/v1/user-accounts")))
    at.call("POST", f"{EMPLOYEES}/{ID}/deactivate", {"status": "Inactive"})
    at.wait(1)
    (account,) = [row for row in at.plex.state("user_accounts") if row["userId"] == "ada.nguyen"]
    assert account["active"] is False


def test_without_a_user_id_there_is_no_login() -> None:
    at = PlexCaller()
    before = at.plex.state("user_accounts")
    at.call("POST", EMPLOYEES, person())
    assert at.plex.state("user_accounts") == before


def test_put_replaces_what_it_does_not_name_too() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person(middleName="M", userId="ada"))
    replaced = person(lastName="Byron")
    assert read(at.call("PUT", f"{EMPLOYEES}/{ID}", replaced))["lastName"] == "Byron"
    row = at.employee()
    assert row is not None
    assert (row["middleName"], row["userId"]) == (None, "ada")


def test_items_that_are_not_there_are_404_without_a_body() -> None:
    at = PlexCaller()
    for method, path in (
        ("GET", ""),
        ("PUT", ""),
        ("POST", "/activate"),
        ("POST", "/deactivate"),
        ("POST", "/transfer"),
    ):
        missing = at.call(method, f"{EMPLOYEES}/{OTHER}{path}", person())
        assert (missing.status, missing.body) == (404, b"")


def test_px_02_deactivation_is_accepted_first_and_true_later() -> None:
    at = PlexCaller(apply_lag_s=90)
    at.call("POST", EMPLOYEES, person())
    accepted = at.call("POST", f"{EMPLOYEES}/{ID}/deactivate", {"status": "Inactive"})
    assert (accepted.status, accepted.body) == (202, b"")
    at.wait(89)
    assert read(at.call("GET", f"{EMPLOYEES}/{ID}"))["status"] == "Active"
    at.wait(1)
    assert read(at.call("GET", f"{EMPLOYEES}/{ID}"))["status"] == "Inactive"


@pytest.mark.parametrize(
    ("command", "status"), [("deactivate", "Active"), ("activate", "Inactive"), ("activate", None)]
)
def test_a_command_needs_a_status_of_its_kind(command: str, status: str | None) -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    assert at.call("POST", f"{EMPLOYEES}/{ID}/{command}", {"status": status}).status == 400


def test_activation_brings_back() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person(status="Inactive"))
    assert at.call("POST", f"{EMPLOYEES}/{ID}/activate", {"status": "Active"}).status == 202
    at.wait(1)
    assert read(at.call("GET", f"{EMPLOYEES}/{ID}"))["status"] == "Active"


def test_px_15_sync_creates_and_updates_and_drops_the_bad_ones_silently() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    good, bad = person(id=OTHER, badgeNumber="21002"), person(id=OTHER[:-1] + "6", badgeNumber="3", shift="Never")
    body = [{"id": ID, "badgeNumber": "21001", "lastName": "Byron"}, bad, good]
    assert at.call("POST", f"{EMPLOYEES}/sync", body).status == 202
    assert at.employee(OTHER) is None
    at.wait(1)
    changed = at.employee()
    assert changed is not None
    assert (changed["lastName"], changed["firstName"]) == ("Byron", "Ada")
    assert at.employee(OTHER)
    assert at.employee(bad["id"]) is None
    assert [row["id"] for row in at.plex.state("failed_commands")] == [bad["id"]]


def test_sync_takes_one_object_as_the_published_schema_shows() -> None:
    at = PlexCaller()
    assert at.call("POST", f"{EMPLOYEES}/sync", person()).status == 202
    at.wait(1)
    assert at.employee()


def test_px_07_transfer_moves_a_person_to_one_plant_only() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person(building=""))
    at.execute(
        "employee_attributes_update", {"Resource_ID": ID, "External_Employee_ID": "WID", "Cost_Center_No": "4200"}
    )
    assert at.call("POST", f"{EMPLOYEES}/{ID}/transfer", {"tenantId": PLANTS[1].tenant_id}).status == 202
    at.wait(1)
    assert [row["pcn"] for row in at.plex.state("employees") if row["id"] == ID] == ["102"]
    (attributes,) = [row for row in at.plex.state("employee_attributes") if row["Resource_ID"] == ID]
    assert (attributes["External_Employee_ID"], attributes["Cost_Center_No"]) == ("WID", None)


def test_px_07_transfer_without_the_setup_data_does_nothing() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    assert at.call("POST", f"{EMPLOYEES}/{ID}/transfer", {"tenantId": PLANTS[1].tenant_id}).status == 202
    at.wait(1)
    row = at.employee()
    assert row is not None
    assert row["pcn"] == "101"
    assert at.plex.state("failed_commands")


def test_transfer_to_a_stranger_is_refused() -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    assert at.call("POST", f"{EMPLOYEES}/{ID}/transfer", {"tenantId": OTHER}).status == 400


def test_supervisors_may_sit_in_another_plant() -> None:
    at = PlexCaller()
    boss = next(row["id"] for row in at.plex.state("employees") if row["badgeNumber"] == "90005")
    assert at.call("POST", EMPLOYEES, person(supervisorId=boss)).status == 201


def test_reset_brings_back_the_first_morning() -> None:
    at = PlexCaller(apply_lag_s=5)
    at.call("POST", EMPLOYEES, person())
    at.call("POST", f"{EMPLOYEES}/{ID}/deactivate", {"status": "Inactive"})
    at.plex.reset()
    at.wait(10)
    assert {row["badgeNumber"] for row in at.plex.state("employees")} == HAND_MADE
