"""
How a request to Plex is signed: a bearer token (OAuth2 client credentials), an API key, or a web-service user (Basic).

Tokens are shared by all threads and renewed by one of them. A refusal by the token endpoint is final: asking again
with the same wrong secret locks accounts.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote_plus, urlencode

from ml_connector.connectors.asked_wait import A_WAIT_S, Patience, tell_wait
from ml_connector.connectors.hands import heed_stop, rest
from ml_connector.connectors.strict_json import parse_json
from ml_connector.connectors.token_text import UNPRINTABLE, is_token
from ml_connector.connectors.transport import HttpRequest, Transport, refuse_oversized, refuse_redirect, retry_after_s
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    MissingCredentialError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RateLimitError,
    SignInError,
    UnavailableError,
)
from ml_connector.redaction import register_secret
from ml_connector.secret import Secret

Credential = Callable[[str], Secret]
Headers = dict[str, str | Secret]

_TOKEN_TRIES = 2
# Who asks for a second again and again is given more each time: every request carries the secret.
_LONGEST_GROWN_S = 60.0
_TOKEN_BODY_BYTES = 1024 * 1024
_TOKEN_ADDRESS = "set plex.token_url to the address that answers itself"  # noqa: S105 - no password
_DEFAULT_LIFETIME_S = 300.0
_LONGEST_LIFETIME_S = 86_400.0
# A second 401 so soon after a renewal is not about the token; fetching one for each would hammer the endpoint.
_RENEWAL_EVERY = timedelta(seconds=10)


class _Issued(NamedTuple):
    """A token, asked for at *at*, and its life in seconds."""

    at: datetime
    token: str
    lifetime_s: float


class Auth(Protocol):
    """Signs requests for one plant."""

    def headers(self, plant: str) -> Headers:
        """Give the headers that sign a request for the plant with this PCN."""

    def renew(self, refused: Headers) -> bool:
        """After a 401 for *refused*: say whether a new attempt with new headers makes sense."""


class ApiKey:
    """A consumer key of the developer portal, good for every plant it is subscribed for."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def headers(self, plant: str) -> Headers:
        return {"X-Plex-Connect-Api-Key": self._credential("api_key")}

    def renew(self, refused: Headers) -> bool:
        return False


class Basic:
    """
    A web-service user. It belongs to one PCN, so with several plants each needs its own (`101/username`).

    Raises:
        MissingCredentialError: several plants and no user of its own for one: the common user would answer with
            another plant's records.
    """

    def __init__(self, credential: Credential, *, plants: int) -> None:
        self._credential, self._plants = credential, plants

    def headers(self, plant: str) -> Headers:
        username, password = self._pair(plant)
        pair = f"{username.reveal()}:{password.reveal()}".encode()
        return {"Authorization": Secret("Basic " + base64.b64encode(pair).decode())}

    def renew(self, refused: Headers) -> bool:
        return False

    def _pair(self, plant: str) -> tuple[Secret, Secret]:
        try:
            return self._credential(f"{plant}/username"), self._credential(f"{plant}/password")
        except MissingCredentialError:
            if self._plants == 1:
                return self._credential("username"), self._credential("password")
        raise MissingCredentialError(
            f"plant {plant} has no Plex web-service user of its own; one belongs to a single PCN",
            remedy=f"ml-connector credentials set plex {plant}/username   and   plex {plant}/password",
        )


