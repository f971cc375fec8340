"""
What REST, WQL and reports say of a record, to the same canonical records as SOAP's. Pure.

A native record is `{"surface", "fields": {canonical field: Workday's value}, "staffing": {…}, "references": {WID:
id}}`. These surfaces leave out what is empty and what may not be seen alike, so nothing absent is ever an explicit
“empty”: it stays `UNSET` (UP-01). Only “not terminated” is said by being active.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from ml_connector.canonical.keys import NativeRecord, normal_decimal
from ml_connector.errors import RecordError
from ml_connector.mapping.workday_element import Day, Flag, Text, normal_text

_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
# A day may come as an instant at its midnight; the day is what it says, never what another zone makes of it (TZ-01).
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[0-9:.]{5,15})?(?:Z|[+-]\d{2}:?\d{2})?")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,12})?|\.\d{1,12})")


class _Document(msgspec.Struct):
    fields: dict[str, Any]
    surface: str = ""
    staffing: dict[str, Any] = {}
    references: dict[str, str] = {}


class Facts:
    """One JSON record, asked field by field."""

    def __init__(self, document: _Document) -> None:
        self._fields, self._references = document.fields, document.references
        self.staffing = document.staffing

    def value(self, name: str) -> Any:
        """Workday's value as it came; None when there is none."""
        return self._fields.get(name)

    def text(self, name: str) -> Text:
        """Text in NFC; of an instance its label."""
        value = self._fields.get(name)
        return UNSET if value is None else tell_text(value)

    def flag(self, name: str) -> Flag:
        """
        A boolean, in any of the spellings these surfaces use.

        Raises:
            RecordError: anything else.
        """
        text = self.text(name)
        if not isinstance(text, str):
            return UNSET
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise RecordError(f"its {name} is neither true nor false", code="bad_boolean")

    def day(self, name: str) -> Day:
        """
        A calendar day.

        Raises:
            RecordError: no such day.
        """
        text = self.text(name)
        if not isinstance(text, str):
            return UNSET
        found = _DATE.fullmatch(text)
        try:
            return date.fromisoformat(found[1] if found else "")
        except ValueError:
            raise RecordError(f"its {name} is no date", code="bad_date") from None

    def decimal(self, name: str) -> Text:
        """
        A plain decimal in its shortest spelling (UP-04).

        Raises:
            RecordError: an exponent, a thousands separator (CO-08).
        """
        text = self.text(name)
        return tell_decimal(text, what=name) if isinstance(text, str) else UNSET

    def reference(self, name: str, *types: str) -> Text:
        """
        The id an instance stands for: its own of one of *types*, or by its WID; plain text is an id already.

        An instance nobody can name, and several at once, tell nothing.
        """
        value = self._fields.get(name)
        return UNSET if value is None else self.name_of(value, *types)

    def name_of(self, value: Any, *types: str) -> Text:
        """As `reference`, for a value that stands elsewhere."""
        if value is None:
            return UNSET
        if isinstance(value, list):
            told = {self.name_of(each, *types) for each in value}
            return told.pop() if len(told) == 1 else UNSET
        if not isinstance(value, dict):
            return tell_text(value)
        for wanted in types:
            named = value.get(wanted)
            if isinstance(named, str):
                return normal_text(named) or UNSET
        wid = value.get("id")
        return self._references.get(wid, UNSET) if isinstance(wid, str) else UNSET


def read_facts(native: NativeRecord) -> Facts:
    """
    Open a JSON record.

    Raises:
        RecordError: it is none of ours.
    """
    try:
        return Facts(msgspec.json.decode(native.payload, type=_Document))
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = native.record_type.value.replace("_", " ")
        halved = next((name for name, value in _open_loosely(native.payload).items() if _is_halved(value)), None)
        reason = "it is no JSON record" if halved is None else f"its {halved} holds half of a character"
        raise RecordError(f"a {kind} cannot be read: {reason}", code="malformed") from None


def find_names(payload: bytes, *names: str) -> Iterator[str]:
    """What these fields say, also of a record that cannot be read because of another one."""
    fields = _open_loosely(payload)
    for name in names:
        told = fields.get(name)
        if isinstance(told, str) and told and told.isprintable() and not _is_halved(told):
            yield told


def _open_loosely(payload: bytes) -> dict[str, Any]:
    """A record's fields, halves of characters and all; none where it has none."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    fields = document.get("fields") if isinstance(document, dict) else None
    return fields if isinstance(fields, dict) else {}


def _is_halved(value: Any) -> bool:
    """Whether a text somewhere in it is none: one of a pair of surrogates without the other."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def is_json(payload: bytes) -> bool:
    """Whether a native record came from a JSON surface: XML never begins with a brace."""
    return payload.startswith(b"{")


def tell_text(value: Any) -> Text:
    """
    A scalar as text, an instance's label; nothing and the empty string say nothing.

    Raises:
        RecordError: it holds a NUL, which is no text and fits into no database.
    """
    if value is None:  # most often
        return UNSET
    if isinstance(value, dict):
        value = value.get("descriptor")
    if isinstance(value, str):
        if "\0" in value:
            raise RecordError("it holds a text with a NUL", code="malformed")
        return normal_text(value) or UNSET
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else UNSET


def tell_decimal(text: Text, *, what: str) -> Text:
    """As `Facts.decimal`, for a text that stands elsewhere."""
    if not isinstance(text, str):
        return UNSET
    if not (text.isascii() and _DECIMAL.fullmatch(text)):
        raise RecordError(f"its {what} is no plain decimal", code="bad_decimal")
    return normal_decimal(Decimal(text))


def first_told(values: Iterable[Text]) -> Text:
    """The first that says something."""
    for value in values:
        if isinstance(value, str):
            return value
    return UNSET


def all_unset(values: Iterable[object]) -> bool:
    """Whether nothing at all was said."""
    return all(value is UNSET for value in values)
