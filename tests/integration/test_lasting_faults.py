"""
Every fault of the sandbox's catalogue, begun in the middle of a sync and not going away (trust A2.2), on either system.

The oracle is the same for all: nothing is written but what a run without trouble writes, nobody is deactivated, and the
watermark moves only where Workday was read whole. Once the trouble is over the next sync makes everything whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    PermissionError_,
    RateLimitError,
    UnavailableError,
)
from ml_connector.sandbox.distortions import XML_ONLY
from ml_connector.sandbox.fault_scenarios import SCENARIOS
from ml_connector.sandbox.modes import PAGED_ONLY
from ml_connector.sandbox.server import Sandbox
from tests.lasting import Day

# Ports that close, and records that move between two requests, are no answers that stay spoilt: test_sandbox_outages and
# test_moves play them.
_ELSEWHERE = frozenset(
    {"refused", "connect-timeout", "stale-read", "edited-meanwhile", "deleted-meanwhile", "id-reused"}
)
_LASTING = [name for name in SCENARIOS if name not in _ELSEWHERE]
# What has nothing to do with this way in (JSON only, other tokens), or reads as it should all the same.
WHOLE = "done, exit 0"
IN_PART = "done in part, exit 3"
GUARDED = "a guard waits, exit 4"
Outcome = str | type[Exception]

_EXIT = {
    WHOLE: 0,
    IN_PART: 3,
    GUARDED: 4,
    AuthenticationError: 5,
    PermissionError_: 5,
    ConfigurationError: 6,
    RateLimitError: 7,
    UnavailableError: 7,
}
_AWAY = dict.fromkeys(SCENARIOS, UnavailableError)
_PACE = dict.fromkeys([name for name in SCENARIOS if name.startswith("429") or name == "throttled"], RateLimitError)
_REFUSED = dict.fromkeys(["401-once", "401-loop", "token-expired"], AuthenticationError)

WORKDAY: Mapping[str, Outcome] = {
    **_AWAY,
    **_PACE,
    **_REFUSED,
    "role-removed-403": PermissionError_,
    "quota-403": RateLimitError,
    **dict.fromkeys(["role-removed-empty", "no-rows"], GUARDED),
    **dict.fromkeys(["wrong-total", "empty-page", "page-repeated", "page-skipped"], IN_PART),
    **dict.fromkeys(["mixed-encodings", "nan", "duplicate-keys"], IN_PART),
    **dict.fromkeys(["bom", "comment-split-id", "grant-revoked"], WHOLE),
    **dict.fromkeys(["404", "gzip-bomb"], ConfigurationError),
}
# The records of a page that came whole are believed one by one; what cannot be understood is parked.
_READ = {name for name, outcome in WORKDAY.items() if outcome is WHOLE} | {"mixed-encodings", "nan", "duplicate-keys"}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with Sandbox(workers=12, calls_per_minute=10**6) as sandbox:
        day = Day(sandbox, tmp_path_factory.mktemp("day"))
        yield day
        day.world.app.close()


def strange_rows(day: Day) -> dict[str, list[object]]:
    """Rows of Plex that are neither as they were nor as a run without trouble leaves them."""
    now = day.world.plex_state()
    return {
        kind: [
            row for row in rows if row not in day.before[kind] and row not in day.after[kind] and not _is_newborn(row)
        ]
        for kind, rows in now.items()
    }


def _is_newborn(row: dict[str, object]) -> bool:
    """An employee's attributes as Plex makes them with the employee, before ours come."""
    ours = ("External_Employee_ID", "Cost_Center_No")
    return "Resource_ID" in row and all(row[name] is None for name in ours)


def lost_rows(day: Day) -> dict[str, int]:
    """How many rows there are fewer than before, or more than ever."""
    now = day.world.plex_state()
    return {
        kind: len(rows) for kind, rows in now.items() if not len(day.before[kind]) <= len(rows) <= len(day.after[kind])
    }


def active(state: Mapping[str, list[dict[str, object]]]) -> Counter[str]:
    return Counter(str(row["id"]) for row in state["employees"] if row["status"] == "Active")


def count_wrong(day: Day) -> int:
    """Rows that nobody wanted so, rows that are lost or too many, and people who are active no more."""
    inactive = active(day.before) - active(day.world.plex_state())
    return sum(map(len, strange_rows(day).values())) + len(lost_rows(day)) + inactive.total()


def check_harmless(day: Day) -> None:
    assert not any(strange_rows(day).values())
    assert not lost_rows(day)
    assert not active(day.before) - active(day.world.plex_state()), "nobody is deactivated"


