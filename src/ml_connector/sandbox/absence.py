"""
A port nobody answers at for a while: refused at once, or a line on which no connection ever comes about.

The port itself is kept, so that nobody else can take it meanwhile.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from socketserver import TCPServer

_MOST_FILLERS = 8
_SETTLED_S = 0.1


class Absence:
    """One server's times away. *pause* ends its accepting and every connection, *resume* accepts again. Thread-safe."""

    def __init__(self, server: TCPServer, *, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._server, self._pause, self._resume = server, pause, resume
        self._turn = threading.RLock()
        self._timer: threading.Timer | None = None
        self._fillers: list[socket.socket] = []

    def __bool__(self) -> bool:
        """Whether the server is away now."""
        return self._timer is not None

    def begin(self, seconds: float, *, silent: bool) -> None:
        """Be away for so many seconds: connections are refused, or, when *silent*, never completed."""
        with self._turn:
            self.end()
            self._timer = threading.Timer(seconds, self.end)
            self._timer.daemon = True
            self._pause()
            (self._stop_hearing if silent else self._stop_listening)()
            self._timer.start()

    def end(self) -> None:
        """Be back."""
        with self._turn:
            if self.cancel():
                self._server.server_activate()
                self._resume()

    def cancel(self) -> bool:
        """Forget about coming back, as a server that closes does; say whether it was away."""
        with self._turn:
            timer, self._timer = self._timer, None
            for filler in self._fillers:
                filler.close()
            self._fillers.clear()
            if timer is not None:
                timer.cancel()
            return timer is not None

    def _stop_listening(self) -> None:
        """Let the kernel refuse: the port is bound and nobody listens."""
        self._server.socket.close()
        self._server.socket = socket.socket(self._server.address_family, self._server.socket_type)
        self._server.server_bind()  # to the same port: it is the server's address by now

    def _stop_hearing(self) -> None:
        """Fill the shortest of queues: whoever comes after that gets no answer to their first packet."""
        self._server.socket.listen(0)
        for _ in range(_MOST_FILLERS):
            filler = socket.socket(self._server.address_family, self._server.socket_type)
            self._fillers.append(filler)
            filler.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self._server.server_address)
            if not select.select([], [filler], [], _SETTLED_S)[1]:
                return
