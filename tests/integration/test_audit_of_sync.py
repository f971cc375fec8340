"""What a sync leaves in the audit trail: every write before it leaves, and every decision not to write, once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.cli.reports import run_answer
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.mapping.desired import Pending
from ml_connector.review.store import Parked, ReviewStore
from ml_connector.sandbox.http import Response
from ml_connector.usecases import syncs, waiting_list
from tests.rehearsal import Rehearsal, record
from tests.world import open_world, silent


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path, workers=24) as opened:
        yield opened


def told(world, action):
    """Events of one kind, oldest first."""
    return [stored.event for stored in reversed(world.app.trail.list(100_000, action=action))]


def names(events):
    return Counter(event.object for event in events)


def test_every_write_is_on_record_before_it_leaves(world):
    plan = syncs.plan(world.app, progress=silent)
    syncs.apply(world.app, digest=plan.digest, progress=silent)
    intended, applied = told(world, AuditAction.WRITE_INTENDED), told(world, AuditAction.WRITE_APPLIED)
    assert len(intended) == world.writes()
    assert names(intended) == names(applied)
    assert {event.plan for event in intended} == {plan.digest}
    first = {
        event.event.object: event.seq for event in world.app.trail.list(100_000, action=AuditAction.WRITE_INTENDED)
    }
    then = {event.event.object: event.seq for event in world.app.trail.list(100_000, action=AuditAction.WRITE_APPLIED)}
    assert all(first[name] < seq for name, seq in then.items())


def test_an_intent_whose_process_died_is_on_record_all_the_same(tmp_path):
    rehearsal = Rehearsal(record(12), url=f"sqlite:///{tmp_path}/mlc.db")
    rehearsal.prepare()

    class Killed(BaseException):
        pass

    def die(_request, _answer):
        raise Killed

    with rehearsal.alive() as life:
        life.wire.spoil = lambda request, answer: (
            die(request, answer) if request.method == "POST" and ("/employees" in request.path) else answer(request)
        )
        with pytest.raises(Killed):
            life.sync()
        events = [stored.event for stored in life.tools.trail.list(100_000, action=AuditAction.WRITE_INTENDED)]
        left = life.tools.store.intents(states=("sending",))
        assert left
        told_of = {event.object for event in events}
        assert {f"{it.change.type}/{it.change.plant}/{it.change.key}" for it in left} <= told_of


def test_a_plan_that_another_replaces_is_superseded_in_the_trail(world):
    old = syncs.plan(world.app, progress=silent)
    world.sandbox.tenant.play("hire")
    new = syncs.plan(world.app, progress=silent)
    (event,) = told(world, AuditAction.PLAN_SUPERSEDED)
    assert (event.plan, event.object) == (old.digest, f"plan//{old.digest[:12]}")
    assert new.digest[:12] in (event.reason or "")
    syncs.apply(world.app, digest=new.digest, progress=silent)
    syncs.sync(world.app, progress=silent)
    assert len(told(world, AuditAction.PLAN_SUPERSEDED)) == 1, "a plan that was carried out is replaced by none"


def test_wp_15_what_waits_for_another_record_is_a_decision_told_once(tmp_path):
    rehearsal = Rehearsal(record(24), url=f"sqlite:///{tmp_path}/mlc.db")
    rehearsal.prepare()

    with rehearsal.alive() as life:
        life.wire.spoil = lambda request, answer: (
            Response(403, b"{}")
            if request.method == "POST" and request.path.endswith("/employees")
            else answer(request)
        )
        life.sync()
        waiting = [item for item in life.tools.review.parked("acme") if item.code == "waiting"]
        assert waiting

        def parked_events():
            found = [it.event for it in life.tools.trail.list(100_000, action=AuditAction.DECISION_PARKED)]
            return Counter(event.object for event in found if (event.reason or "").startswith("waiting"))

        once = parked_events()
        assert {f"{item.type}/{item.plant}/{item.key}" for item in waiting} <= once.keys()
        assert set(once.values()) == {1}
        since = {item.name: item.since for item in waiting}
        rehearsal.clock.sleep(3600)
        life.sync()
        life.plan()
        assert parked_events() == once, "the same decision is not told again every run"
        again = {item.name: item.since for item in life.tools.review.parked("acme") if item.code == "waiting"}
        assert again == since, "and it is parked since the day it first was"
        life.wire.spoil = lambda request, answer: answer(request)
        life.sync()
        assert [item for item in life.tools.review.parked("acme") if item.code == "waiting"] == []


def test_a_pending_change_is_a_decision_told_once(world):
    syncs.sync(world.app, progress=silent)
    world.sandbox.tenant.play("future_hire")
    for _ in range(2):
        syncs.sync(world.app, progress=silent)
    syncs.plan(world.app, progress=silent)
    (event,) = told(world, AuditAction.DECISION_PENDING)
    assert (event.object, event.reason) == ("employee//000025", "future hire")
    due = world.sandbox.tenant.today + timedelta(days=7)
    assert event.detail == {"due": due.isoformat()}


def test_ed_03_a_pending_change_is_news_again_when_its_day_moves(database):
    store, now = ReviewStore(database), datetime(2026, 11, 23, tzinfo=UTC)

    def news(*days):
        items = [
            Pending(type="employee", plant="", key="1", label="Ada", on=day, reason="future hire", begins=True)
            for day in days
        ]
        with database.transaction() as tx:
            return [item.on for item in store.replace_pending(tx, "acme", items, at=now)[0]]

    assert news("2026-12-07") == ["2026-12-07"]
    assert news("2026-12-07") == []
    assert news("2026-12-14") == ["2026-12-14"]
    assert news() == []
    assert news("2026-12-14") == ["2026-12-14"]


def test_a_parked_record_is_told_again_when_something_else_holds_it_back(world):
    syncs.sync(world.app, progress=silent)
    world.sandbox.tenant.play("unmapped_job")
    for _ in range(2):
        syncs.sync(world.app, progress=silent)
    before = what_was_parked(world)
    assert before
    row = MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP-ROBO", target={"position": "X" * 200})
    with world.app.database.transaction() as tx:
        world.app.mappings.save(tx, "acme", sign_rows([row], changed_by="t", changed_at=datetime.now(UTC)))
    for _ in range(2):
        syncs.sync(world.app, progress=silent)
    told_anew = what_was_parked(world) - before
    (robot,) = [item for item in waiting_list.parked(world.app) if item.type == "employee"]
    assert told_anew[f"employee/101/{robot.key}", "field_too_long: see the record"] == 1
    assert set(told_anew.values()) == {1}


def what_was_parked(world):
    return Counter((event.object, event.reason) for event in told(world, AuditAction.DECISION_PARKED))


def test_parked_for_another_reason_is_news_and_for_the_same_is_not(database):
    store, monday = ReviewStore(database), datetime(2026, 11, 23, tzinfo=UTC)

    def news(waiting_for, *, at=monday, park=False):
        item = Parked(type="employee", plant="", key="1", label="Ada", code="unmapped", reason=f"no {waiting_for}")
        with database.transaction() as tx:
            if park:
                return store.park(tx, "acme", [item], at=at)
            return store.replace_parked(tx, "acme", [item], at=at)

    assert len(news("cost_center CC1")) == 1
    assert news("cost_center CC1") == []
    assert len(news("job_profile JP1", at=monday + timedelta(days=1))) == 1
    assert news("job_profile JP1", park=True) == []
    assert len(news("location L1", park=True)) == 1
    (item,) = store.parked("acme")
    assert item.since == monday.isoformat(), "parked since the day it first was, whatever the reason"


def test_other_guard_limits_are_told_once(tmp_path):
    with open_world(tmp_path, workers=12) as world:
        for _ in range(2):
            syncs.sync(world.app, progress=silent)
        (first,) = told(world, AuditAction.CONFIG_CHANGED)
        assert first.detail["deactivate_over"] == "max(10, 2%)"
        guard = world.app.connection.sync.guard.model_copy(update={"deactivate_over": "max(50, 20%)"})
        sync = world.app.connection.sync.model_copy(update={"guard": guard})
        tools = world.app.syncer._tools
        object.__setattr__(tools, "connection", tools.connection.model_copy(update={"sync": sync}))
        for _ in range(2):
            syncs.sync(world.app, progress=silent)
        assert [event.detail["deactivate_over"] for event in told(world, AuditAction.CONFIG_CHANGED)] == [
            "max(10, 2%)",
            "max(50, 20%)",
        ]


def test_a_run_whose_anchor_cannot_be_written_is_done_and_says_so(tmp_path):
    """Nothing of the run is undone by it, and the next one's anchor holds this one too."""
    with open_world(tmp_path, workers=2) as world:
        trail = world.app.trail
        trail._anchor_file = tmp_path  # a folder takes no line
        report = world.app.syncer.sync(progress=silent)
        assert report.counts["applied"] > 0
        assert "Is a directory" in (report.unanchored or "")
        assert run_answer(report)["unanchored"] == report.unanchored
        assert world.app.tools.runs.run(report.run).state == "done"
        trail._anchor_file = tmp_path / "anchor.jsonl"
        assert world.app.syncer.sync(progress=silent).unanchored is None
        assert trail.verify().ok
