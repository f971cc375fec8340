"""The tenant: the same story for the same seed, and views that hold still."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ml_connector.sandbox import company
from ml_connector.sandbox.company import PLANTS
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.tenant.nights import NIGHTS
from ml_connector.sandbox.tenant.scenarios import SCENARIOS
from ml_connector.sandbox.tenant.setup import TENANT_ZONE
from ml_connector.sandbox.tenant.tenant import Tenant, View
from ml_connector.sandbox.tenant.world import AsOf

SMALL = 80
FOLLOWS = {"cost_center_reactivated": "cost_center_inactivated", "transfer_approved": "transfer_submitted"} | {
    "transfer_rescinded": "transfer"
}


def people(view: View, *, on: date | None = None) -> dict[str, Worker]:
    seen = AsOf(view.world, on=on or view.today, by=view.now)
    return {key: worker for key in view.workers if (worker := seen.worker(key)) is not None}


def everything(tenant: Tenant) -> bytes:
    view = tenant.view()
    shelves = (view.world.workers, view.world.positions, view.world.organizations, view.world.job_profiles)
    return msgspec.json.encode([[(key, history.entries) for key, history in shelf.items()] for shelf in shelves])


def play_all(tenant: Tenant) -> None:
    for name in tenant.scenarios():
        tenant.play(name)


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = Tenant(seed=3, workers=SMALL), Tenant(seed=3, workers=SMALL)
    for tenant in (first, second):
        tenant.advance(6)
        play_all(tenant)
    assert everything(first) == everything(second)


def test_another_seed_tells_another_story() -> None:
    assert everything(Tenant(seed=3, workers=SMALL)) != everything(Tenant(seed=4, workers=SMALL))


def test_reset_begins_again() -> None:
    tenant = Tenant(workers=SMALL)
    before = everything(tenant)
    tenant.advance(3)
    play_all(tenant)
    tenant.revoke_domain(domains.STAFFING)
    tenant.reset()
    assert everything(tenant) == before
    assert tenant.today == company.START
    assert tenant.view().domains == domains.ALL
    assert not tenant.view().constrained


def test_days_one_by_one_are_days_at_once() -> None:
    slow, quick = Tenant(workers=SMALL), Tenant(workers=SMALL)
    for _ in range(5):
        slow.advance(1)
    quick.advance(5)
    assert everything(slow) == everything(quick)


def test_a_view_holds_still_whatever_is_entered_later() -> None:
    tenant = Tenant(workers=SMALL)
    view = tenant.view()
    days = [view.today - timedelta(days=400), view.today, view.today + timedelta(days=30)]
    before = [people(view, on=day) for day in days]
    tenant.advance(10)
    play_all(tenant)
    assert [people(view, on=day) for day in days] == before


def test_every_moment_is_new_and_none_lies_ahead() -> None:
    tenant = Tenant(workers=SMALL)
    tenant.advance(4)
    play_all(tenant)
    view = tenant.view()
    entered = [entry.entered_at for history in view.world.workers.values() for entry in history.entries]
    today = [moment for moment in entered if moment.date() >= company.START + timedelta(days=1)]
    assert len(today) == len(set(today))
    assert max(entered) < view.now
    assert tenant.now() > view.now


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 30, 1200])
def test_a_tenant_of_any_size_has_so_many_workers_and_can_live(workers: int) -> None:
    tenant = Tenant(workers=workers)
    assert len(people(tenant.view())) == workers
    tenant.advance(20)


def test_the_plants_have_their_shares() -> None:
    workers = people(Tenant().view()).values()
    for plant in company.PLANTS:
        there = sum(worker.primary_job.location == plant.location for worker in workers)
        assert there == pytest.approx(1200 * plant.share, abs=1)


def test_the_default_tenant_has_some_of_every_kind() -> None:
    view = Tenant().view()
    workers = people(view).values()
    assert 20 <= sum(worker.contingent for worker in workers) <= 60
    assert any(worker.leave_on for worker in workers)
    assert any(not worker.is_active(view.today) for worker in workers)
    assert any(len(worker.jobs) == 2 for worker in workers)
    assert any(not worker.primary_job.full_time for worker in workers)
    assert any(worker.first_name is None for worker in workers)
    assert {shift for worker in workers for job in worker.jobs if (shift := job.shift)} == set(company.SHIFTS)


def test_everybody_sits_on_a_chair_of_their_own_and_some_chairs_are_empty() -> None:
    tenant = Tenant()
    tenant.advance(5)
    view = tenant.view()
    active = [worker for worker in people(view).values() if worker.is_active(view.today)]
    taken = [job.position_id for worker in active for job in worker.jobs]
    assert len(taken) == len(set(taken))
    assert set(taken) < set(view.world.positions)


def test_every_chain_of_managers_ends_at_the_chief_executive() -> None:
    view = Tenant().view()
    seen = AsOf(view.world, on=view.today, by=view.now)
    for worker in people(view).values():
        chain = list(seen.superiors(worker.primary_job.organization))
        assert chain[-1].manager == "000001"
        assert all(organization.manager is not None for organization in chain)


def test_the_first_day_is_the_scripted_one() -> None:
    tenant = Tenant()
    (day,) = tenant.advance()["days"]
    view = tenant.view()
    workers = people(view)
    hired = [workers[key] for key in day["hired"]]
    assert [worker.primary_job.job_profile == company.UNMAPPED_JOB.ref_id for worker in hired] == [False, False, True]
    assert all(worker.hire_on == tenant.today for worker in hired)
    (moved,) = [workers[key] for key in day["transferred"]]
    assert moved.primary_job.location == "TOL"
    (left,) = [workers[key] for key in day["terminated"]]
    assert not left.is_active(tenant.today)
    assert left.is_active(company.START)
    renamed = AsOf(view.world, on=view.today, by=view.now).organization("CC4300")
    assert renamed is not None
    assert renamed.name == "Final Assembly"


@pytest.mark.parametrize("name", sorted({*SCENARIOS, *NIGHTS} - {"transfer_submitted"}))
def test_each_scenario_changes_what_it_says_it_touched(name: str) -> None:
    tenant = Tenant()
    if name in FOLLOWS:
        tenant.play(FOLLOWS[name])
    before = tenant.view()
    touched = tenant.play(name)["touched"]
    view = tenant.view()
    shelves = (view.world.workers, view.world.organizations, view.world.job_profiles)
    changed = {
        key
        for shelf in shelves
        for key, history in shelf.items()
        if any(entry.entered_at > before.now for entry in history.entries)
    }
    assert changed
    assert changed - {company.UNMAPPED_JOB.ref_id} <= set(touched)


def test_the_hurtful_scenarios_hurt() -> None:
    tenant = Tenant()
    assert len(tenant.play("mass_termination")["touched"]) == 24
    assert len(tenant.play("new_names")["touched"]) == 12
    (nameless,) = tenant.play("no_employee_id")["touched"]
    (double,) = tenant.play("two_primary_jobs")["touched"]
    (long,) = tenant.play("long_name")["touched"]
    moved = tenant.play("same_field_change")["touched"]
    workers = people(tenant.view())
    assert workers[nameless].worker_id is None
    assert [job.primary for job in workers[double].jobs] == [True, True]
    assert len(workers[long].last_name) == 300
    assert len(moved) > len(workers) * 0.9


def test_a_manager_cycle_has_two_managers_each_below_the_other() -> None:
    tenant = Tenant()
    first, second = tenant.play("manager_cycle")["touched"]
    view = tenant.view()
    seen, workers = AsOf(view.world, on=view.today, by=view.now), people(view)
    managers = [seen.manager(workers[key].primary_job.organization, of=key) for key in (first, second)]
    assert [manager.key for manager in managers if manager] == [second, first]


def test_who_sits_on_one_position_is_who_sits_there_among_all() -> None:
    tenant = Tenant(workers=SMALL)
    for happen in (lambda: None, lambda: tenant.advance(6), lambda: play_all(tenant), lambda: tenant.advance(30)):
        happen()
        view = tenant.view()
        for on in (view.today, view.today - timedelta(days=20)):
            seen, alone = (AsOf(view.world, on=on, by=view.now) for _ in range(2))
            among_all = seen.occupants()
            assert {key: found for key in view.world.positions if (found := alone.occupant(key))} == among_all


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(LookupError, match="mass_termination"):
        Tenant(workers=3).play("earthquake")


def test_an_unknown_domain_is_not_granted() -> None:
    with pytest.raises(LookupError, match="Current Staffing"):
        Tenant(workers=3).grant_domain("Everything")


def test_time_only_goes_forward() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Tenant(workers=3).advance(0)


def entered(tenant: Tenant, key: str) -> list[datetime]:
    return [entry.entered_at for entry in tenant.view().world.workers[key].entries]


@pytest.mark.parametrize(
    ("name", "zone", "clocks"),
    [
        ("clocks_go_back", "America/Detroit", ["11-07 01:30 -0400", "11-07 01:30 -0500", "11-07 03:30 -0500"]),
        ("clocks_go_forward", "America/Detroit", ["03-14 01:30 -0500", "03-14 03:30 -0400", "03-14 05:30 -0400"]),
        ("around_midnight", "America/Los_Angeles", ["11-23 23:59 -0800", "11-24 00:00 -0800"]),
    ],
)
def test_tz_04_a_night_is_told_in_instants(name: str, zone: str, clocks: list[str]) -> None:
    """TZ-04, TZ-05: one hour comes twice, another one never, and a day begins while it is still the day before."""
    tenant = Tenant(workers=SMALL)
    moments = [entered(tenant, key)[0] for key in tenant.play(name)["touched"]]
    assert [moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M %z") for moment in moments] == clocks
    assert tenant.today == moments[-1].astimezone(TENANT_ZONE).date(), "the tenant's day is a day of its own zone"
    assert tenant.now() > moments[-1]


@pytest.mark.parametrize("day", [company.START, date(2026, 7, 6)], ids=["winter", "summer"])
def test_tz_07_in_the_evening_tomorrow_has_begun_in_two_plants_of_three(day: date) -> None:
    tenant = Tenant(workers=SMALL, today=day)
    tenant.play("pacific_evening")
    assert tenant.now().astimezone(ZoneInfo("America/Los_Angeles")).strftime("%H:%M") == "21:30"
    days = {zone: tenant.now().astimezone(ZoneInfo(zone)).date() for zone in {plant.time_zone for plant in PLANTS}}
    tomorrow = tenant.today + timedelta(days=1)
    assert days == {"America/Detroit": tomorrow, "America/New_York": tomorrow, "America/Chicago": tenant.today}


def test_a_purged_worker_is_nobodys_and_nobody_else_is_missed() -> None:
    tenant = Tenant(workers=SMALL)
    before = set(tenant.view().workers)
    (gone,) = tenant.play("worker_purged")["touched"]
    assert before - set(tenant.view().workers) == {gone}
    (hired,) = tenant.play("hire")["touched"]
    assert set(tenant.view().workers) - before == {hired}


def test_a_withheld_section_comes_back() -> None:
    tenant = Tenant(workers=SMALL)
    tenant.play("section_withheld")
    assert domains.ALL - tenant.view().domains == {domains.ORGANIZATIONS}
    tenant.play("section_restored")
    assert tenant.view().domains == domains.ALL
