"""Who is let in to the pretended Plex, and to which plant."""

from __future__ import annotations

import pytest

from ml_connector.sandbox.company import PLANTS
from tests.unit.sandbox.plex_caller import EMPLOYEES, PlexCaller, read

DET, TOL = PLANTS[0], PLANTS[1]


def test_a_token_lets_in_until_it_expires() -> None:
    at = PlexCaller(token_life_s=60)
    granted = at.token(client_id=at.plex.keys.client_id, client_secret=at.plex.keys.client_secret)
    assert granted.headers["Cache-Control"] == "no-store"
    bearer = {"authorization": f"Bearer {read(granted)['access_token']}"}
    assert at.call("GET", EMPLOYEES, headers=bearer).status == 200
    at.wait(60)
    assert at.call("GET", EMPLOYEES, headers=bearer).status == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "nobody", "client_secret": "wrong"}, "invalid_client"),
        ({}, "invalid_client"),
    ],
)
def test_a_wrong_client_gets_no_token(form: dict[str, str], error: str) -> None:
    refused = PlexCaller().token(**form)
    assert (refused.status, read(refused)) == (400, {"error": error})


def test_only_client_credentials_are_granted() -> None:
    at = PlexCaller()
    keys = {"client_id": at.plex.keys.client_id, "client_secret": at.plex.keys.client_secret}
    assert read(at.token(grant_type="password", **keys)) == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "*/*"},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic !!!"},
        {"x-plex-connect-api-key": "0" * 32},
    ],
)
def test_unknown_callers_hear_401_with_the_documented_body(headers: dict[str, str]) -> None:
    refused = PlexCaller().call("GET", EMPLOYEES, headers=headers)
    assert refused.status == 401
    assert read(refused) == {
        "code": "REQUEST_NOT_AUTHENTICATED",
        "message": "The request could not be authenticated.",
    }


def test_the_key_in_the_url_is_no_key() -> None:
    at = PlexCaller()
    assert at.call("GET", EMPLOYEES, headers={"accept": "*/*"}, apiKey=at.plex.keys.api_key).status == 401


@pytest.mark.parametrize(
    "routing", [{"x-plex-connect-tenant-id": TOL.tenant_id.upper()}, {"x-plex-connect-customer-id": TOL.pcn}]
)
def test_a_header_chooses_the_plant(routing: dict[str, str]) -> None:
    at = PlexCaller()
    badges = {row["badgeNumber"] for row in read(at.call("GET", EMPLOYEES, headers=at.key(**routing)))}
    assert badges == {"90004"}


@pytest.mark.parametrize(
    "routing",
    [
        {"x-plex-connect-tenant-id": "3f0c0000-0000-4000-8000-000000000000"},
        {"x-plex-connect-customer-id": "999"},
        {"x-plex-connect-customer-id": DET.pcn, "x-plex-connect-tenant-id": TOL.tenant_id},
    ],
)
def test_a_foreign_tenant_is_401(routing: dict[str, str]) -> None:
    at = PlexCaller()
    assert at.call("GET", EMPLOYEES, headers=at.key(**routing)).status == 401


def test_a_web_service_user_belongs_to_one_plant() -> None:
    at = PlexCaller()
    execute = f"/datasources/{at.plex.datasource_ids['departments_get']}/execute"
    plants = [at.call("POST", execute, {}, headers=at.basic(plant.pcn), format="2") for plant in (DET, TOL)]
    assert [answer.status for answer in plants] == [200, 200]
    assert plants[0].body != plants[1].body
    foreign = at.basic(TOL.pcn, **{"x-plex-connect-customer-id": DET.pcn})
    answer = at.call("POST", execute, {}, headers=foreign, format="2")
    assert read(answer)["rows"] == read(plants[1])["rows"], "the header names another plant, and changes nothing"


def test_a_key_opens_resources_alone_and_a_web_service_user_data_sources_alone() -> None:
    at = PlexCaller()
    execute = f"/datasources/{at.plex.datasource_ids['departments_get']}/execute"
    assert at.call("POST", execute, {}, headers=at.key(), format="2").status == 401
    assert at.call("GET", EMPLOYEES, headers=at.basic(DET.pcn)).status == 401


def test_not_subscribed_looks_like_a_wrong_key() -> None:
    at = PlexCaller(unsubscribed=["buildings"])
    assert at.call("GET", "/mdm/v1/buildings").status == 401
    assert at.call("GET", EMPLOYEES).status == 200


def test_credentials_come_back_with_the_seed() -> None:
    assert PlexCaller().plex.keys == PlexCaller().plex.keys


def test_the_pace_limit_counts_by_key_and_tells_when_to_come_back() -> None:
    at = PlexCaller(calls_per_minute=2)
    assert [at.call("GET", EMPLOYEES).status for _ in range(3)] == [200, 200, 429]
    assert at.call("GET", EMPLOYEES, headers=at.bearer()).status == 200
    at.wait(59.5)
    assert at.call("GET", EMPLOYEES).headers["Retry-After"] == "1"
    at.wait(0.5)
    assert at.call("GET", EMPLOYEES).status == 200


@pytest.mark.parametrize(
    ("form", "header"), [("seconds", "60"), ("date", "Mon, 23 Nov 2026 12:01:00 GMT"), ("none", None)]
)
def test_retry_after_in_three_forms(form: str, header: str | None) -> None:
    at = PlexCaller(calls_per_minute=0, retry_after_form=form)
    assert at.call("GET", EMPLOYEES).headers.get("Retry-After") == header
