"""Guards: the exact numbers of the rules, and what an approval covers."""

import msgspec
import pytest

from ml_connector.settings import Guard
from ml_connector.sync.change import Change
from ml_connector.sync.policy import (
    Approvals,
    guard_changes,
    missing_section,
    over,
    population_drop,
    shrunken_list,
)

LIMIT = "max(10, 2%)"


def change(number: int, action="deactivate", before=None, **after):
    return Change(
        plant="101",
        type="employee",
        key=f"k{number:04}",
        source=str(number),
        label=str(number),
        action=action,
        reason="",
        before=dict.fromkeys(after, "as it was") if before is None else before,
        after=after or {"status": "Inactive"},
        owned={},
        body={"status": "Inactive", **after},
    )


@pytest.mark.parametrize(("count", "trips"), [(23, False), (24, True)])
def test_cc_12_of_1180_active_23_terminations_run_and_24_hold(count, trips):
    changes, holds = guard_changes(
        [change(n) for n in range(count)], population=1180, guard=Guard(), approvals=Approvals()
    )
    assert bool(holds) is trips
    assert all(bool(item.hold) is trips for item in changes)


def test_cc_12_in_a_small_plant_ten_may_go_and_eleven_wait():
    assert not over(10, population=50, limit=LIMIT)
    assert over(11, population=50, limit=LIMIT)


def test_cc_12_the_same_field_of_more_than_a_fifth_waits_and_other_changes_go_on():
    many = [change(n, "update", department="4100") for n in range(21)]
    few = [change(n, "update", email="x") for n in range(50, 53)]
    changes, holds = guard_changes([*many, *few], population=100, guard=Guard(), approvals=Approvals())
    assert [hold.guard for hold in holds] == ["field_change_over"]
    assert [bool(item.hold) for item in changes] == [True] * 21 + [False] * 3


def test_cc_12_creates_are_not_field_changes():
    _, holds = guard_changes(
        [change(n, "create") for n in range(50)], population=50, guard=Guard(), approvals=Approvals()
    )
    assert holds == []


def test_cc_12_filling_an_empty_field_is_no_mass_change():
    empty = {"supervisor_id": None}
    fill = [change(n, "update", before=empty, supervisor_id="boss") for n in range(50)]
    assert guard_changes(fill, population=100, guard=Guard(), approvals=Approvals())[1] == []


def test_cc_12_an_approval_releases_that_set_and_what_is_left_of_it_but_no_other():
    wave = [change(n) for n in range(30)]
    _, (hold,) = guard_changes(wave, population=100, guard=Guard(), approvals=Approvals())
    approved = {hold.id: (hold.guard, frozenset(hold.members))}
    for part in (wave, wave[:15]):
        changes, holds = guard_changes(part, population=100, guard=Guard(), approvals=Approvals(approved))
        assert holds == []
        assert not any(item.hold for item in changes)
    _, holds = guard_changes([*wave, change(99)], population=100, guard=Guard(), approvals=Approvals(approved))
    assert len(holds) == 1


def test_up_05_drift_is_written_over_or_waits_as_the_configuration_says():
    drifted = msgspec.structs.replace(
        change(1, "update", email="x"), reason="drift: email changed in Plex since the last sync"
    )
    others = [change(n, "update", email="x") for n in (2, 3)]
    for policy, waiting in (("overwrite", []), ("hold", ["k0001"])):
        guard = Guard(drift=policy)
        changes, holds = guard_changes([drifted, *others], population=100, guard=guard, approvals=Approvals())
        assert [item.key for item in changes if item.hold] == waiting
        assert [(hold.guard, hold.plant, hold.count) for hold in holds] == [("drift", "101", 1)] * len(waiting)


def test_a_hold_has_the_same_name_whenever_the_same_set_trips():
    first = guard_changes([change(n) for n in range(30)], population=100, guard=Guard(), approvals=Approvals())[1]
    again = guard_changes(
        [change(n) for n in reversed(range(30))], population=100, guard=Guard(), approvals=Approvals()
    )[1]
    assert first[0].id == again[0].id


def test_cc_11_a_third_of_the_population_vanishing_is_a_question():
    hold = population_drop([f"w{n}" for n in range(400)], before=1180, limit=LIMIT)
    assert hold is not None
    assert hold.reason.startswith("population_drop 33.9%")
    assert population_drop(["w1"], before=1180, limit=LIMIT) is None


def test_cc_13_an_empty_list_is_not_zero():
    hold = shrunken_list("employee", "101", now=0, before=5, limit=LIMIT)
    assert hold is not None
    assert hold.guard == "empty_result"
    assert shrunken_list("employee", "101", now=0, before=None, limit=LIMIT) is None
    assert shrunken_list("employee", "101", now=0, before=0, limit=LIMIT) is None


def test_px_13_a_list_much_shorter_than_last_time_is_held():
    hold = shrunken_list("employee", "101", now=600, before=641, limit=LIMIT)
    assert hold is not None
    assert hold.guard == "list_shrunk"
    assert shrunken_list("employee", "101", now=640, before=641, limit=LIMIT) is None


def test_up_02_a_missing_section_names_its_domain_and_no_approval_helps():
    hold = missing_section("organizations", share=0.5, domain="Worker Data: Organization Information")
    assert "Worker Data: Organization Information" in hold.remedy
    assert not hold.releasable


def test_cc_12_an_approval_holds_at_its_own_guard_and_is_over_when_nothing_trips():
    hold = missing_section("jobs", share=1, domain="x")
    elsewhere = Approvals({hold.id: ("deactivate_over", frozenset(hold.members))})
    assert not elsewhere.cover(hold)
    assert elsewhere.over == {hold.id}
    mine = Approvals({hold.id: (hold.guard, frozenset(hold.members))})
    assert mine.cover(hold)
    assert mine.over == set()
    assert not Approvals().cover(hold)
