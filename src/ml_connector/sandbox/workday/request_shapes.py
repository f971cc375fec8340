"""What the served operations may be asked. Element names and order as in Workday Web Services v26 to v33."""

from __future__ import annotations

_SHARED = """
Response_Filter
  As_Of_Effective_Date? date
  As_Of_Entry_DateTime? dateTime
  Page? decimal
  Count? decimal

Transaction_Log_Criteria
  Transaction_Date_Range_Data?
    Updated_From? dateTime
    Updated_Through? dateTime
    Effective_From? dateTime
    Effective_Through? dateTime
  Transaction_Type_References?
    Transaction_Type_Reference* &Transaction_Log_Type
  Subscriber_Reference? &Subscriber

Field_And_Parameter_Criteria_Data
  Provider_Reference+ &Provider

Workday_Common_Header
  Include_Reference_Descriptors_In_Response? boolean
"""

_WORKERS = """
Worker_Request_References @Skip_Non_Existing_Instances:boolean @Ignore_Invalid_References:boolean
  Worker_Reference+ &Worker

Worker_Request_Criteria
  Transaction_Log_Criteria_Data* (Transaction_Log_Criteria)
  Organization_Reference* &Organization
  Country_Reference* &Country
  Include_Subordinate_Organizations? boolean
  Position_Reference* &Position
  Event_Reference? &Event
  Benefit_Plan_Reference* &Benefit_Plan
  Field_And_Parameter_Criteria_Data? (Field_And_Parameter_Criteria_Data)
  National_ID_Criteria_Data*
    Identifier_ID? string
    National_ID_Type_Reference? &National_ID_Type
    Country_Reference? &Country
  Exclude_Inactive_Workers? boolean
  Exclude_Employees? boolean
  Exclude_Contingent_Workers? boolean
  Eligibility_Criteria_Data*
    Field_Reference! &Field
    As_Of_Effective_Date? date
    As_Of_Entry_DateTime? dateTime
  Universal_ID_Reference* &Universal_Identifier

Worker_Response_Group
  Include_Reference? boolean
  Include_Personal_Information? boolean
  Include_Additional_Jobs? boolean
  Include_Employment_Information? boolean
  Include_Compensation? boolean
  Include_Organizations? boolean
  Exclude_Organization_Support_Role_Data? boolean
  Exclude_Location_Hierarchies? boolean
  Exclude_Cost_Centers? boolean
  Exclude_Cost_Center_Hierarchies? boolean
  Exclude_Companies? boolean
  Exclude_Company_Hierarchies? boolean
  Exclude_Matrix_Organizations? boolean
  Exclude_Pay_Groups? boolean
  Exclude_Regions? boolean
  Exclude_Region_Hierarchies? boolean
  Exclude_Supervisory_Organizations? boolean
  Exclude_Teams? boolean
  Exclude_Custom_Organizations? boolean
  Include_Roles? boolean
  Include_Management_Chain_Data? boolean
  Include_Multiple_Managers_in_Management_Chain_Data? boolean
  Include_Benefit_Enrollments? boolean
  Include_Benefit_Eligibility? boolean
  Include_Related_Persons? boolean
  Include_Qualifications? boolean
  Include_Employee_Review? boolean
  Include_Goals? boolean
  Include_Development_Items? boolean
  Include_Skills? boolean
  Include_Photo? boolean
  Include_Worker_Documents? boolean
  Include_Transaction_Log_Data? boolean
  Include_Subevents_for_Corrected_Transaction? boolean
  Include_Subevents_for_Rescinded_Transaction? boolean
  Include_Succession_Profile? boolean
  Include_Talent_Assessment? boolean
  Include_Employee_Contract_Data? boolean
  Include_Contracts_for_Terminated_Workers? boolean
  Include_Collective_Agreement_Data? boolean
  Include_Probation_Period_Data? boolean
  Include_Extended_Employee_Contract_Details? boolean
  Include_Feedback_Received? boolean
  Include_User_Account? boolean
  Include_Career? boolean
  Include_Account_Provisioning? boolean
  Include_Background_Check_Data? boolean
  Include_Contingent_Worker_Tax_Authority_Form_Information? boolean
  Exclude_Funds? boolean
  Exclude_Fund_Hierarchies? boolean
  Exclude_Grants? boolean
  Exclude_Grant_Hierarchies? boolean
  Exclude_Business_Units? boolean
  Exclude_Business_Unit_Hierarchies? boolean
  Exclude_Programs? boolean
  Exclude_Program_Hierarchies? boolean
  Exclude_Gifts? boolean
  Exclude_Gift_Hierarchies? boolean
"""

_ORGANIZATIONS = """
Organization_Request_References @Skip_Non_Existing_Instances:boolean
  Organization_Reference+ &Organization

Organization_Request_Criteria
  Organization_Type_Reference* &Organization_Type
  Include_Inactive? boolean
  Transaction_Log_Criteria* (Transaction_Log_Criteria)
  Field_And_Parameter_Criteria_Data? (Field_And_Parameter_Criteria_Data)

Organization_Response_Group
  Include_Roles_Data? boolean
  Include_Hierarchy_Data? boolean
  Include_Supervisory_Data? boolean
  Include_Staffing_Restrictions_Data? boolean
"""

