"""Workday records written by hand after the genuine schemas; `tests/conformance` holds them to those schemas."""

from __future__ import annotations

from ml_connector.canonical.keys import NativeRecord, RecordType

BSVC = "urn:com.workday/bsvc"
WID = "0123456789abcdef0123456789abcdef"


def ref(name: str, **ids: str) -> str:
    each = "".join(f'<wd:ID wd:type="{kind}">{text}</wd:ID>' for kind, text in ids.items())
    return f"<wd:{name}>{each}</wd:{name}>"


def membership(element: str, kind: str, **ids: str) -> str:
    return (
        f"<wd:{element}>{ref('Organization_Reference', WID='f' * 32, **ids)}<wd:Organization_Data>"
        f"<wd:Organization_Name>Some name</wd:Organization_Name>"
        f"{ref('Organization_Type_Reference', Organization_Type_ID=kind)}</wd:Organization_Data></wd:{element}>"
    )


NAMES = (
    "<wd:Name_Data><wd:Legal_Name_Data><wd:Name_Detail_Data wd:Formatted_Name='Adelaide Nguyen'>"
    + ref("Country_Reference", **{"ISO_3166-1_Alpha-2_Code": "US"})
    + "<wd:First_Name>Adelaide</wd:First_Name><wd:Middle_Name></wd:Middle_Name><wd:Last_Name>Nguyen</wd:Last_Name>"
    "</wd:Name_Detail_Data></wd:Legal_Name_Data><wd:Preferred_Name_Data>"
    "<wd:Name_Detail_Data wd:Formatted_Name='Ada Nguye\u0302\u0303n'>"
    + ref("Country_Reference", **{"ISO_3166-1_Alpha-2_Code": "US"})
    + "<wd:First_Name>Ada</wd:First_Name><wd:Last_Name>Nguye\u0302\u0303n</wd:Last_Name>"
    "</wd:Name_Detail_Data></wd:Preferred_Name_Data></wd:Name_Data>"
)


def email(address: str, usage: str, *, primary: str = "1") -> str:
    return (
        f"<wd:Email_Address_Data><wd:Email_Address>{address}</wd:Email_Address><wd:Usage_Data wd:Public='1'>"
        f"<wd:Type_Data wd:Primary='{primary}'>{ref('Type_Reference', Communication_Usage_Type_ID=usage)}"
        "</wd:Type_Data></wd:Usage_Data></wd:Email_Address_Data>"
    )


CONTACT = f"<wd:Contact_Data>{email('ada@home.example', 'HOME')}{email('ada@acme.example', 'WORK')}</wd:Contact_Data>"
PERSONAL = f"<wd:Personal_Data>{NAMES}{CONTACT}</wd:Personal_Data>"

MANAGER = ref("Manager_as_of_last_detected_manager_change_Reference", WID="a" * 32, Employee_ID="20007")


def job(position: str = "P-1044", *, primary: str = "1", manager: str = MANAGER, organizations: str = "") -> str:
    return (
        f"<wd:Worker_Job_Data wd:Primary_Job='{primary}'><wd:Position_Data wd:Effective_Date='2026-11-01'>"
        + ref("Position_Reference", WID="b" * 32, Position_ID=position)
        + f"<wd:Position_ID>{position}</wd:Position_ID><wd:Position_Title>Press operator</wd:Position_Title>"
        "<wd:Business_Title>Operator of presses</wd:Business_Title>"
        + ref("Position_Time_Type_Reference", Position_Time_Type_ID="Full_time")
        + "<wd:Scheduled_Weekly_Hours>40.00</wd:Scheduled_Weekly_Hours>"
        "<wd:Full_Time_Equivalent_Percentage>100</wd:Full_Time_Equivalent_Percentage>"
        "<wd:Exclude_from_Headcount>0</wd:Exclude_from_Headcount>"
        + ref("Work_Shift_Reference", Work_Shift_ID="DAY")
        + f"<wd:Job_Profile_Summary_Data>{ref('Job_Profile_Reference', WID='c' * 32, Job_Profile_ID='JP-OPER')}"
        "</wd:Job_Profile_Summary_Data>"
        f"<wd:Business_Site_Summary_Data>{ref('Location_Reference', WID='d' * 32, Location_ID='DET')}"
        f"</wd:Business_Site_Summary_Data>{manager}</wd:Position_Data>"
        + (f"<wd:Position_Organizations_Data>{organizations}</wd:Position_Organizations_Data>" if organizations else "")
        + "</wd:Worker_Job_Data>"
    )


