"""Progress away from a terminal: a line when a stage ends, never one per record."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from ml_connector.cli.progress import _columns, shown
from ml_connector.errors import shortened


def test_a_stage_is_one_line_however_many_steps() -> None:
    out = io.StringIO()
    with shown(out) as progress:
        for done in range(1, 1001):
            progress("reading workers", done, 1000)
        progress("comparing", 0, None)
    assert out.getvalue() == "reading workers: 1,000 of 1,000\ncomparing\n"


def test_a_stage_cannot_forge_a_line() -> None:
    out = io.StringIO()
    with shown(out) as progress:
        progress("reading\n\x1b[31mDONE", 1, None)
    assert out.getvalue() == "reading\\n\\x1b[31mDONE: 1\n"


def test_quiet_says_nothing_away_from_a_terminal() -> None:
    out = io.StringIO()
    with shown(out, quiet=True) as progress:
        progress("reading", 1, 1)
    assert out.getvalue() == ""


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_how_much_is_done_is_never_cut_however_narrow_the_terminal(width: int) -> None:
    console = Console(width=width, file=io.StringIO())
    columns, room = _columns(width)
    display = Progress(*columns, console=console)
    stage = "reading plex employee attributes of plant 101"
    display.add_task(shortened(stage, room), total=100_000, completed=100_000)
    with console.capture() as captured:
        console.print(display.get_renderable())
    (line,) = [line for line in captured.get().splitlines() if line.strip()]
    assert "100000/100000" in line
    assert ("-:--:--" in line or "0:00:00" in line) is (width >= 60)
    assert ("plant 101" if width >= 80 else "reading plex") in line
