"""Guards: the exact numbers of the rules, and what an approval covers."""

import msgspec
import pytest

from ml_connector.errors import ConfigurationError
from ml_connector.mapping.fill import Missing
from ml_connector.settings.loading import parse_settings
from ml_connector.settings.sync import Guard, Rolling
from ml_connector.sync.allowance import Lately, Sent, member_of, over, said_of
from ml_connector.sync.belief import missing_fields, population_drop, shrunken_list
from ml_connector.sync.change import Change
from ml_connector.sync.policy import (
    Approvals,
    guard_changes,
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
        assert {item.approved for item in changes} == {(hold.id,)}
    _, holds = guard_changes([*wave, change(99)], population=100, guard=Guard(), approvals=Approvals(approved))
    assert len(holds) == 1


def test_cc12_of_three_released_sets_only_the_one_that_let_a_write_by_is_named():
    waves = [[change(n) for n in range(count)] for count in (30, 31, 32)]
    sets = [guard_changes(wave, population=100, guard=Guard(), approvals=Approvals())[1][0] for wave in waves]
    released = {hold.id: (hold.guard, frozenset(hold.members)) for hold in sets}
    going, _ = guard_changes(waves[2], population=100, guard=Guard(), approvals=Approvals(released))
    assert {item.approved for item in going} == {(sets[2].id,)}
    few, _ = guard_changes(waves[0][:3], population=100, guard=Guard(), approvals=Approvals(released))
    assert {item.approved for item in few} == {()}, "so few would not have waited"


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


def missing(*groups, fields=("organizations",), new=False):
    domain = "Worker Data: Organization Information"
    return Missing(domain=domain, groups=groups, fields=fields, lost=50, of=100, new=new)


def test_up_02_a_missing_section_names_its_domain_and_no_approval_helps():
    hold = missing_fields(missing("organizations"), grant="grant Worker Data: Organization Information")
    assert "Worker Data: Organization Information" in hold.remedy
    assert "organizations for 50 of 100 workers who showed it last time (50%)" in hold.reason
    assert not hold.releasable


def test_up02_what_a_worker_may_rightly_lack_a_person_may_let_go():
    hold = missing_fields(missing("contact", fields=("email",)), grant="grant it")
    assert hold.releasable
    assert f"release {hold.id}" in hold.remedy
    assert not missing_fields(missing("contact", fields=("email",), new=True), grant="grant it").releasable


def test_cc_12_an_approval_holds_at_its_own_guard_and_is_over_when_nothing_trips():
    hold = missing_fields(missing("jobs", fields=("jobs",)), grant="x")
    elsewhere = Approvals({hold.id: ("deactivate_over", frozenset(hold.members))})
    assert not elsewhere.cover(hold)
    assert elsewhere.over == {hold.id}
    mine = Approvals({hold.id: (hold.guard, frozenset(hold.members))})
    assert mine.cover(hold)
    assert mine.over == set()
    assert not Approvals().cover(hold)


def looked_at(changes, *, sent=(), population=120, guard=None, approvals=None, filling=()):
    return guard_changes(
        changes,
        population=population,
        guard=guard or Guard(),
        approvals=approvals or Approvals(),
        lately=Lately(sent=sent, filling=filling),
    )


def sent(number, action="deactivate", at="2026-11-23T09:00:00+00:00", **more):
    return Sent(action, "101", str(number), f"{action}|employee|101|k{number:04}|old", at, **more)


def test_cc12_seven_of_ten_used_since_nine_and_five_more_wanted_hold_five():
    before = [sent(n, at=f"2026-11-23T{9 + n:02}:00:00+00:00") for n in range(7)]
    changes, (hold,) = looked_at([change(n) for n in range(20, 25)], sent=before)
    assert hold.count == 5
    assert all(item.hold == hold.id for item in changes)
    told = hold.explanation
    assert (told.allowed, told.population, told.used, told.wanted) == (10, 120, 7, 5)
    assert "5 deactivations wanted; 7 of 10 used since 2026-11-23 09:00 UTC" in hold.reason
    assert "within 24 h (max(10, 2%) of 120 active workers)" in hold.reason
    assert f"ml-connector release {hold.id}" in hold.remedy
    assert looked_at([change(n) for n in range(20, 23)], sent=before)[1] == []


def test_cc12_nine_endings_an_hour_for_ten_hours_do_not_slip_under_ten_a_run():
    gone, let_through = [], 0
    for hour in range(10):
        wave = [change(100 * hour + n) for n in range(9)]
        changes, holds = looked_at(wave, sent=gone)
        let_through += sum(1 for item in changes if item.hold is None)
        gone += [sent(item.source, at=f"2026-11-23T{hour:02}:00:00+00:00") for item in changes if item.hold is None]
        assert bool(holds) is (hour > 0)
    assert let_through == 9


def test_cc12_a_window_of_no_hours_counts_each_run_alone():
    guard = Guard(rolling=Rolling(window="0 h", deactivate_over="1"))
    assert looked_at([change(n) for n in range(10)], sent=[sent(50)], guard=guard)[1] == []


def test_cc12_a_tighter_limit_over_the_window_counts_the_first_run_too():
    guard = Guard(rolling=Rolling(deactivate_over="5"))
    (hold,) = looked_at([change(n) for n in range(6)], guard=guard)[1]
    assert (hold.explanation.allowed, hold.explanation.used) == (5, 0)
    assert "5 are allowed within 24 h" in hold.reason


def test_cc12_who_is_transferred_leaves_a_plant_as_who_is_deactivated_does():
    wave = [msgspec.structs.replace(change(n, "transfer"), plant="102", origin="101") for n in range(6)]
    _changes, (hold,) = looked_at([*wave, *(change(n) for n in range(20, 25))])
    assert (hold.guard, hold.count) == ("deactivate_over", 11)
    assert "11 deactivations and transfers to another plant wanted, 10 are allowed" in hold.reason
    assert looked_at(wave, sent=[sent(n, "transfer") for n in range(30, 35)])[1] != []
    assert looked_at(wave, sent=[sent(n, "transfer") for n in range(30, 34)])[1] == []


def test_px07_what_makes_ready_for_a_transfer_and_what_follows_it_wait_with_it():
    wave = [msgspec.structs.replace(change(n, "transfer"), plant="102", origin="101") for n in range(11)]
    ready = [change(n, "update", building=None) for n in range(11)]
    then = [msgspec.structs.replace(change(n, "update", building="TOL"), plant="102") for n in range(11)]
    others = [change(n, "update", email="z") for n in range(50, 53)]
    changes, (hold,) = looked_at([*ready, *wave, *then, *others])
    assert [item.hold for item in changes] == [hold.id] * 33 + [None] * 3
    changes, (hold,) = looked_at([*ready[:4], *wave[:4], *then[:4]], guard=Guard(field_change_over="3"))
    assert hold.guard == "field_change_over"
    assert {item.hold for item in changes} == {hold.id}


def test_cc12_what_a_person_released_is_in_nobodys_way_afterwards():
    before = [sent(n) for n in range(60)]
    saw = Approvals({}, ever=[one.member for one in before])
    assert looked_at([change(n) for n in range(70, 75)], sent=before, approvals=saw)[1] == []
    assert looked_at([change(n) for n in range(70, 75)], sent=before)[1] != []


def test_cc12_a_worker_sent_again_is_counted_once():
    before = [sent(n) for n in range(7)]
    assert looked_at([change(n) for n in range(7)], sent=before)[1] == []


def test_cc12_every_verb_has_a_limit_of_its_own():
    guard = Guard(create_over="3", update_over="3", reactivate_over="3", field_change_over="100%")
    for action, name in (("create", "create_over"), ("update", "update_over"), ("reactivate", "reactivate_over")):
        wanted = [change(n, action, email="x") for n in range(4)]
        (hold,) = looked_at(wanted, guard=guard)[1]
        assert (hold.guard, hold.count) == (name, 4)
        assert looked_at(wanted[:3], guard=guard)[1] == []


def test_cc12_a_plant_that_is_filled_for_the_first_time_begins_with_everybody():
    everybody = [change(n, "create") for n in range(200)]
    assert looked_at(everybody, population=200, filling={"101"})[1] == []
    (hold,) = looked_at(everybody, population=200)[1]
    assert hold.guard == "create_over"


def test_cc12_one_cause_is_one_hold_and_other_records_go_on():
    moved = [change(n, "update", department="x", building="y") for n in range(40)]
    rows = [msgspec.structs.replace(item, type="employee_attributes", after={"cost_center": "z"}) for item in moved]
    rows = [msgspec.structs.replace(item, before={"cost_center": "old"}) for item in rows]
    others = [change(n, "update", email="z") for n in range(50, 55)]
    changes, (hold,) = looked_at([*moved, *rows, *others])
    assert hold.count == 80
    assert "building, cost_center and department would change for 40 workers" in hold.reason
    assert [item.key for item in changes if item.hold is None] == [item.key for item in others]


def test_cc12_a_hold_names_five_and_says_how_many_more():
    (hold,) = looked_at([change(n) for n in range(24)])[1]
    assert len(hold.explanation.samples) == 5
    assert said_of(hold.explanation, count=hold.count).endswith("and 19 more")
    assert "exactly these 24 writes" in hold.explanation.release


def test_up05_too_much_drift_waits_even_where_it_is_written_over():
    drifted = [
        msgspec.structs.replace(change(n, "update", email="x"), reason="drift: email changed in Plex")
        for n in range(51)
    ]
    (hold,) = looked_at(drifted, guard=Guard(field_change_over="100%"))[1]
    assert hold.guard == "drift_over"
    assert looked_at(drifted[:50], guard=Guard(field_change_over="100%"))[1] == []


def test_cc12_an_approval_at_one_guard_over_writes_is_one_at_each():
    wave = [change(n, "update", email="x") for n in range(40)]
    (hold,) = looked_at(wave, guard=Guard(field_change_over="10%"))[1]
    approved = Approvals({hold.id: (hold.guard, frozenset(map(member_of, wave)))})
    assert looked_at(wave, guard=Guard(update_over="1", field_change_over="100%"), approvals=approved)[1] == []
    assert approved.over == set()


@pytest.mark.parametrize(("key", "near"), [("deactivates_over", "deactivate_over"), ("rolling", "deactivate_over")])
def test_a_limit_nobody_knows_is_refused_with_the_nearest_there_is(key, near):
    wrong = {key: "5"} if key != "rolling" else {"rolling": {"deactivat_over": "5"}}
    with pytest.raises(ConfigurationError, match=f"did you mean {near}"):
        parse_settings({"connections": {"acme": {"sync": {"guard": wrong}}}}, name="test")
