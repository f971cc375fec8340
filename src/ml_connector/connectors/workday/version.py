"""
How old a web-service version is. Pure.

Workday releases twice a year, R1 in March and R2 in September, each with the next whole version; v45 came with
2025R2. Old versions keep answering for years, but every one drops out of the catalogue some day.
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

OLDEST_READABLE = 30
_ANCHOR = 45  # 2025R2
_ANCHOR_RELEASE = 2025 * 2 + 1
_OLD = 4
_OLDEST_LISTED, _NEAR_OLDEST = "v40.1", 41


class VersionAge(msgspec.Struct, frozen=True, kw_only=True):
    """*behind* counts releases (negative: not out yet); *warning* is a sentence, or None while it is young enough."""

    release: str
    behind: int
    note: str
    warning: str | None = None


def tell_age(version: str, *, today: date) -> VersionAge:
    """Say how many releases *version* (`v45.0`) lies behind the newest one on *today*."""
    number = int(re.findall(r"\d+", version)[0])
    current = _ANCHOR + _count_releases(today) - _ANCHOR_RELEASE
    behind = current - number
    release, newest = _name_release(number), f"v{current} ({_name_release(current)})"
    if behind < 0:
        note = f"{version} (about {release}) is newer than {newest}, by our count of releases"
    elif behind == 0:
        note = f"{version} (about {release}) is the newest"
    else:
        note = f"{version} (about {release}) is {behind} release{'s'[: behind > 1]} behind {newest}"
    return VersionAge(release=release, behind=behind, note=note, warning=_warn(version, number, behind, current))


def _warn(version: str, number: int, behind: int, current: int) -> str | None:
    if number < OLDEST_READABLE:
        return f"{version} has the worker layout of before v30, which is not read: set version to v{current}.0"
    if number <= _NEAR_OLDEST:
        return f"{version} is near the oldest version Workday still lists ({_OLDEST_LISTED}): set a newer one"
    if behind >= _OLD:
        return f"{version} is old: try a newer one in an implementation tenant before it is taken away"
    return None


def _count_releases(today: date) -> int:
    """Two a year: R1 is even (in force from March), R2 odd (from September)."""
    if today.month >= 9:
        return today.year * 2 + 1
    return today.year * 2 if today.month >= 3 else today.year * 2 - 1


def _name_release(number: int) -> str:
    year, second = divmod(_ANCHOR_RELEASE + number - _ANCHOR, 2)
    return f"{year}R{second + 1}"
