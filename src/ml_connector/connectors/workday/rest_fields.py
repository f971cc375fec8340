"""
What `discover` tells of the REST surface and of a report: where each canonical field comes from, and what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.port import FieldInfo, TypeInfo
from ml_connector.connectors.workday.fields import list_types
from ml_connector.connectors.workday.wql import Source

_STAFFING = {
    "employee_id": "workerId",
    "worker_type": "workerType",
    "email": "person.email",
    "jobs.title": "primaryJob.businessTitle",
    "jobs.job_profile_id": "primaryJob.jobProfile.Job_Profile_ID",
    "jobs.location_id": "primaryJob.location.Location_ID",
    "organizations.supervisory": "primaryJob.supervisoryOrganization.Organization_Reference_ID",
}
# One primary job a worker is all these surfaces show, and all organizations are supervisory: no field says so.
_IMPLIED = frozenset({"jobs.primary", "kind"})
OTHER_JOBS = "jobs beside the primary one"
OTHER_TYPES = "cost centers, job profiles, locations and positions: a report gives workers only"


def list_rest_types(
    types: Sequence[RecordType],
    *,
    sources: Mapping[str, Source],
    refused: Mapping[str, Sequence[str]],
    version: str,
    no_source: str | None = None,
) -> list[TypeInfo]:
    """
    Name every record type and field; *refused* are fields the tenant was found not to take.

    *no_source*: the grant that is lacking where no data source of workers is there and staffing alone tells of them.
    """
    told = []
    for kind in types:
        source = sources[kind]
        if kind is RecordType.WORKER and no_source is not None:
            alone = {name: f"staffing {path}" for name, path in _STAFFING.items()} | {"key": "staffing id"}
            told.append(
                _tell(kind, surface="rest", operation=f"staffing {version} workers", paths=alone, remedy=no_source)
            )
            continue
        paths = {
            name: f"wql {source.alias}.{alias}" for name, alias in source.fields.items() if name not in refused[kind]
        }
        if "inactive" in paths:
            paths["active"] = f"not {paths.pop('inactive')}"
        if "compensation.amount" in paths:
            paths["compensation.currency"] = f"{paths['compensation.amount']} (currency)"
        operation = f"wql {source.alias}"
        if kind is RecordType.WORKER:
            operation += f" joined with staffing {version} workers"
            for name, path in _STAFFING.items():
                paths[name] = f"{paths[name]}, else {path}" if name in paths else f"staffing {path}"
        told.append(_tell(kind, surface="rest", operation=operation, paths=paths, unset=source.unset))
    return told


def tell_report(columns: Mapping[str, str], *, known: Iterable[str], operation: str) -> TypeInfo:
    """The one record type a report gives; *known* are the fields that a column may be named for."""
    paths = {name: f"column {column}" for name, column in columns.items()}
    told = _tell(RecordType.WORKER, surface="report", operation=operation, paths=paths, unset=known)
    return msgspec.structs.replace(told, missing=(*told.missing, OTHER_TYPES))


def _tell(
    kind: RecordType,
    *,
    surface: str,
    operation: str,
    paths: Mapping[str, str],
    unset: Iterable[str] = (),
    remedy: str | None = None,
) -> TypeInfo:
    lacking = [name for name in _given_by_soap(kind) if name not in paths and name not in _IMPLIED]
    could = set(unset)
    missing = [name for name in lacking if name not in could]
    if kind is RecordType.WORKER:
        missing.append(OTHER_JOBS)
    return TypeInfo(
        type=kind.value,
        surface=surface,
        operation=f"{operation} (read only)",
        fields=tuple(FieldInfo(name=name, path=path) for name, path in paths.items()),
        missing=tuple(missing),
        unset=tuple(name for name in lacking if name in could),
        remedy=remedy,
    )


def _given_by_soap(kind: RecordType) -> Iterable[str]:
    """The yardstick: what the fullest surface gives."""
    return next((tuple(field.name for field in info.fields) for info in list_types() if info.type == kind), ())


def describe_missing(types: Iterable[TypeInfo]) -> str | None:
    """What cannot be had, and what could be had if it were configured, for people; or None."""
    missing = [f"{info.type.replace('_', ' ')}: {', '.join(info.missing)}" for info in types if info.missing]
    unset = [f"{info.type.replace('_', ' ')}: {', '.join(info.unset)}" for info in types if info.unset]
    told = [f"not given by this surface: {'; '.join(missing)}"] if missing else []
    told += [f"not configured: {'; '.join(unset)}"] if unset else []
    return ". ".join(told) or None
