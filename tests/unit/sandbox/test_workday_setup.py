"""Organizations, job profiles, locations, cost centers and positions."""

import pytest
from lxml import etree

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import WD, ask, filtered, group, now, refuse, results

MOST = filtered(count=999)
FM = "Financial_Management"


@pytest.fixture
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=150))


def texts(payload: etree._Element, name: str) -> list[str]:
    return [element.text or "" for element in payload.iter(f"{WD}{name}")]


def criteria(inner: str) -> str:
    return f"<bsvc:Request_Criteria>{inner}</bsvc:Request_Criteria>"


def reference(element: str, kind: str, text: str) -> str:
    return f'<bsvc:{element}><bsvc:ID bsvc:type="{kind}">{text}</bsvc:ID></bsvc:{element}>'


def asked(*refs: str) -> str:
    return f"<bsvc:Request_References>{''.join(refs)}</bsvc:Request_References>"


def test_cost_centers_are_the_companys(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Cost_Centers", service=FM)
    assert texts(payload, "Organization_Name") == [center.name for center in company.COST_CENTERS]
    assert texts(payload, "Organization_Code") == [center.code for center in company.COST_CENTERS]
    ids = payload.find(f".//{WD}Cost_Center_Reference")
    assert [e.get(f"{WD}type") for e in ids] == ["WID", "Organization_Reference_ID", "Cost_Center_Reference_ID"]


def test_a_renamed_cost_center_keeps_its_old_name_for_the_day_before(sandbox: WorkdaySandbox) -> None:
    before, start = sandbox.tenant.today, now(sandbox)
    sandbox.tenant.advance()
    assert "Final Assembly" in texts(ask(sandbox, "Get_Cost_Centers", service=FM), "Organization_Name")
    for pinned in (filtered(on=str(before)), filtered(by=start)):
        names = texts(ask(sandbox, "Get_Cost_Centers", pinned, service=FM), "Organization_Name")
        assert "Assembly" in names
        assert "Final Assembly" not in names


def window(first: str, last: str) -> str:
    return criteria(
        (f"<bsvc:Updated_From_Date>{first}</bsvc:Updated_From_Date>" if first else "")
        + (f"<bsvc:Updated_To_Date>{last}</bsvc:Updated_To_Date>" if last else "")
    )


def test_cost_centers_changed_in_a_window(sandbox: WorkdaySandbox) -> None:
    start = now(sandbox)
    sandbox.tenant.play("rename_cost_center")
    payload = ask(sandbox, "Get_Cost_Centers", window(start, now(sandbox)), service=FM)
    assert "CC4300" in texts(payload, "ID")
    assert results(payload)["Total_Results"] == 1


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-11-01T00:00:00Z", "", "One of the dates for Update to Date or Update From Date is missing."),
        ("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", "Updated From Date must be less than or equal to"),
        (
            "2026-11-02T00:00:00Z",
            "2036-11-01T00:00:00Z",
            "Updated To Date must be less than or equal to Current Moment",
        ),
    ],
)
def test_wrong_windows_of_cost_centers(sandbox: WorkdaySandbox, first: str, last: str, message: str) -> None:
    assert message in refuse(sandbox, "Get_Cost_Centers", window(first, last), service=FM)


def test_simple_and_whole_data_exclude_each_other(sandbox: WorkdaySandbox) -> None:
    both = group("Include_Cost_Center_Data", "Include_Simple_Cost_Center_Data")
    assert "You cannot choose to build both" in refuse(sandbox, "Get_Cost_Centers", both, service=FM)


def test_a_company_is_no_cost_center(sandbox: WorkdaySandbox) -> None:
    ref = reference("Cost_Center_Reference", "Organization_Reference_ID", "C10")
    assert "'C10' is not a valid ID value" in refuse(sandbox, "Get_Cost_Centers", asked(ref), service=FM)


def test_organizations_of_a_type(sandbox: WorkdaySandbox) -> None:
    ref = reference("Organization_Type_Reference", "Organization_Type_ID", "COMPANY")
    payload = ask(sandbox, "Get_Organizations", criteria(ref))
    assert texts(payload, "Reference_ID") == list(company.COMPANIES)


