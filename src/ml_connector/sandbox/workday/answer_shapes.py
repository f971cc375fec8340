"""What the served operations answer: the part of Workday's own shapes that this sandbox fills, in Workday's order."""

from __future__ import annotations

_SHARED = """
Response_Results
  Total_Results? decimal
  Total_Pages? decimal
  Page_Results? decimal
  Page? decimal

Name
  Name_Detail_Data! @Formatted_Name:string @Reporting_Name:string
    Country_Reference! &Country
    First_Name? string
    Middle_Name? string
    Last_Name? string

Organization_Membership
  Organization_Reference! &Organization
  Organization_Data!
    Organization_Reference_ID? string
    Organization_Code? string
    Organization_Name? string
    Organization_Type_Reference? &Organization_Type
    Organization_Subtype_Reference? &Organization_Subtype
    Date_of_Pay_Group_Assignment? date
    Used_in_Change_Organization_Assignments? boolean
"""

_WORKERS = """
Personal_Data
  Universal_ID? string
  Name_Data?
    Legal_Name_Data? (Name)
    Preferred_Name_Data? (Name)
  Contact_Data?
    Email_Address_Data*
      Email_Address? string
      Usage_Data* @Public:boolean
        Type_Data+ @Primary:boolean
          Type_Reference! &Communication_Usage_Type

Position_Detail @Effective_Date:date
  Position_Reference? &Position
  Position_ID? string
  Position_Title? string
  Business_Title? string
  Start_Date? date
  Worker_Type_Reference? &Position_Worker_Type
  Position_Time_Type_Reference? &Position_Time_Type
  Job_Exempt? boolean
  Scheduled_Weekly_Hours? decimal
  Default_Weekly_Hours? decimal
  Full_Time_Equivalent_Percentage? decimal
  Exclude_from_Headcount? boolean
  Pay_Rate_Type_Reference? &Pay_Rate_Type
  Work_Shift_Reference? &Work_Shift
  Job_Profile_Summary_Data?
    Job_Profile_Reference? &Job_Profile
    Job_Exempt? boolean
    Management_Level_Reference? &Management_Level
    Job_Category_Reference? &Job_Category
    Job_Profile_Name? string
    Work_Shift_Required? boolean
  Business_Site_Summary_Data?
    Location_Reference? &Location
    Name? string
  International_Assignment_Data?
    International_Assignment_Type_Reference? &International_Assignment_Type
    Expected_Assignment_End_Date? date
  End_Date? date
  Manager_as_of_last_detected_manager_change_Reference* &Worker

Employment_Data
  Worker_Job_Data* @Primary_Job:boolean
    Position_Data? (Position_Detail)
    Position_Organizations_Data?
      Position_Organization_Data* (Organization_Membership)
  Worker_Status_Data?
    Active? boolean
    Active_Status_Date? date
    Hire_Date? date
    Original_Hire_Date? date
    Continuous_Service_Date? date
    First_Day_of_Work? date
    Retired? boolean
    Seniority_Date? date
    Terminated? boolean
    Termination_Date? date
    Pay_Through_Date? date
    Termination_Involuntary? boolean
    Hire_Rescinded? boolean
    Termination_Last_Day_of_Work? date
    Leave_Status_Data*
      On_Leave? boolean
      Leave_Start_Date? date
      Estimated_Leave_End_Date? date
      Leave_End_Date? date
      Leave_of_Absence_Type_Reference? &Leave_Type
    Rehire? boolean
  Worker_Contract_Data?
    Contract_Pay_Rate? decimal
    Currency_Reference? &Currency
    Frequency_Reference? &Frequency

Pay_Summary
  Total_Base_Pay? decimal
  Total_Salary_and_Allowances? decimal
  Primary_Compensation_Basis? decimal
  Currency_Reference? &Currency
  Frequency_Reference? &Frequency

Compensation_Data
  Compensation_Effective_Date? date
  Salary_and_Hourly_Data*
    Compensation_Plan_Reference? &Compensation_Plan
    Amount? decimal
    Currency_Reference? &Currency
    Frequency_Reference? &Frequency
    Assignment_Effective_Date? date
  Employee_Compensation_Summary_Data?
    Employee_Compensation_Summary_Data? (Pay_Summary)
    Annualized_Summary_Data? (Pay_Summary)

Management_Chain
  Worker_Supervisory_Management_Chain_Data?
    Management_Chain_Data*
      Organization_Reference? &Organization
      Manager_Reference* &Worker

Transaction_Log
  Transaction_Log_Entry*
    Transaction_Log_Reference? &Transaction_Log
    Transaction_Log_Data?
      Transaction_Log_Description? string
      Transaction_Effective_Moment? dateTime
      Transaction_Entry_Moment? dateTime
      Transaction_Log_Type_Reference* &Transaction_Log_Type
      Is_Rescind_Or_Rescinded? boolean
      Is_Correction_Or_Corrected? boolean

Worker
  Worker_Reference? &Worker
  Worker_Descriptor? string
  Universal_Identifier_Reference? &Universal_Identifier
  Worker_Data?
    Worker_ID? string
    User_ID? string
    Universal_ID? string
    Personal_Data? (Personal_Data)
    Employment_Data? (Employment_Data)
    Compensation_Data? (Compensation_Data)
    Organization_Data?
      Worker_Organization_Data* (Organization_Membership)
    Management_Chain_Data? (Management_Chain)
    Transaction_Log_Entry_Data? (Transaction_Log)
"""

