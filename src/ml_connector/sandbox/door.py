"""A port on loopback with one pretended system behind it: a thread for each connection, kept alive, ended cleanly."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any

from ml_connector.sandbox.absence import Absence
from ml_connector.sandbox.arrivals import Arrivals
from ml_connector.sandbox.deeds import Deeds
from ml_connector.sandbox.exchange import Pretender, SocketExchange, send_response
from ml_connector.sandbox.faults import FaultBook
from ml_connector.sandbox.http import Handler, Response, json_response
from ml_connector.sandbox.modes import spoil

MAX_REQUEST_BYTES = 64 * 1024 * 1024
CONTROL_PATH = "/sandbox"
_IDLE_S = 120
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Door(TCPServer):
    """
    Answers one system's requests; *control*, where there is one, answers below `/sandbox`, past faults and arrivals.
    """

    request_queue_size = 128
    allow_reuse_address = True

    def __init__(
        self,
        port: int,
        *,
        pretender: Pretender,
        faults: FaultBook,
        arrivals: Arrivals,
        control: Handler | None = None,
        deeds: Deeds | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.pretender, self.faults, self.arrivals, self.control = pretender, faults, arrivals, control
        self.deeds = deeds or Deeds()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._resets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._accepting: threading.Thread | None = None
        self.absence = Absence(self, pause=self._pause, resume=self.start)

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._accepting.start()

    def stop(self) -> None:
        """Stop answering and end every connection, held ones too."""
        self.pretender.stopping.set()
        self.absence.cancel()
        self._stop_accepting()
        self.server_close()
        for thread in self._end_connections():
            thread.join(timeout=5)

    def _pause(self) -> None:
        self._stop_accepting()
        self._end_connections()

    def _stop_accepting(self) -> None:
        if self._accepting is not None and self._accepting.is_alive():
            self.shutdown()
            self._accepting.join()

    def _end_connections(self) -> list[threading.Thread]:
        """End every connection but the one that asks for it, and name their threads."""
        with self._lock:
            others = {each: thread for each, thread in self._open.items() if thread is not threading.current_thread()}
        for connection in others:
            with contextlib.suppress(OSError):  # it may have ended by itself meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        return list(others.values())

    def reset_when_closed(self, connection: socket.socket) -> None:
        """Let this connection end with a TCP reset."""
        self._resets.add(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection on a thread of its own."""
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def _serve(self, connection: socket.socket, client_address: Any) -> None:
        try:
            with contextlib.suppress(OSError):  # callers may hang up when they like
                self.finish_request(connection, client_address)
        finally:
            self.shutdown_request(connection)
            with self._lock:
                self._open.pop(connection, None)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection: in good order, or with a reset where a fault asked for one."""
        if request not in self._resets:
            super().shutdown_request(request)
            return
        self._resets.discard(request)
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        request.close()


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = _IDLE_S
    server: Door

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the standard library's own name
        """Keep quiet: the arrivals tell."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Tell the time in `Date` as this system's clock has it."""
        return formatdate(self.server.pretender.clock().timestamp(), usegmt=True)

    def _meet(self) -> None:
        length = self._announced_length()
        if length is None:
            return
        door = self.server
        exchange = SocketExchange(self, pretender=door.pretender, length=length)
        if door.control and (exchange.path + "/").startswith(CONTROL_PATH + "/"):
            answer = door.control(exchange.request())
            self.close_connection |= bool(door.absence)  # it may just have been told to go away
            send_response(self, answer)
            return
        door.arrivals.append(exchange.arrival)
        fault = door.faults.take(system=exchange.system, method=exchange.method, path=exchange.path)
        if fault is None:
            exchange.send(exchange.act())
            return
        exchange.arrival.fault = fault.mode
        door.deeds.note("fault", system=exchange.system, mode=fault.mode, method=exchange.method, path=exchange.path)
        spoil(fault, exchange)
        if exchange.wants_reset:
            door.reset_when_closed(self.connection)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _meet  # noqa: N815 -- the standard library's own names

    def _announced_length(self) -> int | None:
        """The body's length; `None` when the request was refused for it."""
        text = self.headers.get("Content-Length", "0")
        refusal = None
        if "Transfer-Encoding" in self.headers:
            refusal = Response(411)
        elif not (text.isascii() and text.isdigit()):
            refusal = Response(400)
        elif int(text) > MAX_REQUEST_BYTES:
            refusal = json_response({"error": f"a request has at most {MAX_REQUEST_BYTES} bytes"}, 413)
        if refusal is None:
            return int(text)
        self.close_connection = True
        send_response(self, refusal)
        return None
