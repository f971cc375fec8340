"""
Planted secrets, searched for after every fault of the catalogue on every way into both systems (trust A3-T1, figure
F7).

The commands run in this process so that all faults fit into a minute: whoever waits is told that the time has passed.
"""

from __future__ import annotations

import dataclasses
import time
import traceback
import xml.sax.saxutils
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml_connector.bootstrap import App
from ml_connector.connectors.budget.budget import Budget
from ml_connector.sandbox.fault_scenarios import SCENARIOS, find_fault
from ml_connector.sandbox.faults import parse_fault
from ml_connector.sandbox.http import Request, Response, json_response
from ml_connector.sandbox.modes import PAGED_ONLY
from ml_connector.sandbox.server import Sandbox
from tests.canaries import encodings, find_canary, plant
from tests.e2e.conftest import Terminal

REPORT = 'report = { owner = "ISU_mlc", name = "ML_Connector_Workers" }\n'
WAYS = {
    "soap": ("workday", 'surface = "soap"\nauth = "isu"\n'),
    "rest": ("workday", 'surface = "rest"\nauth = "oauth"\n'),
    "report": ("workday", 'surface = "report"\nauth = "isu"\n' + REPORT),
    "plex": ("plex", 'auth = "isu"\n'),
}
UNEXPECTED = 1
# Ports that close, and records that move between two requests, are no answers that could hold a secret.
_PORTS, _MOVES = (
    frozenset({"refused", "connect-timeout"}),
    frozenset({"stale-read", "edited-meanwhile", "deleted-meanwhile", "id-reused"}),
)
NAMES = tuple(name for name in SCENARIOS if name not in _PORTS | _MOVES)


# What is typed while a system quotes our credentials, and whatever shows or keeps what it said.
QUOTED_DAY = (
    "ping",
    "plan",
    "sync",
    "runs",
    "parked",
    "audit list --output json",
    "audit export {folder}/audit-{way}.jsonl",
)
FAULT = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
    "<faultcode>e:Client.validationError</faultcode><faultstring>refused: %s</faultstring>"
    "</e:Fault></e:Body></e:Envelope>"
)


class Hurry:
    """Time passes when somebody waits, and nobody does."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.ahead_s

    def sleep(self, seconds: float) -> None:
        self.ahead_s += seconds


@pytest.fixture(scope="module", autouse=True)
def hurry() -> Iterator[None]:
    hurried = Hurry()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(App.__init__.__kwdefaults__, "sleep", hurried.sleep)
        patch.setitem(Budget.__init__.__kwdefaults__, "clock", hurried.clock)
        yield


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, list[str]]]:
    """A configured folder whose every credential is a canary; the systems' own file of them lies elsewhere."""
    folder = tmp_path_factory.mktemp("faults")
    with Sandbox(workers=8, calls_per_minute=600_000) as sandbox, pytest.MonkeyPatch.context() as patch:
        doors = sandbox.workday._access
        doors.isu["password"], doors.oauth["client_secret"] = plant(), plant()
        doors.oauth["refresh_token"] = plant().replace("é", "")  # a token is ASCII (RFC 6749, A.17)
        sandbox.plex.keys = sandbox.plex.access.keys = dataclasses.replace(
            sandbox.plex.keys,
            client_id="ml-connector",
            client_secret=plant(),
            api_key="key-" + plant()[:16] + plant()[-16:],
        )
        terminal = Terminal(sandbox, folder)
        terminal.ready = terminal.ready.rename(tmp_path_factory.mktemp("elsewhere") / "ready.json")
        assert terminal.type("init", "--sandbox", terminal.ready).exit_code == 0
        patch.setenv("ML_CONNECTOR__LOG__LEVEL", "debug")
        patch.setenv("ML_CONNECTOR__LOG__FILE", str(folder / "debug.log"))
        keys = sandbox.plex.keys
        yield terminal, [doors.isu["password"], *list(doors.oauth.values())[1:], keys.client_secret, keys.api_key]


def set_up(terminal: Terminal, way: str) -> str:
    """Configure one way into a system, with little patience; gives the system."""
    system, lines = WAYS[way]
    text = terminal.config.read_text(encoding="utf-8")
    head, _, rest = text.partition('tenant = "acme1"\n')
    rest = "\n" + rest[rest.index("[connections.sandbox.plex]") :]
    if "timeout_s" not in rest:
        rest = rest.replace("settle_s = 0.1\n", "settle_s = 0.1\ntimeout_s = 0.3\n")
    terminal.config.write_text(f'{head}tenant = "acme1"\ntimeout_s = 0.3\n{lines}{rest}', encoding="utf-8")
    return system


