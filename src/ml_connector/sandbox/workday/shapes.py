"""
A small language for message shapes: one description serves to read a request, to order an answer, to make a WSDL.

    Thing @Version:string
      Name? string
      Owner_Reference* &Worker
      Part_Data*
        Size! decimal

`?` none or one, `*` any number, `+` at least one, `!` exactly one. `&X` is a reference to an X, `(X)` another shape;
a line with neither has its own children below it. `@` adds an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

SCALARS = frozenset({"string", "boolean", "date", "dateTime", "decimal"})


class Field(msgspec.Struct, frozen=True):
    """One element of a shape. Exactly one of *scalar*, *reference* and *shape* is set; *named* tells a shared shape."""

    name: str
    card: str
    scalar: str | None = None
    reference: str | None = None
    shape: Shape | None = None
    named: bool = False

    @property
    def many(self) -> bool:
        """Whether the element may repeat."""
        return self.card in "*+"


class Shape(msgspec.Struct):
    """A complex type: attributes, then elements in order."""

    name: str
    attributes: dict[str, str] = {}
    fields: dict[str, Field] = {}

    def walk(self) -> Iterator[Field]:
        """Yield the fields of this shape and of all below it."""
        for field in self.fields.values():
            yield field
            if field.shape is not None:
                yield from field.shape.walk()


def parse_shapes(*texts: str) -> dict[str, Shape]:
    """Read shapes written in the language above; a shape may only name those described before it."""
    shapes: dict[str, Shape] = {}
    for text in texts:
        path: list[Shape] = []
        for line in text.splitlines():
            if not line.strip():
                continue
            depth, words = (len(line) - len(line.lstrip())) // 2, line.split()
            del path[depth:]
            if depth == 0:
                shape = Shape(words[0], attributes=_attributes(words))
                shapes[shape.name] = shape
                path.append(shape)
            else:
                field = _field(words, shapes=shapes)
                path[-1].fields[field.name] = field
                if field.shape is not None and not field.named:
                    path.append(field.shape)
    return shapes


def _attributes(words: list[str]) -> dict[str, str]:
    pairs = (word[1:].split(":") for word in words[1:] if word.startswith("@"))
    return {name: scalar for name, scalar in pairs}  # noqa: C416 - dict() of split lists does not type-check


def _field(words: list[str], *, shapes: dict[str, Shape]) -> Field:
    name, card = words[0][:-1], words[0][-1]
    if card not in "?*+!":
        raise ValueError(f"{words[0]} does not say how often it occurs")
    kind = next((word for word in words[1:] if not word.startswith("@")), "")
    if kind.startswith("&"):
        return Field(name, card, reference=kind[1:])
    if kind.startswith("("):
        return Field(name, card, shape=shapes[kind[1:-1]], named=True)
    if kind:
        if kind not in SCALARS:
            raise ValueError(f"{name} is of unknown type {kind}")
        return Field(name, card, scalar=kind)
    return Field(name, card, shape=Shape(name, attributes=_attributes(words)))
