"""What a person does in the first hour, command by command, and the JSON that scripts rely on."""

from __future__ import annotations

import csv
import json
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from ml_connector.sandbox.company import UNMAPPED_JOB
from ml_connector.sandbox.faults import parse_fault
from tests.e2e.conftest import WORKERS, Terminal


def test_three_commands_bring_plex_in_step(terminal: Terminal) -> None:
    report = terminal.ask("sync")
    assert set(report) == {"run", "plan", "counts", "watermark", "duration_s"}
    assert set(report["counts"]) == {"applied", "noop", "parked", "held", "pending", "unknown"}
    assert report["counts"]["applied"] > 0
    active = [row for row in terminal.sandbox.plex.state("employees") if row["status"] == "Active"]
    assert len(active) > WORKERS * 0.9
    again = terminal.ask("plan")
    assert again["changes"] == []
    assert again["counts"]["noop"] > 0


def test_init_for_a_sandbox_leaves_private_files_and_accepted_rows(shared: Terminal) -> None:
    ready, key = stat.S_IMODE(shared.ready.stat().st_mode), shared.folder / "ml-connector.key"
    assert (ready, stat.S_IMODE(key.stat().st_mode)) == (0o600, 0o600)
    rows = shared.ask("mapping", "list")
    assert rows
    assert {row["state"] for row in rows} == {"accepted"}
    stored = {(info["system"], info["field"]) for info in shared.ask("credentials", "list")}
    assert {
        ("workday", "password"),
        ("workday", "refresh_token"),
        ("plex", "api_key"),
        ("plex", "101/username"),
    } <= stored


def test_no_password_of_the_sandbox_stands_in_any_file(shared: Terminal) -> None:
    shared.ask("ping")
    secrets = [shared.sandbox.ready["workday"]["isu"]["password"], shared.sandbox.ready["plex"]["api_key"]]
    for file in shared.folder.iterdir():
        if file != shared.ready:
            assert not [secret for secret in secrets if secret.encode() in file.read_bytes()], file.name


def test_ping_has_the_promised_shape(shared: Terminal) -> None:
    ping = shared.ask("ping")
    kind = {"type": "object", "required": ["type", "permitted", "count", "problem", "remedy"]}
    surface = {
        "type": "object",
        "required": ["system", "surface", "ok", "signed_in", "version", "clock_offset_s", "types"],
        "properties": {"types": {"type": "array", "items": kind}},
    }
    schema = {
        "required": ["ok", "systems"],
        "properties": {"ok": {"const": True}, "systems": {"type": "array", "minItems": 2, "items": surface}},
    }
    jsonschema.validate(ping, schema)
    assert {each["system"] for each in shared.ask("ping", "plex")["systems"]} == {"plex"}


def test_a_revoked_role_makes_ping_end_with_refused_and_the_role(terminal: Terminal) -> None:
    terminal.sandbox.tenant.revoke_domain("Worker Data: Organization Information")
    result = terminal.type("ping", "workday")
    assert result.exit_code == 5
    assert "Worker Data: Organization Information" in result.stdout.replace("\n", " ")


def test_plan_has_the_promised_shape_and_writes_nothing(shared: Terminal) -> None:
    before = len(shared.sandbox.plex.state("employees"))
    plan = shared.ask("plan")
    assert {"digest", "connection", "as_of", "counts", "changes"} <= set(plan)
    assert {"create", "update", "deactivate", "noop", "hold", "pending"} <= set(plan["counts"])
    for change in plan["changes"]:
        assert {"plant", "type", "key", "action", "reason", "before", "after"} <= set(change)
    assert len(shared.sandbox.plex.state("employees")) == before
    words = shared.type("plan").stdout
    assert f"ml-connector apply {plan['digest'][:12]}" in words


