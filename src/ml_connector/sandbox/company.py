"""
The manufacturer both pretenders know: companies, places, cost centers and jobs, as each system would call them.

The two sides are spelt differently on purpose (`CC4100` here, `4100` there; `JP-OPER` here, `Press Operator` there):
that difference is what a mapping is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

TENANT = "acme1"
START = date(2026, 11, 23)
NAMESPACE = uuid5(NAMESPACE_URL, "urn:sandbox:acme1")


def make_uuid(*parts: str) -> UUID:
    """A UUID that is the same in every run."""
    return uuid5(NAMESPACE, "/".join(parts))


def make_wid(*parts: str) -> str:
    """A Workday id: 32 hexadecimal digits, the same in every run."""
    return make_uuid("wid", *parts).hex


@dataclass(frozen=True)
class Plant:
    """A Plex Customer Number and the Workday company and location whose people belong to it."""

    pcn: str
    company_code: str
    company: str
    location: str
    time_zone: str
    share: float

    @property
    def tenant_id(self) -> str:
        return str(make_uuid("tenant", self.pcn))


@dataclass(frozen=True)
class CostCenter:
    """A Workday cost center, its Plex number (= the middle segment of an account) and its Plex department."""

    ref_id: str
    code: str
    name: str
    plex_no: str
    plex_name: str
    department_code: str
    department_name: str
    plants: tuple[str, ...]


@dataclass(frozen=True)
class JobProfile:
    """
    A Workday job profile and the Plex position text it stands for; *shop* people work shifts, are paid by the hour.
    """

    ref_id: str
    code: str
    title: str
    plex_position: str
    category: str
    cost_centers: tuple[str, ...]
    weight: int
    shop: bool
    manages: bool = False


@dataclass(frozen=True)
class Place:
    """A Workday location and the Plex building of the same site."""

    location_id: str
    name: str
    building_code: str
    building_name: str
    time_zone: str


COMPANIES = {"C10": "Acme Components Inc.", "C90": "Acme Corporate Services LLC"}

PLANTS = (
    Plant("101", "ACME-DET", "C10", "DET", "America/Detroit", 0.55),
    Plant("102", "ACME-TOL", "C10", "TOL", "America/New_York", 0.35),
    Plant("100", "ACME-HQ", "C90", "HQ", "America/Chicago", 0.10),
)

PLACES = (
    Place("DET", "Detroit Plant", "DET", "Detroit Plant", "America/Detroit"),
    Place("TOL", "Toledo Plant", "TOL", "Toledo Plant", "America/New_York"),
    Place("HQ", "Chicago Head Office", "CHI-HQ", "Head Office", "America/Chicago"),
)

_SHOPS = ("101", "102")
COST_CENTERS = (
    CostCenter("CC4100", "4100", "Stamping", "4100", "Stamping", "4100-STP", "Stamping", _SHOPS),
    CostCenter("CC4200", "4200", "Welding", "4200", "Welding", "4200-WLD", "Welding", _SHOPS),
    CostCenter("CC4300", "4300", "Assembly", "4300", "Assembly", "4300-ASM", "Assembly", _SHOPS),
    CostCenter("CC4400", "4400", "Paint", "4400", "Paint Line", "4400-PNT", "Paint", ("101",)),
    CostCenter("CC5100", "5100", "Maintenance", "5100", "Maintenance", "5100-MNT", "Maintenance", _SHOPS),
    CostCenter("CC5200", "5200", "Quality", "5200", "Quality", "5200-QA", "Quality Assurance", _SHOPS),
    CostCenter("CC5300", "5300", "Materials", "5300", "Materials & Shipping", "5300-MAT", "Materials", _SHOPS),
    CostCenter("CC6100", "6100", "Plant Administration", "6100", "Plant Admin", "6100-ADM", "Plant Admin", _SHOPS),
    CostCenter("CC7100", "7100", "Finance", "7100", "Finance", "7100-FIN", "Finance", ("100",)),
    CostCenter("CC7200", "7200", "People", "7200", "Human Resources", "7200-HR", "Human Resources", ("100",)),
    CostCenter("CC7300", "7300", "Engineering", "7300", "Engineering", "7300-ENG", "Engineering", ("100",)),
)

_FLOOR = ("CC4100", "CC4200", "CC4300", "CC4400")
JOB_PROFILES = (
    JobProfile("JP-OPER", "OPER", "Press operator", "Press Operator", "Direct", ("CC4100",), 26, shop=True),
    JobProfile("JP-WELD", "WELD", "Welder", "Welder", "Direct", ("CC4200",), 18, shop=True),
    JobProfile("JP-ASMB", "ASMB", "Assembler", "Assembler", "Direct", ("CC4300", "CC4400"), 24, shop=True),
    JobProfile("JP-MNTN", "MNTN", "Maintenance technician", "Maintenance Tech", "Indirect", ("CC5100",), 7, shop=True),
    JobProfile("JP-QINS", "QINS", "Quality inspector", "Quality Inspector", "Indirect", ("CC5200",), 6, shop=True),
    JobProfile("JP-MATL", "MATL", "Material handler", "Material Handler", "Indirect", ("CC5300",), 9, shop=True),
    JobProfile("JP-CLRK", "CLRK", "Plant clerk", "Plant Clerk", "Indirect", ("CC6100",), 3, shop=False),
    JobProfile("JP-ACCT", "ACCT", "Accountant", "Accountant", "Indirect", ("CC7100",), 5, shop=False),
    JobProfile("JP-HRBP", "HRBP", "HR partner", "HR Partner", "Indirect", ("CC7200",), 4, shop=False),
    JobProfile("JP-ENGR", "ENGR", "Process engineer", "Process Engineer", "Indirect", ("CC7300",), 6, shop=False),
    JobProfile(
        "JP-SUPV", "SUPV", "Shift supervisor", "Shift Supervisor", "Indirect", _FLOOR, 6, shop=False, manages=True
    ),
    JobProfile(
        "JP-PMGR", "PMGR", "Plant manager", "Plant Manager", "Indirect", ("CC6100",), 0, shop=False, manages=True
    ),
    JobProfile(
        "JP-CEO", "CEO", "Chief executive", "Chief Executive", "Indirect", ("CC7100",), 0, shop=False, manages=True
    ),
)

UNMAPPED_JOB = JobProfile(
    "JP-ROBO", "ROBO", "Robot technician", "Robot Technician", "Indirect", ("CC5100",), 0, shop=True
)

SHIFTS = ("Day", "Afternoon", "Night")
EMPLOYEE_STATUSES = ("Active", "Inactive", "Leave of Absence")
EMPLOYEE_TYPES = ("Full-time", "Part-time", "Assignee")
