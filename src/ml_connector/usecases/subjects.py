"""Whom somebody means: a worker by any number or id that people have at hand, in Workday or in Plex."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import CONTINGENT_BADGE, Worker, mark_number
from ml_connector.errors import RecordError, UsageError
from ml_connector.mapping.plex import employee_uuid
from ml_connector.snapshot.extract import Extract
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.recall import Recalled
from ml_connector.sync.sources import find_numbers
from ml_connector.sync.steps import Subject
from ml_connector.timeline.identity import CONTINGENT, UNIVERSAL, Alias, governing


def check_id(text: str, *, kind: str, command: str) -> None:
    """
    Let an id go on only if something stands in it.

    Raises:
        UsageError: it is empty; the remedy is *command*, and where ids of that *kind* are listed.
    """
    if not text.strip():
        raise UsageError(
            "the id is empty",
            remedy=f"ml-connector {command} ID   names one; ml-connector records {kind}   lists those we know",
        )


def find_subject(app: App, recalled: Recalled, text: str) -> Subject:
    """
    The person that *text* names: employee number, contingent worker number (`CW-1001` where both have it), WID,
    universal id, or a Plex employee's id, employee number or badge. Of several who bear a number, whoever is active
    comes first, then the employee.

    Raises:
        UsageError: nobody is known under it.
    """
    check_id(text, kind="worker", command="explain worker")
    joined = recalled.sources.who.joined
    bearers = [joined.get(each.key, each.key) for each in find_bearers(app, text)]
    person = bearers[0] if bearers else _find_person(app, recalled, text)
    if person is None:
        raise UsageError(
            f"nothing is known under {text}",
            remedy="name a worker's number, WID or Plex id; ml-connector records worker   lists whom we know",
        )
    profiles = (person, *sorted(wid for wid, one in joined.items() if one == person))
    scope = Scope(app.name, "workday", RecordType.WORKER)
    snapshots = SnapshotStore(app.database)
    shown = snapshots.find(scope, keys=profiles, of=Worker, extract_id=recalled.workers.id)
    known = shown or snapshots.find(scope, keys=profiles, of=Worker)
    named = {fault.key: fault.name for fault in _extract(recalled, "worker").faults}
    unread = next((named[wid] for wid in profiles if wid in named), person)
    nobody = Worker(key=person, employee_id=unread, worker_type="employee")
    profile = _speaks(list(known.values())) if known else nobody
    namesakes = tuple(dict.fromkeys(each for each in bearers if each != person))
    return Subject(person, profile, profiles, shown=bool(shown), namesakes=namesakes)


def find_wid(app: App, worker: str) -> str | None:
    """A number that was edited in Workday since its profile was first seen stands in the last reading only."""
    return next((each.key for each in find_bearers(app, worker)), None)


def find_bearers(app: App, *names: str) -> list[Worker]:
    """
    The profiles that bear one of these numbers, WIDs or universal ids, as they were last shown; who is active first,
    employees first.
    """
    people = SnapshotStore(app.database).read(Scope(app.name, "workday", RecordType.WORKER), of=Worker)
    found = [
        each for each in people if not {each.known_as, each.employee_id, each.key, each.universal_id}.isdisjoint(names)
    ]
    return sorted(found, key=lambda each: (each.active is not True, each.worker_type != "employee", each.key))


def find_numbers_of(app: App, keys: Collection[str]) -> set[str]:
    """
    The numbers runs know those people by whom these keys name, of all their profiles.

    A bare number that an employee has names no contingent worker; of leavers and whoever works, it names the latter.
    """
    found, named = find_bearers(app, *keys), set[str]()
    for key in keys:
        bearers = [each for each in found if key in {each.known_as, each.employee_id, each.key, each.universal_id}]
        exactly = [each for each in bearers if each.known_as == key] or bearers
        named |= {each.key for each in [one for one in exactly if one.active is True] or exactly}
    joined = app.tools.links.joined()
    numbers = find_numbers(app.tools, {joined.get(wid, wid) for wid in named})
    return set().union(*numbers.values())


def _speaks(profiles: list[Worker]) -> Worker:
    try:
        return governing(profiles)
    except RecordError:
        return min(profiles, key=lambda each: each.key)


def _find_person(app: App, recalled: Recalled, text: str) -> str | None:
    links, joined = app.tools.links, recalled.sources.who.joined
    profile = links.profile(text)
    if profile is not None:
        return joined.get(profile.wid, profile.wid)
    contingent = Alias(CONTINGENT, text.removeprefix(CONTINGENT_BADGE))
    told = links.find([Alias(UNIVERSAL, text), *([contingent] if text.startswith(CONTINGENT_BADGE) else [])])
    if told:
        return next(iter(told.values())).person
    faults = _extract(recalled, "worker").faults
    names = {text, mark_number(CONTINGENT, text)}
    wid = next((each.key for each in faults if not names.isdisjoint({each.name, each.key})), None)
    return joined.get(wid, wid) if wid is not None else _find_in_plex(app, recalled, text)


def _find_in_plex(app: App, recalled: Recalled, text: str) -> str | None:
    """Whose a Plex employee is; nobody's, where we neither wrote it nor a person chose it."""
    who, tenant = recalled.sources.who, app.connection.workday.tenant
    for plant in recalled.sources.gathered.today:
        keys = {record.key for record in _plex_records(recalled, plant) if text in _names(record)}
        for person in _people(app, recalled) if keys else ():
            key = who.adopted.get((plant, person)) or employee_uuid(tenant, plant=plant, person=person)
            if key in keys:
                return person
    return None


def _people(app: App, recalled: Recalled) -> Iterator[str]:
    joined = recalled.sources.who.joined
    workers = SnapshotStore(app.database).read(Scope(app.name, "workday", RecordType.WORKER), of=Worker)
    yield from (joined.get(each.key, each.key) for each in workers)


def _plex_records(recalled: Recalled, plant: str) -> Iterator[PlexRecord]:
    for kind in (RecordType.EMPLOYEE, RecordType.EMPLOYEE_ATTRIBUTES):
        extract = recalled.sources.gathered.extracts.get(("plex", kind, plant))
        if extract is not None:
            yield from recalled.sources.snapshots.read(extract.scope, of=PlexRecord, extract_id=extract.id)


def _names(record: PlexRecord) -> set[str]:
    told = (record.fields.get(name) for name in ("employee_no", "badge_number"))
    return {record.key, *(str(value) for value in told if value is not None)}


def _extract(recalled: Recalled, kind: str) -> Extract:
    return recalled.sources.gathered.extracts["workday", kind, ""]
