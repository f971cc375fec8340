"""Reference data of Workday: what workers point to."""

from __future__ import annotations

from datetime import date

from ml_connector.canonical.keys import UNSET, Record, UnsetType


class CostCenter(Record, frozen=True, kw_only=True, tag="cost_center"):
    """
    *key* is the Cost_Center_Reference_ID; *code* is what people call it. What is said holds since *effective_on*.

    *restricted_to* names the only companies that may use it; none where all may, UNSET where it cannot be told.
    """

    wid: str | UnsetType | None = UNSET
    code: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    available_on: date | UnsetType | None = UNSET
    effective_on: date | UnsetType | None = UNSET
    restricted_to: tuple[str, ...] | UnsetType = UNSET


class JobProfile(Record, frozen=True, kw_only=True, tag="job_profile"):
    """*key* is the Job_Profile_ID."""

    wid: str | UnsetType | None = UNSET
    code: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    effective_on: date | UnsetType | None = UNSET
    category: str | UnsetType | None = UNSET


class Location(Record, frozen=True, kw_only=True, tag="location"):
    """*key* is the Location_ID."""

    wid: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    time_zone: str | UnsetType | None = UNSET


class Organization(Record, frozen=True, kw_only=True, tag="organization"):
    """*key* is the Organization_Reference_ID; *kind* is Workday's Organization_Type_ID (SUPERVISORY, COMPANY, …)."""

    wid: str | UnsetType | None = UNSET
    code: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    kind: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    manager_id: str | UnsetType | None = UNSET
    superior_id: str | UnsetType | None = UNSET


class Position(Record, frozen=True, kw_only=True, tag="position"):
    """One seat: *key* is the Position_ID. *filled_by* is the worker's id when somebody sits on it."""

    wid: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    job_profile_id: str | UnsetType | None = UNSET
    location_id: str | UnsetType | None = UNSET
    company: str | UnsetType | None = UNSET
    cost_center: str | UnsetType | None = UNSET
    supervisory: str | UnsetType | None = UNSET
    time_type: str | UnsetType | None = UNSET
    available_on: date | UnsetType | None = UNSET
    filled_by: str | UnsetType | None = UNSET
    open: bool | UnsetType = UNSET
