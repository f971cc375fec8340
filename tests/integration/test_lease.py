"""One sender per connection: two processes race, and one is paused beyond its lease (trust A1-T5)."""

import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.errors import UnavailableError
from ml_connector.storage.database import open_database
from ml_connector.sync.lease import store
from ml_connector.sync.lease.store import LeaseStore
from tests import lease_child
from tests.world import open_world

WORKERS = 12
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.lease_child"])


def start(world, *, lease_s, stop_at=None):
    child = _processes.Process(target=lease_child.run, args=(world.configuration(), lease_s, stop_at))
    child.start()
    return child


def ended(child):
    child.join(60)
    return child.exitcode


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path):
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    with open_world(tmp_path, workers=WORKERS, url=url, writers=1, settle_s=0.1) as opened:
        opened.app.close()
        yield opened


def creations(world):
    """What reached Plex's door for new employees."""
    return [item for item in world.write_requests() if item["path"].endswith("/mdm/v1/employees")]


def hired(world):
    """Which bodies came through that door."""
    return [item["body_sha256"] for item in creations(world)]


def test_a1_t5_of_two_processes_one_sends(world):
    children = [start(world, lease_s=300) for _ in range(2)]
    assert sorted(ended(child) for child in children) in ([0, 7], [0, 0])  # both only one after the other
    assert len(hired(world)) == len(set(hired(world))) == WORKERS


def test_a1_t5_a_process_that_wakes_after_its_lease_sends_nothing(world):
    paused = start(world, lease_s=2, stop_at=4)
    while len(hired(world)) < 4 and paused.is_alive():
        time.sleep(0.02)
    time.sleep(2.2)  # the lease of the stopped process runs out
    before = len(world.write_requests())
    assert ended(start(world, lease_s=300)) == 0
    done = len(world.write_requests())
    assert done > before
    os.kill(paused.pid, signal.SIGCONT)
    assert ended(paused) == 7
    assert len(world.write_requests()) == done, "the paused process sent something after it woke up"
    assert len(hired(world)) == len(set(hired(world))) == WORKERS
    assert {item["status"] for item in creations(world)} == {201}


def test_a1_t5_on_a_server_no_machines_own_clock_ends_anothers_lease(postgresql_url, monkeypatch):
    """A machine whose clock is an hour ahead finds the other one alive; both are on the server's time."""
    database = open_database(postgresql_url)
    theirs, ours = LeaseStore(database, "acme"), LeaseStore(database, "acme")
    now = datetime.now(UTC)
    monkeypatch.setattr(store, "_owner", lambda: "another-machine:1")
    fence = theirs.take(at=now)
    monkeypatch.undo()
    with pytest.raises(UnavailableError, match="another run is busy"):
        ours.take(at=now + timedelta(hours=1))
    with database.transaction() as tx:
        monkeypatch.setattr(store, "_owner", lambda: "another-machine:1")
        theirs.renew(tx, fence, at=now - timedelta(hours=1))
    monkeypatch.undo()
    with pytest.raises(UnavailableError, match="another run is busy"):
        ours.take(at=now)
    database.close()
