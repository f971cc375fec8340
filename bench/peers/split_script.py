"""
Split and pick, bare: each worker's bytes cut out, parsed by lxml, picked by path, and forgotten. The floor of what
parsing costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from lxml import etree
from meter import measured, read_order

_ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wsse="http://docs.oasis-open.org/'
    'wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><soapenv:Header><wsse:Security><wsse:UsernameToken>'
    "<wsse:Username>{username}</wsse:Username><wsse:Password>{password}</wsse:Password></wsse:UsernameToken>"
    '</wsse:Security></soapenv:Header><soapenv:Body><wd:Get_Workers_Request xmlns:wd="urn:com.workday/bsvc" '
    'wd:version="v45.0"><wd:Response_Filter><wd:Page>{page}</wd:Page><wd:Count>{count}</wd:Count></wd:Response_Filter>'
    "</wd:Get_Workers_Request></soapenv:Body></soapenv:Envelope>"
)
_NAMES = {"wd": "urn:com.workday/bsvc"}
_JOB = "wd:Worker_Data/wd:Employment_Data/wd:Worker_Job_Data/wd:Position_Data/"
_STATUS = "wd:Worker_Data/wd:Employment_Data/wd:Worker_Status_Data/"
_LEGAL = "wd:Worker_Data/wd:Personal_Data/wd:Name_Data/wd:Legal_Name_Data/wd:Name_Detail_Data/"
_PREFERRED = _LEGAL.replace("Legal", "Preferred")
_PATHS = {
    "wid": "wd:Worker_Reference/wd:ID[@wd:type='WID']",
    "employee_id": "wd:Worker_Reference/wd:ID[@wd:type='Employee_ID']",
    "contingent_id": "wd:Worker_Reference/wd:ID[@wd:type='Contingent_Worker_ID']",
    "universal_id": "wd:Universal_Identifier_Reference/wd:ID[@wd:type='Universal_Identifier_ID']",
    **{name: _LEGAL + f"wd:{name}" for name in ("First_Name", "Middle_Name", "Last_Name")},
    **{f"preferred_{name}": _PREFERRED + f"wd:{name}" for name in ("First_Name", "Last_Name")},
    "formatted": _PREFERRED.removesuffix("/") + "/@wd:Formatted_Name",
    "email": "wd:Worker_Data/wd:Personal_Data/wd:Contact_Data/wd:Email_Address_Data/wd:Email_Address",
    **{
        name: _STATUS + f"wd:{name}"
        for name in ("Active", "Hire_Date", "Original_Hire_Date", "Terminated", "Termination_Date", "Hire_Rescinded")
    },
    "on_leave": _STATUS + "wd:Leave_Status_Data/wd:On_Leave",
    **{
        name: _JOB + f"wd:{name}"
        for name in (
            "Position_ID", "Position_Title", "Business_Title", "Scheduled_Weekly_Hours", "Full_Time_Equivalent_Percentage",
            "Exclude_from_Headcount", "End_Date",
        )
    },
    "effective_on": _JOB.removesuffix("/") + "/@wd:Effective_Date",
    "time_type": _JOB + "wd:Position_Time_Type_Reference/wd:ID[@wd:type='Position_Time_Type_ID']",
    "shift": _JOB + "wd:Work_Shift_Reference/wd:ID[@wd:type='Work_Shift_ID']",
    "job_profile": _JOB + "wd:Job_Profile_Summary_Data/wd:Job_Profile_Reference/wd:ID[@wd:type='Job_Profile_ID']",
    "location": _JOB + "wd:Business_Site_Summary_Data/wd:Location_Reference/wd:ID[@wd:type='Location_ID']",
    "manager": _JOB + "wd:Manager_as_of_last_detected_manager_change_Reference/wd:ID[@wd:type='Employee_ID']",
}  # fmt: skip
_TYPE, _OWN = (f"{{{_NAMES['wd']}}}{name}" for name in ("Organization_Type_Reference", "Worker_Organization_Data"))
# One compiled expression a field: the fastest way lxml has of its own.
_FIELDS = {name: etree.XPath(f"string({path})", namespaces=_NAMES) for name, path in _PATHS.items()}


def cut(page: bytes) -> Iterator[bytes]:
    """Each worker's bytes, its namespace put back."""
    for piece in page.split(b"<wd:Worker>")[1:]:
        yield (
            b'<wd:Worker xmlns:wd="urn:com.workday/bsvc">'
            + piece[: piece.index(b"</wd:Worker>") + len(b"</wd:Worker>")]
        )


def pick(worker: bytes) -> dict[str, Any]:
    """The fields a sync maps."""
    element = etree.fromstring(worker)
    row: dict[str, Any] = {name: path(element) for name, path in _FIELDS.items()}
    for kind in element.iter(_TYPE):
        member = kind.getparent().getparent()  # type: ignore[union-attr]
        if member is not None and member.tag == _OWN:
            row[str(kind[-1].text)] = member[0][-1].text
    return row


def main() -> None:
    order = read_order()
    workday, session = order.ready["workday"], requests.Session()
    url = f"{workday['url']}/ccx/service/{workday['tenant']}/Human_Resources/v45.0"
    page = 1
    with measured("cold") as told:
        while told.workers < order.workers:
            body = _ENVELOPE.format(**workday["isu"], page=page, count=order.page_size)
            answer = session.post(url, data=body.encode(), headers={"Content-Type": "text/xml"}, timeout=300)
            answer.raise_for_status()
            rows = [pick(worker) for worker in cut(answer.content)]
            if not rows:
                return
            told.workers, page = told.workers + len(rows), page + 1


if __name__ == "__main__":
    main()
