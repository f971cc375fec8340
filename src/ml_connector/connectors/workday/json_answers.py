"""What REST and WQL answers hold, taken within their bounds: a page, one object, the words of a refusal, the clock."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ml_connector.connectors.inflate import MAX_ONE_BYTES, take_whole
from ml_connector.connectors.strict_json import Row, parse_json
from ml_connector.connectors.transport import HttpResponse, is_of_this_age, read_http_date
from ml_connector.errors import AmbiguousWriteError, UnavailableError
from ml_connector.redaction import redact

_MAX_PAGE_BYTES = 16 << 20
# What a page's values may take: of 999 workers with a hundred fields each they take half of it.
_MAX_PAGE_MADE = 48 << 20
_MAX_REFUSAL_BYTES = 64 << 10
_MAX_WORDS = 300
# Rows take so many times the bytes they came as.
_ROWS_PER_BYTE = 4
_CLOCK = "look at who answers in Workday's place: the configured `host`, a proxy on the way"


class Collection(msgspec.Struct, frozen=True):
    """One page of a collection: rows, how many Workday says there are in all, and the bytes it takes while it waits."""

    total: int
    rows: tuple[Row, ...]
    size: int


def read_collection(response: HttpResponse) -> Collection:
    """
    Read `{"total": 2, "data": [{…}, {…}]}`; every row an object.

    Raises:
        ValueError: anything else, or larger than any answer of its kind.
    """
    body = take_whole(response.chunks(), most=_MAX_PAGE_BYTES)
    value = parse_json(body, most=_MAX_PAGE_MADE)
    total, data = (value.get("total"), value.get("data", [])) if isinstance(value, dict) else (None, None)
    if not isinstance(total, int) or isinstance(total, bool) or not 0 <= total < 10**9:
        raise ValueError("it does not say how many records there are")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise ValueError("its records are no list of objects")
    return Collection(total, tuple(data), len(body) * _ROWS_PER_BYTE)


def read_item(response: HttpResponse) -> Row:
    """Read one object. Raises as `read_collection`."""
    value = parse_json(take_whole(response.chunks(), most=MAX_ONE_BYTES))
    if not isinstance(value, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - sorted with every other fault of a body
    return value


def read_date(response: HttpResponse) -> datetime:
    """Read the answer to its end, then its time. Raises as `read_collection` and `tell_date`."""
    take_whole(response.chunks(), most=_MAX_PAGE_BYTES)
    return tell_date(response)


def tell_date(response: HttpResponse) -> datetime:
    """
    When Workday answered, by its Date header (aware, to the second).

    Raises:
        UnavailableError: it tells no time.
    """
    at = read_http_date(response.headers.get("date"))
    if at is None:
        raise UnavailableError("Workday's answer tells no time of its own (no Date header)")
    if not is_of_this_age(at):
        raise UnavailableError(f"Workday's clock says it is the year {at.year}", remedy=_CLOCK)
    return at


def read_words(response: HttpResponse) -> str:
    """The `error` words of a refusal, shortened and in one line; nothing else of its body."""
    try:
        value = parse_json(take_whole(response.chunks(), most=_MAX_REFUSAL_BYTES))
    except (ValueError, AmbiguousWriteError):
        return ""
    if not isinstance(value, dict):
        return ""
    several = value.get("errors")
    each_of = several if isinstance(several, list) else []
    found = [value.get("error")] + [each.get("error") for each in each_of if isinstance(each, dict)]
    told = dict.fromkeys(" ".join(text.split()) for text in found if isinstance(text, str))
    return redact("; ".join(told))[:_MAX_WORDS]
