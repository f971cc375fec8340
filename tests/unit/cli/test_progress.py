"""Progress away from a terminal: a line when a stage ends, never one per record."""

from __future__ import annotations

import io

from ml_connector.cli.progress import shown


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
