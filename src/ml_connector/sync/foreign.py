"""What a plant's data sources tell of another plant's people is believed of neither (`connectors.plex.whose`)."""

from __future__ import annotations

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.plex.catalog import READS
from ml_connector.connectors.plex.whose import find_foreign, set_user
from ml_connector.snapshot.extract import Extract
from ml_connector.sync.change import Hold, make_hold
from ml_connector.sync.gather import Gathered
from ml_connector.sync.tools import SyncTools

GUARD = "foreign_plant"


def watch_plants(tools: SyncTools, gathered: Gathered) -> None:
    """Take out of *gathered* what a plant's data sources told of another plant, and hold it."""
    read = {plant: _find(gathered, RecordType.EMPLOYEE_ATTRIBUTES, plant) for plant in gathered.today}
    # As the last believed reading had it, to the letter, it was looked at then.
    shown = {plant: _keys(tools, extract) for plant, extract in read.items() if extract is not None and extract.whole}
    if not shown:
        return
    people = {plant: _keys(tools, _find(gathered, RecordType.EMPLOYEE, plant)) for plant in gathered.today}
    foreign = find_foreign(people, shown)
    for plant in foreign:
        for kind in READS:
            extract = gathered.extracts.pop(("plex", kind.value, plant), None)
            if extract is not None and extract.whole:
                tools.extracts.disbelieve(extract.id)
    # Told once, at its cause: what else looks wrong about such lists, nobody may release.
    gathered.holds = [hold for hold in gathered.holds if not (hold.plant in foreign and hold.type in READS)]
    gathered.holds += [_hold(plant, other) for plant, other in foreign.items()]


def _find(gathered: Gathered, kind: RecordType, plant: str) -> Extract | None:
    """How a list was read, also where it is held already: of whose records it is another question."""
    place = ("plex", kind.value, plant)
    return gathered.extracts.get(place, gathered.doubted.get(place))


def _keys(tools: SyncTools, extract: Extract | None) -> set[str]:
    return set() if extract is None else set(tools.snapshots.keys(extract.scope, extract_id=extract.id))


def _hold(plant: str, other: str) -> Hold:
    return make_hold(
        GUARD,
        kind=RecordType.EMPLOYEE_ATTRIBUTES.value,
        plant=plant,
        members=[f"{GUARD}|{plant}|{other}"],
        reason=f"{GUARD}: the data sources of plant {plant} show the people of plant {other}; nothing is written by them",
        remedy=set_user(plant, other),
        releasable=False,
    )
