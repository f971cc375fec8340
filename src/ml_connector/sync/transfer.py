"""
A move between plants by Plex's own command, which takes the record along: its id, its login, its history (PX-07). Pure.

Plex moves nobody whose setup texts the new plant does not have. So what the record will not keep there anyway (its
building, department and position, unless they are the wanted ones) is taken out before, and set in the new plant after.

Plex's command is not used, and the new plant gets a record before the old one is ended, where

- the new plant has a record of the person from before: it is brought back, and a transfer would make two of it;
- the person is active in several plants that they leave: one record can come along, not two;
- the person keeps a job in the plant: nobody leaves it;
- the new plant's tenant id is not configured: the command needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.mapping.desired import Desired, reference
from ml_connector.mapping.placement import Place
from ml_connector.mapping.plex import to_body
from ml_connector.mapping.plex_fields import FIELDS
from ml_connector.review.store import Parked
from ml_connector.sync.change import ORDER, Change, level_of
from ml_connector.sync.judge import Proof

_SPLIT = {
    "in_two_tenants": "after its transfer the employee is in plant {origin} and in plant {plant}",
    "in_none": "after its transfer the employee is neither in plant {origin} nor in plant {plant}",
}
_SETUP = ("position", "department", "building")
_COST_CENTER = next(it.wire for it in FIELDS[RecordType.EMPLOYEE_ATTRIBUTES] if it.name == "cost_center")
_WIRE = {field.name: field.wire for field in FIELDS[RecordType.EMPLOYEE]}


class Move(NamedTuple):
    """One person's way: the record as the plant left behind holds it, and the new plant with its tenant id."""

    person: str
    record: PlexRecord
    plant: str
    tenant_id: str

    @property
    def origin(self) -> str:
        return self.record.plant


class Moves:
    """Who moves by Plex's command, decided once, before anybody is compared; by (new plant, person)."""

    def __init__(
        self,
        *,
        tenants: Mapping[str, str | None],
        status_inactive: str,
        load: Callable[[str, str], PlexRecord | None],
        refused: Mapping[str, Parked],
    ) -> None:
        """*load* gives the record of a plant and key, *refused* by content what is not to be sent again by itself."""
        self._tenants, self._status_inactive, self._load, self._refused = tenants, status_inactive, load, refused
        self.going: dict[tuple[str, str], Move] = {}
        self.stuck: dict[tuple[str, str], tuple[str, Parked]] = {}

    def consider(self, person: str, place: Place, left: Iterable[Desired]) -> None:
        """
        Let somebody move to *place*, where Plex's command can do it; *left* are their records elsewhere, as ended.
        """
        records = [self._load(item.plant, item.key) for item in left]
        active = [each for each in records if each is not None and each.fields.get("status") != self._status_inactive]
        tenant_id = self._tenants.get(place.plant)
        if len(active) != 1 or tenant_id is None:
            return
        move = Move(person, active[0], place.plant, tenant_id)
        refused = self._refused.get(_command(place, move).content_hash)
        if refused is None:
            self.going[place.plant, person] = move
        else:
            self.stuck[place.plant, person] = (move.origin, refused)

    @property
    def ids(self) -> dict[tuple[str, str], str]:
        """The id each of them has in the new plant, which is the one from before."""
        return {place: move.record.key for place, move in self.going.items()}


def render_move(place: Place, move: Move) -> tuple[list[Change], PlexRecord]:
    """
    The changes that bring the record to the new plant, and the record as it is there then.

    Raises:
        RecordError: Plex could not hold the record as it is now.
    """
    fields, native = move.record.fields, move.record.native
    dropped: dict[str, Scalar] = {
        name: None for name in _SETUP if fields.get(name) is not None and fields[name] != place.fields.get(name)
    }
    changes = [_command(place, move)]
    if dropped:
        changes.insert(0, _make_ready(place, move, dropped))
    arrived = PlexRecord(
        type=move.record.type,
        plant=move.plant,
        key=move.record.key,
        fields={**fields, **dropped},
        native={**native, **{_WIRE[name]: None for name in dropped}},
    )
    return changes, arrived


def bring_attributes(there: PlexRecord, move: Move) -> PlexRecord:
    """
    What is kept beside the employee, as it is in the new plant: a cost center is the plant's own and stays behind.
    """
    native = {**there.native, _COST_CENTER: None}
    return msgspec.structs.replace(there, plant=move.plant, fields={**there.fields, "cost_center": None}, native=native)


def _command(place: Place, move: Move) -> Change:
    key = move.record.key
    return Change(
        plant=move.plant,
        type="employee",
        key=key,
        source=place.source,
        label=place.label,
        action="transfer",
        reason=f"works in plant {move.plant} now",
        before={"plant": move.origin},
        after={"plant": move.plant},
        owned={},
        body={"tenantId": move.tenant_id},
        needs=(*place.needs, reference("employee", plant=move.origin, key=key)),
        level=level_of("employee", "transfer", depth=0),
        origin=move.origin,
        person=move.person,
    )


def _make_ready(place: Place, move: Move, dropped: Mapping[str, Scalar]) -> Change:
    return Change(
        plant=move.origin,
        type="employee",
        key=move.record.key,
        source=place.source,
        label=place.label,
        action="update",
        reason=f"moves to plant {move.plant}, which sets its own {', '.join(dropped)}",
        before={name: move.record.fields[name] for name in dropped},
        after=dict(dropped),
        owned={},
        body=to_body(RecordType.EMPLOYEE, action="update", fields=dropped, native=move.record.native),
        level=ORDER["employee"] - 1,
    )


def tell_split(change: Change, verdict: Proof) -> tuple[str, str]:
    """Where a transfer left somebody who is not in exactly one of its plants, and what to do."""
    return _SPLIT[verdict].format(origin=change.origin, plant=change.plant), (
        f"look for the employee in both plants in Plex; then `ml-connector reevaluate {change.source}` ends or creates "
        "what is left"
    )


def tell_not_shown(change: Change) -> str:
    """Why a command that Plex accepted is not done yet."""
    reason = "accepted by Plex, not shown yet"
    if change.action != "transfer":
        return reason
    return f"{reason}; plant {change.plant} may lack the employee's status, type or shift among its setup data"


def after_move(item: Desired) -> Desired:
    """What is wanted of a record in its new plant waits for the record itself."""
    return msgspec.structs.replace(item, needs=(*item.needs, reference("employee", plant=item.plant, key=item.key)))
