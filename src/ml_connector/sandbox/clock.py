"""How wrong a system's clock may be made to be, and the one on the wall where Workday is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

MOST_WRONG_S = 366 * 86_400
PACIFIC = ZoneInfo("America/Los_Angeles")
"""The clock on the wall where Workday is, which keeps summer time; a tenant's own does not."""


def check_offset(seconds: float) -> None:
    """
    Refuse an offset beyond a year either way.

    Raises:
        ValueError: it is beyond.
    """
    if not -MOST_WRONG_S <= seconds <= MOST_WRONG_S:
        raise ValueError(f"clock_offset_s is between -{MOST_WRONG_S} and {MOST_WRONG_S}")
