"""
`kill -9` at two hundred sampled points of a first sync: the next run finishes the job, and nothing is there twice (trust A2.1).

A point is a request that has reached either system, reads included, so that a kill falls before, within and after
the writing.
"""

import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.usecases import syncs
from tests import crash_child
from tests.world import World, open_world, silent

WORKERS = 8
POINTS = 200
PARTS = 25
PLEX = {"settle_s": 0.05, "writers": 4}

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.crash_child"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A world with its mapping, copied and reset for every point, and what a clean run leaves and needs."""
    folder = tmp_path_factory.mktemp("stage")
    with open_world(folder, workers=WORKERS, **PLEX) as world:
        world.app.close()
        template = folder / "template.db"
        shutil.copy(folder / "mlc.db", template)
        arrivals = _run(world, kill_at=None)
        yield world, template, world.plex_state(), arrivals


def _run(world: World, *, kill_at: int | None) -> int:
    """Run one sync in a child; kill it when the given request has arrived. Returns how many arrived."""
    seen = 0
    append = world.sandbox.arrivals.append
    child = _processes.Process(target=crash_child.run, args=(world.configuration(),))

    def count(arrival):
        nonlocal seen
        append(arrival)
        seen += 1
        if seen == kill_at and child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)

    world.sandbox.arrivals.append = count
    try:
        child.start()
        child.join(120)
    finally:
        world.sandbox.arrivals.append = append
    assert child.exitcode == (0 if kill_at is None or seen < kill_at else -signal.SIGKILL)
    return seen


def _set_the_stage(world: World, template: Path) -> None:
    for file in world.folder.glob("mlc.db*"):
        file.unlink()
    (world.folder / "anchor.jsonl").unlink(missing_ok=True)
    shutil.copy(template, world.folder / "mlc.db")
    world.sandbox.plex.reset()
    world.sandbox.arrivals.clear()


@pytest.mark.parametrize("part", range(PARTS))
def test_a_killed_run_is_finished_by_the_next(stage, tally, part):
    for number in range(part, POINTS, PARTS):
        point = 1 + number * (stage[3] - 1) // (POINTS - 1)
        counts = _kill_and_recover(stage, point)
        tally("kill -9 during a first sync", points=1, **counts)


def _kill_and_recover(stage, point: int) -> dict[str, int]:
    world, template, clean, _arrivals = stage
    _set_the_stage(world, template)
    _run(world, kill_at=point)
    app = world.open()
    try:
        syncs.sync(app, progress=silent)
        assert world.plex_state() == clean, f"killed at request {point}"
        badges = [row["badgeNumber"] for row in world.sandbox.plex.state("employees")]
        assert app.trail.verify().ok
        # One event per write that Plex carried out, whoever of the two runs learnt of it.
        events = app.trail.list(100_000, action=AuditAction.WRITE_APPLIED)
        done = sum(1 for item in world.write_requests() if item["status"] < 300)
        assert len(events) == done, f"killed at request {point}"
    finally:
        app.close()
    lost = len(clean["employees"]) - len(badges)
    return {"lost": lost, "duplicated": len(badges) - len(set(badges))}
