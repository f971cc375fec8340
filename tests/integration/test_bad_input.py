"""Bad input from Workday: that record is parked with both facts shown, and everybody else goes on."""

from datetime import date, timedelta

import pytest

from ml_connector.connectors.workday.connector import WorkdayConnector
from tests.living import Living


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def told_of(life, key):
    """What `parked` says of a record."""
    return [(item.code, item.reason) for item in life.tools.review.parked("acme") if item.key == key]


def test_bad_input_what_cannot_be_true_parks_that_worker_with_both_shown(home):
    with home.synced() as life:
        (odd,), (endless,) = home.play("contradicting_facts"), home.play("placeholder_date")
        (migrated,) = home.play("migrated_date")
        before = home.plex_state()["employees"]
        home.play("hire")
        assert life.sync().counts["applied"] > 0
        ((code, reason),) = told_of(life, odd)
        assert code == "contradiction"
        assert "begins on 2026-11-23, and it ends on 2026-10-24, before it" in reason
        ((code, reason),) = told_of(life, endless)
        assert (code, reason) == ("implausible_date", "end date of the job is 9999-12-31: a placeholder and no date")
        ((code, reason),) = told_of(life, migrated)
        assert (code, reason) == (
            "implausible_date",
            "effective date of the job is 1900-01-01: a placeholder and no date",
        )
        assert [row for row in home.plex_state()["employees"] if row in before] == before
        for number in (odd, endless, migrated):
            home.desk.rescind(number, "Edit Position")
        life.sync()
        assert told_of(life, odd) == told_of(life, endless) == told_of(life, migrated) == []


def test_bad_input_a_cost_center_with_a_placeholder_for_a_date_is_parked_and_left_as_it_is(home):
    with home.synced() as life:
        worker = home.desk.plain_workers(location="DET")[0]
        center = worker.primary_job.cost_center
        home.desk.reorganize(center, name="Another name", available_on=date(9999, 12, 31))
        home.desk.change_name(worker)
        before = home.plex_state()["cost_centers"]
        life.sync()
        ((code, reason),) = told_of(life, center)
        assert code == "implausible_date"
        assert "9999-12-31" in reason
        assert home.plex_state()["cost_centers"] == before
        renamed = [row for row in home.plex_state()["employees"] if row["badgeNumber"] == worker.key]
        assert not any(row["lastName"].endswith("-Ray") for row in renamed), "nobody is in what opens in 9999"


def test_a_cost_center_that_is_there_since_1900_always_was(home):
    """Firms load their reference data into Workday as of that day."""
    with home.synced() as life:
        worker = home.desk.plain_workers(location="DET")[0]
        center = worker.primary_job.cost_center
        home.desk.reorganize(center, name="Another name", available_on=date(1900, 1, 1))
        home.desk.change_name(worker)
        life.sync()
        assert told_of(life, center) == []
        assert "Another name" in str(home.plex_state()["cost_centers"])
        (renamed,) = [row for row in home.plex_state()["employees"] if row["badgeNumber"] == worker.key]
        assert renamed["lastName"].endswith("-Ray")


def test_bad_input_an_entry_in_the_future_waits_with_both_moments_shown_and_goes_by_itself(home):
    with home.synced() as life:
        (odd,) = home.play("future_entry")
        (gone,) = home.play("terminate")
        before = home.plex_state()["employees"]
        for _ in range(3):
            life.sync()
            ((code, reason),) = told_of(life, odd)
            assert code == "entered_ahead"
            assert "entered at 2026-11-23 18:00:0" in reason, "the entry"
            assert "it was 2026-11-23 16:00:0" in reason, "Workday's now, when it told"
        rows = {row["badgeNumber"]: row for row in home.plex_state()["employees"]}
        assert rows[gone]["status"] == "Inactive", "others go on"
        assert rows[odd] in before
        assert len([e for e in life.tools.trail.list(500) if "entered_ahead" in (e.event.reason or "")]) == 1
        home.pass_days(1)
        life.sync()
        assert told_of(life, odd) == []
        rows = {row["badgeNumber"]: row for row in home.plex_state()["employees"]}
        assert rows[odd]["lastName"].endswith("-Ray"), "nothing is lost"


def test_bad_input_an_entry_in_the_future_holds_back_whatever_else_is_told_of_that_worker(home):
    with home.synced() as life:
        (odd,) = home.play("future_entry")
        home.desk.terminate(home.desk.now().worker(odd), last_day=home.tenant.today - timedelta(days=1))
        before = home.plex_state()["employees"]
        life.sync()
        life.syncer.sync(whole=True, progress=lambda *_: None)
        assert [code for code, _reason in told_of(life, odd)] == ["entered_ahead"]
        assert home.plex_state()["employees"] == before
        home.pass_days(1)
        assert life.sync().counts["applied"] == 1


def tell_by_its_day_only(monkeypatch, wid):
    """Let no window on entry moments tell of somebody any more."""
    read = WorkdayConnector.read_touched

    def without(self, kind, *, as_of, window):
        found = read(self, kind, as_of=as_of, window=window)
        return (each for each in found if window.entered is None or each.wid != wid)

    monkeypatch.setattr(WorkdayConnector, "read_touched", without)


def test_cc_06_a_whole_comparison_frees_whoever_waits_for_an_entry_that_is_gone_without_a_trace(home, monkeypatch):
    with home.synced() as life:
        (odd,), (other,) = home.play("future_entry"), home.play("terminate")
        home.desk.change_name_early(home.desk.now().worker(other), ahead=timedelta(hours=3))
        life.sync()
        assert len(told_of(life, odd)) == len(told_of(life, other)) == 1
        tell_by_its_day_only(monkeypatch, home.desk.now().worker(other).wid)
        history = home.tenant._world.workers[odd]
        history.entries = tuple(each for each in history.entries if not each.early)
        life.sync()
        assert len(told_of(life, odd)) == 1, "no window tells of it"
        life.syncer.sync(whole=True, progress=lambda *_: None)
        assert told_of(life, odd) == []
        assert len(told_of(life, other)) == 1, "what is still told goes on waiting"
        home.desk.change_name(home.desk.now().worker(odd))
        assert life.sync().counts["applied"] == 1


def test_cc_05_what_is_entered_while_we_read_is_in_no_doubt(home):
    """An entry later than the frozen moment and not later than Workday's clock is the next run's."""
    with home.synced() as life:
        worker = home.desk.pick(location="DET")
        home.desk.change_name_early(worker, ahead=timedelta(milliseconds=2))
        life.sync()
        assert told_of(life, worker.key) == []
        life.sync()
        rows = {row["badgeNumber"]: row for row in home.plex_state()["employees"]}
        assert rows[worker.key]["lastName"].endswith("-Ray")
