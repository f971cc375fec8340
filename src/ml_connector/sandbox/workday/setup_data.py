"""Get_Job_Profiles, Get_Locations and Get_Cost_Centers: what changes seldom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from ml_connector.sandbox.tenant.facts import JobProfile, Location, Organization
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.criteria import read_log_criteria
from ml_connector.sandbox.workday.faults import validation_fault
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import job_profile_ref, location_ref, organization_ref, value_ref
from ml_connector.sandbox.workday.shelves import find_key, known_keys
from ml_connector.sandbox.workday.worker_parts import management_level

Facts = TypeVar("Facts")


class JobProfiles:
    """All groups by default."""

    reference = "Job_Profile_Reference"
    defaults = frozenset({
        "Include_Reference", "Include_Job_Profile_Basic_Data", "Include_Job_Profile_Pay_Rate_Data",
    })  # fmt: skip
    criteria = frozenset({"Transaction_Log_Criteria_Data"})

    def select(self, call: Call) -> Sequence[str]:
        """List the job profiles, all or those changed in a window."""
        shelf = call.view.world.job_profiles
        fits_log = read_log_criteria(call, element="Transaction_Log_Criteria_Data")
        return [key for key in known_keys(call, shelf) if fits_log(shelf[key].known(by=call.as_of.by))]

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find a job profile by WID or Job_Profile_ID."""
        return find_key(call, call.view.world.job_profiles, kind, text)

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to a job profile."""
        return job_profile_ref(self._facts(call, key))

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Tell a job profile."""
        facts = self._facts(call, key)
        data: dict[str, Any] = {"Job_Code": facts.code, "Effective_Date": facts.since_on}
        if "Include_Job_Profile_Basic_Data" in call.flags:
            data["Job_Profile_Basic_Data"] = {
                "Inactive": not facts.active,
                "Job_Title": facts.title,
                "Include_Job_Code_in_Name": False,
                "Work_Shift_Required": facts.shop,
                "Public_Job": True,
                "Management_Level_Reference": management_level(manages=facts.manages),
                "Job_Category_Reference": value_ref("Job_Category_ID", facts.category),
                "Critical_Job": False,
            }
        if "Include_Job_Profile_Pay_Rate_Data" in call.flags:
            rate = value_ref("Pay_Rate_Type_ID", "Hourly" if facts.shop else "Salary")
            country = value_ref("ISO_3166-1_Alpha-2_Code", "US")
            data["Job_Profile_Pay_Rate_Data"] = [{"Country_Reference": country, "Pay_Rate_Type_Reference": rate}]
        reference = job_profile_ref(facts) if "Include_Reference" in call.flags else None
        return {"Job_Profile_Reference": reference, "Job_Profile_Data": data}

    def _facts(self, call: Call, key: str) -> JobProfile:
        return _found(call.as_of.job_profile(key), key)


