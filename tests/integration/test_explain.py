"""`explain`: what is told of a person is what the plan decides, it is asked of nobody, and it says what to do."""

from __future__ import annotations

from types import SimpleNamespace

from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.store import MappingStore
from ml_connector.snapshot.store import Scope
from ml_connector.sync.explain import explain_person
from ml_connector.sync.recall import recall
from ml_connector.usecases.subjects import find_subject
from tests.rehearsal import Rehearsal, record

DAYS = 3
PEOPLE = {"employee", "employee_attributes"}


def app_of(rehearsal, life):
    return SimpleNamespace(
        name="acme",
        connection=rehearsal.settings,
        database=life.database,
        mappings=MappingStore(life.database),
        tools=life.tools,
    )


def everybody(life):
    """Every profile the snapshot has ever seen."""
    scope = Scope("acme", "workday", "worker")
    return list(life.tools.snapshots.read(scope, of=Worker))


def explained(rehearsal, life):
    """Each person once; the reading is recalled once for all, which changes nothing but the time it takes."""
    app, recalled = app_of(rehearsal, life), recall(life.tools)
    subjects = {found.person: found for each in everybody(life) for found in [find_subject(app, recalled, each.key)]}
    return [explain_person(life.tools, recalled, subject) for subject in subjects.values()]


def planned(life):
    """What the newest plan changes of people, to the letter."""
    newest = life.tools.store.newest_plan()
    return sorted(
        (
            it.plant,
            it.type,
            it.key,
            it.action,
            it.reason,
            sorted(it.before.items()),
            sorted(it.after.items(), key=str),
            it.hold,
        )
        for it in (intent.change for intent in life.tools.store.intents(plan_id=newest.id))
        if it.type in PEOPLE
    )


def changed(told):
    return sorted(
        (
            it.plant,
            it.type,
            it.key,
            it.action,
            it.reason,
            sorted(it.before.items()),
            sorted(it.after.items(), key=str),
            it.hold.id if it.hold else None,
        )
        for each in told
        for it in each.decide
        if it.action
    )


def test_whatever_is_explained_is_what_the_plan_decides(tmp_path):
    """For everybody, on each of three days, before and after the plan is carried out."""
    made = Rehearsal(record(24, days=DAYS), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    seen = 0
    for day in range(DAYS):
        made.day = day
        with made.alive() as life:
            report = life.plan()
            told = explained(made, life)
            assert sorted(
                (it.plant, it.key, it.on, it.reason) for each in told for it in each.decide if it.verb == "pending"
            ) == sorted((it.plant, it.key, it.on, it.reason) for it in report.pending)
            assert changed(told) == planned(life)
            parked = {
                (it.type, it.plant, it.key, it.field, it.reason, it.remedy) for it in life.tools.review.parked("acme")
            }
            of_people = {it for it in parked if it[0] in PEOPLE | {"worker"}}
            assert {
                (it.type, it.plant, it.key, it.field or "", it.reason, it.remedy)
                for each in told
                for it in each.decide
                if it.verb == "parked"
            } == of_people
            seen += len(changed(told))
            life.sync()
    with made.alive() as life:
        after = changed(explained(made, life))
        life.plan()
        assert after == planned(life) == [], "what was written counts, though no reading shows it yet"
    assert seen > 40
