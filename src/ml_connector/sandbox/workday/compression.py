"""Bodies compressed for whoever accepts it: chunk by chunk while they are made, or long before anybody asked."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import msgspec

from ml_connector.sandbox.http import Request, Response

_CHUNK = 65536


class Gzipped(msgspec.Struct, frozen=True):
    """A body that was compressed long ago."""

    data: bytes


Body = bytes | Iterable[bytes] | Gzipped


def compressed(request: Request, status: int, body: Body, headers: dict[str, str]) -> Response:
    """Compress for whoever accepts it, chunk by chunk; what was kept compressed is undone for whoever does not."""
    accepted = "gzip" in request.headers.get("accept-encoding", "").lower()
    if not accepted:
        return Response(status, _inflate(body.data) if isinstance(body, Gzipped) else body, headers)
    headers = {**headers, "Content-Encoding": "gzip"}
    if isinstance(body, Gzipped):
        return Response(status, body.data, headers)
    if isinstance(body, bytes):
        return Response(status, b"".join(_deflate([body])), headers)
    return Response(status, _deflate(body), headers)


def _inflate(data: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    waiting = data
    while not unpacker.eof:
        yield unpacker.decompress(waiting, _CHUNK)
        waiting = unpacker.unconsumed_tail


def _deflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
