"""Get_Positions: every chair, who sits on it, and which are empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.sandbox.tenant.facts import Organization, Position
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.criteria import read_log_criteria
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import (
    job_profile_ref,
    location_ref,
    organization_ref,
    position_ref,
    value_ref,
    worker_ref,
)
from ml_connector.sandbox.workday.shelves import find_key, known_keys
from ml_connector.sandbox.workday.worker_parts import time_type

_EMPLOYEE = ("Employee", "Employee_Type_ID", "Regular")
_CONTINGENT = ("Contingent_Worker", "Contingent_Worker_Type_ID", "Contractor")


class Positions:
    """Answers one call. By default only the reference and the definition are told."""

    reference = "Positions_Reference"
    defaults = frozenset({"Include_Reference", "Include_Position_Definition_Data"})
    criteria = frozenset({
        "Transaction_Log_Criteria_Data", "Supervisory_Organization_Reference", "Exclude_Filled_Positions",
        "Ignore_Future_Positions", "Location_Reference",
    })  # fmt: skip

    def select(self, call: Call) -> Sequence[str]:
        """List the positions available on the day asked for."""
        shelf = call.view.world.positions
        fits_log = read_log_criteria(call, element="Transaction_Log_Criteria_Data")
        organizations = _texts(call, "Supervisory_Organization_Reference")
        locations = _texts(call, "Location_Reference")
        filled = set(call.as_of.occupants()) if call.criteria.get("Exclude_Filled_Positions") else set()
        # The log first: it leaves few, and what a position is takes long to work out.
        logged = {key: history for key, history in list(shelf.items()) if fits_log(history.known(by=call.as_of.by))}
        return [
            key
            for key in known_keys(call, logged)
            if key not in filled
            and (not organizations or organizations & _ids(self._organization(call, key)))
            and (not locations or locations & _location_ids(call, _facts(call, key)))
        ]

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find a position by WID or Position_ID."""
        return find_key(call, call.view.world.positions, kind, text)

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to a position."""
        return position_ref(_facts(call, key))

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Tell a position."""
        facts, flags = _facts(call, key), call.flags
        worker = call.as_of.occupant(key)
        data: dict[str, Any] = {
            "Supervisory_Organization_Reference": organization_ref(self._organization(call, key)),
            "Effective_Date": facts.available_on,
        }
        if "Include_Position_Definition_Data" in flags:
            data["Position_Definition_Data"] = _definition(call, facts, filled=worker is not None)
        if "Include_Position_Restrictions_Data" in flags:
            data["Position_Restrictions_Data"] = _restrictions(call, facts)
        if "Include_Default_Position_Organization_Assignment_Data" in flags:
            data["Default_Position_Organization_Assignments_Data"] = _assignments(call, facts)
        if "Include_Worker_For_Filled_Positions_Data" in flags and worker is not None:
            data["Worker_For_Filled_Position"] = {
                "Worker_Reference": worker_ref(worker),
                "Position_Reference": position_ref(facts),
            }
        reference = position_ref(facts) if "Include_Reference" in flags else None
        return {"Position_Reference": reference, "Position_Data": data}

    @staticmethod
    def _organization(call: Call, key: str) -> Organization:
        found = call.as_of.organization(_facts(call, key).organization)
        if found is None:
            raise LookupError(key)
        return found


def _facts(call: Call, key: str) -> Position:
    found = call.as_of.position(key)
    if found is None:
        raise LookupError(key)
    return found


def _texts(call: Call, element: str) -> set[str]:
    return {text for ref in call.criteria.get(element, []) for _, text in ref.ids}


def _ids(organization: Organization) -> set[str]:
    return {organization.wid, organization.reference_id}


def _location_ids(call: Call, facts: Position) -> set[str]:
    location = call.as_of.location(facts.location)
    return set() if location is None else {location.wid, location.location_id}


def _definition(call: Call, facts: Position, *, filled: bool) -> dict[str, Any]:
    profile = call.as_of.job_profile(facts.job_profile)
    return {
        "Position_ID": facts.position_id,
        "Job_Posting_Title": None if profile is None else profile.title,
        "Available_For_Hire": not filled,
        "Available_for_Recruiting": not filled,
        "Hiring_Freeze": False,
        "Work_Shift_Required": profile is not None and profile.shop,
        "Critical_Job": False,
    }


def _restrictions(call: Call, facts: Position) -> dict[str, Any]:
    profile, location = call.as_of.job_profile(facts.job_profile), call.as_of.location(facts.location)
    worker_type, id_type, name = _CONTINGENT if facts.contingent else _EMPLOYEE
    summary: list[dict[str, Any]] = []
    if profile is not None:
        summary.append(
            {
                "Job_Profile_Reference": job_profile_ref(profile),
                "Job_Profile_Name": profile.title,
                "Work_Shift_Required": profile.shop,
            }
        )
    return {
        "Availability_Date": facts.available_on,
        "Earliest_Hire_Date": facts.available_on,
        "Job_Profile_Restriction_Summary_Data": summary,
        "Location_Reference": [] if location is None else [location_ref(location)],
        "Worker_Type_Reference": value_ref("Worker_Type_ID", worker_type),
        "Time_Type_Reference": value_ref("Position_Time_Type_ID", time_type(full_time=facts.full_time)),
        "Position_Worker_Type_Reference": [value_ref(id_type, name)],
    }


def _assignments(call: Call, facts: Position) -> dict[str, Any]:
    company, center = call.as_of.organization(facts.company), call.as_of.organization(facts.cost_center)
    return {
        "Company_Assignments_Reference": [] if company is None else [organization_ref(company)],
        "Cost_Center_Assignments_Reference": [] if center is None else [organization_ref(center)],
    }
