"""
The enterprise on its first morning: setup tables, chart of accounts, planned headcount, and people only Plex knows.
"""

from __future__ import annotations

from calendar import monthrange
from decimal import Decimal

from ml_connector.sandbox.company import (
    COST_CENTERS,
    EMPLOYEE_STATUSES,
    EMPLOYEE_TYPES,
    JOB_PROFILES,
    PLACES,
    SHIFTS,
    CostCenter,
    JobProfile,
    Plant,
    make_uuid,
)
from ml_connector.sandbox.plex.rows import add_employee, employee_row, journal_line, position_row
from ml_connector.sandbox.plex.tables import Tables, next_key

OPENED_AT = "2026-01-05T13:00:00Z"
OPEN_PERIODS = ("11-2026", "12-2026", "01-2027", "02-2027", "03-2027")
PLEX_ONLY_POSITION = "Contractor"

_LABOR = (
    ("51000", "Direct labor"),
    ("51100", "Direct labor overtime"),
    ("52000", "Indirect labor"),
    ("53000", "Payroll taxes"),
    ("54000", "Benefits"),
)
_BALANCE = (
    ("10100", "Cash", "Asset"),
    ("21500", "Accrued payroll", "Liability"),
    ("21600", "Payroll taxes payable", "Liability"),
    ("30000", "Retained earnings", "Equity"),
    ("40000", "Product sales", "Revenue"),
)
# Badges 9xxxx: agency staff and kiosks keyed in by hand, unknown to Workday; a sync must leave them as they are.
_BY_HAND = (
    ("101", "90001", "Temp", "Agency-One", "Active", "kiosk.one"),
    ("101", "90002", "Temp", "Agency-Two", "Active", None),
    ("101", "90003", "Old", "Agency-Three", "Inactive", None),
    ("102", "90004", "Temp", "Agency-Four", "Active", None),
    ("100", "90005", "Auditor", "Visiting", "Active", "visiting.auditor"),
)


def seed_tables(plant: Plant, *, workers: int) -> Tables:
    """Build one plant's tables as they are before anything is synchronised; *workers* scales planned headcount."""
    tables = Tables(plant)
    tables.statuses = {text: text != "Inactive" for text in EMPLOYEE_STATUSES}
    tables.types = {text: number for number, text in enumerate(EMPLOYEE_TYPES, start=1)}
    tables.shifts = {text: number for number, text in enumerate(SHIFTS, start=1)}
    centers = [center for center in COST_CENTERS if plant.pcn in center.plants]
    _add_buildings(tables)
    _add_organization(tables, centers)
    _add_positions(tables)
    _add_staffing(tables, centers, workers=workers)
    _add_chart(tables, centers)
    _add_periods(tables)
    _add_people(tables, centers)
    _add_journals(tables, centers)
    return tables


def _add_buildings(tables: Tables) -> None:
    for place in PLACES:
        if place.location_id == tables.plant.location:
            key = str(make_uuid("building", tables.plant.pcn, place.building_code))
            row = {"id": key, "buildingCode": place.building_code, "buildingType": "Plant"}
            tables.buildings[key] = row | {"name": place.building_name, "active": True, "country": "USA"}


def _add_organization(tables: Tables, centers: list[CostCenter]) -> None:
    base = int(tables.plant.pcn) * 1000
    for number, center in enumerate(centers, start=base + 1):
        tables.departments[number] = {
            "Department_No": number,
            "Department_Code": center.department_code,
            "Department_Name": center.department_name,
            "Active": True,
            "Department_Group": None,
            "Sort_Order": number - base,
        }
        tables.cost_centers[number] = {
            "Cost_Center_Key": number,
            "Cost_Center_No": center.plex_no,
            "Cost_Center_Name": center.plex_name,
            "Department_No": number,
            "Updated_Date": OPENED_AT,
            "Permission_Key": None,
        }


def _add_positions(tables: Tables) -> None:
    for title in (*(job.plex_position for job in JOB_PROFILES), PLEX_ONLY_POSITION):
        key = next_key(tables.positions)
        tables.positions[key] = position_row(key, {"Position": title})


def _add_staffing(tables: Tables, centers: list[CostCenter], *, workers: int) -> None:
    weights = sum(job.weight for job in JOB_PROFILES)
    for job in JOB_PROFILES:
        departments = [center.department_code for center in centers if center.ref_id in job.cost_centers]
        shifts = SHIFTS if job.shop else SHIFTS[:1]
        for code in departments:
            seats = round(workers * tables.plant.share * job.weight / weights / len(departments) / len(shifts))
            for shift in shifts:
                tables.staffing[_staffing_key(tables, job, shift, code)] = max(1, seats)


