"""
Everything that can go wrong between two systems, one function each.

What matters most is whether the system *acted* before its answer was lost: the table at the end is ordered by that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from ml_connector.sandbox.http import Request, Response, json_response

STALE_READ = "stale_read"
ABSENCES = {"refused": False, "connect_timeout": True}
DEFAULT_SECONDS = 2.0
_UNKNOWN_CALLER = "The request could not be authenticated."
_BEFORE_DATA = re.compile(
    r"(/ccx)?/oauth2/.*|/ccx/service/customreport2/[^/]+/?|/ccx/api/wql/v1/[^/]+/dataSources(/.*)?"
)
_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Scheduled maintenance</h1></body></html>"
_SOAP_FAULT = (
    b'<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>Processing error occurred"
    b"</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


@dataclass
class Fault:
    """
    One fault waiting. It lets *after* fitting requests pass, then spoils *count* (`None`: all until removed).

    *retry_after* is the text of the header, or `none`, `date`, `date:SECONDS`; for `slow`, `timeout_*`,
    `half_read_stall`, `stale_read`, `refused` and `connect_timeout` it is seconds. *path* is a prefix of the request's
    path; *at* is for `truncated_at`: how many bytes of the body arrive. *data_only* leaves alone what a caller asks for
    before any data, where that has an address of its own: tokens, the clock of Workday's host, what sources there are.
    """

    system: str
    mode: str
    retry_after: str | None = None
    count: int | None = 1
    after: int = 0
    path: str = "/"
    method: str | None = None
    fired: int = 0
    at: int = 0
    data_only: bool = False

    def seconds(self) -> float | None:
        """*retry_after* as seconds, `None` when it is not given or no number."""
        try:
            return max(0.0, float(self.retry_after or ""))
        except ValueError:
            return None

    def fits(self, *, system: str, method: str, path: str) -> bool:
        """Whether this request is one of those meant."""
        if self.data_only and _BEFORE_DATA.fullmatch(path):
            return False
        return self.system == system and self.method in (None, method) and path.startswith(self.path)


class Exchange(Protocol):
    """One request on its socket, as far as a fault needs to reach."""

    system: str
    method: str
    path: str

    def read(self) -> None:
        """Read the whole request."""

    def read_half(self) -> None:
        """Read half of the request's body."""

    def act(self) -> Response:
        """Read the request and let the system carry it out."""

    def act_on(self, change: Callable[[Request], Request]) -> Response:
        """Let the system carry out another request in this one's place."""

    def send(self, response: Response) -> None:
        """Send an answer."""

    def send_part(self, response: Response, *, size: int | None) -> None:
        """Announce the whole body, send *size* bytes of it (`None`: half) and hang up."""

    def hold(self, seconds: float | None) -> None:
        """Keep the caller waiting; `None`: until it gives up."""

    def reset(self) -> None:
        """Tear the connection down with a TCP reset."""

    def hang_up(self) -> None:
        """Close the connection in good order without another byte."""

    def other_answer(self) -> Response:
        """An answer that belongs to another request."""

    def meddle(self, deed: str) -> None:
        """Let somebody at the system do something to the record this request is about."""

    def now(self) -> datetime:
        """The present instant by this system's clock, right or wrong."""

    def expire_tokens(self) -> None:
        """Let the system forget the tokens it gave out."""


def retry_after_header(text: str | None, *, now: datetime) -> dict[str, str]:
    """The `Retry-After` header for *text*: seconds as they are, negative and huge ones too, or an HTTP date."""
    if text is None or text == "none":
        return {}
    if text == "date" or text.startswith("date:"):
        seconds = float(text.partition(":")[2] or DEFAULT_SECONDS)
        return {"Retry-After": format_datetime(now.astimezone(UTC) + timedelta(seconds=seconds), usegmt=True)}
    return {"Retry-After": text}


def _refuse(status: int, code: str, message: str = "Refused by a rehearsal.") -> Callable[[Fault, Exchange], None]:
    def effect(fault: Fault, exchange: Exchange) -> None:
        exchange.read()
        headers = retry_after_header(fault.retry_after, now=exchange.now())
        answer = json_response({"code": code, "message": message}, status)
        exchange.send(Response(status, answer.body, {**answer.headers, **headers}))

    return effect


