"""
How long we wait because the other system says so (Retry-After): minutes are waited out, hours are told and end the run.

Whoever runs us comes again anyway; a process that sleeps for hours holds the lease, and looks as if it hung. *Pure*.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from ml_connector.errors import MLConnectorError, TransientError

LONGEST_ASKED_S = 15 * 60.0
_MEANT_S = 7 * 86400.0
A_WAIT_S = 1.0
"""Asked for less, somebody waits as long as they think right."""

_Error = TypeVar("_Error", bound=MLConnectorError)


def tell_wait(error: _Error, *, now: datetime) -> _Error:
    """Put into the words of *error* what it asks for, and when to come again."""
    asked_s = error.retry_after_s if isinstance(error, TransientError) else None
    if asked_s is None:
        return error
    if asked_s > _MEANT_S:
        words = f"it asks us to stay away for {asked_s / 86400:,.0f} days"
        remedy = "nobody means that: run it again in an hour; if it stays, ask who runs it, or what stands before it"
    else:
        words = f"it asks us to come again in {asked_s:.0f} s, at {now + timedelta(seconds=asked_s):%Y-%m-%d %H:%M %Z}"
        remedy = "run it again then: what was not done yet is done then"
    error.message = f"{error.message}: {words}"
    error.args = (error.message,)
    error.remedy = f"{remedy}; {error.remedy}" if error.remedy else remedy
    return error


class Patience:
    """
    What one question may still wait for: so many *tries*, and so many minutes that the other system asks for.

    A refusal that says when to come again is no try: what a minute's budget refuses it may refuse every second of it.
    Whoever is asked to wait waits just that; waits of one's own are for *tries*, as many as were made.
    """

    def __init__(self, *, tries: int, waited_s: float = 0.0) -> None:
        """*waited_s* is what was waited before."""
        self._most, self.tries, self.waited_s = tries, 0, waited_s

    def heed(self, error: MLConnectorError, *, least_s: float = 0.0) -> float:
        """
        How many seconds to wait because *error* asks for it, *least_s* at the least; 0 where it asks for none.

        Raises:
            MLConnectorError: *error* itself, where no try is left, or where it would be more than `LONGEST_ASKED_S`
                with what was waited already.
        """
        asked_s = (error.retry_after_s if isinstance(error, TransientError) else None) or 0.0
        if asked_s >= A_WAIT_S:
            asked_s = max(asked_s, least_s)
        if self.waited_s + asked_s > LONGEST_ASKED_S:
            raise error
        self.waited_s += asked_s
        self.tries += asked_s < A_WAIT_S
        if self.tries == self._most:
            raise error
        return asked_s
