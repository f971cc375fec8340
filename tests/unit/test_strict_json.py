"""JSON from outside: whole, strict, bounded; a report is cut into rows the same however it arrives."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.connectors.strict_json import MAX_ROW_CHARACTERS, iterate_rows, parse_json

ROWS = [{"Workday_ID": "a", "Name": 'Zoë "Z" \\ {[', "n": {"m": [1, None, True]}}, {"Workday_ID": "b"}, {}]
REPORT = json.dumps({"Report_Entry": ROWS}, ensure_ascii=False, indent=1).encode()

HOSTILE = [
    b'{"a":1,"a":1}',
    b'{"a":{"b":1,"b":2}}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":' + b"9" * 41 + b"}",
    b'{"a":1.' + b"0" * 41 + b"}",
    b'{"a":' * 70 + b"1" + b"}" * 70,
    b'{"a":' * 100_000,
    b"[" * 1_000_000,
    b'{"a":1} {"b":2}',
    b'{"a":1}x',
    b'\xef\xbb\xbf{"a":1}',
    b'{"a":"\xff"}',
    '{"a":1}'.encode("utf-16"),
    b'{"a":"\x00"}',
    b"{'a':1}",
    b"<html></html>",
    b"",
]


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def wrap(row: bytes) -> bytes:
    return b'{"Report_Entry":[{"ok":1},' + row + b"]}"


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:20]))
def test_a5_what_is_not_plain_json_is_refused_without_repeating_it(body: bytes) -> None:
    for read in (parse_json, lambda whole: list(iterate_rows(cut(wrap(whole), 1000)))):
        with pytest.raises(ValueError, match=r"^(it |one of|something)") as caught:
            read(body)
        assert "html" not in str(caught.value)


def test_fractions_stay_the_text_they_came_as() -> None:
    assert parse_json(b'{"a": 1.10, "b": 12, "c": "1.10"}') == {"a": "1.10", "b": 12, "c": "1.10"}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
def test_rows_are_the_same_however_the_report_arrives(size: int) -> None:
    assert list(iterate_rows(cut(REPORT, size))) == ROWS


def test_a_report_cut_off_at_any_byte_is_never_whole() -> None:
    for end in range(len(REPORT)):
        with pytest.raises(ValueError, match=r"^(it|one)"):
            list(iterate_rows([REPORT[:end]]))


@pytest.mark.parametrize("body", [b'{"Report_Entry":[]}', b"{}", b' { "Report_Entry" : [ ] } '])
def test_a_report_without_rows_is_one(body: bytes) -> None:
    assert list(iterate_rows([body])) == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"Report_Entry":[1]}',
        b'{"Report_Entry":[{} {}]}',
        b'{"Report_Entry":[{},]}',
        b'{"Report_Entry":[{}],"Report_Entry":[{}]}',
        b'{"Report_Entry":[{}]} {}',
        b'{"Other":[{}]}',
        b'[{"Report_Entry":[]}]',
    ],
)
def test_another_shape_is_no_report(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|one|something)"):
        list(iterate_rows([body]))


def test_a_row_without_end_is_refused_at_the_bound() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"Report_Entry":[{"a":"'
        while True:
            yield b"x" * 65536

    with pytest.raises(ValueError, match="larger"):
        list(iterate_rows(endless()))


def test_memory_is_a_row_and_not_the_report() -> None:
    row = b'{"a":"' + b"x" * 1000 + b'"},'

    def long() -> Iterator[bytes]:
        yield b'{"Report_Entry":['
        for _ in range(400):
            yield row * 50
        yield b"{}]}"

    tracemalloc.start()
    assert sum(1 for _ in iterate_rows(long())) == 20_001
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_ROW_CHARACTERS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=6), st.integers(1, 40), st.booleans())
def test_any_rows_come_through_any_cutting(rows: list[dict[str, Any]], size: int, plain: bool) -> None:
    body = json.dumps({"Report_Entry": rows}, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return  # lone surrogates are no UTF-8, and refused
    assert list(iterate_rows(cut(body, size))) == rows
