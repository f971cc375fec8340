"""
Child processes that do pieces of work beside this one, once there is enough of it to pay for their start.

Processes and not threads, as the work holds the interpreter's lock (docs/adr/0010-child-processes.md). A child is a
fresh interpreter: it is given no connection and no opened secret, gets its work through a pipe, writes nothing, and
ends when whoever started it ends, in whatever way.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, wait
from multiprocessing import connection
from typing import Generic, NamedTuple, TypeVar

# Cutting, hashing and keeping a page takes about as long as translating half of it: more children would wait.
MOST_CHILDREN = 3
_ROOM = (
    4  # pieces given to each child: the one it works on, and enough to outlast what this process does between two looks
)
_MOST_WAITING = 32
# Made between two looks for garbage, here and in who reads: by default they are far fewer.
OBJECTS_BETWEEN_LOOKS = 20_000

_Piece = TypeVar("_Piece")
_Done = TypeVar("_Done")


class _Errand(NamedTuple, Generic[_Piece, _Done]):
    """The outcome of a piece of work and, where it was sent to a child, the piece as it was sent."""

    sent: _Piece | None
    outcome: Future[_Done]


class Line(Generic[_Piece, _Done]):
    """
    Does one piece of work after the other, here or in a child; what is done comes out in the order it was put in.

    While the children have enough, this process does a piece itself: nobody waits, and what is held is bounded. *work*
    and *shorten* must be picklable where `start_children` is called; *shorten* makes a piece small before it is sent,
    and *work* must make the same of it.
    """

    def __init__(
        self, work: Callable[[_Piece], _Done], *, shorten: Callable[[_Piece], _Piece], children: int | None = None
    ) -> None:
        """*children* is how many there may be: by default one less than the cores that may be used."""
        self._work, self._shorten = work, shorten
        self._children = min(usable_cores() - 1, MOST_CHILDREN) if children is None else children
        self._pool: ProcessPoolExecutor | None = None
        self._errands: deque[_Errand[_Piece, _Done]] = deque()

    def start_children(self) -> None:
        """Let children do some of what is put in from now on. Nothing happens with one core, or where one has died."""
        if self._pool is None and self._children > 0:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._children, mp_context=context, initializer=_begin)

    @property
    def has_children(self) -> bool:
        """Whether any of it is done elsewhere."""
        return self._pool is not None

    def put(self, piece: _Piece) -> None:
        """Have a piece done: by a child that has room for it, or right here."""
        if len(self._errands) >= _MOST_WAITING:
            wait([self._errands[0].outcome])
        self._errands.append(self._send(piece) or self._do(piece))

    def done(self) -> Iterator[_Done]:
        """Give what is done by now, up to the first piece that is not."""
        while self._errands and self._errands[0].outcome.done():
            yield self._collect()

    def rest(self) -> Iterator[_Done]:
        """Give everything, and wait for it."""
        while self._errands:
            yield self._collect()

    def close(self) -> None:
        """End the children; what they have not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _send(self, piece: _Piece) -> _Errand[_Piece, _Done] | None:
        if self._pool is None or self._busy() >= _ROOM * self._children:
            return None
        short = self._shorten(piece)
        try:
            return _Errand(short, self._pool.submit(self._work, short))
        except (BrokenExecutor, OSError) as error:
            self._go_on_alone(error)
            return None

    def _busy(self) -> int:
        return sum(not errand.outcome.done() for errand in self._errands)

    def _do(self, piece: _Piece) -> _Errand[_Piece, _Done]:
        outcome: Future[_Done] = Future()
        outcome.set_result(self._work(piece))
        return _Errand(None, outcome)

    def _collect(self) -> _Done:
        sent, outcome = self._errands.popleft()
        try:
            return outcome.result()
        except BrokenExecutor as error:
            if sent is None:
                raise
            self._go_on_alone(error)
            return self._work(sent)

    def _go_on_alone(self, error: Exception) -> None:
        """A child was killed, for its memory most likely, or could not be started: its work is done here."""
        if self._children:
            _LOG.warning(
                "a child process that translated records ended by itself (%s): its work is done again in this one",
                type(error).__name__,
            )
        self._children = 0
        self.close()


_LOG = logging.getLogger(__name__)


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS does not pin a process


def _begin() -> None:
    """In a child: leave Ctrl-C to the parent, and end when it is gone, even killed."""
    gc.freeze()  # what is there now stays, and of a piece nothing does
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
