"""JSON from outside: whole, strict, bounded; a report is cut into rows the same however it arrives."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.connectors import strict_json
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


def test_a5_an_exponent_beyond_any_decimal_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than any number"):
        parse_json(b'{"a":1e99999999999999999999}', decimals=True)


TOKENS = (
    "{", "}", "[", "]", ",", ":", " :", ": ", "\n", '"a"', '"b"', '"\\u0061"', '"a\\":"', '"x : y"', '"\\ud800"', '"é"', '""',
    "1", "-0", "1.50", "1e5", "1E400", "1e99999999999999999999", "18446744073709551616", "-9223372036854775809", "9" * 41, "9" * 40, "-" + "9" * 40, "-" + "9" * 39, "01", "1.", "NaN", "null",
    "true", "\ufeff", "\x00", '{"a":1,"a":2}', '{"a":1,"a" :2}', '{"a":{"b":[1,{"c":"d"}]}}',
)  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=12), st.booleans())
def test_the_quick_way_and_the_strict_one_never_differ(tokens: list[str], decimals: bool) -> None:
    for body in ("".join(tokens).encode(), ("[" + ",".join(tokens) + "]").encode()):
        assert told(parse_json, body, decimals=decimals) == told(parse_slowly, body, decimals=decimals)


def test_an_ordinary_page_is_read_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "_parse_slowly", None)
    assert parse_json(b'{"total":1,"data":[{"id":"a","at":"07:30","n":[1.5,{}]}]}')["total"] == 1


def parse_slowly(body: bytes, *, decimals: bool) -> Any:
    return strict_json._parse_slowly(body, strict_json._DECIMALS if decimals else strict_json._DECODER)


def told(read: Callable[..., Any], body: bytes, **how: Any) -> str:
    """What was read, types and all, or the reason why not."""
    try:
        return repr(read(body, **how))
    except ValueError as reason:
        return f"refused: {reason}"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
def test_rows_are_the_same_however_the_report_arrives(size: int) -> None:
    assert list(iterate_rows(cut(REPORT, size))) == ROWS


def test_a2_2_a_report_in_single_bytes_costs_no_more_than_a_few_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at, decoder = 0, strict_json._DECODER

    class Counting:
        def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
            nonlocal looked_at
            try:
                value, end = decoder.raw_decode(text, at)
            except ValueError:
                looked_at += len(text) - at
                raise
            looked_at += end - at
            return value, end

    monkeypatch.setattr(strict_json, "_DECODER", Counting())
    report = json.dumps({"Report_Entry": [{"Name": "x" * 50_000}] + [{"Name": "y"}] * 500}).encode()
    assert len(list(iterate_rows(cut(report, 1)))) == 501
    assert looked_at < 8 * len(report)


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
        b'{"error":"Processing error occurred"}',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
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
