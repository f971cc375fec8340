"""Bad input from Workday: that record is parked with both facts shown, and everybody else goes on."""

from datetime import date

import pytest

from tests.living import Living


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def told_of(life, key):
    """What `parked` says of a record."""
    return [(item.code, item.reason) for item in life.tools.review.parked("acme") if item.key == key]


@pytest.mark.parametrize(
    ("scenario", "code", "both"),
    [
        ("contradicting_facts", "contradiction", ("2026-11-23", "2026-10-24")),
        ("placeholder_date", "implausible_date", ("end date of the job", "9999-12-31")),
    ],
)
def test_bad_input_what_cannot_be_true_parks_that_worker_with_both_shown(home, scenario, code, both):
    with home.synced() as life:
        (odd,) = home.play(scenario)
        before = home.plex_state()["employees"]
        home.play("hire")
        assert life.sync().counts["applied"] > 0
        ((found, reason),) = told_of(life, odd)
        assert found == code
        assert all(fact in reason for fact in both)
        assert [row for row in home.plex_state()["employees"] if row in before] == before
        home.desk.rescind(odd, "Edit Position")
        life.sync()
        assert told_of(life, odd) == []


@pytest.mark.parametrize("year", [1900, 9999])
def test_bad_input_a_cost_center_with_a_placeholder_for_a_date_is_parked_and_left_as_it_is(home, year):
    with home.synced() as life:
        worker = home.desk.plain_workers(location="DET")[0]
        center = worker.primary_job.cost_center
        home.desk.reorganize(center, name="Another name", available_on=date(year, 12, 31))
        home.desk.change_name(worker)
        before = home.plex_state()["cost_centers"]
        life.sync()
        ((code, reason),) = told_of(life, center)
        assert code == "implausible_date"
        assert f"{year}-12-31" in reason
        assert home.plex_state()["cost_centers"] == before
        renamed = [row for row in home.plex_state()["employees"] if row["badgeNumber"] == worker.key]
        assert [row["lastName"].endswith("-Ray") for row in renamed] == [year == 1900], (
            "nobody is in what opens in 9999"
        )
