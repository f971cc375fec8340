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
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from ml_connector.connectors.addresses import Resolve, pin_host, resolve_host
from ml_connector.connectors.inflate import MAX_BYTES, decode
from ml_connector.errors import AmbiguousWriteError, ConfigurationError, NotSentError
from ml_connector.hosts import host_fault
from ml_connector.secret import Secret

Connect = Callable[[tuple[str, int], float], socket.socket]

_CONNECT_TIMEOUT_S = 10.0
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """
    One request. *url* ends before any `?`; *query* repeats names for lists.

    A header or body given as `Secret` is revealed at the socket only. *timeout_s* bounds each wait for bytes.
    """

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str | Secret] = {}
    body: bytes | Secret | None = None
    timeout_s: float = 100.0
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
        arrived = self._raw.stream(size, decode_content=False)
        coding = self.headers.get("content-encoding", "")
        try:
            yield from decode(arrived, coding=coding, size=size, max_bytes=self._max_bytes)
        except (HTTPError, OSError, ValueError) as error:
            self._raw.close()
            raise AmbiguousWriteError(
                f"the answer's body could not be read to its end ({type(error).__name__})",
                remedy="try again later; if it stays, a proxy between the two systems may cut answers off",
            ) from None

    def close(self) -> None:
        """Let go of the connection; one whose body was not read to the end is not used again."""
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Attempt(threading.local):
    """Whether this thread's request has started to leave; set by the connection, read by `send`."""

    left = False


class _Door(msgspec.Struct, frozen=True):
    """What every connection of one transport shares."""

    attempt: _Attempt
    resolve: Resolve
    connect: Connect
    keep_alive_s: float


class _Pinned(HTTPConnection):
    """A connection that goes to a checked address and knows whether bytes have left through it."""

    def __init__(self, *args: Any, door: _Door, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door
        self._answered_at = float("-inf")

    def _new_conn(self) -> socket.socket:
        # SNI, certificate check and Host header keep the name: only the address is ours.
        fault: OSError | None = None
        for address in pin_host(self.host, port=self.port, resolve=self._door.resolve):
            try:
                sock = self._door.connect((address, self.port), _CONNECT_TIMEOUT_S)
            except OSError as error:
                fault = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        raise ConnectTimeoutError(self, str(fault))

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self._door.attempt.left = True
        super().send(data)

    def getresponse(self) -> Any:
        response = super().getresponse()
        self._answered_at = time.monotonic()
        return response

    @property
    def is_connected(self) -> bool:
        # Servers close idle connections without asking. One just closed by the other side still takes our bytes, and
        # whether they were read cannot be told: a connection idle for long is not worth that doubt.
        return super().is_connected and time.monotonic() - self._answered_at < self._door.keep_alive_s


class _PinnedTls(_Pinned, HTTPSConnection):
    """The same, over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Pinned


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedTls


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
        self._attempt = _Attempt()
        self._door = _Door(self._attempt, resolve, connect, keep_alive_s)
        self._tls = _tls_context(ca_bundle)
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
        self._attempt.left = False
        try:
            raw = pool.urlopen(
                request.method,
                (parts.path or "/") + ("?" + urlencode(request.query) if request.query else ""),
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=request.timeout_s),
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
            return _Pool(host, port, maxsize=self._connections, door=self._door)
        return _TlsPool(
            host, port, maxsize=self._connections, door=self._door, ssl_context=self._tls, cert_reqs="CERT_REQUIRED"
        )

    def _sort(self, error: Exception, *, host: str) -> Exception:
        if self._attempt.left:
            return AmbiguousWriteError(
                f"the connection to {host} failed after the request began to leave ({type(error).__name__})",
                remedy="nothing to do by hand: what was sent is looked up before anything is sent again",
            )
        return NotSentError(
            f"no connection to {host} ({type(error).__name__}: {_reason(error)})",
            remedy="check the host, the network and the firewall; for a private CA set [hosts] ca_bundle",
        )


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date; None when it is absent, negative or unreadable."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait_s = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return wait_s if wait_s >= 0 else None


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """A client context that verifies; unlike the default one it ignores SSLKEYLOGFILE, which would write keys to disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if ca_bundle is not None:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"the CA bundle {ca_bundle} cannot be used ({type(error).__name__})",
                remedy="set [hosts] ca_bundle to a readable PEM file",
            ) from None
    return context


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


def _reason(error: Exception) -> str:
    """The system's own short reason (refused, timed out, certificate …); it holds names and numbers only."""
    inner: Any = error.args[-1] if error.args else error
    return str(inner).rpartition(": ")[2][:200] if not isinstance(inner, ssl.SSLError) else str(inner.reason)
