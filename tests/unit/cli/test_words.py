"""Text of other systems cannot steer a terminal; counts and durations read as people say them."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.cli.words import duration, plural, printable, printable_json

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


@given(st.text())
def test_nothing_a_terminal_would_obey_survives(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in BIDI]
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_names_of_every_script_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb", "a\\nb"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202edef", "abc\\u202edef"),
        ("Nguyễn", "Nguyễn"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.dictionaries(st.text(), st.text()))
def test_json_for_a_terminal_is_the_same_json_with_nothing_it_would_obey(value: dict[str, str]) -> None:
    shown = printable_json(json.dumps(value, indent=2, ensure_ascii=False))
    assert not [c for c in shown.replace("\n", "") if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in BIDI]
    assert json.loads(shown) == value


def test_counts_read_as_people_say_them() -> None:
    assert [plural(n, "worker") for n in (0, 1, 2, 1200)] == ["0 workers", "1 worker", "2 workers", "1,200 workers"]
    assert plural(2, "entry") == "2 entries"


def test_durations_read_as_people_say_them() -> None:
    spoken = [duration(seconds) for seconds in (0.42, 12, 59.7, 60, 185, 7440)]
    assert spoken == ["0.4 s", "12 s", "1 min", "1 min", "3 min 5 s", "2 h 4 min"]
