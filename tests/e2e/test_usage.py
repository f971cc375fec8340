"""Wrong usage is told as such (2), names what there is instead, and never repeats what may be a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ml_connector.cli.main import app
from ml_connector.settings.loading import load_settings
from tests.e2e.conftest import Terminal

MISTAKES = (
    ("read", "workday", "wrker"),
    ("read", "plex", "worker"),
    ("read", "plex", "account", "--plant", "999"),
    ("plan", "--only", "foo"),
    ("runs", "show", "999"),
    ("runs", "show", "99999999999999999999"),
    ("records", "foo"),
    ("records", "worker", "99"),
    ("mapping", "set", "foo", "X", "position=Welder"),
    ("mapping", "set", "job_profile", "X", "position=Welder", "--plant", "999"),
    ("mapping", "list", "--kind", "foo"),
    ("mapping", "import", "/nope.csv"),
    ("credentials", "set", "workday", "foo"),
    ("credentials", "set", "workday", "password", "--from", "elsewhere"),
    ("release", "nope"),
    ("audit", "list", "--action", "foo"),
    ("parked", "--connection", "nope"),
    ("init", "--surface", "rest"),
    ("apply", "0123456789ab"),
    ("links", "relink", "99", "--new"),
    ("links", "unlink", "99"),
    ("credentials", "remove", "plex", "foo"),
    ("mapping", "export", "."),
    ("mapping", "set", "job_profile", "JP-WELD"),
    ("mapping", "set", "job_profile", "JP-WELD", "--until", "2026-11-30", "--plant", "100"),
)


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_what_names_nothing_is_wrong_usage_with_what_there_is(shared: Terminal, words: tuple[str, ...]) -> None:
    result = shared.type(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "→ " in result.stderr


@pytest.mark.parametrize("words", [("runs",), ("audit", "list"), ("read", "plex", "employee")], ids=" ".join)
def test_a_limit_no_database_could_take_is_wrong_usage(shared: Terminal, words: tuple[str, ...]) -> None:
    told = shared.type(*words, "--limit", "99999999999999999999")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "less than or equal to 1000000000" in told.stderr


def test_a_record_nothing_ever_happened_to_is_no_such_record(shared: Terminal) -> None:
    assert "there is no such record" in shared.type("records", "worker", "99").stderr


IGNORED_ONCE = (
    ("read", "plex", "employee", "--since", "2026-01-01"),
    ("plan", "--as-of", "9999-12-31"),
    ("read", "plex", "employee", "--as-of", "2026-01-01"),
    ("read", "workday", "worker", "--plant", "101"),
    ("reevaluate", "banana"),
    ("resend", "banana"),
)


@pytest.mark.parametrize("words", IGNORED_ONCE, ids=" ".join)
def test_a_filter_that_would_be_ignored_is_refused_with_the_reason(shared: Terminal, words: tuple[str, ...]) -> None:
    before = len(shared.sandbox.arrivals.list())
    result = shared.type(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(shared.sandbox.arrivals.list()) == before  # nobody is asked for nothing


def test_filters_that_the_systems_know_still_work(shared: Terminal) -> None:
    for words in (
        ("read", "plex", "journal_entry", "--since", "2026-01-01"),
        ("read", "workday", "worker", "--no-pay", "--since", "2026-01-01", "--as-of", "2026-11-23"),
        ("runs", "--state", "degraded"),
    ):
        assert shared.type(*words).exit_code == 0, words


@pytest.mark.parametrize(
    "words",
    [
        ("credentials", "set", "plex", "api_key", "hunter2-hunter2"),
        ("credentials", "set", "plex", "hunter2-hunter2"),
        ("credentials", "set", "plex", "api_key", "--value", "hunter2-hunter2"),
        ("credentials", "set", "plex", "api_key", "--from", "hunter2-hunter2"),
    ],
    ids=" ".join,
)
def test_a_secret_typed_as_an_argument_is_never_repeated(shared: Terminal, words: tuple[str, ...]) -> None:
    result = shared.type(*words)
    assert result.exit_code == 2
    assert "hunter2" not in result.output


def test_the_program_tells_its_version_and_answers_to_h() -> None:
    version = CliRunner().invoke(app, ["--version"])
    assert (version.exit_code, version.stdout.split()[0]) == (0, "ml-connector")
    for words in (["-h"], ["plan", "-h"], ["mapping", "-h"], ["mapping", "list", "-h"]):
        result = CliRunner().invoke(app, words)
        assert (result.exit_code, "Usage:" in result.stdout) == (0, True), words


@pytest.mark.parametrize("name", ["credentials", "mapping", "audit", "config", "runs"])
def test_the_help_of_every_group_has_an_example(name: str) -> None:
    group = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert f"ml-connector {name}" in group.help


def test_the_sandbox_refuses_a_date_before_it_says_that_it_starts() -> None:
    result = CliRunner().invoke(app, ["sandbox", "--date", "foo"])
    assert result.exit_code == 2
    assert "starting" not in result.output


@pytest.mark.parametrize(("surface", "auth"), [("rest", "oauth"), ("report", "isu")])
def test_a_rehearsal_reads_workday_over_the_surface_it_was_set_up_for(
    shared: Terminal, tmp_path: Path, surface: str, auth: str
) -> None:
    here = Terminal(shared.sandbox, tmp_path)
    assert here.type("init", "--sandbox", here.ready, "--surface", surface).exit_code == 0
    settings = load_settings(here.config).connections["sandbox"].workday
    assert (settings.surface, settings.auth) == (surface, auth)
    first = here.ask("ping", "workday")["systems"][0]
    assert (first["surface"], first["ok"]) == (surface, True)
    assert here.ask("mapping", "list")
