"""The first four steps of an explanation: what was read, whose it is, who it is, and how it is mapped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from msgspec import UnsetType

from ml_connector.canonical.keys import known_text
from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import Job, Organizations, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.origin import ORIGINS, RULES
from ml_connector.mapping.record_ids import ids_made_of
from ml_connector.mapping.routing import best_route, route
from ml_connector.mapping.rules import is_owned
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.sync.explained import MappedField, MatchedRecord, MatchStep, ReadStep, RoutedJob
from ml_connector.sync.recall import Recalled
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.upstream import owners_of
from ml_connector.sync.witness import Witness
from ml_connector.timeline.fact import as_known
from ml_connector.timeline.identity import UNIVERSAL, WID, aliases_of, identify


class Subject(NamedTuple):
    """
    Who is explained: the *person*, the *profile* that speaks for them as it was last shown, and all *profiles* (WID).

    *shown* is whether the last reading shows that profile; *namesakes* are other people who bear the number asked for.
    """

    person: str
    profile: Worker
    profiles: tuple[str, ...]
    shown: bool
    namesakes: tuple[str, ...] = ()


def read_step(
    tools: SyncTools, recalled: Recalled, subject: Subject, worker: Worker, *, problem: str | None
) -> ReadStep:
    """Say what Workday showed, when, and since when it is so; a *problem* keeps it out of a plan."""
    gathered, reading, wid = recalled.sources.gathered, recalled.workers, subject.profile.key
    day = min(gathered.today.values())
    known = as_known(tools.facts.of([wid]).get(wid, ()), on=day, by=gathered.as_of.entered_at)
    unseen = None if subject.shown else "the last reading does not show this worker; this is what was shown before"
    return ReadStep(
        surface=tools.connection.workday.surface,
        extract=reading.number,
        effective_on=reading.effective_on,
        entered_at=reading.entered_at,
        whole_at=reading.whole_at,
        hash=tools.snapshots.hash_of(Scope(tools.name, "workday", "worker"), key=wid),
        holds_from=None if known is None else known.effective_on.isoformat(),
        known_at=None if known is None else known.entered_at.isoformat(),
        facts=_facts(worker),
        problem=problem or unseen,
    )


def _facts(worker: Worker) -> dict[str, str | bool | None]:
    """What decides, as Workday says it; a fact it leaves out is left out here."""
    job, organizations = worker.primary_job or Job(), worker.organizations
    belongs = organizations if isinstance(organizations, Organizations) else Organizations()
    told = {
        "active": worker.active,
        "on_leave": worker.on_leave,
        "hired_on": worker.hired_on,
        "terminated_on": worker.terminated_on,
        "hire_rescinded": worker.hire_rescinded,
        "rehire": worker.rehire,
        "company": belongs.company,
        "cost_center": belongs.cost_center,
        "job_profile": job.job_profile_id,
        "location": job.location_id,
        "manager_id": worker.manager_id,
    }
    known = {name: value for name, value in told.items() if not isinstance(value, UnsetType)}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in known.items()}


def routed_jobs(tools: SyncTools, worker: Worker) -> Iterator[RoutedJob]:
    """Say of each job, the primary one first, which plant takes it and by which route."""
    jobs = () if isinstance(worker.jobs, UnsetType) else worker.jobs
    plants = tools.connection.plex.plants
    for job in sorted(jobs, key=lambda each: not each.primary):
        belongs = worker.organizations if job.primary else job.organizations
        company = None if isinstance(belongs, UnsetType) else known_text(belongs.company)
        location = known_text(job.location_id)
        try:
            plant = route(plants, company=company, location=location)
        except RecordError as error:
            yield RoutedJob(company=company, location=location, primary=job.primary, problem=error.message)
            continue
        best = best_route(plant, company=company, location=location)
        named = None if best is None else f"company {best.company}, location {best.location}"
        yield RoutedJob(company=company, location=location, primary=job.primary, plant=plant.pcn, route=named)


def match_step(tools: SyncTools, recalled: Recalled, subject: Subject, witness: Witness) -> MatchStep:
    """Say who it is, by which name, and which records in Plex they are."""
    return MatchStep(
        person=subject.person,
        by=_known_by(tools, subject),
        profiles=subject.profiles,
        records=tuple(_records(tools, recalled, subject.person, witness)),
    )


def _known_by(tools: SyncTools, subject: Subject) -> str:
    """By which of their names a profile is known to be the person's."""
    profile = subject.profile
    known = tools.links.find(aliases_of(profile))
    try:
        universals = tools.links.universal_ids(sorted({each.person for each in known.values()}))
        how = identify(profile, known, settled=tools.links.any(), universals=universals).how
    except RecordError as error:
        return f"nobody: {error.message}"
    if how is None:
        return "nobody yet: somebody new"
    if known[how].decided:
        return "a person's decision (links relink)"
    return {UNIVERSAL: f"universal id {how.value}", WID: "WID"}.get(how.kind, f"{how.kind} number {how.value}")


def _records(tools: SyncTools, recalled: Recalled, person: str, witness: Witness) -> Iterator[MatchedRecord]:
    """The Plex employees the person is, or is to be, plant by plant."""
    made = ids_made_of(person, tenant=tools.connection.workday.tenant, plants=recalled.sources.gathered.today)
    sources, wanted = recalled.sources, {(each.plant, each.key) for each in witness.wanted}
    for plant in sources.gathered.today:
        adopted = sources.who.adopted.get((plant, person))
        key = adopted or made[plant]
        found = {kind: _find(recalled, kind, plant, key) for kind in ("employee", "employee_attributes")}
        employee, attributes = found["employee"], found["employee_attributes"]
        if employee is not None or (plant, key) in wanted:
            chosen = "came along by a transfer" if key in made.values() else "chosen by a person (links)"
            by = chosen if adopted else "our own id for this person in this plant"
            number = None if attributes is None else attributes.fields.get("employee_no")
            yield MatchedRecord(plant=plant, key=key, by=by, found=employee is not None, employee_no=number)


def _find(recalled: Recalled, kind: str, plant: str, key: str) -> PlexRecord | None:
    extract = recalled.sources.gathered.extracts.get(("plex", kind, plant))
    if extract is None:
        return None
    found = recalled.sources.snapshots.find(extract.scope, keys=[key], of=PlexRecord, extract_id=extract.id)
    return found.get(key)


def mapped_fields(tools: SyncTools, witness: Witness) -> Iterator[MappedField]:
    """Say of each field where its value comes from."""
    held = {(each.item.type, each.item.plant): each.actual for each in witness.compared}
    owners = owners_of(tools.connection)
    for item in witness.wanted:
        actual = held.get((item.type, item.plant))
        for field, value in item.fields.items():
            yield MappedField(
                plant=item.plant,
                type=item.type,
                field=field,
                value=value,
                held=None if actual is None else actual.fields.get(field),
                workday=ORIGINS[item.type][field],
                rule=RULES[item.type][field],
                compared=is_owned(item.type, field, owners=owners),
                spoken=item.spoken.get(field),
                mapping=item.rows.get(field),
            )
