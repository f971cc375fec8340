"""What somebody enters in Plex between our reading and our writing, plant by plant."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from ml_connector.sandbox.http import Response
from ml_connector.sync.lease.store import LEASE_S, leases
from tests.rehearsal import Rehearsal, record

HERE, THERE = "101", "102"
REFUSED = json.dumps({"errors": [{"code": "FORBIDDEN", "message": "no"}]}).encode()


def test_up_05_a_plant_that_lets_nobody_look_leaves_the_edits_of_the_others_alone(tmp_path):
    rehearsal = Rehearsal(record(24, days=1), url=f"sqlite:///{tmp_path}/mlc.db")
    rehearsal.prepare()
    with rehearsal.alive() as life:
        life.sync()
        drifted = {plant: drift(rehearsal, plant) for plant in (HERE, THERE)}
        life.wire.spoil = PhoneEntered(rehearsal, drifted[THERE]["badgeNumber"])
        life.sync()
        (conflict,) = life.tools.review.parked("acme")
    found = {plant: rehearsal.plex.enterprise.plants[plant].employees[row["id"]] for plant, row in drifted.items()}
    assert (conflict.plant, conflict.code) == (THERE, "conflict")
    assert found[THERE]["workPhone"] == "555-9", "entered after we read, and not written over"
    assert found[HERE]["lastName"] == drifted[HERE]["lastName"], "who may write without looking writes"


@pytest.mark.parametrize("status", [400, 414])
def test_up_05_where_the_question_is_not_taken_nothing_is_written_over(tmp_path, status):
    rehearsal = Rehearsal(record(24, days=1), url=f"sqlite:///{tmp_path}/mlc.db")
    rehearsal.prepare()
    with rehearsal.alive() as life:
        life.sync()
        drifted = {plant: drift(rehearsal, plant) for plant in (HERE, THERE)}
        life.wire.spoil = refusing_many(rehearsal, status)
        life.sync()
        (left,) = life.tools.review.parked("acme")
        assert (left.plant, left.code) == (HERE, "forbidden")
        life.wire.spoil = lambda request, answer: answer(request)
        life.sync()
        assert life.tools.review.parked("acme") == []
    for plant, row in drifted.items():
        found = rehearsal.plex.enterprise.plants[plant].employees[row["id"]]
        assert found["lastName"] == row["lastName"], f"{plant}: written once it can be looked at"


def test_up_05_the_right_to_write_is_kept_while_slow_questions_are_asked(tmp_path):
    """Each takes most of a lease, as a slow pace lets few leave a minute: nobody else may begin meanwhile."""
    rehearsal = Rehearsal(record(24, days=1), url=f"sqlite:///{tmp_path}/mlc.db")
    rehearsal.prepare()
    ends_at = []
    with rehearsal.alive() as life:
        life.sync()
        for plant in (HERE, THERE):
            drift(rehearsal, plant)

        def slow(request, answer):
            if request.method == "GET" and request.path.endswith("/employees") and request.query:
                rehearsal.clock.sleep(LEASE_S * 2 / 3)
                with life.tools.database.reading() as tx:
                    ends_at.append(
                        (rehearsal.clock.now().isoformat(), tx.execute(select(leases.c.expires_at)).scalar())
                    )
            return answer(request)

        life.wire.spoil = slow
        life.sync()
    assert len(ends_at) == 2
    assert all(now < end for now, end in ends_at)


def refusing_many(rehearsal, status):
    tenant = {plant.pcn: plant.tenant_id for plant in rehearsal.settings.plex.plants}[HERE]

    def spoil(request, answer):
        asked = request.method == "GET" and request.path.endswith("/employees") and request.query
        if asked and request.headers["x-plex-connect-tenant-id"] == tenant:
            return Response(status, b"{}", {"content-type": "application/json"})
        if request.method == "PUT" and request.headers["x-plex-connect-tenant-id"] == tenant:
            raise AssertionError("written without a look")
        return answer(request)

    return spoil


def drift(rehearsal, plant):
    """Somebody changes a name that Workday owns; give the record as it was."""
    employees = rehearsal.plex.enterprise.plants[plant].employees
    row = next(row for row in employees.values() if not row["badgeNumber"].startswith("9000"))
    employees[row["id"]] = {**row, "lastName": "Drifted"}
    return row


class PhoneEntered:
    """Somebody enters a telephone number once all is read; what is read then, one plant refuses to show."""

    def __init__(self, rehearsal, badge):
        self.rehearsal, self.badge = rehearsal, badge
        tenants = {plant.pcn: plant.tenant_id for plant in rehearsal.settings.plex.plants}
        self.closed = tenants[HERE]

    def __call__(self, request, answer):
        if request.method == "GET" and request.path.endswith("/employees") and request.query:
            if request.headers["x-plex-connect-tenant-id"] == self.closed:
                return Response(403, REFUSED, {"content-type": "application/json"})
            self.rehearsal.plex.edit_employee(THERE, self.badge, fields={"workPhone": "555-9"})
        return answer(request)
