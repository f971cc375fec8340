"""
The pretended Plex against the published description of Plex Connect: every answer, success and refusal, fits its
schema.
"""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.conformance.vendor import plex_openapi
from tests.unit.sandbox.plex_caller import EMPLOYEES, ID, PlexCaller, person, read

JOURNALS = "/accounting/v2/journal-entries"
COMMAND = f"{EMPLOYEES}/{{id}}/"
ENTRY = {
    "period": "11-2026",
    "description": "conformance",
    "postDate": "2026-11-20T00:00:00Z",
    "lines": [{"accountNo": "51000-4100-101", "debit": 1.25}, {"accountNo": "21500-0000-101", "credit": 1.25}],
}
LISTS = (
    EMPLOYEES,
    "/mdm/v1/user-accounts",
    "/mdm/v1/chart-of-accounts",
    "/mdm/v1/buildings",
    "/mdm/v1/tenants",
    "/accounting/v1/fiscal-period-statuses",
    JOURNALS,
)
COMMANDS: tuple[tuple[str, str, Any, int], ...] = (
    ("POST", EMPLOYEES, person(id="22222222-2222-4333-8444-555555555555", badgeNumber="2", userId="u"), 201),
    ("POST", EMPLOYEES, person(), 400),
    ("GET", f"{EMPLOYEES}/{{id}}", None, 200),
    ("PUT", f"{EMPLOYEES}/{{id}}", person(), 200),
    ("PUT", f"{EMPLOYEES}/{{id}}", person(shift="Never"), 400),
    ("POST", f"{EMPLOYEES}/sync", person(), 202),
    ("POST", f"{EMPLOYEES}/sync", "x", 400),
    ("POST", COMMAND + "activate", {"status": "Active"}, 202),
    ("POST", COMMAND + "activate", {"status": "Gone"}, 400),
    ("POST", COMMAND + "deactivate", {"status": "Inactive"}, 202),
    ("POST", COMMAND + "deactivate", {}, 400),
    ("POST", COMMAND + "transfer", {"tenantId": "x"}, 400),
    ("POST", JOURNALS, ENTRY, 201),
    ("POST", JOURNALS, ENTRY | {"period": "10-2026"}, 400),
)


def _operation(method: str, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = plex_openapi()["paths"][path][method.lower()]
    return operation


def _check(body: Any, *, method: str, path: str, status: int) -> None:
    """
    Check a body against its schema, formats included, and that it has no property the schema lacks.

    The published schemas forbid nothing, so extra properties are looked for by closing them.
    """
    described = _operation(method, path)["responses"][str(status)]
    schema = described["content"]["application/json"]["schema"]
    root = {"components": {"schemas": _closed()}, **schema}
    jsonschema.Draft4Validator(root, format_checker=jsonschema.FormatChecker()).validate(body)


def _closed() -> dict[str, Any]:
    schemas = plex_openapi()["components"]["schemas"]
    return {
        name: schema | {"additionalProperties": False} for name, schema in schemas.items() if "properties" in schema
    }


@pytest.mark.parametrize("path", LISTS)
def test_every_list_fits_its_schema(path: str) -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person(supervisorId=at.plex.state("employees")[0]["id"], email="ada@example.com"))
    at.call("POST", JOURNALS, ENTRY)
    rows = read(at.call("GET", path))
    assert rows
    _check(rows, method="GET", path=path, status=200)


@pytest.mark.parametrize(("method", "path", "body", "status"), COMMANDS)
def test_every_command_answers_as_described(method: str, path: str, body: Any, status: int) -> None:
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    answer = at.call(method, path.replace("{id}", ID), body)
    assert answer.status == status
    described = _operation(method, path)["responses"][str(status)]
    if "content" in described:
        _check(read(answer), method=method, path=path, status=status)
    else:
        assert answer.body == b""


@pytest.mark.parametrize("path", LISTS)
def test_every_documented_filter_is_understood(path: str) -> None:
    """A filter that is not understood would be ignored: each must be able to filter everything away."""
    at = PlexCaller()
    values = {"boolean": "true", "integer": "987654", "string": "nothing like it", "array": "nothing like it"}
    for parameter in _operation("GET", path)["parameters"]:
        schema = parameter["schema"]
        inner = schema.get("items", schema)
        value = {"uuid": ID, "date-time": "1999-01-01T00:00:00Z"}.get(inner.get("format"), values[inner["type"]])
        if parameter["name"].endswith("Begin"):
            value = "2099-01-01T00:00:00Z" if "format" in inner else "01-2099"
        elif parameter["name"] == "periodDisplayEnd":
            value = "01-1999"
        found = read(at.call("GET", path, **{parameter["name"]: value}))
        everything = read(at.call("GET", path))
        if inner["type"] == "boolean":
            other = read(at.call("GET", path, **{parameter["name"]: "false"}))
            assert len(found) + len(other) == len(everything)
        else:
            assert found == [], parameter["name"]


def test_the_schemas_catch_a_wrong_answer() -> None:
    """The check itself: a number for a text, and a property nobody described."""
    for wrong in ([{"badgeNumber": 7}], [{"hireDate": "2026-01-01"}], [{"id": "7"}]):
        with pytest.raises(jsonschema.ValidationError):
            _check(wrong, method="GET", path=EMPLOYEES, status=200)