_JOB_PROFILES = """
Job_Profile_Request_References @Skip_Non_Existing_Instances:boolean
  Job_Profile_Reference+ &Job_Profile

Job_Profile_Request_Criteria
  Transaction_Log_Criteria_Data* (Transaction_Log_Criteria)
  Event_Reference? &Unique_Identifier
  Job_Family_Reference* &Job_Family
  Management_Level_Reference* &Management_Level
  Job_Level_Reference* &Job_Level
  Job_Category_Reference* &Job_Category
  Company_Insider_Type_Reference* &Company_Insider_Type
  Job_Classification_Reference* &Job_Classification
  Job_Classification_Group_Reference* &Job_Classification_Group
  Workers_Compensation_Code_Reference* &Workers_Compensation_Code
  Work_Hours_Profile_Reference* &Work_Hours_Profile
  Field_And_Parameter_Criteria_Data? (Field_And_Parameter_Criteria_Data)

Job_Profile_Response_Group
  Include_Reference? boolean
  Include_Job_Profile_Basic_Data? boolean
  Include_Job_Classifications_Data? boolean
  Include_Job_Profile_Pay_Rate_Data? boolean
  Include_Job_Profile_Exempt_Data? boolean
  Include_Workers_Compensation_Data? boolean
  Include_Responsibility_Qualifications? boolean
  Include_Work_Experience_Qualifications? boolean
  Include_Education_Qualifications? boolean
  Include_Language_Qualifications? boolean
  Include_Competency_Qualifications? boolean
  Include_Certification_Qualifications? boolean
  Include_Certification_Reference_Only? boolean
  Include_Training_Qualifications? boolean
  Include_Job_Profile_Compensation_Data? boolean
  Include_Skill_Qualifications? boolean
"""

_LOCATIONS = """
Location_Request_References @Skip_Non_Existing_Instances:boolean
  Location_Reference* &Location

Location_Request_Criteria
  Location_Name? string
  Location_Usage_Reference* &Location_Usage
  Location_Type_Reference* &Location_Type
  Exclude_Inactive_Locations? boolean
  Exclude_Active_Locations? boolean
  Field_And_Parameter_Criteria_Data* (Field_And_Parameter_Criteria_Data)

Location_Response_Group
  Include_Reference? boolean
  Include_Location_Data? boolean
"""

_POSITIONS = """
Position_Request_References @Skip_Non_Existing_Instances:boolean
  Positions_Reference+ &Position

Position_Request_Criteria
  Transaction_Log_Criteria_Data* (Transaction_Log_Criteria)
  Supervisory_Organization_Reference* &Supervisory_Organization
  Job_Requisition_Reference* &Job_Requisition
  Exclude_Filled_Positions? boolean
  Exclude_Non-Recruitable_Positions? boolean
  Ignore_Future_Positions? boolean
  Event_Reference? &Event
  Field_And_Parameter_Criteria_Data? (Field_And_Parameter_Criteria_Data)
  Location_Reference* &Location
  Additional_Locations_Reference* &Location

Position_Response_Group
  Include_Reference? boolean
  Include_Position_Definition_Data? boolean
  Include_Position_Restrictions_Data? boolean
  Include_Default_Compensation_Data? boolean
  Include_Default_Position_Organization_Assignment_Data? boolean
  Include_Worker_For_Filled_Positions_Data? boolean
  Include_Qualifications? boolean
  Include_Job_Requisition_Data? boolean
  Include_Job_Requisition_Attachments? boolean
"""

_COST_CENTERS = """
Cost_Center_Request_References
  Cost_Center_Reference+ &Cost_Center

Cost_Center_Request_Criteria
  Updated_From_Date? dateTime
  Updated_To_Date? dateTime

Cost_Center_Response_Group
  Include_Reference? boolean
  Include_Cost_Center_Data? boolean
  Include_Simple_Cost_Center_Data? boolean
"""

_PUT_COST_CENTER = """
External_Integration_ID_Data
  ID* string

Put_Cost_Center_Request @Add_Only:boolean @version:string
  Cost_Center_Reference? &Cost_Center
  Cost_Center_Data! @Effective_Date:date
    Restricted_To_Company_or_Company_Hierarchy_Reference* &Organization
    Organization_Data!
      ID? string
      Include_Organization_ID_in_Name? boolean
      Organization_Name? string
      Phonetic_Name? string
      Organization_Code? string
      Include_Organization_Code_in_Name? boolean
      Organization_Active? boolean
      Availability_Date! date
      Organization_Visibility_Reference? &Unique_Identifier
      Integration_ID_Data* (External_Integration_ID_Data)
    Organization_Subtype_Reference! &Organization_Subtype
    Organization_Container_Reference* &Custom_Organization
"""


def _request(element: str, stem: str) -> str:
    return f"""
{element} @version:string
  Request_References? ({stem}_Request_References)
  Request_Criteria? ({stem}_Request_Criteria)
  Response_Filter? (Response_Filter)
  Response_Group? ({stem}_Response_Group)
"""


REQUESTS = (
    _SHARED,
    *(_WORKERS, _request("Get_Workers_Request", "Worker")),
    *(_ORGANIZATIONS, _request("Get_Organizations_Request", "Organization")),
    *(_JOB_PROFILES, _request("Get_Job_Profiles_Request", "Job_Profile")),
    *(_LOCATIONS, _request("Get_Locations_Request", "Location")),
    *(_POSITIONS, _request("Get_Positions_Request", "Position")),
    *(_COST_CENTERS, _request("Get_Cost_Centers_Request", "Cost_Center")),
    _PUT_COST_CENTER,
    "Server_Timestamp_Get @version:string",
)