def test_a_day_later_one_worker_is_parked_mended_and_let_go(terminal: Terminal) -> None:
    terminal.ask("sync")
    terminal.sandbox.tenant.advance(1)
    plan = terminal.ask("plan", exit_code=3)
    actions = {change["action"] for change in plan["changes"]}
    assert {"create", "update", "deactivate"} <= actions
    report = terminal.ask("apply", plan["digest"][:8], exit_code=3)
    assert report["counts"]["parked"] > 0
    parked = terminal.ask("parked")
    assert all(set(item) >= {"type", "key", "plant", "reason", "remedy", "since", "waiting_for"} for item in parked)
    worker = next(item for item in parked if item["type"] == "employee")
    assert worker["waiting_for"] == f"job_profile {UNMAPPED_JOB.ref_id}"
    position = f"position={UNMAPPED_JOB.plex_position}"
    assert terminal.type("mapping", "set", "job_profile", UNMAPPED_JOB.ref_id, position).exit_code == 0
    assert terminal.ask("reevaluate", worker["key"])["counts"]["applied"] > 0
    assert terminal.ask("parked") == []
    history = terminal.ask("records", "worker", worker["key"])
    assert {record["status"] for record in history} == {"applied"}
    runs = terminal.ask("runs")
    assert [run["kind"] for run in runs] == ["reevaluate", "apply", "plan", "sync"]
    assert terminal.ask("runs", "show", runs[0]["id"])["writes"]


def test_the_audit_trail_verifies_with_us_and_without_us(terminal: Terminal) -> None:
    terminal.ask("sync")
    verdict = terminal.ask("audit", "verify")
    assert (verdict["ok"], verdict["first_bad"], verdict["anchored"]) == (True, None, True)
    export, key = terminal.folder / "trail.jsonl", terminal.folder / "seal.key"
    assert terminal.type("audit", "export", export, "--key-file", key).exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    verifier = Path("src/ml_connector/audit/verifier.py").resolve()
    alone = subprocess.run([sys.executable, verifier, export, "--key-file", key], capture_output=True, text=True)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert terminal.type("audit", "export", export).exit_code == 6


def test_reading_workers_shows_pay_and_says_so_in_the_trail(terminal: Terminal) -> None:
    with_pay = terminal.type("read", "workday", "worker", "--limit", "5").stdout.splitlines()
    assert len(with_pay) == 5
    worker = json.loads(with_pay[0])
    assert worker["type"] == "worker"
    assert set(worker["compensation"]) >= {"amount", "currency", "frequency"}
    assert isinstance(worker["compensation"]["amount"], str)
    assert len(terminal.ask("audit", "list", "--action", "pay.viewed")) == 1
    without = terminal.type("read", "workday", "worker", "--limit", "1", "--no-pay").stdout
    assert "compensation" not in json.loads(without)
    assert len(terminal.ask("audit", "list", "--action", "pay.viewed")) == 1


def test_reading_plex_goes_through_every_plant_or_one(shared: Terminal) -> None:
    everywhere = [json.loads(line) for line in shared.type("read", "plex", "account").stdout.splitlines()]
    assert {record["plant"] for record in everywhere} == {"100", "101", "102"}
    there = [json.loads(line) for line in shared.type("read", "plex", "account", "--plant", "101").stdout.splitlines()]
    assert there == [record for record in everywhere if record["plant"] == "101"]
    raw = shared.type("read", "plex", "account", "--limit", "1", "--raw").stdout
    assert "accountNumber" in json.loads(raw)


def test_a_record_that_cannot_be_translated_is_told_and_the_rest_goes_on(terminal: Terminal) -> None:
    terminal.sandbox.tenant.play("two_primary_jobs")
    result = terminal.type("read", "workday", "worker", "--no-pay")
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == WORKERS - 1
    assert "1 record could not be translated" in result.stderr


def test_the_mapping_goes_to_a_spreadsheet_and_back(terminal: Terminal) -> None:
    file = terminal.folder / "crosswalk.csv"
    assert terminal.type("mapping", "export", file).exit_code == 0
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0][:3] == ["kind", "plant", "source"]
    unchanged = terminal.ask("mapping", "import", file)
    assert (unchanged["changed"], unchanged["unchanged"]) == ([], len(rows) - 1)
    file.write_text(file.read_text(encoding="utf-8-sig").replace("Welder", "Wleder", 1), encoding="utf-8")
    broken = file.read_text(encoding="utf-8") + '"nonsense","101","X"\n'
    file.write_text(broken, encoding="utf-8")
    refused = terminal.type("mapping", "import", file)
    assert refused.exit_code == 6
    assert f"line {len(rows) + 1}" in refused.stderr


