"""The main job on a real PostgreSQL: the same story, the same end, and the same safety as on SQLite (UP, A1, A2.1)."""

from functools import partial

import pytest

from ml_connector.sandbox.faults import parse_fault
from ml_connector.usecases import syncs
from tests.integration.test_crash import PLEX, Scenario, kill_at
from tests.integration.test_crash_points import CrashError, Fuse
from tests.rehearsal import Rehearsal, record
from tests.stage import Ending, count_lost, count_twins, told_of
from tests.world import open_world, silent

WORKERS = 12
CRASHES = 16
KILLED_WORKERS, KILLED = 4, 4


def tell_story(url, *, fuse=None):
    """A first sync and a day of changes; with *fuse* the second one ends there and is done again."""
    rehearsal = Rehearsal(record(WORKERS), url=url)
    rehearsal.prepare()
    with rehearsal.alive() as life:
        life.sync()
    rehearsal.plex_state()
    rehearsal.day = 1
    if fuse is not None:
        with pytest.raises(CrashError), rehearsal.alive(boundary=fuse) as life:
            life.sync()
    counter = Fuse()
    with rehearsal.alive(boundary=counter) as life:
        life.sync()
        assert life.tools.trail.verify().ok
    with rehearsal.alive() as life:
        if fuse is not None and life.plan().changes:
            # Who was between two plants when the run began gets what belongs to the new one from the run after (PX-07).
            life.sync()
    with rehearsal.alive() as life:
        assert life.plan().changes == ()
        told = told_of(life)
    return Ending(rehearsal.plex_state(), rehearsal.kept_state(), told), counter.passed


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    return tell_story(f"sqlite:///{tmp_path_factory.mktemp('story') / 'mlc.db'}")


def test_the_same_story_ends_alike_on_both_engines(postgresql_url, on_sqlite):
    assert tell_story(postgresql_url) == on_sqlite


@pytest.mark.parametrize("part", range(CRASHES))
def test_m_6_a_crash_on_postgresql_changes_nothing(postgresql_url, on_sqlite, tally, part):
    clean, boundaries = on_sqlite
    at = 1 + part * (boundaries - 1) // (CRASHES - 1)
    found, _ = tell_story(postgresql_url, fuse=Fuse(at))
    lost = max(count_lost(clean.plex, found.plex), (clean.told - found.told).total())
    tally("crash points on PostgreSQL", boundaries=1, lost=lost, duplicated=count_twins(found.plex))
    assert found == clean


class OnPostgresql(Scenario):
    """The database is put back as a copy of one that is kept beside it."""

    def __init__(self, world, name, *, server, points):
        self._server = server
        super().__init__(world, name, points=points)

    def keep_ours(self):
        super().keep_ours()
        self._kept = self._server.copy(self.world.url)

    def put_ours_back(self):
        super().put_ours_back()
        self._server.put_back(self.world.url, self._kept)


def test_a2_1_a_run_killed_on_postgresql_is_finished_by_the_next(postgresql, postgresql_url, tmp_path_factory, tally):
    """SIGKILL: the server rolls back what was not committed, and frees what the dead one held."""
    with open_world(tmp_path_factory.mktemp("stage"), workers=KILLED_WORKERS, url=postgresql_url, **PLEX) as world:
        scenario = OnPostgresql(world, "day of changes", server=postgresql, points=KILLED)
        for point in scenario.points:
            kill_at(scenario, point, partial(tally, "kill -9 on PostgreSQL"))


@pytest.mark.parametrize("mode", ["timeout_after", "reset_before", "truncated"])
def test_a1_t1_an_ambiguous_answer_over_the_wire(tmp_path, postgresql_url, mode):
    with open_world(tmp_path, workers=WORKERS, url=postgresql_url, timeout_s=0.7, settle_s=0.25) as world:
        fault = {"system": "plex", "mode": mode, "path": "/api/mdm/v1/employees", "method": "POST", "count": 2}
        world.sandbox.faults.add(parse_fault({**fault, "after": 2}))
        syncs.sync(world.app, progress=silent)
        world.sandbox.faults.clear()
        second = syncs.sync(world.app, progress=silent)
        assert (second.counts["unknown"], second.counts["parked"], second.counts["applied"]) == (0, 0, 0)
        badges = [row["badgeNumber"] for row in world.sandbox.plex.state("employees")]
        assert len(badges) == len(set(badges)) == WORKERS + 5
