"""What waits goes on waiting, since the day it first did, while a hold keeps a run from deciding about it."""

from datetime import timedelta

import pytest

from ml_connector.errors import UsageError
from ml_connector.review.store import Parked
from ml_connector.sync.change import make_hold
from ml_connector.sync.undecided import Undecided
from tests.living import Living


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def told(life):
    """What waits, and since when, as `parked` shows it."""
    return {item.name: (item.code, item.since) for item in life.tools.review.parked("acme")}


def sync(home, life):
    home.clock.sleep(3600)
    home.tenant._moment += timedelta(hours=1)
    return life.sync()


def decided(life):
    """How often anything was told to be parked."""
    return sum("parked" in entry.event.action for entry in life.tools.trail.list(500))


def test_rc_what_waits_keeps_its_day_while_a_section_is_withheld(home):
    with home.synced() as life:
        home.play("unmapped_job")
        sync(home, life)
        before, events = told(life), decided(life)
        assert {code for code, _since in before.values()} == {"unmapped"}
        home.play("section_withheld")
        sync(home, life)
        assert [hold.guard for hold in life.tools.review.holds("acme", state="open")] == ["missing_section"]
        assert told(life) == before
        home.play("section_restored")
        sync(home, life)
        assert told(life) == before
        assert decided(life) == events


def test_rc_who_cannot_be_understood_any_more_is_called_as_before(home):
    with home.synced() as life:
        (number,) = home.play("two_primary_jobs")
        sync(home, life)
        (item,) = life.tools.review.parked("acme")
        assert (item.type, item.key, item.code) == ("worker", number, "primary_job")
        assert item.label not in {"", number}, "by the name they were read by"


def test_rc_who_waits_and_is_no_longer_shown_keeps_their_day(home):
    with home.synced() as life:
        (number,) = home.play("unmapped_job")
        sync(home, life)
        before = told(life)
        assert number in {name[2] for name in before}
        home.play("population_drop")
        for _ in range(2):
            sync(home, life)
            assert before.items() <= told(life).items()
        home.play("population_restored")
        sync(home, life)
        assert told(life) == before


@pytest.mark.parametrize(
    ("guard", "kind", "plant", "stays"),
    [
        ("list_shrunk", "employee", "101", True),
        ("list_shrunk", "employee", "102", False),
        ("not_readable", "department", "101", True),
        ("empty_result", "worker", "", True),
        ("population_drop", "worker", "", False),
        ("deactivate_over", "employee", "101", False),
        ("links_lost", "employee", "", False),
    ],
)
def test_rc_only_what_a_held_reading_leaves_open_stays_parked(guard, kind, plant, stays):
    item = Parked(
        type="employee", plant="101", key="1", label="", code="", reason="", waiting_for="department X in plant 101"
    )
    hold = make_hold(guard, kind=kind, plant=plant, members=["m"], reason="", remedy="")
    assert Undecided([hold], nobody=False, unseen=()).covers(item) is stays


@pytest.mark.parametrize(("kind", "stays"), [("department", True), ("employee", False)])
def test_rc_what_a_surface_does_not_give_leaves_open_stays_parked(kind, stays):
    item = Parked(type=kind, plant="101", key="1", label="", code="", reason="", waiting_for=None)
    assert Undecided([], not_given={"cost_center", "position"}, nobody=False, unseen=()).covers(item) is stays


def test_cc_11_who_is_not_shown_is_a_question_and_their_reports_are_none(home):
    with home.synced() as life:
        home.play("population_drop")
        for _ in range(2):
            sync(home, life)
            assert {code for code, _since in told(life).values()} == {"not_shown"}


def test_cc_11_the_answer_to_a_drop_is_none_to_who_was_asked_about_before(home):
    guard_closely(home)
    with home.synced() as life:
        (alone,) = home.play("worker_purged")
        read_all(home, life)
        before = told(life)
        assert [(key, code) for (_, _, key, _), (code, _) in before.items()] == [(alone, "not_shown")]
        home.play("population_drop")
        read_all(home, life)
        (hold,) = life.tools.review.holds("acme", state="open")
        assert told(life) == before
        assert hold.guard == "population_drop"
        assert hold.explanation.samples
        assert alone not in " ".join(hold.explanation.samples)
        assert f"these {len(hold.members)} stay in Plex" in hold.explanation.release
        life.syncer.release(hold.id)
        read_all(home, life)
        home.play("population_restored")
        read_all(home, life)
        assert told(life) == before, "nobody was let go of by a release that was about others"


def test_cc_12_what_another_day_would_hold_is_not_for_release_before_a_sync_holds_it(home):
    guard_closely(home)
    with home.synced() as life:
        home.play("mass_termination")
        ahead = life.syncer.plan(as_of=home.tenant.today + timedelta(days=1), progress=lambda *_: None)
        (hold,) = ahead.holds
        assert (hold.guard, "release" in hold.remedy) == ("deactivate_over", False)
        with pytest.raises(UsageError):
            life.syncer.release(hold.id)
        home.pass_days(1)
        life.sync()
        assert [each.id for each in life.tools.review.holds("acme", state="open")] == [hold.id]
        again = life.syncer.plan(as_of=home.tenant.today, progress=lambda *_: None)
        assert f"release {hold.id}" in again.holds[0].remedy


def guard_closely(home):
    """Three who leave at once are a question."""
    guard = home.settings.sync.guard.model_copy(update={"deactivate_over": "2"})
    home.settings = home.settings.model_copy(update={"sync": home.settings.sync.model_copy(update={"guard": guard})})


def read_all(home, life):
    home.clock.sleep(3600)
    home.tenant._moment += timedelta(hours=1)
    return life.syncer.sync(whole=True, progress=lambda *_: None)
