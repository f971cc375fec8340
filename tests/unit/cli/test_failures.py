"""How output survives a poor terminal, and how a problem is told."""

from __future__ import annotations

import io
import json
import sys

import click
import pytest

from ml_connector.cli import failures, main


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_what_the_terminal_cannot_encode_ends_no_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, name, poor)
    failures.survive_any_terminal()
    name_of_somebody = "\N{CHECK MARK} Thị Hương Renée \N{GRINNING FACE}"
    print(json.dumps(name_of_somebody, ensure_ascii=False), file=poor, flush=True)
    written = poor.buffer.getvalue()  # type: ignore[attr-defined]
    assert rb"\u2713 Th\u1ecb" in written
    assert json.loads(written) == name_of_somebody, "JSON stays JSON"


def test_the_program_survives_any_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    poor = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", poor)
    monkeypatch.setattr(sys, "argv", ["ml-connector", "--version"])
    with pytest.raises(SystemExit):
        main.main()
    print("\N{CHECK MARK}", file=poor, flush=True)
    assert poor.buffer.getvalue().endswith(b"\\u2713\n")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("wish", "coloured"), [("1", False), ("", True)])
def test_a_problem_is_red_unless_colour_is_not_wanted(
    wish: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    seen = Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    monkeypatch.setenv("NO_COLOR", wish)
    failures.tell("wrong", remedy="right it")
    assert ("\x1b[" in seen.getvalue()) is coloured
    assert click.unstyle(seen.getvalue()) == "wrong\n  → right it\n"
