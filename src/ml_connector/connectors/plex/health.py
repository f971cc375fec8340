"""
What we may do in Plex, proved call by call: reachable, signed in, permitted, filled.

A role that is missing gives 403 or an empty list. Setup data that every plant must have and that comes empty is
therefore told as a problem, not as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.plex.catalog import CREATES, READS, UPDATES, Catalog, Entry
from ml_connector.connectors.plex.connect import LISTS, ConnectApi, change_filters
from ml_connector.connectors.plex.datasource import DataSourceApi, find_drift
from ml_connector.connectors.plex.whose import find_foreign, set_user
from ml_connector.connectors.port import FieldInfo, SurfaceHealth, TypeHealth, TypeInfo, tell_failed
from ml_connector.connectors.strict_json import Row
from ml_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    MissingCredentialError,
    MLConnectorError,
    NotSentError,
    TransientError,
)
from ml_connector.settings.plex import Plant

ReadRows = Callable[[RecordType, str], list[Row]]

NO_ID = "no public id: what needs this data source is held until its id is set"
UNPROVED = "; until then nothing proves that this plant's web-service user is its own"
_MUST_EXIST = frozenset(
    {
        RecordType.TENANT,
        RecordType.ACCOUNT,
        RecordType.BUILDING,
        RecordType.FISCAL_PERIOD,
        RecordType.COST_CENTER,
        RecordType.DEPARTMENT,
        RecordType.POSITION,
    }
)
_SCREENS = {
    RecordType.TENANT: "the tenants this key may see",
    RecordType.EMPLOYEE: "Employees",
    RecordType.ACCOUNT: "Chart of Accounts",
    RecordType.BUILDING: "Buildings",
    RecordType.FISCAL_PERIOD: "Fiscal Periods",
}
_EMPLOYEE_FIELDS = {
    "id": "id",
    "badge_number": "badgeNumber",
    "first_name": "firstName",
    "middle_name": "middleName",
    "last_name": "lastName",
    "supervisor_id": "supervisorId",
    "status": "status",
    "position": "position",
    "shift": "shift",
    "building": "building",
    "type": "type",
    "department": "department",
    "email": "email",
}
_FIELDS = {
    RecordType.EMPLOYEE: _EMPLOYEE_FIELDS,
    RecordType.ACCOUNT: {
        "account_no": "accountNumber",
        "name": "name",
        "category": "categoryType",
        "active": "active",
    },
    RecordType.BUILDING: {"building_code": "buildingCode", "name": "name"},
    RecordType.TENANT: {"id": "id", "code": "code"},
    RecordType.FISCAL_PERIOD: {
        "period": "periodDisplay",
        "begin_on": "beginDate",
        "end_on": "endDate",
        "status": "periodStatus",
    },
    RecordType.JOURNAL_ENTRY: {"id": "id", "period": "periodDisplay", "description": "description", "status": "status"},
}


class _Id(msgspec.Struct):
    id: Any = None  # whatever it is, it is only compared


def check_connect(api: ConnectApi, plant: Plant, *, people: dict[str, set[str]]) -> SurfaceHealth:
    """
    Prove the resource API for one plant; the first call tells whether we are let in at all.

    The ids of its employees are added to *people*, by plant.
    """
    types: list[TypeHealth] = []
    for record_type in LISTS:
        if record_type is RecordType.JOURNAL_ENTRY:  # a ledger may hold millions: never read whole just to look
            continue
        try:
            records = api.read_list(record_type, plant=plant.pcn)
        except MLConnectorError as error:
            if _closes(error, first=not types):
                return _closed("connect", plant, error)
            types.append(tell_failed(record_type, error))
        else:
            if record_type is RecordType.EMPLOYEE:
                people[plant.pcn] = {str(msgspec.json.decode(each.payload, type=_Id).id) for each in records}
            stranger = record_type is RecordType.TENANT and records and not _has_tenant(records, plant)
            types.append(_unknown_tenant(plant, records) if stranger else _seen(record_type, plant, len(records)))
    return _surface("connect", plant, types)


def check_datasources(api: DataSourceApi, catalog: Catalog, plant: Plant, *, read: ReadRows) -> SurfaceHealth:
    """Prove the data sources for one plant: each described and compared with what we need, reading ones executed."""
    types: list[TypeHealth] = []
    reads = {name: record_type for record_type, name in READS.items()}
    for entry in catalog.used():
        try:
            types.append(_check_entry(api, entry, plant, record_type=reads.get(entry.name), read=read))
        except MLConnectorError as error:
            if _closes(error, first=not types):
                return _closed("datasource", plant, error)
            types.append(tell_failed(entry.name, error))
    return _surface("datasource", plant, types)


def tell_foreign(
    surfaces: Sequence[SurfaceHealth], *, people: Mapping[str, set[str]], shown: Mapping[str, set[str]]
) -> list[SurfaceHealth]:
    """Say of the data sources of a plant that they show another plant's *people*."""
    foreign = find_foreign(people, shown)
    return [
        msgspec.structs.replace(
            surface,
            ok=False,
            exit_code=ConfigurationError.exit_code,
            problem=f"they show the people of plant {foreign[surface.plant]}",
            remedy=set_user(surface.plant, foreign[surface.plant]),
        )
        if surface.plant in foreign and surface.surface.startswith("datasource")
        else surface
        for surface in surfaces
    ]


