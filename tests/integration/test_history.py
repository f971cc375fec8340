"""
What was ever planned, asked again: by `records`, for the last word on each record, and by `resend`, for its bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest

from ml_connector.errors import StalePlanError, UsageError
from ml_connector.mapping.plex import employee_uuid
from ml_connector.review.store import Parked
from ml_connector.sync.change import Change
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.intent import Outcome
from ml_connector.sync.resend import find_same_bytes
from ml_connector.sync.store import SyncStore
from ml_connector.timeline.links.store import Profile
from ml_connector.usecases import outcomes

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
NAME = ("employee", "101", "21001", "")
CHANGE = Change(
    plant="101",
    type="employee",
    key="k1",
    source="21001",
    label="Ada Nguyễn",
    action="update",
    reason="changed in Workday",
    before={"email": None},
    after={"email": "a@x"},
    owned={"email": "a@x"},
    body={"email": "a@x"},
)
BACK = msgspec.structs.replace(CHANGE, action="reactivate", after={"status": "Active"}, body={"status": "Active"})
OTHER = msgspec.structs.replace(CHANGE, after={"email": "b@x"}, body={"email": "b@x"})
REFUSED = Parked(
    type="employee",
    plant="101",
    key="21001",
    label="Ada Nguyễn",
    code="rejected",
    reason="no",
    content_hash=CHANGE.content_hash,
)
UNLINKED = SimpleNamespace(profile=lambda _number: None)
MADE = employee_uuid("acme1", plant="101", person="p1")


class Past:
    """Plans kept one after another, each with what became of its changes."""

    def __init__(self, database):
        self.database, self.store = database, SyncStore(database, "acme")
        self.history = HistoryStore(database, "acme")

    def plan(self, *became):
        with self.database.transaction() as tx:
            self.store.supersede(tx)
            number = self.store.save_plan(
                tx,
                **dict.fromkeys(("digest", "as_of", "watermark", "crosswalk"), ""),
                inputs=None,
                counts={},
                changes_=[change for change, _state in became],
                run=1,
                at=AT,
            )
        intents = self.store.intents(plan_id=number)
        with self.database.transaction() as tx:
            outcomes = [
                Outcome(intent=intent, state=state, reason="told")
                for intent, (_change, state) in zip(intents, became, strict=True)
                if state != "planned"
            ]
            self.store.record(tx, outcomes, run=number, at=AT)

    def records(self, **asked):
        connection = SimpleNamespace(plex=SimpleNamespace(pcns=["101", "102"]))
        app = SimpleNamespace(database=self.database, name="acme", connection=connection)
        return outcomes.records(app, record_type="worker", **asked)

    def same_bytes(self, *, settled=(), parked=REFUSED, links=UNLINKED):
        systems = SimpleNamespace(workday=SimpleNamespace(tenant="acme1"), plex=SimpleNamespace(pcns=["101", "102"]))
        tools = SimpleNamespace(history=self.history, links=links, connection=systems)
        return find_same_bytes(tools, "21001", {NAME: parked}, settled)


@pytest.fixture
def past(database):
    return Past(database)


def crowd(number):
    return [(msgspec.structs.replace(CHANGE, key=f"c{each}", source=f"9{each}"), "planned") for each in range(number)]


def test_records_lists_whoever_was_planned_before_very_many_that_were_replaced(past):
    past.plan((CHANGE, "applied"))
    for _ in range(3):
        past.plan(*crowd(2_000))
    past.plan()
    (kept,) = past.records()
    assert (kept.key, kept.status, kept.last_run) == ("21001", "applied", 1)
    assert past.records(key="21001") == past.records(key="k1") == [kept]
    with pytest.raises(UsageError, match="there is no such record"):
        past.records(key="9999999")


def test_records_tells_the_last_word_on_each_record_of_each_plant(past):
    there = msgspec.structs.replace(CHANGE, plant="102")
    past.plan((CHANGE, "rejected"), (there, "applied"))
    past.plan((BACK, "applied"), (OTHER, "rejected"))
    past.plan((OTHER, "planned"))
    past.plan()
    found = [(it.plant, it.status, it.last_run) for it in past.records()]
    assert found == [("101", "rejected", 2), ("102", "applied", 1)]
    assert [it.plant for it in past.records(status="applied")] == ["102"]
    assert HistoryStore(past.database, "other").newest(kind="employee") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_records_of_very_many_intents_are_found_by_an_index_and_sorted_once(past):
    """
    No row is looked for in all of the others: 100,000 intents are one walk. PostgreSQL's planner goes by a table's
    size.
    """
    asked = []
    with past.database.reading() as tx:
        for statement in past.history._newest("employee", None), past.history._newest("employee", "21001"):
            text = statement.compile(tx.engine, compile_kwargs={"literal_binds": True})
            asked.append([row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")])
    assert not [step for steps in asked for step in steps if step.startswith("SCAN plan_change")]


def test_resend_sends_the_second_change_of_a_plan_whose_first_was_taken(past):
    past.plan((BACK, "applied"), (CHANGE, "rejected"))
    assert [it.action for it in past.same_bytes()] == ["update"]


def test_resend_is_refused_where_a_later_plan_wants_something_else(past):
    past.plan((BACK, "applied"), (CHANGE, "rejected"))
    past.plan((BACK, "applied"), (OTHER, "applied"))
    with pytest.raises(StalePlanError, match="a later plan wants something else"):
        past.same_bytes()


def test_resend_is_refused_where_a_later_plan_parked_the_record_for_another_reason(past):
    """What was taken back in Workday meanwhile is not sent although no later plan kept a change of the record."""
    past.plan((CHANGE, "rejected"))
    past.plan()
    too_long = msgspec.structs.replace(REFUSED, code="field_too_long", content_hash=None)
    with pytest.raises(StalePlanError, match="a later plan wants something else"):
        past.same_bytes(parked=too_long)
    waits = msgspec.structs.replace(REFUSED, code="waiting", content_hash=None)
    with pytest.raises(StalePlanError, match="a later plan wants something else"):
        past.same_bytes(parked=waits)
    assert past.same_bytes(parked=msgspec.structs.replace(REFUSED, code="forbidden", content_hash=None)) == [CHANGE]


@pytest.mark.parametrize(
    ("key", "chosen", "theirs"),
    [("k1", "k1", True), ("k1", "k2", False), ("k1", None, False), (MADE, None, True), (MADE, "k2", False)],
)
def test_wp01_resend_is_refused_where_the_record_is_not_theirs_any_more(past, key, chosen, theirs):
    """WP-01: who took a choice back, or made another one, since a write was refused does not find it sent after all."""
    change = msgspec.structs.replace(CHANGE, key=key)
    past.plan((change, "rejected"))
    parked = msgspec.structs.replace(REFUSED, content_hash=change.content_hash)
    held = {} if chosen is None else {("101", "p1"): chosen}
    links = SimpleNamespace(profile=lambda _number: Profile("p1", "p1"), adopted=lambda person: held)
    if theirs:
        assert past.same_bytes(parked=parked, links=links) == [change]
    else:
        with pytest.raises(StalePlanError, match="is not theirs any more"):
            past.same_bytes(parked=parked, links=links)


def test_resend_finds_what_was_refused_before_very_many_plans_of_the_same(past):
    past.plan((CHANGE, "rejected"))
    for _ in range(250):
        past.plan((CHANGE, "planned"))
    past.plan()
    assert past.same_bytes() == [CHANGE]


def test_resend_of_what_reading_back_settled_needs_all_of_it_in_place(past):
    past.plan((BACK, "applied"), (CHANGE, "applied"))
    assert past.same_bytes(settled=[NAME]) == []
    past.plan((BACK, "applied"), (CHANGE, "rejected"))
    assert past.same_bytes(settled=[NAME]) == [CHANGE]
