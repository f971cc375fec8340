"""Contractors who become employees, where only employees go to Plex, and where we come late."""

from datetime import timedelta

import pytest

from tests.laws.firm import found
from tests.living import Living


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def told(life):
    """What lies ahead: where, when, and whether somebody begins."""
    return [(item.plant, item.label, item.on, item.begins) for item in life.plan().pending]


def test_ed_14_a_conversion_ahead_is_pending_with_its_day_while_contractors_are_out_of_scope(home):
    home.play("contractor_hired")
    with home.synced() as life:
        number, coming = home.play("future_conversion")
        before = home.plex_state()["employees"]
        life.sync()
        ((plant, label, on, begins),) = told(life)
        converted = home.desk.world.workers[coming].newest("Hire Employee").effective_on
        assert (plant, on, begins) == ("101", converted.isoformat(), True)
        assert label
        assert number not in {row["badgeNumber"] for row in home.plex_state()["employees"]}
        assert home.plex_state()["employees"] == before
        home.pass_days((converted - home.tenant.today).days - 1)
        assert life.sync().counts["applied"] == 0, "not a day early"
        home.pass_days(1)
        life.sync()
        assert coming in {row["badgeNumber"] for row in home.plex_state()["employees"]}
        assert told(life) == []


def test_ed_14_a_conversion_ahead_that_is_taken_back_is_pending_no_more(home):
    home.play("contractor_hired")
    with home.synced() as life:
        number, coming = home.play("future_conversion")
        life.sync()
        assert len(told(life)) == 1
        home.desk.rescind(coming, "Hire Employee")
        home.desk.rescind(number, "Terminate Employee")
        life.sync()
        assert told(life) == []


@pytest.mark.parametrize("told", [True, False])
def test_ed_15_a_conversion_entered_ahead_was_not_entered_late_because_we_come_late(told):
    with found() as firm:
        firm.sync()
        _, number = firm.tenant.play("future_conversion")["touched"]
        if told:
            firm.sync()
        for _ in range(9):
            firm.next_day()
        (change,) = [it for it in firm.begin().plan().changes if (it.type, it.key) == ("employee", number)]
        since, today = firm.tenant.today - timedelta(days=1), firm.tenant.today
        why = "in Plex only now" if told else f"known here since {today}"
        assert f"an employee since {since}, {why}: labor from that day on needs a review" in change.reason
