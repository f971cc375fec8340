"""
Only what changed is read, and nothing is missed by it: the questions Workday is asked, and what each of them finds.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.errors import ApprovalRequiredError
from ml_connector.snapshot.extracts.store import Scope
from tests.laws.firm import found
from tests.laws.history import START, Event, settle
from tests.laws.verdict import check_truth


@contextmanager
def listening(firm):
    """Every question to Workday while the block lasts, by operation."""
    asked = []

    def listen(request, answer):
        asked.append(request.body.decode())
        return answer(request)

    firm.die()
    firm.rehearsal.spoil = listen
    yield asked
    firm.die()
    firm.rehearsal.spoil = None


def of_workers(asked):
    return [body for body in asked if "Get_Workers_Request" in body]


def pendings(firm):
    return firm.begin().plan().pending


def one(verb, *, day=0, pick=0):
    """A history in which only this happens."""
    return settle({1: Event(day, verb, pick)})


def test_cc_01_three_questions_find_what_one_would_miss():
    """CC-01: entered late, entered ahead and due now, and what is still to come."""
    events = {
        1: Event(1, "move entered late", 3),
        2: Event(1, "transfer later", 5),
        3: Event(1, "hire later", 7),
        4: Event(1, "end later", 9),
    }
    with found(settle(events)) as firm:
        for _ in range(12):
            firm.next_day()
            firm.sync()
            check_truth(firm)


def test_cc_01_a_quiet_day_asks_for_nobody_by_name_and_for_no_page_of_everybody():
    with found(workday={"page_size": 10}) as firm:
        firm.next_day()
        firm.sync()
        with listening(firm) as asked:
            assert firm.sync().counts["applied"] == 0
        bodies = of_workers(asked)
        assert len(bodies) == 2, "its log since the last reading, and a sample"
        assert "Updated_From" in bodies[0]
        assert "<wd:Count>5</wd:Count>" in bodies[1]


def test_cc_04_a_workday_that_was_put_back_and_may_be_is_read_whole():
    with found(one("transfer later", day=1)) as firm:
        firm.next_day()
        firm.sync()
        firm.tenant.clock_offset -= timedelta(days=3)
        life = firm.begin()
        with pytest.raises(ApprovalRequiredError, match="clock_back"):
            life.sync()
        (hold,) = life.tools.review.holds("acme", state="open")
        life.syncer.release(hold.id)
        for _ in range(2):
            report = life.sync()
            assert (report.watermark[:10], report.counts["held"]) == ("2026-11-21", 0)


BY_THE_CLOCK = {"clock_ahead": "30 min"}


def held(firm, guard):
    """The hold that the next run stops at."""
    life = firm.begin()
    with pytest.raises(ApprovalRequiredError, match=guard):
        life.sync()
    (hold,) = life.tools.review.holds("acme", state="open")
    return life, hold


def test_cc_04_a_workday_clock_that_jumps_ahead_for_a_time_loses_no_change_and_does_nothing_early():
    with found(sync=BY_THE_CLOCK) as firm:
        firm.tenant.play("future_termination")
        firm.sync()
        before, watermark = firm.plex(), firm.begin().tools.store.newest_plan().watermark
        firm.tenant.clock_offset = timedelta(days=365)
        firm.tenant.play("terminate")
        life, _hold = held(firm, "clock_ahead")
        assert (firm.plex(), life.tools.store.newest_plan().watermark) == (before, watermark)
        firm.tenant.clock_offset = timedelta(0)
        assert firm.sync().counts["applied"] == 1, "what was entered meanwhile, and nothing that lies ahead"


def test_cc_04_a_jump_that_was_believed_by_mistake_loses_no_change():
    with found(sync=BY_THE_CLOCK) as firm:
        firm.sync()
        firm.tenant.clock_offset = timedelta(days=3)
        life, hold = held(firm, "clock_ahead")
        life.syncer.release(hold.id)
        life.sync()
        firm.tenant.play("terminate")
        firm.tenant.clock_offset = timedelta(0)
        life, hold = held(firm, "clock_back")
        life.syncer.release(hold.id)
        assert life.sync().counts["applied"] == 1


def test_cc_02_all_questions_of_a_run_are_frozen_to_the_same_entry_moment():
    with found(one("transfer later", day=1)) as firm:
        firm.next_day()
        with listening(firm) as asked:
            firm.sync()
        moments = {found for body in asked for found in re.findall("As_Of_Entry_DateTime>([^<]+)<", body)}
        assert len(moments) == 1


def test_cc_05_the_next_window_reaches_back_and_what_comes_twice_is_no_change():
    with found(one("hire", day=1)) as firm:
        firm.next_day()
        firm.sync()
        with listening(firm) as asked:
            assert firm.sync().counts["applied"] == 0
        assert any("Request_References" in body for body in of_workers(asked)), "whoever was just hired is read again"


def test_cc_06_what_no_log_tells_is_found_by_the_next_full_compare_and_counted():
    with found() as firm:
        firm.next_day()
        firm.sync()
        # A name becomes another one and the log does not tell, as it does not of what hangs on a worker's location.
        world = firm.tenant.view().world
        history = next(
            each
            for each in world.workers.values()
            if len(each.entries) == 1 and each.entries[0].kind == "Hire Employee"
        )
        rename_unlogged(history)
        assert "drift_found_by_full" not in firm.sync().counts
        report = firm.begin().syncer.sync(whole=True, progress=lambda *_: None)
        assert report.counts["drift_found_by_full"] == 1
        assert report.counts["applied"] == 1


def test_cc06_what_the_log_or_a_planned_day_explains_was_not_missed():
    """Who leaves, moves or becomes somebody's manager leaves a seat: of that seat, and of their team, no log tells."""
    with found() as firm:
        for name in ("transfer", "change_job", "retro_transfer", "mass_termination", "vacant_manager"):
            assert firm.tenant.play(name)["touched"]
        firm.tenant.play("future_termination")
        assert compare(firm) == 0
        for _ in range(6):
            firm.next_day()
        firm.tenant.play("section_withheld")
        assert compare(firm) == 0, "the planned ending came, and what is not shown did not change"
        firm.tenant.play("section_restored")
        firm.tenant.play("terminate")
        firm.tenant.play("unlogged_change")
        assert compare(firm) == 1, "and among what is explained a silent change is seen"


