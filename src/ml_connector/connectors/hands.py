"""
Threads that ask ahead or write side by side, and can be told to stop.

The standard pool cannot: whoever leaves it waits for every thread, and so does the interpreter on its way out, though
one of them sits out a quarter of an hour that the other system asked for. Here whoever rests wakes up and gives up; who
waits for an answer that only reads is left to it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from ml_connector.errors import NotSentError

# An answer on its way is mostly there by then; a longer one is nobody's any more.
READERS_S = 2.0
_STOPPED = "the run was stopped before this was asked"

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Here(threading.local):
    """What tells the thread it is read in to stop; None in one that nobody tells."""

    stop: threading.Event | None = None


_HERE = _Here()


def rest(seconds: float) -> None:
    """
    Sleep; in a thread of `Hands`, until it is told to stop.

    Raises:
        NotSentError: it was, before or meanwhile. Who rests has nothing on its way: it is before a request, or after
            one that was refused.
    """
    stop = _HERE.stop
    if stop is None:
        time.sleep(seconds)
    elif stop.wait(seconds):
        raise NotSentError(_STOPPED)


def heed_stop() -> None:
    """
    Go on; in a thread of `Hands` that was told to stop, do not.

    Raises:
        NotSentError: it was; as `rest`, for who waited behind somebody who rested.
    """
    if _HERE.stop is not None and _HERE.stop.is_set():
        raise NotSentError(_STOPPED)


class Hands:
    """
    At most *count* threads, started as there is work; a context manager for one thread to use.

    On leaving, what has not begun is dropped, whoever rests gives up, and the others are waited for: *leave_after_s*
    seconds at most, or with None for as long as it takes, as where they write.
    """

    def __init__(self, count: int, *, name: str, leave_after_s: float | None) -> None:
        self._count, self._name, self._leave_after_s = count, name, leave_after_s
        self._orders: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def submit(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Have *work* done; what it gives or raises is the future's. Told to stop, it is dropped."""
        future: Future[_T] = Future()
        if self._stop.is_set():
            future.cancel()
            return future
        self._orders.put((future, lambda: work(*args, **kwargs)))
        if len(self._threads) < self._count:
            name = f"{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        return future

    def stop(self) -> None:
        """Wake whoever rests, and let nobody rest or begin from now on."""
        self._stop.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """End it, as the context manager does."""
        self.stop()
        for _ in self._threads:
            self._orders.put(None)
        until = None if self._leave_after_s is None else time.monotonic() + self._leave_after_s
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        _HERE.stop = self._stop
        while (order := self._orders.get()) is not None:
            future, work = order
            if self._stop.is_set():
                future.cancel()
            if future.set_running_or_notify_cancel():
                try:
                    outcome = work()
                except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
                    future.set_exception(error)
                else:
                    future.set_result(outcome)
                    del outcome
            del order, future, work  # or what was made would live until the next order
