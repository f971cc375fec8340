"""Carries a query out: which rows fit, in which order, and how each value is written in JSON."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.columns import CURRENCY, Column
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.query import Condition, Given, Query, QueryError
from ml_connector.sandbox.workday.sources import Source

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def run_query(call: Call, source: Source, query: Query) -> list[Any]:
    """
    List the subjects a query selects, ordered and cut to its LIMIT.

    Raises:
        QueryError: a field the data source does not have, or a value of the wrong type.
    """
    tests = [_test(call, _column(source, condition.field), condition) for condition in query.conditions]
    rows = [subject for subject in source.subjects(call) if all(test(subject) for test in tests)]
    for field, falling in reversed(query.order):
        rows.sort(key=partial(_rank, call, _column(source, field)), reverse=falling)
    return rows if query.limit is None else rows[: query.limit]


def write_rows(call: Call, source: Source, query: Query, subjects: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Write rows as WQL does: a value that is not there is an absent key."""
    columns = [(_column(source, field), name) for field, name in query.fields]
    for subject in subjects:
        values = ((name, write_value(column, column.value(call, subject))) for column, name in columns)
        yield {name: value for name, value in values if value is not None}


def write_value(column: Column, value: Any) -> Any:
    """Write one value: an amount with its currency as two texts, a reference with label and id."""
    if isinstance(value, Ref):
        return {"descriptor": value.descriptor or "", "id": value.ids[0][1]}
    if isinstance(value, list):
        return [write_value(column, one) for one in value] or None
    if isinstance(value, Decimal):
        return {"value": format(value, "f"), "currency": "USD"} if column.kind == CURRENCY else float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def check_fields(source: Source, query: Query) -> None:
    """
    Refuse a query that names a field twice or one that does not exist.

    Raises:
        QueryError: it does.
    """
    names = [name for _, name in query.fields]
    if len(set(names)) < len(names):
        raise QueryError("A field is selected twice.")
    for field in (*(field for field, _ in query.fields), *(field for field, _ in query.order)):
        _column(source, field)


def _column(source: Source, field: str) -> Column:
    found = source.column(field)
    if found is None:
        raise QueryError(f"Field {field} is not valid for data source {source.alias}.")
    return found


def _test(call: Call, column: Column, condition: Condition) -> Callable[[Any], bool]:
    def fits(subject: Any) -> bool:
        value = column.value(call, subject)
        if condition.operator in ("is null", "is not null"):
            return (value is None) == (condition.operator == "is null")
        if condition.operator in _ORDERED:
            return value is not None and _compare(column, value, condition)
        same = any(_equal(column, value, wanted) for wanted in condition.values)
        return same == (condition.operator in ("=", "in"))

    return fits


def _equal(column: Column, value: Any, wanted: Given) -> bool:
    if isinstance(value, Ref):
        return any(text == wanted for _, text in value.ids)
    if isinstance(value, list):
        return any(_equal(column, one, wanted) for one in value)
    return value is not None and bool(value == _typed(column, value, wanted))


def _compare(column: Column, value: Any, condition: Condition) -> bool:
    if isinstance(value, bool | Ref | list):
        raise QueryError(f"Field {column.alias} cannot be ordered.")
    return _ORDERED[condition.operator](value, _typed(column, value, condition.values[0]))


def _typed(column: Column, like: Any, wanted: Given) -> Any:
    """Read a query's value as the field's own type."""
    try:
        if isinstance(like, bool):
            return wanted if isinstance(wanted, bool) else {"true": True, "false": False}[wanted.lower()]
        if isinstance(like, date):
            return date.fromisoformat(str(wanted)[:10])
        return Decimal(str(wanted)) if isinstance(like, Decimal) else wanted
    except (KeyError, ValueError, InvalidOperation):
        raise QueryError(f"{wanted} is not a value of field {column.alias}.") from None


def _rank(call: Call, column: Column, subject: Any) -> tuple[bool, Any]:
    value = column.value(call, subject)
    if isinstance(value, list):
        raise QueryError(f"Field {column.alias} cannot be ordered.")
    if isinstance(value, Ref):
        value = value.descriptor
    return value is not None, "" if value is None else value