def test_cc_16_last_updated_is_a_day_of_effect_not_of_entry(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.advance()
    ref = asked(reference("Organization_Reference", "Cost_Center_Reference_ID", "CC4300"))
    (moment,) = texts(ask(sandbox, "Get_Organizations", ref), "Last_Updated_DateTime")
    assert moment == f"{sandbox.tenant.today}T00:00:00.000-08:00"


def test_a_supervisory_organization_has_a_manager_and_a_place_in_the_tree(sandbox: WorkdaySandbox) -> None:
    payload = ask(
        sandbox,
        "Get_Organizations",
        asked(reference("Organization_Reference", "Organization_Reference_ID", "SUP-101")),
    )
    hierarchy = payload.find(f".//{WD}Hierarchy_Data")
    tops = texts(hierarchy.find(f"{WD}Superior_Organization_Reference"), "ID")
    assert tops[1] == "SUP-100"
    assert len(hierarchy.findall(f"{WD}Subordinate_Organization_Reference")) > 1
    assert texts(payload.find(f".//{WD}Manager_Reference"), "ID")[1] == "000002"
    assert payload.find(f".//{WD}Supervisory_Data") is not None


def test_hierarchy_only_on_request_once_a_group_is_given(sandbox: WorkdaySandbox) -> None:
    ref = asked(reference("Organization_Reference", "Organization_Reference_ID", "SUP-101"))
    payload = ask(sandbox, "Get_Organizations", ref + group("Include_Supervisory_Data"))
    assert payload.find(f".//{WD}Hierarchy_Data") is None


def test_an_unmapped_job_profile_appears_when_it_is_made(sandbox: WorkdaySandbox) -> None:
    before = texts(ask(sandbox, "Get_Job_Profiles"), "Job_Code")
    assert before == [profile.code for profile in company.JOB_PROFILES]
    sandbox.tenant.play("unmapped_job")
    assert texts(ask(sandbox, "Get_Job_Profiles"), "Job_Code") == [*before, company.UNMAPPED_JOB.code]


def test_job_profiles_without_a_group_tell_little(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Job_Profiles", group("Include_Reference"))
    assert payload.find(f".//{WD}Job_Profile_Basic_Data") is None
    assert payload.find(f".//{WD}Job_Profile_Reference") is not None


def test_locations_by_name_and_by_wid(sandbox: WorkdaySandbox) -> None:
    named = ask(sandbox, "Get_Locations", criteria("<bsvc:Location_Name>Toledo Plant</bsvc:Location_Name>"))
    assert texts(named, "Location_ID") == ["TOL"]
    wid = texts(named, "ID")[0]
    assert texts(ask(sandbox, "Get_Locations", asked(reference("Location_Reference", "WID", wid))), "Location_ID") == [
        "TOL"
    ]


def test_positions_are_filled_by_those_who_work_there(sandbox: WorkdaySandbox) -> None:
    flags = group("Include_Position_Definition_Data", "Include_Worker_For_Filled_Positions_Data")
    payload = ask(sandbox, "Get_Positions", MOST + flags, service="Staffing")
    for position in payload.iter(f"{WD}Position"):
        filled = position.find(f".//{WD}Worker_For_Filled_Position") is not None
        assert position.findtext(f".//{WD}Available_For_Hire") == ("0" if filled else "1")
    open_ones = ask(
        sandbox,
        "Get_Positions",
        criteria("<bsvc:Exclude_Filled_Positions>1</bsvc:Exclude_Filled_Positions>") + MOST + flags,
        service="Staffing",
    )
    assert 0 < results(open_ones)["Total_Results"] < 30
    assert open_ones.find(f".//{WD}Worker_For_Filled_Position") is None


def test_a_leaver_leaves_an_open_position(sandbox: WorkdaySandbox) -> None:
    def total() -> int:
        inner = criteria("<bsvc:Exclude_Filled_Positions>1</bsvc:Exclude_Filled_Positions>")
        return results(ask(sandbox, "Get_Positions", inner, service="Staffing"))["Total_Results"]

    before = total()
    sandbox.tenant.play("mass_termination")
    assert total() == before + 24


def test_positions_at_a_location(sandbox: WorkdaySandbox) -> None:
    inner = criteria(reference("Location_Reference", "Location_ID", "TOL"))
    payload = ask(
        sandbox, "Get_Positions", inner + MOST + group("Include_Position_Restrictions_Data"), service="Staffing"
    )
    assert {ref[1].text for ref in payload[-1].iter(f"{WD}Location_Reference")} == {"TOL"}


def test_the_state_is_told_without_soap(sandbox: WorkdaySandbox) -> None:
    assert len(sandbox.state("workers")) == 150
    assert sandbox.state("locations")[0]["location_id"] == "DET"
    with pytest.raises(LookupError, match="positions"):
        sandbox.state("horses")
