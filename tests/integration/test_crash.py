"""
`kill -9` at more than two hundred different points of a first sync and of a day of changes: the next run finishes the
job, nothing is lost, and nothing is there twice (trust A2.1).

A point is one step of a process of its own: a request as it reaches either system, before and after each commit, and
each answer when its head is there and when it was read. Every point is killed at once.
"""

import multiprocessing
import os
import signal
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.usecases import syncs
from tests import crash_child
from tests.rehearsal import kept_state
from tests.stage import count_lost, count_twins
from tests.world import copy_plants, open_world, silent

WORKERS = 8
POINTS = {"first sync": 104, "day of changes": 104}
PARTS = 13
ARRIVAL = "arrival"
LOOKS = 8
PLEX = {"settle_s": 0.05, "writers": 4}
LAG_S = 0.03
"""How long a command takes to come true: less than the time a doubtful write is given to settle."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.crash_child_warm"])


class Scenario:
    """A world at the moment before a sync, put back for every point, and how that sync ends undisturbed."""

    def __init__(self, world, name, *, points=None):
        self.world, self.name = world, name
        if name == "day of changes":
            run_to_quiescence(world.app)
            world.next_day()
        world.app.close()
        world.sandbox.plex.switches.change("apply_lag_s", LAG_S)
        self.keep_ours()
        self._plex = copy_plants(world.sandbox.plex.enterprise.plants)
        self.steps = self.run()
        self.clean = self.ending()
        self.done = carried_out(world)
        self.points = self._choose(points or POINTS[name])

    def _choose(self, wanted):
        """As many different points, spread evenly over every kind of step."""
        points = [(kind, number) for kind, count in sorted(self.steps.items()) for number in range(1, count + 1)]
        if self.name == "day of changes":  # its last steps ask whether a command has come true: as often as it takes
            points = [(kind, number) for kind, number in points if number <= self.steps[kind] - LOOKS]
        chosen = [points[number * (len(points) - 1) // (wanted - 1)] for number in range(wanted)]
        assert len(set(chosen)) == wanted
        return chosen

    def keep_ours(self):
        """Keep the database and the anchor as they are."""
        files = [self.world.folder / name for name in ("mlc.db", "anchor.jsonl")]
        self._files = {path: path.read_bytes() for path in files if path.exists()}

    def put_ours_back(self):
        for file in [*self.world.folder.glob("mlc.db*"), *self.world.folder.glob("anchor*")]:
            file.unlink()
        for path, content in self._files.items():
            path.write_bytes(content)

    def put_back(self):
        self.put_ours_back()
        plex = self.world.sandbox.plex
        plex.reset()
        plex.switches.change("apply_lag_s", LAG_S)
        plex.enterprise.plants = copy_plants(self._plex)
        self.world.sandbox.arrivals.clear()

    def run(self, point=(None, 0)):
        """Run one sync in a process of its own, killed at *point*; returns how many steps of each kind it made."""
        kind = point[0]
        arrivals = self.world.sandbox.arrivals
        append, seen = arrivals.append, 0
        passed = {name: _processes.RawValue("i", 0) for name in (crash_child.COMMIT, crash_child.ANSWER)}
        die_at = None if kind in {None, ARRIVAL} else point
        child = _processes.Process(target=crash_child.run, args=(self.world.configuration(), passed, die_at))

        def count(arrival):
            nonlocal seen
            append(arrival)
            seen += 1
            if point == (ARRIVAL, seen):
                os.kill(child.pid, signal.SIGKILL)

        arrivals.append = count
        try:
            child.start()
            child.join(120)
        finally:
            arrivals.append = append
        assert child.exitcode == (0 if kind is None else -signal.SIGKILL), point
        return {ARRIVAL: seen, **{name: value.value for name, value in passed.items()}}

    def ending(self):
        """Run to quiescence in this process, and tell both sides' end; the trail must hold, one event per write."""
        app = replace(self.world.open(), sleep=nap)
        try:
            run_to_quiescence(app)
            assert app.trail.verify().ok
            events = [item.event for item in app.trail.list(100_000, action=AuditAction.WRITE_APPLIED)]
            told = Counter((event.object, event.detail["action"]) for event in events)
        finally:
            app.close()
        return self.world.plex_state(), kept_state(self.world.url), told


def nap(seconds):
    """This Plex is at work on nothing for minutes: only the read lag is waited for."""
    time.sleep(seconds if seconds < 1 else 0.01)


def run_to_quiescence(app):
    """Sync until no write is without a known outcome; three runs must be enough."""
    for _run in range(3):
        unknown = syncs.sync(app, progress=silent).counts["unknown"]
        if not unknown and not app.syncer._tools.store.intents(states=("sending", "accepted")):
            return
    raise AssertionError("three runs found no rest")


@pytest.fixture(scope="module")
def scenario_of(tmp_path_factory):
    made = {}
    with ExitStack() as stack:

        def find(name):
            if name not in made:
                world = stack.enter_context(open_world(tmp_path_factory.mktemp("stage"), workers=WORKERS, **PLEX))
                made[name] = Scenario(world, name)
            return made[name]

        yield find


def test_there_are_two_hundred_different_points(scenario_of):
    points = [(name, *point) for name in POINTS for point in scenario_of(name).points]
    assert len(set(points)) == len(points) >= 200
    assert {kind for _name, kind, _number in points} == {ARRIVAL, crash_child.COMMIT, crash_child.ANSWER}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", POINTS)
def test_a_killed_run_is_finished_by_the_next(scenario_of, tally, name, part):
    scenario = scenario_of(name)
    for point in scenario.points[part::PARTS]:
        kill_at(scenario, point, partial(tally, f"kill -9 during a {name}"))


def kill_at(scenario, point, count):
    """Kill the run at *point*; the next one must finish it as if nothing had been."""
    scenario.put_back()
    scenario.run(point)
    plex, ours, told = scenario.ending()
    clean_plex, clean_ours, clean_told = scenario.clean
    lost = max(count_lost(clean_plex, plex), (clean_told - told).total())
    count(different_points=1, lost=lost, duplicated=count_twins(plex))
    assert plex == clean_plex, point
    assert ours == clean_ours, point
    assert told == clean_told, point
    assert carried_out(scenario.world) - scenario.done == Counter(), point


def carried_out(world):
    """How often Plex carried out each write; a command is left out, for it may be given again."""
    return Counter(
        (item["path"], item["query"], item["body_sha256"])
        for item in world.write_requests()
        if item["status"] < 300 and not item["path"].endswith(("/deactivate", "/activate"))
    )
