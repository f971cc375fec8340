"""The forms values are written in, shared by every table of the configuration."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationInfo

from ml_connector.hosts import host_fault

_WHOLE = 100
_COUNT, _SHARE = r"[0-9]+", r"[0-9]+(?:\.[0-9]+)?"
_LIMIT = re.compile(
    rf"(?P<only>{_COUNT})|(?P<part>{_SHARE})\s*%|max\(\s*(?P<count>{_COUNT})\s*,\s*(?P<share>{_SHARE})\s*%\s*\)"
)


def parse_limit(text: str) -> tuple[int, Decimal]:
    """
    Split a guard's limit into a count and a share of 1; a change set trips it when it is over both.

    `"max(10, 2%)"` → `(10, Decimal("0.02"))`, `"20%"` → `(0, Decimal("0.2"))`, `"25"` → `(25, Decimal(0))`.

    Raises:
        ValueError: none of these three forms, or a share over 100 %: a limit read wrongly would loosen the guard.
    """
    found = _LIMIT.fullmatch(text.strip())
    share = Decimal((found["share"] or found["part"] or 0) if found else 0)
    if found is None or share > _WHOLE:
        raise ValueError(f"{text!r} is no limit: write a count (10), a share up to 100 % (2%) or both as max(10, 2%)")
    return int(found["count"] or found["only"] or 0), share / _WHOLE


_UNIT_S = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}


def parse_interval_s(text: str) -> int:
    """`"15 min"` → 900; units are s, min, h and day."""
    found = re.fullmatch(r"(\d{1,6}) ?([a-z]+)", text.strip().lower())
    if found is None or found[2] not in _UNIT_S:
        raise ValueError(f"{text!r} is no interval such as 15 min or 1 h")
    return int(found[1]) * _UNIT_S[found[2]]


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REGULAR = re.compile(rf"(?:daily|weekly ({'|'.join(_WEEKDAYS)})) ([01][0-9]|2[0-3]):([0-5][0-9]) (\S+)")


class Regular(NamedTuple):
    """A time that comes every day or, with *weekday* (Monday is 0), once a week, by the clocks of one zone."""

    weekday: int | None
    clock: time
    zone: ZoneInfo


def parse_regular(text: str) -> Regular:
    """
    Read `daily 02:00 America/Detroit` or `weekly Sunday 02:00 America/Detroit`.

    Raises:
        ValueError: it is neither.
    """
    found = _REGULAR.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time such as daily 02:00 America/Detroit or weekly Sunday 02:00 UTC")
    try:
        zone = ZoneInfo(found[4])
    except (LookupError, ValueError, OSError):
        raise ValueError(f"{found[4]!r} is no time zone such as America/Detroit") from None
    return Regular(_WEEKDAYS.index(found[1]) if found[1] else None, time(int(found[2]), int(found[3])), zone)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


def check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is no IANA time zone such as America/Detroit") from None
    return value


def check_filled(value: str, example: str) -> None:
    if not value.strip():
        raise ValueError(f"is empty: {example}")


def check_host(url: str, system: str, info: ValidationInfo) -> None:
    """Where the allowed hosts are known; else it is checked for the whole, see `Settings`."""
    if info.context is not None:
        fault = host_fault(url, system=system, allow=info.context["allow"])
        if fault:
            raise ValueError(fault)
