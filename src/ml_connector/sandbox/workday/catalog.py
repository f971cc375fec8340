"""The services and operations served, and all shapes behind them."""

from __future__ import annotations

import re

import msgspec

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.workday.answer_shapes import ANSWERS
from ml_connector.sandbox.workday.request_shapes import REQUESTS
from ml_connector.sandbox.workday.shapes import parse_shapes

SHAPES = parse_shapes(*REQUESTS, *ANSWERS)

# Old versions keep answering for years; anything outside this span is refused as an unknown version.
_VERSION = re.compile(r"v(\d{2})\.\d")
OLDEST, NEWEST = 26, 49

# Before this version a worker's position lay directly in Employment_Data: another shape, which is not served.
_WORKER_JOB_DATA_SINCE = 30


class Operation(msgspec.Struct, frozen=True):
    """
    One operation.

    *record* is the element repeated in its Response_Data, *domain* the permission for the task, *since* the version
    from which on it has the shape served here. *writes* tells one that changes something.
    """

    name: str
    request: str
    response: str
    services: tuple[str, ...]
    record: str | None = None
    domain: str | None = None
    since: int = OLDEST
    writes: bool = False

    def is_served(self, service: str, *, version: str) -> bool:
        """Say whether a service has this operation in a version such as `v45.0`."""
        match = _VERSION.fullmatch(version)
        return service in self.services and match is not None and self.since <= int(match[1]) <= NEWEST


def _listing(name: str, record: str, domain: str, *services: str, since: int = OLDEST) -> Operation:
    return Operation(name, f"{name}_Request", f"{name}_Response", services, record, domain, since)


_HR, _STAFFING, _FM = "Human_Resources", "Staffing", "Financial_Management"

OPERATIONS = (
    _listing("Get_Workers", "Worker", domains.WORKERS_TASK, _HR, _STAFFING, since=_WORKER_JOB_DATA_SINCE),
    _listing("Get_Organizations", "Organization", domains.ORGANIZATIONS_TASK, _HR, _STAFFING, _FM),
    _listing("Get_Job_Profiles", "Job_Profile", domains.JOB_PROFILES_TASK, _HR),
    _listing("Get_Locations", "Location", domains.LOCATIONS_TASK, _HR),
    _listing("Get_Positions", "Position", domains.POSITIONS_TASK, _STAFFING),
    _listing("Get_Cost_Centers", "Cost_Center", domains.COST_CENTERS_TASK, _FM),
    Operation(
        "Put_Cost_Center",
        "Put_Cost_Center_Request",
        "Put_Cost_Center_Response",
        (_FM,),
        domain=domains.COST_CENTERS_PUT,
        writes=True,
    ),
    Operation("Get_Server_Timestamp", "Server_Timestamp_Get", "Server_Timestamp", (_HR,)),
)
BY_REQUEST = {operation.request: operation for operation in OPERATIONS}
SERVICES = (_HR, _STAFFING, _FM)


def is_version(text: str) -> bool:
    """Say whether a text such as `v45.0` names a version that is served."""
    match = _VERSION.fullmatch(text)
    return match is not None and OLDEST <= int(match[1]) <= NEWEST
