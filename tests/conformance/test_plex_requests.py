"""
Every request our client can send, held against the description of Plex Connect and the catalogue of data sources.

The description lets unknown properties through, and Plex ignores what it does not know: here both are faults.
"""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import Scalar
from ml_connector.connectors.plex.catalog import Catalog
from ml_connector.connectors.plex.connect import LISTS
from ml_connector.connectors.port import Query, Write
from ml_connector.connectors.transport import HttpRequest
from ml_connector.errors import MLConnectorError
from ml_connector.mapping.plex import to_body
from ml_connector.mapping.plex_fields import FIELDS
from tests.conformance.vendor import plex_openapi, vendor_file
from tests.unit.plex_script import make_connector

ID = "11111111-2222-4333-8444-555555555555"
ALL_FIELDS: dict[str, Scalar] = {
    field.name: ID if field.name in {"id", "supervisor_id"} else f"text of {field.name}"[:20]
    for field in FIELDS[RecordType.EMPLOYEE]
}
NATIVE = {field.wire: "as it was" for field in FIELDS[RecordType.EMPLOYEE]} | {
    "id": ID,
    "supervisorId": ID,
    "userId": "login",
    "workPhone": "1",
    "workExtension": "2",
    "homePhone": "3",
    "mobilePhone": "4",
    "newInPlex": "kept out",
}
WRITES = [
    ("create", ALL_FIELDS, None),
    ("create", ALL_FIELDS | {"middle_name": None, "supervisor_id": None, "email": None}, None),
    ("update", ALL_FIELDS, NATIVE),
    ("update", {}, NATIVE),
    ("update", {"middle_name": None, "supervisor_id": None}, NATIVE),
    ("update", {}, dict.fromkeys(NATIVE) | {"id": ID}),
    ("deactivate", {"status": "Inactive"}, NATIVE),
    ("reactivate", {"status": "Active"}, NATIVE),
]


def operation_of(request: HttpRequest) -> dict[str, Any]:
    """Find the described operation a request is meant for; `/employees/{id}` never stands in for `/employees/sync`."""
    path = request.url.removeprefix("https://cloud.plex.com/api")
    paths = plex_openapi()["paths"]
    templates = [path] if path in paths else [name for name in paths if _pattern(name).fullmatch(path)]
    operations = [paths[name][request.method.lower()] for name in templates if request.method.lower() in paths[name]]
    assert operations, f"the description knows no {request.method} {path}"
    operation: dict[str, Any] = operations[0]
    return operation


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))


def check_request(request: HttpRequest) -> None:
    operation = operation_of(request)
    parameters = {entry["name"]: entry for entry in operation.get("parameters", []) if entry["in"] == "query"}
    for name, value in request.query:
        assert name in parameters, f"Plex would ignore the parameter {name}"
        if parameters[name]["schema"].get("format") == "date-time":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z", value)
    assert {name for name, entry in parameters.items() if entry.get("required")} <= {name for name, _ in request.query}
    if request.body is None:
        assert "requestBody" not in operation
        return
    assert isinstance(request.body, bytes)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    strict = {"components": plex_openapi()["components"], "allOf": [schema], **schema, "unevaluatedProperties": False}
    validator = jsonschema.Draft202012Validator(strict, format_checker=jsonschema.FormatChecker(["uuid"]))
    validator.validate(msgspec.json.decode(request.body))


def sent_by(act: Any) -> list[HttpRequest]:
    connector, script = make_connector(*[(404, b"")] * 9)
    with suppress(MLConnectorError):
        act(connector)
    assert script.requests
    return script.requests


@pytest.mark.parametrize("case", range(len(WRITES)))
def test_every_write_of_an_employee_is_as_described(case: int) -> None:
    action, fields, native = WRITES[case]
    body = to_body(RecordType.EMPLOYEE, action=action, fields=fields, native=native)
    write = Write(record_type=RecordType.EMPLOYEE, plant="101", key=ID, action=action, body=body)  # type: ignore[arg-type]
    for request in sent_by(lambda connector: connector.write(write)):
        check_request(request)


def test_reading_back_is_as_described() -> None:
    write = Write(
        record_type=RecordType.EMPLOYEE, plant="101", key=ID, action="update", body={"badgeNumber": "21 001&x=1"}
    )
    requests = sent_by(lambda connector: connector.find(write))
    assert [bool(request.query) for request in requests] == [False, True, False], "by id, by badge, and all of them"
    for request in requests:
        check_request(request)


@pytest.mark.parametrize("record_type", LISTS)
def test_every_list_is_as_described(record_type: RecordType) -> None:
    moment = datetime(2026, 11, 23, 15, tzinfo=UTC)
    query = Query(record_type=record_type, plant="101", updated_from=moment, updated_to=moment)
    for request in sent_by(lambda connector: list(connector.read(query))):
        check_request(request)


@pytest.mark.parametrize("record_type", LISTS)
def test_every_field_we_read_is_one_plex_gives(record_type: RecordType) -> None:
    request = HttpRequest(method="GET", url="https://cloud.plex.com/api" + LISTS[record_type])
    schema = operation_of(request)["responses"]["200"]["content"]["application/json"]["schema"]
    item = plex_openapi()["components"]["schemas"][schema["items"]["$ref"].rpartition("/")[2]]
    optional = {"name"} if record_type is RecordType.TENANT else set()  # not described; read where it comes
    assert {field.wire for field in FIELDS[record_type]} - optional <= set(item["properties"])


def test_the_checker_sees_what_plex_would_ignore() -> None:
    """A check that catches nothing proves nothing."""
    url = "https://cloud.plex.com/api/mdm/v1/employees"
    faulty = [
        HttpRequest(method="GET", url=url, query=(("badge_number", "1"),)),
        HttpRequest(method="GET", url=url + "s"),
        HttpRequest(method="POST", url=url, body=b'{"lastname":"X"}'),
        HttpRequest(method="POST", url=url, body=b'{"id":"no uuid"}'),
        HttpRequest(method="POST", url=url, body=b'{"lastName":null}'),
    ]
    for request in faulty:
        with pytest.raises((AssertionError, jsonschema.ValidationError)):
            check_request(request)


def test_every_public_id_is_the_data_source_we_mean() -> None:
    with vendor_file("plex/ux_data_source_ids.csv").open(newline="") as file:
        names = {int(row["ux_id"]): row["name"].lower() for row in csv.DictReader(file)}
    ours = {entry.name: entry.id for entry in Catalog({})._entries.values() if entry.id is not None}
    known = {name: names[number] for name, number in ours.items() if number in names}
    assert known.keys() == ours.keys(), "an id of ours that nobody published"
    assert known
    for name, theirs in known.items():
        assert theirs == {"employee_attributes_update": "employee_extended_attributes_update"}.get(name, name)
