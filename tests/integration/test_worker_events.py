"""What happens to a worker in Workday, and what of it Plex is told: the right field, and no other."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import sign_rows
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.timeline.facts.store import FactStore
from ml_connector.usecases import syncs, waiting_list
from tests.world import open_synced, open_world, silent

PLANT = "101"


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path, workers=40) as opened:
        yield opened


@pytest.fixture
def synced(tmp_path):
    with open_synced(tmp_path, workers=40) as world:
        yield world


def desk_of(world):
    return world.sandbox.tenant._desk("test")


def somebody(world):
    """A worker on the shop floor of Detroit, with a job that may change."""
    return desk_of(world).plain_workers(location="DET")[0]


def planned(world, number):
    """What a plan made now would write of one worker."""
    plan = syncs.plan(world.app, progress=silent)
    return [
        (change.type, change.action, dict(change.after))
        for change in plan.changes
        if change.key == number and change.type in {"employee", "employee_attributes"}
    ]


def held(world, number):
    return next(row for row in world.sandbox.plex.state("employees") if row["badgeNumber"] == number)


def test_wp_04_another_job_profile_in_the_same_position_updates_the_job_code(synced):
    worker = somebody(synced)
    profile = next(name for name in ("JP-MNTN", "JP-WELD") if name != worker.primary_job.job_profile)
    desk_of(synced).change_primary_job(worker, kind="Change Job", job_profile=profile)
    row = synced.app.mappings.crosswalk("acme").resolve(Kind.JOB_PROFILE, source=profile, plant=PLANT)
    assert planned(synced, worker.key) == [("employee", "update", {"position": row.target["position"]})]


def test_wp_04_another_position_with_the_same_job_profile_writes_no_job_code(synced):
    worker = somebody(synced)
    job, desk = worker.primary_job, desk_of(synced)
    seat = desk._position("DET", profile=job.job_profile, on=desk.on)
    assert seat.position_id != job.position_id
    desk.change_primary_job(worker, kind="Change Job", position_id=seat.position_id)
    assert planned(synced, worker.key) == []


def test_wp_04_another_supervisory_organization_updates_the_manager_and_moves_no_labor(synced):
    worker = somebody(synced)
    before = held(synced, worker.key)
    team = next(
        job.organization
        for job in (other.primary_job for other in desk_of(synced).plain_workers(location="TOL"))
        if job.organization != worker.primary_job.organization
    )
    desk_of(synced).change_primary_job(worker, kind="Move Workers", organization=team)
    ((kind, action, after),) = planned(synced, worker.key)
    assert (kind, action, set(after)) == ("employee", "update", {"supervisor_id"})
    (change,) = [one for one in syncs.plan(synced.app, progress=silent).changes if one.key == worker.key]
    boss = {row["id"]: row["badgeNumber"] for row in synced.sandbox.plex.state("employees")}[before["supervisorId"]]
    assert change.spoken_before == {"supervisor_id": boss}, "people are known by their badges, on both sides"
    assert after["supervisor_id"] != before["supervisorId"]
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    now = held(synced, worker.key)
    assert {name for name in now if now[name] != before[name]} <= {"supervisorId", "modifiedDate", "modifiedById"}
    (attributes,) = [
        row for row in synced.sandbox.plex.state("employee_attributes") if row["External_Employee_ID"] == worker.key
    ]
    center = synced.app.mappings.crosswalk("acme").resolve(
        Kind.COST_CENTER, source=worker.primary_job.cost_center, plant=PLANT
    )
    assert attributes["Cost_Center_No"] == center.target["cost_center"]


def test_px_03_a_leave_of_absence_deactivates_nobody(synced):
    (number,) = synced.sandbox.tenant.play("leave")["touched"]
    assert desk_of(synced).now().worker(number).leave_on is not None
    before = synced.writes()
    plan = syncs.plan(synced.app, progress=silent)
    assert plan.counts.get("deactivate", 0) == 0
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert [item["path"] for item in synced.write_requests()[before:] if "deactivate" in item["path"]] == []
    assert held(synced, number)["status"] == "Active"


def away(plan, plant="101"):
    """Actual headcount of a plant, and how many of them are on leave."""
    lines = [line for line in plan.headcount if line.plant == plant]
    return sum(line.actual for line in lines), sum(line.on_leave for line in lines)


def leave_of(world, name, *, plant=PLANT):
    """Somebody of the plant whose leave begins or ends."""
    desk = desk_of(world)
    worker = somebody(world)
    if name == "leave":
        desk.start_leave(worker)
        return worker.key
    return world.sandbox.tenant.play(name)["touched"][0]


def test_wp_12_a_leave_is_told_as_such_and_its_end_brings_the_status_back(synced):
    synced.configure(status_on_leave="Leave of Absence")
    syncs.sync(synced.app, progress=silent)
    before = away(syncs.plan(synced.app, progress=silent))
    number = leave_of(synced, "leave")
    assert planned(synced, number) == [("employee", "update", {"status": "Leave of Absence"})]
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert held(synced, number)["status"] == "Leave of Absence"
    plan = syncs.plan(synced.app, progress=silent)
    assert plan.changes == (), "M-4: nothing is left to do"
    assert away(plan) == (before[0], before[1] + 1), "on leave is told apart, and still a head"
    for _ in range(4):
        synced.next_day()
    assert planned(synced, number) == [], "the day somebody is expected back is no return"
    assert leave_of(synced, "leave_end") == number
    assert planned(synced, number) == [("employee", "update", {"status": "Active"})]
    assert syncs.sync(synced.app, progress=silent).exit_code in {0, 3, 4}
    assert held(synced, number)["status"] == "Active"


def test_wp_12_who_comes_back_to_a_leave_is_on_leave_at_once(synced):
    """WP-12, PX-02: a reactivation that Plex carries out late does not put its own status over what follows it."""
    synced.configure(status_on_leave="Leave of Absence")
    number = leave_of(synced, "leave")
    syncs.sync(synced.app, progress=silent)
    desk = desk_of(synced)
    desk.terminate(desk.now().worker(number), last_day=synced.sandbox.tenant.today - timedelta(days=1))
    syncs.sync(synced.app, progress=silent)
    assert held(synced, number)["status"] == "Inactive"
    desk_of(synced).rescind(number, "Terminate Employee")
    assert [action for _, action, _ in planned(synced, number)] == ["reactivate", "update"]
    assert syncs.sync(synced.app, progress=silent).exit_code in {0, 3, 4}
    assert held(synced, number)["status"] == "Leave of Absence"


def test_wp_12_without_a_text_for_it_a_leave_changes_nothing_in_plex(synced):
    number = leave_of(synced, "leave")
    assert planned(synced, number) == []


def test_wp_12_another_active_status_is_the_plants_own(synced):
    """Who is not on leave only loses the text for it; a status the plant gives by hand stays."""
    synced.configure(status_on_leave="Leave of Absence")
    worker = somebody(synced)
    tables = synced.sandbox.plex.enterprise.plants[PLANT]
    tables.statuses["Active - TEMP"] = True
    synced.sandbox.plex.edit_employee(PLANT, worker.key, fields={"status": "Active - TEMP"})
    assert planned(synced, worker.key) == []


def map_to(world, building):
    """Somebody maps Detroit to a building by hand, and does not hold it against Plex."""
    rows = [
        msgspec.structs.replace(row, target={"building": building})
        for row in world.app.mappings.load("acme")
        if (row.kind, row.source, row.plant) == (Kind.LOCATION, "DET", PLANT)
    ]
    assert rows
    with world.app.database.transaction() as tx:
        world.app.mappings.save(tx, "acme", sign_rows(rows, changed_by="t", changed_at=datetime.now(UTC)))


def test_px_04_who_needs_a_setup_value_that_plex_does_not_have_waits_and_the_others_go(world):
    map_to(world, "DET-9")
    plan = syncs.plan(world.app, progress=silent)
    made = Counter(change.plant for change in plan.changes if (change.type, change.action) == ("employee", "create"))
    assert made[PLANT] == 0
    assert made.total() > 0
    waiting = [item for item in waiting_list.parked(world.app) if item.type == "employee" and item.field is None]
    assert len(waiting) > 3
    assert {(item.code, item.waiting_for) for item in waiting} == {("setup_missing", "building DET-9 in plant 101")}
    assert all("Building='DET-9'" in item.reason and "building setup table" in item.remedy for item in waiting)
    map_to(world, "DET")
    assert syncs.sync(world.app, progress=silent).exit_code == 0


def test_ed_17_who_is_paid_on_after_the_last_day_is_no_head_any_more(synced):
    def heads():
        return sum(line.actual for line in BaselineStore(synced.app.database, "acme").headcount())

    before = heads()
    (key,) = synced.sandbox.tenant.play("paid_through_later")["touched"]
    assert planned(synced, key) == [("employee", "deactivate", {"status": "Inactive"})]
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert heads() == before - 1
    wid = desk_of(synced).world.workers[key].entries[0].changes["wid"]
    (fact, *_), today = FactStore(synced.app.database, "acme").of([wid])[wid][::-1], synced.sandbox.tenant.today
    worker = msgspec.json.decode(fact.body, type=Worker)
    yesterday = today - timedelta(days=1)
    assert (worker.terminated_on, worker.pay_through_on) == (yesterday, yesterday + timedelta(days=10))
