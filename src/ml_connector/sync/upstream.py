"""
Both directions through the same plan: a change without a plant is one of Workday's records, every other one of Plex's.

Here is what differs between the two: where the record is read, how it looks flat, and whether it may be written at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from ml_connector.canonical.keys import NativeRecord
from ml_connector.canonical.organization import CostCenter
from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping import workday as workday_mapping
from ml_connector.mapping.cost_centers import to_record
from ml_connector.mapping.plex import to_plant_record
from ml_connector.mapping.rules import Owner, Owners
from ml_connector.settings.model import Connection
from ml_connector.settings.workday import WorkdayConnection
from ml_connector.snapshot.extract import Extract
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.allowance import member_of
from ml_connector.sync.change import Change, Hold, make_hold
from ml_connector.sync.policy import WRITES_OFF

_PUT = "grant the integration system security group Put access to the domain “Manage: Cost Center”"


class Key(NamedTuple):
    """Where a reading is found: side, type, plant."""

    side: str
    type: str
    plant: str


def owners_of(connection: Connection) -> Owners:
    """Whose word counts, as configured."""
    return Owners(cost_centers=Owner(connection.sync.cost_centers))


def keys_of(change: Change) -> list[Key]:
    """The readings a change was compared with: of one plant, or of both that a transfer is about."""
    plants = [change.plant, change.origin] if change.action == "transfer" else [change.plant]
    return [Key(change.system, change.type, plant) for plant in plants]


def find_held(snapshots: SnapshotStore, extract: Extract, *, keys: Sequence[str]) -> dict[str, PlexRecord]:
    """What a reading of the side that is written showed under these keys, flat."""
    if extract.scope.side == "plex":
        return snapshots.find(extract.scope, keys=keys, of=PlexRecord, extract_id=extract.id)
    found = snapshots.find(extract.scope, keys=keys, of=CostCenter, extract_id=extract.id)
    return {key: to_record(center) for key, center in found.items()}


def to_flat(native: NativeRecord, change: Change) -> PlexRecord:
    """
    A record of the side that *change* writes to, flat.

    Raises:
        RecordError: it cannot be read.
    """
    if change.system == "plex":
        return to_plant_record(native, plant=change.plant)
    center = workday_mapping.to_canonical(native)
    assert isinstance(center, CostCenter)  # noqa: S101 - nothing else is written to Workday
    return to_record(center)


def why_not_written(workday: WorkdayConnection, *, name: str) -> tuple[str, str] | None:
    """Why nothing may be written to Workday as connection *name* is configured, and what to do; None where it may."""
    table = f"[connections.{name}.workday]"
    if workday.surface != "soap":
        return (
            f'surface = "{workday.surface}" cannot write',
            f'set surface = "soap" in {table}; the plan shows what would be written',
        )
    if not workday.writes:
        return "writing to Workday is off", f"{_PUT}, then set writes = true in {table}"
    return None


def hold_unwritable(
    changes: Sequence[Change], workday: WorkdayConnection, *, name: str
) -> tuple[list[Change], list[Hold]]:
    """Hold what would be written to Workday where it may not be: shown, and never sent."""
    why = why_not_written(workday, name=name)
    upstream = [change for change in changes if change.system == "workday"]
    if why is None or not upstream:
        return list(changes), []
    reason, remedy = why
    what = "1 cost center" if len(upstream) == 1 else f"{len(upstream)} cost centers"
    hold = make_hold(
        WRITES_OFF,
        kind="cost_center",
        plant="",
        members=[member_of(change) for change in upstream],
        reason=f"{what} would be written to Workday: {reason}",
        remedy=remedy,
        releasable=False,
    )
    held = [msgspec.structs.replace(it, hold=hold.id) if it.system == "workday" else it for it in changes]
    return held, [hold]


def read_plants(
    snapshots: SnapshotStore, extracts: Mapping[tuple[str, str, str], Extract], *, kind: str
) -> dict[str, dict[str, PlexRecord]]:
    """One type of every plant that could be read, by plant and key."""
    return {
        plant: {record.key: record for record in snapshots.read(extract.scope, of=PlexRecord, extract_id=extract.id)}
        for (side, type_, plant), extract in extracts.items()
        if (side, type_) == ("plex", kind)
    }
