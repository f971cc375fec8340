"""What waits for a person is told whole, in words and in JSON, and so is what keeps us out."""

from __future__ import annotations

import re
import sqlite3

import pytest

from ml_connector.sandbox.faults import parse_fault
from ml_connector.sync.gather import Gatherer
from tests.e2e.conftest import WORKERS, Terminal

KEYS = {"type", "key", "plant", "code", "reason", "remedy", "since", "waiting_for"}


def test_holds_stand_in_the_one_list_of_what_waits(terminal: Terminal) -> None:
    terminal.ask("sync")
    terminal.sandbox.tenant.play("mass_termination")
    result = terminal.type("sync")
    assert result.exit_code == 4, result.output
    listed = terminal.ask("parked")
    assert all(set(item) >= KEYS for item in listed)
    (hold,) = [item for item in listed if "hold" in item]
    assert hold["guard"] == "deactivate_over"
    assert hold["releasable"] is True
    assert hold["count"] > 10
    assert hold["key"] == hold["hold"]
    assert f"ml-connector release {hold['hold']}" in result.stdout
    assert f"held {hold['hold']}" in result.stdout
    plan = terminal.type("plan")
    assert "Plex is in step" not in plan.stdout
    assert f"Nothing may be written now: {hold['count']} changes held." in plan.stdout
    released = terminal.type("release", hold["hold"])
    assert (released.exit_code, "Next: ml-connector sync" in released.stdout) == (0, True)


def test_cc_13_a_plex_role_that_is_gone_since_the_last_reading_is_not_well(terminal: Terminal) -> None:
    terminal.ask("sync")
    assert terminal.ask("ping", "plex")["ok"] is True
    terminal.sandbox.plex.set_permission("employees", granted=False)
    ping = terminal.ask("ping", "plex", exit_code=5)
    assert ping["ok"] is False
    gone = [entry for surface in ping["systems"] for entry in surface["types"] if entry["type"] == "employee"]
    filled = [entry for entry in gone if entry["problem"] is not None]
    assert filled
    for entry in filled:
        assert entry["count"] == 0
        assert "the last complete reading had" in entry["problem"]
        assert "Employees in PCN" in entry["remedy"]


def test_a_plant_that_never_had_anybody_stays_well(shared: Terminal) -> None:
    assert shared.ask("ping", "plex")["ok"] is True


def test_ping_says_that_the_sandbox_has_a_calendar_of_its_own(shared: Terminal) -> None:
    surface = shared.ask("ping", "workday")["systems"][0]
    assert "calendar of its own" in surface["problem"]
    assert surface["remedy"] is None


def test_an_anchor_file_that_is_gone_is_told(terminal: Terminal) -> None:
    terminal.ask("sync")
    anchor = terminal.folder / "ml-connector.anchor"
    anchor.unlink()
    verdict = terminal.ask("audit", "verify", exit_code=1)
    assert verdict["ok"] is False
    assert str(anchor) in verdict["problem"]


def test_every_command_that_adds_to_the_trail_leaves_an_anchor(terminal: Terminal) -> None:
    anchor = terminal.folder / "ml-connector.anchor"
    before = anchor.read_bytes()
    assert terminal.type("credentials", "remove", "plex", "api_key").exit_code == 0
    assert anchor.read_bytes() != before
    assert terminal.ask("audit", "verify")["anchored"] is True


@pytest.mark.parametrize("table", ["audit_event", "audit_head", "audit_subject"])
def test_a_dropped_table_of_the_trail_is_altered_and_not_unexpected(terminal: Terminal, table: str) -> None:
    terminal.ask("sync")
    with sqlite3.connect(terminal.folder / "ml-connector.db") as database:
        database.execute(f"DROP TABLE {table}")
    database.close()
    result = terminal.type("audit", "verify")
    assert result.exit_code == 1
    assert "The trail was altered" in result.stderr
    assert table in result.stderr
    assert "unexpected" not in result.stderr


def test_the_trail_fits_a_terminal_of_eighty_columns(shared: Terminal) -> None:
    lines = shared.type("audit", "list").stdout.splitlines()
    assert lines
    assert max(map(len, lines)) <= 80


def test_a_long_name_does_not_flood_what_is_parked_and_is_whole_in_json(terminal: Terminal) -> None:
    terminal.ask("sync")
    terminal.sandbox.tenant.play("long_name")
    assert terminal.type("sync").exit_code in {0, 3}, "done, or done in part where the newcomer's job is not mapped"
    longest = max((item["label"] for item in terminal.ask("parked")), key=len)
    assert len(longest) >= 300
    shown = terminal.type("parked").stdout
    assert "…" in shown
    assert longest not in shown.replace("\n", "")


