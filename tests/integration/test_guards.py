"""Guards over days and readings, on the real run: what adds up, what is left out, what is away, what went back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.canonical.keys import RecordType
from ml_connector.errors import ApprovalRequiredError, PlannedOutageError, UnavailableError, UsageError
from ml_connector.mapping.workday import to_canonical
from ml_connector.sync.gather import Gatherer
from ml_connector.sync.run import Run
from tests.rehearsal import START, Rehearsal, record

EMAIL = re.compile(rb"<wd:Email_Address>[^<]*</wd:Email_Address>")
MANAGER = re.compile(
    rb"<wd:Manager_as_of_last_detected_manager_change_Reference.*?"
    rb"</wd:Manager_as_of_last_detected_manager_change_Reference>",
    re.DOTALL,
)


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(60), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    with made.alive() as life:
        assert life.sync().exit_code == 0
    return made


def natives(rehearsal):
    return rehearsal.recording.days[0].natives[RecordType.WORKER]


def edited(native, *edits):
    payload = native.payload
    for old, new in edits:
        payload = old.sub(new, payload) if isinstance(old, re.Pattern) else payload.replace(old, new)
    return msgspec.structs.replace(native, payload=payload)


def ended(native):
    return edited(
        native,
        (b"<wd:Active>true</wd:Active>", b"<wd:Active>false</wd:Active>"),
        (b"<wd:Active>1</wd:Active>", b"<wd:Active>0</wd:Active>"),
    )


def show(rehearsal, workers, *, later=timedelta(0)):
    rehearsal.show(RecordType.WORKER, workers)
    day = rehearsal.recording.days[1]
    moved = day._replace(now=rehearsal.recording.days[0].now + later)
    rehearsal.recording = rehearsal.recording._replace(days=(rehearsal.recording.days[0], moved))


def working(rehearsal):
    return sum(row["status"] == "Active" for row in rehearsal.plex_state()["employees"])


def open_holds(life):
    return life.tools.review.holds("acme", state="open")


def told(life, action):
    return [entry.event for entry in life.tools.trail.list(500, action=action)]


def test_cc12_waves_below_the_limit_of_a_run_add_up_over_a_day_and_pass_the_day_after(rehearsal):
    people = natives(rehearsal)
    active = [
        native
        for native in people
        if (worker := to_canonical(native)).active is True and worker.worker_type == "employee"
    ]
    first, second = active[-7:], active[-12:-7]
    before = working(rehearsal)
    for number, (gone, later) in enumerate(((first, 1), ([*first, *second], 2), ([*first, *second], 26))):
        show(rehearsal, [ended(each) if each in gone else each for each in people], later=timedelta(hours=later))
        with rehearsal.alive() as life:
            report = life.sync()
            found = open_holds(life)
            assert (report.waiting, len(found)) == (number == 1, int(number == 1))
            if number == 1:
                hold = found[0]
                assert len(hold.members) == 5
                assert (hold.explanation.used, hold.explanation.wanted, hold.explanation.allowed) == (7, 5, 10)
                assert "7 of 10 used since 2026-11-23 17:00 UTC" in hold.reason
                assert len(hold.explanation.samples) == 5
                life.sync()
                assert [item.id for item in open_holds(life)] == [hold.id]
                assert len(told(life, AuditAction.DECISION_HELD)) == 1, "one alert, not one a run"
                replaced = hold.id
            if number == 2:
                with pytest.raises(UsageError, match=f"hold {replaced} waits no longer"):
                    life.syncer.release(replaced)
    assert working(rehearsal) == before - 12


def test_up02_emails_and_managers_left_out_are_held_by_domain_and_nothing_is_cleared(rehearsal):
    people = natives(rehearsal)
    before = rehearsal.plex_state()
    show(rehearsal, [edited(each, (EMAIL, b""), (MANAGER, b"")) for each in people], later=timedelta(hours=1))
    with rehearsal.alive() as life:
        for _ in range(2):
            assert life.sync().exit_code == 4
            held = {hold.guard: hold for hold in open_holds(life)}
            assert held.keys() == {"missing_section"}
        reasons = {hold.reason: hold for hold in open_holds(life)}
        assert any("leaves out email" in reason for reason in reasons)
        (managers,) = [hold for reason, hold in reasons.items() if "leaves out manager_id" in reason]
        assert "Worker Data: Current Staffing Information" in managers.remedy
        assert rehearsal.plex_state() == before
        assert len(told(life, AuditAction.DECISION_HELD)) == len(reasons)
    show(rehearsal, people, later=timedelta(hours=2))
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 0
        assert open_holds(life) == []
    assert rehearsal.plex_state() == before


def test_up02_a_person_may_say_that_nobody_has_an_email_any_more(rehearsal):
    people = natives(rehearsal)
    before = rehearsal.plex_state()
    show(rehearsal, [edited(each, (EMAIL, b"")) for each in people], later=timedelta(hours=1))
    with rehearsal.alive() as life:
        life.sync()
        (hold,) = open_holds(life)
        released = life.syncer.release(hold.id)
        assert life.syncer.release(hold.id) == released, "twice is once"
        assert len(told(life, AuditAction.HOLD_RELEASED)) == 1
        assert life.sync().exit_code == 0
        assert life.sync().exit_code == 0
    assert rehearsal.plex_state() == before, "UP-01: what is left out clears nothing"


def test_px04_a_column_of_plex_that_comes_empty_is_held_until_it_is_filled_again(rehearsal):
    plant = next(iter(rehearsal.plex.enterprise.plants.values()))
    names = {key: row["Department_Name"] for key, row in plant.departments.items()}
    for row in plant.departments.values():
        row["Active"] = ""
    with rehearsal.alive() as life:
        wire = life.wire
        assert life.sync().exit_code == 4
        (hold,) = open_holds(life)
        assert (hold.guard, hold.type) == ("column_missing", "department")
        assert "active empty" in hold.reason
        assert "Web Service Access" in hold.remedy
        assert wire.writes == []
        for key, row in plant.departments.items():
            row["Active"] = True
            assert row["Department_Name"] == names[key]
        assert life.sync().exit_code == 0
        assert open_holds(life) == []


def test_px13_a_list_that_is_not_shown_is_one_hold_and_what_is_looked_up_in_it_waits_with_it(rehearsal):
    rehearsal.plex.set_permission("departments_get", granted=False)
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 3
        holds = open_holds(life)
        assert {(hold.guard, hold.type) for hold in holds} == {("not_readable", "department")}
        assert all(f"cost_center records of plant {hold.plant} wait with it" in hold.reason for hold in holds)
        assert not life.wire.writes
    rehearsal.plex.set_permission("departments_get", granted=True)
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 0
        assert open_holds(life) == []
        for plant in rehearsal.plex.enterprise.plants.values():
            for row in plant.cost_centers.values():
                row["Department_No"] = None
        life.sync()
        assert {(hold.guard, hold.type) for hold in open_holds(life)} == {("column_missing", "cost_center")}


def test_cc14_workday_away_in_its_weekly_window_degrades_and_the_next_run_catches_up(rehearsal):
    def away():
        raise UnavailableError("Workday is away: Get_Server_Timestamp (HTTP 503)")

    rehearsal.clock.seconds = (datetime(2026, 11, 28, 8, tzinfo=UTC) - START).total_seconds()
    with rehearsal.alive() as life:
        workday = life.tools.workday()
        now, workday.now = workday.now, away
        watermark = life.tools.store.newest_plan().watermark
        with pytest.raises(PlannedOutageError) as caught:
            life.sync()
        assert caught.value.exit_code == 7
        (run,) = life.tools.runs.runs(limit=1)
        assert run.state == "degraded"
        assert "expected back at 2026-11-28 11:00 UTC" in run.problem
        assert life.tools.store.newest_plan().watermark == watermark
        rehearsal.clock.seconds += 4 * 3600
        with pytest.raises(UnavailableError) as caught:
            life.sync()
        assert not isinstance(caught.value, PlannedOutageError)
        assert life.tools.runs.runs(limit=1)[0].state == "failed"
        workday.now = now
        assert life.sync().exit_code == 0


def refuse_then_release(rehearsal, match):
    """The next runs stop at the clock, told once, until a person releases it; returns what they say."""
    before = rehearsal.plex_state()
    with rehearsal.alive() as life:
        for _ in range(2):
            with pytest.raises(ApprovalRequiredError, match=match) as caught:
                life.sync()
        assert life.wire.writes == []
        (hold,) = open_holds(life)
        assert f"release {hold.id}" in caught.value.remedy
        assert len(told(life, AuditAction.DECISION_HELD)) == 1
        assert rehearsal.plex_state() == before
        life.syncer.release(hold.id)
        assert life.sync().counts["applied"] == 1
        assert life.sync().counts["held"] == 0
        assert open_holds(life) == []
    return caught.value.message


def test_cc04_a_workday_clock_that_went_back_is_refused_once_and_released_by_a_person(rehearsal):
    people = natives(rehearsal)
    show(rehearsal, [ended(people[-1]), *people[:-1]], later=-timedelta(days=3))
    refuse_then_release(rehearsal, "clock_back: Workday says it is 2026-11-20")


def test_cc04_a_release_lets_by_that_jump_of_the_clock_and_no_other(rehearsal):
    people = natives(rehearsal)
    show(rehearsal, people, later=-timedelta(days=3))
    with rehearsal.alive() as life:
        with pytest.raises(ApprovalRequiredError):
            life.sync()
        (hold,) = open_holds(life)
        life.syncer.release(hold.id)
    show(rehearsal, people, later=-timedelta(days=40))
    with rehearsal.alive() as life, pytest.raises(ApprovalRequiredError, match="Workday says it is 2026-10-14"):
        life.sync()


def by_the_clock(rehearsal):
    """Let nothing but the clock tell how time passes, as with any real tenant."""
    sync = rehearsal.settings.sync.model_copy(update={"clock_ahead": "30 min"})
    rehearsal.settings = rehearsal.settings.model_copy(update={"sync": sync})


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=365)])
def test_cc04_a_workday_clock_that_ran_ahead_is_refused_once_and_released_by_a_person(rehearsal, jump):
    by_the_clock(rehearsal)
    people = natives(rehearsal)
    show(rehearsal, [ended(people[-1]), *people[:-1]], later=jump)
    message = refuse_then_release(rehearsal, "clock_ahead: Workday says it is 202")
    assert f"{jump.days} d" in message
    assert "0 d 00:01 h by ours" in message, "a minute passes while Plex is looked at"


def test_cc04_a_clock_that_stays_wrong_is_one_hold_whatever_it_says_next(rehearsal):
    by_the_clock(rehearsal)
    people, seen = natives(rehearsal), []
    for jump in (timedelta(days=3), timedelta(days=5), -timedelta(days=3)):
        show(rehearsal, people, later=jump)
        with rehearsal.alive() as life:
            with pytest.raises(ApprovalRequiredError, match="clock_"):
                life.sync()
            (hold,) = open_holds(life)
            seen.append(hold.id)
    assert len(set(seen)) == 3
    with rehearsal.alive() as life:
        for earlier in seen[:-1]:
            with pytest.raises(UsageError, match=f"{earlier} was replaced by {seen[-1]}"):
                life.syncer.release(earlier)
        life.syncer.release(seen[-1])
        assert open_holds(life) == []


def test_cc04_time_that_passes_by_both_clocks_is_no_jump(rehearsal):
    by_the_clock(rehearsal)
    people = natives(rehearsal)
    show(rehearsal, [ended(people[-1]), *people[:-1]], later=timedelta(days=3, minutes=29))
    rehearsal.clock.seconds = 3 * 86_400
    with rehearsal.alive() as life:
        assert life.sync().counts["applied"] == 1


def test_cc04_a_jump_of_workdays_clock_is_seen_though_our_own_went_back_meanwhile(rehearsal):
    by_the_clock(rehearsal)
    people = natives(rehearsal)
    rehearsal.clock.seconds = 40 * 86_400
    show(rehearsal, people, later=timedelta(hours=1))
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 0
    rehearsal.clock.seconds = 2 * 3_600
    show(rehearsal, people, later=timedelta(days=30))
    with (
        rehearsal.alive() as life,
        pytest.raises(ApprovalRequiredError, match="clock_ahead: Workday says it is 2026-12-23"),
    ):
        life.sync()
    show(rehearsal, people, later=timedelta(hours=2))
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 0


def test_cc12_who_lets_workdays_clock_jump_uses_up_no_less_of_the_rolling_window(rehearsal):
    by_the_clock(rehearsal)
    people, before = natives(rehearsal), working(rehearsal)
    active = [each for each in people if (it := to_canonical(each)).active is True and it.worker_type == "employee"]

    def end(count, *, jump):
        rehearsal.clock.seconds += 60
        later = jump + timedelta(seconds=rehearsal.clock.seconds)
        show(rehearsal, [ended(each) if each in active[-count:] else each for each in people], later=later)

    end(7, jump=timedelta(0))
    with rehearsal.alive() as life:
        assert life.sync().counts["applied"] == 7
    end(12, jump=timedelta(days=3))
    with rehearsal.alive() as life:
        with pytest.raises(ApprovalRequiredError, match="clock_ahead"):
            life.sync()
        life.syncer.release(open_holds(life)[0].id)
        for _ in range(2):
            life.sync()
            (hold,) = open_holds(life)
            assert (hold.explanation.used, hold.explanation.wanted) == (7, 5)
    rehearsal.clock.seconds += 24 * 3_600
    end(12, jump=timedelta(days=3))
    with rehearsal.alive() as life:
        assert life.sync().counts["applied"] == 5
    assert working(rehearsal) == before - 12


def test_cc12_a_share_is_one_of_the_workers_there_were_before_the_endings(rehearsal):
    people = natives(rehearsal)
    active = [each for each in people if (it := to_canonical(each)).active is True and it.worker_type == "employee"]

    def end(count):
        show(rehearsal, [ended(each) if each in active[-count:] else each for each in people])
        rehearsal.clock.seconds += 60
        with rehearsal.alive() as life:
            life.sync()
            return open_holds(life)

    (hold,) = end(12)
    assert (hold.explanation.population, hold.explanation.wanted) == (len(active), 12)
    assert end(7) == []
    (hold,) = end(12)
    assert (hold.explanation.population, hold.explanation.used) == (len(active), 7), (
        "nor do those who left today shrink it"
    )


def test_a2_1_a_run_that_was_killed_before_it_read_anything_is_told_as_interrupted_by_the_next(rehearsal, monkeypatch):
    def stop(*_words, **_more):
        raise KeyboardInterrupt

    with rehearsal.alive() as life:
        monkeypatch.setattr(Gatherer, "gather", stop)
        monkeypatch.setattr(Run, "fail", lambda _run, _error: None)  # SIGKILL leaves nobody who could say so
        with pytest.raises(KeyboardInterrupt):
            life.sync()
        monkeypatch.undo()
        assert life.tools.runs.runs(limit=1)[0].state == "running"
    with rehearsal.alive() as life:
        life.sync()
        _newest, killed = life.tools.runs.runs(limit=2)
        assert (killed.state, killed.problem) == ("interrupted", "the process ended without a word")


def test_tz09_our_own_clock_may_jump_and_nothing_changes(rehearsal):
    by_the_clock(rehearsal)
    before = rehearsal.plex_state()
    for seconds in (-10 * 86_400, 400 * 86_400):
        rehearsal.clock.seconds = seconds
        with rehearsal.alive() as life:
            assert life.sync().exit_code == 0
            assert life.wire.writes == []
    rehearsal.clock.seconds = 0
    assert rehearsal.plex_state() == before


def test_bad_input_facts_that_contradict_each_other_park_that_worker_alone(rehearsal):
    people = natives(rehearsal)
    worker = next(each for each in map(to_canonical, people) if each.active is True and each.terminated_on is None)
    native = next(each for each in people if to_canonical(each).key == worker.key)
    odd = edited(native, (re.compile(rb"(<wd:Hire_Date>)[^<]*"), rb"\g<1>1900-01-01"))
    assert odd.payload != native.payload
    show(rehearsal, [odd if each is native else each for each in people], later=timedelta(hours=1))
    before = rehearsal.plex_state()
    with rehearsal.alive() as life:
        assert life.sync().exit_code == 3
        (item,) = [each for each in life.tools.review.parked("acme") if each.code == "implausible_date"]
        assert item.key == worker.employee_id
        assert "1900-01-01" in item.reason
    assert rehearsal.plex_state() == before
