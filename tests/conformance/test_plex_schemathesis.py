"""
The pretended Plex called with what its published description allows, and with what it forbids: requests nobody wrote.

Only the operations the sandbox serves. Where the description names no refusal at all, 400 is taken for one. What the
description forbids must be refused, but for unknown query parameters, which Plex is known to ignore, and for `sync`:
its words say "a set" where its schema says one object, and a null there is a field left out, which no schema requires.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response as Seen
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from ml_connector.sandbox.http import Request
from ml_connector.sandbox.plex.resources import ROUTES
from tests.conformance.vendor import plex_openapi
from tests.unit.sandbox.plex_caller import EMPLOYEES, PlexCaller, person

BASE = "http://plex.test/api"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 50
SYNC = f"{EMPLOYEES}/sync"
SERVED = tuple((route.method, route.pattern.pattern.replace("(?P<id>[^/]+)", "{id}")) for route in ROUTES)


@cache
def described() -> Any:
    """Load the description, cut down to what the sandbox serves."""
    document = json.loads(json.dumps(plex_openapi(), default=str))  # a copy, and YAML's dates as the text they are
    paths: dict[str, Any] = {}
    for method, path in SERVED:
        operation = document["paths"][path][method.lower()]
        operation["responses"].setdefault("400", {"description": "refused"})
        paths.setdefault(path, {})[method.lower()] = operation
    return schemathesis.openapi.from_dict(document | {"paths": paths})


def call(at: PlexCaller, case: Case) -> Seen:
    """Send a generated request to the sandbox itself and give its answer as a client would see it."""
    wanted = case.as_transport_kwargs(base_url=BASE, headers=at.key())
    known = ("method", "url", "headers", "params", "data", "json", "cookies")
    prepared = requests.Request(**{name: value for name, value in wanted.items() if name in known}).prepare()
    parts = urlsplit(prepared.url or "")
    body = prepared.body if isinstance(prepared.body, bytes) else (prepared.body or "").encode()
    request = Request(
        prepared.method or "",
        unquote(parts.path),
        parse_qs(parts.query, keep_blank_values=True),
        {name.lower(): str(value) for name, value in prepared.headers.items()},
        body,
    )
    answer = at.plex.answer(request)
    content = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    headers = {name: [value] for name, value in answer.headers.items()}
    return Seen(answer.status, headers, content, prepared, elapsed=0.0, verify=False)


@pytest.mark.parametrize(("method", "path"), SERVED)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_any_request_gets_an_answer_as_described(method: str, path: str, mode: GenerationMode) -> None:
    operation: APIOperation[Any, Any, Any, Any] = described()[path][method]
    at = PlexCaller()
    at.call("POST", EMPLOYEES, person())
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        mode = GenerationMode.POSITIVE  # an id in the path is text, and all text is allowed

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Case) -> None:
        seen = call(at, case)
        case.validate_response(seen, checks=[*CHECKS, negative_data_rejection] if must_refuse(case) else CHECKS)

    send()


def must_refuse(case: Case) -> bool:
    """Whether what the description forbids here must be refused; the check itself asks only about what it forbids."""
    lenient = isinstance(case.body, list) or (isinstance(case.body, dict) and None in case.body.values())
    return not (case.path == SYNC and lenient)


@pytest.mark.parametrize("query", [{"lastNam": ["Wu"]}, {"": ["x"]}, {"limit": ["1"], "offset": ["7"]}])
def test_unknown_query_parameters_are_ignored_as_plex_ignores_them(query: dict[str, list[str]]) -> None:
    at = PlexCaller()
    headers = at.key()
    plain, asked = (at.plex.answer(Request("GET", f"/api{EMPLOYEES}", given, headers, b"")) for given in ({}, query))
    assert asked.status == 200
    assert asked.body == plain.body


def test_the_check_for_refusals_catches_what_was_let_pass() -> None:
    operation = described()[EMPLOYEES]["POST"]

    @settings(max_examples=5, database=None, derandomize=True, phases=[Phase.generate], deadline=None)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def accept(case: Case) -> None:
        sent = requests.Request("POST", BASE + EMPLOYEES).prepare()
        seen = Seen(201, {"Content-Type": ["application/json"]}, b"{}", sent, elapsed=0.0, verify=False)
        with pytest.raises(FailureGroup):
            case.validate_response(seen, checks=[negative_data_rejection])

    accept()


@pytest.mark.parametrize(
    ("status", "body", "media_type"),
    [
        (200, b'[{"badgeNumber": 7}]', "application/json"),
        (200, b"[]", "text/html"),
        (202, b"[]", "application/json"),
        (500, b"{}", "application/json"),
    ],
)
def test_the_checks_catch_a_wrong_answer(status: int, body: bytes, media_type: str) -> None:
    """The checks themselves: a number for a text, another media type, an undescribed status, a breakdown."""
    case = described()[EMPLOYEES]["GET"].Case()
    sent = requests.Request("GET", BASE + EMPLOYEES).prepare()
    seen = Seen(status, {"Content-Type": [media_type]}, body, sent, elapsed=0.0, verify=False)
    with pytest.raises(FailureGroup):
        case.validate_response(seen, checks=CHECKS)
