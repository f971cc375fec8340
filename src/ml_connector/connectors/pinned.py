"""
Connections that go to a checked address under the host's own name, and know whether bytes have left through them.

The name stays in SNI, in the certificate check and in the Host header; only where the socket goes is decided here.
"""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from http.client import HTTPResponse
from typing import Any

import msgspec
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ml_connector.connectors.addresses import Resolve, pin_host
from ml_connector.errors import ConfigurationError

Connect = Callable[[tuple[str, int], float], socket.socket]

CONNECT_TIMEOUT_S = 10.0
_CIPHERS = "ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM:@SECLEVEL=2"


class Attempt(threading.local):
    """
    Of this thread's request: whether it has started to leave, as the connection tells, and how long a body may take.
    """

    left = False
    body_s = 0.0


class Door(msgspec.Struct, frozen=True):
    """What every connection of one transport shares."""

    attempt: Attempt
    resolve: Resolve
    connect: Connect
    keep_alive_s: float


class _Line(io.RawIOBase):
    """What a socket gives until *late_at* (monotonic): each wait is bounded, and all of them together."""

    def __init__(self, sock: socket.socket, given: io.RawIOBase) -> None:
        super().__init__()
        self._sock, self._given = sock, given
        self._each_s = sock.gettimeout() or 0.0
        self.late_at = time.monotonic() + self._each_s

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        left_s = self.late_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._each_s, left_s))
        count: int | None = self._given.readinto(into)
        return count

    def close(self) -> None:
        self._given.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer whose head has to be here, as a whole, in the time of one wait, and its body in its own."""

    def __init__(self, sock: socket.socket, *args: Any, attempt: Attempt, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._attempt, self._line = attempt, _Line(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._line)

    def begin(self) -> None:
        super().begin()
        self._line.late_at = time.monotonic() + self._attempt.body_s


class _Pinned(HTTPConnection):
    """A connection that goes to a checked address and knows whether bytes have left through it."""

    def __init__(self, *args: Any, door: Door, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door
        self.response_class = partial(_Answer, attempt=door.attempt)  # type: ignore[assignment]  # it is only called
        self._answered_at = float("-inf")
        self._held: list[bytes] | None = None

    def _new_conn(self) -> socket.socket:
        # SNI, certificate check and Host header keep the name: only the address is ours.
        fault: OSError | None = None
        for address in pin_host(self.host, port=self.port, resolve=self._door.resolve):
            try:
                sock = self._door.connect((address, self.port), CONNECT_TIMEOUT_S)
            except OSError as error:
                fault = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        if isinstance(fault, TimeoutError):
            raise ConnectTimeoutError(self, str(fault))
        raise NewConnectionError(self, str(fault))

    def request(self, *args: Any, **kwargs: Any) -> None:
        # Head and body leave in one piece. Sent one after the other, as the standard library does, a process that is
        # paused in between holds half a write: nobody sees it when reading back, and it is completed on waking up.
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*args, **kwargs)
        finally:
            self._held = None
        self.send(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is not None:
            self._held.append(data)
            return
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


class Pool(HTTPConnectionPool):
    """Plain connections kept alive, for loopback."""

    ConnectionCls = _Pinned


class TlsPool(HTTPSConnectionPool):
    """Connections over TLS kept alive."""

    ConnectionCls = _PinnedTls


@cache
def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """
    A client context that verifies, trusting *ca_bundle* besides the system's roots; one a process, as loading them
    takes long.

    What it takes does not hang on the machine's OpenSSL policy: TLS 1.2 or later with forward secrecy, keys and
    signatures of 112 bits of security or more, chains strictly by RFC 5280, names by their subjectAltName alone. Unlike
    the default one it ignores SSLKEYLOGFILE, which would write session keys to disk.

    Raises:
        ConfigurationError: the bundle cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.hostname_checks_common_name = False
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
