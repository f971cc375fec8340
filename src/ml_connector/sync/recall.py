"""
Both sides as they were last read and believed, for whoever asks what would be decided: no network, and nothing is kept.

What was written since the reading counts as if it had been read: Plex confirmed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar

import msgspec

from ml_connector.canonical.keys import AsOf
from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import UsageError
from ml_connector.review.store import HoldInfo
from ml_connector.snapshot.extract import Extract
from ml_connector.snapshot.extracts.store import Believed, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import Untranslatable
from ml_connector.storage.database import Database
from ml_connector.sync.allowance import PEOPLE
from ml_connector.sync.belief import ON_CLOCK
from ml_connector.sync.change import Change, Hold, left_by
from ml_connector.sync.gather import PLEX_TYPES, WORKDAY_TYPES, Gathered, park_faults, plant_days
from ml_connector.sync.identify import recognize_workers
from ml_connector.sync.policy import ON_CHANGES
from ml_connector.sync.sources import Sources, find_approvals, find_moving, find_outbox, find_refused
from ml_connector.sync.tools import SyncTools

_T = TypeVar("_T")
# Guards that look at what is decided look again; one on the clock lets nobody read.
_LOOK_AGAIN = ON_CHANGES | ON_CLOCK | {"missing_section"}
_FAULT = msgspec.json.Decoder(Untranslatable)


class Recalled(NamedTuple):
    """What a plan would be drawn up from now; *workers* is the reading of Workday's workers it speaks by."""

    sources: Sources
    workers: Believed
    other_day: bool


def recall(tools: SyncTools) -> Recalled:
    """
    Give what the last reading showed, as a plan would see it.

    Raises:
        UsageError: nothing was ever read.
    """
    population = Scope(tools.name, "workday", "worker")
    workers = tools.extracts.last_believed(population, doubted=True)
    if workers is None:
        raise UsageError("nothing was read yet", remedy="ml-connector plan   reads both systems and writes to neither")
    entered_at = datetime.fromisoformat(workers.entered_at).astimezone(UTC)
    days = plant_days(tools.connection.plex.plants, entered_at)
    latest = date.fromisoformat(workers.effective_on)
    other_day = latest != max(days.values())
    today = dict.fromkeys(days, latest) if other_day else days
    gathered = Gathered(as_of=AsOf(effective_on=latest, entered_at=entered_at), looked_at=tools.clock(), today=today)
    _add_extracts(tools, gathered)
    gathered.parked += [item for item in tools.review.parked(tools.name) if item.code == "not_shown"]
    sources = Sources(
        gathered=gathered,
        approvals=find_approvals(tools),
        crosswalk=tools.crosswalk(today),
        refused=find_refused(tools),
        who=recognize_workers(tools, gathered.extracts.get(population[1:]), today=min(today.values())),
        outbox=find_outbox(tools, gathered, other_day=other_day),
        moving=find_moving(tools),
        snapshots=look_after(tools),
    )
    return Recalled(sources, workers, other_day)


def look_after(tools: SyncTools) -> Afterwards:
    """What was read last, with what was written since."""
    written = [intent.change for intent in tools.history.applied_since_reading()]
    return Afterwards(tools.database, tools.name, written)


def _add_extracts(tools: SyncTools, gathered: Gathered) -> None:
    """Every reading that counts; one that a guard holds does not, and its hold is told again."""
    open_holds = [each for each in tools.review.holds(tools.name, state="open") if each.guard not in _LOOK_AGAIN]
    gathered.holds += map(_hold, open_holds)
    held = {(each.type, each.plant) for each in open_holds if each.guard != "population_drop"}
    scopes = [Scope(tools.name, "workday", kind.value) for kind in WORKDAY_TYPES]
    scopes += [Scope(tools.name, "plex", kind.value, plant) for plant in gathered.today for kind in PLEX_TYPES]
    for scope in scopes:
        read = tools.extracts.last_believed(scope, doubted=True)
        if read is not None and (scope.type, scope.plant) not in held:
            extract = _extract(tools.snapshots, scope, read)
            gathered.extracts[scope[1:]] = extract
            gathered.parked += park_faults(extract, tools.snapshots)


