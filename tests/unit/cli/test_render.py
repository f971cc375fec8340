"""Tables fit the terminal, cut nothing off, and show text of other systems as text."""

from __future__ import annotations

from rich.console import Console

from ml_connector.cli.render import bars, cell, difference, table


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
