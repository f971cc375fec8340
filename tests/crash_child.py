"""A sync in a process of its own, for being killed: by whom it speaks to, or by itself at one of its own steps."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from ml_connector.bootstrap import wire
from ml_connector.connectors import transport
from ml_connector.settings.loading import parse_settings
from ml_connector.storage.database import open_database
from ml_connector.usecases import syncs
from ml_connector.vault.keys import MasterKey
from tests.rehearsal import WatchedDatabase
from tests.world import silent

# What is counted: before and after each commit, and each answer when its head is there and when it was read.
COMMIT, ANSWER = "commit", "answer"


class Steps:
    """Counts the steps of each kind where the parent sees it, and dies of SIGKILL at the given one."""

    def __init__(self, passed: Mapping[str, Any], *, die_at: tuple[str, int] | None) -> None:
        self._passed, self._die_at = passed, die_at
        self._lock = threading.Lock()

    def take(self, kind: str) -> None:
        with self._lock:
            self._passed[kind].value += 1
            if self._die_at == (kind, self._passed[kind].value):
                os.kill(os.getpid(), signal.SIGKILL)


def run(
    configuration: dict[str, Any],
    passed: Mapping[str, Any] | None = None,
    die_at: tuple[str, int] | None = None,
) -> None:
    settings = parse_settings(configuration, name="child")
    database = WatchedDatabase(open_database(settings.database.url).engine)
    if passed is not None:
        steps = Steps(passed, die_at=die_at)
        _watch_answers(steps)
        database.boundary = partial(steps.take, COMMIT)
    app = wire(settings, name="acme", database=database, master_key=MasterKey(b"k" * 32), actor="child")
    try:
        syncs.sync(app, progress=silent)
    finally:
        app.close()


def _watch_answers(steps: Steps) -> None:
    """This process is there for nothing else, so the real transport is watched where it stands."""
    send, close = transport.Transport.send, transport.HttpResponse.close

    def send_and_tell(self: Any, request: Any) -> Any:
        answer = send(self, request)
        steps.take(ANSWER)
        return answer

    def close_and_tell(self: Any) -> None:
        close(self)
        steps.take(ANSWER)

    transport.Transport.send = send_and_tell  # type: ignore[method-assign]
    transport.HttpResponse.close = close_and_tell  # type: ignore[method-assign]
