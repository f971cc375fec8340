"""
One way to Plex for every surface and thread: signed, routed to a plant, paced, and patient where patience is safe.

Reading repeats what failed. Writing repeats only what certainly was not carried out: refusals for pace (429), an
expired token (401) and requests that never left.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from ml_connector.connectors.asked_wait import A_WAIT_S, Patience, tell_wait
from ml_connector.connectors.budget.budget import Pacing
from ml_connector.connectors.content_type import says_json
from ml_connector.connectors.hands import rest
from ml_connector.connectors.inflate import MAX_BYTES, OversizedError
from ml_connector.connectors.plex.auth import Auth, Headers
from ml_connector.connectors.port import Allowed, always
from ml_connector.connectors.transport import HttpRequest, Transport, read_http_date, refuse_oversized, retry_after_s
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    NotSentError,
    RateLimitError,
    UnavailableError,
)
from ml_connector.settings.plex import Plant

_T = TypeVar("_T")

TRIES = 4
REFUSALS = 6
GATEWAYS = frozenset({408, 502, 503, 504})
"""What somebody before Plex answers who has no answer from it: it may be at work on the request yet."""
_FIRST_WAIT_S, _GROWN_WAIT_S = 1.0, 60.0


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """
    One request to one plant. *path* follows the surface's base URL; *what* names it for people.

    *allowed* is asked right before it leaves, after every wait.
    """

    what: str
    plant: str
    path: str
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    allowed: Allowed = always
    max_bytes: int = MAX_BYTES


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def is_foreign(self) -> bool:
        """Whether its page is not Plex's by its own account: Plex's has none, or is JSON."""
        return bool(self.body) and not says_json(self.headers)


class Channel:
    """
    Sends calls to one base URL. Thread-safe; *budget* is shared with every other channel of the connection.

    *routed*: each names its plant by header; otherwise who signs it says which plant it is for.
    """

    def __init__(
        self,
        *,
        base_url: str,
        auth: Auth,
        transport: Transport,
        budget: Pacing,
        plants: Mapping[str, Plant],
        routed: bool,
        timeout_s: float,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = rest,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._auth, self._transport, self._budget = auth, transport, budget
        self._plants, self._routed, self._timeout_s = plants, routed, timeout_s
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self.clock_offset: timedelta | None = None

    def read(self, call: Call, *, parse: Callable[[Answer], _T]) -> _T:
        """
        Ask until *parse* takes the answer; it raises UnavailableError for an answer that is none, OversizedError for
        one that holds more than any.

        Raises:
            UnavailableError: no proper answer after several tries, or it is to be away for longer than we wait.
                ConfigurationError: a far too large one. RateLimitError: still refused for pace.
            AuthenticationError: refused with 401, also with a new token.
        """
        patience = Patience(tries=TRIES)
        while True:
            try:
                answer = self._exchange(call)
                if answer.status < 500 and answer.status != 408:
                    if answer.status == 200 and not says_json(answer.headers):
                        raise UnavailableError("the answer is not JSON by its own account")
                    return parse(answer)
                away = self._sort_away(call, answer)
            except OversizedError as reason:
                raise refuse_oversized(reason, what=f"Plex's answer cannot be used ({call.what})") from None
            except (AmbiguousWriteError, NotSentError, UnavailableError) as error:
                if isinstance(error, AmbiguousWriteError) and error.oversized:
                    raise refuse_oversized(error.message, what=call.what) from None
                away = _away(call, error.message, remedy=error.remedy if isinstance(error, NotSentError) else None)
            asked_s = patience.heed(away)
            if asked_s < A_WAIT_S:
                self._sleep(self._backoff_s(patience.tries))
            else:
                self._budget.pause(asked_s)

    def write(self, call: Call) -> Answer:
        """
        Send once. Status below 500 comes back as the answer, whatever it says; a yes only as JSON.

        Raises:
            AmbiguousWriteError: no answer, a server error, or a yes that is no JSON. NotSentError: several tries and no
                connection.
            RateLimitError: still refused for pace. AuthenticationError: refused with 401, also with a new token.
        """
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._exchange(call)
            except NotSentError:
                if attempt == TRIES:
                    raise
                self._sleep(self._backoff_s(attempt))
                continue
            if answer.status >= 500:
                raise AmbiguousWriteError(
                    f"Plex failed while carrying out: {call.what} (status {answer.status})",
                    unanswered=answer.status in GATEWAYS,
                )
            if 200 <= answer.status < 300 and answer.is_foreign:
                raise AmbiguousWriteError(
                    f"somebody other than Plex may have answered: {call.what} (status {answer.status}, and not JSON by "
                    "its own account)",
                    unanswered=True,
                )
            return answer
        raise AssertionError("unreachable")

    def _exchange(self, call: Call) -> Answer:
        renewed = False
        refusals, patience = 0, Patience(tries=REFUSALS)
        while True:
            signed = self._auth.headers(call.plant)
            # Last before sending, so that calls leave as evenly as they pass.
            self._budget.acquire()
            call.allowed()
            answer = self._send(call, signed)
            if answer.status == 401:
                if renewed or not self._auth.renew(signed):
                    raise _not_signed_in(call)
                renewed = True
            elif answer.status == 429:
                refusals += 1
                self._give_way(call, answer, refusals=refusals, patience=patience)
            else:
                return answer

    def _send(self, call: Call, signed: Headers) -> Answer:
        request = HttpRequest(
            method=call.method,
            url=self._base_url + call.path,
            query=call.query,
            headers=signed | self._address(call),
            body=call.body,
            timeout_s=self._timeout_s,
            max_bytes=call.max_bytes,
        )
        with self._transport.send(request) as response:
            body = response.read()
            self._note_clock(response.headers.get("date"))
            return Answer(status=response.status, headers=response.headers, body=body)

    def _address(self, call: Call) -> Headers:
        headers: Headers = {"Accept": "application/json"}
        if self._routed:
            headers |= _route(self._plants[call.plant])
        if call.body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return headers

    def _give_way(self, call: Call, answer: Answer, *, refusals: int, patience: Patience) -> None:
        """Let nobody ask for a while: as long as Plex asks for, or a little longer each time."""
        now = self._clock()
        asked_s = retry_after_s(answer.headers, now=now)
        still = f"still asks for patience after {refusals} tries" if refusals > 1 else "asks for patience"
        error = RateLimitError(
            f"Plex {still}: {call.what}",
            remedy="lower plex.calls_per_minute or plex.share in ml-connector.toml, or try again later",
            retry_after_s=asked_s,
        )
        tell_wait(error, now=now)
        patience.heed(error)
        self._budget.pause(self._backoff_s(refusals) if asked_s is None else asked_s)

    def _sort_away(self, call: Call, answer: Answer) -> UnavailableError:
        """Say that Plex is away, and until when, if it tells."""
        away, now = _away(call, f"status {answer.status}"), self._clock()
        away.retry_after_s = retry_after_s(answer.headers, now=now)
        return tell_wait(away, now=now)

    def _backoff_s(self, attempt: int) -> float:
        """Twice as long each time, and never the same for two callers."""
        return min(_GROWN_WAIT_S, _FIRST_WAIT_S * 2.0 ** (attempt - 1)) * (0.5 + self._jitter() / 2)

    def _note_clock(self, date: str | None) -> None:
        at = read_http_date(date)
        if at is not None:
            self.clock_offset = at - self._clock()


def _route(plant: Plant) -> Headers:
    if plant.tenant_id is not None:
        return {"X-Plex-Connect-Tenant-Id": plant.tenant_id}
    return {"X-Plex-Connect-Customer-Id": plant.pcn}


def _away(call: Call, fault: str, *, remedy: str | None = None) -> UnavailableError:
    return UnavailableError(
        f"Plex does not answer properly: {call.what} ({fault})",
        remedy=remedy or "try again later; ml-connector ping plex",
    )


def _not_signed_in(call: Call) -> AuthenticationError:
    return AuthenticationError(
        f"Plex refuses us with 401: {call.what}, plant {call.plant}. Plex gives the same answer for a wrong or expired "
        "credential, an API product that is not subscribed, and a tenant that is not ours",
        remedy="check in this order: ml-connector credentials list; the subscription in the developer portal; "
        f"tenant_id of plant {call.plant} in ml-connector.toml",
    )
