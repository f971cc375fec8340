"""WP-01 in our own books: EE 1001 and CW 1001 are two people, whatever waits, was refused or is on its way of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.sandbox.http import Response
from ml_connector.usecases import links, syncs
from tests.explained import app_of
from tests.living import Living

NUMBER = "5001"
MARKED = f"CW-{NUMBER}"


@pytest.fixture
def home(tmp_path):
    """An enterprise of employees and contingent workers, two of whom bear one number."""
    made = Living(tmp_path)
    sync = made.settings.sync.model_copy(update={"contingent_workers": True})
    made.settings = made.settings.model_copy(update={"sync": sync})
    made.keys = {}
    for contingent in (False, True):
        since = made.tenant.today - timedelta(days=30)
        hired = made.desk.hire("DET", profile="JP-WELD", on=since, contingent=contingent)
        made.desk.renumber(hired, NUMBER)
        made.keys[MARKED if contingent else NUMBER] = hired.key
    return made


def worker(home, badge):
    return home.desk.now().worker(home.keys[badge])


def refusing(*badges):
    def spoil(request, answer):
        creates = request.method == "POST" and request.path.endswith("/employees")
        if creates and json.loads(request.body).get("badgeNumber") in badges:
            body = json.dumps({"errors": [{"code": "VALIDATION", "message": "no"}]}).encode()
            return Response(400, body, {"content-type": "application/json"})
        return answer(request)

    return spoil


def plainly(request, answer):
    return answer(request)


def badges_in(home) -> dict[str, Any]:
    rows = [(row["badgeNumber"], row) for row in home.plex_state()["employees"]]
    return {badge: row for badge, row in rows if badge in home.keys}


def waiting(life):
    return {item.key for item in life.tools.review.parked("acme") if item.type == "employee" and not item.field}


def asked_for(life, since):
    bodies = [json.loads(request.body) for request in life.wire.writes[since:] if request.path.endswith("/employees")]
    return {body.get("badgeNumber") for body in bodies if isinstance(body, dict)}


def test_wp01_of_two_with_one_number_each_waits_for_itself_and_neither_is_sent_again_by_itself(home):
    with home.alive() as life:
        life.wire.spoil = refusing(NUMBER, MARKED)
        life.sync()
        assert waiting(life) == {NUMBER, MARKED}
        life.wire.spoil, sent = plainly, len(life.wire.writes)
        life.sync()
        assert asked_for(life, sent) == set(), "what was refused waits for a person"
        assert waiting(life) == {NUMBER, MARKED}
        life.syncer.reevaluate([NUMBER], progress=lambda *_: None)
        assert set(badges_in(home)) == {NUMBER}
        assert waiting(life) == {MARKED}, "what one of them was let go says nothing of the other"
        life.sync()
        assert waiting(life) == {MARKED}
        life.syncer.reevaluate([MARKED], progress=lambda *_: None)
        assert (set(badges_in(home)), waiting(life)) == ({NUMBER, MARKED}, set())


def leave_in_none(home, life):
    """Have the contingent worker's move accepted and dropped, and the record gone from both plants."""
    row = badges_in(home)[MARKED]
    ours = {pcn: home.plex.enterprise.plants[pcn] for pcn in ("101", "102")}
    kind = ours["102"].types.pop(row["type"])
    home.desk.transfer(worker(home, MARKED), location="TOL")
    life.sync()
    ours["102"].types[row["type"]] = kind
    ours["101"].employees.pop(row["id"])


def test_wp01_px07_a_write_to_the_employee_leaves_the_contingent_workers_move_unsettled(home):
    with home.alive() as life:
        life.sync()
        leave_in_none(home, life)
        home.desk.transfer(worker(home, NUMBER), location="TOL")
        for _ in range(2):
            life.sync()
            found = {item.key: item.code for item in life.tools.review.parked("acme") if not item.field}
            assert found == {MARKED: "in_none"}
            assert set(badges_in(home)) == {NUMBER}, "nobody is made anew on a guess"


def leader(home):
    """Somebody in Detroit whom others report to, and the contingent worker neither at once nor further up."""
    now = home.desk.now()
    above = {each.reference_id for each in now.superiors(worker(home, MARKED).primary_job.organization)}
    found = map(now.organization, home.desk.world.organizations)
    leaders = [now.worker(each.manager) for each in found if each and each.manager and each.reference_id not in above]
    return next(each for each in leaders if each.primary_job.location == "DET")


def forbidding(badge, otherwise):
    def spoil(request, answer):
        creates = request.method == "POST" and request.path.endswith("/employees")
        if creates and json.loads(request.body).get("badgeNumber") == badge:
            return Response(403, b"", {})
        return otherwise(request, answer)

    return spoil