def test_coverage_is_complete_before_and_not_after_the_unmapped_hire(terminal: Terminal) -> None:
    assert terminal.type("mapping", "coverage").exit_code == 0
    terminal.sandbox.tenant.play("unmapped_job")
    found = terminal.ask("mapping", "coverage", exit_code=3)
    missing = [line for line in found["lines"] if line["standing"] == "missing"]
    assert [line["source"] for line in missing] == [UNMAPPED_JOB.ref_id]
    assert missing[0]["remedy"].startswith("ml-connector mapping set job_profile JP-ROBO")


def test_a_wrong_password_ends_with_refused_and_never_shows_it(terminal: Terminal) -> None:
    wrong = "Certainly-Wrong-Password-1"
    assert terminal.type("credentials", "set", "workday", "password", "--from", "-", stdin=wrong + "\n").exit_code == 0
    result = terminal.type("plan")
    assert result.exit_code == 5
    assert wrong not in result.output


def test_doctor_is_content_then_names_the_missing_credential_and_its_command(terminal: Terminal) -> None:
    assert terminal.ask("doctor")["ok"] is True
    assert terminal.type("credentials", "remove", "plex", "client_secret").exit_code == 0
    sick = terminal.ask("doctor", exit_code=6)
    missing = [finding for finding in sick["findings"] if not finding["ok"] and not finding["optional"]]
    assert [finding["remedy"] for finding in missing] == [
        "ml-connector credentials set plex client_secret --connection sandbox"
    ]


def test_rotating_the_master_key_keeps_everything_readable(terminal: Terminal) -> None:
    before = (terminal.folder / "ml-connector.key").read_text()
    assert terminal.ask("credentials", "rotate-key")["credentials"] == 0
    assert (terminal.folder / "ml-connector.key").read_text() != before
    assert terminal.ask("ping")["ok"] is True
    assert terminal.ask("audit", "verify")["ok"] is True


@pytest.mark.usefixtures("hurried")
def test_a_system_that_is_away_ends_with_try_later(terminal: Terminal) -> None:
    terminal.sandbox.stop()
    assert terminal.type("ping", "workday").exit_code == 7


