"""
Reads single facts out of Workday's XML, keeping the three states of a field apart (UP-01).

An absent element is `UNSET`: not asked for, not permitted, or nothing to say. A present but empty one is `None`.
Names are looked up by their full (Clark) name only; dates are never moved through a time zone (TZ-01). Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from functools import cache

from lxml.etree import _Element as Element
from msgspec import UNSET, UnsetType

from ml_connector.canonical.keys import normal_decimal
from ml_connector.errors import RecordError

NAMESPACE = b"urn:com.workday/bsvc"
_BSVC = f"{{{NAMESPACE.decode()}}}"
_TYPE = f"{_BSVC}type"
_TRUE, _FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})
# An XML Schema date may carry an offset, which says nothing about the day: 2026-12-01-08:00 is 2026-12-01.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,12})?|\.\d{1,12})")

Text = str | UnsetType | None
Flag = bool | UnsetType
Day = date | UnsetType | None
Parts = dict[str, Element]


@cache
def tag(name: str) -> str:
    """The full name of an element or attribute of Workday's namespace; prepared once, at import."""
    return _BSVC + name


ID = tag("ID")


def open_parts(element: Element | None) -> Parts:
    """The element's children, the first of each name; none for an element that is not there."""
    return {} if element is None else {each.tag: each for each in element[::-1]}  # type: ignore[misc]  # no comments: every tag is a text


def check_single(element: Element | None, parts: Parts, names: Collection[str]) -> None:
    """
    Refuse an element that says one of *names* twice: which of the two is meant cannot be known.

    Raises:
        RecordError: it does.
    """
    if element is None or len(element) == len(parts):
        return
    counts = Counter(str(each.tag) for each in element)
    doubled = [_local(name) for name in names if counts[name] > 1]
    if doubled:
        raise RecordError(f"it has {' and '.join(doubled)} twice", code="said_twice")


def check_ids(reference: Element) -> None:
    """
    Refuse a reference with two IDs of one type.

    Raises:
        RecordError: it has.
    """
    kinds = [each.get(_TYPE) for each in reference]
    if len(set(kinds)) != len(kinds):
        raise RecordError(f"its {_local(str(reference.tag))} has two IDs of one type", code="said_twice")


def read_text(parts: Parts, name: str) -> Text:
    """Text, trimmed and in NFC (WP-13)."""
    element = parts.get(name)
    return UNSET if element is None else normal_text(element.text)


def read_attribute(element: Element | None, name: str) -> Text:
    """An attribute's text, as `read_text`."""
    value = None if element is None else element.get(name)
    return UNSET if value is None else normal_text(value)


def normal_text(text: str | None) -> str | None:
    """Trimmed, NFC; empty is None."""
    if not text:
        return None
    text = text.strip()
    return (text if text.isascii() else unicodedata.normalize("NFC", text)) or None


def read_flag(parts: Parts, name: str) -> Flag:
    """
    1, 0, true or false. Present but empty is how a missing permission on a flag looks, so it is `UNSET` too.

    Raises:
        RecordError: anything else.
    """
    text = read_text(parts, name)
    return UNSET if isinstance(text, UnsetType) or text is None else parse_flag(text, what=name)


def parse_flag(text: str, *, what: str) -> bool:
    """One boolean. Raises as `read_flag`."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise RecordError(f"its {_local(what)} is neither true nor false", code="bad_boolean")


def negate(flag: Flag) -> Flag:
    """`active` out of `Inactive`."""
    return flag if isinstance(flag, UnsetType) else not flag


def read_day(parts: Parts, name: str) -> Day:
    """
    A calendar day.

    Raises:
        RecordError: no such day.
    """
    return parse_day(read_text(parts, name), what=name)


def parse_day(text: Text, *, what: str) -> Day:
    """One day out of its text, any offset dropped and never applied. Raises as `read_day`."""
    if isinstance(text, UnsetType) or text is None:
        return text
    found = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise RecordError(f"its {_local(what)} is no date", code="bad_date") from None


def read_decimal(parts: Parts, name: str, *, exponent: int = 0) -> Text:
    """
    A plain decimal in its shortest spelling (UP-04), times ten to the *exponent*: a percentage takes -2.

    Raises:
        RecordError: an exponent, a thousands separator, NaN (CO-08).
    """
    text = read_text(parts, name)
    if isinstance(text, UnsetType) or text is None:
        return text
    if not (text.isascii() and _DECIMAL.fullmatch(text)):
        raise RecordError(f"its {_local(name)} is no plain decimal", code="bad_decimal")
    return normal_decimal(Decimal(text).scaleb(exponent))


def find_id(reference: Element | None, *types: str) -> str | None:
    """The reference's ID of the first of these types that it has."""
    if reference is not None:
        for wanted in types:
            for each in reference[::-1]:  # the WID stands first, what people named it after it
                if each.get(_TYPE) == wanted and each.tag == ID:
                    text = normal_text(each.text)
                    if text is not None:
                        return text
    return None


def read_reference(parts: Parts, name: str, *types: str) -> Text:
    """
    A reference's ID of one of *types*.

    A reference without any ID is empty; one with other IDs only does not tell, so it is `UNSET`.
    """
    return tell_id(parts.get(name), *types)


def tell_id(reference: Element | None, *types: str) -> Text:
    """As `read_reference`, for the reference element itself."""
    if reference is None:
        return UNSET
    return find_id(reference, *types) or (UNSET if len(reference) else None)


def read_only_reference(parent: Element | None, name: str, *types: str) -> Text:
    """As `read_reference` where the element may repeat in *parent*: several different ones tell no single one."""
    told = {tell_id(reference, *types) for reference in each_child(parent, name)}
    return told.pop() if len(told) == 1 else UNSET


def each_child(parent: Element | None, name: str) -> Iterable[Element]:
    """Every child of that name."""
    return () if parent is None else parent.iterchildren(name)


def _local(name: str) -> str:
    return name.removeprefix(_BSVC)
