"""
Whether we still know who is who: Plex holds records that we made, of workers whom our own links do not name (WP-02).

After a database was lost, or its links were, a rehire or a conversion would get a second record. So no employment
begins or ends in Plex until the links are back, or a person says that there were none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ml_connector.mapping.plex import employee_uuid
from ml_connector.sync.allowance import PEOPLE, over, worker_of
from ml_connector.sync.change import Change, Hold, make_hold
from ml_connector.sync.gather import Gathered
from ml_connector.sync.tools import SyncTools

GUARD = "links_lost"


def watch_links(tools: SyncTools, gathered: Gathered) -> Hold | None:
    """Compare our links with what Plex and our own agreements refer to; None where they go together."""
    known = tools.links.count()
    if known:
        expected = tools.baselines.most_agreed("employee")
        limit = tools.connection.sync.guard.deactivate_over
        return lost(known, expected) if over(max(0, expected - known), population=expected, limit=limit) else None
    referred = sum(1 for _ in _referred(tools, gathered))
    return lost(known, referred) if referred else None


def lost(known: int, expected: int) -> Hold:
    """The hold on whoever would come or go."""
    return make_hold(
        GUARD,
        kind="employee",
        plant="",
        members=[f"links|{known}|{expected}"],
        reason=(
            f"links_lost: we made {expected} employees in Plex, and know who {known} of them "
            f"{'is' if known == 1 else 'are'} any more; nobody is created, ended or taken back"
        ),
        remedy=(
            "restore the latest backup of the database. Without one, look at who would be doubled "
            "(ml-connector plan --all; ml-connector links match, links relink), then `ml-connector release {hold}`"
        ),
    )


def hold_unlinked(changes: Sequence[Change], holds: Sequence[Hold]) -> list[Change]:
    """Hold all of whoever would come or go where the links are lost; what only corrects somebody goes on."""
    found = next((hold.id for hold in holds if hold.guard == GUARD), None)
    if found is None:
        return list(changes)
    going = [change for change in changes if change.type == "employee" and change.action != "update"]
    unsure = {*map(worker_of, going), *((change.origin, change.source) for change in going if change.origin)}
    return [
        msgspec.structs.replace(change, hold=found) if change.type in PEOPLE and worker_of(change) in unsure else change
        for change in changes
    ]


def _referred(tools: SyncTools, gathered: Gathered) -> Iterator[str]:
    """The records in Plex that only we can have made: their ids are what we make of a worker's WID (PX-01)."""
    extract = gathered.extracts.get(("workday", "worker", ""))
    if extract is None:
        return
    wids = list(tools.snapshots.keys(extract.scope, extract_id=extract.id))
    for (side, kind, plant), told in gathered.extracts.items():
        if (side, kind) == ("plex", "employee"):
            held = set(tools.snapshots.keys(told.scope, extract_id=told.id))
            tenant = tools.connection.workday.tenant
            yield from (key for wid in wids if (key := employee_uuid(tenant, plant=plant, person=wid)) in held)
