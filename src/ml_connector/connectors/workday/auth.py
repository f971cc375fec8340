"""
How a request says who we are: a WS-Security user name and password, an OAuth bearer token, or (reports) Basic.

All are Workday's own; the bearer needs no WS-Security header. A token lives 60 minutes and tells no expiry, so it is
renewed before that, and once when it is refused, by one thread for all.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import msgspec

from ml_connector.connectors.asked_wait import tell_wait
from ml_connector.connectors.strict_json import parse_json
from ml_connector.connectors.token_text import UNPRINTABLE, is_token
from ml_connector.connectors.transport import HttpRequest, Transport, refuse_oversized, retry_after_s
from ml_connector.connectors.workday.faults import choose_remedy, sort_status
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    MLConnectorError,
    NotSentError,
    RateLimitError,
    UnavailableError,
)
from ml_connector.redaction import register_secret
from ml_connector.secret import Secret
from ml_connector.settings.workday import WorkdayConnection

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOKEN_LIFE = timedelta(minutes=55)
_MAX_TOKEN_BYTES = 64 * 1024
_WORDS_BYTES = 4096

Credential = Callable[[str], Secret]
Keep = Callable[[str, Secret], None]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What is added to one request: inner XML of the SOAP header, HTTP headers."""

    header: str = ""
    http: dict[str, str | Secret] = {}

    def __repr__(self) -> str:
        return "Signature(***)"


class Signer(Protocol):
    """Signs requests; safe to share between threads."""

    def sign(self) -> Signature:
        """Give the signature that holds now."""

    def renew(self, refused: Signature) -> bool:
        """Make sure *refused* is not given again; False when there is nothing to renew."""


class UserNameToken:
    """WS-Security UsernameToken: `ISU_name@tenant` and the password, read from the vault once."""

    def __init__(self, credential: Credential, *, tenant: str) -> None:
        self._credential, self._tenant = credential, tenant
        self._lock = threading.Lock()
        self._signature: Signature | None = None

    def sign(self) -> Signature:
        """
        Give the signature.

        Raises:
            ConfigurationError: no such credential, no or another `@tenant`, or characters XML cannot carry.
        """
        with self._lock:
            if self._signature is None:
                self._signature = Signature(header=self._build())
            return self._signature

    def renew(self, refused: Signature) -> bool:
        return False

    def _build(self) -> str:
        name, password = _read_user(self._credential, tenant=self._tenant)
        if _NOT_XML.search(name) or _NOT_XML.search(password):
            raise ConfigurationError(
                "the Workday user name or password holds a control character",
                remedy="ml-connector credentials set workday password",
            )
        return (
            f'<wsse:Security soapenv:mustUnderstand="1" xmlns:wsse="{_WSSE}"><wsse:UsernameToken>'
            f"<wsse:Username>{escape(name)}</wsse:Username>"
            f'<wsse:Password Type="{_TEXT}">{escape(password)}</wsse:Password></wsse:UsernameToken></wsse:Security>'
        )


class BasicUser:
    """HTTP Basic with `ISU_name@tenant`, which Workday takes for reports and nothing else of ours."""

    def __init__(self, credential: Credential, *, tenant: str) -> None:
        self._credential, self._tenant = credential, tenant

    def sign(self) -> Signature:
        """
        Give the header.

        Raises:
            ConfigurationError: no such credential, or no or another `@tenant`.
        """
        name, password = _read_user(self._credential, tenant=self._tenant)
        return Signature(http={"Authorization": Secret(_basic(name, password))})

    def renew(self, refused: Signature) -> bool:
        return False


def _read_user(credential: Credential, *, tenant: str) -> tuple[str, str]:
    name, password = credential("username").reveal(), credential("password").reveal()
    if name.rpartition("@")[2] != tenant or not name.rpartition("@")[0]:
        raise ConfigurationError(
            f"the Workday user name must end with @{tenant}: Workday calls it a wrong password otherwise",
            remedy="ml-connector credentials set workday username",
        )
    return name, password


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def let_go(_field: str, _value: Secret) -> None:
    """Where nobody keeps a rotated token, it lives as long as the process."""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105 - a kind of token


