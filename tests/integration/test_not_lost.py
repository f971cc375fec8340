"""Nobody gets lost without a word: who vanishes is parked (CC-11), who is still to come is pending (ED-02, PX-06)."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.mapping.workday import to_canonical
from ml_connector.usecases import syncs
from tests.rehearsal import Rehearsal, record
from tests.world import open_world, silent


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(60), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    with made.alive() as life:
        life.sync()
    return made


def everybody(rehearsal):
    natives = rehearsal.recording.days[0].natives[RecordType.WORKER]
    return [(to_canonical(native), native) for native in natives]


def not_shown(life):
    return {item.key: item for item in life.tools.review.parked("acme") if item.code == "not_shown"}


def active(rehearsal):
    return sum(row["status"] == "Active" for row in rehearsal.plex_state()["employees"])


def test_cc_11_a_few_who_vanish_are_parked_by_name_until_they_are_shown_again(rehearsal):
    people = everybody(rehearsal)
    gone = [worker for worker, _ in people if worker.active is True][-3:]
    before = active(rehearsal)
    rehearsal.show(RecordType.WORKER, [native for worker, native in people if worker not in gone])
    with rehearsal.alive() as life:
        for _ in range(2):
            assert life.sync().exit_code == 3
            parked = not_shown(life)
            assert parked.keys() == {worker.employee_id for worker in gone}
            assert life.tools.review.holds("acme", state="open") == []
        item = parked[gone[0].employee_id]
        assert (item.type, item.label) == ("worker", gone[0].name.preferred)
        assert "security administrator" in (item.remedy or "")
        assert active(rehearsal) == before, "and nobody is deactivated"
    rehearsal.show(RecordType.WORKER, [native for _worker, native in people])
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 0
        assert not_shown(life) == {}


def test_cc_11_an_explicit_ending_settles_it(rehearsal):
    people = everybody(rehearsal)
    leaver, native = next(
        (worker, native)
        for worker, native in reversed(people)
        if worker.active is True and worker.terminated_on is None
    )
    others = [one for worker, one in people if worker is not leaver]
    rehearsal.show(RecordType.WORKER, others)
    with rehearsal.alive() as life:
        life.sync()
        assert not_shown(life).keys() == {leaver.employee_id}
    ended = native.payload
    for old, new in (
        (b"<wd:Active>true</wd:Active>", b"<wd:Active>false</wd:Active>"),
        (b"<wd:Active>1</wd:Active>", b"<wd:Active>0</wd:Active>"),
    ):
        ended = ended.replace(old, new)
    assert ended != native.payload
    rehearsal.show(RecordType.WORKER, [*others, msgspec.structs.replace(native, payload=ended)])
    before = active(rehearsal)
    with rehearsal.alive() as life:
        assert life.sync().counts["applied"] >= 1
        assert not_shown(life) == {}
    assert active(rehearsal) == before - 1


def test_who_had_left_already_may_vanish(rehearsal):
    people = everybody(rehearsal)
    left = [worker for worker, _ in people if worker.active is False]
    assert left
    rehearsal.show(RecordType.WORKER, [native for worker, native in people if worker not in left])
    with rehearsal.alive() as life:
        life.sync()
        assert not_shown(life) == {}


def test_px_06_a_future_hire_is_pending_with_its_date_and_created_on_its_day(tmp_path):
    with open_world(tmp_path, workers=24) as world:
        syncs.sync(world.app, progress=silent)
        (key,) = world.sandbox.tenant.play("future_hire")["touched"]
        due = world.sandbox.tenant.today + timedelta(days=7)
        plan = syncs.plan(world.app, progress=silent)
        (pending,) = plan.pending
        assert (pending.key, pending.on, pending.plant, pending.reason) == (key, due.isoformat(), "", "future hire")
        assert (plan.counts["pending"], plan.changes) == (1, ())
        before = world.writes()
        assert syncs.sync(world.app, progress=silent).counts["pending"] == 1
        assert world.writes() == before, "PX-06: Plex knows no future dates, so nothing is written before the day"
        while world.sandbox.tenant.today < due:
            assert key not in badges(world)
            world.next_day()
        syncs.sync(world.app, progress=silent)
        assert key in badges(world)
        assert key not in {item.key for item in syncs.plan(world.app, progress=silent).pending}


def badges(world):
    return {row["badgeNumber"] for row in world.sandbox.plex.state("employees") if row["status"] == "Active"}


def test_every_worker_is_a_noop_a_change_pending_or_parked(tmp_path):
    """An inactive worker whom Plex never heard of needs nothing, and that is counted too."""
    with open_world(tmp_path, workers=24) as world:
        syncs.sync(world.app, progress=silent)
        counted = syncs.plan(world.app, progress=silent).counts["noop"]
        world.sandbox.tenant.play("future_hire")
        plan = syncs.plan(world.app, progress=silent)
        assert plan.counts["noop"] + plan.counts["pending"] >= counted + 1
        assert isinstance(date.fromisoformat(plan.pending[0].on), date)
