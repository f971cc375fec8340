"""What cannot be looked up at all keeps no later run from beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from ml_connector.canonical.keys import NativeRecord
from ml_connector.errors import AuthenticationError
from ml_connector.sync.apply import Sender
from ml_connector.sync.change import Change
from ml_connector.sync.intent import UNANSWERED, Intent, Outcome
from ml_connector.sync.read_back import _SLICE_S, ATTEMPTS, ReadBack
from ml_connector.sync.receipts import parked_of

SEAT = Change(
    plant="101",
    type="headcount",
    key="Welder|Day|4200-WLD",
    source="Welder in 4200-WLD",
    label="Welder, Day, 4200-WLD",
    action="update",
    reason="",
    before={"planned": 3},
    after={"planned": 4},
    owned={"planned": 4},
    body={"staffing_level": 4},
)


class Odd:
    """A connector that meets something nobody thought of."""

    def find(self, write):
        raise ValueError("zip() argument 2 is longer than argument 1")


@pytest.fixture
def back():
    plex = SimpleNamespace(settle_s=0.0, timeout_s=100.0)
    tools = SimpleNamespace(
        connection=SimpleNamespace(plex=plex), connector=lambda system: Odd(), sleep=lambda seconds: None
    )
    return ReadBack(tools, receipts=None, progress=lambda *told: None)


def test_px_02_a_write_that_cannot_be_looked_up_stays_unknown(back):
    intent = Intent(plan_id=1, seq=1, change=SEAT, state="sending", attempt=1)
    (outcome,) = back.settle([intent])
    assert (outcome.state, outcome.reason) == ("unknown", "looking it up fails (ValueError)")
    assert back._is_seen(intent) is False


NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
WELDING = b'{"department_code":"4200","department_name":"Welding","active":true}'


def creation(*, sent_at, seq=1):
    fields = {"department_code": "4200", "name": "Welding"}
    body = {"department_code": "4200", "department_name": "Welding"}
    change = msgspec.structs.replace(
        SEAT, type="department", key="4200", action="create", before={}, after=fields, owned=fields, body=body
    )
    return Intent(plan_id=1, seq=seq, change=change, state="sending", attempt=1, sent_at=sent_at.isoformat())


def asking(system):
    plex = SimpleNamespace(settle_s=2.0, timeout_s=100.0)
    tools = SimpleNamespace(
        connection=SimpleNamespace(plex=plex), connector=lambda _name: system, sleep=system.sleep, clock=lambda: NOW
    )
    return ReadBack(tools, receipts=None, progress=lambda *told: None)


class Slow:
    """Plex that is still at work on a creation when the wait for its answer ends; *done_s* later it is there."""

    def __init__(self, done_s):
        self.slept, self._done_s = 0.0, done_s

    def sleep(self, seconds):
        self.slept += seconds

    def find(self, write):
        here = NativeRecord(write.record_type, WELDING)
        return [here] if self.slept >= self._done_s else []


@pytest.mark.parametrize(("code", "state"), [(UNANSWERED, "applied"), (None, "planned")])
def test_px_01_a_creation_that_plex_is_still_at_work_on_is_not_sent_again(code, state):
    ambiguous = Outcome(intent=creation(sent_at=NOW), state="ambiguous", reason="late", code=code)
    (outcome,) = asking(Slow(done_s=190.0)).resolve([ambiguous])
    assert outcome.state == state


@pytest.mark.parametrize(("gone_s", "state"), [(1, "applied"), (900, "applied"), (3600, "planned")])
def test_px_01_a_creation_of_a_killed_run_is_not_sent_again_while_plex_may_be_at_work_on_it(gone_s, state):
    """That run may have been told to wait a quarter of an hour before it sent; what left long ago is not waited for."""
    (outcome,) = asking(Slow(done_s=290.0)).settle([creation(sent_at=NOW - timedelta(seconds=gone_s))])
    assert outcome.state == state


class Stern:
    """Plex that shows the first record and then does not know us any more."""

    def __init__(self):
        self.asked = 0

    def sleep(self, seconds):
        pass

    def find(self, write):
        self.asked += 1
        if self.asked > 1:
            raise AuthenticationError("Plex does not know us")
        return [NativeRecord(write.record_type, WELDING)]


def test_px_02_where_plex_does_not_know_us_nothing_more_is_looked_up_and_what_is_proved_is_told():
    stern = Stern()
    back = asking(stern)
    outcomes = back.settle([creation(seq=seq, sent_at=NOW) for seq in (1, 2, 3)])
    assert [item.state for item in outcomes] == ["applied", "unknown", "unknown"]
    assert (stern.asked, str(back.stop)) == (2, "Plex does not know us")


def test_px_02_a_long_wait_says_until_when_and_why():
    told = []
    system = Slow(done_s=1.0)
    back = asking(system)
    back._progress = lambda *line: told.append(line)
    back.settle([creation(sent_at=NOW), creation(sent_at=NOW, seq=2)])
    back._pause(200.0, done=0, total=1)
    until = (NOW + timedelta(seconds=200)).strftime("%H:%M:%S")
    waits = [line for line in told if line[0].startswith(f"waiting until {until} UTC: Plex may be at work yet")]
    assert len(waits) == 200 / _SLICE_S, "one stage, told as often as somebody may have begun to wonder"


def rejected(code):
    intent = creation(sent_at=NOW)
    return parked_of(Outcome(intent=intent, state="rejected", reason="no", remedy="look", code=code))


@pytest.mark.parametrize("code", ["RESOURCE_NOT_FOUND", UNANSWERED, "not_looked_up"])
def test_px_02_what_says_nothing_of_the_content_is_sent_again_by_the_next_run(code):
    assert rejected(code).content_hash is None
    assert rejected("ARGUMENT_INVALID").content_hash is not None


def test_px_02_what_somebody_before_plex_turned_away_three_times_is_not_refused_for_good():
    nothing = SimpleNamespace(find=lambda write: [], sleep=lambda seconds: None)
    intent = msgspec.structs.replace(creation(sent_at=NOW), attempt=ATTEMPTS)
    (outcome,) = asking(nothing).resolve([Outcome(intent=intent, state="ambiguous", code=UNANSWERED)])
    assert (outcome.state, parked_of(outcome).content_hash) == ("rejected", None)


def test_px_02_a_refused_creation_that_cannot_be_looked_up_leaves_nothing_to_wait_for():
    """Plex refused it at its first attempt and is not at work on it: the next run reads, and need not stand still."""
    refused = Outcome(intent=creation(sent_at=NOW), state="rejected", reason="no", code="ARGUMENT_INVALID")
    sender = Sender.__new__(Sender)
    sender._back = asking(SimpleNamespace(find=Odd().find, sleep=lambda seconds: None))
    outcome = sender._refused(refused)
    assert (outcome.state, parked_of(outcome).content_hash) == ("rejected", None)
    again = msgspec.structs.replace(refused, intent=msgspec.structs.replace(refused.intent, attempt=2))
    assert sender._refused(again).state == "unknown"