STATUS = (
    "<wd:Worker_Status_Data><wd:Active>1</wd:Active><wd:Hire_Date>2024-03-04</wd:Hire_Date>"
    "<wd:Original_Hire_Date>2019-01-07</wd:Original_Hire_Date><wd:Terminated>0</wd:Terminated>"
    "<wd:Hire_Rescinded>0</wd:Hire_Rescinded></wd:Worker_Status_Data>"
)


def employment(*jobs: str, status: str = STATUS) -> str:
    return f"<wd:Employment_Data>{''.join(jobs)}{status}</wd:Employment_Data>"


def plan(amount: str, currency: str = "USD", frequency: str = "Hourly") -> str:
    return (
        f"<wd:Salary_and_Hourly_Data><wd:Amount>{amount}</wd:Amount>"
        f"{ref('Currency_Reference', Currency_ID=currency)}{ref('Frequency_Reference', Frequency_ID=frequency)}"
        "<wd:Assignment_Effective_Date>2026-01-01</wd:Assignment_Effective_Date></wd:Salary_and_Hourly_Data>"
    )


PAY = f"<wd:Compensation_Data>{plan('21.500000')}</wd:Compensation_Data>"
MEMBERSHIPS = (
    membership("Worker_Organization_Data", "COMPANY", Organization_Reference_ID="ORG-10", Company_Reference_ID="C10"),
    membership(
        "Worker_Organization_Data", "COST_CENTER", Organization_Reference_ID="X", Cost_Center_Reference_ID="CC4100"
    ),
    membership("Worker_Organization_Data", "SUPERVISORY", Organization_Reference_ID="SUP-77"),
    membership("Worker_Organization_Data", "PAY_GROUP", Organization_Reference_ID="US-BIW"),
    membership("Worker_Organization_Data", "REGION", Organization_Reference_ID="R1"),
)
ORGANIZATIONS = f"<wd:Organization_Data>{''.join(MEMBERSHIPS)}</wd:Organization_Data>"
EMPLOYEE = ref("Worker_Reference", WID=WID, Employee_ID="21001")


def worker(*sections: str, reference: str = EMPLOYEE) -> str:
    return (
        f'<wd:Worker xmlns:wd="{BSVC}">{reference}'
        f"<wd:Worker_Data><wd:Worker_ID>21001</wd:Worker_ID>{''.join(sections)}</wd:Worker_Data></wd:Worker>"
    )


FULL_WORKER = worker(PERSONAL, employment(job()), PAY, ORGANIZATIONS)

