"""
What Workday accepts though its schema does not: production requests carry it, so a stricter sandbox would be wrong.
"""

from __future__ import annotations

import pytest

from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import WD, ask, worker_ids

FROM, THROUGH = "2026-11-01T00:00:00-08:00", "2026-11-23T00:00:00-08:00"


@pytest.fixture
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=40))


@pytest.mark.parametrize("time", ["T00:00:00", "T08:15:30.123-08:00", "T23:59:59Z", "-08:00"])
def test_a_time_in_a_date_is_accepted_and_the_day_is_what_counts(sandbox: WorkdaySandbox, time: str) -> None:
    def on(day: str) -> list[str]:
        asked = f"<bsvc:As_Of_Effective_Date>{day}</bsvc:As_Of_Effective_Date>"
        return worker_ids(ask(sandbox, "Get_Workers", f"<bsvc:Response_Filter>{asked}</bsvc:Response_Filter>"))

    assert on(f"2026-11-20{time}") == on("2026-11-20") != []


def test_the_wrong_order_of_elements_is_accepted_and_means_the_same(sandbox: WorkdaySandbox) -> None:
    """Criteria before and after each other, groups backwards, the filter's count before its page."""
    window = (
        f"<bsvc:Effective_Through>{THROUGH}</bsvc:Effective_Through>",
        f"<bsvc:Effective_From>{FROM}</bsvc:Effective_From>",
    )
    parts = {
        "log": "<bsvc:Transaction_Log_Criteria_Data><bsvc:Transaction_Date_Range_Data>{}</bsvc:Transaction_Date_Range_Data></bsvc:Transaction_Log_Criteria_Data>",
        "inactive": "<bsvc:Exclude_Inactive_Workers>true</bsvc:Exclude_Inactive_Workers>",
        "contingent": "<bsvc:Exclude_Contingent_Workers>true</bsvc:Exclude_Contingent_Workers>",
    }
    groups = [f"<bsvc:{name}>true</bsvc:{name}>" for name in ("Include_Reference", "Include_Personal_Information")]
    paging = ["<bsvc:Page>1</bsvc:Page>", "<bsvc:Count>999</bsvc:Count>"]

    def read(step: int) -> list[str]:
        log = parts["log"].format("".join(window[::-step]))
        sections = [
            f"<bsvc:Request_Criteria>{''.join([log, parts['inactive'], parts['contingent']][::step])}</bsvc:Request_Criteria>",
            f"<bsvc:Response_Filter>{''.join(paging[::step])}</bsvc:Response_Filter>",
            f"<bsvc:Response_Group>{''.join(groups[::step])}</bsvc:Response_Group>",
        ]
        payload = ask(sandbox, "Get_Workers", "".join(sections[::step]))
        assert payload.find(f".//{WD}Worker_Reference") is not None
        return worker_ids(payload)

    sandbox.tenant.play("hire")
    assert read(-1) == read(1) != []
