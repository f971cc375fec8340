"""
What a decision on a worker would do, looked at before it is made: who is at work twice, whose Plex record nobody would
be.
"""

from __future__ import annotations

from msgspec import UnsetType

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import known_text
from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import ApprovalRequiredError, RecordError, UsageError
from ml_connector.mapping.routing import route
from ml_connector.timeline.identity import aliases_of, identify, is_at_work
from ml_connector.timeline.links.store import LinkStore, Profile
from ml_connector.usecases.known import known_workers, last_days
from ml_connector.usecases.own_records import Employees, find_own_records
from ml_connector.usecases.part import find_exchanged

LEFTOVER = "what stays behind is ended in Plex by hand, and given another badge there: no badge is worn twice"
"""What becomes of a record that nobody is any more; Plex lets nobody have its badge, though it has ended."""


def settle(app: App, store: LinkStore, profile: Profile, *, name: str) -> Profile:
    """
    The profile with the person it is by the rules; a choice of a Plex record answers no open question (ED-12).

    Raises:
        UsageError: nobody can say who it is yet.
    """
    shown = known_workers(app, [profile.wid]).get(profile.wid)
    if shown is None:
        return profile
    known = store.find(aliases_of(shown))
    universals = store.universal_ids(sorted({each.person for each in known.values()}))
    try:
        return Profile(profile.wid, identify(shown, known, settled=store.any(), universals=universals).person)
    except RecordError as error:
        raise UsageError(
            f"nobody can say yet who {name} is ({error.message}), and a Plex record says nothing of that; "
            "nothing was changed",
            remedy=f"first ml-connector links relink {name} --to WORKER   (whose record it is), "
            f"or ml-connector links relink {name} --new",
        ) from error


def moved_by(store: LinkStore, profile: Profile) -> list[str]:
    """The profiles a join takes along: whoever others were joined to takes them along."""
    others = store.followers(profile.wid) if profile.wid == profile.person else []
    return [profile.wid, *others]


def find_both_at_work(app: App, store: LinkStore, profile: Profile, person: str) -> tuple[Worker, Worker] | None:
    """
    Who is active of a profile and those joined to it, and who of those that are *person*, as they were last shown; None
    unless there is one of each.
    """
    today, moved = min(last_days(app).values()), moved_by(store, profile)
    theirs = {person, *store.followers(person)} - set(moved)
    known = known_workers(app, [*moved, *theirs])
    active = {wid: each for wid, each in known.items() if is_at_work(each, today=today)}
    one, other = (next((active[wid] for wid in wids if wid in active), None) for wids in (moved, sorted(theirs)))
    return None if one is None or other is None else (one, other)


def check_not_both_at_work(
    app: App, store: LinkStore, profile: Profile, other: Profile, *, names: tuple[str, str]
) -> None:
    """
    Let nobody be joined to whom they work beside: one person has one active profile at a time (WP-01).

    Raises:
        UsageError: both are active, as they were last shown.
    """
    worker, to = names
    both = find_both_at_work(app, store, profile, other.person)
    if both is not None:
        named = (
            name if name in {each.known_as, each.employee_id} else f"{each.known_as} (one person with {name})"
            for name, each in zip(names, both, strict=True)
        )
        raise UsageError(
            f"{' and '.join(named)} are both active in Workday, so they would wait, both of them; nothing was changed",
            remedy=f"if they are one person, end one of the two in Workday; after the next ml-connector plan: "
            f"ml-connector links relink {worker} --to {to}",
        )


def check_join(app: App, store: LinkStore, profile: Profile, other: Profile, *, names: tuple[str, str]) -> None:
    """
    Say who would be one person where their family names differ, and which Plex records of the first nobody would be
    then.

    Raises:
        ApprovalRequiredError: there is something to be said, as both systems were last read and Plex written since.
    """
    worker, to = names
    said = _told_apart(app, profile, other, names=names)
    left: list[str] = []
    if profile.person == profile.wid:
        go_on = {each.plant for each in find_exchanged(app, store, profile.person) if other.person in each.people}
        stay = [plant for plant in app.connection.plex.pcns if plant not in go_on]
        employees = Employees(app)
        left = [told for plant in stay for told in _left(app, store, profile.person, plant, employees=employees)]
    if left:
        said += (
            f"{worker} has a Plex record that would be nobody's then, and stay as it is: {'; '.join(left)}. "
            f"The record of {to} would go on for both. "
        )
    if said:
        raise ApprovalRequiredError(
            f"{said}Nothing was changed",
            remedy=f"ml-connector links relink {worker} --to {to} --accept   if they are one person"
            + (f"; {LEFTOVER}" if left else ""),
        )


