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

from ml_connector.mapping.workday_element import find_id, open_parts, tag
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
_REMEMBERED = 4096


class Membership(NamedTuple):
    """One organization, by our field (company, cost_center, supervisory, pay_group) and its reference id."""

    field: str
    name: str


class Slim(NamedTuple):
    """A worker's record with one empty element where its memberships were, and the worker's own ones apart, in order."""

    rest: bytes
    own: tuple[Membership | None, ...]


def read_membership(element: Element) -> Membership | None:
    """Read one membership element; None for a type we do not map."""
    parts = open_parts(element)
    kind = find_id(open_parts(parts.get(_DATA)).get(_TYPE), "Organization_Type_ID")
    field, id_type = _ORGANIZATIONS.get((kind or "").upper(), ("", ""))
    name = find_id(parts.get(_REFERENCE), id_type) if field else None
    return None if name is None else Membership(field, name)


def slim(payload: bytes) -> Slim | None:
    """Cut the memberships out of a Worker element; None where only parsing it whole is safe."""
    head = payload[: payload.find(b">") + 1]
    prefix, named, _ = head[1:].partition(b"Worker ")
    # One byte is looked for first: it is thirty times faster, and hardly any record has it.
    if not named or (b"!" in payload and b"<!" in payload) or (b"?" in payload and b"<?" in payload):
        return None
    try:
        rest, own = _cut(payload, prefix + b"Worker_Organization_Data", head)
        if rest.count(b"<" + prefix + b"Worker_Job_Data") == 1:  # beside another job its own organizations are read
            rest, _ = _cut(rest, prefix + b"Position_Organization_Data", head)
    except ValueError:
        return None
    return None if b"xmlns" in rest[len(head) :] else Slim(rest, own)


def _cut(text: bytes, name: bytes, head: bytes) -> tuple[bytes, tuple[Membership | None, ...]]:
    """Everything from the first start tag to the last end tag comes out at once, parted where one ends and one begins."""
    opening, closing = b"<" + name + b">", b"</" + name + b">"
    start, end = text.find(opening), text.rfind(closing)
    if start < 0:
        return text, ()
    space = _SPACE.match(text, text.find(closing, start) + len(closing))
    pieces = text[start + len(opening) : end].split(closing + (space[0] if space else b"") + opening)
    rest = text[:start] + b"<" + name + b"/>" + text[end + len(closing) :]
    return rest, tuple([_parse_membership(head, piece) for piece in pieces])


@lru_cache(_REMEMBERED)
def _parse_membership(head: bytes, inside: bytes) -> Membership | None:
    """Parse what stands inside a membership, under the namespaces of the record's own start tag, *head*."""
    return read_membership(parse_xml(head + inside + b"</" + head[1 : head.find(b" ")] + b">"))


def stand_in_place(worker: Element, own: Sequence[Membership | None]) -> bool:
    """Whether the worker's section of organizations holds nothing but the one empty element for those that were cut."""
    data = next(worker.iterchildren(_WORKER_DATA), None)
    section = None if data is None else next(data.iterchildren(_DATA), None)
    return ([] if section is None else [each.tag for each in section]) == ([_MEMBERSHIP] if own else [])
