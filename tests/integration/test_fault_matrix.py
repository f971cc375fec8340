"""
Every write type × every ambiguous answer, and what else a line or a system can do to a write (trust A1-T1 to A1-T7).

The oracle is the same everywhere: once the trouble is over, Plex and our own state are those of a run without trouble,
and what the database says about the spoilt write is what really happened to it: proved applied, proved not applied,
or held for a person. Nothing is guessed.
"""

import json
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import delete, select

from ml_connector.errors import AmbiguousWriteError, UnavailableError
from ml_connector.sandbox.http import Response, json_response
from ml_connector.sync.read_back import ATTEMPTS
from ml_connector.sync.run import open_run
from ml_connector.sync.store import changes, plans
from tests.line import End, lose_answer
from tests.rehearsal import is_write, record
from tests.stage import Stage, count_twins

WORKERS = 12
A1 = "A1 ambiguous answers"


class Played:
    """What happened to the request that was spoilt."""

    request = None
    acted = False


def lost(end: End, *, acted: bool) -> Callable:
    """The request arrives whole at the other end of a real line, and that is all there is to see of it."""

    def act(request, answer, played):
        played.acted = acted
        if acted:
            answer(request)
        with pytest.raises(AmbiguousWriteError) as caught:
            lose_answer(request, end=end)
        assert caught.value.timed_out == (end == "silence")
        assert caught.value.unanswered
        raise caught.value

    return act


lost_after = lost("silence", acted=True)


def answered(response: Response) -> Callable:
    def act(request, answer, played):
        played.acted = True
        answer(request)
        return response

    return act


def refused(request, answer, played):
    return Response(500, b'{"code":"REQUEST_PROCESSING_ERROR"}')


