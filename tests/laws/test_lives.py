"""Single lives: what one scenario does to one worker, and what of it Plex is told, rule by rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.sandbox.company import COST_CENTERS
from ml_connector.timeline.fact import Fact, as_known
from ml_connector.usecases.asof import asof
from ml_connector.usecases.subjects import find_bearers
from tests import explained
from tests.laws.firm import found
from tests.laws.test_known_limits import days_ahead, in_days, play, records, wait, worker
from tests.laws.verdict import at_work, check_truth, ended


@pytest.fixture
def firm():
    with found() as opened:
        yield opened


def test_cc_08_plex_is_told_the_latest_and_every_step_of_the_period_is_known(firm):
    """Two moves inside one pay period: one change in Plex, and a fact for each day on which something else was true."""
    member = firm.tenant._desk("test").pick(location="DET")
    days = [firm.tenant.today - timedelta(days=back) for back in (9, 4)]
    centers = [each for each in COST_CENTERS if each.ref_id in {"CC5100", "CC6100"}]
    for day, center in zip(days, centers, strict=True):
        desk = firm.tenant._desk("test")
        now = desk.now().worker(member.key)
        desk.move_to(now, cost_center=center.ref_id, on=day)
    plan = firm.begin().plan()
    employees = [change for change in plan.changes if (change.type, change.key) == ("employee", member.key)]
    assert [change.after for change in employees] == [{"department": centers[-1].department_code}]
    told = sorted(fact.effective_on for fact in firm.begin().tools.facts.of([member.wid])[member.wid])
    assert set(days) <= set(told)


def test_cc_10_a_correction_that_arrives_before_the_original_holds_all_the_same(firm):
    """By entry moment, never by arrival: a retry brings the original a second time, after its correction."""
    facts, entered = firm.begin().tools.facts, datetime(2026, 11, 21, 9, tzinfo=UTC)
    original = Fact("w", date(2026, 11, 16), entered, "original")
    correction = Fact("w", date(2026, 11, 16), entered + timedelta(days=1), "correction")
    for arrived in ([correction], [original], [original]):
        with firm.begin().database.transaction() as tx:
            facts.append(tx, arrived)
    told = facts.of(["w"])["w"]
    later = correction.entered_at + timedelta(days=1)
    for order in (told, told[::-1]):
        assert as_known(order, on=date(2026, 11, 20), by=later) == correction
        assert as_known(order, on=date(2026, 11, 20), by=entered) == original, "and what was known then stays"


def test_cc_16_a_cost_center_that_changes_next_year_moves_no_watermark_there(firm):
    organizations = firm.tenant.view().world.organizations
    next_year = date(2027, 1, 1)
    organizations.change("CC4100", {"name": "Press"}, kind="Edit Organization", on=next_year, at=firm.tenant.now())
    play(firm, "hire")
    report = firm.sync()
    assert datetime.fromisoformat(report.watermark) <= firm.tenant.now()
    (hired,) = play(firm, "hire")
    firm.sync()
    assert [row["status"] for row in records(firm, hired)] == ["Active"], "what is entered before that day is seen"


def test_ed_05_who_never_came_ends_with_the_reason_and_is_never_deleted(firm):
    (key,) = play(firm, "hire")
    firm.next_day()
    firm.sync()
    (before,) = records(firm, key)
    assert play(firm, "hire_rescinded") == [key]
    firm.sync()
    (after,) = records(firm, key)
    assert (after["id"], after["status"]) == (before["id"], "Inactive")
    reasons = [item.event.reason for item in firm.begin().tools.trail.list(50, action=AuditAction.WRITE_APPLIED)]
    assert any("rescinded" in (reason or "") for reason in reasons)


def test_ed_06_an_ending_taken_back_in_time_is_no_ending_and_later_brings_the_same_record_back(firm):
    play(firm, "future_termination")
    firm.sync()
    assert days_ahead(firm) == [(in_days(firm, 5), "termination: active through that day")]
    play(firm, "termination_rescinded")
    firm.sync()
    assert days_ahead(firm) == []
    assert firm.writes == 0
    (gone,) = play(firm, "terminate")
    firm.sync()
    (before,) = records(firm, gone)
    assert before["status"] == "Inactive"
    play(firm, "termination_rescinded")
    firm.sync()
    (after,) = records(firm, gone)
    assert (after["id"], after["status"]) == (before["id"], "Active")
    check_truth(firm)


def test_ed_07_an_ending_that_turns_out_to_be_earlier_ends_at_once(firm):
    (key,) = play(firm, "future_termination")
    firm.sync()
    plant = next(name.partition(" ")[0] for name in at_work(firm) if name.endswith(f" {key}"))
    assert play(firm, "termination_corrected") == [key]
    firm.sync()
    assert f"{plant} {key}" in ended(firm)
    assert days_ahead(firm) == [], "the first day given is no day any more"
    wait(firm, 6)
    assert firm.sync().counts["applied"] == 0


def test_ed_08_a_move_entered_three_weeks_late_is_made_now_and_known_from_its_day(firm):
    firm.sync()
    (key,) = play(firm, "retro_transfer")
    firm.sync()
    assert f"102 {key}" in at_work(firm)
    assert f"101 {key}" not in at_work(firm)
    wid = worker(firm, key).wid
    days = {fact.effective_on for fact in firm.begin().tools.facts.of([wid])[wid]}
    assert firm.tenant.today - timedelta(days=21) in days


def test_ed_09_of_two_moves_on_one_day_the_later_entry_is_in_plex(firm):
    (key,) = play(firm, "same_day")
    firm.sync()
    center = next(each for each in COST_CENTERS if each.ref_id == worker(firm, key).primary_job.cost_center)
    assert at_work(firm)[f"101 {key}"][1] == center.department_code
    check_truth(firm)


def test_ed_11_who_comes_back_under_the_same_id_is_the_same_record(firm):
    (key,) = play(firm, "terminate")
    firm.sync()
    (before,) = records(firm, key)
    count = len(firm.plex()["employees"])
    firm.next_day()
    firm.tenant._desk("test").rehire(worker(firm, key))
    firm.sync()
    (after,) = records(firm, key)
    assert (before["status"], after["status"], after["id"]) == ("Inactive", "Active", before["id"])
    assert len(firm.plex()["employees"]) == count
    assert worker(firm, key).hire_on == firm.tenant.today
    check_truth(firm)


def test_ed_19_what_waits_for_approval_is_no_fact_and_then_counts_from_its_day(firm):
    (key,) = play(firm, "transfer_submitted")
    firm.sync()
    assert (firm.writes, days_ahead(firm)) == (0, []), "nobody has decided yet"
    wait(firm, 3)
    firm.sync()
    assert firm.writes == 0
    assert play(firm, "transfer_approved") == [key]
    firm.sync()
    assert f"102 {key}" in at_work(firm)
    wid = worker(firm, key).wid
    days = {fact.effective_on for fact in firm.begin().tools.facts.of([wid])[wid]}
    assert firm.tenant.today - timedelta(days=3) in days, "the day that was asked for"


@pytest.mark.parametrize("night", ["clocks_go_back", "clocks_go_forward", "around_midnight"])
def test_tz_04_tz_05_who_is_hired_in_such_a_night_is_created_once(firm, night):
    """TZ-04, TZ-05: an hour that comes twice holds nothing twice, and one that is left out leaves nobody out."""
    hired = play(firm, night)
    firm.sync()
    assert [len(records(firm, key)) for key in hired] == [1] * len(hired)
    assert {row["status"] for row in records(firm, *hired)} == {"Active"}
    before = firm.writes
    firm.sync()
    assert firm.writes == before


def test_tz_07_the_last_day_ends_at_midnight_of_each_plant(firm):
    detroit, toledo, chicago = play(firm, "pacific_evening")
    firm.sync()
    assert {f"101 {detroit}", f"102 {toledo}"} <= ended(firm)
    assert f"100 {chicago}" in at_work(firm), "half past eleven there"
    assert firm.begin().tools.review.parked("acme") == [], "and still at work there is no contradiction"


def test_m_9_today_is_told_in_the_order_it_happened_though_workdays_clock_stands_still(firm):
    """A run is later than the one before it, whatever Workday's clock says; that is for the day alone."""
    (left,) = play(firm, "terminate")
    (moved,) = play(firm, "transfer")
    sync_slowly(firm)
    assert {each.plant: held(each, "status") for each in past(firm, left)} == {"101": "Inactive"}
    assert {each.plant: each.gone is None for each in past(firm, moved)} == {"101": False, "102": True}
    play(firm, "termination_rescinded")
    play(firm, "transfer_rescinded")
    firm.sync()
    assert {row["status"] for row in records(firm, left)} == {"Active"}
    assert {each.plant: held(each, "status") for each in past(firm, left)} == {"101": "Active"}
    assert {each.plant: each.gone is None for each in past(firm, moved)} == {"101": True, "102": False}


