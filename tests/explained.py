"""What a plan decided of people beside what `explain` says of everybody, to compare the two."""

from __future__ import annotations

from types import SimpleNamespace

from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.store import MappingStore
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.sync.explain import explain_person
from ml_connector.sync.recall import recall
from ml_connector.usecases.subjects import find_subject

PEOPLE = {"employee", "employee_attributes"}
_WORKERS = ("workday", "worker", "")


def app_of(rehearsal, life):
    return SimpleNamespace(
        name="acme",
        connection=rehearsal.settings,
        database=life.database,
        tools=life.tools,
        trail=life.tools.trail,
        actor=life.tools.actor,
        clock=life.tools.clock,
        mappings=MappingStore(life.database),
    )


def explained(rehearsal, life):
    """Each person once; the reading is recalled once for all, which changes nothing but the time it takes."""
    app, recalled = app_of(rehearsal, life), recall(life.tools)
    shown = [each.key for each in life.tools.snapshots.read(Scope("acme", *_WORKERS), of=Worker)]
    faults = [each.key for each in recalled.sources.gathered.extracts[_WORKERS].faults]
    subjects = {found.person: found for key in [*shown, *faults] for found in [find_subject(app, recalled, key)]}
    return [explain_person(life.tools, recalled, subject) for subject in subjects.values()]


def told(people):
    """Changes, what waits and what lies ahead, as explained."""
    verdicts = [it for each in people for it in each.decide]
    return {
        "changes": sorted(_change(it, it.hold.id if it.hold else None) for it in verdicts if it.action),
        "parked": sorted(
            {
                (it.type, it.plant, it.key, it.field or "", it.reason, it.remedy)
                for it in verdicts
                if it.verb == "parked"
            }
        ),
        "pending": sorted((it.plant, it.key, it.on, it.reason) for it in verdicts if it.verb == "pending"),
    }


def decided(life, report):
    """The same as the newest plan, whose *report* it is, has them."""
    newest = life.tools.store.newest_plan()
    changes = [intent.change for intent in life.tools.store.intents(plan_id=newest.id)]
    parked = [it for it in life.tools.review.parked("acme") if it.type in PEOPLE | {"worker"}]
    return {
        "changes": sorted(_change(it, it.hold) for it in changes if it.type in PEOPLE),
        "parked": sorted((it.type, it.plant, it.key, it.field, it.reason, it.remedy) for it in parked),
        "pending": sorted((it.plant, it.key, it.on, it.reason) for it in report.pending),
    }


def _change(it, hold):
    before, after = (sorted(map(repr, fields.items())) for fields in (it.before, it.after))
    return it.plant, it.type, it.key, it.action, it.reason, before, after, str(hold)
