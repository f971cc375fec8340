"""
JSON as either system may send it, read strictly: no key twice, no NaN, no endless number, bounded in size and depth.

Fractions stay exact text, or become decimals: nothing here makes a float. A report, which has no pages, is cut into its
rows while it arrives, so that memory is one row and one chunk whatever the report's size.

The standard library's scanner decides, because it alone hands over every key, twice or not, and can stop after one
value. A whole document is first tried with msgspec, which lets go of a key that comes twice: what it reads counts only
where writing it gives the very same bytes again, or where as many keys came out as went in.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec

from ml_connector.connectors.inflate import OversizedError

MAX_ROW_CHARACTERS = 1 << 20
# What values take in memory, though one may come as two bytes. 20,000 employees, a long list, take some 70 MB.
_VALUE_BYTES, _OBJECT_BYTES = 64, 200
# Of one byte of a document no more than this is ever made.
_MOST_OF_A_BYTE = 90
MAX_MADE_BYTES = 512 << 20
_MAX_DEPTH = 64
_SPACE = re.compile(r"[ \t\r\n]*")
_START = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*"Report_Entry"[ \t\r\n]*:[ \t\r\n]*\[')
_NUMBER_DIGITS = 40
_WHOLES = range(1 - 10 ** (_NUMBER_DIGITS - 1), 10**_NUMBER_DIGITS)  # a sign counts as a digit
_PLAINLY_ONE = (str, Decimal, bool, type(None))
_TOO_LONG = "one of its numbers is longer than any number of theirs"

Row = dict[str, Any]


def parse_json(body: bytes, *, decimals: bool = False, most: int = MAX_MADE_BYTES) -> Any:
    """
    Read one whole document; fractions as the text they came as, or with *decimals* as numbers.

    Its values may take *most* bytes of memory.

    Raises:
        ValueError: not JSON as above; the message holds nothing of the body.
    """
    check_values(body, most=most)
    if not decimals:
        try:
            plain = _PLAIN.decode(body)
            if msgspec.json.encode(plain) == body:
                return plain
        except ValueError:
            pass
    try:
        value = (_QUICK_DECIMALS if decimals else _QUICK).decode(body)
        keys = _count_keys(value)
        if keys == body.count(b":") or keys == _count_colons(body):
            return value
    except (ValueError, RecursionError):
        pass
    return _parse_slowly(body, _DECIMALS if decimals else _DECODER)


def check_values(body: bytes, *, most: int = MAX_MADE_BYTES) -> None:
    """
    Count what begins or parts two values, before anything is made of them.

    Raises:
        OversizedError: they would take more than *most* bytes of memory.
    """
    if len(body) * _MOST_OF_A_BYTE <= most:
        return
    made = _OBJECT_BYTES * body.count(b"{") + _VALUE_BYTES * (body.count(b",") + body.count(b"["))
    if made > most:
        raise OversizedError("it holds more values than any answer of theirs")


def _parse_slowly(body: bytes, decoder: json.JSONDecoder) -> Any:
    try:
        text = body.decode("utf-8")
        value, end = decoder.raw_decode(text, _skip(text, 0))
    except (ValueError, RecursionError) as error:
        raise ValueError(_tell(error)) from None
    if _skip(text, end) != len(text):
        raise ValueError("something follows its end")
    _count_keys(value)
    return value


def iterate_rows(chunks: Iterable[bytes]) -> Iterator[Row]:
    """
    Yield the rows of a report (`{"Report_Entry": [{…}, …]}`) as they arrive.

    Raises:
        OversizedError: one row, or what is none, is larger than any row.
        ValueError: as `parse_json`; also when it ends before its own end, so rows given before must not be believed.
    """
    source = _Text(chunks)
    if not source.take(_START):
        # No key at all is how a report without a single row may look.
        if parse_json(source.rest().encode()) in ({}, {"Report_Entry": []}):
            return
        raise ValueError("it holds no Report_Entry list")
    first = True
    while not source.starts_with("]"):
        if not first:
            source.expect(",")
        row = source.decode_object()
        _count_keys(row)
        yield row
        first = False
    source.expect("]")
    source.expect("}")
    if source.rest().strip(" \t\r\n"):
        raise ValueError("something follows its end")


def write_json(value: Any) -> bytes:
    """
    Write what was read, keys in order, so that the same record is the same bytes.

    Half of a surrogate pair, which is no character, stays the escape it came as: whoever reads the record refuses it.
    """
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _count_keys(value: Any, depth: int = 0) -> int:
    """How many keys a value holds; what is nested deeper, or a number longer, than any of theirs is refused."""
    inside: Iterable[Any]
    if isinstance(value, dict):
        keys, inside = len(value), value.values()
    elif isinstance(value, list):
        keys, inside = 0, value
    else:
        if type(value) is int and value not in _WHOLES:
            raise _RefusedError(_TOO_LONG)
        return 0
    if depth > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    for each in inside:
        if type(each) not in _PLAINLY_ONE:
            keys += _count_keys(each, depth + 1)
    return keys


def _count_colons(body: bytes) -> int:
    """
    How many colons stand right behind a quote: at least one for every key; -1 where any stands behind a space.

    Within a text that may look alike, so there may be more of them than keys, and never fewer: as of all colons, which
    are asked for first, as most texts hold none.
    """
    return -1 if any(mark in body for mark in _SPACED_COLONS) else body.count(b'":')


class _Text:
    """Characters that came and were not used yet, and the chunks still to come."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._pieces = codecs.iterdecode(iter(chunks), "utf-8")
        self._buffer, self._at = "", 0

    def take(self, pattern: re.Pattern[str]) -> bool:
        """Step over *pattern*, which must stand here."""
        while not (found := pattern.match(self._buffer, self._at)):
            if len(self._buffer) - self._at > 4096 or not self._more():
                return False
        self._at = found.end()
        return True

    def starts_with(self, mark: str) -> bool:
        while (at := _skip(self._buffer, self._at)) == len(self._buffer):
            self._at = at  # or every blank would be looked at again with each piece
            if not self._more():
                raise ValueError("it ends before its end")
        self._at = at
        return self._buffer.startswith(mark, at)

    def expect(self, mark: str) -> None:
        if not self.starts_with(mark):
            raise ValueError("it is no JSON")
        self._at += 1

    def decode_object(self) -> Row:
        """One object; what cannot be read yet is tried again with more of it, up to the bound."""
        if not self.starts_with("{"):
            raise ValueError("one of its rows is no object")
        while True:
            try:
                value, self._at = _DECODER.raw_decode(self._buffer, self._at)
            except (_RefusedError, RecursionError) as error:
                raise ValueError(_tell(error)) from None
            except ValueError as error:
                if len(self._buffer) - self._at > MAX_ROW_CHARACTERS:
                    raise OversizedError("one of its rows is larger than any row of theirs, or broken") from None
                if not self._more():
                    raise ValueError(_tell(error)) from None
            else:
                row: Row = value
                return row

    def rest(self) -> str:
        """All that is left; little, or it is refused."""
        while self._more():
            if len(self._buffer) - self._at > MAX_ROW_CHARACTERS:
                raise OversizedError("more than a whole row follows where it should end")
        text, self._at = self._buffer[self._at :], len(self._buffer)
        return text

    def _more(self) -> bool:
        """
        Take what comes next: as much again as waits here, or one piece if that is more.

        What waits is read anew with each, and in pieces of one byte that would be the square of it.
        """
        waiting = len(self._buffer) - self._at
        pieces, count = [self._buffer[self._at :]], 0
        enough = min(waiting, MAX_ROW_CHARACTERS + 1 - waiting)
        try:
            for piece in self._pieces:
                pieces.append(piece)
                count += len(piece)
                if count >= enough:
                    break
        except UnicodeDecodeError:
            raise ValueError("it is no UTF-8") from None
        self._buffer, self._at = "".join(pieces), 0
        return count > 0


