"""
Writes values as XML in the order their shape says, and as Workday writes them: `wd:` everywhere, booleans as 1 and 0.

A value is a dict by element name (attributes by `@name`), a list where an element may repeat, a `Ref` for a reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from ml_connector.sandbox.workday.shapes import Shape

NAMESPACE = "urn:com.workday/bsvc"

Value = Mapping[str, Any]


class Ref(msgspec.Struct, frozen=True):
    """A reference: pairs of ID type and ID, `WID` first, and the label that is told on request."""

    ids: tuple[tuple[str, str], ...]
    descriptor: str | None = None


@lru_cache(maxsize=65536)
def _ids(ids: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"<wd:ID wd:type={quoteattr(kind)}>{escape(text)}</wd:ID>" for kind, text in ids)


def lexical(value: object) -> str:
    """Write a scalar as Workday does: `1`, `2026-11-23`, `2026-11-23T08:00:00.001-08:00`, escaped text."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _quoted(value: object) -> str:
    return lexical(value).replace('"', "&quot;")


class Writer:
    """Writes values of one vocabulary, with or without the labels of references."""

    def __init__(self, *, descriptors: bool = False) -> None:
        self._descriptors = descriptors

    def element(self, name: str, shape: Shape, value: Value) -> str:
        """Write one element with its attributes and all below it."""
        out: list[str] = []
        self._open(out, name, shape, value)
        self._fields(out, shape, value)
        out.append(f"</wd:{name}>")
        return "".join(out)

    def _open(self, out: list[str], name: str, shape: Shape, value: Value) -> None:
        out.append(f"<wd:{name}")
        for attribute in shape.attributes:
            text = value.get(f"@{attribute}")
            out.append("" if text is None else f' wd:{attribute}="{_quoted(text)}"')
        out.append(">")

    def _fields(self, out: list[str], shape: Shape, value: Value) -> None:
        for name, field in shape.fields.items():
            found = value.get(name)
            if found is None:
                continue
            for one in found if field.many else (found,):
                if field.shape is not None:
                    self._open(out, name, field.shape, one)
                    self._fields(out, field.shape, one)
                    out.append(f"</wd:{name}>")
                elif field.reference is not None:
                    self._reference(out, name, one)
                else:
                    out.append(f"<wd:{name}>{lexical(one)}</wd:{name}>")

    def _reference(self, out: list[str], name: str, ref: Ref) -> None:
        label = ""
        if self._descriptors and ref.descriptor is not None:
            label = f" wd:Descriptor={quoteattr(ref.descriptor)}"
        out.append(f"<wd:{name}{label}>{_ids(ref.ids)}</wd:{name}>")


def undeclared(shape: Shape, value: Value, *, path: str = "") -> Sequence[str]:
    """List what a value says that its shape does not know: such a word would silently stay unsaid."""
    faults: list[str] = []
    for name, found in value.items():
        here = f"{path}/{name}"
        if name.startswith("@"):
            faults += [] if name[1:] in shape.attributes else [here]
            continue
        field = shape.fields.get(name)
        if field is None:
            faults.append(here)
        elif field.shape is not None and found is not None:
            for one in found if field.many else (found,):
                faults += undeclared(field.shape, one, path=here)
    return faults