def test_cc06_who_manages_a_job_beside_the_primary_one_and_leaves_explains_it():
    """CC-06, WP-06: the leaver's own log tells it; of who holds such a job nothing was missed."""
    with found() as firm:
        desk = firm.tenant._desk("jobs")
        worker = max(desk.plain_workers(location="DET"), key=lambda each: each.key)
        desk.add_job(worker, location="TOL")
        for _day in range(3):  # until the log tells of it no more
            firm.next_day()
            firm.sync()
        row = row_in(firm, "102", worker.key)
        (boss,) = [each for each in firm.plex()["employees"] if each["id"] == row["supervisorId"]]
        desk.terminate(desk.now().worker(boss["badgeNumber"]), last_day=firm.start + timedelta(days=2))
        assert compare(firm) == 0
        assert row_in(firm, "102", worker.key)["supervisorId"] is None


def row_in(firm, plant, badge):
    """The record of somebody in one plant."""
    (row,) = [each for each in firm.plex()["employees"] if (each["pcn"], each["badgeNumber"]) == (plant, badge)]
    return row


def test_cc06_what_was_missed_is_told_by_the_run_that_found_it_and_by_no_other():
    """Nothing can be sent for who is parked, so the plan stands: the count is not of the plan, but of the reading."""
    with found() as firm:
        (key,) = firm.tenant.play("unmapped_job")["touched"]
        firm.next_day()
        firm.come_to_rest()
        plan = firm.newest_plan()
        assert compare(firm) == 0, "a whole comparison tells its count though the plan of another run stands"
        rename_unlogged(firm.tenant.view().world.workers[key])
        assert compare(firm) == 1
        assert (compare(firm), firm.newest_plan()[0]) == (0, plan[0])
        assert "drift_found_by_full" not in firm.sync().counts, "nothing was compared whole"


