"""Tables fit the terminal, cut nothing off, and show text of other systems as text."""

from __future__ import annotations

import pytest
from rich.console import Console

from ml_connector.cli.render import bars, cell, difference, hanging, table


def shown(renderable: object, *, width: int = 80) -> str:
    console = Console(width=width, markup=False, highlight=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def test_a_table_fits_eighty_columns_and_folds_instead_of_cutting() -> None:
    word = "x" * 200
    text = shown(table(("name", "what"), [("a", word), ("b", "short")]))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.count("x") == len(word)


def test_where_a_word_for_each_column_does_not_fit_every_row_is_a_block() -> None:
    columns = ("run", "kind", "state", "started", "watermark")
    rows = [(number, "sync", "done", "2026-11-26 12:58", "2026-11-23 16:00:00") for number in (4, 5)]
    wide, narrow = (shown(table(columns, rows, right=("run",)), width=width) for width in (80, 40))
    assert [len(text.splitlines()) for text in (wide, narrow)] == [4, 11]
    assert "2026-11-23 16:00:00" in narrow, "no word is cut in two"
    assert max(len(line) for line in narrow.splitlines()) <= 40
    assert [line.split()[0] for line in narrow.splitlines() if line.strip()] == [*columns, *columns]


def test_a_column_of_single_words_is_never_narrower_than_a_word() -> None:
    columns = ("run", "kind", "state", "started", "plan", "watermark", "what")
    long = "the process that ran it ended without a word: a crash, a power cut, or somebody killed it"
    rows = [
        (number, "apply", "interrupted", "2026-11-26 12:58", "ffffffffffff", "2026-11-23 16:00:00", long)
        for number in range(8, 12)
    ]
    text = shown(table(columns, rows, right=("run",), broken=("what",)))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert (text.count("interrupted"), text.count("ffffffffffff")) == (4, 4)


def test_what_goes_on_in_the_next_line_is_set_in() -> None:
    console = Console(width=40)
    lines = hanging(cell("update 101 employee 000015 José López, who moves to another plant"), console=console).plain
    assert [line[:4].isspace() for line in lines.splitlines()] == [False, True]


@pytest.mark.parametrize("width", [40, 80])
def test_bars_end_where_the_terminal_does(width: int) -> None:
    text = shown(bars({"drift_found_by_full": 114, "b": 1}, console=Console(width=width)), width=width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width


def test_cells_are_text_whatever_they_say() -> None:
    text = shown(table(("name",), [("[red]\x1b[2J[/red]",)]))
    assert "[red]\\x1b[2J[/red]" in text
    assert "\x1b" not in text


def test_bars_are_in_proportion_and_nothing_has_no_bar() -> None:
    lines = shown(bars({"create": 24, "update": 12, "hold": 1, "parked": 0}, console=Console(width=80))).splitlines()
    assert [line.count("█") + line.count("#") for line in lines] == [24, 12, 1, 0]


def test_an_update_shows_old_and_new_and_a_creation_only_new() -> None:
    assert difference({"name": "Assembly"}, {"name": "Final Assembly"}).plain == "name Assembly → Final Assembly"
    assert difference({}, {"position": "Welder", "email": None}).plain == "position Welder, email (empty)"
    assert difference({"a": 1, "b": None}, {"a": 2, "b": "x"}).plain == "a 1 → 2\nb (empty) → x"


def test_what_is_not_given_and_what_is_no_differ() -> None:
    assert (cell(None).plain, cell(False).plain, cell(0).plain) == ("–", "no", "0")
