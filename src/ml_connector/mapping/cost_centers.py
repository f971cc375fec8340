"""
What Workday should hold of cost centers where Plex owns them (Plex → Workday). Pure.

Which Workday cost center a Plex number stands for is the crosswalk's word: an accepted row whose source Workday does
not have yet is the reference id that the new one gets. What cannot be decided waits, with what would free it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from msgspec import UNSET

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.organization import CostCenter
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.errors import RecordError
from ml_connector.mapping.claim import Kind, set_command
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.desired import Desired, Waiting

_KIND = Kind.COST_CENTER
_ELEMENTS = {"cost_center_no": "Organization_Code", "name": "Organization_Name", "active": "Organization_Active"}
_ACCEPT = "ml-connector mapping import --accept-proposed --kind cost_center"


class PlexCenter(NamedTuple):
    """One plant's cost center that stands for a Workday one."""

    plant: str
    number: str
    record: PlexRecord

    @property
    def name(self) -> str | None:
        name = self.record.fields.get("name")
        return name if isinstance(name, str) else None


class Wanted(NamedTuple):
    """What Workday should hold, and what waits."""

    records: list[Desired]
    waiting: list[Waiting]


def want_cost_centers(
    *,
    held: Mapping[str, CostCenter],
    plex: Mapping[str, Mapping[str, PlexRecord]],
    unread: Collection[str],
    agreed: Collection[str],
    crosswalk: Crosswalk,
) -> Wanted:
    """
    Decide, cost center by cost center, in order.

    *held* is what Workday shows, by reference id; *plex* each plant's cost centers by number; of the *unread* plants
    nothing is known, so nothing is said of a cost center they have a word in. *agreed* are the ids both sides had
    alike.
    """
    claims: dict[str, list[PlexCenter]] = {}
    waiting: list[Waiting] = []
    for plant in sorted(plex):
        existing = _numbers(held, crosswalk, plant)
        for number, record in sorted(plex[plant].items()):
            claim = PlexCenter(plant, number, record)
            try:
                key = _key_of(claim, existing.get(number, ()), crosswalk, agreed)
            except RecordError as error:
                waiting.append(_wait(claim, error))
            else:
                if key is not None:
                    claims.setdefault(key, []).append(claim)
    records: list[Desired] = []
    for key, group in sorted(claims.items()):
        if any(_target(crosswalk, key, plant) for plant in unread):
            continue
        try:
            records += _want(key, group, held.get(key))
        except RecordError as error:
            waiting.append(_wait(group[0], error))
    return Wanted(records, waiting)


def to_record(center: CostCenter) -> PlexRecord:
    """A Workday cost center in the shape that is compared; a field Workday did not give stays away (UP-01)."""
    told = {"cost_center_no": center.code, "name": center.name, "active": center.active}
    fields: dict[str, Scalar] = {name: value for name, value in told.items() if value is not UNSET}
    return PlexRecord(type=RecordType.COST_CENTER, plant="", key=center.key, fields=fields)


