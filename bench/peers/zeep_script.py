"""The usual script: zeep reads Get_Workers page by page, rows go to SQLite and, when asked, one by one to Plex."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
import zeep
from meter import measured, read_order
from rows import Table, Upserter
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

GROUP = {
    "Include_Reference": True,
    "Include_Personal_Information": True,
    "Include_Employment_Information": True,
    "Include_Organizations": True,
}


def read_pages(service: Any, *, count: int, most: int) -> Iterator[list[Any]]:
    page, seen = 1, 0
    while True:
        answer = service.Get_Workers(Response_Filter={"Page": page, "Count": count}, Response_Group=GROUP)
        workers = answer["Response_Data"]["Worker"]
        yield workers
        seen += len(workers)
        if seen >= most or page >= int(answer["Response_Results"]["Total_Pages"]):
            return
        page += 1


def find_id(reference: Any, kind: str) -> str | None:
    return next((each["_value_1"] for each in reference["ID"] if each["type"] == kind), None) if reference else None


def flatten(worker: Any) -> dict[str, Any]:
    data = worker["Worker_Data"]
    name = data["Personal_Data"]["Name_Data"]["Legal_Name_Data"]["Name_Detail_Data"]
    status = data["Employment_Data"]["Worker_Status_Data"]
    row = {
        "wid": find_id(worker["Worker_Reference"], "WID"),
        "employee_id": data["Worker_ID"],
        "first_name": name["First_Name"],
        "last_name": name["Last_Name"],
        "active": bool(status and status["Active"]),
        "hire_date": str(status["Hire_Date"]) if status else None,
    }
    mails = (data["Personal_Data"]["Contact_Data"] or {})["Email_Address_Data"] or []
    row["email"] = mails[0]["Email_Address"] if mails else None
    for job in data["Employment_Data"]["Worker_Job_Data"]:
        if job["Primary_Job"]:
            row |= flatten_job(job)
    return row


def flatten_job(job: Any) -> dict[str, Any]:
    position = job["Position_Data"]
    managers = position["Manager_as_of_last_detected_manager_change_Reference"]
    row = {
        "position_id": position["Position_ID"],
        "title": position["Business_Title"],
        "job_profile": find_id(position["Job_Profile_Summary_Data"]["Job_Profile_Reference"], "Job_Profile_ID"),
        "location": find_id(position["Business_Site_Summary_Data"]["Location_Reference"], "Location_ID"),
        "weekly_hours": str(position["Scheduled_Weekly_Hours"]),
        "manager": find_id(managers[0] if isinstance(managers, list) and managers else managers or None, "Employee_ID"),
    }
    organizations = job["Position_Organizations_Data"]
    for each in organizations["Position_Organization_Data"] if organizations else ():
        for name, kind in (("company", "Company_Reference_ID"), ("cost_center", "Cost_Center_Reference_ID")):
            row[name] = row.get(name) or find_id(each["Organization_Reference"], kind)
    return row


def main() -> None:
    order = read_order()
    workday = order.ready["workday"]
    url = f"{workday['url']}/ccx/service/{workday['tenant']}/Human_Resources/v45.0?wsdl"
    session = requests.Session()
    token = UsernameToken(workday["isu"]["username"], workday["isu"]["password"])
    client = zeep.Client(url, wsse=token, transport=Transport(session=session, operation_timeout=300))
    table, plex = Table(f"{order.folder}/zeep.db"), Upserter(session, order.ready["plex"])
    with measured("cold") as told:
        for workers in read_pages(client.service, count=order.page_size, most=order.workers):
            rows = [flatten(worker) for worker in workers]
            table.keep(rows)
            told.workers += len(rows)
            for row in rows if order.write else ():
                plex.send(row)
                told.writes += 1


if __name__ == "__main__":
    main()
