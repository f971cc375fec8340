"""One request on its socket: read it, let the system act, answer it well - or as badly as a fault asks for."""

from __future__ import annotations

import gzip
import select
import selectors
import socket
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from ml_connector.sandbox.arrivals import Arrival
from ml_connector.sandbox.http import Handler, Request, Response, json_response

_WORTH_GZIP = 1024
_POLL_S = 0.05


@dataclass(frozen=True)
class Pretender:
    """
    One system behind a port.

    *clock* is the time its answers tell, right or wrong; *meddle* lets somebody at the system do a deed to the record a
    request is about, before it is carried out. *recent* remembers successful answers for `wrong_answer`, a streamed one
    as `None`; *stopping* ends every wait when the port closes.
    """

    system: str
    answer: Handler
    expire_tokens: Callable[[], None]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    meddle: Callable[[Request, str], None] = lambda _request, _deed: None
    recent: deque[tuple[Request, Response | None]] = field(default_factory=lambda: deque(maxlen=8))
    stopping: threading.Event = field(default_factory=threading.Event)


class SocketExchange:
    """A request and its connection, as `effects.Exchange` describes it."""

    def __init__(self, wire: BaseHTTPRequestHandler, *, pretender: Pretender, length: int) -> None:
        parts = urlsplit(wire.path)
        self.system, self.method = pretender.system, wire.command
        self.path, self.query = unquote(parts.path), parts.query
        self.wants_reset = False
        self.arrival = Arrival(system=self.system, method=self.method, path=self.path, query=self.query)
        self._wire, self._pretender, self._length = wire, pretender, length
        self._request: Request | None = None

    def request(self) -> Request:
        """Read the whole request, once."""
        if self._request is None:
            body = self._wire.rfile.read(self._length) if self._length else b""
            self.arrival.hash_body(body)
            headers = {name.lower(): value for name, value in self._wire.headers.items()}
            query = parse_qs(self.query, keep_blank_values=True)
            self._request = Request(self.method, self.path, query, headers, body)
        return self._request

    def read(self) -> None:
        """Read the whole request and do nothing about it."""
        self.request()

    def read_half(self) -> None:
        """Read half of the request's body."""
        self._wire.rfile.read(self._length // 2)

    def act(self) -> Response:
        """Let the system carry the request out; a success is remembered for `wrong_answer`."""
        request = self.request()
        response = self._pretender.answer(request)
        whole = isinstance(response.body, bytes)
        if response.status in (200, 201) and (response.body if whole else True):
            self._pretender.recent.append((request, response if whole else None))
        return response

    def act_on(self, change: Callable[[Request], Request]) -> Response:
        """Let the system carry out another request in this one's place."""
        return self._pretender.answer(change(self.request()))

    def send(self, response: Response) -> None:
        """Send an answer."""
        self.arrival.status = response.status
        send_response(self._wire, response)

    def send_part(self, response: Response, *, size: int | None) -> None:
        """Announce the whole body, send *size* bytes of it (`None`: half) and hang up."""
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        self.arrival.status = response.status
        self.hang_up()
        length = max(2, len(body)) if size is None else max(size + 1, len(body))
        _begin(self._wire, response.status, {**response.headers, "Content-Length": str(length)})
        self._wire.wfile.write(body[: len(body) // 2 if size is None else size])
        self._wire.wfile.flush()

    def hold(self, seconds: float | None) -> None:
        """Wait, until the caller hangs up or the port closes at the latest."""
        connection, waited = self._wire.connection, 0.0
        with selectors.DefaultSelector() as watch:
            watch.register(connection, selectors.EVENT_READ)
            while (seconds is None or waited < seconds) and not self._pretender.stopping.wait(_POLL_S):
                waited += _POLL_S
                if watch.select(0) and (_hung_up(connection) or not connection.recv(1, socket.MSG_PEEK)):
                    return

    def reset(self) -> None:
        """Tear the connection down with a TCP reset when this exchange is over."""
        self.wants_reset = True
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection when this exchange is over."""
        self._wire.close_connection = True

    def other_answer(self) -> Response:
        """The latest answer to another request, to one of the same kind where there is one; else an empty list."""
        mine = self.request()
        recent = reversed(list(self._pretender.recent))
        others = [(asked, answer) for asked, answer in recent if _meaning(asked) != _meaning(mine)]
        alike = [each for each in others if (each[0].method, each[0].path) == (mine.method, mine.path)]
        for asked, answer in alike or others:
            return answer or self._pretender.answer(asked)  # only reads are streamed: asking again changes nothing
        return json_response([])

    def meddle(self, deed: str) -> None:
        """Let somebody at the system do something to the record this request is about."""
        self._pretender.meddle(self.request(), deed)

    def now(self) -> datetime:
        """The present instant by this system's clock, right or wrong."""
        return self._pretender.clock()

    def expire_tokens(self) -> None:
        """Let the system forget the tokens it gave out."""
        self._pretender.expire_tokens()


def _hung_up(connection: socket.socket) -> bool:
    """Whether the caller has gone though bytes of theirs are still unread; where the platform cannot tell, False."""
    if not hasattr(select, "POLLRDHUP"):
        return False
    watch = select.poll()
    watch.register(connection, select.POLLRDHUP)
    return bool(watch.poll(0))


def _meaning(request: Request) -> tuple[object, ...]:
    return request.method, request.path, request.query, request.body


def send_response(wire: BaseHTTPRequestHandler, response: Response) -> None:
    """Send an answer whole, or chunk by chunk as it is made; compressed where that is accepted and worth it."""
    headers = dict(response.headers)
    zipped = "gzip" in wire.headers.get("Accept-Encoding", "") and "Content-Encoding" not in headers
    if isinstance(response.body, bytes):
        body = response.body
        if zipped and len(body) >= _WORTH_GZIP:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        _begin(wire, response.status, {**headers, "Content-Length": str(len(body))})
        if wire.command != "HEAD":
            wire.wfile.write(body)
    else:
        if zipped:
            headers["Content-Encoding"] = "gzip"
        _begin(wire, response.status, {**headers, "Transfer-Encoding": "chunked"})
        for chunk in _gzipped(response.body) if zipped else response.body:
            if chunk:
                wire.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        wire.wfile.write(b"0\r\n\r\n")
    wire.wfile.flush()


def _begin(wire: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
    wire.send_response(status)
    for name, value in headers.items():
        wire.send_header(name, value)
    if wire.close_connection:
        wire.send_header("Connection", "close")
    wire.end_headers()


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()