def tell_unproved(surfaces: Sequence[SurfaceHealth]) -> list[SurfaceHealth]:
    """Say where a plant's web-service user may be another's unnoticed: nothing it may read names people by our ids."""

    def tell(entry: TypeHealth) -> TypeHealth:
        unread = entry.type == RecordType.EMPLOYEE_ATTRIBUTES and entry.problem == NO_ID
        return msgspec.structs.replace(entry, problem=NO_ID + UNPROVED) if unread else entry

    return [msgspec.structs.replace(surface, types=tuple(map(tell, surface.types))) for surface in surfaces]


def with_clock(surfaces: Sequence[SurfaceHealth], offset_s: float | None) -> list[SurfaceHealth]:
    """Add the clock offset to each surface."""
    offset_s = None if offset_s is None else round(offset_s, 1)
    return [msgspec.structs.replace(surface, clock_offset_s=offset_s) for surface in surfaces]


def list_types(catalog: Catalog) -> list[TypeInfo]:
    """Describe what each surface gives and takes; a type whose data source has no id is not writable."""
    infos = [
        TypeInfo(
            type=record_type,
            surface="connect",
            operation=f"GET {path}",
            change_filters=change_filters(record_type),
            writable=("create", "update", "deactivate", "reactivate", "transfer")
            if record_type is RecordType.EMPLOYEE
            else (),
            fields=tuple(FieldInfo(name=name, path=wire) for name, wire in _FIELDS[record_type].items()),
        )
        for record_type, path in LISTS.items()
    ]
    for record_type, name in READS.items():
        entry = catalog.find(name)
        infos.append(
            TypeInfo(
                type=record_type,
                surface="datasource",
                operation=f"{name} ({'no id set' if entry.id is None else entry.id})",
                writable=tuple(_writable(catalog, record_type)),
                fields=tuple(FieldInfo(name=ours, path=wire) for ours, wire in entry.columns.items()),
            )
        )
    return infos


def _writable(catalog: Catalog, record_type: RecordType) -> list[str]:
    actions = {"create": CREATES[record_type], "update": UPDATES[record_type]}
    return [action for action, name in actions.items() if catalog.find(name).id is not None]


def _name_candidates(api: DataSourceApi, entry: Entry, plant: Plant) -> str:
    """What to set, with what Plex itself lists under that name where it lets us search."""
    try:
        found = api.search(entry, plant=plant.pcn)
    except MLConnectorError:
        found = {}
    listed = ", ".join(f"{name} is {number}" for name, number in sorted(found.items())[:3])
    said = f"Plex lists: {listed}; " if listed else ""
    return f"{said}ask your Plex Champion for the id and set plex.datasources.{entry.name}.id"


