"""
What other connectors document as their limits, each played as a scenario: ours has none of them (B14).

Every test is one row of the table: its number, the rule that says what is right, and the limit it disproves.
"""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.errors import UsageError
from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.usecases import links
from tests import explained
from tests.laws.firm import Firm, found
from tests.laws.verdict import at_work, check_truth, ended, expected


@pytest.fixture
def firm():
    with found() as opened:
        yield opened


def play(firm: Firm, name: str) -> list[str]:
    touched: list[str] = firm.tenant.play(name)["touched"]
    return touched


def wait(firm: Firm, days: int) -> None:
    """Let days pass on which nobody looks."""
    for _ in range(days):
        firm.next_day()


def records(firm: Firm, *badges: str) -> list[dict[str, Any]]:
    """What Plex holds under these numbers."""
    return [row for row in firm.plex()["employees"] if row["badgeNumber"] in badges]


def worker(firm: Firm, key: str) -> Worker:
    """Who somebody is by Workday's own facts."""
    told = firm.tenant._desk("test").now().worker(key)
    assert told is not None
    return told


def read_everything(firm: Firm) -> None:
    """Sync with everything compared anew."""
    firm.begin().syncer.sync(whole=True, progress=lambda *_: None)


def parked(firm: Firm) -> dict[str, str]:
    return {item.key: item.code for item in firm.begin().tools.review.parked("acme")}


def days_ahead(firm: Firm) -> list[tuple[str, str]]:
    return [(item.on, item.reason) for item in firm.begin().plan().pending]


def company_center(key: str) -> company.CostCenter:
    return next(each for each in company.COST_CENTERS if each.ref_id == key)


def in_days(firm: Firm, days: int) -> str:
    return str(firm.tenant.today.fromordinal(firm.tenant.today.toordinal() + days))


def live_in(firm: Firm, plant: str, zone: str) -> None:
    """Move a plant to another zone."""
    plex = firm.rehearsal.settings.plex
    plants = tuple(each.model_copy(update={"time_zone": zone}) if each.pcn == plant else each for each in plex.plants)
    firm.rehearsal.settings = firm.rehearsal.settings.model_copy(
        update={"plex": plex.model_copy(update={"plants": plants})}
    )


def test_b14_01_ed_14_a_conversion_that_lies_ahead_overwrites_nobody_before_its_day(firm):
    """Not so: the contingent profile is overwritten by the employee's before the day of conversion."""
    contractor, employee = play(firm, "future_conversion")
    (before,) = records(firm, contractor)
    for days in (0, 7):
        wait(firm, days)
        firm.sync()
        check_truth(firm)
        (still,) = records(firm, contractor, employee)
        assert (still["id"], still["badgeNumber"], still["type"]) == (
            before["id"], contractor, before["type"],
        ), f"{days} days later"  # fmt: skip
    wait(firm, 1)
    firm.sync()
    check_truth(firm)
    (after,) = records(firm, contractor, employee)
    assert (after["id"], after["badgeNumber"], after["status"]) == (before["id"], employee, "Active")


def test_b14_02_cc_06_what_no_log_tells_is_found_by_the_regular_full_compare(firm):
    """Not so: attributes outside the transaction log never flow unless somebody runs a full sync."""
    (key,) = play(firm, "unlogged_change")
    assert "drift_found_by_full" not in firm.sync().counts
    wait(firm, 6)  # Sunday: everything is compared, and nobody has to ask for it
    assert firm.sync().counts["drift_found_by_full"] == 1
    (row,) = records(firm, key)
    assert row["lastName"] == worker(firm, key).last_name


def test_b14_03_tz_02_a_last_day_in_melbourne_ends_with_melbournes_day(firm):
    """Not so: endings in Asia and Australia come 12 to 18 hours late, since the tenant lives in Pacific time."""
    live_in(firm, "102", "Australia/Melbourne")
    detroit, melbourne, chicago = play(firm, "pacific_evening")
    firm.sync()
    assert {f"101 {detroit}", f"102 {melbourne}"} <= ended(firm), "where tomorrow has begun"
    assert f"100 {chicago}" in at_work(firm), "TZ-03: where it has not, nobody ends early"
    firm.next_day()
    firm.sync()
    check_truth(firm)


def test_b14_04_up_01_an_empty_value_is_written_and_an_absent_one_is_not(firm):
    """Not so: what is empty fails, or flows like what was not told."""
    leader, team = play(firm, "vacant_manager")
    reports = [key for key in firm.tenant.view().workers if worker(firm, key).primary_job.organization == team]
    numbers = [key for key in reports if worker(firm, key).is_active(firm.tenant.today)]
    assert all(row["supervisorId"] for row in records(firm, *numbers))
    read_everything(firm)  # that a team has nobody to lead it, no log of its members tells
    assert {row["supervisorId"] for row in records(firm, *numbers)} == {None}, "vacant, and told so"
    before, written = firm.plex(), firm.writes
    play(firm, "section_withheld")
    firm.sync()
    assert firm.writes == written
    assert firm.plex() == before, f"what is not told clears nothing, {leader} or anybody"


