"""
Memberships in organizations: most of a worker's bytes, and the same bytes for everybody who shares the organization.

They are cut out before the rest of the record is parsed, and each distinct one is parsed once. That is done only where
cutting text cannot differ from parsing XML: no comment, no CDATA, one set of namespaces, and every piece well-formed by
itself, standing where it belongs. Any other record is parsed whole. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from lxml.etree import _Element as Element

from ml_connector.canonical.keys import NativeRecord
from ml_connector.mapping.workday_element import NAMESPACE, find_id, open_parts, tag
from ml_connector.safe_xml import parse_xml

# Organization type → our field and the ID that names it; supervisory is never a cost dimension (WP-04).
_ORGANIZATIONS = {
    "COMPANY": ("company", "Company_Reference_ID"),
    "COST_CENTER": ("cost_center", "Cost_Center_Reference_ID"),
    "SUPERVISORY": ("supervisory", "Organization_Reference_ID"),
    "PAY_GROUP": ("pay_group", "Organization_Reference_ID"),
}
_REFERENCE, _DATA, _TYPE = (
    tag(name) for name in ("Organization_Reference", "Organization_Data", "Organization_Type_Reference")
)
_WORKER_DATA, _MEMBERSHIP = tag("Worker_Data"), tag("Worker_Organization_Data")
_SPACE = re.compile(rb"[ \t\r\n]*")
_DAY = re.compile(rb"\d{4}-\d{2}-\d{2}")
# So many memberships are remembered, of each element and each set of namespaces, and none that is far longer than any.
_REMEMBERED, _REMEMBERED_BYTES = 1024, 4096
# A membership is looked up by what it begins with, up to the organization's WID; then all of it must be the same.
_BEGINNING_BYTES = 100


class Membership(NamedTuple):
    """One organization, by our field (company, cost_center, supervisory, pay_group) and its reference id."""

    field: str
    name: str


class ShortRecord(NativeRecord, frozen=True, kw_only=True):
    """
    A worker's record without the memberships nobody reads; *own* are the others, which stand from *start* to *end*.

    With none left, an empty element stands there if there were some, and nothing if there were none.
    """

    start: int
    end: int
    own: tuple[Membership, ...]

    @property
    def rest(self) -> bytes:
        """The record with one empty element in place of its memberships."""
        if not self.own:
            return self.payload
        opening = self.payload[self.start : self.payload.find(b">", self.start)]
        return b"".join((self.payload[: self.start], opening, b"/>", self.payload[self.end :]))


def read_membership(element: Element) -> Membership | None:
    """Read one membership element; None for a type we do not map."""
    parts = open_parts(element)
    kind = find_id(open_parts(parts.get(_DATA)).get(_TYPE), "Organization_Type_ID")
    field, id_type = _ORGANIZATIONS.get((kind or "").upper(), ("", ""))
    name = find_id(parts.get(_REFERENCE), id_type) if field else None
    return None if name is None else Membership(field, name)


def shorten(native: NativeRecord) -> ShortRecord | None:
    """
    Cut out the memberships that nobody reads; None where only parsing the record whole is safe.

    What is left out are whole elements, side by side, which no translation looks at wherever they stand: the short
    record says the same as the long one.
    """
    payload = native.payload
    head = payload[: payload.find(b">") + 1]
    prefix, named, _ = head[1:].partition(b"Worker ")
    # One byte is looked for first: it is thirty times faster, and hardly any record has it.
    if not named or (b"!" in payload and b"<!" in payload) or (b"?" in payload and b"<?" in payload):
        return None
    if head.count(NAMESPACE) != 1:  # under another prefix everything may stand once more
        return None
    name, job = prefix + b"Worker_Organization_Data", b"<" + prefix + b"Worker_Job_Data"
    try:
        found = _read_all(payload, name, head)
        before, after = payload[: found.start], payload[found.end :]
        if 0 <= before.find(job) == before.rfind(job) and job not in after:  # of several its own organizations are read
            before = _drop(before, prefix + b"Position_Organization_Data", head)
    except ValueError:
        return None
    if before.rfind(b"xmlns", len(head)) >= 0 or after.rfind(b"xmlns") >= 0:
        return None
    between = b"".join(found.texts)
    if not between and found.end > found.start:
        between = b"<" + name + b"/>"
    return ShortRecord(
        record_type=native.record_type,
        payload=b"".join((before, between, after)),
        start=len(before),
        end=len(before) + len(between),
        own=tuple(found.own),
    )


class _Found(NamedTuple):
    """Memberships side by side, from *start* to *end*; of those that are read the bytes and what they say."""

    start: int
    end: int
    texts: list[bytes]
    own: list[Membership]


def _read_all(text: bytes, name: bytes, head: bytes) -> _Found:
    """
    Read every membership there is, under the namespaces of the record's own start tag, *head*.

    Raises:
        ValueError: they do not stand side by side, or one of them is no XML.
    """
    opening, closing = b"<" + name + b">", b"</" + name + b">"
    start, end = text.find(opening), text.rfind(closing) + len(closing)
    if start < 0:
        return _Found(len(text), len(text), [], [])
    found = _Found(start, end, [], [])
    known, beginning_bytes, at = _memory_of(head, name), len(opening) + _BEGINNING_BYTES, start
    while at != end:
        beginning = text[at : at + beginning_bytes]
        read = known.get(beginning)
        if read is None or not text.startswith(read[0], at):
            if (space := _SPACE.match(text, at)) and space.end() > at:
                at = space.end()
                continue
            if not text.startswith(opening, at):
                raise ValueError("something else stands between them")
            stop = text.index(closing, at, end)
            read = text[at : stop + len(closing)], _parse(head, text[at + len(opening) : stop])
            if len(read[0]) <= _REMEMBERED_BYTES:
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[beginning] = read
        whole, membership = read
        if membership is not None:
            found.texts.append(whole)
            found.own.append(membership)
        at += len(whole)
    return found


@lru_cache(maxsize=4)
def _memory_of(_head: bytes, _name: bytes) -> dict[bytes, tuple[bytes, Membership | None]]:
    """Memberships that were read, each by what it begins with: the whole element, and what it says."""
    return {}


def _drop(text: bytes, name: bytes, head: bytes) -> bytes:
    found = _read_all(text, name, head)
    return text if found.start == found.end else text[: found.start] + b"<" + name + b"/>" + text[found.end :]


def _parse(head: bytes, inside: bytes) -> Membership | None:
    """Parse what stands inside a membership."""
    undated = _without_date(inside, head[1:].partition(b"Worker ")[0])
    return (_parse_undated if len(undated) <= _REMEMBERED_BYTES else _parse_undated.__wrapped__)(head, undated)


@lru_cache(_REMEMBERED)
def _parse_undated(head: bytes, inside: bytes) -> Membership | None:
    return read_membership(parse_xml(head + inside + b"</" + head[1 : head.find(b" ")] + b">"))


def _without_date(inside: bytes, prefix: bytes) -> bytes:
    """Leave out since when somebody is in a pay group: nobody reads it, and it makes hardly two of them the same."""
    name = prefix + b"Date_of_Pay_Group_Assignment"
    opening, closing = b"<" + name + b">", b"</" + name + b">"
    start = inside.find(opening)
    dated = _DAY.match(inside, start + len(opening)) if start >= 0 else None
    if dated is None or not inside.startswith(closing, dated.end()):
        return inside
    return inside[:start] + inside[dated.end() + len(closing) :]


def stand_in_place(worker: Element, own: Sequence[Membership | None]) -> bool:
    """Whether the worker's section of organizations holds nothing but the one empty element for those that were cut."""
    data = next(worker.iterchildren(_WORKER_DATA), None)
    section = None if data is None else next(data.iterchildren(_DATA), None)
    return ([] if section is None else [each.tag for each in section]) == ([_MEMBERSHIP] if own else [])
