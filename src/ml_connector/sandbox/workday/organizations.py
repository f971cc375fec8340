"""Get_Organizations: companies, cost centers, pay groups, hierarchies and supervisory organizations alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.sandbox.tenant.facts import Organization
from ml_connector.sandbox.tenant.setup import morning
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.criteria import read_log_criteria
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import location_ref, organization_ref, value_ref, worker_ref
from ml_connector.sandbox.workday.shelves import find_key, known_keys

_OWN_ID = {"Company_Reference_ID": "COMPANY", "Cost_Center_Reference_ID": "COST_CENTER"}


class Organizations:
    """Answers one call. Inactive organizations come only where `Include_Inactive` asks for them."""

    reference = "Organization_Reference"
    defaults = frozenset({"Include_Hierarchy_Data", "Include_Supervisory_Data"})
    criteria = frozenset({"Organization_Type_Reference", "Include_Inactive", "Transaction_Log_Criteria"})

    def __init__(self) -> None:
        self._below: dict[str, list[str]] | None = None

    def select(self, call: Call) -> Sequence[str]:
        """List the organizations of the types asked for; a type no organization has selects none."""
        fits_log = read_log_criteria(call, element="Transaction_Log_Criteria")
        asked = [pair for ref in call.criteria.get("Organization_Type_Reference", []) for pair in ref.ids]
        return [
            key
            for key in known_keys(call, call.view.world.organizations)
            if (_facts(call, key).active or call.criteria.get("Include_Inactive"))
            and (not asked or set(asked) & set(value_ref("Organization_Type_ID", _facts(call, key).kind).ids))
            and fits_log(call.view.world.organizations[key].known(by=call.as_of.by))
        ]

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find an organization; an ID type of companies finds companies only, and so on."""
        key = find_key(call, call.view.world.organizations, kind, text)
        if key is None or kind in ("WID", "Organization_Reference_ID"):
            return key
        return key if _OWN_ID.get(kind) == _facts(call, key).kind else None

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to an organization."""
        return organization_ref(_facts(call, key))

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Tell an organization. `Last_Updated_DateTime` is the *effective* day of its last change, as in the field."""
        facts = _facts(call, key)
        manager = None if facts.manager is None else call.as_of.manager(key, of="")
        entries = call.view.world.organizations[key].known(by=call.as_of.by)
        data: dict[str, Any] = {
            "Reference_ID": facts.reference_id,
            "Name": facts.name,
            "Organization_Code": facts.code or None,
            "Include_Manager_in_Name": False,
            "Include_Organization_Code_in_Name": False,
            "Organization_Type_Reference": value_ref("Organization_Type_ID", facts.kind),
            "Organization_Subtype_Reference": value_ref("Organization_Subtype_ID", facts.kind.title()),
            "Availibility_Date": morning(facts.available_on).replace(hour=0),
            "Last_Updated_DateTime": morning(entries[-1].effective_on).replace(hour=0),
            "Inactive": not facts.active,
            "Manager_Reference": None if manager is None else worker_ref(manager),
        }
        if "Include_Hierarchy_Data" in call.flags:
            data["Hierarchy_Data"] = self._hierarchy(call, facts)
        if "Include_Supervisory_Data" in call.flags and facts.kind == "SUPERVISORY":
            data["Supervisory_Data"] = _supervisory(call, facts)
        return {"Organization_Reference": organization_ref(facts), "Organization_Data": data}

    def _hierarchy(self, call: Call, facts: Organization) -> dict[str, Any]:
        above = list(call.as_of.superiors(facts.reference_id))
        if self._below is None:
            self._below = {}
            for key in known_keys(call, call.view.world.organizations):
                self._below.setdefault(_facts(call, key).superior or "", []).append(key)
        below = [organization_ref(_facts(call, key)) for key in self._below.get(facts.reference_id, [])]
        return {
            "Top-Level_Organization_Reference": organization_ref(above[-1]),
            "Superior_Organization_Reference": organization_ref(above[1]) if len(above) > 1 else None,
            "Subordinate_Organization_Reference": below,
        }


def _facts(call: Call, key: str) -> Organization:
    found = call.as_of.organization(key)
    if found is None:
        raise LookupError(key)
    return found


def _supervisory(call: Call, facts: Organization) -> dict[str, Any]:
    location = None if facts.location is None else call.as_of.location(facts.location)
    return {
        "Staffing_Model": "Position Management",
        "Location_Reference": None if location is None else location_ref(location),
        "Available_For_Hire": True,
        "Hiring_Freeze": False,
    }
