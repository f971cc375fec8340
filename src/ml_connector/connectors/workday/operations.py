"""
Which operation gives which record type, and how it is asked: the only place that knows the requests' element names.

Of every part that Workday would give unasked, and of every one we ever ask for, a response-group flag says whether it
is wanted: without any flag Workday adds personal data and pay (UP-03). A part that no flag asks for is not given.
Inactive and filled records are asked for, because absence is no ending. Element order is the schema's.
Source: genuine WSDLs, Human_Resources v33.1, Staffing v26.1, Financial_Management v30.0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from xml.sax.saxutils import escape

import msgspec

from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.connectors.port import LogWindow

BSVC = "urn:com.workday/bsvc"
_PAY_FLAG = "Include_Compensation"

ChangeFilter = Literal["Transaction_Log_Criteria_Data", "Transaction_Log_Criteria", "Updated_From_Date"]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """
    One Get operation. *record* is the element of one record in its answer, *reference* the record's own reference.

    *named_by* is what a request names records by, where that is another word than *reference*. *before* and *after* are
    the criteria that stand before and after the change filter. *log* are the flags that ask for the transactions of a
    record, where there are any.
    """

    service: str
    name: str
    record: str
    reference: str
    flags: tuple[tuple[str, bool], ...]
    named_by: str | None = None
    log: tuple[str, ...] = ()
    change_filter: ChangeFilter | None = None
    before: str = ""
    after: str = ""

    @property
    def answer(self) -> str:
        return f"{self.name}_Response"


def _wanted(*names: str) -> tuple[tuple[str, bool], ...]:
    return tuple((name, True) for name in names)


def _unwanted(*names: str) -> tuple[tuple[str, bool], ...]:
    return tuple((name, False) for name in names)


# The sub-events of corrected and rescinded transactions are changes, too: they are told where they are asked for only.
_LOG_FLAGS = (
    "Include_Transaction_Log_Data",
    "Include_Subevents_for_Corrected_Transaction",
    "Include_Subevents_for_Rescinded_Transaction",
)

_WORKERS = Operation(
    service="Human_Resources",
    name="Get_Workers",
    record="Worker",
    reference="Worker_Reference",
    log=_LOG_FLAGS,
    change_filter="Transaction_Log_Criteria_Data",
    after=(
        "<wd:Exclude_Inactive_Workers>false</wd:Exclude_Inactive_Workers>"
        "<wd:Exclude_Employees>false</wd:Exclude_Employees>"
        "<wd:Exclude_Contingent_Workers>false</wd:Exclude_Contingent_Workers>"
    ),
    flags=(
        *_wanted("Include_Reference", "Include_Personal_Information", "Include_Additional_Jobs"),
        *_wanted("Include_Employment_Information"),
        *_unwanted(_PAY_FLAG),
        *_wanted("Include_Organizations", "Exclude_Organization_Support_Role_Data", "Exclude_Location_Hierarchies"),
        *_unwanted("Exclude_Cost_Centers"),
        *_wanted("Exclude_Cost_Center_Hierarchies"),
        *_unwanted("Exclude_Companies"),
        *_wanted("Exclude_Company_Hierarchies", "Exclude_Matrix_Organizations"),
        *_unwanted("Exclude_Pay_Groups"),
        *_wanted("Exclude_Regions", "Exclude_Region_Hierarchies"),
        *_unwanted("Exclude_Supervisory_Organizations"),
        *_wanted("Exclude_Teams", "Exclude_Custom_Organizations"),
        *_unwanted("Include_Roles", "Include_Management_Chain_Data", "Include_Photo", *_LOG_FLAGS),
        *_wanted("Exclude_Funds", "Exclude_Fund_Hierarchies", "Exclude_Grants", "Exclude_Grant_Hierarchies"),
        *_wanted("Exclude_Business_Units", "Exclude_Business_Unit_Hierarchies", "Exclude_Programs"),
        *_wanted("Exclude_Program_Hierarchies", "Exclude_Gifts", "Exclude_Gift_Hierarchies"),
    ),
)

_ORGANIZATIONS = Operation(
    service="Human_Resources",
    name="Get_Organizations",
    record="Organization",
    reference="Organization_Reference",
    change_filter="Transaction_Log_Criteria",
    before="<wd:Include_Inactive>true</wd:Include_Inactive>",
    flags=(
        *_unwanted("Include_Roles_Data"),
        *_wanted("Include_Hierarchy_Data"),
        *_unwanted("Include_Supervisory_Data", "Include_Staffing_Restrictions_Data"),
    ),
)

_JOB_PROFILES = Operation(
    service="Human_Resources",
    name="Get_Job_Profiles",
    record="Job_Profile",
    reference="Job_Profile_Reference",
    change_filter="Transaction_Log_Criteria_Data",
    flags=(
        *_wanted("Include_Reference", "Include_Job_Profile_Basic_Data"),
        *_unwanted("Include_Job_Classifications_Data", "Include_Job_Profile_Pay_Rate_Data"),
        *_unwanted("Include_Job_Profile_Exempt_Data", "Include_Workers_Compensation_Data"),
        *_unwanted("Include_Responsibility_Qualifications", "Include_Work_Experience_Qualifications"),
        *_unwanted("Include_Education_Qualifications", "Include_Language_Qualifications"),
        *_unwanted("Include_Competency_Qualifications", "Include_Certification_Qualifications"),
        *_unwanted("Include_Training_Qualifications", "Include_Job_Profile_Compensation_Data"),
        *_unwanted("Include_Skill_Qualifications"),
    ),
)

_LOCATIONS = Operation(
    service="Human_Resources",
    name="Get_Locations",
    record="Location",
    reference="Location_Reference",
    after="<wd:Exclude_Inactive_Locations>false</wd:Exclude_Inactive_Locations>",
    flags=_wanted("Include_Reference", "Include_Location_Data"),
)

_POSITIONS = Operation(
    service="Staffing",
    name="Get_Positions",
    record="Position",
    reference="Position_Reference",
    named_by="Positions_Reference",
    change_filter="Transaction_Log_Criteria_Data",
    after="<wd:Exclude_Filled_Positions>false</wd:Exclude_Filled_Positions>",
    flags=(
        *_wanted("Include_Reference", "Include_Position_Definition_Data", "Include_Position_Restrictions_Data"),
        *_unwanted("Include_Default_Compensation_Data"),
        *_wanted("Include_Default_Position_Organization_Assignment_Data", "Include_Worker_For_Filled_Positions_Data"),
        *_unwanted("Include_Qualifications", "Include_Job_Requisition_Data", "Include_Job_Requisition_Attachments"),
    ),
)

_COST_CENTERS = Operation(
    service="Financial_Management",
    name="Get_Cost_Centers",
    record="Cost_Center",
    reference="Cost_Center_Reference",
    change_filter="Updated_From_Date",
    flags=(
        *_wanted("Include_Reference", "Include_Cost_Center_Data"),
        *_unwanted("Include_Simple_Cost_Center_Data"),
    ),
)

OPERATIONS = {
    RecordType.WORKER: _WORKERS,
    RecordType.ORGANIZATION: _ORGANIZATIONS,
    RecordType.JOB_PROFILE: _JOB_PROFILES,
    RecordType.LOCATION: _LOCATIONS,
    RecordType.POSITION: _POSITIONS,
    RecordType.COST_CENTER: _COST_CENTERS,
}

# Filters that know both when something was entered and when it takes effect.
LOGS = frozenset({"Transaction_Log_Criteria_Data", "Transaction_Log_Criteria"})

CLOCK_SERVICE = "Human_Resources"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are asked for: all, those of a change window, or exactly *wids*, by Workday's own ids."""

    window: LogWindow | None = None
    wids: tuple[str, ...] = ()