def rename_unlogged(history):
    """A name becomes another one and the log does not tell."""
    history.entries = tuple(entry if "last_name" not in entry.changes else _renamed(entry) for entry in history.entries)


def compare(firm):
    """Sync with a whole comparison, and say what it counts as missed."""
    return firm.begin().syncer.sync(whole=True, progress=lambda *_: None).counts["drift_found_by_full"]


def _renamed(entry):
    return type(entry)(
        **{
            **{name: getattr(entry, name) for name in entry.__struct_fields__},
            "changes": {**entry.changes, "last_name": "Otherwise"},
        }
    )


def test_cc_07_no_type_of_transaction_is_filtered():
    with found(one("change job", day=1)) as firm:
        firm.next_day()
        with listening(firm) as asked:
            firm.sync()
        assert not [body for body in asked if "Transaction_Type_Reference" in body]


def test_cc_09_every_one_of_several_moves_ahead_is_listed_and_comes_on_its_day():
    with found(one("move three times later", day=1)) as firm:
        firm.next_day()
        days = [item.on for item in pendings(firm)]
        begun = START + timedelta(days=1)
        assert days == [(begun + timedelta(days=number)).isoformat() for number in (3, 6, 8)]
        for left in (3, 3, 3, 2, 2, 2, 1, 1, 0):
            assert len(pendings(firm)) == left
            firm.sync()
            check_truth(firm)
            firm.next_day()


def test_cc_11_people_no_longer_shown_are_seen_at_once_and_nobody_ends():
    with found() as firm:
        firm.next_day()
        firm.sync()
        firm.tenant.play("population_drop")
        firm.sync()
        # The limit is open wide here, so that each of them is a question of its own.
        parked = firm.begin().tools.review.parked("acme")
        assert len([item for item in parked if item.code == "not_shown"]) > 10
        assert not firm.begin().wire.writes


def test_cc_15_objects_without_a_log_are_read_whole_each_time_and_compared_by_content():
    with found() as firm:
        firm.sync()
        with listening(firm) as asked:
            firm.sync()
        locations = [body for body in asked if "Get_Locations_Request" in body]
        assert len(locations) == 1
        assert "Updated" not in locations[0]


def test_ed_10_what_was_known_then_stays_what_was_known_then():
    """ED-10, M-9: a correction of the past is told from its entry on, and not before."""
    with found(one("move entered late", day=2)) as firm:
        firm.next_day()
        firm.sync()
        key = firm.steps[0].who
        facts = firm.begin().tools.facts
        wid = firm.tenant.view().world.workers[key].entries[0].changes["wid"]
        known = facts.of([wid])[wid]
        firm.next_day()
        firm.sync()
        told = firm.begin().tools.facts.of([wid])[wid]
        assert told[: len(known)] == known
        first = min(fact.effective_on for fact in told[len(known) :])
        assert first == START + timedelta(days=2 - 9), "it is kept from the day it took effect"


def test_ed_04_a_future_hire_that_is_rescinded_is_withdrawn_and_told():
    with found(settle({1: Event(1, "hire later", 2)})) as firm:
        firm.next_day()
        firm.sync()
        ahead = list(firm.begin().tools.review.parked("acme"))
        world = firm.tenant.view().world
        key = list(world.workers)[-1]
        world.workers[key].rescind(world.workers[key].newest("Hire Employee"), at=firm.tenant.now())
        firm.sync()
        events = [item.event.action.value for item in firm.begin().tools.trail.list(50)]
        assert "decision.withdrawn" in events
        assert ahead == []


def test_a_reading_that_breaks_off_is_read_again_and_loses_nothing():
    """CC-04: the window begins where the last complete reading began."""
    with found(one("hire", day=1)) as firm:
        firm.next_day()
        life, scope = firm.begin(), Scope("acme", "workday", RecordType.WORKER.value)
        before = life.tools.extracts.last_believed(scope)
        life.tools.extracts.start(
            scope, at=firm.rehearsal.clock.now(), variant=before.variant, base_id=before.id, entered_at="9999"
        )
        firm.sync()
        check_truth(firm)