class ClientCredentials:
    """OAuth2 client credentials: one token for all threads, fetched again shortly before it expires."""

    def __init__(
        self,
        credential: Credential,
        *,
        token_url: str,
        transport: Transport,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = rest,
    ) -> None:
        self._credential, self._token_url = credential, token_url
        self._transport, self._clock, self._sleep = transport, clock, sleep
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._expires_at = clock()
        self._renewed_at: datetime | None = None
        self._waited_s = 0.0

    def headers(self, plant: str) -> Headers:
        with self._lock:
            if self._token is None or self._clock() >= self._expires_at:
                heed_stop()  # who waited behind somebody who was told to stop asks no more
                self._fetch()
            assert self._token is not None  # noqa: S101 - `_fetch` sets it or raises
            return {"Authorization": self._token}

    def renew(self, refused: Headers) -> bool:
        with self._lock:
            if self._token is None or refused.get("Authorization") != self._token:
                return True  # another thread was faster
            now = self._clock()
            if self._renewed_at is not None and now - self._renewed_at < _RENEWAL_EVERY:
                return False
            self._token, self._renewed_at = None, now
            return True

    def _fetch(self) -> None:
        issued_at, token, lifetime_s = self._ask()
        register_secret(Secret(token))
        self._token, self._waited_s = Secret("Bearer " + token), 0.0
        margin_s = min(60.0, lifetime_s / 10)
        self._expires_at = issued_at + timedelta(seconds=lifetime_s - margin_s)

    def _ask(self) -> _Issued:
        """Ask until there is a token; what the endpoint made us wait counts until it gives one, whoever asks."""
        patience, refusals = Patience(tries=_TOKEN_TRIES, waited_s=self._waited_s), 0
        while True:
            answer = self._ask_once()
            if isinstance(answer, _Issued):
                return answer
            grown_s, refusals = min(2.0**refusals, _LONGEST_GROWN_S), refusals + 1
            try:
                asked_s = patience.heed(answer, least_s=grown_s)
            except RateLimitError:
                self._waited_s = 0.0
                raise  # refused for pace: certainly nothing of the request that needed the token was carried out
            except MLConnectorError as fault:
                self._waited_s = patience.waited_s
                # Without a token the request that needed it has not left.
                raise NotSentError(
                    f"Plex gives no token: {fault.message}",
                    remedy=fault.remedy
                    if isinstance(fault, NotSentError)
                    else "check plex.token_url, or try again later",
                ) from None
            self._sleep(asked_s if asked_s >= A_WAIT_S else grown_s)

    def _ask_once(self) -> _Issued | MLConnectorError:
        """Give a token, or why there is none now; raises what asking again would not help."""
        issued_at = self._clock()
        try:
            with self._transport.send(self._request()) as response:
                status, body = response.status, response.read()
                now = self._clock()
                asked_s = retry_after_s(response.headers, now=now)
            if status == 200:
                return _Issued(issued_at, *_parse_token(body))
        except (NotSentError, AmbiguousWriteError, UnavailableError) as error:
            if isinstance(error, AmbiguousWriteError) and error.oversized:
                raise _no_way_in(refuse_oversized(error.message, what="Plex's token endpoint")) from None
            return error
        if 300 <= status < 400:
            raise _no_way_in(refuse_redirect(status, who="the token endpoint", remedy=_TOKEN_ADDRESS))
        if 400 <= status < 500 and status not in {408, 425, 429}:
            raise _refused(status, body)
        if asked_s is None:
            return UnavailableError(f"the token endpoint answers with status {status}")
        words = f"Plex's token endpoint asks for patience (status {status})"
        return tell_wait(RateLimitError(words, retry_after_s=asked_s), now=now)

    def _request(self) -> HttpRequest:
        # RFC 6749, section 2.3.1: the client signs in with Basic, both parts form-encoded first.
        client_id, secret = self._credential("client_id"), self._credential("client_secret")
        pair = f"{quote_plus(client_id.reveal())}:{quote_plus(secret.reveal())}".encode()
        return HttpRequest(
            method="POST",
            url=self._token_url,
            headers={
                "Authorization": Secret("Basic " + base64.b64encode(pair).decode()),
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            body=urlencode({"grant_type": "client_credentials"}).encode(),
            max_bytes=_TOKEN_BODY_BYTES,
        )


def _parse_token(body: bytes) -> tuple[str, float]:
    """
    Read the answer of the token endpoint.

    Raises:
        UnavailableError: it is no such answer (a page of a gateway, half of one). AuthenticationError: another kind.
    """
    answer = _read_object(body) or {}
    token, lifetime = answer.get("access_token"), answer.get("expires_in", _DEFAULT_LIFETIME_S)
    kind = answer.get("token_type", "Bearer")
    if not isinstance(token, str) or not token:
        raise UnavailableError("the token endpoint answered with something that is no token")
    if not is_token(token):
        raise UnavailableError(f"the token endpoint's answer cannot be used, as its token {UNPRINTABLE}")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise AuthenticationError(
            "the token endpoint gave another kind of token than bearer",
            remedy="check plex.token_url in ml-connector.toml",
        )
    try:
        return token, min(max(0.0, float(lifetime)), _LONGEST_LIFETIME_S)
    except (TypeError, ValueError, OverflowError):
        return token, _DEFAULT_LIFETIME_S


def _refused(status: int, body: bytes) -> MLConnectorError:
    """RFC 6749, section 5.2: the error is one of a few words; anything else of the body is left alone."""
    answer = _read_object(body) or {}
    word = answer.get("error")
    known = {"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client"}
    if word not in known and status == 404:
        return SignInError(
            "there is no token endpoint at this address (HTTP 404)", remedy="check plex.token_url in ml-connector.toml"
        )
    if word == "invalid_request":
        return SignInError(
            f"the token endpoint does not take our request ({status}, invalid_request)",
            remedy="check that plex.token_url is Plex's own token endpoint; if it is, this is a fault of this program",
        )
    if word not in known and status == 403:
        if "QUOTA" in str(answer.get("code", "")).upper():
            return RateLimitError(
                "the token endpoint says that a quota is used up (HTTP 403)",
                remedy="ask in the developer portal what uses it up, or try again later",
            )
        return PermissionError_(
            "the token endpoint refuses us (HTTP 403), and does not say that the client id or secret is wrong",
            remedy="ask in the developer portal whether this client is enabled and its addresses are allowed",
        )
    reason = f"{status}, {word}" if word in known else str(status)
    return AuthenticationError(
        f"Plex does not accept the client id and secret ({reason})",
        remedy="ml-connector credentials set plex client_id   and   plex client_secret",
    )


def _no_way_in(error: ConfigurationError) -> SignInError:
    return SignInError(error.message, remedy=error.remedy)


def _read_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = parse_json(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
