"""
A small, honest part of WQL: `SELECT a, b AS c FROM source(effectiveAsOfDate="…") WHERE … ORDER BY … LIMIT n`.

Conditions are joined by AND: `=`, `!=`, `<`, `<=`, `>`, `>=`, `IN (…)`, `NOT IN (…)`, `IS NULL`, `IS NOT NULL`. What
lies beyond is refused with a sentence, never half understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)(?![\w])"""
    r"""|(?P<word>[A-Za-z_]\w*)|(?P<mark><=|>=|!=|<>|[=<>(),]))"""
)
_MOST_CHARACTERS = 20_000
Given = str | bool
_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")
_SOURCE_DATES = ("effectiveAsOfDate",)
_SOURCE_MOMENTS = ("entryMoment", "asOfEntryMoment")
_SOURCE_FILTERS = ("dataSourceFilter",)


class QueryError(ValueError):
    """A query that cannot be answered, with the sentence to tell."""


class Condition(msgspec.Struct, frozen=True):
    """One test on a field; *values* is empty for the two NULL tests."""

    field: str
    operator: str
    values: tuple[Given, ...]


class Query(msgspec.Struct, frozen=True):
    """A query, read. *fields* pairs each field with the name its value is given under."""

    fields: tuple[tuple[str, str], ...]
    source: str
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    as_of_on: date | None = None
    entered_by: datetime | None = None
    source_filter: str | None = None


def parse_query(text: str) -> Query:
    """
    Read a query.

    Raises:
        QueryError: it is not WQL, or beyond what is served.
    """
    return _Reader(_split(text)).read()


def _split(text: str) -> list[tuple[str, str]]:
    if len(text) > _MOST_CHARACTERS:
        raise QueryError("The query is too long.")
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise QueryError(f"Unexpected character at position {place}.")
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        place = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._next = tokens, 0

    def read(self) -> Query:
        self._need("SELECT")
        fields = self._several(self._named_field)
        self._need("FROM")
        source = self._word("a data source")
        given = self._source_parameters()
        conditions: list[Condition] = []
        if self._take("WHERE"):
            conditions.append(self._condition())
            while self._take("AND"):
                conditions.append(self._condition())
        order = self._several(self._direction) if self._take("ORDER") and self._need("BY") else []
        limit = self._whole_number() if self._take("LIMIT") else None
        if self._next < len(self._tokens):
            raise QueryError(f"Unexpected {self._tokens[self._next][1]}.")
        return Query(tuple(fields), source, tuple(conditions), tuple(order), limit, **given)

    def _several(self, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self._take(","):
            found.append(read())
        return found

    def _named_field(self) -> tuple[str, str]:
        field = self._word("a field")
        return field, self._word("a name") if self._take("AS") else field

    def _direction(self) -> tuple[str, bool]:
        field = self._word("a field")
        falling = self._take("DESC")
        if not falling:
            self._take("ASC")
        return field, falling

    def _source_parameters(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if not self._take("("):
            return given
        while True:
            name = self._word("a parameter")
            self._need("=")
            given |= _parameter(name, self._value())
            if self._take(")"):
                return given
            self._need(",")

    def _condition(self) -> Condition:
        field = self._word("a field")
        if self._take("IS"):
            negated = self._take("NOT")
            self._need("NULL")
            return Condition(field, "is not null" if negated else "is null", ())
        negated = self._take("NOT")
        if self._take("IN"):
            self._need("(")
            values = self._several(self._value)
            self._need(")")
            return Condition(field, "not in" if negated else "in", tuple(values))
        kind, operator = self._peek()
        if negated or kind != "mark" or operator not in _COMPARISONS:
            raise QueryError(f"{operator or 'The end'} is not an operator of this query language.")
        self._next += 1
        return Condition(field, "!=" if operator == "<>" else operator, (self._value(),))

    def _value(self) -> Given:
        kind, text = self._peek()
        self._next += 1
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if kind in ("number", "word"):
            return text
        raise QueryError(f"{text or 'The end'} is not a value.")

    def _whole_number(self) -> int:
        kind, text = self._peek()
        self._next += 1
        if kind != "number" or not text.isdigit():
            raise QueryError("LIMIT is a whole number.")
        return int(text)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("", "")

    def _word(self, what: str) -> str:
        kind, text = self._peek()
        if kind != "word":
            raise QueryError(f"{text or 'The end'} where {what} is expected.")
        self._next += 1
        return text

    def _take(self, token: str) -> bool:
        kind, text = self._peek()
        if kind == "text" or text.upper() != token:
            return False
        self._next += 1
        return True

    def _need(self, token: str) -> bool:
        if not self._take(token):
            raise QueryError(f"{self._peek()[1] or 'The end'} where {token} is expected.")
        return True


def _parameter(name: str, value: Given) -> dict[str, Any]:
    try:
        if name in _SOURCE_DATES:
            return {"as_of_on": date.fromisoformat(str(value)[:10])}
        if name in _SOURCE_MOMENTS:
            return {"entered_by": _moment(str(value))}
    except ValueError:
        raise QueryError(f"{name} is not a date.") from None
    if name in _SOURCE_FILTERS:
        return {"source_filter": str(value)}
    raise QueryError(f"{name} is not a parameter of this data source.")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise QueryError("entryMoment needs an offset.")
    return moment
