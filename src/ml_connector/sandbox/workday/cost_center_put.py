"""Put_Cost_Center: a cost center added, or one that is there changed, from a day on."""

from __future__ import annotations

from typing import Any

from ml_connector.sandbox.tenant.facts import Organization
from ml_connector.sandbox.tenant.tenant import Tenant, View
from ml_connector.sandbox.tenant.world import AsOf
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.faults import SoapFaultError, invalid_id_message, validation_fault
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import organization_ref, value_ref
from ml_connector.sandbox.workday.setup_data import CostCenters

_DATA = "/bsvc:Put_Cost_Center_Request[1]/bsvc:Cost_Center_Data[1]"
_SUBTYPE = value_ref("Organization_Subtype_ID", "Cost_Center")


def put_cost_center(request: dict[str, Any], *, tenant: Tenant, view: View) -> Ref:
    """
    Enter what is asked for, and refer to the cost center.

    Without `Add_Only` the reference, or else the ID, says which one is changed; what the request leaves out stays.

    Raises:
        SoapFaultError: it is there and was only to be added, it is not there, or something of it is missing or wrong.
    """
    data = _need(request, "Cost_Center_Data", path="/bsvc:Put_Cost_Center_Request[1]")
    organization = _need(data, "Organization_Data", path=_DATA)
    available_on = _need(organization, "Availability_Date", path=f"{_DATA}/bsvc:Organization_Data[1]")
    subtype = _need(data, "Organization_Subtype_Reference", path=_DATA)
    if not set(subtype.ids) & set(_SUBTYPE.ids):
        raise validation_fault("Organization Subtype is not valid for Organization Type", xpaths=(_DATA,))
    on = data.get("@Effective_Date") or view.today
    call = Call(request=request, view=view, as_of=AsOf(view.world, on=on, by=view.now), flags=frozenset())
    key, held = _find(call, request.get("Cost_Center_Reference"), organization.get("ID"))
    if held is not None and request.get("@Add_Only"):
        raise validation_fault("Organization already exists.")
    changes = _read_changes(organization, held) | {"available_on": available_on}
    tenant.put_cost_center(key, changes, on=on)
    found = tenant.view().world.organizations[key].at(on, by=tenant.now())
    if found is None:
        raise LookupError(key)
    return organization_ref(found)


def _need(value: dict[str, Any], name: str, *, path: str) -> Any:
    found = value.get(name)
    if found is None:
        raise validation_fault(f"{name} is required.", xpaths=(path,))
    return found


def _find(call: Call, reference: Ref | None, given: str | None) -> tuple[str, Organization | None]:
    """The cost center's key and its facts, where there is one yet."""
    organizations = call.view.world.organizations
    if reference is not None:
        listing = CostCenters()
        key = next((key for kind, text in reference.ids if (key := listing.find(call, kind, text)) is not None), None)
        if key is None:
            kind, text = reference.ids[0]
            raise validation_fault(invalid_id_message(text, kind=kind))
        if given not in (None, key):
            raise validation_fault("This sandbox does not let a reference ID be changed by Put_Cost_Center.")
        return key, call.as_of.organization(key)
    if not given:
        raise _missing("ID")
    if given not in organizations:
        return given, None
    held = call.as_of.organization(given) or organizations[given].first(by=call.as_of.by)
    if held.kind != "COST_CENTER":
        raise validation_fault(
            "Choose a different REFERENCE_ID. The current value is already in use by the "
            f"{held.kind.replace('_', ' ').title()}:{held.name}"
        )
    return given, held


def _read_changes(organization: dict[str, Any], held: Organization | None) -> dict[str, Any]:
    """What is said of it, by the names of facts; a new one needs a name, and is active unless said otherwise."""
    names = {"name": "Organization_Name", "code": "Organization_Code", "active": "Organization_Active"}
    said = {name: organization[element] for name, element in names.items() if organization.get(element) is not None}
    if held is not None:
        return said
    if "name" not in said:
        raise _missing("Organization_Name")
    fresh = {"code": "", "active": True, "superior": "CCH-ALL"}
    return {**fresh, **said}


def _missing(name: str) -> SoapFaultError:
    return validation_fault(f"{name} is required.", xpaths=(f"{_DATA}/bsvc:Organization_Data[1]",))
