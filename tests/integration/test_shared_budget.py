"""Commands that run side by side keep to one budget, and hear of each other's pauses (trust A2.2)."""

from __future__ import annotations

import pytest

from ml_connector.connectors.budget.shared import MOST_SHARED, SharedBudget
from ml_connector.connectors.budget.store import BudgetStore
from ml_connector.storage.database import Database
from tests.unit.test_budget import Clock, _most_in_a_minute
from tests.world import World, open_world


class _Command:
    """One command of a connection; its time passes only while it waits."""

    def __init__(self, database: Database, *, per_minute: int, connection: str = "acme") -> None:
        self.clock = Clock()
        store = BudgetStore(database, connection, calls_per_minute=per_minute, clock=self.clock)
        self.budget = SharedBudget(store, clock=self.clock, sleep=self.clock.sleep)

    def ask(self) -> float:
        """Wait for a turn; when it was."""
        self.budget.acquire()
        return self.clock.now


@pytest.fixture
def in_file(tmp_path) -> Database:  # type: ignore[no-untyped-def]
    """A database whose clock is the machine's, which the tests put their own in place of."""
    with open_world(tmp_path, workers=1) as world:
        yield world.app.database


@pytest.mark.parametrize("per_minute", [3, 200, 600])
def test_three_commands_together_use_the_budget_and_never_more(in_file: Database, per_minute: int) -> None:
    commands = [_Command(in_file, per_minute=per_minute) for _ in range(3)]
    # Whoever is earliest asks next, as if all ran at once.
    times = sorted(min(commands, key=lambda each: each.clock.now).ask() for _ in range(per_minute * 4 + 1))
    assert _most_in_a_minute(times) <= per_minute
    # What was taken ahead and is not used at the end is lost, once.
    assert (times[-1] - times[0]) / 240 <= 1 / 0.99 + 3 / 240


def test_one_command_after_the_other_begins_with_no_heap_of_its_own(in_file: Database) -> None:
    times, now = list[float](), 1000.0
    for _ in range(30):  # each is a process that starts, asks a dozen times and ends
        command = _Command(in_file, per_minute=200)
        command.clock.now = now
        times += [command.ask() for _ in range(12)]
        now = command.clock.now
    assert _most_in_a_minute(times) <= 200


def test_a_pause_is_heard_by_whoever_takes_turns_next(in_file: Database) -> None:
    one, other = _Command(in_file, per_minute=60), _Command(in_file, per_minute=60)
    one.budget.pause(30)
    one.budget.pause(2)
    assert other.ask() >= 1030
    assert one.ask() >= 1030


def test_a2_2_a_clock_that_was_set_back_keeps_nobody_waiting(in_file: Database) -> None:
    one, other = _Command(in_file, per_minute=60), _Command(in_file, per_minute=60)
    one.ask()
    one.budget.pause(600)
    other.clock.now -= 86_400
    before = other.clock.now
    other.budget.pause(1)
    assert 1 <= other.ask() - before <= 60
    assert other.ask() - before <= 60


def test_two_connections_do_not_wait_for_each_other(in_file: Database) -> None:
    assert _Command(in_file, per_minute=1).ask() == _Command(in_file, per_minute=1, connection="other").ask() == 1000
    assert _Command(in_file, per_minute=1).ask() > 1000


def test_on_a_server_turns_follow_its_own_clock(database: Database) -> None:
    """Several machines share it, and their clocks may differ by minutes."""
    turns = BudgetStore(database, "acme", calls_per_minute=600, clock=lambda: 1e12 if _is_server(database) else 1000.0)
    waits = [turns.take(1.0) for _ in range(9)]
    assert all(len(each) >= 9 for each in waits)
    assert all(0 <= wait_s < 60 for each in waits for wait_s in each)


def _is_server(database: Database) -> bool:
    return database.engine.dialect.name == "postgresql"


def test_a_whole_sync_beside_others_is_never_refused_for_pace(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """As real commands do: one budget in the database, the same limit in the pretended Plex."""
    with open_world(tmp_path, workers=6, calls_per_minute=MOST_SHARED) as world:
        assert isinstance(world.app.plex._channel._budget, SharedBudget)  # type: ignore[attr-defined]
        world.sandbox.plex.switches.calls_per_minute = MOST_SHARED
        world.map_everything()
        beside = World(world.sandbox, tmp_path, calls_per_minute=MOST_SHARED)
        report = world.app.syncer.sync(progress=lambda *_: None)
        assert all(surface.ok for surface in beside.app.plex.check())
        beside.app.close()
        assert report.counts["applied"] > 0
        assert not [call for call in world.sandbox.arrivals.list() if call["status"] == 429]