def test_b14_05_ed_02_a_future_hire_is_told_ahead_and_begins_on_the_day(firm):
    """Not so: future hires are reported as skipped or inactive."""
    (key,) = play(firm, "future_hire")
    firm.sync()
    assert days_ahead(firm) == [(in_days(firm, 7), "future hire")]
    wait(firm, 6)
    firm.sync()
    assert records(firm, key) == [], "and nobody is in Plex before"
    firm.next_day()
    firm.sync()
    assert [row["status"] for row in records(firm, key)] == ["Active"]
    check_truth(firm)


def test_b14_06_ed_18_nothing_waits_for_a_last_day_of_work_that_is_told_late(firm):
    """Not so: the last day of work is not there ahead, and what is scheduled on it comes late or never."""
    (key,) = play(firm, "last_day_of_work_late")
    firm.sync()
    assert [on for on, _ in days_ahead(firm)] == [in_days(firm, 5)], "through that day"
    wait(firm, 5)
    firm.sync()
    assert f"101 {key}" in at_work(firm), "the last day of employment is a day of employment"
    firm.next_day()
    assert firm.sync().counts["applied"] > 0
    assert f"101 {key}" in ended(firm)
    firm.next_day()
    assert firm.sync().counts["applied"] == 0, "the earlier day of work, told now, changes nothing"


def test_b14_07_ed_13_the_very_first_sync_shows_a_converted_person_once_and_as_they_are():
    """Not so: during the first full sync somebody converted has the wrong profile for a while."""
    with found(fresh=True) as firm:
        contractor, employee = play(firm, "conversion")
        firm.sync()
        (row,) = records(firm, contractor, employee)
        assert (row["badgeNumber"], row["status"]) == (employee, "Active")
        created = firm.begin().tools.trail.list(10_000, action=AuditAction.WRITE_APPLIED)
        writes = [each.event for each in created if (each.event.object or "").endswith(row["id"])]
        assert {event.detail["action"] for event in writes} == {"create"}, "right at once, and not put right later"
        check_truth(firm)


def test_b14_08_ed_12_who_comes_back_without_a_universal_id_is_a_question_and_no_second_record(firm):
    """Not so: without a universal id, somebody who comes back is there twice."""
    old, new, count = come_back_unlinked(firm)
    assert len(firm.plex()["employees"]) == count
    assert parked(firm)[new] == "possible_rehire"
    assert old not in parked(firm)


@pytest.mark.parametrize("by_wid", [False, True])
def test_b14_08_wp_01_the_printed_remedy_brings_the_same_record_back(firm, by_wid):
    old, new, count = come_back_unlinked(firm)
    (before,) = records(firm, old)
    (question,) = [item for item in firm.begin().tools.review.parked("acme") if item.key == new]
    wid = question.remedy.split("ml-connector links relink ")[1].split()[0]
    links.join(app_of(firm), wid if by_wid else new, to=old)
    firm.sync()
    (after,) = records(firm, new)
    assert (before["status"], after["id"], after["status"]) == ("Inactive", before["id"], "Active")
    assert len(firm.plex()["employees"]) == count
    assert new not in parked(firm)
    assert firm.sync().counts["applied"] == 0
    check_truth(firm)


def test_b14_08_wp_01_whoever_is_said_to_be_somebody_new_gets_a_record_of_their_own(firm):
    """`links relink --new`, and nothing else."""
    old, new, count = come_back_unlinked(firm)
    links.separate(app_of(firm), new)
    firm.sync()
    assert len(firm.plex()["employees"]) == count + 1
    assert {row["badgeNumber"]: row["status"] for row in records(firm, old, new)} == {old: "Inactive", new: "Active"}
    assert new not in parked(firm)


def test_b14_08_ed_12_only_an_answer_settles_the_question_and_taken_back_it_is_open_again(firm):
    old, new, count = come_back_unlinked(firm)
    with pytest.raises(UsageError, match="the same profile") as refused:
        links.join(app_of(firm), new, to=new)
    assert f"links relink {new} --new" in refused.value.remedy
    with pytest.raises(UsageError, match="nobody decided"):
        links.withdraw(app_of(firm), new)
    for decide in (lambda: links.join(app_of(firm), new, to=old), lambda: links.separate(app_of(firm), new)):
        decide()
        assert links.withdraw(app_of(firm), new).aliases == ()
        firm.sync()
        assert parked(firm)[new] == "possible_rehire"
        assert len(firm.plex()["employees"]) == count


