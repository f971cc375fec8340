"""
What is told of the past of records that somebody else had a hand in: the plant's own people, and who was joined later.
"""

from __future__ import annotations

import pytest
from sqlalchemy import update

from ml_connector.cli.commands.asof import _render
from ml_connector.sync.baseline.store import agreements
from ml_connector.usecases import links
from ml_connector.usecases.asof import asof
from tests.explained import app_of
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


def test_m_9_an_ending_in_plex_of_which_no_status_was_kept_is_told_of_as_it_always_was(firm):
    """What was kept before the status was says, of who had ended, nothing at all."""
    (number,) = firm.tenant.play("future_termination")["touched"]
    firm.sync()
    pcn, row = in_plex(firm, number)
    wait(firm, 9)
    firm.rehearsal.plex.edit_employee(pcn, number, fields={"status": "Inactive"})
    firm.sync()
    with firm.begin().database.transaction() as tx:
        ended = (agreements.c.key == row["id"], agreements.c.fields == '{"status":"Inactive"}')
        assert tx.execute(update(agreements).where(*ended).values(fields="{}")).rowcount == 1
    assert told(firm, number)[pcn, row["id"]] == "it had ended in Plex already, without a write of ours"


def test_up_05_a_shift_is_the_plants_own_and_not_told_of(firm):
    number = firm.tenant.play("new_names")["touched"][0]
    pcn, row = in_plex(firm, number)
    firm.rehearsal.plex.edit_employee(pcn, number, fields={"shift": "Night"})
    firm.sync()
    held = told(firm, number)[pcn, row["id"]]
    assert held["last_name"] == in_plex(firm, number)[1]["lastName"]
    assert "shift" not in held


def past_of(firm, worker, *, on):
    return asof(app_of(firm.rehearsal, firm.begin()), worker, on=on)


@pytest.fixture
def joined(firm):
    """
    Somebody who left, said too late to be somebody who is there; what was told before, and the days before and after.
    """
    (old,) = firm.tenant.play("terminate")["touched"]
    firm.sync()
    wait(firm, 1)
    before = firm.tenant.today
    firm.sync()
    other = next(
        row["badgeNumber"]
        for tables in firm.rehearsal.plex.enterprise.plants.values()
        for row in tables.employees.values()
        if row["status"] == "Active" and row["badgeNumber"].startswith("0")
    )
    wait(firm, 1)
    then = {each: told(firm, each, on=before) for each in (old, other)}
    links.join(app_of(firm.rehearsal, firm.begin()), old, to=other, accept=True)
    firm.sync()
    return old, other, then, before


def test_m_9_a_day_that_is_past_tells_the_same_of_both_after_they_were_joined(firm, joined):
    old, other, then, before = joined
    wait(firm, 1)
    for one, another in ((old, other), (other, old)):
        assert then[one]
        assert told(firm, one, on=before) == then[one]
        assert any(another in note for note in past_of(firm, one, on=before).notes), "where the other one's past is"
    assert set(told(firm, other)) == {*then[old], *then[other]}
    assert not past_of(firm, other, on=firm.tenant.today).notes


def test_m_9_a_record_that_a_join_left_behind_is_said_to_be_nobodys(firm, joined, capsys):
    old, other, then, before = joined
    ((pcn, key),) = then[old]
    firm.rehearsal.plex.edit_employee(pcn, old, fields={"badgeNumber": f"X{old}"})
    wait(firm, 1)
    firm.sync()
    past = past_of(firm, other, on=firm.tenant.today)
    assert {each.key for each in past.records if each.left_at} == {key}
    _render(past)
    assert "belongs to no worker since" in capsys.readouterr().out
    assert not any(each.left_at for one in (old, other) for each in past_of(firm, one, on=before).records)


@pytest.mark.parametrize("undo", [links.separate, links.withdraw])
def test_m_9_a_join_that_is_undone_changes_no_day_on_which_it_was_believed(firm, joined, undo):
    old, other, _, before = joined
    joined_on = firm.tenant.today
    wait(firm, 1)
    firm.sync()
    days = [(one, on) for one in (old, other) for on in (before, joined_on)]
    then = {(one, on): past_of(firm, one, on=on).records for one, on in days}
    undo(app_of(firm.rehearsal, firm.begin()), old)
    firm.sync()
    wait(firm, 1)
    assert {(one, on): past_of(firm, one, on=on).records for one, on in days} == then
    assert len(told(firm, other)) == 1


def test_m_9_whom_the_rules_joined_and_somebody_parts_stay_one_person_on_the_days_before(firm):
    _, number = firm.tenant.play("conversion")["touched"]
    firm.sync()
    before = firm.tenant.today
    wait(firm, 1)
    then = past_of(firm, number, on=before).records
    assert then
    links.separate(app_of(firm.rehearsal, firm.begin()), number)
    firm.sync()
    wait(firm, 1)
    assert past_of(firm, number, on=before).records == then
