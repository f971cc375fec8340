"""Who holds several jobs: one employee a plant, one head in all, and an end only where Workday tells one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import msgspec
import pytest

from ml_connector.mapping.plex import employee_uuid
from ml_connector.usecases import syncs
from tests.living import Living
from tests.world import open_synced, silent


@pytest.fixture
def synced(tmp_path):
    with open_synced(tmp_path, workers=40) as world:
        yield world


def play(world, scenario):
    return world.sandbox.tenant.play(scenario)["touched"][0]


def rows(world, badge):
    found = [row for row in world.sandbox.plex.state("employees") if row["badgeNumber"] == badge]
    return {str(row["pcn"]): row for row in found}


def states(world, badge):
    return {plant: row["status"] for plant, row in rows(world, badge).items()}


def heads(world, plant):
    """Heads and full-time equivalents of a plant, as a plan made now counts them."""
    lines = [line for line in syncs.plan(world.app, progress=silent).headcount if line.plant == plant]
    return sum(line.actual for line in lines), sum(Decimal(line.fte) for line in lines)


def test_wp_05_two_jobs_in_one_plant_are_one_employee_and_one_head(synced):
    before = heads(synced, "101")
    number = play(synced, "two_jobs")
    assert syncs.sync(synced.app, progress=silent).exit_code in {0, 3}
    assert states(synced, number) == {"101": "Active"}
    worker = synced.sandbox.tenant._desk("test").now().worker(number)
    (second,) = [job for job in worker.jobs if not job.primary]
    assert heads(synced, "101") == (before[0], before[1] + second.weekly_hours / 40)
    held = rows(synced, number)["101"]
    assert (
        held["position"]
        == synced.app.mappings.crosswalk("acme")
        .resolve("job_profile", source=worker.primary_job.job_profile, plant="101")
        .target["position"]
    ), "WP-03: the primary job says as what"


def test_wp_06_two_jobs_in_two_plants_are_two_employees_and_one_head(synced):
    before, there = heads(synced, "101"), heads(synced, "102")
    number = play(synced, "two_plants")
    at_home = rows(synced, number)["101"]
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert states(synced, number) == {"101": "Active", "102": "Active"}
    wid = synced.sandbox.tenant._desk("test").now().worker(number).wid
    for plant, row in rows(synced, number).items():
        tenant = synced.app.connection.workday.tenant
        assert row["id"] == employee_uuid(tenant, plant=plant, person=wid), "PX-01: one person, an id a plant"
    assert rows(synced, number)["102"]["building"] == "TOL"
    assert heads(synced, "101") == before, "the head stays where the primary job is"
    assert heads(synced, "102")[0] == there[0]
    assert heads(synced, "102")[1] > there[1]
    assert syncs.plan(synced.app, progress=silent).changes == (), "M-4"
    assert play(synced, "second_job_ends") == number
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert states(synced, number) == {"101": "Active", "102": "Inactive"}
    assert rows(synced, number)["101"] == at_home


def test_wp_06_what_workday_leaves_out_ends_no_second_job(synced):
    number = play(synced, "two_plants")
    syncs.sync(synced.app, progress=silent)
    before = synced.writes()
    for name in ("Worker Data: Current Staffing Information", "Worker Data: Organization Information"):
        synced.sandbox.tenant.revoke_domain(name)
        syncs.sync(synced.app, progress=silent)
        synced.sandbox.tenant.grant_domain(name)
    assert [item["path"] for item in synced.write_requests()[before:] if "deactivate" in item["path"]] == []
    assert states(synced, number) == {"101": "Active", "102": "Active"}


def test_wp_07_an_assignment_is_a_record_of_its_own_that_ends_and_leaves_home_alone(synced):
    before, there = heads(synced, "101"), heads(synced, "102")
    number = play(synced, "international_assignment")
    at_home = rows(synced, number)["101"]
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert rows(synced, number)["102"]["type"] == "Assignee"
    assert rows(synced, number)["101"] == at_home, "the record at home is left untouched"
    assert (heads(synced, "101"), heads(synced, "102")) == (before, there), "no head, and no share of one"
    (due,) = [item for item in syncs.plan(synced.app, progress=silent).pending if item.plant == "102"]
    assert (due.reason, due.begins) == ("assignment ends: active through that day", False)
    for _ in range(2):
        synced.next_day()
        syncs.sync(synced.app, progress=silent)
        assert states(synced, number)["102"] == "Active"
    synced.next_day()
    syncs.sync(synced.app, progress=silent)
    assert states(synced, number) == {"101": "Active", "102": "Inactive"}


def test_wp_08_a_second_job_goes_on_where_the_primary_one_is_in_no_plant_of_ours(tmp_path):
    home = Living(tmp_path)
    plants = tuple(plant for plant in home.settings.plex.plants if plant.pcn != "101")
    home.settings = home.settings.model_copy(
        update={"plex": home.settings.plex.model_copy(update={"plants": plants})}
    )  # nobody routes Detroit
    with home.alive() as life:
        life.sync()
        (number,) = home.play("two_plants")
        assert life.sync().counts["applied"] > 0
        assert there(home, number) == {"102": "Active"}
        ((code, remedy),) = [(p.code, p.remedy) for p in life.tools.review.parked("acme") if p.key == number]
        assert (code, "routes" in remedy) == ("no_pcn_route", True)
        assert life.sync().counts["applied"] == 0, "M-4"
        home.desk.change_name(home.desk.now().worker(number))
        assert life.sync().counts["applied"] == 1
        home.desk.terminate(home.desk.now().worker(number), last_day=home.tenant.today)
        home.pass_days(1)
        life.sync()
        assert there(home, number) == {"102": "Inactive"}


def test_wp_06_wp_08_a_second_job_goes_on_where_the_primary_ones_location_is_left_out(tmp_path):
    """
    Where the primary job is cannot be told, so its plant stays as it is; the other plant goes on, and a job ends there.
    """
    home = Living(tmp_path)
    with home.synced() as life:
        (number,) = home.play("two_plants")
        life.sync()
        home.desk.change_primary_job(home.desk.now().worker(number), kind="Change Job", location="")
        home.desk.change_name(home.desk.now().worker(number))
        assert life.sync().counts["applied"] == 1
        assert ("plant_not_told", "") in [(code, field) for key, code, field in home.parked(life) if key == number]
        named = {
            str(row["pcn"]): row["lastName"] for row in home.plex_state()["employees"] if row["badgeNumber"] == number
        }
        assert named["101"] != named["102"]
        assert there(home, number) == {"101": "Active", "102": "Active"}


def test_wp_14_who_is_only_known_to_work_in_another_plant_is_a_supervisor_there(tmp_path):
    """Their primary job's location is left out: reports are given to the record that they have for their other job."""
    home = Living(tmp_path)
    with home.synced() as life:
        (number,) = home.play("two_plants")
        life.sync()
        home.desk.change_primary_job(home.desk.now().worker(number), kind="Change Job", location="")
        report = home.desk.plain_workers(location="TOL")[0]
        home.desk.reorganize(report.primary_job.organization, manager=number)
        (told,) = [change.after for change in life.plan().changes if change.key == report.key]
        (there,) = [row for row in employees(home, home.desk.now().worker(number)) if str(row["pcn"]) == "102"]
        assert told == {"supervisor_id": there["id"]}


