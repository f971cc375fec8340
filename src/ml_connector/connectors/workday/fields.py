"""What `discover` tells: canonical fields and where they live in Workday's XML, relative to the record element."""

from __future__ import annotations

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.port import FieldInfo, TypeInfo
from ml_connector.connectors.workday.operations import LOGS, OPERATIONS, ChangeFilter

_NAME = "Worker_Data/Personal_Data/Name_Data/{Preferred,Legal}_Name_Data/Name_Detail_Data"
_STATUS = "Worker_Data/Employment_Data/Worker_Status_Data"
_JOB = "Worker_Data/Employment_Data/Worker_Job_Data"
_PLACE = f"{_JOB}/Position_Data"
_BASE_PAY = "Worker_Data/Compensation_Data/Salary_and_Hourly_Data"
_SEAT = "Position_Data/Position_Restrictions_Data"
_SEAT_ORGS = "Position_Data/Default_Position_Organization_Assignments_Data"
_ORG = "Worker_Data/Organization_Data/Worker_Organization_Data"
_CENTER = "Cost_Center_Data/Organization_Data"

_PATHS: dict[RecordType, dict[str, str]] = {
    RecordType.WORKER: {
        "key": "Worker_Reference/ID[WID]",
        "employee_id": "Worker_Reference/ID[Employee_ID|Contingent_Worker_ID]",
        "worker_type": "Worker_Reference: the ID's type",
        "universal_id": "Universal_Identifier_Reference/ID[Universal_Identifier_ID] or Worker_Data/Universal_ID",
        "name.given": f"{_NAME}/First_Name",
        "name.middle": f"{_NAME}/Middle_Name",
        "name.family": f"{_NAME}/Last_Name",
        "name.preferred": "Worker_Data/Personal_Data/Name_Data/Preferred_Name_Data/Name_Detail_Data@Formatted_Name",
        "email": "Worker_Data/Personal_Data/Contact_Data/Email_Address_Data[WORK]/Email_Address",
        "active": f"{_STATUS}/Active",
        "on_leave": f"{_STATUS}/Leave_Status_Data/On_Leave",
        "hired_on": f"{_STATUS}/Hire_Date",
        "original_hire_on": f"{_STATUS}/Original_Hire_Date",
        "terminated_on": f"{_STATUS}/Termination_Date",
        "pay_through_on": f"{_STATUS}/Pay_Through_Date",
        "hire_rescinded": f"{_STATUS}/Hire_Rescinded",
        "rehire": f"{_STATUS}/Rehire",
        "manager_id": f"{_PLACE}/Manager_as_of_last_detected_manager_change_Reference[last()]",
        "jobs.position_id": f"{_PLACE}/Position_ID",
        "jobs.primary": f"{_JOB}@Primary_Job",
        "jobs.title": f"{_PLACE}/Position_Title",
        "jobs.job_profile_id": f"{_PLACE}/Job_Profile_Summary_Data/Job_Profile_Reference/ID[Job_Profile_ID]",
        "jobs.location_id": f"{_PLACE}/Business_Site_Summary_Data/Location_Reference/ID[Location_ID]",
        "jobs.time_type": f"{_PLACE}/Position_Time_Type_Reference/ID[Position_Time_Type_ID]",
        "jobs.shift_id": f"{_PLACE}/Work_Shift_Reference/ID[Work_Shift_ID]",
        "jobs.fte": f"{_PLACE}/Full_Time_Equivalent_Percentage",
        "jobs.weekly_hours": f"{_PLACE}/Scheduled_Weekly_Hours",
        "jobs.effective_on": f"{_PLACE}@Effective_Date",
        "jobs.end_on": f"{_PLACE}/End_Date",
        "jobs.excluded_from_headcount": f"{_PLACE}/Exclude_from_Headcount",
        "jobs.assignment": f"{_PLACE}/International_Assignment_Data: whether it is there",
        "jobs.manager_id": f"{_PLACE}/Manager_as_of_last_detected_manager_change_Reference[last()], of several jobs",
        "jobs.organizations": f"{_JOB}/Position_Organizations_Data/Position_Organization_Data",
        "organizations.company": f"{_ORG}[COMPANY]/Organization_Reference/ID[Company_Reference_ID]",
        "organizations.cost_center": f"{_ORG}[COST_CENTER]/Organization_Reference/ID[Cost_Center_Reference_ID]",
        "organizations.supervisory": f"{_ORG}[SUPERVISORY]/Organization_Reference/ID[Organization_Reference_ID]",
        "organizations.pay_group": f"{_ORG}[PAY_GROUP]/Organization_Reference/ID[Organization_Reference_ID]",
        "compensation.amount": f"{_BASE_PAY}/Amount",
        "compensation.currency": f"{_BASE_PAY}/Currency_Reference/ID[Currency_ID]",
        "compensation.frequency": f"{_BASE_PAY}/Frequency_Reference/ID[Frequency_ID]",
        "compensation.effective_on": f"{_BASE_PAY}/Assignment_Effective_Date",
    },
    RecordType.ORGANIZATION: {
        "key": "Organization_Reference/ID[Organization_Reference_ID]",
        "wid": "Organization_Reference/ID[WID]",
        "code": "Organization_Data/Organization_Code",
        "name": "Organization_Data/Name",
        "kind": "Organization_Data/Organization_Type_Reference/ID[Organization_Type_ID]",
        "active": "not Organization_Data/Inactive",
        "manager_id": "Organization_Data/Manager_Reference/ID[Employee_ID|Contingent_Worker_ID]",
        "superior_id": "Organization_Data/Hierarchy_Data/Superior_Organization_Reference/ID[Organization_Reference_ID]",
    },
    RecordType.JOB_PROFILE: {
        "key": "Job_Profile_Reference/ID[Job_Profile_ID]",
        "wid": "Job_Profile_Reference/ID[WID]",
        "code": "Job_Profile_Data/Job_Code",
        "title": "Job_Profile_Data/Job_Profile_Basic_Data/Job_Title",
        "active": "not Job_Profile_Data/Job_Profile_Basic_Data/Inactive",
        "effective_on": "Job_Profile_Data/Effective_Date",
        "category": "Job_Profile_Data/Job_Profile_Basic_Data/Job_Category_Reference/ID[Job_Category_ID]",
    },
    RecordType.LOCATION: {
        "key": "Location_Reference/ID[Location_ID]",
        "wid": "Location_Reference/ID[WID]",
        "name": "Location_Data/Location_Name",
        "active": "not Location_Data/Inactive",
        "time_zone": "Location_Data/Time_Zone_Reference/ID[Time_Zone_ID]",
    },
    RecordType.POSITION: {
        "key": "Position_Reference/ID[Position_ID]",
        "wid": "Position_Reference/ID[WID]",
        "title": "Position_Data/Position_Definition_Data/Job_Posting_Title",
        "job_profile_id": f"{_SEAT}/Job_Profile_Restriction_Summary_Data/Job_Profile_Reference/ID[Job_Profile_ID]",
        "location_id": f"{_SEAT}/Location_Reference/ID[Location_ID]",
        "company": f"{_SEAT_ORGS}/Company_Assignments_Reference/ID[Company_Reference_ID]",
        "cost_center": f"{_SEAT_ORGS}/Cost_Center_Assignments_Reference/ID[Cost_Center_Reference_ID]",
        "supervisory": "Position_Data/Supervisory_Organization_Reference/ID[Organization_Reference_ID]",
        "time_type": f"{_SEAT}/Time_Type_Reference/ID[Position_Time_Type_ID]",
        "available_on": f"{_SEAT}/Availability_Date",
        "filled_by": "Position_Data/Worker_For_Filled_Position/Worker_Reference/ID[Employee_ID|Contingent_Worker_ID]",
        "open": "Position_Data/Position_Definition_Data/{Available_For_Hire, not Hiring_Freeze}",
    },
    RecordType.COST_CENTER: {
        "key": "Cost_Center_Reference/ID[Cost_Center_Reference_ID]",
        "wid": "Cost_Center_Reference/ID[WID]",
        "code": f"{_CENTER}/Organization_Code",
        "name": f"{_CENTER}/Organization_Name",
        "active": f"{_CENTER}/Organization_Active",
        "available_on": f"{_CENTER}/Availability_Date",
        "effective_on": "Cost_Center_Data@Effective_Date",
        "restricted_to": "Cost_Center_Data/Restricted_To_Company_or_Company_Hierarchy_Reference",
    },
}

_WRITABLE: dict[RecordType, tuple[str, ...]] = {
    RecordType.COST_CENTER: ("create", "update", "deactivate", "reactivate")
}
_PUTS = {RecordType.COST_CENTER: "Put_Cost_Center"}

_FILTERS: dict[ChangeFilter, str] = {
    "Transaction_Log_Criteria_Data": "entered or effective from/through (transaction log)",
    "Transaction_Log_Criteria": "entered or effective from/through (transaction log)",
    "Updated_From_Date": "updated from/to",
}


def list_types() -> list[TypeInfo]:
    """Name every record type; of them only cost centers are writable: all else is Workday's, and changed there."""
    return [
        TypeInfo(
            type=record_type.value,
            surface="soap",
            operation=f"{operation.service}.{operation.name}"
            + (" (read only)" if record_type not in _WRITABLE else f", {_PUTS[record_type]}"),
            writable=_WRITABLE.get(record_type, ()),
            change_filters=(_FILTERS[operation.change_filter],) if operation.change_filter else (),
            has_log=operation.change_filter in LOGS,
            fields=tuple(FieldInfo(name=name, path=path) for name, path in _PATHS[record_type].items()),
        )
        for record_type, operation in OPERATIONS.items()
    ]