def sync_slowly(firm):
    """A sync each step of which takes a second of ours, while Workday's clock stands still."""
    firm.die()
    firm.begin(boundary=lambda: firm.rehearsal.clock.sleep(1))
    firm.sync()
    firm.die()


def test_wp_01_the_past_of_a_number_given_again_is_told_of_each_bearer_alone(firm):
    """By WID each is who they are; by number whoever is active, and a note names the other."""
    before_us = worker(firm, play(firm, "id_reused")[0]).worker_id
    (left,) = play(firm, "terminate")
    firm.sync()
    firm.tenant._desk("test").hire("DET", worker_id=left)
    firm.sync()
    app, today = explained.app_of(firm.rehearsal, firm.begin()), firm.tenant.today
    for number, status in ((before_us, "Active"), (left, "Inactive")):  # whose record the number is in Plex
        (row,) = records(firm, number)
        wids = {"Active" if each.active else "Inactive": each.key for each in find_bearers(app, number)}
        told = {one: asof(app, wid, on=today) for one, wid in wids.items()}
        assert {one: [record.key for record in each.records] for one, each in told.items()} == {
            one: [row["id"]] if one == status else [] for one in ("Active", "Inactive")
        }
        assert [held(record, "status") for record in told[status].records] == [status]
        by_number = asof(app, number, on=today)
        assert by_number.records == told["Active"].records
        assert [note.split()[-1] for note in by_number.notes] == [wids["Inactive"]]
        assert told["Active"].notes == told["Inactive"].notes == ()


def past(firm, worker):
    return asof(explained.app_of(firm.rehearsal, firm.begin()), worker, on=firm.tenant.today).records


def held(record, field):
    return next((each.value for each in record.fields if (each.type, each.field) == ("employee", field)), None)