def _told_apart(app: App, profile: Profile, other: Profile, *, names: tuple[str, str]) -> str:
    """Both names, where the family names differ."""
    shown = known_workers(app, [profile.wid, other.wid])
    one, another = (shown.get(each.wid) for each in (profile, other))
    if one is None or another is None or _family(one) == _family(another):
        return ""
    worker, to = names
    return f"{worker} is {_name(one)}, and {to} is {_name(another)}. "


def _family(worker: Worker) -> str:
    return "" if isinstance(worker.name, UnsetType) else (known_text(worker.name.family) or "").casefold()


def check_works_there(app: App, store: LinkStore, profile: Profile, *, plant: str, name: str) -> None:
    """
    Let nobody be a Plex employee of a plant they have no job in: they would be moved from it, or ended (WP-09).

    Raises:
        UsageError: the worker is at work, and in other plants only.
    """
    worker = _speaks(app, store, profile)
    if worker is None or not is_at_work(worker, today=min(last_days(app).values())):
        return
    plants = _plants_of(app, worker)
    if plants and plant not in plants:
        here = ", ".join(sorted(plants))
        raise UsageError(
            f"{name} has no job in plant {plant}, but in {here}: a Plex employee of plant {plant} would be moved or "
            "ended as theirs; nothing was changed",
            remedy=f"ml-connector links relink {name} --plex BADGE --plant {min(plants)}   with an employee of that plant; "
            "what is in another one is ended in Plex by hand",
        )


def check_choice(
    app: App,
    store: LinkStore,
    profile: Profile,
    *,
    plant: str,
    employee: PlexRecord,
    employees: Employees,
    name: str,
    names_seen: bool = False,
) -> None:
    """
    Say what becomes of a Plex employee that is chosen for a worker, and of the worker's own record.

    With *names_seen* somebody looked at both names already; of a record that we wrote to they say nothing.

    Raises:
        ApprovalRequiredError: the names differ, or a record of the worker's own would be nobody's then.
    """
    worker, held = _speaks(app, store, profile), employee.fields
    theirs = " ".join(str(held.get(part) or "") for part in ("first_name", "last_name")).strip()
    own = "" if worker is None else _name(worker)
    left = _left(app, store, profile.person, plant, employees=employees, but=employee.key)
    written = app.tools.history.sources_of("employee", key=employee.key)  # by who it was chosen for before
    if (names_seen or own.casefold() == theirs.casefold()) and not left and not written:
        return
    stays = f" {name} has a record that would be nobody's then, and stay as it is: {'; '.join(left)}." if left else ""
    if written:
        stays += f" It was written to as {', '.join(sorted(written))}'s before, so its name and badge prove nothing."
    badge = held.get("badge_number")
    raise ApprovalRequiredError(
        f"Plex employee {badge} of plant {plant} is {theirs or 'without a name'} ({held.get('status')}), and would get "
        f"the name, the number and the status of {name}, {own or 'whose name is not known'}.{stays} Nothing was changed",
        remedy=f"ml-connector links relink {name} --plex {badge} --plant {plant} --accept   if they are one person"
        + (f"; {LEFTOVER}" if left else ""),
    )


def _speaks(app: App, store: LinkStore, profile: Profile) -> Worker | None:
    """The person's profile that is at work; where there is none or several, the named one."""
    shown = known_workers(app, [profile.wid, profile.person, *store.followers(profile.person)])
    today = min(last_days(app).values())
    active = [each for each in shown.values() if is_at_work(each, today=today)]
    return active[0] if len(active) == 1 else shown.get(profile.wid)


def _plants_of(app: App, worker: Worker) -> set[str]:
    """The plants that take one of the worker's jobs; empty where that cannot be told of each of them."""
    found: set[str] = set()
    for job in () if isinstance(worker.jobs, UnsetType) else worker.jobs:
        belongs = worker.organizations if job.primary else job.organizations
        company = None if isinstance(belongs, UnsetType) else known_text(belongs.company)
        try:
            plant = route(app.connection.plex.plants, company=company, location=known_text(job.location_id))
        except RecordError:
            return set()
        found.add(plant.pcn)
    return found


def _name(worker: Worker) -> str:
    if isinstance(worker.name, UnsetType):
        return ""
    return " ".join(known_text(part) or "" for part in (worker.name.given, worker.name.family)).strip()


def _left(app: App, store: LinkStore, person: str, plant: str, *, employees: Employees, but: str = "") -> list[str]:
    """The records a person has in a plant, as they are told; all *but* one."""
    found = find_own_records(app, store, person, plant=plant, employees=employees)
    return [f"plant {plant}: {key} ({each.fields.get('status')})" for key, each in found.items() if key != but]
