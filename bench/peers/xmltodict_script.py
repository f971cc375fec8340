"""
The lighter script: requests posts a template, xmltodict reads the answer, rows go to SQLite and, when asked, to Plex.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
import xmltodict
from meter import measured, read_order
from rows import Table, Upserter

ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wd="urn:com.workday/bsvc"
 xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">
<env:Header><wsse:Security><wsse:UsernameToken><wsse:Username>{username}</wsse:Username><wsse:Password
 Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
>{password}</wsse:Password></wsse:UsernameToken></wsse:Security></env:Header>
<env:Body><wd:Get_Workers_Request wd:version="v45.0"><wd:Response_Filter><wd:Page>{page}</wd:Page>
<wd:Count>{count}</wd:Count></wd:Response_Filter><wd:Response_Group>
<wd:Include_Reference>true</wd:Include_Reference>
<wd:Include_Personal_Information>true</wd:Include_Personal_Information>
<wd:Include_Employment_Information>true</wd:Include_Employment_Information>
<wd:Include_Organizations>true</wd:Include_Organizations>
</wd:Response_Group></wd:Get_Workers_Request></env:Body></env:Envelope>"""
LISTS = ("wd:Worker", "wd:ID", "wd:Worker_Job_Data", "wd:Position_Organization_Data", "wd:Email_Address_Data")


def read_pages(session: requests.Session, workday: dict[str, Any], *, count: int, most: int) -> Iterator[list[Any]]:
    url = f"{workday['url']}/ccx/service/{workday['tenant']}/Human_Resources/v45.0"
    page, seen = 1, 0
    while True:
        body = ENVELOPE.format(page=page, count=count, **workday["isu"])
        answer = session.post(url, data=body.encode(), headers={"Content-Type": "text/xml"}, timeout=300)
        answer.raise_for_status()
        parsed = xmltodict.parse(answer.content, force_list=LISTS)
        said = parsed["env:Envelope"]["env:Body"]["wd:Get_Workers_Response"]
        workers = said["wd:Response_Data"]["wd:Worker"]
        yield workers
        seen += len(workers)
        if seen >= most or page >= int(said["wd:Response_Results"]["wd:Total_Pages"]):
            return
        page += 1


def find_id(reference: Any, kind: str) -> str | None:
    found = (each["#text"] for each in (reference or {}).get("wd:ID", ()) if each["@wd:type"] == kind)
    return next(found, None)


def flatten(worker: Any) -> dict[str, Any]:
    data = worker["wd:Worker_Data"]
    name = data["wd:Personal_Data"]["wd:Name_Data"]["wd:Legal_Name_Data"]["wd:Name_Detail_Data"]
    status = data["wd:Employment_Data"].get("wd:Worker_Status_Data") or {}
    mails = (data["wd:Personal_Data"].get("wd:Contact_Data") or {}).get("wd:Email_Address_Data") or []
    row = {
        "wid": find_id(worker["wd:Worker_Reference"], "WID"),
        "employee_id": data["wd:Worker_ID"],
        "first_name": name.get("wd:First_Name"),
        "last_name": name.get("wd:Last_Name"),
        "email": mails[0]["wd:Email_Address"] if mails else None,
        "active": status.get("wd:Active") == "1",
        "hire_date": status.get("wd:Hire_Date"),
    }
    for job in data["wd:Employment_Data"].get("wd:Worker_Job_Data", ()):
        if job["@wd:Primary_Job"] == "1":
            row |= flatten_job(job)
    return row


def flatten_job(job: Any) -> dict[str, Any]:
    position = job["wd:Position_Data"]
    profile, site = position.get("wd:Job_Profile_Summary_Data") or {}, position.get("wd:Business_Site_Summary_Data")
    row = {
        "position_id": position.get("wd:Position_ID"),
        "title": position.get("wd:Business_Title"),
        "job_profile": find_id(profile.get("wd:Job_Profile_Reference"), "Job_Profile_ID"),
        "location": find_id((site or {}).get("wd:Location_Reference"), "Location_ID"),
        "weekly_hours": position.get("wd:Scheduled_Weekly_Hours"),
        "manager": find_id(position.get("wd:Manager_as_of_last_detected_manager_change_Reference"), "Employee_ID"),
    }
    for each in (job.get("wd:Position_Organizations_Data") or {}).get("wd:Position_Organization_Data", ()):
        for name, kind in (("company", "Company_Reference_ID"), ("cost_center", "Cost_Center_Reference_ID")):
            row[name] = row.get(name) or find_id(each["wd:Organization_Reference"], kind)
    return row


def main() -> None:
    order = read_order()
    session = requests.Session()
    table, plex = Table(f"{order.folder}/xmltodict.db"), Upserter(session, order.ready["plex"])
    with measured("cold") as told:
        for workers in read_pages(session, order.ready["workday"], count=order.page_size, most=order.workers):
            rows = [flatten(worker) for worker in workers]
            table.keep(rows)
            told.workers += len(rows)
            for row in rows if order.write else ():
                plex.send(row)
                told.writes += 1


if __name__ == "__main__":
    main()
