"""Cost centers that open, close and are limited, and jobs that end: what Plex is told of them, and when."""

from datetime import date, timedelta

import msgspec
import pytest

from ml_connector.canonical.organization import JobProfile
from ml_connector.errors import UsageError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.timeline.reference import known_on
from ml_connector.timeline.references.store import ReferenceStore
from ml_connector.usecases import syncs
from ml_connector.usecases.references import code_asof
from tests.living import Living
from tests.rehearsal import START
from tests.world import open_world, silent


@pytest.fixture
def living(tmp_path):
    return Living(tmp_path)


def department(living, code):
    table = living.plex.enterprise.plants["101"]
    return table.department(code)


def written(plan):
    return sorted((change.type, change.key, change.action) for change in plan.changes)


ROBOTICS = {"cost_center": "4800", "department": "4800-ROB", "segment": "4800"}


def test_rd02_a_future_cost_center_is_mapped_before_and_created_on_its_day(living):
    with living.synced() as life:
        center, _mover = living.play("future_cost_center")
        living.map(life, Kind.COST_CENTER, center, ROBOTICS)
        plan = life.plan()
        assert plan.changes == ()
        assert any("4800-ROB" in item.reason for item in plan.pending), "the move that lies ahead names where it leads"
        living.pass_days(6)
        assert life.plan().changes == ()
        living.pass_days(1)
        assert [what[:2] for what in written(life.plan()) if what[2] == "create"] == [
            ("cost_center", "4800"),
            ("department", "4800-ROB"),
        ]
        assert life.sync().counts["parked"] == 0
        assert department(living, "4800-ROB") is not None


def test_rd02_who_is_in_it_too_early_waits_and_goes_by_himself_on_the_day(living):
    with living.synced() as life:
        center, early, _ = living.play("future_cost_center_too_early")
        living.map(life, Kind.COST_CENTER, center, ROBOTICS)
        life.sync()
        assert living.parked(life) == [(early, "future_cost_center", "")]
        assert department(living, "4800-ROB") is None
        living.pass_days(7)
        life.sync()
        assert living.parked(life) == []
        assert department(living, "4800-ROB") is not None


def test_ed_01_what_lies_ahead_is_told_in_the_order_of_days_and_by_number(living):
    with living.synced() as life:
        leaving = living.desk.plain_workers()[:4]
        for worker, days in zip(leaving, (9, 2, 7, 4), strict=True):
            living.desk.terminate(worker, last_day=living.tenant.today + timedelta(days=days))
        pending = life.plan().pending
        assert [item.on for item in pending] == sorted(item.on for item in pending)
        assert [item.source for item in pending if item.at_end] == [leaving[number].key for number in (1, 3, 2, 0)]


def test_rd03_people_in_an_inactive_cost_center_stay_and_are_listed_by_name(living):
    with living.synced() as life:
        center, *members = living.play("cost_center_inactivated")
        row = life.tools.crosswalk({}).resolve(Kind.COST_CENTER, source=center, plant="101")
        code = row.target["department"]
        now = living.desk.now()
        inside = {key for key in members if not now.worker(key).contingent}
        assert inside
        plan = life.plan()
        assert {what[0::2] for what in written(plan)} == {("department", "deactivate")}
        assert {line.what for line in plan.staying} == {f"cost center {center}"}
        assert sum(len(line.people) for line in plan.staying) == len(inside)
        run = life.sync()
        assert run.staying == plan.staying
        assert set(living.parked(life)) == {(key, "inactive_cost_center", "department") for key in inside}
        assert department(living, code)["Active"] is False
        assert life.plan().changes == ()
        living.play("cost_center_reactivated")
        life.sync()
        assert living.parked(life) == []
        assert department(living, code)["Active"] is True


def test_rd03_what_changes_of_people_in_an_inactive_cost_center_is_sent_with_a_word_on_it(living):
    """Plex may take no record of a department that is closed: the plan says so, and what to do names the worker."""
    with living.synced() as life:
        _, *members = living.play("cost_center_inactivated")
        life.sync()
        now = living.desk.now()
        worker = next(now.worker(key) for key in members if not now.worker(key).contingent)
        living.desk.change_name(worker)
        (change,) = life.plan().changes
        assert "is closed with cost center CC" in change.reason
        assert life.sync().counts["applied"] == 0
        refused = next(item for item in life.tools.review.parked("acme") if (item.key, item.field) == (worker.key, ""))
        assert refused.remedy.endswith(f"ml-connector reevaluate {worker.key}")
        living.desk.move_to(worker, cost_center="CC4200", on=living.tenant.today)
        life.sync()
        assert worker.key not in {key for key, *_ in living.parked(life)}


