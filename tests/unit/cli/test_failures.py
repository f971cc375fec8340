"""How output survives a poor terminal, and how a problem is told."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from pathlib import Path

import click
import pytest
from typer.testing import CliRunner

from ml_connector.cli import failures, main
from ml_connector.errors import Fault, FaultsError


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


class Full(io.StringIO):
    """A disk without room."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a2_2_an_output_without_room_is_told_and_is_no_riddle(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    assert failures.guarded(lambda: sys.stdout.write("a result")) == failures.CONFIGURATION
    told = (
        "the output cannot be written: No space left on device\n  → make room on that disk, or write to another one\n"
    )
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["sandbox", "-h"]])
def test_a2_2_help_without_room_ends_without_a_traceback(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.setattr(sys, "argv", ["ml-connector", *words])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == failures.CONFIGURATION
    assert capsys.readouterr().err.startswith("the output cannot be written")


def test_a2_2_a_log_without_room_does_not_hide_that_something_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(failures, "_log_file", lambda _config: tmp_path / "file" / "errors.log")

    def fail() -> None:
        raise KeyError("odd")

    assert failures.guarded(fail) == failures.UNEXPECTED
    told = capsys.readouterr().err
    assert "KeyError" in told
    assert "errors.log cannot be written" in told


def test_a_word_that_is_none_of_those_there_are_is_told_in_plain_words() -> None:
    told = CliRunner().invoke(main.app, ["asof", "2026-11-24", "horse", "1"])
    assert told.exit_code == 2
    assert "Invalid value for 'TYPE': 'horse' is not one of" in " ".join(told.stderr.split())


FAULTS = FaultsError(
    "crosswalk.csv was not imported",
    faults=[
        Fault(
            code="tie", subject="line 2", message="job_profile A already stands on line 1", remedy="keep one", line=2
        ),
        Fault(
            code="unknown_code",
            subject="line 3",
            message="Workday shows no cost center 'CC\x1b[2J' and this is a sentence that is longer than the terminal",
            remedy="correct the code; what is only to come in Workday needs a row that begins on its day",
            line=3,
            blocking=False,
        ),
    ],
    remedy="mend all of it",
)


def refuse() -> int:
    raise FAULTS


@pytest.mark.parametrize("columns", [40, 80])
def test_every_fault_has_its_own_lines_which_fit_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert failures.guarded(refuse) == failures.CONFIGURATION
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "crosswalk.csv was not imported: 1 fault"
    assert " ".join(" ".join(lines[1:]).split()).startswith("line 2: job_profile A already stands on line 1 → keep one")
    assert any(line.startswith("  line 3: worth a look: Workday shows") for line in lines)
    assert "\x1b" not in err
    assert [len(line) for line in lines if "→" not in line and len(line) > columns] == []
    # Ready to be copied: a remedy is never folded.
    assert "    → correct the code; what is only to come in Workday needs a row that begins on its day" in lines
    assert lines[-1] == "  → mend all of it"


def test_scripts_get_every_fault_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert failures.guarded(refuse, as_json=True) == failures.CONFIGURATION
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["refused"] == "crosswalk.csv was not imported"
    assert [(fault["line"], fault["code"], fault["blocking"]) for fault in told["faults"]] == [
        (2, "tie", True),
        (3, "unknown_code", False),
    ]
    assert err == "crosswalk.csv was not imported: 1 fault\n  → mend all of it\n"