def test_b14_08_wp_02_a_question_that_no_choice_was_made_of_stays_one(firm):
    """`links unlink --plant` takes nothing back from somebody nobody decided of."""
    _old, new, _count = come_back_unlinked(firm)
    with pytest.raises(UsageError, match="nobody chose"):
        links.release(app_of(firm), new, plant="101")
    firm.sync()
    assert parked(firm)[new] == "possible_rehire"


def come_back_unlinked(firm: Firm) -> tuple[str, str, int]:
    """
    Let somebody leave and come back under a new number: the old one, the new one, and how many were in Plex between.
    """
    play(firm, "terminate")
    firm.sync()
    old, new = play(firm, "rehire_unlinked")
    count = len(firm.plex()["employees"])
    firm.sync()
    return old, new, count


def app_of(firm: Firm) -> Any:
    return explained.app_of(firm.rehearsal, firm.begin())


def test_b14_09_cc_09_none_of_three_moves_ahead_is_skipped(firm):
    """Not so: of several events ahead only the one nearest to the horizon is kept."""
    (key,) = play(firm, "future_rows")
    firm.sync()
    assert [on for on, _ in days_ahead(firm)] == [in_days(firm, days) for days in (3, 6, 8)]
    seen = []
    for days in (3, 3, 2):
        wait(firm, days)
        firm.sync()
        check_truth(firm)
        seen.append(at_work(firm)[f"101 {key}"])
    assert len(set(seen)) == 3


def test_b14_10_rc_02_counts_are_right_on_every_day_of_a_rehire_and_a_conversion_ahead(firm):
    """Not so: with a future rehire or conversion, what a delta counts is off by one."""
    play(firm, "terminate")
    firm.sync()
    heads = len(at_work(firm))
    (back,) = play(firm, "future_rehire")
    play(firm, "future_conversion")
    told = []
    for days in (0, 6, 1, 1):
        wait(firm, days)
        firm.sync()
        assert at_work(firm) == expected(firm)
        told.append((len(at_work(firm)) - heads, len(days_ahead(firm))))
    assert told == [(0, 3), (0, 3), (1, 2), (1, 0)]
    assert f"101 {back}" in at_work(firm) or f"102 {back}" in at_work(firm) or f"100 {back}" in at_work(firm)


def test_b14_11_ed_05_a_hire_taken_back_after_months_ends_the_record_and_keeps_its_id(firm):
    """Not so: rescinded hires are found inside an offset of 60 days only."""
    (key,) = play(firm, "old_hire_rescinded")
    (before,) = records(firm, key)
    assert before["status"] == "Active"
    firm.sync()
    (after,) = records(firm, key)
    assert (after["id"], after["status"]) == (before["id"], "Inactive")
    (hired,) = play(firm, "hire")
    firm.sync()
    assert records(firm, hired)[0]["id"] != before["id"], "the id is nobody else's"
    check_truth(firm)


def test_b14_12_rd_03_what_is_closed_in_workday_is_closed_in_plex_and_its_people_are_named(firm):
    """Not so: an organization, a job or a location that becomes inactive stays active in the other system."""
    center, *members = play(firm, "cost_center_inactivated")
    (profile,) = play(firm, "job_inactivated")
    report = firm.sync()
    closed = {row["Department_Code"] for row in firm.plex()["departments"] if not row["Active"]}
    assert company_center(center).department_code in closed
    position = next(each.plex_position for each in company.JOB_PROFILES if each.ref_id == profile)
    assert {row["Active"] for row in firm.plex()["positions"] if row["Position"] == position} == {False}
    named = [len(line.people) for line in report.staying if line.what == f"cost center {center}"]
    assert sum(named) == len(members) > 0
    check_truth(firm)  # nobody is ended by it


def test_b14_13_wp_11_a_contingent_worker_is_a_record_where_wanted_and_never_a_head(firm):
    """Not so: contingent workers are not supported."""
    (key,) = play(firm, "contractor_hired")
    report = firm.sync()
    assert (report.counts["applied"], report.counts["parked"]) == (3, 0), "with a seat of its own"
    assert [row["status"] for row in records(firm, key)] == ["Active"]
    plan = firm.begin().plan()
    employees = [row for row in firm.plex()["employees"] if row["status"] != "Inactive"]
    contingent = [row for row in employees if row["badgeNumber"].startswith("CW-")]
    by_hand = [row for row in employees if row["badgeNumber"].startswith("9000")]
    assert contingent
    assert sum(line.actual for line in plan.headcount) == len(employees) - len(contingent) - len(by_hand)


def test_b14_14_cc_11_who_is_gone_without_a_word_is_asked_about_and_never_ended(firm):
    """Not so: a delta cannot prove that somebody was deleted, so nobody notices or everybody missing is ended."""
    (key,) = play(firm, "worker_purged")
    before = firm.plex()
    firm.sync()
    read_everything(firm)
    assert firm.plex() == before
    assert parked(firm) == {key: "not_shown"}