EVERYTHING = Selection()


def asking_for_log(operation: Operation) -> Operation:
    """The same operation, asked for nothing of a record but who it is and, where it tells them, its transactions."""
    wanted = {"Include_Reference", *operation.log}
    return msgspec.structs.replace(operation, flags=tuple((name, name in wanted) for name, _ in operation.flags))


def build_page_request(
    operation: Operation,
    *,
    version: str,
    as_of: AsOf,
    page: int,
    count: int,
    include_pay: bool = False,
    selection: Selection = EVERYTHING,
) -> str:
    """
    Build the request for one page, both moments and the page frozen into it (CC-02).

    An operation without a change filter is read whole, whatever the window.
    """
    asked = _build_references(operation, selection.wids) if selection.wids else _build_criteria(operation, selection)
    return (
        f'<wd:{operation.name}_Request xmlns:wd="{BSVC}" wd:version="{version}">' + asked + "<wd:Response_Filter>"
        f"<wd:As_Of_Effective_Date>{as_of.effective_on.isoformat()}</wd:As_Of_Effective_Date>"
        f"<wd:As_Of_Entry_DateTime>{format_instant(as_of.entered_at)}</wd:As_Of_Entry_DateTime>"
        f"<wd:Page>{page}</wd:Page><wd:Count>{count}</wd:Count></wd:Response_Filter>"
        f"{build_group(operation, include_pay=include_pay)}</wd:{operation.name}_Request>"
    )