def check_whole(day: Day, watermark: str) -> None:
    day.sandbox.faults.clear()
    ending = day.run()
    assert ending.exit_code == 0, ending
    assert day.world.plex_state() == day.after
    assert day.watermark() > watermark
    tools = day.world.app.syncer._tools
    assert not tools.review.holds("acme", state="open")
    assert not tools.review.parked("acme")


@pytest.mark.parametrize("name", _LASTING)
def test_a2_2_a_lasting_fault_of_workday(day: Day, name: str, tally) -> None:
    day.put_back()
    watermark, kept, writes = day.watermark(), day.workday_extracts(), day.world.writes()
    day.spoil(name, system="workday", after=1)
    ending = day.run()
    expected = WORKDAY[name]
    refused = day.world.writes() == writes and day.watermark() == watermark
    tally("A2.2 lasting faults of Workday", tried=1, wrong_writes=count_wrong(day), refused=int(refused))
    assert ending.exit_code == _EXIT[expected], ending
    if isinstance(expected, str):
        assert ending.report is not None, ending
    else:
        assert type(ending.error) is expected
    check_harmless(day)
    if name not in _READ:
        assert day.world.writes() == writes, "nothing is written from a reading that was refused"
        assert day.watermark() == watermark
        assert kept <= day.workday_extracts(), "what was believed is still believed"
        if ending.report is not None:
            assert ending.report.watermark == watermark
    if expected is IN_PART:
        assert ending.report is not None
        assert ending.report.counts["held"] or ending.report.counts["parked"]
    check_whole(day, watermark)


# Begun once we are signed in.
PLEX: Mapping[str, Outcome] = {
    **_AWAY,
    **_PACE,
    **_REFUSED,
    **dict.fromkeys(["role-removed-403", "quota-403", "404", "gzip-bomb"], IN_PART),
    **dict.fromkeys(["role-removed-empty", "no-rows", "empty-200"], GUARDED),
    "bom": IN_PART,
    **dict.fromkeys(["numbers-as-strings", "grant-revoked"], WHOLE),
}
# Plex has no pages, and speaks JSON only.
_NEVER = PAGED_ONLY | XML_ONLY
_WRITING = {name for name, outcome in PLEX.items() if outcome is WHOLE} | {"bom"}


@pytest.mark.parametrize("name", [name for name in _LASTING if SCENARIOS[name]["mode"] not in _NEVER])
def test_a2_2_a_lasting_fault_of_plex(day: Day, name: str, tally) -> None:
    """
    Workday was read whole, so the watermark moves with every plan; what Plex does not show is held, never written.
    """
    day.put_back()
    watermark, writes = day.watermark(), day.world.writes()
    day.spoil(name, system="plex", after=1)
    ending = day.run()
    expected = PLEX[name]
    unwritten = int(day.world.writes() == writes)
    tally("A2.2 lasting faults of Plex", tried=1, wrong_writes=count_wrong(day), nothing_written=unwritten)
    assert ending.exit_code == _EXIT[expected], ending
    check_harmless(day)
    if isinstance(expected, str):
        assert ending.report is not None, ending
        assert day.watermark() > watermark
    else:
        assert type(ending.error) is expected
        assert day.watermark() == watermark, "no plan was made"
    if name not in _WRITING:
        assert day.world.writes() == writes
    check_whole(day, watermark)


def test_the_hire_is_told_as_held_and_comes_with_the_next_sync(day: Day) -> None:
    """Five readings do not add up: exit 3 and five held, never a quiet 0; `runs` and the trail say the same."""
    day.put_back()
    watermark = day.watermark()
    day.spoil("wrong-total", system="workday", after=1)
    ending = day.run()
    assert ending.report is not None
    assert (ending.report.exit_code, ending.report.waiting, ending.report.counts["held"]) == (3, False, 5)
    tools = day.world.app.syncer._tools
    newest = tools.runs.runs(limit=1)[0]
    assert (newest.watermark, newest.counts["held"]) == (watermark, 5)
    held = [stored.event for stored in tools.trail.list(50, action=AuditAction.DECISION_HELD)]
    assert [event.detail["guard"] for event in held if event.run == str(newest.id)] == ["unstable_extract"] * 5
    again = day.run()
    assert again.report is not None
    assert again.report.watermark == watermark, "and it stays for as long as it takes"
    check_whole(day, watermark)


def test_the_watermark_never_goes_back_to_an_older_plan(day: Day) -> None:
    """Where the last plan stood, it stood as of a later moment: that one is kept when the next reading is refused."""
    day.put_back()
    day.run()
    for _ in range(2):
        standing = day.run()
        assert standing.exit_code == 0
    newest = day.watermark()
    day.spoil("wrong-total", system="workday", after=1)
    refused = day.run()
    assert refused.report is not None
    assert refused.report.watermark == newest
