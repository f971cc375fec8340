"""A tenant lives: what Workday says of conversions, rehires, rescinds, corrections, and what lies ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import WD, ask, filtered, group, now


@pytest.fixture
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=150))


def play(sandbox: WorkdaySandbox, name: str) -> list[str]:
    touched: list[str] = sandbox.tenant.play(name)["touched"]
    return touched


def tell(sandbox: WorkdaySandbox, key: str, *, on: str | None = None, by: str | None = None) -> Any:
    """One worker as of a day, with its transactions."""
    flags = group(
        "Include_Reference",
        "Include_Personal_Information",
        "Include_Employment_Information",
        "Include_Organizations",
        "Include_Transaction_Log_Data",
    )
    day = on or str(sandbox.tenant.today)
    payload = ask(sandbox, "Get_Workers", filtered(count=999, by=by or now(sandbox), on=day) + flags)
    facts = sandbox.tenant.view().world.workers[key].entries[0].changes
    (found,) = [each for each in payload.iter(f"{WD}Worker") if facts["wid"] in etree.tostring(each).decode()]
    return found


def text(worker: Any, name: str) -> str | None:
    found: str | None = worker.findtext(f".//{WD}{name}")
    return found


def day(sandbox: WorkdaySandbox, days: int) -> str:
    return str(sandbox.tenant.today + timedelta(days=days))


def test_ed_13_a_conversion_is_two_profiles_of_one_person(sandbox: WorkdaySandbox) -> None:
    before, after = (tell(sandbox, key) for key in play(sandbox, "conversion"))
    assert (text(before, "Active"), text(after, "Active")) == ("0", "1")
    assert text(before, "Universal_ID") == text(after, "Universal_ID")
    assert before.findtext(f".//{WD}ID") != after.findtext(f".//{WD}ID")


def test_ed_14_a_future_conversion_is_not_active_yet(sandbox: WorkdaySandbox) -> None:
    old, new = play(sandbox, "future_conversion")
    assert (text(tell(sandbox, old), "Active"), text(tell(sandbox, new), "Active")) == ("1", "0")
    later = day(sandbox, 8)
    assert (text(tell(sandbox, old, on=later), "Active"), text(tell(sandbox, new, on=later), "Active")) == ("0", "1")


def test_ed_16_a_gap_between_two_employments(sandbox: WorkdaySandbox) -> None:
    old, new = play(sandbox, "gap_conversion")
    states = [
        (text(tell(sandbox, old, on=day(sandbox, d)), "Active"), text(tell(sandbox, new, on=day(sandbox, d)), "Active"))
        for d in (0, 5, 10)
    ]
    assert states == [("1", "0"), ("0", "0"), ("0", "1")]


def test_ed_12_a_rehire_under_a_new_id_says_rehire(sandbox: WorkdaySandbox) -> None:
    play(sandbox, "terminate")
    old, new = (tell(sandbox, key) for key in play(sandbox, "rehire_new_id"))
    assert (text(old, "Rehire"), text(new, "Rehire")) == ("0", "1")
    assert text(old, "Universal_ID") == text(new, "Universal_ID")
    assert text(new, "Original_Hire_Date") == text(old, "Hire_Date")


@pytest.mark.parametrize("scenario", ["hire_rescinded", "future_hire_rescinded"])
def test_ed_05_a_rescinded_hire_is_flagged_and_never_active(sandbox: WorkdaySandbox, scenario: str) -> None:
    before = now(sandbox)
    (key,) = play(sandbox, scenario)
    for days in (0, 30):
        found = tell(sandbox, key, on=day(sandbox, days))
        assert (text(found, "Active"), text(found, "Hire_Rescinded")) == ("0", "1")
    flags = [each.text for each in found.iter(f"{WD}Is_Rescind_Or_Rescinded")]
    assert flags.count("1") == 2, "the hire that was taken back, and what took it back"
    if scenario == "hire_rescinded":
        assert text(tell(sandbox, key, by=before), "Hire_Rescinded") == "0", "as known before, it still counts"


def test_ed_06_a_rescinded_termination_leaves_no_end(sandbox: WorkdaySandbox) -> None:
    play(sandbox, "terminate")
    (key,) = play(sandbox, "termination_rescinded")
    found = tell(sandbox, key)
    assert (text(found, "Active"), text(found, "Termination_Date")) == ("1", None)


def test_ed_07_a_corrected_termination_ends_on_the_corrected_day(sandbox: WorkdaySandbox) -> None:
    play(sandbox, "future_termination")
    (key,) = play(sandbox, "termination_corrected")
    found = tell(sandbox, key)
    assert (text(found, "Active"), text(found, "Termination_Date")) == ("0", day(sandbox, -3))
    assert "1" in [each.text for each in found.iter(f"{WD}Is_Correction_Or_Corrected")]


def test_ed_03_a_future_hire_that_moves(sandbox: WorkdaySandbox) -> None:
    (key,) = play(sandbox, "future_hire_moved")
    states = [text(tell(sandbox, key, on=day(sandbox, days)), "Active") for days in (0, 7, 14)]
    assert states == ["0", "0", "1"]


def test_cc_09_three_rows_ahead_are_three_days(sandbox: WorkdaySandbox) -> None:
    (key,) = play(sandbox, "future_rows")

    def center(days: int) -> str:
        found = tell(sandbox, key, on=day(sandbox, days))
        return next(each.text for each in found.iter(f"{WD}ID") if each.get(f"{WD}type") == "Cost_Center_Reference_ID")

    assert len({center(days) for days in (3, 6, 8)}) == 3


def test_wp_01_a_number_changes_and_the_wid_does_not(sandbox: WorkdaySandbox) -> None:
    (key,) = play(sandbox, "employee_id_changed")
    assert text(tell(sandbox, key), "Worker_ID") == f"E{key}"


@pytest.mark.parametrize(("scenario", "locations"), [("two_jobs", 1), ("two_plants", 2)])
def test_wp_05_a_second_job_is_told_when_asked_for(sandbox: WorkdaySandbox, scenario: str, locations: int) -> None:
    (key,) = play(sandbox, scenario)
    facts = sandbox.tenant.view().world.workers[key].at(sandbox.tenant.today, by=sandbox.tenant.now())
    assert facts is not None
    assert [job.primary for job in facts.jobs] == [True, False]
    assert len({job.location for job in facts.jobs}) == locations


def test_ed_18_the_last_day_of_work_is_told_when_the_ending_has_come(sandbox: WorkdaySandbox) -> None:
    (key,) = play(sandbox, "last_day_of_work_late")
    told = [text(tell(sandbox, key, on=day(sandbox, days)), "Termination_Last_Day_of_Work") for days in (4, 5, 6)]
    assert told == [None, None, day(sandbox, 0)]
    assert text(tell(sandbox, key, on=day(sandbox, 6)), "Termination_Date") == day(sandbox, 5)


def test_cc_06_what_the_log_does_not_tell_is_told_by_the_worker_alone(sandbox: WorkdaySandbox) -> None:
    (key,) = play(sandbox, "unlogged_change")
    worker = tell(sandbox, key)
    assert (text(worker, "Last_Name") or "").endswith("-Adams")
    logged = [each.text for each in worker.iter(f"{WD}Transaction_Log_Description")]
    assert logged
    assert "Edit Name" not in logged


def test_ed_12_an_unlinked_rehire_has_no_universal_id(sandbox: WorkdaySandbox) -> None:
    play(sandbox, "terminate")
    old, new = play(sandbox, "rehire_unlinked")
    assert (text(tell(sandbox, old), "Universal_ID"), text(tell(sandbox, new), "Universal_ID")) == (f"U-{old}", None)
    assert text(tell(sandbox, new), "Rehire") == "1"


def test_cc_11_a_purged_worker_is_found_by_no_id(sandbox: WorkdaySandbox) -> None:
    (key,) = play(sandbox, "worker_purged")
    ids = f'<bsvc:Worker_Reference><bsvc:ID bsvc:type="Employee_ID">{key}</bsvc:ID></bsvc:Worker_Reference>'
    asked = f'<bsvc:Request_References bsvc:Skip_Non_Existing_Instances="true">{ids}</bsvc:Request_References>'
    assert list(ask(sandbox, "Get_Workers", asked).iter(f"{WD}Worker")) == []
