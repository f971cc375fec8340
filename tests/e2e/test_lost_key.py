"""Losing the vault's key loses the credentials and nothing else: what is kept stays readable, and there is a way on."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ml_connector.sandbox.server import Sandbox
from tests.e2e.conftest import Terminal
from tests.e2e.test_process import run

LOOKING = (
    ("parked",),
    ("runs",),
    ("runs", "show", "1"),
    ("records", "worker"),
    ("mapping", "list"),
    ("mapping", "export"),
    ("credentials", "list"),
    ("audit", "list"),
    ("audit", "verify"),
)


def lose(terminal: Terminal, how: str) -> None:
    key = terminal.folder / "ml-connector.key"
    key.unlink()
    if how == "another":
        assert terminal.type("init", "--config", str(terminal.folder / "other" / "x.toml")).exit_code in {2, 6}
        run("init", "--config", "spare.toml", cwd=terminal.folder)
        (terminal.folder / "spare.toml").unlink()
        assert key.exists()


@pytest.mark.parametrize("how", ["gone", "another"])
def test_what_needs_no_secret_works_without_the_key_and_says_that_it_is_missing(terminal: Terminal, how: str) -> None:
    terminal.ask("sync")
    before = {words: terminal.type(*words).stdout for words in LOOKING if words[0] in {"mapping", "runs", "parked"}}
    lose(terminal, how)
    for words in LOOKING:
        result = terminal.type(*words)
        assert result.exit_code == 0, (words, result.output)
        assert "Without the key" in result.stderr
        assert "rotate-key --lost" in result.stderr
        assert before.get(words, result.stdout) == result.stdout
    verdict = terminal.ask("audit", "verify")
    assert (verdict["ok"], verdict["anchored"], verdict["sealed_from"]) == (True, True, None)
    assert "could not be checked" in terminal.type("audit", "verify").stdout
    assert (terminal.folder / "ml-connector.key").exists() == (how == "another")  # none is made behind one's back
    for words in (("sync",), ("ping",), ("release", "abcd")):
        assert terminal.type(*words).exit_code == 6


@pytest.mark.parametrize("how", ["gone", "another"])
def test_a_lost_key_is_replaced_once_it_is_said_that_the_credentials_go(terminal: Terminal, how: str) -> None:
    terminal.ask("sync")
    lose(terminal, how)
    for unsure in (("--lost",), ("--forget-credentials",)):
        assert terminal.type("credentials", "rotate-key", *unsure).exit_code == 2
    assert terminal.type("credentials", "rotate-key").exit_code == 6
    replaced = terminal.type("credentials", "rotate-key", "--lost", "--forget-credentials")
    assert replaced.exit_code == 0, replaced.output
    assert "ml-connector credentials set workday password" in replaced.stdout
    assert terminal.ask("credentials", "list") == []
    (told,) = terminal.ask("audit", "list", "--action", "key.lost")
    verdict = terminal.ask("audit", "verify")
    assert (verdict["ok"], verdict["anchored"], verdict["sealed_from"]) == (True, True, told["seq"])
    ready = terminal.sandbox.ready
    for system, fields in (("workday", ready["workday"]["isu"]), ("plex", ready["plex"]["oauth2"])):
        for field, value in fields.items():
            stdin = f"{value}\n"
            assert terminal.type("credentials", "set", system, field, "--from", "-", stdin=stdin).exit_code == 0
    versions = {(info["system"], info["field"]): info["version"] for info in terminal.ask("credentials", "list")}
    assert versions["workday", "password"] > 1  # no number is ever given twice
    assert terminal.ask("sync")["counts"]["applied"] == 0
    assert terminal.ask("audit", "verify")["ok"] is True
    assert terminal.type("credentials", "rotate-key", "--lost", "--forget-credentials").exit_code == 6


def test_a3_a_copy_of_the_old_key_is_needed_for_older_backups_and_the_rotation_says_so(terminal: Terminal) -> None:
    database, key = terminal.folder / "ml-connector.db", terminal.folder / "ml-connector.key"
    copy, old = terminal.folder / "backup.db", key.read_text()
    with closing(sqlite3.connect(database)) as now, closing(sqlite3.connect(copy)) as backup:
        now.backup(backup)
    said = terminal.type("credentials", "rotate-key")
    assert said.exit_code == 0
    assert "Keep the copy of the old key too, for as long as you keep backups from before" in said.stdout
    for end in ("", "-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    copy.rename(database)
    assert "sealed with master key" in terminal.type("credentials", "list").stderr
    key.write_text(old)
    assert terminal.ask("ping")["systems"]


def test_the_stand_alone_verifier_goes_across_a_lost_key(terminal: Terminal) -> None:
    terminal.ask("sync")
    lose(terminal, "gone")
    assert terminal.type("credentials", "rotate-key", "--lost", "--forget-credentials").exit_code == 0
    export, key = terminal.folder / "trail.jsonl", terminal.folder / "seal.key"
    assert terminal.type("audit", "export", export, "--key-file", key).exit_code == 0
    anchor = terminal.folder / "ml-connector.anchor"
    verifier = Path("src/ml_connector/audit/verifier.py").resolve()
    words = [sys.executable, verifier, export, "--key-file", key, "--anchor", anchor]
    alone = subprocess.run(words, capture_output=True, text=True)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert "the key before it was lost" in alone.stdout


def test_the_history_of_one_person_goes_across_a_lost_key(terminal: Terminal) -> None:
    terminal.ask("sync")
    written = terminal.ask("audit", "list", "--action", "write.applied", "--limit", "500")
    person = next(each["event"]["object"].split("/")[2] for each in written if "employee/" in each["event"]["object"])
    before = [each["seq"] for each in terminal.ask("audit", "list", "--key", person)]
    assert before
    lose(terminal, "gone")
    assert [each["seq"] for each in terminal.ask("audit", "list", "--key", person)] == before
    assert terminal.type("credentials", "rotate-key", "--lost", "--forget-credentials").exit_code == 0
    assert [each["seq"] for each in terminal.ask("audit", "list", "--key", person)] == before


def test_on_a_new_machine_init_makes_the_missing_key_and_only_there(tmp_path: Path) -> None:
    configuration = (
        '[connections.acme.workday]\nhost = "http://127.0.0.1:9"\ntenant = "acme1"\n'
        '[connections.acme.plex]\nbase_url = "http://127.0.0.1:9"\nauth = "api_key"\n'
        '[[connections.acme.plex.plants]]\npcn = "101"\ncompany_code = "ACME-DET"\n'
    )
    (tmp_path / "ml-connector.toml").write_text(configuration)
    assert "ml-connector init" in run("doctor", "--output", "json", cwd=tmp_path).stdout
    assert run("init", cwd=tmp_path).returncode == 0
    key = tmp_path / "ml-connector.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ml-connector.toml").read_text() == configuration
    assert run("init", cwd=tmp_path).returncode == 6
    stored = run("credentials", "set", "plex", "api_key", "--from", "env:KEY", cwd=tmp_path, KEY="k" * 20)
    assert stored.returncode == 0, stored.stderr
    key.unlink()
    refused = run("init", cwd=tmp_path)
    assert refused.returncode == 6
    assert "rotate-key --lost" in refused.stderr
    assert not key.exists()


def test_a_failed_init_for_a_sandbox_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    with Sandbox(workers=60, calls_per_minute=600_000) as sandbox:
        terminal = Terminal(sandbox, tmp_path)
        ready = json.loads(terminal.ready.read_text())
        broken = {**ready, "workday": {**ready["workday"], "isu": {**ready["workday"]["isu"], "password": "w" * 12}}}
        terminal.ready.write_text(json.dumps(broken))
        there = set(tmp_path.iterdir())
        assert terminal.type("init", "--sandbox", terminal.ready).exit_code == 5
        assert set(tmp_path.iterdir()) == there
        terminal.ready.write_text(json.dumps(ready))
        again = terminal.type("init", "--sandbox", terminal.ready)
        assert again.exit_code == 0, again.output