def _answer_with(status: int, body: bytes, kind: str) -> Callable[[Fault, Exchange], None]:
    """Act, then say something else."""

    def effect(fault: Fault, exchange: Exchange) -> None:
        exchange.act()
        exchange.send(Response(status, body, {"Content-Type": kind}))

    return effect


def _token_expired(fault: Fault, exchange: Exchange) -> None:
    exchange.expire_tokens()
    _refuse(401, "REQUEST_NOT_AUTHENTICATED", _UNKNOWN_CALLER)(fault, exchange)


def _timeout_before(fault: Fault, exchange: Exchange) -> None:
    exchange.read()
    exchange.hold(fault.seconds())
    exchange.hang_up()


def _timeout_after(fault: Fault, exchange: Exchange) -> None:
    exchange.act()
    exchange.hold(fault.seconds())
    exchange.hang_up()


def _reset_before(fault: Fault, exchange: Exchange) -> None:
    exchange.reset()


def _reset_after(fault: Fault, exchange: Exchange) -> None:
    exchange.act()
    exchange.reset()


def _half_read(fault: Fault, exchange: Exchange) -> None:
    exchange.read_half()
    exchange.reset()


def _half_read_stall(fault: Fault, exchange: Exchange) -> None:
    exchange.read_half()
    exchange.hold(fault.seconds())
    exchange.hang_up()


def _truncated(fault: Fault, exchange: Exchange) -> None:
    exchange.send_part(exchange.act(), size=None)


def _empty(fault: Fault, exchange: Exchange) -> None:
    exchange.act()
    exchange.hang_up()


def _wrong_answer(fault: Fault, exchange: Exchange) -> None:
    exchange.act()
    exchange.send(exchange.other_answer())


def _slow(fault: Fault, exchange: Exchange) -> None:
    seconds = fault.seconds()
    exchange.read()
    exchange.hold(DEFAULT_SECONDS if seconds is None else seconds)
    exchange.send(exchange.act())


def _empty_200(fault: Fault, exchange: Exchange) -> None:
    """What a role that was taken away looks like: a list of nothing, without acting."""
    exchange.read()
    if exchange.system == "workday":
        exchange.send(Response(200))
    elif "/datasources/" in exchange.path:
        empty = {"outputs": {}, "tables": [], "rows": [], "rowLimitedExceeded": False, "transactionNo": "1"}
        exchange.send(json_response(empty))
    else:
        exchange.send(json_response([]))


def _stale_read(fault: Fault, exchange: Exchange) -> None:
    exchange.send(exchange.act())


MODES: dict[str, Callable[[Fault, Exchange], None]] = {
    # The system refuses before it acts.
    "429": _refuse(429, "REQUEST_LIMIT_EXCEEDED"),
    "503": _refuse(503, "UNAVAILABLE"),
    "500": _refuse(500, "REQUEST_PROCESSING_ERROR"),
    "401": _refuse(401, "REQUEST_NOT_AUTHENTICATED", _UNKNOWN_CALLER),
    "403": _refuse(403, "REQUEST_FORBIDDEN"),
    "token_expired": _token_expired,
    "empty_200": _empty_200,
    # It never acts, and the caller cannot tell.
    "timeout_before": _timeout_before,
    "reset_before": _reset_before,
    "half_read": _half_read,
    "half_read_stall": _half_read_stall,
    # It acts, and the caller cannot tell.
    "timeout_after": _timeout_after,
    "reset_after": _reset_after,
    "500_after": _answer_with(500, b'{"code":"REQUEST_PROCESSING_ERROR"}', "application/json"),
    "truncated": _truncated,
    "empty": _empty,
    "html": _answer_with(200, _HTML, "text/html; charset=utf-8"),
    "soap_fault_200": _answer_with(200, _SOAP_FAULT, "text/xml; charset=utf-8"),
    "garbage_json": _answer_with(200, b'\xff{"id": ]not json', "application/json; charset=utf-8"),
    "wrong_answer": _wrong_answer,
    # It acts and answers, but late or blind to what was just written.
    "slow": _slow,
    STALE_READ: _stale_read,
}
