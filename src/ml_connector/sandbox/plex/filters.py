"""
Query filters of the resource API.

A name no operation documents is ignored without a word, so that a misspelt filter returns everything: users recorded
it. A documented name with a value of another kind is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ml_connector.sandbox.plex.answers import bad_argument
from ml_connector.sandbox.plex.tables import Row

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(?:\.\d{1,7})?Z")
_PERIOD = re.compile(r"(0[1-9]|1[0-3])-(\d{4})")


class Kind(StrEnum):
    """How a filter's value is read and compared."""

    TEXT = "text"
    UUID = "uuid"
    FLAG = "flag"
    NUMBER = "number"
    SINCE = "since"
    UNTIL = "until"
    PERIOD_SINCE = "period since"
    PERIOD_UNTIL = "period until"


@dataclass(frozen=True)
class Filter:
    """A documented filter on one field of a row."""

    field: str
    kind: Kind


def texts(*names: str) -> dict[str, Filter]:
    """Filters that compare a text field of the same name."""
    return {name: Filter(name, Kind.TEXT) for name in names}


def select(rows: Iterable[Row], query: Mapping[str, list[str]], *, filters: Mapping[str, Filter]) -> list[Row]:
    """
    Keep the rows that pass every documented filter of *query*; a repeated name passes any of its values.

    Raises:
        RefusedError: 400 ARGUMENT_INVALID; a value that is not of its filter's kind.
    """
    tests = [_test(name, filters[name], values) for name, values in query.items() if name in filters]
    return [row for row in rows if all(test(row) for test in tests)]


def read_instant(text: str) -> datetime | None:
    """Read `YYYY-MM-DDThh:mm[:ss[.f]]Z`; anything without a time or a zone is `None`."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1] + (match[2] or ":00")).replace(tzinfo=UTC)
    except ValueError:
        return None


def _test(name: str, rule: Filter, values: list[str]) -> Callable[[Row], bool]:
    match rule.kind:
        case Kind.SINCE | Kind.UNTIL:
            bounds = [_parse(name, read_instant, value) for value in values]
            return _bound(rule, read_instant, bounds)
        case Kind.PERIOD_SINCE | Kind.PERIOD_UNTIL:
            periods = [_parse(name, _order, value) for value in values]
            return _bound(rule, _order, periods)
        case Kind.TEXT:
            folded = {value.casefold() for value in values}
            return lambda row: str(row[rule.field] or "").casefold() in folded
        case _:
            wanted = [_parse(name, _READERS[rule.kind], value) for value in values]
            return lambda row: row[rule.field] in wanted


def _bound(rule: Filter, read: Callable[[str], Any], bounds: list[Any]) -> Callable[[Row], bool]:
    """Both ends are inclusive; a row without the field passes neither."""
    least, most = max(bounds), min(bounds)
    since = rule.kind in (Kind.SINCE, Kind.PERIOD_SINCE)

    def passes(row: Row) -> bool:
        value = read(row[rule.field] or "")
        return value is not None and (value >= least if since else value <= most)

    return passes


def _order(period: str) -> tuple[str, str] | None:
    match = _PERIOD.fullmatch(period)
    return (match[2], match[1]) if match else None


def _parse(name: str, read: Callable[[str], Any], value: str) -> Any:
    try:
        found = read(value)
    except (ValueError, KeyError):
        found = None
    if found is None:
        raise bad_argument(name)
    return found


_MOST_NUMBER = 2**31 - 1  # int32, as the published description has it
_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.UUID: lambda text: str(UUID(text)),
    Kind.FLAG: lambda text: {"true": True, "false": False}[text.lower()],
    Kind.NUMBER: lambda text: number if -_MOST_NUMBER - 1 <= (number := int(text)) <= _MOST_NUMBER else None,
}
