"""Which Plex records are a person's, as Plex was last read and with what was written since."""

from __future__ import annotations

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping.record_ids import ids_made_of
from ml_connector.snapshot.store import Scope
from ml_connector.sync.recall import look_after
from ml_connector.timeline.links.store import LinkStore


def plants_of(app: App) -> list[str]:
    """The plants of the connection, by PCN."""
    return [each.pcn for each in app.connection.plex.plants]


def find_made_ids(app: App, person: str) -> dict[str, str]:
    """The id we make for a person, by plant."""
    return ids_made_of(person, tenant=app.connection.workday.tenant, plants=plants_of(app))


def find_own_records(app: App, store: LinkStore, person: str, *, plant: str) -> dict[str, PlexRecord]:
    """The records a person has in a plant, by key: the one that was chosen, else those made for them."""
    chosen = store.adopted().get((plant, person))
    keys = [chosen] if chosen is not None else sorted(find_made_ids(app, person).values())
    return find_employees(app, plant, keys=keys)


def find_employees(app: App, plant: str, *, keys: list[str]) -> dict[str, PlexRecord]:
    """Those of these employees that a plant holds, by key; none where it was never read."""
    snapshots, scope = look_after(app.tools), Scope(app.name, "plex", RecordType.EMPLOYEE, plant)
    believed = snapshots.last_believed(scope)
    return {} if believed is None else snapshots.find(scope, keys=keys, of=PlexRecord, extract_id=believed.id)