def test_wp_06_wp_09_who_moves_leaves_no_plant_that_may_be_the_one_of_another_job(tmp_path):
    home = Living(tmp_path)
    with home.synced() as life:
        worker = home.desk.plain_workers(location="DET")[0]
        home.desk.add_job(worker, location="DET")
        life.sync()
        second = home.desk.now().worker(worker.key).jobs[1]
        home.desk.transfer(home.desk.now().worker(worker.key), location="TOL")
        for place, left in (("", "Active"), ("TOL", "Inactive")):
            worker = home.desk.now().worker(worker.key)
            jobs = worker.jobs[0], msgspec.structs.replace(second, location=place)
            home.desk._change(worker, {"jobs": jobs}, kind="Change Job")
            life.sync()
            assert there(home, worker.key) == {"101": left, "102": "Active"}


def by_surface(home, name):
    """Let the connection read Workday another way, which tells the primary job alone."""
    workday = home.settings.workday.model_copy(update={"surface": name})
    home.settings = home.settings.model_copy(update={"workday": workday})


def test_wp_06_a_surface_that_tells_no_other_job_ends_none(tmp_path):
    home = Living(tmp_path)
    with home.synced() as life:
        (number,) = home.play("two_plants")
        life.sync()
    by_surface(home, "rest")
    home.desk.end_job(home.desk.now().worker(number))
    with home.alive() as life:
        life.sync()
        assert there(home, number) == {"101": "Active", "102": "Active"}
        home.desk.terminate(home.desk.now().worker(number), last_day=home.tenant.today)
        home.pass_days(1)
        life.sync()
        assert there(home, number) == {"101": "Inactive", "102": "Inactive"}


def test_wp_09_a_surface_that_tells_no_other_job_still_moves_people_there_and_back(tmp_path):
    home = Living(tmp_path)
    by_surface(home, "rest")
    with home.synced() as life:
        (number,) = home.play("transfer")
        assert life.sync().counts["applied"] > 0
        assert active(home, number) == {"102"}
        home.desk.transfer(home.desk.now().worker(number), location="DET")
        assert life.sync().counts["applied"] > 0
        assert active(home, number) == {"101"}


def active(home, number):
    return {plant for plant, status in there(home, number).items() if status == "Active"}


def there(home, number):
    """In which plants somebody is, by badge, and as what."""
    rows = home.plex_state()["employees"]
    return {str(row["pcn"]): row["status"] for row in rows if row["badgeNumber"] == number}


def test_wp_06_another_job_that_changes_today_stays_where_it_is_still_yesterday(tmp_path):
    """
    Between Detroit's midnight and Chicago's: the job in Chicago is told as it is from tomorrow on, and is there today.
    """
    home = Living(tmp_path)
    with home.synced() as life:
        worker = home.desk.plain_workers(location="DET")[0]
        home.desk.add_job(worker, location="HQ")
        life.sync()
        home.tenant._today += timedelta(days=1)
        home.tenant._moment = datetime.combine(home.tenant._today, time(5, 30), tzinfo=UTC)
        worker = home.desk.now().worker(worker.key)
        before = employees(home, worker)
        assert [row["status"] for row in before] == ["Active", "Active"]
        second = msgspec.structs.replace(
            worker.jobs[1], weekly_hours=worker.jobs[1].weekly_hours / 2, since_on=home.desk.on
        )
        home.desk._change(worker, {"jobs": (worker.jobs[0], second)}, kind="Change Job")
        life.sync()
        assert [(row["id"], row["status"]) for row in employees(home, worker)] == [
            (row["id"], row["status"]) for row in before
        ]


def employees(home, worker):
    return [row for row in home.plex_state()["employees"] if row["badgeNumber"] == worker.key]
