"""
Planted secrets and pay, searched for in everything a day of work leaves behind (trust A3-T1, figure F7).

Every credential of both systems is a canary; the commands run as processes, with the log at its most talkative and
faults of every kind on the line; then the folder, what was printed, and the processes' own arguments are searched.
"""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ml_connector.sandbox.faults import parse_fault
from ml_connector.sandbox.server import Sandbox, write_ready_file
from tests.canaries import Hit, encodings, find_canary, plant

# Some 25 processes, one after the other: on a machine with much else to do that has taken minutes.
pytestmark = pytest.mark.timeout(900)

SCENARIO = (
    "config check",
    "doctor",
    "credentials list",
    "ping",
    "discover plex",
    "plan",
    "plan --output json",
    "sync",
    "records employee --output json",
    "runs",
    "parked",
    "explain worker 000010",
    "mapping list",
    "mapping export {folder}/mapping.csv",
    "mapping coverage",
    "read workday worker --limit 3 --raw",
    "read plex employee --limit 3",
    "audit list --output json",
    "audit verify",
    "audit export {folder}/audit.jsonl",
    "credentials rotate-key",
    "ping workday",
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"system": "plex", "mode": "token_expired", "count": 1, "after": 3},
    {"system": "plex", "mode": "reset_after", "method": "POST", "path": "/api/mdm", "count": 1, "after": 5},
    {"system": "plex", "mode": "html", "method": "POST", "path": "/api/mdm", "count": 1, "after": 9},
    {"system": "plex", "mode": "truncated", "method": "POST", "path": "/api/datasources/22657", "count": 1, "after": 2},
    {"system": "workday", "mode": "500", "count": 1, "after": 2},
    {"system": "workday", "mode": "garbage_json", "count": 1, "after": 6},
)


class End(NamedTuple):
    """How one command ended, and what it said last."""

    command: str
    code: int
    words: str


class Day(NamedTuple):
    """What is left of a day: the folder, the canaries, the systems, and how each command ended."""

    folder: Path
    canaries: list[str]
    sandbox: Sandbox
    ends: list[End]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Work for a day with canaries for credentials."""
    folder = tmp_path_factory.mktemp("day")
    ends = []
    with Sandbox(workers=30, calls_per_minute=600_000) as sandbox:
        canaries = _plant(sandbox)
        ready = tmp_path_factory.mktemp("elsewhere") / "ready.json"
        write_ready_file(ready, sandbox.ready)
        ends.append(_type(folder, f"init --sandbox {ready}"))
        for fault in FAULTS:
            sandbox.faults.add(parse_fault(fault))
        ends += [_type(folder, command.format(folder=folder)) for command in SCENARIO]
        sandbox.faults.clear()
        # And when the password is wrong, which is when programs like to say too much.
        _doors(sandbox).isu["password"] = plant()
        _change_client_secret(sandbox)
        ends += [_type(folder, "ping"), _type(folder, "plan")]
        return Day(folder, canaries, sandbox, ends)


def _plant(sandbox: Sandbox) -> list[str]:
    isu, oauth = _doors(sandbox).isu, _doors(sandbox).oauth
    isu["password"], oauth["client_secret"], oauth["refresh_token"] = plant(), plant(), plant()
    return [isu["password"], oauth["client_secret"], oauth["refresh_token"], _change_client_secret(sandbox)]


def _doors(sandbox: Sandbox) -> Any:
    return sandbox.workday._access


def _change_client_secret(sandbox: Sandbox) -> str:
    keys = dataclasses.replace(sandbox.plex.keys, client_secret=plant())
    sandbox.plex.keys = sandbox.plex.access.keys = keys
    return keys.client_secret


def _type(folder: Path, command: str) -> End:
    """Run one command as a process and keep all it says beside its files."""
    environment = os.environ | {
        "XDG_STATE_HOME": str(folder / "state"),
        "ML_CONNECTOR__LOG__LEVEL": "debug",
        "ML_CONNECTOR__LOG__FILE": str(folder / "debug.log"),
    }
    said = subprocess.run(
        [sys.executable, "-m", "ml_connector", *command.split()],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    with (folder / "said.txt").open("ab") as file:
        file.write(command.encode() + b"\n" + said.stdout + said.stderr + f"exit {said.returncode}\n".encode())
    return End(command, said.returncode, said.stderr.decode()[-2000:])


def test_f7_no_credential_is_anywhere(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    folder, canaries = day.folder, day.canaries
    hits = [hit for canary in canaries for hit in find_canary(canary, folder, users=("ISU_mlc@acme1",))]
    files = sum(1 for file in folder.rglob("*") if file.is_file())
    with capsys.disabled():
        sys.stdout.write(
            f"\nF7: {len(canaries)} credentials in {len(encodings(canaries[0]))} encodings, "
            f"{files} files: {len(hits)} hits\n"
        )
    assert hits == []


def test_f7_the_day_was_a_full_one(day: Day) -> None:
    """A search that finds nothing proves nothing unless there was something to be found."""
    odd = [end for end in day.ends if end.code not in {0, 3, 4, 7}]  # a fault may well end one
    assert [(end.command, end.code) for end in odd] == [("ping", 5), ("plan", 5)], odd
    assert len(day.sandbox.plex.state("employees")) > 20, day.ends
    assert (day.folder / "debug.log").stat().st_size > 0
    fired = day.sandbox.faults.report()["fired"]
    assert {f"{fault['system']}/{fault['mode']}" for fault in FAULTS} - fired.keys() == set(), day.ends


def test_f7_the_search_would_have_found_a_leak(day: Day, tmp_path: Path) -> None:
    canaries = day.canaries
    (tmp_path / "leak.log").write_text(f"sent password={canaries[0]}")
    assert [Path(hit.where).name for hit in find_canary(canaries[0], tmp_path) if isinstance(hit, Hit)][:1] == [
        "leak.log"
    ]


def test_co_10_pay_is_in_none_of_our_storage(day: Day) -> None:
    """Rates are off by default: a salary of seven characters and more stands in no file but what `read` printed."""
    folder, sandbox = day.folder, day.sandbox
    pays = {str(row["pay"]["amount"]) for row in sandbox.workday.state("workers") if row.get("pay")}
    salaries = sorted(pay for pay in pays if len(pay) >= 7)
    assert salaries
    for file in folder.rglob("*"):
        if file.is_file() and file.name != "said.txt":
            data = file.read_bytes()
            found = [
                pay for pay in salaries if re.search(rb"(?<![0-9.])" + re.escape(pay.encode()) + rb"(?![0-9])", data)
            ]
            assert found == [], file.name