def to_workday_body(fields: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Our fields under Workday's element names."""
    return {element: fields[name] for name, element in _ELEMENTS.items() if fields.get(name) is not None}


def _numbers(held: Mapping[str, CostCenter], crosswalk: Crosswalk, plant: str) -> dict[str, list[str]]:
    """Which of Workday's cost centers each Plex number of the plant stands for."""
    found: dict[str, list[str]] = {}
    for key in sorted(held):
        row = _target(crosswalk, key, plant)
        if row is not None:
            found.setdefault(row.target["cost_center"], []).append(key)
    return found


def _target(crosswalk: Crosswalk, key: str, plant: str) -> MappingRow | None:
    try:
        return crosswalk.resolve(_KIND, source=key, plant=plant)
    except RecordError:
        return None


def _key_of(claim: PlexCenter, existing: Collection[str], crosswalk: Crosswalk, agreed: Collection[str]) -> str | None:
    """
    The reference id the claim is about; None where several share the number, and none of them may win by chance.

    Raises:
        RecordError: nothing says which, or the one it says was there and is not any more.
    """
    if existing:
        return next(iter(existing)) if len(existing) == 1 else None
    sources = crosswalk.sources_of(_KIND, plant=claim.plant, part="cost_center", value=claim.number)
    if not sources:
        raise _unmapped(claim, crosswalk)
    if len(sources) > 1:
        raise RecordError(
            f"{', '.join(sources)} all stand for it, and Workday has none of them",
            code="ambiguous",
            waiting_for=f"one mapping row for cost center {claim.number}",
            remedy="keep one of the rows: ml-connector mapping export, correct, ml-connector mapping import",
        )
    row = crosswalk.find(_KIND, source=sources[0], plant=claim.plant)
    if sources[0] in agreed or (row is not None and row.wid is not None):
        raise RecordError(
            f"Workday showed {sources[0]} before and shows it no more; it is not created a second time",
            code="not_shown",
            waiting_for=f"cost_center {sources[0]} in Workday",
            remedy="if its reference ID was changed in Workday, map the new one: "
            + set_command(_KIND, source="NEW_ID", plant=claim.plant, target=row.target if row else None),
        )
    return sources[0]


def _want(key: str, claims: list[PlexCenter], held: CostCenter | None) -> Iterator[Desired]:
    """What the plants want of one Workday cost center; activity only where Plex tells it."""
    names = {claim.name for claim in claims if claim.name is not None}
    if len(names) > 1:
        told = ", ".join(f"{claim.name!r} in plant {claim.plant}" for claim in claims)
        raise RecordError(
            f"the plants do not call {key} the same: {told}",
            code="names_differ",
            waiting_for=f"one name for cost center {key}",
            remedy="give it one name in Plex, or map each plant's to a cost center of its own",
        )
    activity = [claim.record.fields.get("active") for claim in claims]
    first = claims[0]
    label = first.name or key
    if all(active is False for active in activity):
        if held is not None:
            reason = f"inactive in Plex, plant {', '.join(claim.plant for claim in claims)}"
            yield Desired(type="cost_center", plant="", key=key, source=key, label=label, state="ended", reason=reason)
        return
    fields: dict[str, Scalar] = {"cost_center_no": first.number}
    if names:
        fields["name"] = names.pop()
    if held is None and "name" not in fields:
        raise RecordError(
            f"{key} has no name in Plex, and Workday takes none without",
            code="incomplete",
            waiting_for=f"a name for cost center {first.number} in plant {first.plant}",
            remedy="give it a name in Plex",
        )
    if held is None or True in activity:
        fields["active"] = True
    yield Desired(type="cost_center", plant="", key=key, source=key, label=label, fields=fields)


def _unmapped(claim: PlexCenter, crosswalk: Crosswalk) -> RecordError:
    proposed = crosswalk.proposed_for(_KIND, plant=claim.plant, part="cost_center", value=claim.number)
    if proposed is not None:
        why, remedy = f"the row that makes it {proposed.source} is only proposed", _ACCEPT
    else:
        why = "no row says which Workday cost center it is, or is to be"
        target = {"cost_center": claim.number, "department": "<Plex department>", "segment": "<account segment>"}
        remedy = set_command(_KIND, source="<Workday reference id>", plant=claim.plant, target=target)
    return RecordError(
        f"cost center {claim.number} of plant {claim.plant}: {why}",
        code="unmapped",
        waiting_for=f"cost_center {claim.number} of plant {claim.plant}",
        remedy=remedy,
    )


def _wait(claim: PlexCenter, error: RecordError) -> Waiting:
    return Waiting(
        type="cost_center",
        plant=claim.plant,
        key=claim.number,
        label=claim.name or claim.number,
        code=error.code,
        reason=error.message,
        remedy=error.remedy,
        waiting_for=error.waiting_for,
    )
