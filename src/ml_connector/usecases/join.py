"""What a decision on a worker would do, looked at before it is made: who is at work twice, whose Plex record nobody would be."""

from __future__ import annotations

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import ApprovalRequiredError, RecordError, UsageError
from ml_connector.mapping.plex import employee_uuid
from ml_connector.snapshot.store import Scope, SnapshotStore
from ml_connector.timeline.identity import aliases_of, identify, is_at_work
from ml_connector.timeline.store import LinkStore, Profile


def settle(app: App, store: LinkStore, profile: Profile, *, name: str) -> Profile:
    """
    The profile with the person it is by the rules; a choice of a Plex record answers no open question (ED-12).

    Raises:
        UsageError: nobody can say who it is yet.
    """
    scope = Scope(app.name, "workday", RecordType.WORKER)
    shown = SnapshotStore(app.database).find(scope, keys=[profile.wid], of=Worker).get(profile.wid)
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


def check_not_both_at_work(
    app: App, store: LinkStore, profile: Profile, other: Profile, *, names: tuple[str, str]
) -> None:
    """
    Let nobody be joined to whom they work beside: one person has one active profile at a time (WP-01).

    Raises:
        UsageError: both are active, as they were last shown.
    """
    theirs = {other.wid, other.person, *(wid for wid, one in store.joined().items() if one == other.person)}
    scope = Scope(app.name, "workday", RecordType.WORKER)
    shown = SnapshotStore(app.database).find(scope, keys=sorted({profile.wid, *theirs}), of=Worker)
    active = {wid for wid, each in shown.items() if is_at_work(each, today=app.clock().date())}
    worker, to = names
    if profile.wid in active and active & theirs - {profile.wid}:
        raise UsageError(
            f"{worker} and {to} are both active in Workday, so they would wait, both of them; nothing was changed",
            remedy=f"if they are one person, end one of the two in Workday; after the next ml-connector plan: "
            f"ml-connector links relink {worker} --to {to}",
        )


def check_nothing_left(app: App, store: LinkStore, profile: Profile, *, names: tuple[str, str]) -> None:
    """
    Say which Plex records of a worker nobody would be after a join; the other's go on for both.

    Raises:
        ApprovalRequiredError: there are such records, as Plex was last read.
    """
    if profile.person != profile.wid:
        return
    adopted, snapshots, left = store.adopted(), SnapshotStore(app.database), []
    for plant in (each.pcn for each in app.connection.plex.plants):
        made = employee_uuid(app.connection.workday.tenant, plant=plant, person=profile.person)
        key = adopted.get((plant, profile.person), made)
        scope = Scope(app.name, "plex", RecordType.EMPLOYEE, plant)
        believed = snapshots.last_believed(scope)
        if believed is not None:
            found = snapshots.find(scope, keys=[key], of=PlexRecord, extract_id=believed.id)
            left += [f"plant {plant}: {each.key} ({each.fields.get('status')})" for each in found.values()]
    worker, to = names
    if left:
        raise ApprovalRequiredError(
            f"{worker} has a Plex record that would be nobody's then, and stay as it is: {'; '.join(left)}. "
            f"The record of {to} would go on for both. Nothing was changed",
            remedy=f"ml-connector links relink {worker} --to {to} --accept   does it; what stays behind is ended in Plex by hand",
        )
