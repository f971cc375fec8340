"""Who has jobs in plants that live on different dates: each plant's record goes by its own day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests import explained
from tests.laws.firm import Firm, found
from tests.laws.test_known_limits import live_in, records, worker

AHEAD = "Australia/Melbourne"  # tomorrow there, while it is still morning in Detroit (101) and Toledo (102)


@pytest.fixture
def firm() -> Iterator[Firm]:
    with found() as opened:
        yield opened


def two_jobs(firm: Firm, *, ahead: str) -> str:
    """Somebody of Detroit with a second job in Toledo, one of which is a day ahead."""
    live_in(firm, ahead, AHEAD)
    firm.sync()
    desk = firm.tenant._desk("test")
    key: str = desk.plain_workers(location="DET")[0].key
    desk.add_job(worker(firm, key), location="TOL")
    firm.next_day()
    firm.sync()
    assert states(firm, key) == {"101": "Active", "102": "Active"}
    return key


def states(firm: Firm, key: str) -> dict[str, str]:
    return {str(row["pcn"]): row["status"] for row in records(firm, key)}


def change_jobs(firm: Firm, key: str, jobs: Any) -> None:
    """From tomorrow on, which is today in Melbourne, somebody holds these jobs."""
    tomorrow = firm.tenant.today + timedelta(days=1)
    firm.tenant._desk("test")._change(worker(firm, key), {"jobs": jobs}, kind="Change Job", on=tomorrow)


def told(firm: Firm, key: str) -> list[tuple[str, str, str]]:
    pending = firm.begin().plan().pending
    return [(item.plant, item.on, item.reason) for item in pending if item.source == key]


def test_tz03_wp06_a_second_job_that_is_listed_no_more_lasts_until_midnight_in_its_own_plant(firm):
    key = two_jobs(firm, ahead="101")
    today = firm.tenant.today.isoformat()
    change_jobs(firm, key, worker(firm, key).jobs[:-1])
    firm.sync()
    assert states(firm, key) == {"101": "Active", "102": "Active"}
    assert told(firm, key) == [("102", today, "another job ends: active through that day")]
    report = firm.begin().plan()
    assert report.changes == (), "M-4"
    explanation = explained.told(explained.explained(firm.rehearsal, firm.begin()))
    assert explanation == explained.decided(firm.begin(), report)
    firm.next_day()
    firm.sync()
    assert states(firm, key) == {"101": "Active", "102": "Inactive"}


def test_tz02_wp06_a_second_job_that_is_listed_no_more_ends_on_the_day_of_its_own_plant(firm):
    key = two_jobs(firm, ahead="102")
    change_jobs(firm, key, worker(firm, key).jobs[:-1])
    firm.sync()
    assert states(firm, key) == {"101": "Active", "102": "Inactive"}
    assert firm.begin().plan().changes == (), "M-4"
    firm.next_day()
    firm.sync()
    assert states(firm, key) == {"101": "Active", "102": "Inactive"}


@pytest.mark.parametrize(("ahead", "begun"), [("101", False), ("102", True)])
def test_tz02_tz03_wp06_a_second_job_begins_on_the_day_of_its_own_plant(firm, ahead, begun):
    key = two_jobs(firm, ahead=ahead)
    first, second = worker(firm, key).jobs
    firm.tenant._desk("test").end_job(worker(firm, key))
    firm.sync()
    assert states(firm, key)["102"] == "Inactive"
    tomorrow = firm.tenant.today + timedelta(days=1)
    change_jobs(firm, key, (first, msgspec.structs.replace(second, since_on=tomorrow)))
    firm.sync()
    assert states(firm, key)["102"] == ("Active" if begun else "Inactive")
    assert told(firm, key) == ([] if begun else [("102", tomorrow.isoformat(), "another job begins")])
    firm.next_day()
    firm.sync()
    assert states(firm, key) == {"101": "Active", "102": "Active"}


@pytest.mark.parametrize(("ahead", "first"), [("101", "101"), ("102", "102")])
def test_tz02_tz03_wp06_who_leaves_is_ended_in_each_plant_on_its_own_day(firm, ahead, first):
    key = two_jobs(firm, ahead=ahead)
    firm.tenant._desk("test").terminate(worker(firm, key), last_day=firm.tenant.today)
    firm.sync()
    assert [plant for plant, status in states(firm, key).items() if status == "Inactive"] == [first]
    firm.next_day()
    firm.sync()
    assert states(firm, key) == {"101": "Inactive", "102": "Inactive"}


def test_wp06_wp09_who_changes_places_between_two_plants_leaves_neither(firm):
    """The primary job and the other one are swapped: a record in each stays."""
    key = two_jobs(firm, ahead="102")
    first, second = worker(firm, key).jobs
    swapped = (msgspec.structs.replace(second, primary=True), msgspec.structs.replace(first, primary=False))
    change_jobs(firm, key, swapped)
    for _ in range(2):
        firm.sync()
        assert states(firm, key) == {"101": "Active", "102": "Active"}
        firm.next_day()


@pytest.mark.parametrize(("ahead", "plant"), [("102", "102"), ("101", "101")])
def test_wp09_tz03_a_move_is_made_once_on_the_day_of_the_plant_that_is_entered(firm, ahead, plant):
    """Detroit to Toledo, where either is a day ahead: nobody is in both, nobody in none."""
    live_in(firm, ahead, AHEAD)
    firm.sync()
    desk = firm.tenant._desk("test")
    key = desk.plain_workers(location="DET")[0].key
    desk.transfer_on(worker(firm, key), location="TOL", on=firm.tenant.today + timedelta(days=1))
    firm.sync()
    assert [pcn for pcn, status in states(firm, key).items() if status == "Active"] == [plant]
    firm.next_day()
    firm.sync()
    assert [pcn for pcn, status in states(firm, key).items() if status == "Active"] == ["102"]