class _RefusedError(ValueError):
    """Well-formed, and still not taken."""


def _pairs(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _RefusedError("it says one thing twice")
    return row


def _fraction(text: str) -> str:
    if len(text) > _NUMBER_DIGITS:
        raise _RefusedError(_TOO_LONG)
    return text


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(_fraction(text))
    except InvalidOperation:  # an exponent of twenty digits
        raise _RefusedError(_TOO_LONG) from None


def _whole(text: str) -> int:
    return int(_fraction(text))


def _constant(_text: str) -> None:
    raise _RefusedError("one of its numbers is none")


def _tell(error: Exception) -> str:
    """Our own words; the library's would quote the body."""
    if isinstance(error, _RefusedError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "it is no UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it is no JSON"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _shallow(levels: int) -> Any:
    """The type of what is nested no deeper than *levels* and holds no fraction and no long number."""
    told: Any = str | bool | None | Annotated[int, msgspec.Meta(ge=-(10**18), le=10**18)]
    inside = told
    for _ in range(levels):
        inside = told | dict[str, inside] | list[inside]  # type: ignore[valid-type]
    return inside


_SPACED_COLONS = (b" :", b"\t:", b"\n:", b"\r:")
_PLAIN = msgspec.json.Decoder(_shallow(7))
_QUICK, _QUICK_DECIMALS = (msgspec.json.Decoder(float_hook=fraction) for fraction in (_fraction, _decimal))
_DECODER, _DECIMALS = (
    json.JSONDecoder(object_pairs_hook=_pairs, parse_float=fraction, parse_int=_whole, parse_constant=_constant)
    for fraction in (_fraction, _decimal)
)
