"""
A line that fails for real: a peer on loopback takes one whole request from the real transport and never answers it.

What the transport makes of a silence, a reset and a hang-up is its own word, not a test's.
"""

from __future__ import annotations

import socket
import struct
import threading
from typing import Literal, NoReturn

from ml_connector.connectors.transport import HttpRequest, Transport
from ml_connector.sandbox.http import Request

End = Literal["silence", "reset", "hang-up"]
_PATIENCE_S = 0.1
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def lose_answer(request: Request, *, end: End) -> NoReturn:
    """
    Send *request* to a peer that reads it to its last byte and then ends the line as told.

    Raises:
        AmbiguousWriteError: always, as the transport sorts it.
    """
    transport = Transport(system="plex")
    with socket.create_server(("127.0.0.1", 0)) as door:
        peer = threading.Thread(target=_take, args=(door, len(request.body), end))
        peer.start()
        try:
            transport.send(
                HttpRequest(
                    method=request.method,
                    url=f"http://127.0.0.1:{door.getsockname()[1]}{request.path}",
                    headers=dict(request.headers),
                    body=request.body or None,
                    timeout_s=_PATIENCE_S if end == "silence" else 30,
                )
            )
        finally:
            transport.close()
            peer.join()
    raise AssertionError("an answer came")


def _take(door: socket.socket, length: int, end: End) -> None:
    connection, _ = door.accept()
    with connection, connection.makefile("rb") as arriving:
        while arriving.readline().strip():
            pass
        arriving.read(length)
        if end == "silence":
            arriving.read(1)  # until the caller gives up
        elif end == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