def _staffing_key(tables: Tables, job: JobProfile, shift: str, department: str) -> tuple[int, int, int]:
    position, row = tables.position(job.plex_position), tables.department(department)
    if position is None or row is None:
        raise LookupError(f"the company has no position {job.plex_position} or no department {department}")
    return position["Position_Key"], tables.shifts[shift], row["Department_No"]


def _add_chart(tables: Tables, centers: list[CostCenter]) -> None:
    location = tables.plant.pcn
    for base, name, category in _BALANCE:
        add_account(tables, f"{base}-0000-{location}", name, category)
    for center in centers:
        for base, name in _LABOR:
            add_account(tables, f"{base}-{center.plex_no}-{location}", f"{name} {center.plex_name}", "Expense")
    add_account(tables, f"51900-{centers[0].plex_no}-{location}", "Shift premium (old)", "Expense", active=False)


def add_account(tables: Tables, number: str, name: str, category: str, *, active: bool = True) -> None:
    """Open an account on the plant's chart."""
    key = str(make_uuid("account", tables.plant.pcn, number))
    tables.accounts[key] = {
        "id": key,
        "accountNumber": number,
        "name": name,
        "categoryType": category,
        "active": active,
        "inactiveDate": None if active else OPENED_AT,
        "createdDate": OPENED_AT,
        "modifiedBy": str(make_uuid("iam", "setup")),
        "modifiedDate": OPENED_AT,
    }


def _add_periods(tables: Tables) -> None:
    months = [(2026, month) for month in range(1, 13)] + [(2027, month) for month in range(1, 4)]
    for year, month in months:
        display = f"{month:02}-{year}"
        tables.periods[display] = {
            "fiscalYear": str(year),
            "periodDisplay": display,
            "beginDate": f"{year}-{month:02}-01T00:00:00Z",
            "endDate": f"{year}-{month:02}-{monthrange(year, month)[1]:02}T23:59:59Z",
            "periodStatus": "Open" if display in OPEN_PERIODS else "Closed",
            "yearStatus": "Open",
        }


def _add_people(tables: Tables, centers: list[CostCenter]) -> None:
    building = next(iter(tables.buildings.values()))["buildingCode"]
    for pcn, badge, given, family, status, user in _BY_HAND:
        if pcn != tables.plant.pcn:
            continue
        key = str(make_uuid("by hand", pcn, badge))
        row = {
            "id": key,
            "badgeNumber": badge,
            "firstName": given,
            "lastName": family,
            "status": status,
            "userId": user,
        }
        row |= {"position": PLEX_ONLY_POSITION, "shift": SHIFTS[0], "building": building, "type": EMPLOYEE_TYPES[0]}
        row |= {"department": centers[0].department_code, "workPhone": "555-0100"}
        add_employee(tables, employee_row(row))


def _add_journals(tables: Tables, centers: list[CostCenter]) -> None:
    expense, accrued = (
        f"52000-{centers[0].plex_no}-{tables.plant.pcn}",
        f"21500-0000-{tables.plant.pcn}",
    )
    for number, amount in enumerate((Decimal("18250.40"), Decimal("17990.15")), start=1):
        key = str(make_uuid("journal", tables.plant.pcn, str(number)))
        lines = [
            journal_line(tables, f"{key}/1", {"accountNo": expense, "debit": amount, "credit": Decimal(0)}),
            journal_line(tables, f"{key}/2", {"accountNo": accrued, "debit": Decimal(0), "credit": amount}),
        ]
        tables.journals[key] = {
            "id": key,
            "journalNumber": number,
            "periodDisplay": "10-2026",
            "description": f"Payroll keyed by hand, half {number} of October",
            "note": None,
            "postDate": "2026-10-31T00:00:00Z",
            "reversing": False,
            "currency": "USD",
            "exchangeRate": Decimal(1),
            "status": "Booked",
            "createdById": str(make_uuid("iam", "controller")),
            "createdDate": "2026-10-31T20:00:00Z",
            "modifiedById": str(make_uuid("iam", "controller")),
            "modifiedDate": "2026-10-31T20:00:00Z",
            "voucherNumber": f"JE-{number:05}",
            "booked": True,
            "period13": False,
            "governmentIssuedNo": None,
            "periodAdjustment": False,
            "lines": lines,
        }
