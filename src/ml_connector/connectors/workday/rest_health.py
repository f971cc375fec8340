"""
What `ping` can prove of the REST surface or of a report: sign-in, clock, and whether a sample shows what a sync needs.

What the surface cannot give at all is told beside the version and fails nothing; what it should give and a whole
sample lacks is a problem, since that is how a missing permission looks (UP-02).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.port import SurfaceHealth, TypeHealth, TypeInfo, tell_failed
from ml_connector.connectors.workday.health import judge_clock
from ml_connector.connectors.workday.rest_fields import describe_missing
from ml_connector.errors import AuthenticationError, ConfigurationError, MLConnectorError, PermissionError_

SAMPLE = 5
_STAFFED = {
    "jobs.job_profile_id": ("primaryJob", "jobProfile"),
    "jobs.location_id": ("primaryJob", "location"),
}
# Without these no worker finds a plant, a department or a position.
_NEEDED = (
    "name.family",
    "organizations.company",
    "organizations.cost_center",
    "jobs.job_profile_id",
    "jobs.location_id",
)
_PAY = "compensation.amount"

# The announced total (None where none is announced), and the first records.
AskSample = Callable[[RecordType, int], tuple[int | None, list[NativeRecord]]]


def check_rest(
    *,
    ask_clock: Callable[[], datetime],
    ask_sample: AskSample,
    describe: Callable[[], Sequence[TypeInfo]],
    clock: Callable[[], datetime],
    types: Sequence[RecordType],
    pay_rates: bool,
    surface: str = "rest",
) -> SurfaceHealth:
    """Ask the clock, then a small sample of every record type. Never raises for a refusal."""
    asked_at = clock()
    try:
        theirs = ask_clock()
        offset_s = (theirs - (asked_at + (clock() - asked_at) / 2)).total_seconds()
        checked = tuple(_check_type(kind, ask_sample=ask_sample, pay_rates=pay_rates) for kind in types)
        told = describe()
        checked = tuple(_name_lack(each, told) for each in checked)
    except MLConnectorError as error:
        return SurfaceHealth(
            system="workday",
            surface=surface,
            ok=False,
            signed_in=isinstance(error, PermissionError_),
            exit_code=error.exit_code,
            problem=error.message,
            remedy=error.remedy,
        )
    mixed_up, problem = judge_clock(offset_s)
    return SurfaceHealth(
        system="workday",
        surface=surface,
        ok=not mixed_up and all(each.permitted and each.problem is None for each in checked),
        signed_in=True,
        version_note=describe_missing(told),
        exit_code=ConfigurationError.exit_code if mixed_up else None,
        clock_offset_s=round(offset_s, 3),
        types=checked,
        problem=problem,
        remedy="set this machine's clock and time zone right (NTP)" if problem else None,
    )


def _check_type(kind: RecordType, *, ask_sample: AskSample, pay_rates: bool) -> TypeHealth:
    worker = kind is RecordType.WORKER
    try:
        total, records = ask_sample(kind, SAMPLE if worker else 1)
    except AuthenticationError:
        raise
    except MLConnectorError as error:
        return tell_failed(kind, error)
    if not records:
        return TypeHealth(
            type=kind,
            permitted=True,
            count=0,
            problem="Workday answers and shows nothing: there is nothing, or we may see nothing",
            remedy="grant the integration system security group Get access to the domain of this data",
        )
    absent = find_absent_fields(records, pay_rates=pay_rates) if worker else []
    return TypeHealth(
        type=kind,
        permitted=True,
        count=total,
        problem=f"nobody in a sample of {len(records)} has {', '.join(absent)}" if absent else None,
        remedy="grant the domains of these fields, or set their names in the configuration" if absent else None,
    )


def _name_lack(checked: TypeHealth, told: Sequence[TypeInfo]) -> TypeHealth:
    """Where a grant would give more of a type than is had now, say so in place of what a sample lacks."""
    info = next((info for info in told if info.type == checked.type and info.remedy is not None), None)
    if info is None or not checked.permitted or not checked.count:
        return checked
    return msgspec.structs.replace(
        checked,
        problem=f"only {info.operation.removesuffix(' (read only)')} tells of them, without {', '.join(info.missing)}",
        remedy=info.remedy,
    )


def find_absent_fields(records: Sequence[NativeRecord], *, pay_rates: bool) -> list[str]:
    """Name the fields a sync needs that every active worker of the sample lacks."""
    workers = [json.loads(record.payload) for record in records]
    active = [worker for worker in workers if worker["fields"].get("active") not in (False, "0", "false")]
    wanted = (*_NEEDED, _PAY) if pay_rates else _NEEDED
    return [name for name in wanted if active and not any(_has(worker, name) for worker in active)]


def _has(worker: dict[str, Any], name: str) -> bool:
    value = worker["fields"].get(name)
    if isinstance(value, dict) and set(value) <= {"descriptor", "id"}:
        wid = value.get("id")
        value = worker.get("references", {}).get(wid) if isinstance(wid, str) else None
    if value in (None, "") and name in _STAFFED:
        value = worker.get("staffing", {})
        for step in _STAFFED[name]:
            value = value.get(step) if isinstance(value, dict) else None
    return value not in (None, "")