def try_out(terminal: Terminal, way: str, name: str) -> bool:
    """Read under one fault and keep all that was said, the trace of an error too; whether the fault fired."""
    faults = terminal.sandbox.faults
    faults.reset()
    system = WAYS[way][0]
    given = find_fault(f"fault:{name}", system=system)
    if system == "plex":  # past the door where tokens are given out, whose own patience is long
        given = {"path": "/api", **given, "after": 0}
    if way == "report":  # one request for data is all there is: nothing comes after a good one
        given["after"] = 0
    faults.add(parse_fault({**given, "retry_after": "0.4"} if given["mode"] == "slow" else given))
    kind = "worker" if system == "workday" else "employee"
    said = terminal.type("read", system, kind, "--limit", "3")
    with (terminal.folder / "said.txt").open("a", encoding="utf-8") as file:
        file.write(f"{name}: {said.output}\n")
        if said.exc_info is not None:
            file.write("".join(traceback.TracebackException(*said.exc_info, capture_locals=True).format()))
    assert said.exception is None or isinstance(said.exception, SystemExit), (name, said.exception)
    assert said.exit_code != UNEXPECTED, (name, said.output)
    return bool(faults.report()["fired"])


@pytest.mark.parametrize("way", WAYS)
def test_f7_no_credential_is_told_under_any_fault(
    planted: tuple[Terminal, list[str]], way: str, tally: Callable[..., None]
) -> None:
    terminal, canaries = planted
    system = set_up(terminal, way)
    wanted = [name for name in NAMES if system == "workday" or SCENARIOS[name]["mode"] not in PAGED_ONLY]
    fired = [name for name in wanted if try_out(terminal, way, name)]
    hits = [hit for canary in canaries for hit in find_canary(canary, terminal.folder, users=("ISU_mlc@acme1",))]
    # Who signs every request with a password asks for no token that could be refused.
    assert set(wanted) - set(fired) == ({"grant-revoked"} if way in {"soap", "report"} else set())
    assert hits == []
    tally(
        "F7 canaries under faults",
        ways=1,
        faults=len(fired),
        spellings_searched=len(canaries) * len(encodings(canaries[0])),
        hits=len(hits),
    )


def quote(request: Request, secrets: list[str]) -> Response:
    """A refusal in the words of whoever was asked, which quotes these credentials."""
    words = f"refused: {' and '.join(secrets)}"
    if "/ccx/service/acme1/" in request.path:
        return Response(500, (FAULT % xml.sax.saxutils.escape(words)).encode(), {"Content-Type": "text/xml"})
    told = {"code": "ARGUMENT_INVALID", "message": words, "errors": [{"message": text} for text in secrets]}
    return json_response({"error": words, "error_description": words} if "token" in request.path else told, 400)


@pytest.mark.parametrize("way", ["plex", "plex key", "soap", "rest", "token"])
def test_f7_no_credential_is_told_or_kept_that_a_system_quotes(
    planted: tuple[Terminal, list[str]], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, canaries = planted
    terminal.sandbox.faults.reset()
    system = set_up(terminal, {"token": "rest", "plex key": "plex"}.get(way, way))
    before = terminal.config.read_text(encoding="utf-8")
    if way == "plex key":
        terminal.config.write_text(before.replace('auth = "oauth2"', 'auth = "api_key"'), encoding="utf-8")
    password, client_secret, refresh_token, plex_secret, api_key = canaries
    # Nobody can quote what was not sent.
    sent = {"plex": [plex_secret], "plex key": [api_key], "soap": [password]}.get(way, [client_secret, refresh_token])
    door = terminal.sandbox._plex_door if system == "plex" else terminal.sandbox._workday_door
    genuine, quoted = door.pretender.answer, []

    def answer(request: Request) -> Response:
        is_for_token = "token" in request.path
        if is_for_token != (way == "token") or (system == "plex" and request.method != "POST"):
            return genuine(request)
        quoted.append(request.path)
        return quote(request, sent)

    monkeypatch.setattr(door, "pretender", dataclasses.replace(door.pretender, answer=answer))
    told = ""
    for command in QUOTED_DAY:
        said = terminal.type(*command.format(folder=terminal.folder, way=way.replace(" ", "-")).split())
        with (terminal.folder / "said.txt").open("a", encoding="utf-8") as file:
            file.write(f"{way} {command}: {said.output}\n")
        told += said.output
        assert said.exit_code != UNEXPECTED, said.output
    terminal.config.write_text(before, encoding="utf-8")
    assert quoted
    # The name we sign in under, here a word of our own remedies, is no secret.
    assert not [verb for verb in ("ping", "credentials", "reevaluate") if f"*** {verb}" in told]
    assert "refused: ***" in " ".join(told.split()) or way in {"rest", "token"}  # these may tell nothing
    assert [hit for canary in canaries for hit in find_canary(canary, terminal.folder)] == []


def test_f7_a_leak_among_it_would_have_been_found(planted: tuple[Terminal, list[str]], tmp_path: Path) -> None:
    _, canaries = planted
    for canary in canaries:
        (tmp_path / "leak.log").write_text(f"sent {canary}", encoding="utf-8")
        assert find_canary(canary, tmp_path)
