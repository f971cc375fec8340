"""A sync in a process of its own, with a short lease, for being raced against or stopped in the middle of a write."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from typing import Any

from ml_connector.errors import UnavailableError
from ml_connector.sync.lease import store
from tests import crash_child


def run(configuration: dict[str, Any], lease_s: float, stop_at: int | None = None) -> None:
    store.LEASE_S = lease_s  # type: ignore[assignment]
    if stop_at is not None:
        _stop_at_creation(stop_at)
    with contextlib.suppress(UnavailableError):
        crash_child.run(configuration)
        raise SystemExit(0)
    raise SystemExit(7)


def _stop_at_creation(number: int) -> None:
    """Stop this process when the first bytes of so many new employees have left, before it can do anything else."""
    sendall, seen = socket.socket.sendall, 0

    def send_and_stop(sock: socket.socket, data: bytes) -> None:
        nonlocal seen
        sendall(sock, data)
        line = data.partition(b"\r\n")[0]
        if line.startswith(b"POST ") and line.endswith(b"/mdm/v1/employees HTTP/1.1"):
            seen += 1
            if seen == number:
                # To the sending thread itself, which then cannot go on; a signal to the process takes its time.
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    socket.socket.sendall = send_and_stop  # type: ignore[assignment, method-assign]
