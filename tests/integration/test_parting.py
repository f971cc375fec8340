"""Two people who were taken for one: whose the Plex record is when they are parted, and that both go on by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ml_connector.usecases import links, syncs
from tests.integration.test_links import contractors, employees, play
from tests.world import open_world, silent


@pytest.fixture
def small(tmp_path):
    with open_world(tmp_path, workers=8) as world:
        yield world


def sync(world, times=1):
    for _ in range(times):
        code = syncs.sync(world.app, progress=silent).exit_code
    return code


def both_active_again(world):
    """A contractor nobody has in Plex became an employee; then the contractor's own profile comes back."""
    desk = world.sandbox.tenant._desk("agency")
    desk.hire("DET", on=world.sandbox.tenant.today - timedelta(days=30), contingent=True)
    sync(world)
    contractor, employee = play(world, "conversion")
    assert sync(world) == 0
    desk = world.sandbox.tenant._desk("agency")
    desk.rehire(desk.now().worker(contractor))
    assert sync(world) == 3
    (waits,) = syncs.parked(world.app)
    assert waits.code == "two_active_profiles"
    return contractor, employee, waits.remedy.rpartition("links relink ")[2].split()[0]


@pytest.mark.parametrize("named", ["as parked says", "contractor", "employee"])
def test_wp_01_who_is_parted_from_somebody_not_in_plex_keeps_the_record(small, named):
    contractor, employee, told = both_active_again(small)
    (record,) = employees(small, badgeNumber=employee)
    links.separate(small.app, {"contractor": contractor, "employee": employee}.get(named, told))
    assert sync(small, 2) == 0, syncs.parked(small.app)
    (own,) = employees(small, badgeNumber=employee)
    assert (own["id"], own["status"]) == (record["id"], "Active")
    assert employees(small, badgeNumber=contractor) == []
    assert syncs.plan(small.app, progress=silent).changes == ()


@pytest.mark.parametrize("named", [0, 1])
def test_ed_14_a_conversion_ahead_taken_for_one_person_is_parted_by_either_name(tmp_path, named):
    with contractors(tmp_path) as world:
        pair = play(world, "future_conversion")
        sync(world)
        (record,) = employees(world, badgeNumber=pair[0])
        links.separate(world.app, pair[named])
        assert sync(world) == 0
        assert employees(world, badgeNumber=pair[0]) == [record]
        assert len({links.list_links(world.app, worker=each)[0].person for each in pair}) == 2
        world.sandbox.tenant.advance(9)
        world.reopen()
        sync(world, 2)
        (ended,), (new,) = (employees(world, badgeNumber=each) for each in pair)
        assert (ended["id"], ended["status"], new["status"]) == (record["id"], "Inactive", "Active")