def test_rd03_who_moves_into_it_waits_and_rd04_an_approved_successor_lets_everybody_go(living):
    with living.synced() as life:
        center, mover = living.play("move_to_inactive_cost_center")
        life.sync()
        assert (mover, "inactive_cost_center", "") in living.parked(life)
        held = next(item for item in life.tools.review.parked("acme") if item.key == mover)
        assert "--from" in held.remedy
        welding = life.tools.crosswalk({}).resolve(Kind.COST_CENTER, source="CC4200", plant="101")
        for plant in ("101", "102"):
            living.map(life, Kind.COST_CENTER, center, welding.target, plant=plant)
        run = life.sync()
        assert living.parked(life) == []
        assert run.staying == ()


def test_rd04_a_split_has_no_successor_and_whoever_is_in_it_waits_for_workday(living):
    with living.synced() as life:
        _, _, _, *members = living.play("cost_center_split")
        run = life.sync()
        now = living.desk.now()
        inside = [now.worker(key) for key in members if not now.worker(key).contingent]
        assert sum(len(line.people) for line in run.staying) == len(inside)
        for code in ("4810", "4820"):
            target = {"cost_center": code, "department": f"{code}-SPL", "segment": code}
            for plant in ("101", "102"):
                living.map(life, Kind.COST_CENTER, f"CC{code}", target, plant=plant)
        assert life.sync().staying == run.staying, "that there are two new ones says nothing about anybody"
        for number, worker in enumerate(inside):
            living.desk.move_to(worker, cost_center=("CC4810", "CC4820")[number % 2], on=living.tenant.today)
        assert life.sync().staying == ()
        assert living.parked(life) == []


def test_rd10_who_belongs_to_another_company_is_held_with_both_named(living):
    with living.synced() as life:
        (center,) = living.play("cost_center_restricted")
        assert life.plan().changes == ()
        life.sync()
        held = life.tools.review.parked("acme")
        assert held
        assert {item.code for item in held} == {"restricted_cost_center"}
        assert all(center in item.reason and "C90" in item.reason and "C10" in item.reason for item in held)


def test_rd10_a_hierarchy_of_companies_says_nothing_about_one(living):
    with living.synced() as life:
        living.play("cost_center_restricted_to_hierarchy")
        assert life.sync().counts["parked"] == 0


def test_rd11_b14_an_inactive_job_profile_ends_its_position(living):
    with living.synced() as life:
        living.play("job_inactivated")
        assert ("position", "Plant Clerk", "deactivate") in written(life.plan())
        life.sync()
        assert living.plex.enterprise.plants["101"].position("Plant Clerk")["Active"] is False
        assert life.plan().changes == ()


def test_rd11_a_job_reclassified_late_has_the_old_class_before_its_day_and_the_new_one_from_it(living):
    with living.synced() as life:
        (job,) = living.play("job_reclassified")
        first, today = living.tenant.today - timedelta(days=8), living.tenant.today
        assert life.plan().changes == ()
        told = ReferenceStore(life.database, "acme").of("job_profile", job)

    def class_on(day, by=None):
        return msgspec.json.decode(known_on(told, on=day, by=by).body, type=JobProfile).category

    assert [class_on(first - timedelta(days=1)), class_on(first), class_on(today)] == ["Indirect", "Direct", "Direct"]
    assert class_on(today, by=told[0].entered_at) == "Indirect", "what was known then stays what was known then"
    assert known_on(told, on=date(1900, 1, 1)) is None


def test_rd04_rd11_asof_says_what_a_code_was_on_a_day_and_what_it_was_mapped_to(tmp_path):
    with open_world(tmp_path, workers=8) as world:
        syncs.plan(world.app, progress=silent)
        today = world.sandbox.tenant.today
        merged = {"cost_center": "4200", "department": "4200-WLD", "segment": "4200"}
        row = MappingRow(kind=Kind.COST_CENTER, plant="101", source="CC4400", target=merged, effective_on=today)
        with world.app.database.transaction() as tx:
            world.app.mappings.save(tx, "acme", sign_rows([row], changed_by="test", changed_at=START))
        before = code_asof(world.app, "cost_center", "CC4400", on=today - timedelta(days=1))
        after = code_asof(world.app, "cost_center", "CC4400", on=today)
        assert (before.mapped["101"]["cost_center"], after.mapped["101"]["cost_center"]) == ("4400", "4200")
        assert code_asof(world.app, "job_profile", "JP-WELD", on=today).job_class == "Direct"
        with pytest.raises(UsageError, match="before 2005-01-03"):
            code_asof(world.app, "job_profile", "JP-WELD", on=date(1999, 1, 1))
        with pytest.raises(UsageError, match=r"nothing is known of job_profile JP-NONE$"):
            code_asof(world.app, "job_profile", "JP-NONE", on=today)