COST_CENTER = (
    f'<wd:Cost_Center xmlns:wd="{BSVC}">'
    + ref("Cost_Center_Reference", WID=WID, Organization_Reference_ID="X", Cost_Center_Reference_ID="CC4300")
    + "<wd:Cost_Center_Data wd:Effective_Date='2026-11-01'>"
    + ref("Restricted_To_Company_or_Company_Hierarchy_Reference", WID="1" * 32, Company_Reference_ID="C10")
    + "<wd:Organization_Data><wd:ID>CC4300</wd:ID><wd:Organization_Name>Final Assembly</wd:Organization_Name>"
    "<wd:Organization_Code>4300</wd:Organization_Code><wd:Organization_Active>1</wd:Organization_Active>"
    "<wd:Availability_Date>2020-01-01-08:00</wd:Availability_Date></wd:Organization_Data>"
    + ref("Organization_Subtype_Reference", Organization_Subtype_ID="Cost_Center")
    + "</wd:Cost_Center_Data></wd:Cost_Center>"
)
JOB_PROFILE = (
    f'<wd:Job_Profile xmlns:wd="{BSVC}">{ref("Job_Profile_Reference", WID=WID, Job_Profile_ID="JP-OPER")}'
    "<wd:Job_Profile_Data><wd:Job_Code>OPER</wd:Job_Code><wd:Effective_Date>2020-01-01</wd:Effective_Date>"
    "<wd:Job_Profile_Basic_Data><wd:Inactive>0</wd:Inactive><wd:Job_Title>Press operator</wd:Job_Title>"
    + ref("Job_Category_Reference", Job_Category_ID="Direct")
    + "</wd:Job_Profile_Basic_Data></wd:Job_Profile_Data></wd:Job_Profile>"
)
LOCATION = (
    f'<wd:Location xmlns:wd="{BSVC}">{ref("Location_Reference", WID=WID, Location_ID="DET")}'
    "<wd:Location_Data><wd:Location_ID>DET</wd:Location_ID><wd:Location_Name>Detroit Plant</wd:Location_Name>"
    + ref("Location_Usage_Reference", Location_Usage_ID="BUSINESS SITE")
    + "<wd:Inactive>1</wd:Inactive>"
    + ref("Time_Zone_Reference", Time_Zone_ID="America/Detroit")
    + "</wd:Location_Data></wd:Location>"
)
ORGANIZATION = (
    f'<wd:Organization xmlns:wd="{BSVC}">{ref("Organization_Reference", WID=WID, Organization_Reference_ID="SUP-77")}'
    "<wd:Organization_Data><wd:Reference_ID>SUP-77</wd:Reference_ID><wd:Name>Stamping, Day</wd:Name>"
    "<wd:Organization_Code></wd:Organization_Code>"
    + ref("Organization_Type_Reference", Organization_Type_ID="SUPERVISORY")
    + "<wd:Inactive>0</wd:Inactive>"
    + ref("Manager_Reference", WID="a" * 32, Contingent_Worker_ID="C-9")
    + "<wd:Hierarchy_Data>"
    + ref("Superior_Organization_Reference", WID="b" * 32, Organization_Reference_ID="SUP-1")
    + "</wd:Hierarchy_Data></wd:Organization_Data></wd:Organization>"
)


def position(*, profiles: tuple[str, ...] = ("JP-OPER",), freeze: str = "0", filled: str = "") -> str:
    restricted = "".join(
        f"<wd:Job_Profile_Restriction_Summary_Data>{ref('Job_Profile_Reference', Job_Profile_ID=profile)}"
        "</wd:Job_Profile_Restriction_Summary_Data>"
        for profile in profiles
    )
    return (
        f'<wd:Position xmlns:wd="{BSVC}">{ref("Position_Reference", WID=WID, Position_ID="P-1044")}<wd:Position_Data>'
        + ref("Supervisory_Organization_Reference", Organization_Reference_ID="SUP-77")
        + "<wd:Position_Definition_Data><wd:Position_ID>P-1044</wd:Position_ID>"
        "<wd:Job_Posting_Title>Press operator</wd:Job_Posting_Title>"
        f"<wd:Available_For_Hire>1</wd:Available_For_Hire><wd:Hiring_Freeze>{freeze}</wd:Hiring_Freeze>"
        "</wd:Position_Definition_Data><wd:Position_Restrictions_Data>"
        f"<wd:Availability_Date>2026-01-01</wd:Availability_Date>{restricted}"
        + ref("Location_Reference", Location_ID="DET")
        + ref("Time_Type_Reference", Position_Time_Type_ID="Full_time")
        + "</wd:Position_Restrictions_Data><wd:Default_Position_Organization_Assignments_Data>"
        + ref("Company_Assignments_Reference", Company_Reference_ID="C10")
        + ref("Cost_Center_Assignments_Reference", Cost_Center_Reference_ID="CC4100")
        + f"</wd:Default_Position_Organization_Assignments_Data>{filled}</wd:Position_Data></wd:Position>"
    )


def native(record_type: RecordType, xml: str) -> NativeRecord:
    return NativeRecord(record_type, xml.encode())
