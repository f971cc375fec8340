"""Talks to the JSON surfaces of a sandbox in the same process."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import content

STAFF = "/ccx/api/staffing/v6/acme1/workers"
WQL = "/ccx/api/wql/v1/acme1"


def sign_in(sandbox: WorkdaySandbox) -> str:
    """Buy an access token."""
    oauth = sandbox.credentials["oauth"]
    form = {"grant_type": "refresh_token", **oauth}
    answer = sandbox.answer(Request("POST", "/ccx/oauth2/acme1/token", {}, {}, urlencode(form).encode()))
    return str(msgspec.json.decode(content(answer))["access_token"])


def get(
    sandbox: WorkdaySandbox,
    path: str,
    *,
    token: str | None = None,
    basic: bool = False,
    body: bytes = b"",
    **query: Any,
) -> Response:
    """Get a path, with a fresh token unless one is given; a body makes it a POST."""
    if basic:
        pair = ":".join(sandbox.credentials["isu"].values())
        headers = {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    else:
        headers = {"authorization": f"Bearer {sign_in(sandbox) if token is None else token}"}
    query_string = parse_qs(urlencode(query), keep_blank_values=True)
    return sandbox.answer(Request("POST" if body else "GET", path, query_string, headers, body))


def rows(sandbox: WorkdaySandbox, path: str, **query: Any) -> dict[str, Any]:
    """Get what must be a success, decoded."""
    answer = get(sandbox, path, **query)
    assert answer.status == 200, content(answer)
    return dict(msgspec.json.decode(content(answer)))


def select(sandbox: WorkdaySandbox, query: str, **more: Any) -> list[dict[str, Any]]:
    """Ask WQL and return the rows."""
    return list(rows(sandbox, f"{WQL}/data", query=query, **more)["data"])


def refusal(answer: Response) -> tuple[int, str]:
    """Return a refusal's status and all it says."""
    return answer.status, content(answer).decode()
