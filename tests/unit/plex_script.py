"""A transport that plays prepared answers, and a Plex connection on top of it: no network, no clock, no waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import msgspec
import urllib3

from ml_connector.connectors.budget.budget import Budget
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.transport import HttpRequest, HttpResponse, Transport
from ml_connector.errors import MissingCredentialError
from ml_connector.secret import Secret
from ml_connector.settings.plex import PlexConnection

DET_TENANT = "3f0c0000-0000-4000-8000-000000000101"
SECRETS = {
    "client_id": "id",
    "client_secret": "s3cret",
    "api_key": "k3y",
    "username": "ws.user@plex",
    "password": "pa55",
    "101/username": "ws.det@plex",
    "101/password": "pa55-101",
    "102/username": "ws.tol@plex",
    "102/password": "pa55-102",
}
TOKEN = (200, {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 600})


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now = datetime(2026, 11, 23, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Script(Transport):
    """Plays *answers* in turn: `(status, content[, headers])`, an error to raise, or a function of the request."""

    def __init__(self, answers: Iterable[Any]) -> None:
        super().__init__(system="plex")
        self._answers = iter(answers)
        self._turn = threading.Lock()
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        with self._turn:
            self.requests.append(request)
            answer = next(self._answers)
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        status, content, headers = (*answer, {})[:3]
        headers = {"content-type": "application/json; charset=utf-8"} | headers
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        raw = urllib3.HTTPResponse(BytesIO(body), headers=headers, status=status, preload_content=False)
        return HttpResponse(raw, max_bytes=request.max_bytes)

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.partition('/api')[2]}" for request in self.requests]

    def bodies(self) -> list[Any]:
        return [msgspec.json.decode(request.body) for request in self.requests if request.body]


def credential(field: str) -> Secret:
    if field not in SECRETS:
        raise MissingCredentialError(f"no credential plex {field}")
    return Secret(SECRETS[field])


def make_settings(**changes: Any) -> PlexConnection:
    values: dict[str, Any] = {
        "base_url": "https://cloud.plex.com/api",
        "auth": "api_key",
        "plants": [
            {"pcn": "101", "company_code": "ACME-DET", "tenant_id": DET_TENANT},
            {"pcn": "102", "company_code": "ACME-TOL"},
        ],
    }
    return PlexConnection.model_validate(values | changes)


def make_connector(*answers: Any, time: Time | None = None, **changes: Any) -> tuple[PlexConnector, Script]:
    """A connector whose network is *answers*."""
    script, time = Script(answers), time or Time()
    seconds: Callable[[], float] = lambda: time.now.timestamp()  # noqa: E731
    connector = PlexConnector(
        make_settings(**changes),
        credential=credential,
        transport=script,
        clock=time,
        sleep=time.sleep,
        jitter=lambda: 1.0,
        budget=Budget(calls_per_minute=6000, clock=seconds, sleep=time.sleep),
    )
    return connector, script
