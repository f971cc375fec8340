"""
Whoever is not decided about anew would have been decided about alike: every plan beside one that leaves nobody out.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import msgspec
import pytest

from ml_connector.mapping.claim import Kind
from ml_connector.mapping.plex import employee_uuid
from ml_connector.mapping.store import MappingStore
from ml_connector.sync import recheck, verbs
from ml_connector.sync.sources import make_planner
from tests.laws.firm import found
from tests.laws.history import desk_of, settle
from tests.laws.law import law

_OURS_ALONE = {"in_step", "placed"}


class Twice:
    """Draws up every plan twice, and holds the one that leaves out beside the one that does not."""

    def __init__(self, tools, sources):
        self.lean = make_planner(tools, sources)
        self.anew = make_planner(tools, sources, anew=True)

    def draft(self, **wishes):
        whole = msgspec.structs.asdict(self.anew.draft(**wishes))
        lean = self.lean.draft(**wishes)
        for name, told in msgspec.structs.asdict(lean).items():
            assert name in _OURS_ALONE or told == whole[name], name
        Twice.left_out.append(self.lean.left_out)
        Twice.as_before.append(self.lean.as_before)
        return lean


@pytest.fixture(autouse=True)
def twice(monkeypatch):
    Twice.left_out, Twice.as_before = [], []
    for module in (verbs, recheck):
        monkeypatch.setattr(module, "make_planner", Twice)
    return Twice


@contextmanager
def in_step():
    """A manufacturer nearly all of whom were found in step."""
    with found() as firm:
        firm.next_day()
        rename_one(firm)
        firm.sync()
        rename_one(firm)
        firm.sync()
        assert Twice.left_out[-1] > 40
        assert Twice.as_before[-1] > 40
        yield firm


def rename_one(firm):
    """Something has to change, or the plan before still stands."""
    desk = desk_of(firm.tenant, number=firm.day, seed=f"names {len(Twice.left_out)}")
    desk.change_name(desk.plain_workers(location="HQ")[0])


def plan_anew(firm):
    """What a sync writes on a day on which somebody else changed too: source and action of each change."""
    rename_one(firm)
    before = {intent.plan_id for intent in firm.begin().tools.store.intents()}
    firm.sync()
    intents = firm.begin().tools.store.intents()
    return {(it.change.source, it.change.action) for it in intents if it.plan_id not in before}


def employees(firm, plant="101"):
    """Employees of a plant as Plex holds them, by badge."""
    return {row["badgeNumber"]: row for row in firm.rehearsal.plex.enterprise.plants[plant].employees.values()}


def plain(firm, location="DET"):
    """Somebody to whom anything can happen."""
    return desk_of(firm.tenant, number=firm.day, seed="plain").plain_workers(location=location)[0]


@law(examples=2, events=30)
def test_m_4_who_is_left_out_of_a_plan_would_have_been_decided_about_alike(events, tally):
    """M-4, M-5: over a month of anything, each plan is the one that decides about everybody anew."""
    with found(settle(events)) as firm:
        firm.live(every=2)
    tally("left out of plans", people=sum(Twice.left_out))
    tally("placed as before", people=sum(Twice.as_before))
    assert sum(Twice.left_out) > 100
    assert sum(Twice.as_before) > 100


def test_ed_09_a_mapping_row_that_changed_decides_anew_about_those_it_maps():
    with in_step() as firm:
        worker, tools = plain(firm), firm.begin().tools
        rows = [row for row in firm.rehearsal.recording.mapping if row.kind is Kind.JOB_PROFILE]
        mine = next(row for row in rows if row.source == worker.primary_job.job_profile and row.plant in {"*", "101"})
        other = next(row for row in rows if row.plant == mine.plant and row.target != mine.target)
        with tools.database.transaction() as tx:
            changed = [msgspec.structs.replace(mine, target=other.target)]
            MappingStore(tools.database).save(tx, "acme", changed)
        assert (worker.worker_id, "update") in plan_anew(firm)


def test_cc_06_a_full_comparison_decides_about_everybody_anew():
    with in_step() as firm:
        rename_one(firm)
        firm.begin().syncer.sync(whole=True, progress=lambda *_: None)
        assert Twice.left_out[-1] == Twice.as_before[-1] == 0


def test_up_05_what_somebody_changed_in_plex_by_hand_is_decided_about_anew():
    with in_step() as firm:
        worker = plain(firm)
        firm.rehearsal.plex.edit_employee("101", worker.worker_id, fields={"lastName": "Other"})
        assert (worker.worker_id, "update") in plan_anew(firm)


def test_up_05_what_was_agreed_on_anew_is_compared_anew_though_both_sides_are_as_they_were_before():
    """Both were changed and changed back between two runs: what is remembered of them has to follow."""
    with in_step() as firm:
        worker = plain(firm)
        row = employees(firm)[worker.worker_id]

        def marry(name):
            desk = desk_of(firm.tenant, number=firm.day, seed=name)
            desk._change(desk.now().worker(worker.worker_id), {"last_name": name}, kind="Change Legal Name")

        marry("Other")
        assert (worker.worker_id, "update") in plan_anew(firm)
        marry(worker.last_name)
        firm.rehearsal.plex.edit_employee("101", worker.worker_id, fields={"lastName": row["lastName"]})
        plan_anew(firm)
        agreed = firm.begin().tools.baselines.baseline("employee", "101", keys=[row["id"]])
        assert agreed[row["id"]]["last_name"] == row["lastName"]


def test_wp_14_whose_managers_record_is_another_is_decided_about_anew():
    with in_step() as firm:
        desk = desk_of(firm.tenant, number=firm.day, seed="lead")
        team, leader = next(
            (key, organization.manager)
            for key in sorted(desk.world.organizations)
            if (organization := desk.now().organization(key)) is not None and organization.manager is not None
            if [each for each in desk.plain_workers() if each.primary_job.organization == key]
        )
        reports = [each for each in desk.plain_workers() if each.primary_job.organization == team]
        boss = desk.now().worker(leader)
        elsewhere = next(name for name in ("TOL", "DET") if name != boss.primary_job.location)
        desk.transfer_on(boss, location=elsewhere, on=desk.on)
        assert (reports[0].worker_id, "update") in plan_anew(firm) | plan_anew(firm)


def test_cc_09_what_comes_to_lie_ahead_of_somebody_in_step_is_told():
    with in_step() as firm:
        worker = plain(firm)
        desk = desk_of(firm.tenant, number=firm.day, seed="ahead")
        desk.transfer_on(worker, location="TOL", on=desk.on + timedelta(days=4))
        plan_anew(firm)
        rename_one(firm)
        assert employees(firm)[worker.worker_id]["id"] in {item.key for item in firm.begin().plan().pending}


def test_wp_09_a_record_that_comes_to_life_in_another_plant_ends_again():
    with in_step() as firm:
        worker = plain(firm)
        desk_of(firm.tenant, number=firm.day, seed="away").transfer_on(worker, location="TOL", on=firm.tenant.today)
        for _ in range(4):
            plan_anew(firm)
        there, plants = employees(firm, "102")[worker.worker_id], firm.rehearsal.plex.enterprise.plants
        tenant = firm.begin().tools.connection.workday.tenant
        left = employee_uuid(tenant, plant="102", person=worker.wid)  # the id a second record of theirs would have
        plants["101"].employees[left] = there | {"id": left}
        plants["101"].attributes[left] = plants["102"].attributes[there["id"]] | {"Resource_ID": left}
        assert (worker.worker_id, "deactivate") in plan_anew(firm)


def test_wp_02_who_is_linked_to_another_record_is_decided_about_anew():
    with in_step() as firm:
        worker, tools = plain(firm), firm.begin().tools
        other = next(row["id"] for row in employees(firm).values() if row["badgeNumber"] != worker.worker_id)
        person = tools.links.profile(worker.worker_id).person
        with tools.database.transaction() as tx:
            tools.links.adopt(tx, person=person, plant="101", plex_id=other, by="ada", at=tools.clock())
        plan_anew(firm)
        assert worker.worker_id in {item.key for item in tools.review.parked("acme")} | {
            it.change.source for it in tools.store.intents()
        }


def test_ed_01_an_ending_that_falls_due_is_carried_out_on_its_day():
    with in_step() as firm:
        worker = plain(firm)
        desk = desk_of(firm.tenant, number=firm.day, seed="end")
        desk.terminate(worker, last_day=desk.on + timedelta(days=1))
        assert worker.worker_id not in {source for source, _action in plan_anew(firm)}
        firm.next_day()
        assert worker.worker_id not in {source for source, _action in plan_anew(firm)}
        firm.next_day()
        assert (worker.worker_id, "deactivate") in plan_anew(firm)
