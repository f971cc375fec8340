"""What is told of the past of records that somebody else had a hand in: the plant's own people, and who was joined later."""

from __future__ import annotations

import pytest

from ml_connector.usecases.asof import asof
from tests.integration.test_asof import app_of
from tests.laws.firm import found


@pytest.fixture
def firm():
    with found() as opened:
        yield opened


def wait(firm, days):
    for _ in range(days):
        firm.next_day()


def in_plex(firm, badge):
    """Plant and row of the employee with a badge."""
    plants = firm.rehearsal.plex.enterprise.plants.items()
    return next(
        (pcn, row) for pcn, tables in plants for row in tables.employees.values() if row["badgeNumber"] == badge
    )


def told(firm, worker, *, on=None):
    """What is told of a worker, by plant and id: the values of the employee, or why it is gone."""
    past = asof(app_of(firm.rehearsal, firm.begin()), worker, on=on or firm.tenant.today)
    return {
        (each.plant, each.key): each.gone or {it.field: it.value for it in each.fields if it.type == "employee"}
        for each in past.records
    }


def test_m_9_whose_employment_ended_in_plex_before_ours_did_is_told_of_as_inactive_with_everything(firm):
    (number,) = firm.tenant.play("future_termination")["touched"]
    firm.sync()
    pcn, row = in_plex(firm, number)
    before = told(firm, number)[pcn, row["id"]]
    wait(firm, 9)
    firm.rehearsal.plex.edit_employee(pcn, number, fields={"status": "Inactive"})
    firm.begin().plan()
    firm.sync()
    assert told(firm, number)[pcn, row["id"]] == {**before, "status": "Inactive"}
    assert not [change for change in firm.begin().plan().changes if change.key == number]


def test_up_05_a_shift_is_the_plants_own_and_not_told_of(firm):
    number = firm.tenant.play("new_names")["touched"][0]
    pcn, row = in_plex(firm, number)
    firm.rehearsal.plex.edit_employee(pcn, number, fields={"shift": "Night"})
    firm.sync()
    held = told(firm, number)[pcn, row["id"]]
    assert held["last_name"] == in_plex(firm, number)[1]["lastName"]
    assert "shift" not in held
