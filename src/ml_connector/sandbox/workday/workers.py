"""Get_Workers: which workers, and the frame of what is told of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.workday import worker_parts as parts
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.criteria import read_log_criteria
from ml_connector.sandbox.workday.faults import invalid_id_message, validation_fault
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import describe_worker_name, value_ref, worker_ref


class Workers:
    """Newest first: whoever is hired between two pages shifts the rest, unless the entry moment is pinned."""

    reference = "Worker_Reference"
    defaults = frozenset({
        "Include_Reference", "Include_Personal_Information", "Include_Employment_Information", "Include_Compensation",
        "Include_Organizations", "Include_Roles",
    })  # fmt: skip
    criteria = frozenset({
        "Transaction_Log_Criteria_Data", "Organization_Reference", "Include_Subordinate_Organizations",
        "Position_Reference", "Exclude_Inactive_Workers", "Exclude_Employees", "Exclude_Contingent_Workers",
        "Universal_ID_Reference",
    })  # fmt: skip

    def select(self, call: Call) -> Sequence[str]:
        """List the workers known by the entry moment who fit the criteria and whom the user may see."""
        fits_log = read_log_criteria(call, element="Transaction_Log_Criteria_Data")
        fits_job = _read_job_criteria(call)
        kinds = _read_kinds(call)
        # The log first: it leaves few, and what somebody is takes long to work out.
        shelf = call.view.world.workers
        found = [key for key in _known(call) if fits_log(shelf[key].told(by=call.as_of.by))]
        if kinds is not None:
            found = [key for key in found if kinds(key)]
        if fits_job is not None:
            found = [key for key in found if (worker := call.as_of.worker(key)) is not None and fits_job(worker)]
        return found

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find a worker by WID, Employee_ID or Contingent_Worker_ID."""
        key = call.view.world.worker_ids.get((kind, text))
        seen = key is not None and key not in call.view.purged and call.view.world.workers[key].known(by=call.as_of.by)
        return key if seen else None

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to a worker, present or still to come."""
        return worker_ref(facts_of(call, key))

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Tell what the response group asks for, less what the user has no domain for."""
        present = call.as_of.worker(key)
        worker, flags = present or facts_of(call, key), call.flags
        said: dict[str, Any] = {}
        if "Include_Reference" in flags:
            said["Worker_Reference"] = worker_ref(worker)
            said["Worker_Descriptor"] = describe_worker_name(worker)
            if worker.universal_id is not None:
                said["Universal_Identifier_Reference"] = value_ref("Universal_Identifier_ID", worker.universal_id)
        data: dict[str, Any] = {
            "Worker_ID": worker.worker_id,
            "User_ID": worker.email.partition("@")[0],
            "Universal_ID": worker.universal_id,
        }
        if "Include_Personal_Information" in flags and call.allows(domains.PERSONAL):
            data["Personal_Data"] = parts.describe_person(worker)
        if "Include_Employment_Information" in flags and call.allows(domains.STAFFING):
            data["Employment_Data"] = parts.describe_employment(call, worker, present=present is not None)
        if present is not None:
            data |= self._describe_sections(call, present)
        if "Include_Transaction_Log_Data" in flags:
            data["Transaction_Log_Entry_Data"] = parts.describe_log(call, key)
        return said | {"Worker_Data": data}

    def _describe_sections(self, call: Call, worker: Worker) -> dict[str, Any]:
        sections: dict[str, Any] = {}
        may_see_organizations = call.allows(domains.ORGANIZATIONS)
        if "Include_Compensation" in call.flags and call.allows(domains.COMPENSATION) and not worker.contingent:
            sections["Compensation_Data"] = parts.describe_compensation(worker)
        if "Include_Organizations" in call.flags and may_see_organizations:
            memberships = parts.describe_memberships(call, worker, worker.primary_job)
            sections["Organization_Data"] = {"Worker_Organization_Data": memberships}
        if "Include_Management_Chain_Data" in call.flags and may_see_organizations:
            sections["Management_Chain_Data"] = parts.describe_chain(call, worker)
        return sections


def _known(call: Call) -> Iterator[str]:
    """Yield whom the user may see; a constrained user misses every third."""
    for number in range(len(call.view.workers), 0, -1):
        if call.view.constrained and number % 3 == 0:
            continue
        key = call.view.workers[number - 1]
        if call.view.world.workers[key].known(by=call.as_of.by):
            yield key


def facts_of(call: Call, key: str) -> Worker:
    """Tell what is known of a worker before the day they begin: what they were hired with."""
    present = call.as_of.worker(key)
    if present is not None:
        return present
    return call.view.world.workers[key].first(by=call.as_of.by)


def _read_kinds(call: Call) -> Callable[[str], bool] | None:
    """Make the test on who is active and of which kind, or None if nobody is excluded."""
    asked = call.criteria
    inactive, contingent, employees = (
        bool(asked.get(name))
        for name in ("Exclude_Inactive_Workers", "Exclude_Contingent_Workers", "Exclude_Employees")
    )
    if not (inactive or contingent or employees):
        return None

    def fits(key: str) -> bool:
        worker = call.as_of.worker(key)
        if inactive and (worker is None or not worker.is_active(call.as_of.on)):
            return False
        return not (contingent if facts_of(call, key).contingent else employees)

    return fits


def _read_job_criteria(call: Call) -> Any:
    """Make the test on organizations, positions and universal ids, or None if none is asked for."""
    asked = call.criteria
    wanted = {name: asked[name] for name in ("Organization_Reference", "Position_Reference") if name in asked}
    universal = {text for ref in asked.get("Universal_ID_Reference", []) for _, text in ref.ids}
    if not wanted and not universal:
        return None
    deep = bool(asked.get("Include_Subordinate_Organizations"))
    organizations = {_organization(call, ref) for ref in wanted.get("Organization_Reference", [])}
    positions = {text for ref in wanted.get("Position_Reference", []) for _, text in ref.ids}

    def fits(worker: Worker) -> bool:
        jobs = worker.jobs if "Include_Additional_Jobs" in call.flags else worker.jobs[:1]
        member = {place for job in jobs for place in parts.organizations_of(call, worker, job, deep=deep)}
        return (
            (not organizations or bool(organizations & member))
            and (not positions or any(job.position_id in positions for job in jobs))
            and (not universal or worker.universal_id in universal)
        )

    return fits


def _organization(call: Call, ref: Ref) -> str:
    for kind, text in ref.ids:
        for key in list(call.view.world.organizations):
            found = call.as_of.organization(key)
            if found is not None and text == (found.wid if kind == "WID" else found.reference_id):
                return key
    kind, text = ref.ids[0]
    raise validation_fault(invalid_id_message(text, kind=kind))
