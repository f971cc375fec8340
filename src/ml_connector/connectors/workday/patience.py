"""
How long we wait for Workday, and how we keep from being a burden: shared by every thread of one surface.

A refusal for pace, or a wait that Workday asks for, makes everybody wait, not only the thread it met; whatever else
goes wrong, that one alone. `WD-RateLimit-Tokens-Remaining` is undocumented and its unit unknown, so it only makes us
slower when it runs low against the most we ever saw; it never fails anything.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import TypeVar

from ml_connector.connectors.asked_wait import A_WAIT_S, LONGEST_ASKED_S, Patience
from ml_connector.connectors.hands import heed_stop, rest
from ml_connector.connectors.port import Page
from ml_connector.connectors.workday.auth import Signature, Signer
from ml_connector.errors import (
    AuthenticationError,
    IncompleteReadError,
    MLConnectorError,
    RateLimitError,
    TransientError,
    UnavailableError,
)

ATTEMPTS = 5
EXTRACTIONS = 3
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
TOKENS = "wd-ratelimit-tokens-remaining"
_LOW_SHARE = 0.05
_LOW_WAIT_S = 1.0

_Answer = TypeVar("_Answer")


class Pace:
    """Says how long to hold back before the next request; one for all threads of a surface."""

    def __init__(self, *, sleep: Callable[[float], None] = rest, clock: Callable[[], float] = time.monotonic) -> None:
        self._sleep, self._clock = sleep, clock
        self._turnstile, self._lock = threading.Lock(), threading.Lock()
        self._owed_s = 0.0
        self._wakes_at = float("-inf")
        self._most = 0

    def wait(self) -> None:
        """
        Sit out what is owed: the first caller sleeps, the others queue behind it.

        Raises:
            NotSentError: this thread was told to stop; what was not sat out is owed still.
        """
        with self._turnstile:
            while (owed_s := self._take()) > 0:
                try:
                    self._sleep(owed_s)
                except BaseException:
                    self._put_back()
                    raise
        heed_stop()

    def _take(self) -> float:
        """What is to be sat out from now: more may be owed once that is."""
        with self._lock:
            owed_s, self._owed_s = self._owed_s, 0.0
            self._wakes_at = self._clock() + owed_s if owed_s > 0 else float("-inf")
            return owed_s

    def _put_back(self) -> None:
        """Whoever comes next sits out what is left."""
        with self._lock:
            left_s, self._wakes_at = self._wakes_at - self._clock(), float("-inf")
            self._owed_s = max(self._owed_s, left_s)

    def note(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer how many tokens are left."""
        text = headers.get(TOKENS, "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            return
        left = int(text)
        with self._lock:
            self._most = max(self._most, left)
        if left <= self._most * _LOW_SHARE:
            self.owe(_LOW_WAIT_S if left else _LOW_WAIT_S * 5)

    def owe(self, seconds: float) -> None:
        """
        Let nobody ask for *seconds* from now; never shortens what is owed already, never longer than 15 minutes.

        What somebody sits out right now counts: requests refused side by side are waited for once, not in turn.
        """
        with self._lock:
            sat_out_s = max(0.0, self._wakes_at - self._clock())
            self._owed_s = max(self._owed_s, min(seconds, LONGEST_ASKED_S) - sat_out_s)

    def heed(self, error: MLConnectorError, patience: Patience) -> None:
        """
        Wait as *error* asks, or longer with each try where it does not; as `back_off`.

        Raises:
            MLConnectorError: *error* itself, where *patience* ends.
        """
        asked_s = patience.heed(error)
        own_s = 0.0
        if asked_s < A_WAIT_S:
            grown_s = min(FIRST_WAIT_S * 2.0 ** (patience.tries - 1), LONGEST_WAIT_S)
            own_s = grown_s * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
        self.back_off(error, asked_s=asked_s, own_s=own_s)

    def back_off(self, error: MLConnectorError, *, asked_s: float, own_s: float) -> None:
        """Wait for as long as *error* asks for, at least *own_s*: everybody, where it is about pace or asks for it."""
        if asked_s > 0 or isinstance(error, RateLimitError):
            self.owe(max(asked_s, own_s))
        else:
            self._sleep(own_s)


def ask_patiently(
    once: Callable[[Signature], _Answer], *, signer: Signer, pace: Pace, give_way: bool = False
) -> _Answer:
    """
    Call *once* with a signature until it answers; for reading only, which may be asked again.

    With *give_way* an answer that came too late is not asked for again.

    Raises:
        AuthenticationError, PermissionError_, ConfigurationError: refused, not asked again but for one renewed token.
        RateLimitError, UnavailableError: still no answer after patient attempts, or more patience is asked for than
            that.
    """
    patience, renewed = Patience(tries=ATTEMPTS), False
    while True:
        signature = None
        try:
            pace.wait()
            signature = signer.sign()
            return once(signature)
        except AuthenticationError:
            if signature is None or renewed or not signer.renew(signature):
                raise
            renewed = True
        except TransientError as error:
            if give_way and isinstance(error, UnavailableError) and error.timed_out:
                raise
            pace.heed(error, patience)


def read_insistently(read_once: Callable[[], Generator[Page, None, None]]) -> Generator[Page, None, None]:
    """
    Start an extraction that does not add up again, as long as nothing of it was given away.

    Raises:
        IncompleteReadError: whoever took pages must discard them.
    """
    for attempt in range(1, EXTRACTIONS + 1):
        given = False
        try:
            with closing(read_once()) as pages:
                for page in pages:
                    given = True
                    yield page
        except IncompleteReadError:
            if given or attempt == EXTRACTIONS:
                raise
        else:
            return
