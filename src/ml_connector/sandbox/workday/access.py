"""
Who may come in: the integration user's password, and access tokens bought with a refresh token.

The secrets are throw-away ones, made from the tenant's seed so that they are the same in every run.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from collections.abc import Callable
from urllib.parse import parse_qs

from ml_connector.sandbox.http import Request, Response, json_response
from ml_connector.sandbox.workday.faults import authentication_fault
from ml_connector.sandbox.workday.message import Message
from ml_connector.sandbox.workday.switches import Switches

TOKEN_LIFE_S = 3600.0


def _make_secret(seed: int, purpose: str) -> str:
    digest = hashlib.sha256(f"sandbox/workday/{seed}/{purpose}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


class Access:
    """The door of one tenant. Where refresh tokens rotate, each use of one gives a new one and spends the old."""

    def __init__(self, *, tenant: str, seed: int, clock: Callable[[], float], switches: Switches) -> None:
        self._clock, self._switches, self._seed = clock, switches, seed
        self._first_refresh_token = _make_secret(seed, "refresh/0")
        self.isu = {"username": f"ISU_mlc@{tenant}", "password": _make_secret(seed, "isu")}
        self.oauth = {
            "client_id": _make_secret(seed, "client"),
            "client_secret": _make_secret(seed, "secret"),
            "refresh_token": self._first_refresh_token,
        }
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}
        self._issued = 0

    def check(self, request: Request, *, message: Message) -> None:
        """
        Let the integration user pass, by password or by token.

        Raises:
            SoapFaultError: neither is right.
        """
        if message.username is None and self._bearer(request) is not None:
            if self.knows_token(request):
                return
        elif _same(message.username, self.isu["username"]) and _same(message.password, self.isu["password"]):
            return
        raise authentication_fault()

    def knows_token(self, request: Request) -> bool:
        """Say whether a request carries an access token that is still good."""
        token = self._bearer(request)
        return token is not None and self._clock() < self._tokens.get(token, float("-inf"))

    def knows_password(self, request: Request) -> bool:
        """Say whether a request carries the integration user's name and password, as reports take them."""
        given = _basic(request) or (None, None)
        return _same(given[0], self.isu["username"]) and _same(given[1], self.isu["password"])

    @staticmethod
    def _bearer(request: Request) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def answer_token(self, request: Request) -> Response:
        """Answer the token endpoint: an access token for a refresh token. There is no `expires_in`."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        client_id, client_secret = _basic(request) or (form.get("client_id"), form.get("client_secret"))
        if request.method != "POST":
            return json_response({"error": "invalid_request"}, 405)
        if form.get("grant_type") != "refresh_token":
            return json_response({"error": "unsupported_grant_type"}, 400)
        with self._lock:
            if not (
                _same(client_id, self.oauth["client_id"])
                and _same(client_secret, self.oauth["client_secret"])
                and _same(form.get("refresh_token"), self.oauth["refresh_token"])
            ):
                return json_response({"error": "invalid_grant"}, 400)
            return json_response(self._issue())

    def expire_tokens(self) -> None:
        """Make every access token worthless at once; the refresh token stays good."""
        with self._lock:
            self._tokens.clear()

    def reset(self) -> None:
        """Let the first refresh token in again, however often it was rotated."""
        with self._lock:
            self.oauth["refresh_token"] = self._first_refresh_token

    def _issue(self) -> dict[str, str]:
        self._issued += 1
        token = _make_secret(self._seed, f"access/{self._issued}")
        self._tokens[token] = self._clock() + TOKEN_LIFE_S
        if self._switches.rotating_refresh_tokens:
            self.oauth["refresh_token"] = _make_secret(self._seed, f"refresh/{self._issued}")
        return {"access_token": token, "token_type": "Bearer", "refresh_token": self.oauth["refresh_token"]}


def _same(given: str | None, known: str) -> bool:
    return hmac.compare_digest((given or "").encode(), known.encode())


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password
