"""
The success envelope, made while it is sent: head first, then record by record, so that no page is ever held whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ml_connector.sandbox.workday.catalog import SHAPES, Operation
from ml_connector.sandbox.workday.markup import NAMESPACE, Writer

_CHUNK = 65536
_OPENING = (
    "<?xml version='1.0' encoding='UTF-8'?>"
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
)
_CLOSING = "</env:Body></env:Envelope>"


def render_envelope(
    operation: Operation, head: dict[str, Any], records: Iterable[dict[str, Any]], *, writer: Writer
) -> Iterator[bytes]:
    """Yield the answer in chunks. Without records there is no Response_Data at all."""
    name = operation.response
    start, end = f"<wd:{name}", f"</wd:{name}>"
    opening = writer.element(name, SHAPES[name], head)
    waiting = [_OPENING, f'{start} xmlns:wd="{NAMESPACE}"', opening.removeprefix(start).removesuffix(end)]
    size, any_record = 0, False
    for record in records:
        text = writer.element(operation.record or "", SHAPES[operation.record or ""], record)
        waiting.append(text if any_record else f"<wd:Response_Data>{text}")
        any_record, size = True, size + len(text)
        if size > _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join([*waiting, "</wd:Response_Data>" if any_record else "", end, _CLOSING]).encode()
