"""
One HTTP exchange, sorted by what it proves: it never left, it may have been carried out, or here is the answer.

It sends exactly once. A pooled connection that the server has visibly closed, or that idled longer than
`keep_alive_s`, is replaced before a byte leaves; a connection that dies after that proves nothing, so it is ambiguous
and repeating is the caller's decision. No redirects, no proxies from the environment, TLS verified, and every
connection goes to an address that was checked.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec
import urllib3
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from ml_connector.connectors.addresses import Resolve, resolve_host
from ml_connector.connectors.inflate import MAX_BYTES, MAX_KEPT_BYTES, Body, OversizedError, decode, gather
from ml_connector.connectors.pinned import CONNECT_TIMEOUT_S, Attempt, Connect, Door, Pool, TlsPool, tls_context
from ml_connector.errors import AmbiguousWriteError, ConfigurationError, NotSentError
from ml_connector.hosts import host_fault
from ml_connector.secret import Secret

_LATE = (TimeoutError, ReadTimeoutError)
_PRIVATE_CA = "; for a private CA set [hosts] ca_bundle"
_OLD_TLS = re.compile(
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED|UNSUPPORTED_PROTOCOL|DH_KEY_TOO_SMALL"
    "|.*ALERT_(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)"
)
_NEWER_TLS = (
    "the host must offer TLS 1.2 or later with secure renegotiation (RFC 5746) and a cipher with ECDHE or DHE; we take "
    "nothing weaker: ask whoever runs it, or the proxy before it"
)
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """
    One request. *url* ends before any `?`; *query* repeats names for lists.

    A header or body given as `Secret` is revealed at the socket only. *timeout_s* bounds each wait for bytes, and an
    answer's head as a whole; *body_s* the whole time its body may take: a trickle is no answer.
    """

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str | Secret] = {}
    body: bytes | Secret | None = None
    timeout_s: float = 100.0
    body_s: float = 1800.0
    max_bytes: int = MAX_BYTES

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url})"


class HttpResponse:
    """One answer, its body not yet read. Use as a context manager; header names are lower case."""

    def __init__(self, raw: urllib3.BaseHTTPResponse, *, max_bytes: int) -> None:
        self._raw, self._max_bytes = raw, max_bytes
        self.status = raw.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in raw.headers.items()}

    def read(self) -> bytes:
        """
        Give the whole body, decompressed.

        Raises:
            AmbiguousWriteError: cut off, larger than allowed, or not decodable.
        """
        return b"".join(self.chunks())

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """
        Yield the body as it arrives, decompressed, never more than *size* bytes at a time.

        Raises:
            AmbiguousWriteError: cut off, larger than allowed, or not decodable.
        """
        coding = self.headers.get("content-encoding", "")
        try:
            yield from decode(self._arrive(size), coding=coding, size=size, max_bytes=self._max_bytes)
        except (HTTPError, OSError, ValueError) as error:
            raise self._break_off(error) from None

    def keep(self, size: int = 1 << 18) -> Body:
        """
        Take the whole body without decompressing it, for a reader that wants it bit by bit later.

        Raises:
            AmbiguousWriteError: cut off, or larger than allowed even as it is.
        """
        blocks, left = [], min(self._max_bytes, MAX_KEPT_BYTES)
        try:
            if int(self.headers.get("content-length") or 0) > left:
                raise OversizedError("the body is larger than allowed")
            for block in gather(self._arrive(size), size=size):
                left -= len(block)
                if left < 0:
                    raise OversizedError("the body is larger than allowed")
                blocks.append(block)
        except (HTTPError, OSError, ValueError) as error:
            raise self._break_off(error) from None
        return Body(tuple(blocks), self.headers.get("content-encoding", ""), self._max_bytes)

    def _arrive(self, size: int) -> Iterator[bytes]:
        # Whatever came, one wait at a time: whoever asks for more than that waits for a trickle until it is late.
        while block := self._raw.read1(size, decode_content=False):
            yield block

    def _break_off(self, error: Exception) -> AmbiguousWriteError:
        self._raw.close()
        what = str(error) if isinstance(error, ValueError) else _say_broken(error)
        broken = AmbiguousWriteError(
            f"the answer's body could not be read to its end ({what})",
            remedy="try again later; if it stays, a proxy between the two systems may cut answers off",
            unanswered=isinstance(error, _LATE),
        )
        broken.timed_out, broken.oversized = broken.unanswered, isinstance(error, OversizedError)
        return broken

    def close(self) -> None:
        """Let go of the connection; one whose body was not read to the end is not used again."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Transport:
    """
    Sends requests to one system's hosts; thread-safe, connections kept alive.

    *allow* are exact extra host names, *ca_bundle* a PEM file trusted besides the system's roots.
    """

    def __init__(
        self,
        *,
        system: str,
        allow: tuple[str, ...] = (),
        ca_bundle: str | None = None,
        connections: int = 32,
        keep_alive_s: float = 4.0,
        resolve: Resolve = resolve_host,
        connect: Connect = socket.create_connection,
    ) -> None:
        self._system, self._allow, self._connections = system, allow, connections
        self._attempt = Attempt()
        self._door = Door(self._attempt, resolve, connect, keep_alive_s)
        self._tls = tls_context(ca_bundle)
        self._pools: dict[tuple[str, str, int | None], HTTPConnectionPool] = {}
        self._lock = threading.Lock()

    def send(self, request: HttpRequest) -> HttpResponse:
        """
        Send *request* once and give its answer, whatever its status.

        Raises:
            NotSentError: certainly not sent: the host is refused, or name, connection or TLS failed first.
            AmbiguousWriteError: bytes may have left and no whole answer came back.
            ConfigurationError: a header holds characters that no header may hold.
        """
        fault = host_fault(request.url, system=self._system, allow=self._allow)
        if fault:
            raise NotSentError(f"a request was refused before it left: the address {fault}")
        parts = urlsplit(request.url)
        headers, body = _reveal(request)
        pool = self._pool(parts)
        self._attempt.left, self._attempt.body_s = False, request.body_s
        try:
            raw = pool.urlopen(
                request.method,
                (parts.path or "/") + ("?" + urlencode(request.query) if request.query else ""),
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=request.timeout_s),
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError, ValueError) as error:
            raise self._sort(error, host=parts.hostname or "") from None
        return HttpResponse(raw, max_bytes=request.max_bytes)

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _pool(self, parts: SplitResult) -> HTTPConnectionPool:
        key = (parts.scheme, parts.hostname or "", parts.port)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = self._make_pool(*key)
            return self._pools[key]

    def _make_pool(self, scheme: str, host: str, port: int | None) -> HTTPConnectionPool:
        if scheme == "http":
            return Pool(host, port, maxsize=self._connections, door=self._door)
        return TlsPool(
            host, port, maxsize=self._connections, door=self._door, ssl_context=self._tls, cert_reqs="CERT_REQUIRED"
        )

    def _sort(self, error: Exception, *, host: str) -> Exception:
        if self._attempt.left:
            broken = AmbiguousWriteError(
                f"the connection to {host} failed after the request began to leave ({_say_broken(error)})",
                unanswered=True,
            )
            broken.timed_out = isinstance(error, _LATE)
            return broken
        reason = _reason(error)
        reached = "" if isinstance(error, (NewConnectionError, ConnectTimeoutError)) else _PRIVATE_CA
        remedy = _NEWER_TLS if _OLD_TLS.fullmatch(reason) else f"check the host, the network and the firewall{reached}"
        return NotSentError(f"no connection to {host} ({type(error).__name__}: {reason})", remedy=remedy)