class BearerToken:
    """
    OAuth with a refresh token (API Client for Integrations).

    A rotated refresh token is given to *keep* before anything is asked with what came with it: the old one may be
    dead already, and a process that dies now must not lose the way in. The stored one is read again each time, as
    another process may have rotated it.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        settings: WorkdayConnection,
        transport: Transport,
        clock: Callable[[], datetime],
        keep: Keep = let_go,
    ) -> None:
        self._credential, self._settings, self._transport, self._clock = credential, settings, transport, clock
        self._keep_secret = keep
        self._lock = threading.Lock()
        self._signature: Signature | None = None
        self._good_until: datetime | None = None
        self._stored: Secret | None = None
        self._rotated: Secret | None = None
        self._unkept: Secret | None = None

    def sign(self) -> Signature:
        """
        Give the token, fetching one first when there is none or it is about to end.

        Raises:
            AuthenticationError: the client or the refresh token is refused. UnavailableError: no token to be had now.
        """
        with self._lock:
            self._keep_rotated()
            if self._signature is None or self._good_until is None or self._clock() >= self._good_until:
                try:
                    signature = self._fetch()
                finally:
                    self._keep_rotated()
                self._signature = signature
            return self._signature

    def renew(self, refused: Signature) -> bool:
        with self._lock:
            if self._signature is refused:
                self._signature = None
            return True

    def _keep_rotated(self) -> None:
        """Keep a rotated refresh token; one that could not be kept is tried again before anything else."""
        if self._unkept is not None:
            self._keep_secret("refresh_token", self._unkept)
            self._unkept = None

    def _fetch(self) -> Signature:
        refresh = self._choose_refresh_token()
        try:
            return self._exchange(refresh)
        except AuthenticationError:
            stored = self._choose_refresh_token()
            if stored == refresh:
                raise
        return self._exchange(stored)  # another process rotated it between our reading and our asking

    def _choose_refresh_token(self) -> Secret:
        """Give the stored one; the rotated one only while nobody kept it, so that what is stored has not changed."""
        stored = self._credential("refresh_token")
        if stored != self._stored:
            self._stored, self._rotated = stored, None
        return self._rotated or stored

    def _exchange(self, refresh: Secret) -> Signature:
        basic = _basic(self._credential("client_id").reveal(), self._credential("client_secret").reveal())
        request = HttpRequest(
            method="POST",
            url=f"{self._settings.base_url}/ccx/oauth2/{self._settings.tenant}/token",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                "Authorization": Secret(basic),
            },
            body=Secret(urlencode({"grant_type": "refresh_token", "refresh_token": refresh.reveal()})),
            timeout_s=self._settings.timeout_s,
            max_bytes=_MAX_TOKEN_BYTES,
        )
        try:
            with self._transport.send(request) as response:
                status, body = response.status, response.read()
                asked_s = retry_after_s(response.headers, now=self._clock())
        except (AmbiguousWriteError, NotSentError) as error:
            if isinstance(error, AmbiguousWriteError) and error.oversized:
                raise refuse_oversized(error.message, what="Workday's token endpoint") from None
            raise UnavailableError(f"Workday's token endpoint: {error.message}", remedy=choose_remedy(error)) from None
        if status != 200:
            raise tell_wait(_sort_refusal(status, body, asked_s=asked_s), now=self._clock())
        return self._take(body, asked_with=refresh)

    def _take(self, body: bytes, *, asked_with: Secret) -> Signature:
        try:
            token = msgspec.convert(parse_json(body), _Token, strict=False)  # a fraction is text here
        except ValueError:
            raise UnavailableError("Workday's token endpoint answered with something that is no token") from None
        life = _TOKEN_LIFE
        if token.expires_in is not None and token.expires_in < _TOKEN_LIFE.total_seconds() * 2:
            life = min(life, timedelta(seconds=max(0.0, token.expires_in) * 0.9))
        if token.refresh_token:
            _check_token(token.refresh_token, name="refresh")
            register_secret(Secret(token.refresh_token))
            if Secret(token.refresh_token) != asked_with:
                self._rotated = self._unkept = Secret(token.refresh_token)
        _check_token(token.access_token, name="access")
        register_secret(Secret(token.access_token))
        if token.token_type.lower() != "bearer":
            raise _useless("its access token is of another kind than bearer")
        if token.expires_in is not None and token.expires_in <= 0:
            raise _useless("its access token has expired already")
        self._good_until = self._clock() + life
        return Signature(http={"Authorization": Secret(f"Bearer {token.access_token}")})


def _check_token(token: str, *, name: str) -> None:
    if not is_token(token):
        raise _useless(f"its {name} token {UNPRINTABLE}")


def _useless(why: str) -> UnavailableError:
    return UnavailableError(
        f"Workday's token endpoint gave an answer that cannot be used: {why}",
        remedy="nothing is wrong with what is stored: try again later; if it stays, look at who answers in the "
        "endpoint's place (a gateway of yours)",
    )


def _sort_refusal(status: int, body: bytes, *, asked_s: float | None) -> MLConnectorError:
    error = sort_status(
        status, task="oauth2.token", retry_after_s=asked_s, words=body[:_WORDS_BYTES].decode(errors="replace")
    )
    if status in {400, 401, 403} and not isinstance(error, RateLimitError):
        return AuthenticationError(
            f"Workday gives no token (HTTP {status}): client or refresh token is wrong, expired or revoked",
            remedy="make a new refresh token for the API client, then ml-connector credentials set workday "
            "refresh_token",
        )
    return error