def _extract(snapshots: SnapshotStore, scope: Scope, read: Believed) -> Extract:
    faults = tuple(map(_FAULT.decode, snapshots.faults(scope, extract_id=read.id)))
    return Extract(
        id=read.id, content_id=read.content_id, scope=scope, total=read.total, before=read.total, faults=faults
    )


def _hold(kept: HoldInfo) -> Hold:
    return Hold(
        id=kept.id,
        guard=kept.guard,
        type=kept.type,
        plant=kept.plant,
        members=kept.members,
        reason=kept.reason,
        remedy=kept.remedy,
        releasable=kept.releasable,
        explanation=kept.explanation,
    )


class Afterwards(SnapshotStore):
    """Snapshots over which lies what was written to Plex since."""

    def __init__(self, database: Database, name: str, written: Iterable[Change]) -> None:
        """*name* is the connection's."""
        super().__init__(database)
        self._name = name
        self._written: dict[tuple[str, str], dict[str, list[Change]]] = {}
        self._origins: dict[tuple[str, str], dict[str, Scope]] = {}
        self._gone: dict[tuple[str, str], set[str]] = {}
        for change in written:
            if change.system == "plex":
                self._written.setdefault((change.type, change.plant), {}).setdefault(change.key, []).append(change)
            if change.action == "transfer":
                self._move(change)

    def _move(self, change: Change) -> None:
        """All there is of a person in a plant goes along."""
        for kind in PEOPLE:
            origin = Scope(self._name, "plex", kind, change.origin)
            self._written.setdefault((kind, change.plant), {}).setdefault(change.key, [])
            self._origins.setdefault((kind, change.plant), {})[change.key] = origin
            self._gone.setdefault((kind, change.origin), set()).add(change.key)

    def read(
        self, scope: Scope, *, of: type[_T], extract_id: int | None = None, leave_out: Collection[str] = ()
    ) -> Iterator[_T]:
        """As there, in no order where something was written."""
        if scope.side != "plex":
            yield from super().read(scope, of=of, extract_id=extract_id, leave_out=leave_out)
            return
        gone = self._gone.get((scope.type, scope.plant), ())
        written = {key: changes for key, changes in self._over(scope).items() if key not in gone}
        for record in super().read(scope, of=PlexRecord, extract_id=extract_id, leave_out=leave_out):
            if record.key not in gone:
                yield _seen_as(of, _after(record, written.pop(record.key, ())))
        for key, changes in written.items():
            yield _seen_as(of, self._born(scope, key, changes))

    def find(self, scope: Scope, *, keys: Sequence[str], of: type[_T], extract_id: int | None = None) -> dict[str, _T]:
        """As there."""
        if scope.side != "plex":
            return super().find(scope, keys=keys, of=of, extract_id=extract_id)
        found = super().find(scope, keys=keys, of=PlexRecord, extract_id=extract_id)
        written, gone = self._over(scope), self._gone.get((scope.type, scope.plant), ())
        for key in written.keys() & set(keys):
            record = found.get(key)
            found[key] = self._born(scope, key, written[key]) if record is None else _after(record, written[key])
        return {key: _seen_as(of, record) for key, record in found.items() if key not in gone}

    def _over(self, scope: Scope) -> dict[str, list[Change]]:
        """What was written to a type of Plex's in a plant, by key."""
        return self._written.get((scope.type, scope.plant), {})

    def _born(self, scope: Scope, key: str, changes: Sequence[Change]) -> PlexRecord:
        """A record that no reading of the plant showed: new, or brought from another one as it was there in the end."""
        new = PlexRecord(type=scope.type, plant=scope.plant, key=key, fields={})
        origin = self._origins.get((scope.type, scope.plant), {}).get(key)
        if origin is None:
            return _after(new, changes)
        there = super().find(origin, keys=[key], of=PlexRecord).get(key, new)
        there = _after(there, self._over(origin).get(key, ()))
        return _after(msgspec.structs.replace(there, plant=scope.plant), changes)


def _seen_as(of: type[_T], record: PlexRecord) -> _T:
    """A record as whoever asks wants to see it, who may want less than all of it."""
    return record if isinstance(record, of) else msgspec.convert(record, of, from_attributes=True)


def _after(record: PlexRecord, changes: Sequence[Change]) -> PlexRecord:
    fields = dict(record.fields)
    for change in changes:
        fields |= left_by(change)
    return msgspec.structs.replace(record, fields=fields)