def refuse_oversized(reason: object, *, what: str) -> ConfigurationError:
    """The error for an answer of a size that none has: it would come again, so it is not asked for again."""
    return ConfigurationError(
        f"{what}: {reason}",
        remedy="asking again would bring the same: look at who answers in the system's place (the configured address, a "
        "proxy on the way), then run it again",
    )


def refuse_redirect(status: int, *, who: str, remedy: str) -> ConfigurationError:
    """The error for a redirect: whoever it points to would be given our credential, so nobody goes there."""
    return ConfigurationError(
        f"{who}'s address sends us elsewhere (HTTP {status}), which we do not follow", remedy=remedy
    )


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """
    Read a Retry-After header, seconds or an HTTP date; None when it is absent, negative or unreadable.

    A date is the server's, so it counts from the server's own `date`; from *now* where there is none.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(text)
    at = read_http_date(text)
    if at is None:
        return None
    wait_s = (at - (read_http_date(headers.get("date")) or now)).total_seconds()
    return wait_s if wait_s >= 0 else None


def read_http_date(text: str | None) -> datetime | None:
    """Read a header's date (aware, to the second); None when it is absent or none that ever is."""
    try:
        at = parsedate_to_datetime(text or "")
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_of_this_age(at: datetime) -> bool:
    """Whether a system's clock may say so: one off by centuries is none, and no day could be counted from it."""
    return 2000 <= at.year < 2200


def _reveal(request: HttpRequest) -> tuple[dict[str, str], bytes | None]:
    headers = {"Accept-Encoding": "gzip", "User-Agent": "ml-connector"}
    for name, value in request.headers.items():
        text = value.reveal() if isinstance(value, Secret) else value
        if not _HEADER_TEXT.fullmatch(text):
            raise ConfigurationError(
                f"the header {name} would hold a line break or characters no header may hold",
                remedy="set the credential again: ml-connector credentials set",
            )
        headers[name] = text
    body = request.body
    return headers, body.reveal().encode() if isinstance(body, Secret) else body


def _say_broken(error: Exception) -> str:
    if isinstance(error, _LATE):
        return "nothing came in time"
    if isinstance(error, (ProtocolError, ConnectionError)):
        return "it was closed too early, or what came is no HTTP"
    return type(error).__name__


def _reason(error: Exception) -> str:
    """The system's own short reason (refused, timed out, certificate …); it holds names and numbers only."""
    inner: Any = error.args[-1] if error.args else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"{inner.reason}, {inner.verify_message}"[:200]
    return str(inner).rpartition(": ")[2][:200] if not isinstance(inner, ssl.SSLError) else str(inner.reason)