_ORGANIZATIONS = """
Organization
  Organization_Reference? &Organization
  Organization_Data?
    Reference_ID? string
    Name? string
    Organization_Code? string
    Include_Manager_in_Name? boolean
    Include_Organization_Code_in_Name? boolean
    Organization_Type_Reference? &Organization_Type
    Organization_Subtype_Reference? &Organization_Subtype
    Availibility_Date? dateTime
    Last_Updated_DateTime? dateTime
    Inactive? boolean
    Manager_Reference? &Worker
    Hierarchy_Data?
      Top-Level_Organization_Reference? &Organization
      Superior_Organization_Reference? &Organization
      Subordinate_Organization_Reference* &Organization
    Supervisory_Data?
      Staffing_Model? string
      Location_Reference? &Location
      Available_For_Hire? boolean
      Hiring_Freeze? boolean
"""

_JOB_PROFILES = """
Job_Profile
  Job_Profile_Reference? &Job_Profile
  Job_Profile_Data?
    Job_Code? string
    Effective_Date? date
    Job_Profile_Basic_Data?
      Inactive? boolean
      Job_Title? string
      Include_Job_Code_in_Name? boolean
      Work_Shift_Required? boolean
      Public_Job? boolean
      Management_Level_Reference? &Management_Level
      Job_Category_Reference? &Job_Category
      Critical_Job? boolean
    Job_Profile_Pay_Rate_Data*
      Country_Reference! &Country
      Pay_Rate_Type_Reference? &Pay_Rate_Type
"""

_LOCATIONS = """
Location
  Location_Reference? &Location
  Location_Data?
    Location_ID? string
    Effective_Date? date
    Location_Name! string
    Location_Usage_Reference+ &Location_Usage
    Location_Type_Reference* &Location_Type
    Inactive? boolean
    Time_Zone_Reference? &Time_Zone
    Default_Currency_Reference? &Currency
"""

_POSITIONS = """
Position
  Position_Reference? &Position
  Position_Data?
    Supervisory_Organization_Reference! &Supervisory_Organization
    Effective_Date? date
    Position_Definition_Data?
      Position_ID? string
      Job_Posting_Title? string
      Available_For_Hire? boolean
      Available_for_Recruiting? boolean
      Hiring_Freeze? boolean
      Work_Shift_Required? boolean
      Critical_Job? boolean
    Position_Restrictions_Data?
      Availability_Date? date
      Earliest_Hire_Date? date
      Job_Profile_Restriction_Summary_Data*
        Job_Profile_Reference? &Job_Profile
        Job_Profile_Name? string
        Work_Shift_Required? boolean
      Location_Reference* &Location
      Worker_Type_Reference? &Worker_Type
      Time_Type_Reference? &Position_Time_Type
      Position_Worker_Type_Reference* &Position_Worker_Type
    Default_Position_Organization_Assignments_Data?
      Company_Assignments_Reference* &Company
      Cost_Center_Assignments_Reference* &Cost_Center
    Worker_For_Filled_Position?
      Worker_Reference? &Worker
      Position_Reference? &Position
"""

_COST_CENTERS = """
Cost_Center
  Cost_Center_Reference? &Cost_Center
  Cost_Center_Data? @Effective_Date:date
    Restricted_To_Company_or_Company_Hierarchy_Reference* &Organization
    Organization_Data!
      ID? string
      Organization_Name? string
      Organization_Code? string
      Include_Organization_Code_in_Name? boolean
      Organization_Active? boolean
      Availability_Date! date
    Organization_Subtype_Reference! &Organization_Subtype
    Organization_Container_Reference* &Custom_Organization
  Simple_Cost_Center_Data?
    ID? string
    Organization_Name? string
    Organization_Subtype_Reference? &Organization_Subtype
    Organization_Container_Reference* &Custom_Organization
"""

_FAULTS = """
Validation_Fault
  Validation_Error*
    Message? string
    Detail_Message? string
    Xpath? string

Processing_Fault
  Detail_Message? string
"""


def _response(element: str, stem: str) -> str:
    return f"""
{element} @version:string
  Request_References? ({stem}_Request_References)
  Request_Criteria? ({stem}_Request_Criteria)
  Response_Filter? (Response_Filter)
  Response_Group? ({stem}_Response_Group)
  Response_Results? (Response_Results)
  Response_Data?
    {stem}* ({stem})
"""


ANSWERS = (
    _SHARED,
    *(_WORKERS, _response("Get_Workers_Response", "Worker")),
    *(_ORGANIZATIONS, _response("Get_Organizations_Response", "Organization")),
    *(_JOB_PROFILES, _response("Get_Job_Profiles_Response", "Job_Profile")),
    *(_LOCATIONS, _response("Get_Locations_Response", "Location")),
    *(_POSITIONS, _response("Get_Positions_Response", "Position")),
    *(_COST_CENTERS, _response("Get_Cost_Centers_Response", "Cost_Center")),
    "Put_Cost_Center_Response @version:string\n  Cost_Center_Reference? &Cost_Center",
    "Server_Timestamp @version:string\n  Server_Timestamp_Data* dateTime",
    _FAULTS,
)
