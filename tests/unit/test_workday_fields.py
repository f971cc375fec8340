"""What `discover` tells is what a translation can give: no canonical field is left out, none made up."""

from __future__ import annotations

import msgspec
import pytest

from ml_connector.canonical.keys import Record
from ml_connector.canonical.organization import CostCenter, JobProfile, Location, Organization, Position
from ml_connector.canonical.workforce import Compensation, Job, Name, Organizations, Worker
from ml_connector.connectors.workday.fields import list_types

_NESTED: dict[str, type[msgspec.Struct]] = {
    "name": Name,
    "jobs": Job,
    "organizations": Organizations,
    "compensation": Compensation,
}
_TOLD = {info.type: info for info in list_types()}


def names(record: type[Record]) -> set[str]:
    plain = {field.name for field in msgspec.structs.fields(record)}
    if record is not Worker:
        return plain
    inside = {f"{part}.{field.name}" for part, struct in _NESTED.items() for field in msgspec.structs.fields(struct)}
    return (plain - set(_NESTED)) | inside


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("worker", Worker),
        ("organization", Organization),
        ("job_profile", JobProfile),
        ("location", Location),
        ("position", Position),
        ("cost_center", CostCenter),
    ],
)
def test_every_canonical_field_is_told_with_its_path(kind: str, record: type[Record]) -> None:
    told = {field.name for field in _TOLD[kind].fields}
    assert told == names(record) - {"manager_type", "jobs.manager_type"}
    assert all(field.path for field in _TOLD[kind].fields)


def test_only_locations_have_no_change_filter() -> None:
    assert [kind for kind, info in _TOLD.items() if not info.change_filters] == ["location"]
