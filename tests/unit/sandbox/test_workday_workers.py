"""Get_Workers: what is told of whom, when, and to whom not."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import WD, ask, content, filtered, group, header, now, refuse, results, send, worker_ids

ALL_OF_THEM = "<bsvc:Response_Filter><bsvc:Count>999</bsvc:Count></bsvc:Response_Filter>"


@pytest.fixture
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=150))


def criteria(inner: str) -> str:
    return f"<bsvc:Request_Criteria>{inner}</bsvc:Request_Criteria>"


def window(**dates: str) -> str:
    said = "".join(f"<bsvc:{name}>{text}</bsvc:{name}>" for name, text in dates.items())
    block = f"<bsvc:Transaction_Date_Range_Data>{said}</bsvc:Transaction_Date_Range_Data>"
    return f"<bsvc:Transaction_Log_Criteria_Data>{block}</bsvc:Transaction_Log_Criteria_Data>"


def changed(sandbox: WorkdaySandbox, *blocks: str) -> set[str]:
    return set(
        worker_ids(ask(sandbox, "Get_Workers", criteria("".join(blocks)) + ALL_OF_THEM + group("Include_Reference")))
    )


def one(sandbox: WorkdaySandbox, worker_id: str, inner: str = "") -> bytes:
    ref = f'<bsvc:Worker_Reference><bsvc:ID bsvc:type="Employee_ID">{worker_id}</bsvc:ID></bsvc:Worker_Reference>'
    request = f"<bsvc:Get_Workers_Request><bsvc:Request_References>{ref}</bsvc:Request_References>{inner}"
    return content(send(sandbox, request + "</bsvc:Get_Workers_Request>"))


def test_no_response_group_gives_the_documented_defaults(sandbox: WorkdaySandbox) -> None:
    body = one(sandbox, "000001")
    for part in (b"Worker_Reference", b"Personal_Data", b"Employment_Data", b"Compensation_Data", b"Organization_Data"):
        assert b"<wd:" + part in body
    assert b"Management_Chain_Data" not in body
    assert b"wd:Descriptor" not in body


def test_an_empty_response_group_gives_the_count_and_no_data(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Workers", "<bsvc:Response_Group/>")
    assert results(payload)["Total_Results"] == 150
    assert payload.find(f"{WD}Response_Data") is None
    assert payload.find(f"{WD}Response_Group") is not None


def test_flags_come_back_as_digits(sandbox: WorkdaySandbox) -> None:
    inner = (
        "<bsvc:Response_Group><bsvc:Include_Organizations>0</bsvc:Include_Organizations>"
        "<bsvc:Include_Reference>true</bsvc:Include_Reference></bsvc:Response_Group>"
    )
    echo = ask(sandbox, "Get_Workers", inner).find(f"{WD}Response_Group")
    assert [(element.tag.rpartition("}")[2], element.text) for element in echo] == [
        ("Include_Reference", "1"),
        ("Include_Organizations", "0"),
    ]


def test_without_the_reference_there_is_only_worker_data(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Workers", group("Include_Personal_Information"))
    assert {child.tag for worker in payload.iter(f"{WD}Worker") for child in worker} == {f"{WD}Worker_Data"}


def test_labels_only_on_request(sandbox: WorkdaySandbox) -> None:
    isu = sandbox.credentials["isu"]
    head = header(isu["username"], isu["password"]) + (
        "<bsvc:Workday_Common_Header><bsvc:Include_Reference_Descriptors_In_Response>1"
        "</bsvc:Include_Reference_Descriptors_In_Response></bsvc:Workday_Common_Header>"
    )
    assert b"wd:Descriptor=" in content(send(sandbox, "<bsvc:Get_Workers_Request/>", head=head))


@pytest.mark.parametrize(
    ("domain", "lost"),
    [
        (domains.STAFFING, b"Employment_Data"),
        (domains.COMPENSATION, b"Compensation_Data"),
        (domains.PERSONAL, b"Personal_Data"),
        (domains.ORGANIZATIONS, b"Worker_Organization_Data"),
    ],
)
def test_up_02_a_missing_domain_loses_its_section_without_a_word(
    sandbox: WorkdaySandbox, domain: str, lost: bytes
) -> None:
    assert lost in one(sandbox, "000001")
    sandbox.tenant.revoke_domain(domain)
    assert lost not in one(sandbox, "000001")
    sandbox.tenant.grant_domain(domain)
    assert lost in one(sandbox, "000001")


def test_a_constrained_user_misses_a_third_without_a_word(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.play("population_drop")
    assert results(ask(sandbox, "Get_Workers"))["Total_Results"] == 100
    sandbox.tenant.play("population_restored")
    assert results(ask(sandbox, "Get_Workers"))["Total_Results"] == 150


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        ("Exclude_Cost_Centers", b">COST_CENTER<"),
        ("Exclude_Companies", b">COMPANY<"),
        ("Exclude_Supervisory_Organizations", b">SUPERVISORY<"),
        ("Exclude_Pay_Groups", b">PAY_GROUP<"),
        ("Exclude_Cost_Center_Hierarchies", b">COST_CENTER_HIERARCHY<"),
        ("Exclude_Company_Hierarchies", b">COMPANY_HIERARCHY<"),
    ],
)
def test_organizations_can_be_left_out(sandbox: WorkdaySandbox, flag: str, kind: bytes) -> None:
    assert kind in one(sandbox, "000001", group("Include_Organizations"))
    assert kind not in one(sandbox, "000001", group("Include_Organizations", flag))


def test_additional_jobs_only_on_request() -> None:
    sandbox = WorkdaySandbox(Tenant())
    flags = ("Include_Reference", "Include_Employment_Information")

    def jobs(*more: str) -> list[str]:
        payload = ask(sandbox, "Get_Workers", ALL_OF_THEM + group(*flags, *more))
        return [job.get(f"{WD}Primary_Job") or "" for job in payload.iter(f"{WD}Worker_Job_Data")]

    assert set(jobs()) == {"1"}
    assert set(jobs("Include_Additional_Jobs")) == {"1", "0"}


def test_workers_of_a_kind_can_be_left_out() -> None:
    sandbox = WorkdaySandbox(Tenant())

    def total(name: str) -> int:
        return results(ask(sandbox, "Get_Workers", criteria(f"<bsvc:{name}>1</bsvc:{name}>")))["Total_Results"]

    employees, contingent = total("Exclude_Contingent_Workers"), total("Exclude_Employees")
    assert employees + contingent == 1200
    assert 0 < contingent < 60
    assert 1150 < total("Exclude_Inactive_Workers") < 1200


def test_ed_02_a_future_hire_is_there_but_not_active(sandbox: WorkdaySandbox) -> None:
    (key,) = sandbox.tenant.play("future_hire")["touched"]
    before = one(sandbox, key)
    assert b"<wd:Active>0</wd:Active>" in before
    assert b"Worker_Job_Data" not in before
    hired_on = sandbox.tenant.today + timedelta(days=7)
    assert f"<wd:Hire_Date>{hired_on}</wd:Hire_Date>".encode() in before
    then = one(sandbox, key, filtered(on=str(hired_on)))
    assert b"<wd:Active>1</wd:Active>" in then
    assert b"Worker_Job_Data" in then


def test_ed_01_the_day_of_termination_is_still_a_day_of_work(sandbox: WorkdaySandbox) -> None:
    (key,) = sandbox.tenant.play("terminate")["touched"]
    yesterday = sandbox.tenant.today - timedelta(days=1)
    last_day, after = one(sandbox, key, filtered(on=str(yesterday))), one(sandbox, key)
    assert b"<wd:Active>1</wd:Active>" in last_day
    assert b"<wd:Terminated>0</wd:Terminated>" in last_day
    assert b"<wd:Active>0</wd:Active>" in after
    assert b"<wd:Terminated>1</wd:Terminated>" in after


def test_ed_11_who_comes_back_keeps_the_first_day_of_all(sandbox: WorkdaySandbox) -> None:
    sandbox.tenant.play("terminate")
    (key,) = sandbox.tenant.play("rehire")["touched"]
    body = one(sandbox, key)
    assert b"<wd:Rehire>1</wd:Rehire>" in body
    assert f"<wd:Hire_Date>{sandbox.tenant.today}</wd:Hire_Date>".encode() in body
    assert f"<wd:Original_Hire_Date>{sandbox.tenant.today}<".encode() not in body


def test_both_moments_pinned_give_the_same_bytes_for_ever(sandbox: WorkdaySandbox) -> None:
    # The flags are sent out of order, the date with a time: both are taken, as by the real one.
    inner = filtered(count=999, by=now(sandbox), on=f"{sandbox.tenant.today}T12:00:00") + group(
        "Include_Organizations", "Include_Reference", "Include_Employment_Information", "Include_Management_Chain_Data"
    )
    request = f"<bsvc:Get_Workers_Request>{inner}</bsvc:Get_Workers_Request>"
    before = content(send(sandbox, request))
    sandbox.tenant.advance(4)
    sandbox.tenant.play("mass_termination")
    sandbox.tenant.play("rename_cost_center")
    assert content(send(sandbox, request)) == before


def test_the_transaction_log_finds_what_was_entered(sandbox: WorkdaySandbox) -> None:
    start = now(sandbox)
    (day,) = sandbox.tenant.advance()["days"]
    end = now(sandbox)
    touched = {*day["hired"], *day["transferred"], *day["terminated"]}
    assert changed(sandbox, window(Updated_From=start, Updated_Through=end)) == touched


def test_the_transaction_log_finds_what_took_effect(sandbox: WorkdaySandbox) -> None:
    (future,) = sandbox.tenant.play("future_hire")["touched"]
    day = f"{sandbox.tenant.today + timedelta(days=7)}T00:00:00"
    assert changed(sandbox, window(Effective_From=day, Effective_Through=day)) == {future}


def test_dates_in_a_block_are_and_blocks_are_or(sandbox: WorkdaySandbox) -> None:
    start = now(sandbox)
    (future,) = sandbox.tenant.play("future_hire")["touched"]
    (hired,) = sandbox.tenant.play("hire")["touched"]
    entered = {"Updated_From": start, "Updated_Through": now(sandbox)}
    day = f"{sandbox.tenant.today + timedelta(days=7)}T00:00:00"
    effective = {"Effective_From": day, "Effective_Through": day}
    assert changed(sandbox, window(**entered, **effective)) == {future}
    assert changed(sandbox, window(**entered), window(**effective)) == {future, hired}


def test_transactions_of_a_type(sandbox: WorkdaySandbox) -> None:
    (moved,) = sandbox.tenant.play("transfer")["touched"]
    sandbox.tenant.play("hire")
    block = (
        "<bsvc:Transaction_Log_Criteria_Data><bsvc:Transaction_Type_References><bsvc:Transaction_Type_Reference>"
        '<bsvc:ID bsvc:type="Business_Process_Type">Transfer Employee</bsvc:ID></bsvc:Transaction_Type_Reference>'
        "</bsvc:Transaction_Type_References></bsvc:Transaction_Log_Criteria_Data>"
    )
    assert changed(sandbox, block) == {moved}
    assert "Horse Race" in refuse(sandbox, "Get_Workers", criteria(block.replace("Transfer Employee", "Horse Race")))


EARLY, LATE, FUTURE = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2036-11-02T00:00:00Z"


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            {"Updated_From": EARLY},
            "If one of Updated From or Updated Through contains a value, both are Required!",
        ),
        (
            {"Effective_Through": EARLY},
            "If one of Effective From or Effective Through contains a value, both are Required!",
        ),
        (
            {"Updated_From": LATE, "Updated_Through": EARLY},
            "Updated From must be less than or equal to Updated Through!",
        ),
        (
            {"Effective_From": LATE, "Effective_Through": EARLY},
            "Effective From must be less than or equal to Effective Through!",
        ),
        (
            {"Updated_From": EARLY, "Updated_Through": FUTURE},
            "Updated Through must be less than or equal to Current Moment!",
        ),
    ],
)
def test_wrong_windows_are_refused_in_the_vendors_words(
    sandbox: WorkdaySandbox, dates: dict[str, str], message: str
) -> None:
    text = refuse(sandbox, "Get_Workers", criteria(window(**dates)))
    assert text == f"Validation error occurred. {message}"


def test_setup_data_is_not_in_the_transaction_log_of_workers(sandbox: WorkdaySandbox) -> None:
    start = now(sandbox)
    sandbox.tenant.play("rename_cost_center")
    assert changed(sandbox, window(Updated_From=start, Updated_Through=now(sandbox))) == set()


def test_an_id_with_a_comment_inside_is_read_whole(sandbox: WorkdaySandbox) -> None:
    assert b"<wd:Worker_ID>000001</wd:Worker_ID>" in one(sandbox, "0000<!--x-->01")


def test_organizations_select_their_members_and_those_below(sandbox: WorkdaySandbox) -> None:
    def members(*, deep: bool) -> int:
        ref = '<bsvc:Organization_Reference><bsvc:ID bsvc:type="Organization_Reference_ID">SUP-101</bsvc:ID></bsvc:Organization_Reference>'
        more = f"<bsvc:Include_Subordinate_Organizations>{int(deep)}</bsvc:Include_Subordinate_Organizations>"
        return results(ask(sandbox, "Get_Workers", criteria(ref + more)))["Total_Results"]

    assert 0 < members(deep=False) < members(deep=True) <= 83


def test_the_vacant_place_of_a_manager_names_nobody() -> None:
    sandbox = WorkdaySandbox(Tenant())
    _, team = sandbox.tenant.play("vacant_manager")["touched"]
    payload = ask(sandbox, "Get_Workers", ALL_OF_THEM + group("Include_Reference", "Include_Management_Chain_Data"))
    rows = [
        row
        for row in payload.iter(f"{WD}Management_Chain_Data")
        if row.findtext(f"{WD}Organization_Reference/{WD}ID[2]") == team
    ]
    assert rows
    assert all(row.find(f"{WD}Manager_Reference") is None for row in rows)


def test_gzip_for_whoever_takes_it(sandbox: WorkdaySandbox) -> None:
    request = "<bsvc:Get_Workers_Request/>"
    plain, packed = send(sandbox, request), send(sandbox, request, **{"accept-encoding": "gzip, deflate"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert content(plain) == content(packed)


def test_the_chain_ends_with_the_workers_own_manager() -> None:
    sandbox = WorkdaySandbox(Tenant())
    flags = ("Include_Reference", "Include_Employment_Information", "Include_Management_Chain_Data")
    payload = ask(sandbox, "Get_Workers", ALL_OF_THEM + group(*flags))
    for worker in payload.iter(f"{WD}Worker"):
        own = worker.find(f".//{WD}Manager_as_of_last_detected_manager_change_Reference")
        chain = worker.findall(f".//{WD}Management_Chain_Data/{WD}Manager_Reference")
        if own is not None:
            assert [e.text for e in chain[-1]] == [e.text for e in own]
            assert chain[0][1].text == "000001"


def test_a_years_pay_follows_from_the_hours_of_a_week() -> None:
    sandbox = WorkdaySandbox(Tenant())
    payload = ask(sandbox, "Get_Workers", ALL_OF_THEM + group("Include_Employment_Information", "Include_Compensation"))
    frequencies = set()
    for data in payload.iter(f"{WD}Worker_Data"):
        pay = data.find(f"{WD}Compensation_Data/{WD}Salary_and_Hourly_Data")
        if pay is None:
            assert data.findtext(f".//{WD}Contract_Pay_Rate")
            continue
        yearly = Decimal(data.findtext(f".//{WD}Annualized_Summary_Data/{WD}Total_Base_Pay") or "")
        frequency = pay.find(f"{WD}Frequency_Reference")[1].text
        hours = Decimal(data.findtext(f".//{WD}Scheduled_Weekly_Hours") or "") * 52 if frequency == "Hourly" else 1
        assert yearly == Decimal(pay.findtext(f"{WD}Amount") or "") * hours
        frequencies.add(frequency)
    assert frequencies == {"Hourly", "Annual"}


def test_contract_rates_need_the_domain_of_pay() -> None:
    sandbox = WorkdaySandbox(Tenant())
    sandbox.tenant.revoke_domain(domains.COMPENSATION)
    request = f"<bsvc:Get_Workers_Request>{ALL_OF_THEM}</bsvc:Get_Workers_Request>"
    assert b"Contract_Pay_Rate" not in content(send(sandbox, request))


def test_a_page_goes_out_in_pieces() -> None:
    request = f"<bsvc:Get_Workers_Request>{ALL_OF_THEM}</bsvc:Get_Workers_Request>"
    body = send(WorkdaySandbox(Tenant()), request).body
    assert not isinstance(body, bytes)
    assert max(len(piece) for piece in body) < 200_000
