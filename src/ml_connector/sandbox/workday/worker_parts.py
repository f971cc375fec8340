"""The parts of a worker, as Get_Workers tells them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Job, JobProfile, Organization, Worker
from ml_connector.sandbox.tenant.history import Entry
from ml_connector.sandbox.tenant.setup import morning
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import (
    job_profile_ref,
    location_ref,
    organization_ref,
    position_ref,
    value_ref,
    worker_ref,
)

_EXCLUDED_BY = {
    "SUPERVISORY": "Exclude_Supervisory_Organizations",
    "COST_CENTER": "Exclude_Cost_Centers",
    "COST_CENTER_HIERARCHY": "Exclude_Cost_Center_Hierarchies",
    "COMPANY": "Exclude_Companies",
    "COMPANY_HIERARCHY": "Exclude_Company_Hierarchies",
    "PAY_GROUP": "Exclude_Pay_Groups",
}
_FULL_WEEK = Decimal(40)
_WEEKS = 52


def describe_person(worker: Worker) -> dict[str, Any]:
    """Tell names and the address at work."""
    usage = {
        "@Public": True,
        "Type_Data": [{"@Primary": True, "Type_Reference": value_ref("Communication_Usage_Type_ID", "WORK")}],
    }
    return {
        "Universal_ID": worker.universal_id,
        "Name_Data": {
            "Legal_Name_Data": _name(worker, first=worker.first_name),
            "Preferred_Name_Data": _name(worker, first=worker.preferred_first_name or worker.first_name),
        },
        "Contact_Data": {"Email_Address_Data": [{"Email_Address": worker.email, "Usage_Data": [usage]}]},
    }


def _name(worker: Worker, *, first: str | None) -> dict[str, Any]:
    formatted = " ".join(part for part in (first, worker.middle_name, worker.last_name) if part)
    detail = {
        "@Formatted_Name": formatted,
        "@Reporting_Name": f"{worker.last_name}, {first}" if first else worker.last_name,
        "Country_Reference": value_ref("ISO_3166-1_Alpha-2_Code", "US"),
        "First_Name": first,
        "Middle_Name": worker.middle_name,
        "Last_Name": worker.last_name,
    }
    return {"Name_Detail_Data": detail}


def describe_employment(call: Call, worker: Worker, *, present: bool) -> dict[str, Any]:
    """Tell status and jobs. Before the first day there is nothing dated to tell, only that it will come."""
    data: dict[str, Any] = {"Worker_Status_Data": _status(call, worker)}
    if present:
        jobs = worker.jobs if "Include_Additional_Jobs" in call.flags else worker.jobs[:1]
        data["Worker_Job_Data"] = [_job(call, worker, job) for job in jobs]
        if worker.contingent and call.allows(domains.COMPENSATION):
            data["Worker_Contract_Data"] = {
                "Contract_Pay_Rate": worker.pay.amount,
                "Currency_Reference": value_ref("Currency_ID", "USD"),
                "Frequency_Reference": _frequency(worker),
            }
    return data


def _status(call: Call, worker: Worker) -> dict[str, Any]:
    on = call.as_of.on
    rescinded = not call.view.world.workers[worker.key].begins(by=call.as_of.by)
    active = call.as_of.is_active(worker)
    ended = worker.terminated_on
    status: dict[str, Any] = {
        "Active": active,
        "Active_Status_Date": worker.hire_on if active or ended is None else ended,
        "Hire_Date": worker.hire_on,
        "Original_Hire_Date": worker.first_hired_on or worker.hire_on,
        "Continuous_Service_Date": worker.hire_on,
        "First_Day_of_Work": worker.hire_on,
        "Retired": False,
        "Seniority_Date": worker.hire_on,
        "Terminated": ended is not None and ended < on,
        "Hire_Rescinded": rescinded,
        "Rehire": worker.first_hired_on is not None,
    }
    if ended is not None:
        status |= {
            "Termination_Date": ended,
            "Pay_Through_Date": worker.paid_through or ended,
            "Termination_Involuntary": False,
        }
        # Told when the termination has taken effect, and not a day before.
        status["Termination_Last_Day_of_Work"] = (worker.last_worked_on or ended) if ended < on else None
    if active and (worker.leave_on or worker.leave_ended_on):
        leave = {
            "On_Leave": worker.leave_on is not None,
            "Leave_Start_Date": worker.leave_on,
            "Estimated_Leave_End_Date": worker.back_expected_on,
            "Leave_End_Date": worker.leave_ended_on,
            "Leave_of_Absence_Type_Reference": value_ref("Leave_of_Absence_Type_ID", "Medical"),
        }
        status["Leave_Status_Data"] = [leave]
    return status


def _job(call: Call, worker: Worker, job: Job) -> dict[str, Any]:
    data: dict[str, Any] = {"@Primary_Job": job.primary, "Position_Data": _position(call, worker, job)}
    if "Include_Organizations" in call.flags and call.allows(domains.ORGANIZATIONS):
        memberships = describe_memberships(call, worker, job)
        data["Position_Organizations_Data"] = {"Position_Organization_Data": memberships}
    return data


def _position(call: Call, worker: Worker, job: Job) -> dict[str, Any]:
    now = call.as_of
    position, profile, location = (
        now.position(job.position_id),
        now.job_profile(job.job_profile),
        now.location(job.location),
    )
    manager = now.manager(job.organization, of=worker.key)
    title = profile.title if profile is not None else None
    hourly = worker.pay.hourly
    return {
        "@Effective_Date": job.since_on,
        "Position_Reference": None if position is None else position_ref(position, title=title or ""),
        "Position_ID": job.position_id,
        "Position_Title": title,
        "Business_Title": title,
        "Start_Date": job.since_on,
        "Worker_Type_Reference": _worker_type(worker),
        "Position_Time_Type_Reference": value_ref("Position_Time_Type_ID", time_type(full_time=job.full_time)),
        "Job_Exempt": not hourly,
        "Scheduled_Weekly_Hours": job.weekly_hours,
        "Default_Weekly_Hours": _FULL_WEEK,
        "Full_Time_Equivalent_Percentage": job.weekly_hours * 100 / _FULL_WEEK,
        "Exclude_from_Headcount": worker.contingent,
        "Pay_Rate_Type_Reference": value_ref("Pay_Rate_Type_ID", "Hourly" if hourly else "Salary"),
        "Work_Shift_Reference": None if job.shift is None else value_ref("Work_Shift_ID", job.shift),
        "Job_Profile_Summary_Data": None if profile is None else _profile_summary(profile),
        "Business_Site_Summary_Data": None
        if location is None
        else {"Location_Reference": location_ref(location), "Name": location.name},
        "International_Assignment_Data": _assignment(job) if job.assignment else None,
        "End_Date": min((day for day in (job.ends_on, worker.terminated_on) if day is not None), default=None),
        "Manager_as_of_last_detected_manager_change_Reference": [] if manager is None else [worker_ref(manager)],
    }


def _assignment(job: Job) -> dict[str, Any]:
    return {
        "International_Assignment_Type_Reference": value_ref("International_Assignment_Type_ID", "SHORT_TERM"),
        "Expected_Assignment_End_Date": job.ends_on,
    }


def _profile_summary(profile: JobProfile) -> dict[str, Any]:
    return {
        "Job_Profile_Reference": job_profile_ref(profile),
        "Job_Exempt": not profile.shop,
        "Management_Level_Reference": management_level(manages=profile.manages),
        "Job_Category_Reference": value_ref("Job_Category_ID", profile.category),
        "Job_Profile_Name": profile.title,
        "Work_Shift_Required": profile.shop,
    }


def management_level(*, manages: bool) -> Ref:
    """Refer to the level of those who lead, or of those who do not."""
    return value_ref("Management_Level_ID", "Manager" if manages else "Individual_Contributor")


def time_type(*, full_time: bool) -> str:
    """Name the time type of a position."""
    return "Full_time" if full_time else "Part_time"


def _worker_type(worker: Worker) -> Ref:
    if worker.contingent:
        return value_ref("Contingent_Worker_Type_ID", "Contractor")
    return value_ref("Employee_Type_ID", "Regular")


def _frequency(worker: Worker) -> Ref:
    return value_ref("Frequency_ID", "Hourly" if worker.pay.hourly else "Annual")


def describe_compensation(worker: Worker) -> dict[str, Any]:
    """Tell the base pay as assigned, and what it makes a year."""
    pay, currency = worker.pay, value_ref("Currency_ID", "USD")
    weekly = worker.primary_job.weekly_hours
    yearly = pay.amount * weekly * _WEEKS if pay.hourly else pay.amount
    plan = value_ref("Compensation_Plan_ID", "HOURLY_PLAN" if pay.hourly else "SALARY_PLAN")

    def summary(amount: Decimal, frequency: Ref) -> dict[str, Any]:
        return {
            "Total_Base_Pay": amount,
            "Total_Salary_and_Allowances": amount,
            "Primary_Compensation_Basis": amount,
            "Currency_Reference": currency,
            "Frequency_Reference": frequency,
        }

    return {
        "Compensation_Effective_Date": pay.since_on,
        "Salary_and_Hourly_Data": [
            {
                "Compensation_Plan_Reference": plan,
                "Amount": pay.amount,
                "Currency_Reference": currency,
                "Frequency_Reference": _frequency(worker),
                "Assignment_Effective_Date": pay.since_on,
            }
        ],
        "Employee_Compensation_Summary_Data": {
            "Employee_Compensation_Summary_Data": summary(pay.amount, _frequency(worker)),
            "Annualized_Summary_Data": summary(yearly, value_ref("Frequency_ID", "Annual")),
        },
    }


def organizations_of(call: Call, worker: Worker, job: Job, *, deep: bool) -> list[str]:
    """List the organizations a job belongs to; *deep* adds all above its supervisory organization."""
    places = [job.organization, job.company, job.cost_center]
    if worker.pay_group is not None:
        places.append(worker.pay_group)
    if deep:
        places += [above.reference_id for above in call.as_of.superiors(job.organization)][1:]
    return places


def describe_memberships(call: Call, worker: Worker, job: Job) -> list[dict[str, Any]]:
    """Tell the organizations of a job, and the hierarchies its company and cost center roll up to."""
    found: list[Organization] = []
    for key in organizations_of(call, worker, job, deep=False):
        levels = list(call.as_of.superiors(key))
        found += levels[:1] if levels and levels[0].kind == "SUPERVISORY" else levels
    told = [organization for organization in found if _EXCLUDED_BY[organization.kind] not in call.flags]
    return [_membership(worker, organization) for organization in told]


def _membership(worker: Worker, organization: Organization) -> dict[str, Any]:
    pay_group = organization.kind == "PAY_GROUP"
    return {
        "Organization_Reference": organization_ref(organization),
        "Organization_Data": {
            "Organization_Reference_ID": organization.reference_id,
            "Organization_Code": organization.code or None,
            "Organization_Name": organization.name,
            "Organization_Type_Reference": value_ref("Organization_Type_ID", organization.kind),
            "Organization_Subtype_Reference": value_ref("Organization_Subtype_ID", organization.kind.title()),
            "Date_of_Pay_Group_Assignment": worker.hire_on if pay_group else None,
            "Used_in_Change_Organization_Assignments": organization.kind in ("COMPANY", "COST_CENTER"),
        },
    }


def describe_chain(call: Call, worker: Worker) -> dict[str, Any]:
    """Tell the chain from the top down; the last manager is the worker's own. A vacant place names no manager."""
    rows = []
    for organization in call.as_of.superiors(worker.primary_job.organization):
        manager = call.as_of.manager(organization.reference_id, of=worker.key)
        rows.append(
            {
                "Organization_Reference": organization_ref(organization),
                "Manager_Reference": [] if manager is None else [worker_ref(manager)],
            }
        )
    return {"Worker_Supervisory_Management_Chain_Data": {"Management_Chain_Data": rows[::-1]}}


def describe_log(call: Call, key: str) -> dict[str, Any]:
    """Tell every transaction entered about a worker by the entry moment."""
    entries = call.view.world.workers[key].told(by=call.as_of.by)
    rows = [
        {
            "Transaction_Log_Reference": Ref((("WID", make_wid("transaction", key, entry.entered_at.isoformat())),)),
            "Transaction_Log_Data": {
                "Transaction_Log_Description": entry.kind,
                "Transaction_Effective_Moment": morning(entry.effective_on).replace(hour=0),
                "Transaction_Entry_Moment": entry.entered_at,
                "Transaction_Log_Type_Reference": [value_ref("Business_Process_Type", entry.kind)],
                "Is_Rescind_Or_Rescinded": entry.rescinds or _is_taken_back(entry, entries, by="rescinds"),
                "Is_Correction_Or_Corrected": entry.corrects or _is_taken_back(entry, entries, by="corrects"),
            },
        }
        for entry in entries
    ]
    return {"Transaction_Log_Entry": rows}


def _is_taken_back(entry: Entry, known: list[Entry], *, by: str) -> bool:
    """Whether an entry known so far took this one back in that way."""
    return any(getattr(each, by) and each.entered_at == entry.taken_back_at for each in known)
