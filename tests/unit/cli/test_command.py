"""One way in and one way out: the three options anywhere, endings as exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ml_connector import errors
from ml_connector.cli.command import command, make_group
from ml_connector.cli.door import Door
from ml_connector.cli.failures import guarded


@pytest.fixture
def seen() -> list[Door]:
    return []


@pytest.fixture
def program(seen: list[Door]) -> typer.Typer:
    app = make_group("A program.")
    inner = make_group("Things.")

    def look(door: Door, *, what: str = "all") -> int:
        """Look at things."""
        seen.append(door)
        return 3 if what == "parked" else 0

    command(inner)(look)
    app.add_typer(inner, name="things")
    return app


@pytest.mark.parametrize(
    "words",
    [
        ["--output", "json", "--connection", "acme", "things", "look"],
        ["things", "--output", "json", "look", "--connection", "acme"],
        ["things", "look", "--connection", "acme", "--output", "json"],
        ["--output", "text", "things", "look", "--output=json", "--connection=acme"],
    ],
)
def test_the_three_options_are_taken_anywhere_and_the_closest_wins(
    words: list[str], program: typer.Typer, seen: list[Door]
) -> None:
    result = CliRunner().invoke(program, words)
    assert result.exit_code == 0, result.output
    assert seen == [Door(None, "acme", "json")]


def test_what_a_command_returns_is_the_exit_code(program: typer.Typer) -> None:
    assert CliRunner().invoke(program, ["things", "look", "--what", "parked"]).exit_code == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RateLimitError("slow down"), 7),
        (errors.NotSentError("no"), 7),
        (errors.RecordError("no"), 3),
        (errors.StalePlanError("moved"), 4),
        (errors.AuthenticationError("who?"), 5),
        (errors.PermissionError_("no"), 5),
        (errors.ConfigurationError("no"), 6),
    ],
)
def test_errors_end_with_their_code_a_sentence_and_the_remedy(
    error: errors.MLConnectorError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    error.remedy = "type\x1b this"

    def fail() -> None:
        raise error

    assert guarded(fail) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{error.message}\n  → type\\x1b this\n"


def test_ctrl_c_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert guarded(interrupt, config=Path("none.toml")) == 130
    assert "Stopped." in capsys.readouterr().err