def _check_entry(
    api: DataSourceApi,
    entry: Entry,
    plant: Plant,
    *,
    record_type: RecordType | None,
    read: ReadRows,
) -> TypeHealth:
    if entry.id is None:
        return TypeHealth(
            type=entry.name if record_type is None else record_type,
            permitted=True,
            problem=NO_ID,
            remedy=_name_candidates(api, entry, plant),
        )
    drift = find_drift(entry, api.describe(entry, entry.id, plant=plant.pcn))
    if drift is not None:
        return TypeHealth(
            type=entry.name if record_type is None else record_type,
            permitted=True,
            problem=drift,
            remedy=f"ask your Plex Champion what replaced it and set plex.datasources.{entry.name}",
        )
    if record_type is None:
        return TypeHealth(type=entry.name, permitted=True)
    return _seen(record_type, plant, len(read(record_type, plant.pcn)))


def _seen(record_type: RecordType, plant: Plant, count: int) -> TypeHealth:
    if count or record_type not in _MUST_EXIST | {RecordType.EMPLOYEE}:
        return TypeHealth(type=record_type, permitted=True, count=count)
    remedy = ask_for_role(record_type, plant.pcn)
    problem = "empty: a Plex role may be missing"
    if record_type is RecordType.EMPLOYEE:
        problem, remedy = "empty: there is nobody yet, or a Plex role is missing", f"{remedy}, unless the plant is new"
    return TypeHealth(type=record_type, permitted=True, count=0, problem=problem, remedy=remedy)


def ask_for_role(record_type: str, pcn: str) -> str:
    """Say what a Plex administrator does about a type that shows nothing."""
    screen = {kind.value: name for kind, name in _SCREENS.items()}.get(record_type)
    if screen is None:
        return f"check Web Service Access By User Account for our user in PCN {pcn}"
    return f"give our Plex user a role with the screen {screen} in PCN {pcn}"


def _has_tenant(records: Sequence[NativeRecord], plant: Plant) -> bool:
    rows = [msgspec.json.decode(record.payload) for record in records]
    if plant.tenant_id is not None:
        return any(str(row.get("id", "")).lower() == plant.tenant_id.lower() for row in rows)
    return any(row.get("code") == plant.company_code for row in rows)


def _unknown_tenant(plant: Plant, records: Sequence[NativeRecord]) -> TypeHealth:
    return TypeHealth(
        type=RecordType.TENANT,
        permitted=True,
        count=len(records),
        problem=f"plant {plant.pcn} ({plant.company_code}) is not among the tenants this credential may see",
        remedy=f"compare tenant_id and company_code of plant {plant.pcn} with: ml-connector read plex tenant",
    )


def _closes(error: MLConnectorError, *, first: bool) -> bool:
    """Whoever does not know us, or does not answer at all, is not asked a dozen times more; nor by whom we have not."""
    if isinstance(error, AuthenticationError | MissingCredentialError):
        return True
    return first and isinstance(error, TransientError | NotSentError)


def _closed(surface: str, plant: Plant, error: MLConnectorError) -> SurfaceHealth:
    return SurfaceHealth(
        system="plex",
        surface=f"{surface} {plant.pcn}",
        plant=plant.pcn,
        ok=False,
        signed_in=False,
        exit_code=error.exit_code,
        problem=error.message,
        remedy=error.remedy,
    )


def _is_harmless(entry: TypeHealth) -> bool:
    """A plant without people, and a part that is held until its data source has an id, stop nothing else."""
    return entry.problem == NO_ID or (entry.type == RecordType.EMPLOYEE and entry.count == 0)


def _surface(surface: str, plant: Plant, types: Sequence[TypeHealth]) -> SurfaceHealth:
    return SurfaceHealth(
        system="plex",
        surface=f"{surface} {plant.pcn}",
        plant=plant.pcn,
        ok=all(entry.problem is None or _is_harmless(entry) for entry in types),
        signed_in=any(entry.count is not None or not entry.permitted for entry in types),
        types=tuple(types),
    )
