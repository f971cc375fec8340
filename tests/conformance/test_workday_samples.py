"""The records our translation is tested with are what Workday's genuine schemas allow: no path is made up."""

from __future__ import annotations

import pytest
from lxml import etree

from tests import workday_samples as sample
from tests.conformance.vendor import load_schema
from tests.workday_samples import BSVC, employment, job, membership, worker

_HR = ("Human_Resources.v33.1.wsdl", "v33.1")
_OWN = membership("Position_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID="CC4200")


@pytest.mark.parametrize(
    ("wsdl", "version", "answer", "record"),
    [
        (*_HR, "Get_Workers_Response", sample.FULL_WORKER),
        (*_HR, "Get_Workers_Response", worker(employment(job(organizations=_OWN), job("P-2", primary="0")))),
        (*_HR, "Get_Job_Profiles_Response", sample.JOB_PROFILE),
        (*_HR, "Get_Locations_Response", sample.LOCATION),
        (*_HR, "Get_Organizations_Response", sample.ORGANIZATION),
        ("Staffing.v26.1.wsdl", "v26.1", "Get_Positions_Response", sample.position()),
        ("Financial_Management.v30.0.wsdl", "v30.0", "Get_Cost_Centers_Response", sample.COST_CENTER),
    ],
    ids=["worker", "worker with two jobs", "job profile", "location", "organization", "position", "cost center"],
)
def test_every_sample_is_valid(wsdl: str, version: str, answer: str, record: str) -> None:
    document = (
        f'<wd:{answer} xmlns:wd="{BSVC}" wd:version="{version}"><wd:Response_Data>{record}</wd:Response_Data>'
        f"</wd:{answer}>"
    )
    load_schema(wsdl).assertValid(etree.fromstring(document))
