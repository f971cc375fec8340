"""Organizations, job profiles, locations, cost centers and positions."""

import pytest
from lxml import etree

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import SOAP, WD, ask, content, fault, filtered, group, now, refuse, results, send

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


def put(
    *, key: str = "CC4600", name: str = "Robotics", add_only: bool = True, on: str = "", ref: str = "", **more: str
) -> str:
    """A Put_Cost_Center request as a client would write it; *more* replaces values by element name."""
    subtype = reference("Organization_Subtype_Reference", "Organization_Subtype_ID", more.get("subtype", "Cost_Center"))
    target = reference("Cost_Center_Reference", "Cost_Center_Reference_ID", ref) if ref else ""
    effective = f' bsvc:Effective_Date="{on}"' if on else ""
    return (
        f'<bsvc:Put_Cost_Center_Request bsvc:Add_Only="{"true" if add_only else "false"}" bsvc:version="v30.0">{target}'
        f"<bsvc:Cost_Center_Data{effective}><bsvc:Organization_Data><bsvc:ID>{key}</bsvc:ID>"
        + (f"<bsvc:Organization_Name>{name}</bsvc:Organization_Name>" if name else "")
        + f"<bsvc:Organization_Active>{more.get('active', 'true')}</bsvc:Organization_Active>"
        "<bsvc:Availability_Date>2026-11-23</bsvc:Availability_Date></bsvc:Organization_Data>"
        f"{subtype}</bsvc:Cost_Center_Data></bsvc:Put_Cost_Center_Request>"
    )


def put_it(sandbox: WorkdaySandbox, **given: object) -> etree._Element:
    response = send(sandbox, put(**given), service=FM)  # type: ignore[arg-type]
    assert response.status == 200, content(response)
    return etree.fromstring(content(response)).find(f"{SOAP}Body")[0]


def test_a_cost_center_that_was_put_is_there_from_its_day_on(sandbox: WorkdaySandbox) -> None:
    before = now(sandbox)
    answer = put_it(sandbox)
    ids = {e.get(f"{WD}type"): e.text for e in answer.find(f"{WD}Cost_Center_Reference")}
    assert ids["Cost_Center_Reference_ID"] == "CC4600"
    assert "Robotics" in texts(ask(sandbox, "Get_Cost_Centers", service=FM), "Organization_Name")
    assert "Robotics" not in texts(
        ask(sandbox, "Get_Cost_Centers", filtered(by=before), service=FM), "Organization_Name"
    )
    (entry,) = sandbox.tenant.view().world.organizations["CC4600"].entries
    assert (entry.kind, entry.effective_on) == ("Create Organization", sandbox.tenant.today)


def test_what_is_only_to_be_added_is_refused_the_second_time(sandbox: WorkdaySandbox) -> None:
    put_it(sandbox)
    code, text, _ = fault(send(sandbox, put(), service=FM))
    assert (code, text) == (
        "SOAP-ENV:Client.validationError",
        "Validation error occurred. Organization already exists.",
    )


def test_a_rename_is_effective_dated(sandbox: WorkdaySandbox) -> None:
    yesterday = str(sandbox.tenant.today)
    sandbox.tenant.advance()
    put_it(sandbox, key="CC4400", name="Powder Coating", add_only=False, ref="CC4400", on=str(sandbox.tenant.today))
    assert "Powder Coating" in texts(ask(sandbox, "Get_Cost_Centers", service=FM), "Organization_Name")
    assert "Paint" in texts(ask(sandbox, "Get_Cost_Centers", filtered(on=yesterday), service=FM), "Organization_Name")


def test_a_cost_center_put_inactive_says_so_and_is_no_longer_listed_among_active_organizations(
    sandbox: WorkdaySandbox,
) -> None:
    put_it(sandbox, key="CC4400", name="", add_only=False, ref="CC4400", active="false")
    names = texts(ask(sandbox, "Get_Cost_Centers", service=FM), "Organization_Name")
    actives = texts(ask(sandbox, "Get_Cost_Centers", service=FM), "Organization_Active")
    assert dict(zip(names, actives, strict=True))["Paint"] == "0"
    assert "Paint" not in texts(ask(sandbox, "Get_Organizations", MOST), "Name")
    everything = MOST.replace(
        "<bsvc:Response_Filter>",
        criteria("<bsvc:Include_Inactive>1</bsvc:Include_Inactive>") + "<bsvc:Response_Filter>",
    )
    assert "Paint" in texts(ask(sandbox, "Get_Organizations", everything), "Name")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "Organization_Name is required."),
        ({"subtype": "Company"}, "Organization Subtype is not valid for Organization Type"),
        ({"key": "C10"}, "Choose a different REFERENCE_ID."),
        (
            {"add_only": False, "ref": "CC9999"},
            "'CC9999' is not a valid ID value for type = 'Cost_Center_Reference_ID'",
        ),
    ],
)
def test_a_wrong_put_is_refused_and_changes_nothing(sandbox: WorkdaySandbox, given: dict, words: str) -> None:
    entered = sandbox.tenant.view().world.entered
    code, text, _ = fault(send(sandbox, put(**given), service=FM))
    assert code == "SOAP-ENV:Client.validationError"
    assert words in text
    assert sandbox.tenant.view().world.entered == entered


def test_reading_and_putting_are_granted_apart(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.revoke_domain("put:Manage: Cost Center")
    code, text, _ = fault(send(sandbox, put(), service=FM))
    assert (code, text.endswith("The task submitted is not authorized.")) == ("SOAP-ENV:Server.processingError", True)
    assert len(texts(ask(sandbox, "Get_Cost_Centers", service=FM), "Organization_Name")) == len(company.COST_CENTERS)
