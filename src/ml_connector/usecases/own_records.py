"""Which Plex records are a person's, as Plex was last read and with what was written since."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping.record_ids import ids_made_of
from ml_connector.snapshot.extracts.store import Believed, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.recall import look_after
from ml_connector.timeline.links.store import LinkStore


class Employees:
    """
    The employees Plex holds by what one command knows: what was written since the reading is looked up once, when first
    asked.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._worn: dict[str, dict[str, PlexRecord]] = {}

    def find(self, plant: str, *, keys: Sequence[str]) -> dict[str, PlexRecord]:
        """Those of these employees that a plant holds, by key; none where it was never read."""
        scope, believed = self._believed(plant)
        return {} if believed is None else self._snapshots.find(scope, keys=keys, of=PlexRecord, extract_id=believed.id)

    def wearing(self, plant: str, badge: str) -> PlexRecord | None:
        """Who wears a badge number in a plant."""
        if plant not in self._worn:
            self._worn[plant] = {str(each.fields.get("badge_number")): each for each in self._read(plant)}
        return self._worn[plant].get(badge)

    def _read(self, plant: str) -> Sequence[PlexRecord]:
        scope, believed = self._believed(plant)
        return () if believed is None else list(self._snapshots.read(scope, of=PlexRecord, extract_id=believed.id))

    def _believed(self, plant: str) -> tuple[Scope, Believed | None]:
        scope = Scope(self._app.name, "plex", RecordType.EMPLOYEE, plant)
        return scope, self._app.tools.extracts.last_believed(scope)

    @cached_property
    def _snapshots(self) -> SnapshotStore:
        return look_after(self._app.tools)


def find_made_ids(app: App, person: str) -> dict[str, str]:
    """The id we make for a person, by plant."""
    return ids_made_of(person, tenant=app.connection.workday.tenant, plants=app.connection.plex.pcns)


def find_own_records(
    app: App, store: LinkStore, person: str, *, plant: str, employees: Employees
) -> dict[str, PlexRecord]:
    """The records a person has in a plant, by key: the one that was chosen, else those made for them."""
    chosen = store.adopted(person=person).get((plant, person))
    keys = [chosen] if chosen is not None else sorted(find_made_ids(app, person).values())
    return employees.find(plant, keys=keys)
