"""Decompression within bounds."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.connectors.inflate import OversizedError, decode

BIG = 256 * 1024 * 1024


def _blocks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.binary(max_size=3000), st.integers(1, 500), st.integers(1, 500), st.sampled_from(["gzip", "deflate", "two"]))
def test_what_was_packed_comes_out_in_small_pieces(data: bytes, block: int, size: int, coding: str) -> None:
    packed = {"gzip": gzip.compress(data), "deflate": zlib.compress(data)}.get(coding)
    if packed is None:
        packed = gzip.compress(data[:100]) + gzip.compress(data[100:])
        coding = "gzip"
    pieces = list(decode(_blocks(packed, block), coding=coding, size=size, max_bytes=BIG))
    assert b"".join(pieces) == data
    assert all(len(piece) <= size for piece in pieces)


def test_a_bomb_is_stopped_long_before_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    made: list[int] = []
    pieces = decode(_blocks(bomb, 4096), coding="gzip", size=65536, max_bytes=BIG)
    with pytest.raises(ValueError, match="unpacks to far more"):
        made.extend(len(piece) for piece in pieces)
    assert sum(made) < 6 * 1024 * 1024


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_body_larger_than_allowed_is_refused(coding: str) -> None:
    data = os.urandom(5000)
    packed = gzip.compress(data) if coding else data
    with pytest.raises(ValueError, match="larger than allowed"):
        list(decode([packed], coding=coding, size=1000, max_bytes=4999))


def test_every_cut_of_a_packed_body_is_noticed() -> None:
    packed = gzip.compress(b"every byte counts")
    for cut in range(1, len(packed)):
        with pytest.raises(ValueError, match="ends before its end"):
            list(decode([packed[:cut]], coding="gzip", size=100, max_bytes=BIG))


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "zstd"])
def test_a_coding_we_did_not_ask_for_is_refused(coding: str) -> None:
    with pytest.raises(ValueError, match="did not ask"):
        list(decode([b"x"], coding=coding, size=10, max_bytes=BIG))


@pytest.mark.parametrize(
    "body", [b"<html>", gzip.compress(b"x", mtime=0) + b"trailing"], ids=["no gzip", "gzip and more"]
)
def test_a_body_that_is_not_its_coding_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not what its content coding"):
        list(decode([body], coding="gzip", size=10, max_bytes=BIG))


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a2_2_bytes_that_trickle_in_come_out_in_blocks(coding: str) -> None:
    data = os.urandom(20_000)
    packed = b"".join(gzip.compress(data[at : at + 20]) for at in range(0, len(data), 20)) if coding else data
    pieces = list(decode(_blocks(packed, 1), coding=coding, size=1000, max_bytes=BIG))
    assert b"".join(pieces) == data
    assert len(pieces) <= 41
    assert max(map(len, pieces)) <= 1000


@pytest.mark.parametrize("packing", [gzip.compress(b""), b"\x00\x00\x00\xff\xff"], ids=["members", "blocks"])
def test_a2_2_packing_without_end_and_nothing_inside_is_refused_by_its_bytes(packing: bytes) -> None:
    came = 0

    def arrive() -> Iterator[bytes]:
        nonlocal came
        yield gzip.compress(b"")[:10]  # the header
        if packing.startswith(b"\x1f"):
            yield gzip.compress(b"")[10:]
        while came < 4 * 1024 * 1024:
            came += len(packing) * 500
            yield packing * 500

    with pytest.raises(OversizedError, match="packing"):
        list(decode(arrive(), coding="gzip", size=65536, max_bytes=BIG))
    assert came < 1024 * 1024


def test_what_cannot_be_packed_is_no_packing_without_end() -> None:
    data = os.urandom(2_000_000)
    packed = gzip.compress(data, 0)
    assert b"".join(decode(_blocks(packed, 16384), coding="gzip", size=65536, max_bytes=BIG)) == data