def build_group(operation: Operation, *, include_pay: bool = False) -> str:
    """Say of every part of the answer whether it is wanted (UP-03)."""
    flags = "".join(
        f"<wd:{name}>{'true' if wanted or (name == _PAY_FLAG and include_pay) else 'false'}</wd:{name}>"
        for name, wanted in operation.flags
    )
    return f"<wd:Response_Group>{flags}</wd:Response_Group>"


def build_clock_request(*, version: str) -> str:
    """Build the question for Workday's own clock (`Get_Server_Timestamp`)."""
    return f'<wd:Server_Timestamp_Get xmlns:wd="{BSVC}" wd:version="{version}"/>'


def format_instant(at: datetime) -> str:
    """An instant in UTC with its `Z`, to the millisecond (TZ-06)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _build_references(operation: Operation, wids: tuple[str, ...]) -> str:
    """Name records one by one; who is gone meanwhile fails nobody else."""
    name = operation.named_by or operation.reference
    ids = "".join(f'<wd:{name}><wd:ID wd:type="WID">{escape(wid)}</wd:ID></wd:{name}>' for wid in wids)
    lenient = ' wd:Skip_Non_Existing_Instances="true"' if operation.change_filter != "Updated_From_Date" else ""
    return f"<wd:Request_References{lenient}>{ids}</wd:Request_References>"


def _build_criteria(operation: Operation, selection: Selection) -> str:
    criteria = operation.before
    if selection.window is not None and operation.change_filter is not None:
        criteria += _build_filter(operation.change_filter, selection.window)
    criteria += operation.after
    return f"<wd:Request_Criteria>{criteria}</wd:Request_Criteria>" if criteria else ""


def _build_filter(kind: ChangeFilter, window: LogWindow) -> str:
    entered, days = "", ""
    if window.entered is not None:
        begin, end = (format_instant(moment) for moment in window.entered)
        entered = f"<wd:Updated_From>{begin}</wd:Updated_From><wd:Updated_Through>{end}</wd:Updated_Through>"
    if kind == "Updated_From_Date":  # it knows no effective dates, and other names for the same
        return entered.replace(":Updated_From>", ":Updated_From_Date>").replace(
            ":Updated_Through>", ":Updated_To_Date>"
        )
    if window.effective is not None:
        first, last = (day.isoformat() for day in window.effective)
        days = f"<wd:Effective_From>{first}T00:00:00.000Z</wd:Effective_From>"
        days += f"<wd:Effective_Through>{last}T23:59:59.999Z</wd:Effective_Through>"
    return f"<wd:{kind}><wd:Transaction_Date_Range_Data>{entered}{days}</wd:Transaction_Date_Range_Data></wd:{kind}>"
