"""What is done again by a person's word: the second time is nothing, and who waited for another goes by themselves."""

from __future__ import annotations

import json

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.errors import UsageError
from ml_connector.mapping.workday import to_canonical
from ml_connector.sandbox.http import Response
from tests.rehearsal import Rehearsal, record


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(24, days=1), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    return made


def again(verb, key):
    return verb([key], progress=lambda *_: None)


def a_manager(rehearsal):
    people = [to_canonical(native) for native in rehearsal.recording.days[0].natives[RecordType.WORKER]]
    active = {each.employee_id for each in people if each.active is True}
    return next(each.manager_id for each in people if each.active is True and each.manager_id in active)


def refusing(badge):
    def spoil(request, answer):
        creates = request.method == "POST" and request.path.endswith("/employees")
        if creates and json.loads(request.body).get("badgeNumber") == badge:
            body = json.dumps({"errors": [{"code": "VALIDATION", "message": "no"}]}).encode()
            return Response(400, body, {"content-type": "application/json"})
        return answer(request)

    return spoil


def test_wp_15_a_missing_parent_is_named_and_its_children_go_by_themselves_once_it_lands(rehearsal):
    manager = a_manager(rehearsal)
    with rehearsal.alive() as life:
        life.wire.spoil = refusing(manager)
        assert life.sync().exit_code == 3
        waiting = [item for item in life.tools.review.parked("acme") if item.code == "waiting"]
        reports = {item.key for item in waiting if item.key != manager and item.type == "employee"}
        assert reports
        assert all(item.waiting_for for item in waiting)
        life.wire.spoil = lambda request, answer: answer(request)
        again(life.syncer.resend, manager)
        life.sync()
        assert life.tools.review.parked("acme") == []
        there = {row["badgeNumber"] for row in rehearsal.plex_state()["employees"]}
        assert {manager, *reports} <= there


def test_resending_twice_is_resending_once(rehearsal):
    manager = a_manager(rehearsal)
    with rehearsal.alive() as life:
        life.wire.spoil = refusing(manager)
        life.sync()
        life.wire.spoil = lambda request, answer: answer(request)
        again(life.syncer.resend, manager)
        sent = len(life.wire.writes)
        with pytest.raises(UsageError, match="nothing of"):
            again(life.syncer.resend, manager)
        assert len(life.wire.writes) == sent


def test_reevaluating_twice_is_reevaluating_once(rehearsal):
    manager = a_manager(rehearsal)
    with rehearsal.alive() as life:
        life.wire.spoil = refusing(manager)
        life.sync()
        life.wire.spoil = lambda request, answer: answer(request)
        assert again(life.syncer.reevaluate, manager).counts["applied"] >= 1
        sent = len(life.wire.writes)
        assert again(life.syncer.reevaluate, manager).counts["applied"] == 0
        assert len(life.wire.writes) == sent