def test_the_actor_of_a_schedule_is_named_in_the_trail(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_CONNECTOR_ACTOR", "nightly sync")
    assert terminal.type("read", "workday", "worker", "--limit", "1").exit_code == 0
    (viewed,) = terminal.ask("audit", "list", "--action", "pay.viewed")
    assert viewed["event"]["actor"] == "nightly sync"
    assert datetime.fromisoformat(viewed["event"]["at"]).tzinfo


@pytest.mark.parametrize("kind", ["worker", "cost_center"])
def test_cc_13_a_reading_that_shows_nothing_ends_as_a_permission_and_names_what_to_grant(
    terminal: Terminal, kind: str
) -> None:
    terminal.sandbox.faults.add(parse_fault({"system": "workday", "mode": "no_rows", "count": None, "data_only": True}))
    try:
        result = terminal.type("read", "workday", kind, "--no-pay", "--limit", "3")
        since = terminal.type("read", "workday", kind, "--no-pay", "--since", "2026-11-01")
    finally:
        terminal.sandbox.faults.clear()
    assert (result.exit_code, result.stdout) == (5, "")
    assert "there is nothing, or we may see nothing" in result.stderr
    domain = '"Worker Data: Current Staffing Information"' if kind == "worker" else "names for Get_Cost_Centers"
    assert domain in result.stderr
    assert since.exit_code in {0, 2}, "who asks what changed may rightly be shown nothing, or has no such filter"


def test_cc_03_a_reading_that_breaks_off_says_that_what_it_printed_is_not_to_be_used(terminal: Terminal) -> None:
    config = terminal.config.read_text(encoding="utf-8")
    small = config.replace('surface = "soap"', 'surface = "soap"\npage_size = 25', 1)
    assert small != config
    terminal.config.write_text(small, encoding="utf-8")
    terminal.sandbox.faults.add(
        parse_fault({"system": "workday", "mode": "page_repeated", "count": None, "after": 1, "data_only": True})
    )
    result = terminal.type("read", "workday", "worker", "--no-pay")
    terminal.sandbox.faults.clear()
    printed = len(result.stdout.splitlines())
    assert (result.exit_code, 0 < printed < WORKERS) == (7, True)
    assert f"Do not use the {printed} records above: the reading broke off and is not whole." in result.stderr
    whole = terminal.type("read", "workday", "worker", "--no-pay")
    assert "Do not use" not in whole.stderr


def test_discover_says_in_words_what_a_surface_cannot_give(terminal: Terminal) -> None:
    assert "not given" not in terminal.type("discover", "workday").stdout
    config = terminal.config.read_text(encoding="utf-8")
    isu, rest = 'surface = "soap"\nauth = "isu"', 'surface = "rest"\nauth = "oauth"'
    assert isu in config
    terminal.config.write_text(config.replace(isu, rest, 1), encoding="utf-8")
    words = " ".join(terminal.type("discover", "workday").stdout.split())
    missing = [", ".join(info["missing"]) for info in terminal.ask("discover", "workday") if info["missing"]]
    assert words.count("not given by this surface: ") == len(missing) > 1
    assert all(f"not given by this surface: {names}" in words for names in missing)
    assert "jobs.organizations" in missing[0]


def test_a_running_sandbox_is_told_to_let_days_pass_and_what_to_play(terminal: Terminal) -> None:
    ready = ("--ready-file", terminal.ready)
    told = terminal.ask("sandbox", "advance", "--days", "2", "--quiet", *ready)
    assert [list(day) for day in told["days"]] == [["date"], ["date"]]
    assert terminal.type("sandbox", "advance", *ready).stdout.startswith("2026-11-26: ")
    (hired,) = terminal.ask("sandbox", "play", "future_hire", *ready)["touched"]
    assert terminal.type("sandbox", "play", "leave", *ready).stdout.strip() in terminal.sandbox.tenant.view().workers
    assert hired in terminal.sandbox.tenant.view().workers
    listed = terminal.type("sandbox", "play", *ready).stdout.splitlines()
    assert "future_hire" in listed[listed.index("coming and going") + 1].split()
    assert max(map(len, listed)) <= 80
    spoiling = ("sandbox", "play", "fault:429-seconds", "--system", "plex", "--count", "3", *ready)
    assert terminal.type(*spoiling).stdout == "plex: 429 for 3 requests\n"
    (waiting,) = terminal.sandbox.faults.report()["faults"]
    assert (waiting["system"], waiting["count"]) == ("plex", 3)
    assert terminal.type("sandbox", "play", "fault:maintenance", *ready).stdout.splitlines()[1:] == [
        "workday: 503 until it is cleared"
    ]
    assert terminal.type("sandbox", "play", "hire", "--count", "3", *ready).exit_code == 2
    assert terminal.type("sandbox", "play", "hire", "--clear", *ready).exit_code == 2
    assert terminal.type("sandbox", "play", "--clear", *ready).exit_code == 0
    assert terminal.sandbox.faults.report()["faults"] == []
    mistyped = terminal.type("sandbox", "play", "future_hir", *ready)
    assert mistyped.stderr.splitlines()[0] == "there is no scenario 'future_hir' (did you mean future_hire?)"
    wrong = terminal.type("sandbox", "play", "nonsense", *ready)
    assert (wrong.exit_code, "ml-connector sandbox play " in wrong.stderr) == (2, True)
    terminal.sandbox.stop()
    assert terminal.type("sandbox", "advance", *ready).exit_code == 7
