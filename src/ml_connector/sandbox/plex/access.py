"""
Who is calling, and for which plant: bearer tokens, the `X-Plex-Connect-Api-Key` header and web-service users.

A bearer token or an API key reaches every plant of the enterprise, chosen by header; a web-service user reaches its
own. A key opens the resource API alone, a web-service user the data sources alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote_plus

from ml_connector.sandbox.company import PLANTS
from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.answers import json_answer, unauthenticated
from ml_connector.sandbox.plex.switches import Switches

DEFAULT_PCN = PLANTS[0].pcn
_ALL = tuple(plant.pcn for plant in PLANTS)
_DATA_SOURCES = "/api/datasources/"
_NO_STORE = {"Cache-Control": "no-store"}


def _from_seed(seed: int, label: str, length: int) -> str:
    """Random-looking and the same in every run with this seed."""
    return hashlib.sha256(f"plex/{seed}/{label}".encode()).hexdigest()[:length]


@dataclass(frozen=True)
class Keys:
    """Throw-away credentials; *users* maps a PCN to its web-service user's name and password."""

    client_id: str
    client_secret: str
    api_key: str
    users: Mapping[str, tuple[str, str]]

    @classmethod
    def from_seed(cls, seed: int) -> Keys:
        """Derive every credential from *seed*, so that a restarted sandbox lets the same callers in."""
        users = {
            plant.pcn: (f"ws.{plant.company_code.lower()}@plex", _from_seed(seed, f"password {plant.pcn}", 24))
            for plant in PLANTS
        }
        return cls(
            client_id=f"sandbox-{_from_seed(seed, 'client', 8)}",
            client_secret=_from_seed(seed, "client secret", 40),
            api_key=_from_seed(seed, "api key", 32),
            users=users,
        )


@dataclass(frozen=True)
class Caller:
    """A caller let in: *identity* is what the pace limit counts by, *pcn* the plant spoken to, *reach* all it might."""

    identity: str
    pcn: str
    reach: tuple[str, ...]


class Access:
    """The door: gives out bearer tokens and recognises callers."""

    def __init__(self, keys: Keys, *, clock: Callable[[], datetime], switches: Switches) -> None:
        self.keys = keys
        self._clock = clock
        self._switches = switches
        self._tokens: dict[str, datetime] = {}

    def expire_tokens(self) -> None:
        """Forget every token given out so far."""
        self._tokens.clear()

    def grant(self, request: Request) -> Response:
        """Answer the token endpoint: OAuth 2.0 client credentials, client named by Basic or in the form."""
        if request.method != "POST":
            return Response(405, headers={"Allow": "POST"})
        form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        basic = _basic(request)
        if basic:  # inside Basic, RFC 6749 2.3.1 has both form-encoded
            basic = (unquote_plus(basic[0]), unquote_plus(basic[1]))
        given = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if given != (self.keys.client_id, self.keys.client_secret):
            return json_answer({"error": "invalid_client"}, status=400, headers=_NO_STORE)
        if form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, status=400, headers=_NO_STORE)
        token, life_s = secrets.token_urlsafe(32), self._switches.token_life_s
        self._tokens[token] = self._clock() + timedelta(seconds=life_s)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": life_s}
        return json_answer(body, headers=_NO_STORE)

    def caller(self, request: Request) -> Caller:
        """
        Recognise the caller and the plant it speaks to.

        Raises:
            RefusedError: 401; unknown caller, expired token, unknown or foreign tenant.
        """
        asked = _asked_plant(request)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_live(value.strip()):
            return Caller(self.keys.client_id, asked or DEFAULT_PCN, _ALL)
        if request.path.startswith(_DATA_SOURCES):
            return self._web_service_user(request)
        if request.headers.get("x-plex-connect-api-key") == self.keys.api_key:
            return Caller(self.keys.api_key, asked or DEFAULT_PCN, _ALL)
        raise unauthenticated()

    def _web_service_user(self, request: Request) -> Caller:
        """Recognise one by Basic. It brings its PCN along: a header that names another plant changes nothing."""
        given = _basic(request)
        for pcn, user in self.keys.users.items():
            if given == user:
                return Caller(user[0], pcn, (pcn,))
        raise unauthenticated()

    def _is_live(self, token: str) -> bool:
        ends = self._tokens.get(token)
        return ends is not None and self._clock() < ends


def _asked_plant(request: Request) -> str | None:
    """The PCN the two routing headers name; both must agree when both are there."""
    tenant, customer = (request.headers.get(f"x-plex-connect-{name}-id") for name in ("tenant", "customer"))
    if tenant is None and customer is None:
        return None
    fitting = [
        plant.pcn
        for plant in PLANTS
        if (tenant is None or tenant.lower() == plant.tenant_id) and (customer is None or customer == plant.pcn)
    ]
    if not fitting:
        raise unauthenticated()
    return fitting[0]


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