class Locations:
    """No window of change is offered: whoever wants to know reads them all. Every location is active here."""

    reference = "Location_Reference"
    defaults = frozenset({"Include_Reference", "Include_Location_Data"})
    criteria = frozenset({
        "Location_Name", "Location_Usage_Reference", "Exclude_Inactive_Locations", "Exclude_Active_Locations",
    })  # fmt: skip

    def select(self, call: Call) -> Sequence[str]:
        """List the locations, by exact name if one is given. All are business sites."""
        asked = call.criteria
        usages = {pair for ref in asked.get("Location_Usage_Reference", []) for pair in ref.ids}
        if asked.get("Exclude_Active_Locations") or (usages and not usages & set(_SITE.ids)):
            return []
        name = asked.get("Location_Name")
        keys = known_keys(call, call.view.world.locations)
        return [key for key in keys if name in (None, self._facts(call, key).name)]

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find a location by WID or Location_ID."""
        return find_key(call, call.view.world.locations, kind, text)

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to a location."""
        return location_ref(self._facts(call, key))

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Tell a location."""
        facts, said = self._facts(call, key), dict[str, Any]()
        if "Include_Reference" in call.flags:
            said["Location_Reference"] = location_ref(facts)
        if "Include_Location_Data" in call.flags:
            said["Location_Data"] = {
                "Location_ID": facts.location_id,
                "Effective_Date": facts.since_on,
                "Location_Name": facts.name,
                "Location_Usage_Reference": [_SITE],
                "Inactive": False,
                "Time_Zone_Reference": value_ref("Time_Zone_ID", facts.time_zone),
                "Default_Currency_Reference": value_ref("Currency_ID", "USD"),
            }
        return said

    def _facts(self, call: Call, key: str) -> Location:
        return _found(call.as_of.location(key), key)


class CostCenters:
    """Either all groups of data or the simple one, never both; a window of its own kind."""

    reference = "Cost_Center_Reference"
    defaults = frozenset({"Include_Reference", "Include_Cost_Center_Data"})
    criteria = frozenset({"Updated_From_Date", "Updated_To_Date"})

    def select(self, call: Call) -> Sequence[str]:
        """
        List the cost centers, all or those entered or changed in a window.

        Raises:
            SoapFaultError: the window is half open, the wrong way round or in the future; the groups exclude each
                other.
        """
        if {"Request_References", "Request_Criteria"} <= set(call.request):
            raise validation_fault("Either references or criteria may be given, not both")
        if {"Include_Cost_Center_Data", "Include_Simple_Cost_Center_Data"} <= call.flags:
            raise validation_fault("You cannot choose to build both the simple data, and all data elements together.")
        shelf, window = call.view.world.organizations, _read_window(call)
        keys = [key for key in known_keys(call, shelf) if self._facts(call, key).kind == "COST_CENTER"]
        if window is None:
            return keys
        first, last = window
        return [key for key in keys if any(first <= e.entered_at <= last for e in shelf[key].known(by=call.as_of.by))]

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find a cost center by any of its ids; a company is none."""
        key = find_key(call, call.view.world.organizations, kind, text)
        return key if key is not None and self._facts(call, key).kind == "COST_CENTER" else None

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to a cost center."""
        return organization_ref(self._facts(call, key))

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Tell a cost center, whole or simply."""
        facts, said = self._facts(call, key), dict[str, Any]()
        subtype = value_ref("Organization_Subtype_ID", "Cost_Center")
        if "Include_Reference" in call.flags:
            said["Cost_Center_Reference"] = organization_ref(facts)
        if "Include_Cost_Center_Data" in call.flags:
            changed = [e.effective_on for e in call.view.world.organizations[key].known(by=call.as_of.by)]
            said["Cost_Center_Data"] = {
                "@Effective_Date": max(day for day in changed if day <= call.as_of.on),
                "Restricted_To_Company_or_Company_Hierarchy_Reference": [
                    organization_ref(found) for key in facts.restricted_to if (found := call.as_of.organization(key))
                ],
                "Organization_Data": {
                    "ID": facts.reference_id,
                    "Organization_Name": facts.name,
                    "Organization_Code": facts.code,
                    "Include_Organization_Code_in_Name": False,
                    "Organization_Active": facts.active,
                    "Availability_Date": facts.available_on,
                },
                "Organization_Subtype_Reference": subtype,
            }
        if "Include_Simple_Cost_Center_Data" in call.flags:
            said["Simple_Cost_Center_Data"] = {
                "ID": facts.reference_id,
                "Organization_Name": facts.name,
                "Organization_Subtype_Reference": subtype,
            }
        return said

    def _facts(self, call: Call, key: str) -> Organization:
        return _found(call.as_of.organization(key), key)


_SITE = value_ref("Location_Usage_ID", "BUSINESS SITE")


def _read_window(call: Call) -> tuple[datetime, datetime] | None:
    first, last = call.criteria.get("Updated_From_Date"), call.criteria.get("Updated_To_Date")
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise validation_fault(
            "One of the dates for Update to Date or Update From Date is missing. "
            "If using this criteria please enter both dates."
        )
    if first > last:
        raise validation_fault(
            "Updated From Date must be less than or equal to Updated To Date in order to possibly return any Data."
        )
    if last > call.view.clock:
        raise validation_fault("Updated To Date must be less than or equal to Current Moment")
    return first, last


def _found(facts: Facts | None, key: str) -> Facts:
    if facts is None:
        raise LookupError(key)
    return facts
