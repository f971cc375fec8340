"""
Sentinels: the Plex records both sides have agreed on for longest must still be there, with what we filled in them.

A role or a data source that lost a permission answers as before, with other rows or with an empty column. Somebody's
own edit touches one record; a permission touches them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgspec

from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.connectors.plex.health import ask_for_role
from ml_connector.sync.change import Hold, make_hold
from ml_connector.sync.gather import Gathered
from ml_connector.sync.policy import Approvals
from ml_connector.sync.tools import SyncTools

MANY = 20
_FEW_ROWS, _FEW_COLUMNS = 3, 2
FILLED_FROM = {"cost_center": ("department", "department_code")}
"""The column of a list that is looked up in another list: where that is not shown, the column is empty."""


def watch_sentinels(tools: SyncTools, gathered: Gathered, *, approvals: Approvals) -> None:
    """
    Take out of *gathered* what cannot be believed, and hold it by name: once, at its cause.

    What is empty only because another list is held waits with that list, and goes by itself when it is shown again.
    """
    # Whatever others are filled from goes first.
    for (side, kind, plant), extract in sorted(gathered.extracts.items(), key=lambda each: each[0][1] in FILLED_FROM):
        if side != "plex" or not extract.whole:  # as the last believed reading had it, to the letter
            continue
        agreed = tools.baselines.sentinels(kind, plant, limit=MANY)
        if not agreed:
            continue
        gone = set(tools.snapshots.gone(extract.scope, extract_id=extract.id)) & agreed.keys()
        there = tools.snapshots.find(extract.scope, keys=list(agreed), of=PlexRecord, extract_id=extract.id)
        hold = judge_sentinels(kind, plant, agreed=agreed, there=there, gone=gone)
        if hold is not None and not approvals.cover(hold):
            if not _fold(hold, gathered.holds):
                gathered.holds.append(hold)
            del gathered.extracts[side, kind, plant]
            tools.extracts.disbelieve(extract.id)


def _fold(hold: Hold, holds: list[Hold]) -> bool:
    """Tell a consequence with its cause, where that is among *holds*; whether it is."""
    source, field = FILLED_FROM.get(hold.type, ("", ""))
    if hold.members != (_column(field),):
        return False
    for place, cause in enumerate(holds):
        if (cause.type, cause.plant) == (source, hold.plant):
            reason = (
                f"{cause.reason}; {hold.type} records of plant {hold.plant} wait with it, as they name their {source}"
            )
            holds[place] = msgspec.structs.replace(cause, reason=reason)
            return True
    return False


def _column(field: str) -> str:
    return f"column|{field}"


def judge_sentinels(
    kind: str,
    plant: str,
    *,
    agreed: Mapping[str, Mapping[str, Scalar]],
    there: Mapping[str, PlexRecord],
    gone: Collection[str],
) -> Hold | None:
    """
    Say what is wrong with one type of one plant, or None. Pure.

    *agreed* and *there* are the sentinels by key, as agreed on and as shown now; *gone* those shown last time only.
    """
    seen = len(there) + len(gone)
    if len(gone) >= _FEW_ROWS and 2 * len(gone) > seen:
        what = f"{len(gone)} of {seen} {kind} records that both sides agreed on are gone from plant {plant}"
        return _hold("sentinel_missing", kind, plant, what, members=sorted(gone))
    filled: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    for key, record in there.items():
        for field, value in agreed[key].items():
            if value is not None:
                filled[field] += 1
                empty[field] += record.fields.get(field) is None
    blank = sorted(field for field, count in empty.items() if count >= _FEW_COLUMNS and 2 * count > filled[field])
    if not blank:
        return None
    most = max(blank, key=lambda field: empty[field])
    what = (
        f"Plex shows {', '.join(blank)} empty in {empty[most]} of {filled[most]} {kind} records of plant {plant} where "
        "both sides agreed on a value"
    )
    return _hold("column_missing", kind, plant, what, members=map(_column, blank))


def _hold(guard: str, kind: str, plant: str, what: str, *, members: Iterable[str]) -> Hold:
    return make_hold(
        guard,
        kind=kind,
        plant=plant,
        members=members,
        reason=f"{guard}: {what}; nothing of this type is written there",
        remedy=f"{ask_for_role(kind, plant)}; if Plex is right: `ml-connector release {{hold}}`",
    )
