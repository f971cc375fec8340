"""
A crash at every boundary of a first sync and of a day of changes: the next run finishes the job (trust A2.1, M-6).

A boundary is passed before and after every commit and every anchor, before the first byte and after the last byte of
every request, after the head and the body of every answer, and before every page. The crash is a BaseException that
nobody may catch; whatever was not in the database or in Plex is gone. Then everything must be as after a run that
nothing happened to: Plex, our own state, and one event per write.

Every boundary is crashed at. Many crashes leave the very same behind, to the last row of the database, the anchor, Plex
and the clock; what follows from that is played once and counted for each.
"""

import pytest

from tests.fuse import CrashError, Fuse
from tests.rehearsal import record
from tests.stage import Stage, count_twins

WORKERS = 12
PARTS = 8
PAIRS = 64
SCENARIOS = ("first sync", "day of changes")


class Scenario:
    """Where it begins, how many boundaries it has, and how it must end."""

    def __init__(self, folder, name):
        self.stage = Stage(record(WORKERS), folder, writers=1)
        if name == "day of changes":
            self.stage.run()
            self.stage.rehearsal.plex_state()
            self.stage.rehearsal.day = 1
        self.beginning = self.stage.keep()
        self.boundaries = self.live(Fuse())
        self.clean = self.stage.ending()
        self._recovered = {}

    def live(self, fuse):
        with self.stage.rehearsal.alive(boundary=fuse) as life:
            life.sync()
        return fuse.passed

    def die(self, at):
        """Run until the boundary; False where the run ended before it."""
        try:
            self.live(Fuse(at))
        except CrashError:
            return True
        return False

    def recover(self, where):
        """What comes of what a crash left behind."""
        if self.stage.rehearsal.plex.enterprise._commands:
            return compare(self, where)
        left = self.stage.lasting()
        if left not in self._recovered:
            self._recovered[left] = compare(self, where)
        return self._recovered[left]


@pytest.fixture(scope="module")
def scenario_of(tmp_path_factory):
    made = {}

    def find(name):
        if name not in made:
            made[name] = Scenario(tmp_path_factory.mktemp("stage"), name)
        return made[name]

    return find


def compare(scenario, where):
    """Run to quiescence, and count what is lost or there twice; both must be nothing."""
    if scenario.stage.run():
        # A command Plex accepted just before the crash comes true later: the run after that sees it.
        scenario.stage.rehearsal.clock.sleep(60)
        assert not scenario.stage.run(), where
    found, clean = scenario.stage.ending(), scenario.clean
    if found.plex != clean.plex and any(action == "transfer" for _record, action in clean.told):
        # Who was between two plants when the run began gets what belongs to the new one from the run after (PX-07).
        scenario.stage.run()
        found = scenario.stage.ending()
    assert found.plex == clean.plex, where
    assert found.ours == clean.ours, where
    assert found.told == clean.told, where
    return {"lost": len(clean.told - found.told), "duplicated": count_twins(found.plex)}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_m_6_a_crash_at_any_boundary_changes_nothing(scenario_of, tally, name, part):
    scenario = scenario_of(name)
    # Neighbours leave the same behind more often than others: a part is a stretch.
    for at in range(1 + part * scenario.boundaries // PARTS, 1 + (part + 1) * scenario.boundaries // PARTS):
        scenario.stage.put_back(scenario.beginning)
        assert scenario.die(at)
        counts = scenario.recover(f"{name}, boundary {at} of {scenario.boundaries}")
        tally(f"crash points of a {name}", boundaries=1, **counts)


@pytest.mark.parametrize("part", range(PARTS))
def test_m_6_a_second_crash_while_recovering_changes_nothing(scenario_of, tally, part):
    scenario = scenario_of("day of changes")
    for pair in range(part, PAIRS, PARTS):
        # Two strides without a common divisor spread the pairs over both runs.
        first, second = 1 + pair * 37 % scenario.boundaries, 1 + pair * 53 % scenario.boundaries
        scenario.stage.put_back(scenario.beginning)
        assert scenario.die(first)
        scenario.die(second)
        counts = scenario.recover(f"boundaries {first} and {second}")
        tally("crash during recovery from a crash", pairs=1, **counts)


def test_nothing_is_left_to_do_afterwards(scenario_of):
    scenario = scenario_of("day of changes")
    scenario.stage.put_back(scenario.beginning)
    assert scenario.die(scenario.boundaries - 20)
    scenario.stage.run()
    with scenario.stage.rehearsal.alive() as life:
        assert life.plan().changes == ()
        assert life.wire.writes == []
