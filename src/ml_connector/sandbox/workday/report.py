"""Reports as a service: one report of all workers, whole in one answer, its rows made while it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.tenant import Tenant, View
from ml_connector.sandbox.workday.call import Call, make_call
from ml_connector.sandbox.workday.columns import WORKER_COLUMNS, person_of
from ml_connector.sandbox.workday.json_answers import KIND, forbidden, invalid, not_found
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.workers import Workers

PREFIX = "/ccx/service/customreport2/"
_PATH = re.compile(r"/ccx/service/customreport2/(?P<tenant>[^/]+)/(?P<owner>[^/]+)/(?P<report>[^/]+)/?")
OWNER, NAME = "ISU_mlc", "ML_Connector_Workers"
PROMPT = "Effective_as_of_Date"
_CHUNK = 65536

# A report's column: what it is called there, the field behind it, and whether a reference shows its label or its ID.
_COLUMNS = (
    ("Workday_ID", "workdayID", ""), ("Employee_ID", "employeeID", ""), ("Universal_ID", "universalID", ""),
    ("Worker_Type", "workerType", "label"), ("Is_Contingent_Worker", "isContingentWorker", ""),
    ("First_Name", "firstName", ""), ("Middle_Name", "middleName", ""), ("Last_Name", "lastName", ""),
    ("Preferred_First_Name", "preferredFirstName", ""), ("Preferred_Name", "preferredName", ""),
    ("Email", "email_PrimaryWork", ""),
    ("Active_Status", "isActive", ""), ("Worker_Status", "workerStatus", ""), ("Hire_Date", "hireDate", ""),
    ("Original_Hire_Date", "originalHireDate", ""), ("Termination_Date", "terminationDate", ""),
    ("Pay_Through_Date", "payThroughDate", ""),
    ("On_Leave", "onLeave", ""), ("Leave_Start_Date", "leaveStartDate", ""), ("Position_ID", "positionID", ""),
    ("Position_Start_Date", "positionStartDate", ""), ("Business_Title", "businessTitle", ""),
    ("Job_Profile_ID", "jobProfile", "id"), ("Job_Profile", "jobProfile", "label"),
    ("Location_ID", "location", "id"), ("Location", "location", "label"), ("Company_ID", "company", "id"),
    ("Company", "company", "label"), ("Cost_Center_ID", "costCenter", "id"), ("Cost_Center", "costCenter", "label"),
    ("Supervisory_Organization_ID", "supervisoryOrganization", "id"),
    ("Supervisory_Organization", "supervisoryOrganization", "label"), ("Manager_Employee_ID", "manager", "id"),
    ("Manager", "manager", "label"), ("Work_Shift", "workShift", ""), ("Time_Type", "timeType", "label"),
    ("Scheduled_Weekly_Hours", "scheduledWeeklyHours", ""), ("FTE", "fte", ""), ("Pay_Group_ID", "payGroup", "id"),
    ("Pay_Rate_Type", "payRateType", "label"), ("Base_Pay", "totalBasePay_Amount", ""),
    ("Base_Pay_Frequency", "totalBasePayFrequency", "label"), ("Currency", "currency", "label"),
    ("Compensation_Effective_Date", "compensationEffectiveDate", ""),
)  # fmt: skip
COLUMNS = tuple(name for name, _, _ in _COLUMNS)
_FIELDS = {column.alias: column for column in WORKER_COLUMNS}


class Reports:
    """Answers for one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def describe(self) -> dict[str, Any]:
        """Tell the report there is, as the ready file does."""
        return {"owner": OWNER, "name": NAME, "columns": list(COLUMNS), "effective_prompt": PROMPT}

    def answer(self, request: Request) -> Response:
        """
        Answer one request that has already proved who sent it: as JSON where asked for, else as XML.

        Raises:
            JsonRefusalError: it is refused.
        """
        match = _PATH.fullmatch(request.path)
        if match is None or (match["tenant"], match["owner"], match["report"]) != (self._tenant.name, OWNER, NAME):
            raise not_found()
        if request.method != "GET":
            raise invalid()
        view = self._tenant.view()
        if domains.WORKERS_TASK not in view.domains:
            raise forbidden()
        rows = _rows(view, on=_read_prompt(request))
        how = request.query.get("format", ["xml"])[0]
        if how == "json":
            return Response(200, _gather(_write_json(rows)), {"Content-Type": KIND})
        if how in ("xml", "simplexml"):
            return Response(200, _gather(_write_xml(rows)), {"Content-Type": "text/xml; charset=UTF-8"})
        raise invalid(f"format {how} is not served")


def _read_prompt(request: Request) -> date | None:
    """Read the day the report is asked for; today where it is not. An offset behind the day is Workday's own habit."""
    text = request.query.get(PROMPT, [""])[0]
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise invalid(f"{PROMPT} is not a date") from None


def _rows(view: View, *, on: date | None) -> Iterator[dict[str, str]]:
    """Yield a row for each worker; a value that is not there is an absent column, everything told is text."""
    pinned = {"Response_Filter": {"As_Of_Effective_Date": on, "As_Of_Entry_DateTime": view.now}}
    keys = Workers().select(make_call(pinned, view=view, defaults=frozenset()))
    for start in range(0, len(keys), 1000):  # a call remembers what it saw: a new one now and then bounds that
        call = make_call(pinned, view=view, defaults=frozenset())
        for key in keys[start : start + 1000]:
            yield _row(call, key)


def _row(call: Call, key: str) -> dict[str, str]:
    person, row = person_of(call, key), dict[str, str]()
    for name, alias, form in _COLUMNS:
        value = _FIELDS[alias].value(call, person)
        if value is not None:
            row[name] = _write(value, form=form)
    return row


def _write(value: Any, *, form: str) -> str:
    if isinstance(value, Ref):
        return (value.descriptor or "") if form == "label" else value.ids[-1][1]
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _write_json(rows: Iterator[dict[str, str]]) -> Iterator[bytes]:
    yield b'{"Report_Entry":['
    before = b""
    for row in rows:
        yield before + msgspec.json.encode(row)
        before = b","
    yield b"]}"


def _write_xml(rows: Iterator[dict[str, str]]) -> Iterator[bytes]:
    yield f"<?xml version='1.0' encoding='UTF-8'?><wd:Report_Data xmlns:wd=\"urn:com.workday.report/{NAME}\">".encode()
    for row in rows:
        cells = "".join(f"<wd:{name}>{escape(text)}</wd:{name}>" for name, text in row.items())
        yield f"<wd:Report_Entry>{cells}</wd:Report_Entry>".encode()
    yield b"</wd:Report_Data>"


def _gather(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces to chunks worth sending."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _CHUNK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