@pytest.mark.parametrize(
    ("system", "words", "more"),
    [
        ("plex", ("read", "plex", "account", "--plant", "101"), {"method": "GET"}),  # past the token endpoint
        ("workday", ("read", "workday", "location"), {}),
    ],
)
def test_a_wait_that_a_system_asks_for_is_told(
    terminal: Terminal, system: str, words: tuple[str, ...], more: dict[str, str]
) -> None:
    terminal.sandbox.faults.add(parse_fault({"system": system, "mode": "429", "retry_after": "6", "count": 1} | more))
    result = terminal.type(*words)
    assert result.exit_code == 0, result.output
    assert f"s before {system.capitalize()} is asked again" in result.stderr


def test_progress_names_the_plant_that_is_read(terminal: Terminal) -> None:
    told = terminal.type("sync").stderr
    for pcn in ("100", "101", "102"):
        assert f"reading plex employees of plant {pcn}" in told


def test_a_run_that_was_stopped_is_interrupted_and_not_a_python_word(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_words: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Gatherer, "gather", stop)
    assert terminal.type("sync").exit_code == 130
    (run,) = terminal.ask("runs")
    assert (run["state"], run["problem"]) == ("interrupted", "interrupted")
    assert "KeyboardInterrupt" not in terminal.type("runs").stdout


def test_a_database_that_is_none_is_told_by_every_command_and_by_doctor(terminal: Terminal) -> None:
    for file in terminal.folder.glob("ml-connector.db*"):
        file.unlink()
    (terminal.folder / "ml-connector.db").write_bytes(b"a letter to somebody, and no database at all" * 100)
    for words in (("parked",), ("sync",), ("doctor",)):
        result = terminal.type(*words)
        assert result.exit_code == 6, result.output
        assert "no SQLite database" in result.output.replace("\n", " ")


def test_a_token_endpoint_that_is_not_there_ends_a_sync_at_once_and_is_told_once(terminal: Terminal) -> None:
    terminal.sandbox.faults.add(parse_fault({"system": "plex", "mode": "404", "path": "/oauth2/token", "count": None}))
    result = terminal.type("sync")
    assert (result.exit_code, "plex.token_url" in result.stderr) == (6, True)
    assert terminal.ask("parked") == []
    told = terminal.type("ping", "plex")
    assert 1 <= (told.stdout + told.stderr).count("no token endpoint") <= 3 * 2, "once a plant and surface"
    terminal.sandbox.faults.clear()
    assert terminal.type("sync").exit_code == 0


def test_a_page_that_breaks_after_some_of_its_records_is_asked_for_again_by_who_prints_them(terminal: Terminal) -> None:
    # The clock is asked first: the second answer is the page.
    terminal.sandbox.faults.add(
        parse_fault({"system": "workday", "mode": "wrong_total", "data_only": True, "count": 2})
    )
    result = terminal.type("read", "workday", "worker", "--no-pay")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) >= WORKERS


@pytest.mark.usefixtures("hurried")
def test_workday_away_for_maintenance_says_when_to_come_again(terminal: Terminal) -> None:
    terminal.sandbox.faults.add(parse_fault({"system": "workday", "mode": "503", "count": 99}))
    surface = terminal.ask("ping", "workday", exit_code=7)["systems"][0]
    assert "Friday 23:00" in surface["remedy"]


def test_rd_09_a_change_of_the_mapping_waits_for_another_person(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, change = (
        "job_profile/101/JP-WELD",
        ("set", "job_profile", "JP-WELD", "--plant", "101", "position=Press Operator"),
    )
    assert terminal.type("sync").exit_code == 0
    monkeypatch.setenv("ML_CONNECTOR_ACTOR", "mia")
    said = terminal.type("mapping", *change, "--preview")
    assert (said.exit_code, "would be draft" in said.stdout) == (0, True)
    assert re.search(r"It re-routes \d+ workers in plant 101\.", said.stdout)
    drafted = terminal.type("mapping", *change)
    assert drafted.exit_code == 4
    assert f"ml-connector mapping approve {line}" in drafted.stderr
    assert terminal.ask("mapping", *change, exit_code=4)["waiting"] == [line]
    assert "wait for another person" in str(terminal.ask("doctor"))
    assert terminal.type("mapping", "approve", line).exit_code == 4
    assert terminal.type("mapping", "approve", "--all").exit_code == 4
    assert terminal.type("mapping", "set", "job_profile", "JP-WELD", "--from", "1.11.2026", "position=X").exit_code == 2
    monkeypatch.setenv("ML_CONNECTOR_ACTOR", "leo")
    approved = terminal.ask("mapping", "approve", line)
    assert approved["changed"][0]["drafted_by"] == "mia"
    assert approved["impact"][0]["rerouted"] > 0
    assert terminal.type("mapping", "withdraw", line).exit_code == 2
