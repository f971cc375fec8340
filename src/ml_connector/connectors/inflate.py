"""
Decompress a body as it arrives, within bounds: a few kilobytes must not become gigabytes.

*Pure*: bytes in, bytes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from isal import isal_zlib

MAX_BYTES = 256 * 1024 * 1024
# What tells of one record, or of one write: a record of theirs is tens of kilobytes at the most.
MAX_ONE_BYTES = 1 << 20
# What is kept as it came: a page of 999 of the longest workers fits, were it never compressed.
MAX_KEPT_BYTES = 96 * 1024 * 1024
# Repetitive XML reaches about 100 to 1; a made-up bomb about 1,000 to 1.
MAX_RATIO = 300
_RATIO_COUNTS_FROM = 4 * 1024 * 1024
# Packing costs 18 bytes a member and 5 for each 64 KB of what cannot be packed: never as much again as what is inside.
_PACKING_COUNTS_FROM = 256 * 1024
_FED_BYTES = 16 * 1024
_BROKEN: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stubs tell an instance
_GZIP_OR_ZLIB = isal_zlib.MAX_WBITS | 32


class OversizedError(ValueError):
    """A body is, or unpacks to, more than any answer: it will be again, so asking again is no help."""


class Body(msgspec.Struct, frozen=True):
    """A body kept as it came, mostly compressed, to be decoded when it is needed and as often."""

    blocks: tuple[bytes, ...]
    coding: str
    max_bytes: int = MAX_BYTES

    @property
    def size(self) -> int:
        """Bytes it holds."""
        return sum(map(len, self.blocks))

    def chunks(self, size: int = 262144) -> Iterator[bytes]:
        """Decode it. Raises as `decode`."""
        return decode(self.blocks, coding=self.coding, size=size, max_bytes=self.max_bytes)


def decode(arrived: Iterable[bytes], *, coding: str, size: int, max_bytes: int) -> Iterator[bytes]:
    """
    Yield the decoded bytes of a body in pieces of at most *size*, however small the ones it arrives in.

    Raises:
        ValueError: an unknown coding, broken or cut-off data. OversizedError: more than *max_bytes* or `MAX_RATIO`
            allow, or hardly anything in a lot of packing.
    """
    if coding.strip().lower() not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise ValueError("a content coding we did not ask for")
    plain = coding.strip().lower() in {"", "identity"}
    arrived = gather(arrived, size=size)
    total = 0
    for piece in arrived if plain else gather(_inflate(arrived, size=size), size=size):
        total += len(piece)
        if total > max_bytes:
            raise OversizedError("the body is larger than allowed")
        yield piece


def gather(pieces: Iterable[bytes], *, size: int) -> Iterator[bytes]:
    """
    Join small pieces, up to *size*: whoever looks again at what waits for its end does so once a block, not once a
    byte.

    A piece of half of *size* or more passes as it is.
    """
    held, count = list[bytes](), 0
    for piece in pieces:
        if count and count + len(piece) > size:
            yield b"".join(held)
            held, count = [], 0
        if not count and len(piece) * 2 >= size:
            yield piece
            continue
        held.append(piece)
        count += len(piece)
    if count:
        yield b"".join(held)


def take_whole(pieces: Iterable[bytes], *, most: int) -> bytes:
    """
    A small body, whole.

    Raises:
        OversizedError: it is more than *most* bytes.
    """
    parts, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise OversizedError("it is larger than any answer of its kind")
        parts.append(piece)
    return b"".join(parts)


def _inflate(arrived: Iterable[bytes], *, size: int) -> Iterator[bytes]:
    inflater = isal_zlib.decompressobj(_GZIP_OR_ZLIB)
    came = made = 0
    for block in _cut(arrived):
        pending, piece = block, b""
        while pending or len(piece) == size:
            if inflater.eof and pending:
                # A gzip file may be several members, one after the other.
                inflater = isal_zlib.decompressobj(_GZIP_OR_ZLIB)
            piece = _next_piece(inflater, pending, size=size)
            left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            came, made = came + len(pending) - len(left), made + len(piece)
            if made > _RATIO_COUNTS_FROM and made > came * MAX_RATIO:
                raise OversizedError("the body unpacks to far more than it should")
            if piece:
                yield piece
            pending = left
        if came > _PACKING_COUNTS_FROM + 2 * made:
            raise OversizedError("the body is hardly anything in far more packing than it needs")
    if came and not inflater.eof:
        raise ValueError("the compressed body ends before its end")


def _cut(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Small enough that what follows a member may be copied for each member."""
    for block in blocks:
        for at in range(0, len(block), _FED_BYTES):
            yield block[at : at + _FED_BYTES]


def _next_piece(inflater: isal_zlib.Decompress, pending: bytes, *, size: int) -> bytes:
    try:
        return inflater.decompress(pending, size)
    except _BROKEN:
        raise ValueError("the body is not what its content coding says") from None