def cut_off(request, answer, played):
    played.acted = True
    whole = answer(request)
    assert isinstance(whole.body, bytes)
    return Response(200, whole.body[: len(whole.body) // 2], whole.headers)


def of_another(request, answer, played):
    """The right status and a well-formed body about something else."""
    played.acted = True
    answer(request)
    if "/datasources/" in request.path:
        return json_response({"tables": [], "transactionNo": "1"})
    return json_response({"id": "00000000-0000-4000-8000-000000000000"}, 201)


SOAP_FAULT = b"<Envelope><Body><Fault><faultcode>Server</faultcode></Fault></Body></Envelope>"
FAULTS = {
    "timeout before it acts": lost("silence", acted=False),
    "timeout after it acted": lost_after,
    "reset before it acts": lost("reset", acted=False),
    "reset after it acted": lost("reset", acted=True),
    "hung up after it acted": lost("hang-up", acted=True),
    "500 before it acts": refused,
    "500 after it acted": answered(Response(500, b"")),
    "truncated JSON": cut_off,
    "HTML page": answered(Response(200, b"<!DOCTYPE html><html><body>Sign in</body></html>")),
    "SOAP fault in a 200": answered(Response(200, SOAP_FAULT, {"content-type": "text/xml"})),
    "empty body": answered(Response(200, b"")),
    "answer for another request": of_another,
}
WRITE_TYPES = (
    "department create",
    "department update",
    "cost_center create",
    "cost_center update",
    "headcount create",
    "headcount update",
    "employee create",
    "employee update",
    "employee deactivate",
    "employee reactivate",
    "employee transfer",
    "employee_attributes create",
    "employee_attributes update",
)


class Drifted:
    """Plex after somebody's busy day: the next sync needs every type of write."""

    def __init__(self, folder, **plex):
        self.stage = Stage(record(WORKERS), folder, **plex)
        self.stage.run()
        self.stage.rehearsal.plex_state()
        self._disturb(self.stage.rehearsal.plex.enterprise.plants["101"])
        self.stage.rehearsal.day = 1
        self.beginning = self.stage.keep()
        with self.stage.rehearsal.alive() as life:
            life.sync()
            sent = life.wire.writes
        self.clean = self.stage.ending()
        done = self._applied()
        kinds = [f"{change['type']} {change['action']}" for change in done]
        assert len(kinds) == len(sent)
        self.first = dict(reversed(list(zip(kinds, sent, strict=True))))
        self._records = dict(reversed([(kind, (it["plant"], it["key"])) for kind, it in zip(kinds, done, strict=True)]))

    def _applied(self):
        with self.stage.rehearsal.alive() as life, life.database.reading() as tx:
            newest = select(plans.c.id).order_by(plans.c.id.desc()).limit(1).scalar_subquery()
            rows = tx.execute(select(changes.c.change).where(changes.c.plan_id == newest).order_by(changes.c.seq))
            return list(map(json.loads, rows.scalars()))

    @staticmethod
    def _disturb(tables):
        people = {row["badgeNumber"]: row for row in tables.employees.values()}
        gone = people["000008"]["id"]
        del tables.employees[gone], tables.attributes[gone]
        tables.employees[people["000009"]["id"]] = people["000009"] | {"position": "Contractor"}
        tables.employees[people["000007"]["id"]] = people["000007"] | {"status": "Inactive"}
        attributes = tables.attributes[people["000005"]["id"]]
        tables.attributes[people["000005"]["id"]] = attributes | {"External_Employee_ID": "somebody else"}
        maintenance, paint = tables.department("5100-MNT"), tables.department("4400-PNT")
        del tables.departments[maintenance["Department_No"]]
        for seat in [seat for seat in tables.staffing if seat[2] == maintenance["Department_No"]]:
            del tables.staffing[seat]
        tables.staffing[next(iter(tables.staffing))] += 5
        supervisor, welding = tables.position("Shift Supervisor"), tables.department("4200-WLD")
        del tables.staffing[supervisor["Position_Key"], 1, welding["Department_No"]]
        renamed = tables.cost_center("4200")
        tables.cost_centers[renamed["Cost_Center_Key"]] = renamed | {"Cost_Center_Name": "Somebody's own name"}
        tables.departments[paint["Department_No"]] = paint | {"Active": False}
        del tables.cost_centers[tables.cost_center("5300")["Cost_Center_Key"]]

    def verdict_on(self, life, kind):
        """What the database says about the one write that did not go straight through, and nothing about others."""
        (type_, action), (plant, key) = kind.split(" "), self._records[kind]
        newest = select(plans.c.id).order_by(plans.c.id.desc()).limit(1).scalar_subquery()
        here = (changes.c.plan_id == newest, changes.c.type == type_, changes.c.action == action)
        with life.database.reading() as tx:
            rows = tx.execute(select(changes).where(*here, changes.c.plant == plant, changes.c.key == key)).mappings()
            return _verdict(rows.all())

    def begin(self):
        self.stage.put_back(self.beginning)
        self.stage.rehearsal.plex.lag_reads(0)


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    return Drifted(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """The same, waiting longer before it reads back."""
    return Drifted(tmp_path_factory.mktemp("stage"), settle_s=30)


def same(one, other):
    return (one.method, one.path, one.headers.get("x-plex-connect-tenant-id"), one.body) == (
        other.method,
        other.path,
        other.headers.get("x-plex-connect-tenant-id"),
        other.body,
    )


def spoil_once(target, fault, played):
    """Spoil the first request like *target*, and no other."""

    def spoil(request, answer):
        if played.request is not None or not same(request, target):
            return answer(request)
        played.request = request
        return fault(request, answer, played)

    return spoil


def _verdict(rows):
    found = [row for row in rows if row["state"] == "applied" and "by reading back" in (row["reason"] or "")]
    again = [row for row in rows if row["attempt"] > 1]
    held = [row for row in rows if row["state"] not in {"applied", "accepted"}]
    if held:
        return "held"
    if again:
        return "proved_not_applied"
    return "proved_applied" if found else "guessed"


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("kind", WRITE_TYPES)
def test_a1_t1_an_ambiguous_answer_ends_as_if_nothing_had_happened(drifted, tally, kind, name):
    drifted.begin()
    played = Played()
    with drifted.stage.rehearsal.alive() as life:
        life.wire.spoil = spoil_once(drifted.first[kind], FAULTS[name], played)
        life.sync()
        verdict = drifted.verdict_on(life, kind)
    assert played.request is not None
    drifted.stage.run()
    found = drifted.stage.ending()
    assert found.plex == drifted.clean.plex
    assert found.ours == drifted.clean.ours
    assert verdict != "guessed"
    # A command that is accepted comes true later: what is not seen yet may be sent again, and changes nothing.
    if not played.acted or kind.split(" ")[1] not in {"deactivate", "reactivate", "transfer"}:
        assert verdict in ("held", "proved_applied" if played.acted else "proved_not_applied")
    counts = {"injected": 1, "proved_applied": 0, "proved_not_applied": 0, "held": 0, "guessed": 0}
    tally(A1, **{**counts, verdict: 1})


@pytest.mark.parametrize("kind", ["employee create", "cost_center create", "department create", "employee update"])
@pytest.mark.parametrize("lag_s", [0, 1, 30, 300])
def test_a1_t2_a_read_that_lags_makes_no_second_record(patient, lag_s, kind, tally):
    drifted = patient
    drifted.begin()
    played = Played()
    with drifted.stage.rehearsal.alive() as life:
        target = spoil_once(drifted.first[kind], lost_after, played)

        def spoil(request, answer):
            if same(request, drifted.first[kind]) and not played.request:
                drifted.stage.rehearsal.plex.lag_reads(lag_s)
            return target(request, answer)

        life.wire.spoil = spoil
        life.sync()
        verdict = drifted.verdict_on(life, kind)
    if lag_s <= 30:
        assert verdict == "proved_applied"
    elif kind.endswith("create"):
        assert verdict == "held"
    else:
        # Seen twice as it was before, it is sent again: the same content, for the same record, as often as one likes.
        assert verdict == "proved_not_applied"
        assert 2 <= sum(same(request, drifted.first[kind]) for request in life.wire.writes) <= ATTEMPTS
    drifted.stage.rehearsal.clock.sleep(lag_s)
    drifted.stage.rehearsal.plex.lag_reads(0)
    drifted.stage.run()
    drifted.stage.run()
    found = drifted.stage.ending()
    assert found.plex == drifted.clean.plex
    assert found.ours["parked"] == drifted.clean.ours["parked"]
    tally("A1-T2 lagging reads", cases=1, duplicates=count_twins(found.plex))


@pytest.mark.parametrize("given", ["first", "second"])
def test_a1_t3_every_request_delivered_twice_changes_nothing(drifted, given):
    drifted.begin()

    def twice(request, answer):
        first, second = answer(request), answer(request)
        return first if given == "first" else second

    with drifted.stage.rehearsal.alive() as life:
        life.wire.spoil = twice
        assert life.sync().counts["unknown"] == 0
    found = drifted.stage.ending()
    assert found.plex == drifted.clean.plex
    assert found.ours == drifted.clean.ours


def test_a1_t4_other_content_is_not_sent_while_an_earlier_write_is_unknown(drifted):
    """The line dies for good after a rename; the next plan wants another name for the same record."""
    drifted.begin()
    kind, played = "department update", Played()
    down = False

    def cut(request, answer):
        nonlocal down
        if same(request, drifted.first[kind]):
            down, played.request = True, request
            answer(request)
        if down:
            raise AmbiguousWriteError("the line is cut")
        return answer(request)

    with drifted.stage.rehearsal.alive() as life:
        life.wire.spoil = cut
        with pytest.raises(UnavailableError, match="before they are changed"):
            life.sync()
        (unknown,) = [
            item for item in life.tools.store.intents(states=("sending",)) if item.change.type == "department"
        ]
        other = unknown.change.body | {name: "Other" for name in unknown.change.body if "name" in name.lower()}
        assert other != unknown.change.body
    with drifted.stage.rehearsal.alive() as life:
        # As if recovery could not look and a later plan came with other content.
        life.tools.store.intents(states=("sending",))
        sent = send_only(life, [_with_body(unknown, other)])
    assert sent == []
    drifted.stage.run()
    assert drifted.stage.ending().plex == drifted.clean.plex


def _with_body(intent, body):
    return msgspec.structs.replace(intent, seq=9_999, change=msgspec.structs.replace(intent.change, body=body))


def send_only(life, intents):
    """Hand intents to a sender under a lease of its own; returns the writes that left."""
    with open_run(life.tools, "sync", progress=lambda *_: None) as run:
        run._sender().send(intents, digest="")
    return life.wire.writes


def test_a1_t6_one_poisonous_record_of_a_thousand_stops_no_other(tmp_path_factory):
    """All but one applied, one rejected with its reason, and the watermark moves."""
    stage = Stage(record(1_050, days=1), tmp_path_factory.mktemp("stage"), writers=4)
    refusal = json_response({"code": "REQUEST_VALIDATION_FAILED", "errors": [{"message": "no"}]}, 400)

    def poison(request, answer):
        return refusal if is_write(request) and b'"badgeNumber":"000120"' in request.body else answer(request)

    with stage.rehearsal.alive() as life:
        life.wire.spoil = poison
        report = life.sync()
        waits = [item for item in life.tools.review.parked("acme") if item.key == "000120"]
        states = life.tools.store.counts(life.tools.store.newest_plan().id)
    assert states["rejected"] == 1
    assert set(states) <= {"applied", "rejected", "waiting"}
    assert report.watermark
    assert waits
    assert all(item.remedy for item in waits)
    assert {item.type: item.code for item in waits} == {
        "employee": "REQUEST_VALIDATION_FAILED",
        "employee_attributes": "waiting",
    }, "PX-14: classed by Plex's own code"
    hired = [request for request in life.wire.writes if request.path.endswith("/mdm/v1/employees")]
    there = {row["badgeNumber"] for row in stage.rehearsal.plex.state("employees") if row["badgeNumber"][:3] != "900"}
    assert len(hired) >= 1_000
    assert len(there) == len(hired) - 1
    assert "000120" not in there


@pytest.mark.parametrize("crashed", [False, True])
def test_a1_t7_purged_intents_make_no_second_record(drifted, crashed):
    """Retention took every old plan away, even those whose outcome was not known: Plex itself is the backstop."""
    drifted.begin()
    played = Played()
    with drifted.stage.rehearsal.alive() as life:
        if crashed:
            life.wire.spoil = spoil_once(drifted.first["employee create"], lost_after, played)
        life.sync()
        with life.database.transaction() as tx:
            tx.execute(delete(changes))
            tx.execute(delete(plans))
    with drifted.stage.rehearsal.alive() as life:
        life.sync()
        assert life.wire.writes == []
    found = drifted.stage.ending()
    assert found.plex == drifted.clean.plex
    assert found.ours == drifted.clean.ours