def test_wp01_wp15_people_report_to_the_employee_though_the_contingent_worker_was_refused(home):
    home.desk.renumber(worker(home, NUMBER), "5003")
    home.desk.renumber(leader(home), NUMBER)
    with home.alive() as life:
        life.wire.spoil = forbidding(NUMBER, refusing(MARKED))
        life.sync()
        assert {NUMBER, MARKED} <= waiting(life)
        life.wire.spoil = plainly
        assert {item.key for item in life.plan().changes if "supervisor_id" in item.after}
        life.sync()
        assert {item.key for item in life.tools.review.parked("acme")} == {MARKED}


def test_wp01_each_of_two_with_one_number_is_named_by_what_people_know_them_as(home):
    with home.alive() as life:
        life.sync()
        wids = [life.tools.links.profile(number).wid for number in (NUMBER, MARKED)]
        assert len(set(wids)) == 2
        assert [life.tools.links.numbers([wid]) >= {known} for wid, known in zip(wids, (NUMBER, MARKED), strict=True)]


def app(home, life):
    made = app_of(home, life)
    made.syncer = life.syncer
    return made


def silent(*_):
    pass


def only_contingent(home):
    """Give the employee another number, so that nobody but the contingent worker has it."""
    home.desk.renumber(worker(home, NUMBER), "5003")


@pytest.mark.parametrize("read_before", [True, False])
def test_wp01_a_contingent_worker_who_cannot_be_read_is_parked_and_decided_anew_under_the_number_people_know(
    home, read_before
):
    with home.alive() as life:
        if read_before:
            life.sync()
        home.desk.claim_second_primary(worker(home, MARKED))
        life.sync()
        assert [key for key, code, _ in home.parked(life) if code == "primary_job"] == [MARKED]
        home.desk.rescind(home.keys[MARKED], "Add Additional Job")
        for each in (NUMBER, MARKED):
            home.desk.transfer(worker(home, each), location="TOL")
        syncs.reevaluate(app(home, life), [MARKED], progress=silent)
        found = {badge: row["building"] for badge, row in badges_in(home).items()}
        assert found == {NUMBER: "DET", MARKED: "TOL"}, "the employee of that number was not meant"


def test_wp01_a_bare_number_that_no_employee_has_is_the_contingent_workers(home):
    only_contingent(home)
    with home.alive() as life:
        life.wire.spoil = refusing(MARKED)
        life.sync()
        assert waiting(life) == {MARKED}
        life.wire.spoil = forbidding(MARKED, plainly)
        syncs.resend(app(home, life), [NUMBER], progress=silent)
        assert waiting(life) == {MARKED}
        life.wire.spoil = plainly
        syncs.reevaluate(app(home, life), [NUMBER], progress=silent)
        assert (set(badges_in(home)), waiting(life)) == ({MARKED}, set())
        with pytest.raises(syncs.UsageError, match="nothing is parked or known under 5009"):
            syncs.reevaluate(app(home, life), ["5009"], progress=silent)


def test_wp01_a_bare_number_is_the_employees_where_one_has_it(home):
    with home.alive() as life:
        life.wire.spoil = refusing(MARKED)
        life.sync()
        life.wire.spoil = plainly
        syncs.reevaluate(app(home, life), [NUMBER], progress=silent)
        assert waiting(life) == {MARKED}


@pytest.mark.parametrize("named", [MARKED, NUMBER])
def test_ed14_px07_a_conversion_that_keeps_the_number_can_be_let_go_after_a_move_that_ended_in_no_plant(home, named):
    only_contingent(home)
    with home.alive() as life:
        life.sync()
        leave_in_none(home, life)
        came = home.desk.convert(worker(home, MARKED), on=home.tenant.today)
        home.desk.renumber(came, NUMBER)
        life.sync()
        assert [(key, code) for key, code, field in home.parked(life) if not field] == [(MARKED, "in_none")]
        syncs.reevaluate(app(home, life), [named], progress=silent)
        assert set(badges_in(home)) == {NUMBER}
        life.sync()
        assert waiting(life) == set(), "what was sent since under the new number settles the move"


def test_wp01_what_lies_ahead_who_is_one_and_the_trail_name_a_contingent_worker_alike(home):
    only_contingent(home)
    with home.alive() as life:
        life.sync()
        on = home.tenant.today + timedelta(days=3)
        home.desk.hire("DET", on=on, contingent=True, worker_id="5011")
        home.desk.terminate(worker(home, MARKED), last_day=home.tenant.today - timedelta(days=1))
        back = home.desk.hire("DET", contingent=True, person=home.keys[MARKED])
        home.desk.renumber(back, "5012")
        assert [item.source for item in life.plan().pending if item.begins] == ["CW-5011"]
        told = life.tools.trail.list(key="CW-5012", action=AuditAction.LINK_CHANGED)
        assert [stored.event.object for stored in told] == ["worker//CW-5012"]
        (link,) = links.list_links(app(home, life), worker="CW-5012")
        assert {each.number for each in link.profiles} == {MARKED, "CW-5012"}
