"""
What would be decided of one person now, and why: the very plan, drawn up from the last reading, with a witness at it.

Nothing is asked and nothing is written. What is told is what the planner did, never a second opinion.
"""

from __future__ import annotations

from collections.abc import Iterator

from ml_connector.mapping.people import label
from ml_connector.review.store import Parked
from ml_connector.sync.belief import ON_CLOCK
from ml_connector.sync.draft import Draft
from ml_connector.sync.explained import ExplainedWorker, ScopeStep
from ml_connector.sync.parking import park_fault
from ml_connector.sync.recall import Recalled
from ml_connector.sync.sources import make_planner
from ml_connector.sync.steps import Subject, mapped_fields, match_step, read_step, routed_jobs
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.verdicts import find_order, find_verdicts, sum_up
from ml_connector.sync.witness import Witness

_WORKERS = ("workday", "worker", "")


def explain_person(tools: SyncTools, recalled: Recalled, subject: Subject) -> ExplainedWorker:
    """Say what a plan drawn up now would decide of one person, step by step."""
    witness, sources = Witness(subject.person), recalled.sources
    draft = make_planner(tools, sources, witness=witness).draft(approvals=sources.approvals)
    worker = witness.worker or subject.profile
    doubts = list(_doubts(recalled, subject))
    verdicts = tuple(
        find_verdicts(
            draft,
            witness,
            history=tools.history,
            released=[hold for hold in tools.review.holds(tools.name) if hold.released_at],
            doubts=doubts,
            otherwise=_why_nothing(witness, subject),
        )
    )
    return ExplainedWorker(
        worker=worker.known_as,
        worker_type=worker.worker_type,
        label=label(worker),
        verdict=sum_up(verdicts),
        notes=(*_namesakes(subject), *_notes(tools, recalled, draft)),
        read=read_step(tools, recalled, subject, worker, problem=doubts[0].reason if doubts else None),
        scope=ScopeStep(
            in_scope=witness.in_scope,
            setting=None if witness.in_scope else "sync.contingent_workers = false",
            jobs=tuple(routed_jobs(tools, worker)),
        ),
        match=match_step(tools, recalled, subject, witness),
        map=tuple(mapped_fields(tools, witness)),
        decide=verdicts,
        order=tuple(find_order(draft, witness)),
    )


def _doubts(recalled: Recalled, subject: Subject) -> Iterator[Parked]:
    """What keeps somebody out of a plan before anything is decided of them: the reading itself."""
    gathered = recalled.sources.gathered
    extract = gathered.extracts.get(_WORKERS)
    if extract is not None:
        for each in extract.faults:
            if each.key in subject.profiles:
                worker = subject.profile if each.key == subject.profile.key else None
                yield park_fault(extract.scope, each, worker=worker)
    if not subject.shown:
        number = subject.profile.known_as
        yield from (each for each in gathered.parked if (each.code, each.key) == ("not_shown", number))


def _why_nothing(witness: Witness, subject: Subject) -> str:
    if not witness.in_scope:
        return "contingent workers are out of scope as configured"
    if not subject.shown:
        return "Workday shows this worker no more: absence is not an ending"
    return "has ended, or was never to begin, and no plant knows them"


def _namesakes(subject: Subject) -> Iterator[str]:
    number = subject.profile.employee_id
    yield from (f"somebody else bears {number} too: ml-connector explain worker {wid}" for wid in subject.namesakes)


def _notes(tools: SyncTools, recalled: Recalled, draft: Draft) -> Iterator[str]:
    newest, sources = tools.store.newest_plan(), recalled.sources
    if recalled.other_day:
        yield f"the last reading was as of {recalled.workers.effective_on}: ml-connector plan   reads today's"
    if newest is not None and newest.crosswalk and newest.crosswalk != sources.crosswalk.version:
        moment = f"{sources.gathered.as_of.entered_at:%Y-%m-%d %H:%M} UTC"
        yield f"the mapping changed since the reading of {moment}; this is decided by the mapping as it is now"
    for hold in draft.holds:
        if hold.guard in {"population_drop", "missing_section"}:
            yield f"held {hold.id}: {hold.reason}"
    for kept in tools.review.holds(tools.name, state="open"):
        if kept.guard in ON_CLOCK:
            yield f"held {kept.id}: {kept.reason}"
