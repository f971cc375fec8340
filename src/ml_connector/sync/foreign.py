"""What a plant's data sources tell of another plant's people is believed of neither (`connectors.plex.whose`)."""

from __future__ import annotations

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.plex.catalog import READS
from ml_connector.connectors.plex.whose import find_foreign, set_user
from ml_connector.sync.change import Hold, make_hold
from ml_connector.sync.gather import Gathered
from ml_connector.sync.tools import SyncTools

GUARD = "foreign_plant"


def watch_plants(tools: SyncTools, gathered: Gathered) -> None:
    """Take out of *gathered* what a plant's data sources told of another plant, and hold it."""
    shown = {
        plant: _keys(tools, gathered, RecordType.EMPLOYEE_ATTRIBUTES, plant)
        for plant in gathered.today
        # As the last believed reading had it, to the letter, it was looked at then.
        if (extract := gathered.extracts.get(("plex", RecordType.EMPLOYEE_ATTRIBUTES.value, plant))) and extract.whole
    }
    people = {plant: _keys(tools, gathered, RecordType.EMPLOYEE, plant) for plant in gathered.today} if shown else {}
    for plant, other in find_foreign(people, shown).items():
        gathered.holds.append(_hold(plant, other))
        for kind in READS:
            extract = gathered.extracts.pop(("plex", kind.value, plant), None)
            if extract is not None:
                tools.extracts.disbelieve(extract.id)


def _keys(tools: SyncTools, gathered: Gathered, kind: RecordType, plant: str) -> set[str]:
    extract = gathered.extracts.get(("plex", kind.value, plant))
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
