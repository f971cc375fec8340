"""A caller of the pretended Plex, without a socket, on clocks the test turns by hand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.sandbox import PlexSandbox

EMPLOYEES = "/mdm/v1/employees"
ID = "11111111-2222-4333-8444-555555555555"


def read(response: Response) -> Any:
    """The JSON of an answer."""
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def person(**changes: Any) -> dict[str, Any]:
    """A new employee's body that plant 101 accepts."""
    body = {"id": ID, "badgeNumber": "21001", "firstName": "Ada", "lastName": "Nguyễn", "status": "Active"}
    body |= {"position": "Welder", "shift": "Day", "building": "DET", "type": "Full-time", "department": "4200-WLD"}
    return body | changes


class PlexCaller:
    """Holds a sandbox of 100 workers' staffing and calls it with an API key unless told otherwise."""

    def __init__(self, **settings: Any) -> None:
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.seconds = 0.0
        self.plex = PlexSandbox(
            workers=100, clock=lambda: self.time, monotonic=lambda: self.seconds, calls_per_minute=10_000
        )
        for name, value in settings.items():
            self.plex.switches.change(name, value)

    def wait(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.seconds += seconds
        self.time += timedelta(seconds=seconds)

    def key(self, **more: str) -> dict[str, str]:
        """Headers of a caller with the API key."""
        return {"x-plex-connect-api-key": self.plex.keys.api_key, **more}

    def basic(self, pcn: str, **more: str) -> dict[str, str]:
        """Headers of a plant's web-service user."""
        word = base64.b64encode(":".join(self.plex.keys.users[pcn]).encode()).decode()
        return {"authorization": f"Basic {word}", **more}

    def bearer(self) -> dict[str, str]:
        """Headers of a caller with a token, which opens everything."""
        keys = self.plex.keys
        granted = read(self.token(client_id=keys.client_id, client_secret=keys.client_secret))
        return {"authorization": f"Bearer {granted['access_token']}"}

    def call(self, method: str, path: str, body: Any = None, **given: Any) -> Response:
        """Call below `/api`; *given* are `headers` and query parameters."""
        headers = given.pop("headers", None) or (self.bearer() if "/datasources" in path else self.key())
        query = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json; charset=utf-8"} | headers
        return self.plex.answer(Request(method, f"/api{path}", query, headers, raw))

    def token(self, **form: str) -> Response:
        """Ask the token endpoint."""
        body = urlencode({"grant_type": "client_credentials"} | form).encode()
        return self.plex.answer(Request("POST", "/oauth2/token", {}, {}, body))

    def execute(self, name: str, inputs: dict[str, Any] | None = None, **given: Any) -> Response:
        """Run a data source by the sandbox's word for it, in format 2."""
        number = self.plex.datasource_ids[name]
        return self.call("POST", f"/datasources/{number}/execute", inputs or {}, format="2", **given)

    def employee(self, key: str = ID) -> dict[str, Any] | None:
        """What really is there."""
        return next((row for row in self.plex.state("employees") if row["id"] == key), None)
