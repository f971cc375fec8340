"""Chart of accounts, fiscal periods and journal entries; also tenants, buildings and user accounts, which only list."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

from ml_connector.sandbox.company import make_uuid
from ml_connector.sandbox.http import Response
from ml_connector.sandbox.plex.answers import invalid, malformed
from ml_connector.sandbox.plex.call import Call
from ml_connector.sandbox.plex.filters import Filter, Kind, read_instant, select, texts
from ml_connector.sandbox.plex.rows import journal_line
from ml_connector.sandbox.plex.tables import Row, Tables

OUR_IAM_ID = str(make_uuid("iam", "integration"))
ID = Filter("id", Kind.UUID)
ACCOUNT_FILTERS = {"id": ID, "active": Filter("active", Kind.FLAG), **texts("accountNumber", "name", "categoryType")}
BUILDING_FILTERS = {"id": ID, "active": Filter("active", Kind.FLAG), **texts("buildingCode", "buildingType", "name")}
TENANT_FILTERS = {
    "idList": ID,
    "code": Filter("code", Kind.TEXT),
    "codeList": Filter("code", Kind.TEXT),
}
USER_FILTERS = {"id": ID, **texts("userId", "firstName", "middleName", "lastName", "email", "position", "department")}
PERIOD_FILTERS = {
    "periodDisplayBegin": Filter("periodDisplay", Kind.PERIOD_SINCE),
    "periodDisplayEnd": Filter("periodDisplay", Kind.PERIOD_UNTIL),
}
JOURNAL_FILTERS = {
    "id": ID,
    "journalNumber": Filter("journalNumber", Kind.NUMBER),
    "createdById": Filter("createdById", Kind.UUID),
    "modifiedById": Filter("modifiedById", Kind.UUID),
    "reversing": Filter("reversing", Kind.FLAG),
    "booked": Filter("booked", Kind.FLAG),
    "period13": Filter("period13", Kind.FLAG),
    "periodAdjustmentEntries": Filter("periodAdjustment", Kind.FLAG),
    **texts("periodDisplay", "description", "status"),
    **{f"{name}Begin": Filter(name, Kind.SINCE) for name in ("postDate", "createdDate", "modifiedDate")},
    **{f"{name}End": Filter(name, Kind.UNTIL) for name in ("postDate", "createdDate", "modifiedDate")},
}
_TOO_MUCH = 10**12
_PERIOD = re.compile(r"(0[1-9]|1[0-2])-\d{4}")


def list_accounts(call: Call) -> Response:
    """GET: the plant's chart of accounts."""
    return call.answer(select(call.seen.accounts.values(), call.query, filters=ACCOUNT_FILTERS))


def list_buildings(call: Call) -> Response:
    """GET: the plant's buildings."""
    return call.answer(select(call.seen.buildings.values(), call.query, filters=BUILDING_FILTERS))


def list_tenants(call: Call) -> Response:
    """GET: every tenant of the enterprise."""
    plants = [tables.plant for tables in call.enterprise.plants.values()]
    rows = [{"id": plant.tenant_id, "code": plant.company_code} for plant in plants]
    return call.answer(select(rows, call.query, filters=TENANT_FILTERS))


def list_user_accounts(call: Call) -> Response:
    """GET: user accounts; whether one is active is not told by this operation."""
    rows = select(call.seen.users.values(), call.query, filters=USER_FILTERS)
    return call.answer([{name: value for name, value in row.items() if name != "active"} for row in rows])


def list_periods(call: Call) -> Response:
    """GET: fiscal periods with their status."""
    rows = [_period(call, row) for row in call.seen.periods.values()]
    return call.answer(select(rows, call.query, filters=PERIOD_FILTERS))


def _period(call: Call, row: Row) -> Row:
    status = call.switches.period_status.get(row["periodDisplay"], row["periodStatus"])
    return row | {"periodStatus": status}


def list_journals(call: Call) -> Response:
    """GET: journal entries with their lines."""
    return call.answer(select(call.seen.journals.values(), call.query, filters=JOURNAL_FILTERS))


def create_journal(call: Call) -> Response:
    """POST: 201; posting the same entry twice makes two, for there is no reference to recognise it by."""
    body = call.json()
    if not isinstance(body, dict) or not isinstance(body.get("lines"), list):
        raise malformed("A journal entry is a JSON object with lines.")
    faults = _entry_faults(call, body)
    if faults:
        raise invalid(faults)
    row = _entry(call, body)
    call.tables.journals[row["id"]] = row
    return call.answer(row, status=201)


def _entry_faults(call: Call, body: Row) -> list[str]:
    display = str(body.get("period", ""))
    period = call.tables.periods.get(display)
    faults = []
    if not _PERIOD.fullmatch(display):
        faults.append("period is not MM-YYYY.")
    elif period is None or _period(call, period)["periodStatus"] != "Open":
        faults.append(f"Period {display} is not open.")
    if body.get("postDate") and read_instant(str(body["postDate"])) is None:
        faults.append("postDate needs a time and a zone.")
    lines = body["lines"]
    for number, line in enumerate(lines, start=1):
        faults += [f"Line {number}: {fault}" for fault in _line_faults(call.tables, line)]
    if not lines:
        faults.append("A journal entry needs lines.")
    elif not faults and sum((_amount(line, "debit") - _amount(line, "credit") for line in lines), Decimal(0)):
        faults.append("Debits and credits differ.")
    return faults


def _line_faults(tables: Tables, line: Any) -> list[str]:
    if not isinstance(line, dict):
        return ["is not an object."]
    account = tables.account(str(line.get("accountNo", "")))
    faults = [] if account and account["active"] else ["account does not exist or is inactive."]
    for side in ("debit", "credit"):
        value = line.get(side, 0)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            faults.append(f"{side} is not a number.")
        elif value >= _TOO_MUCH:
            faults.append(f"{side} is too large.")
        elif value < 0 or value != round(value, 2):
            faults.append(f"{side} is negative or finer than a cent.")
    return faults


def _amount(line: Row, side: str) -> Decimal:
    return Decimal(line.get(side, 0))


def _entry(call: Call, body: Row) -> Row:
    number, now, key = len(call.tables.journals) + 1, call.enterprise.now_text(), str(uuid4())
    lines = [
        journal_line(call.tables, f"{key}/{place}", line | {side: _amount(line, side) for side in ("debit", "credit")})
        for place, line in enumerate(body["lines"], start=1)
    ]
    return {
        "id": key,
        "journalNumber": number,
        "periodDisplay": body["period"],
        "description": body.get("description"),
        "note": body.get("note"),
        "postDate": body.get("postDate") or now,
        "reversing": False,
        "currency": body.get("currency") or "USD",
        "exchangeRate": body.get("exchangeRate") or Decimal(1),
        "status": body.get("status") or "Open",
        "createdById": OUR_IAM_ID,
        "createdDate": now,
        "modifiedById": OUR_IAM_ID,
        "modifiedDate": now,
        "voucherNumber": f"JE-{number:05}",
        "booked": False,
        "period13": bool(body.get("period13", False)),
        "governmentIssuedNo": body.get("governmentIssuedNo"),
        "periodAdjustment": bool(body.get("periodAdjustment", False)),
        "lines": lines,
    }
