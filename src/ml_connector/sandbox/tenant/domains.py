"""
The security domains an integration user needs here, and what is missing without each.

Names of the pay and staffing domains are the vendor's; where its documents name none, the plain words are ours.
"""

from __future__ import annotations

STAFFING = "Worker Data: Current Staffing Information"
COMPENSATION = "Worker Data: Compensation by Organization"
PERSONAL = "Person Data: Name"
ORGANIZATIONS = "Worker Data: Organization Information"

# Tasks: without the domain the operation itself is refused.
WORKERS_TASK = "Worker Data: Public Worker Reports"
ORGANIZATIONS_TASK = "Manage: Organization"
JOB_PROFILES_TASK = "Set Up: Job Profile"
LOCATIONS_TASK = "Manage: Location"
POSITIONS_TASK = "Manage: Position"
COST_CENTERS_TASK = "Manage: Cost Center"
# Reading and writing are granted apart: most integration users may only get.
COST_CENTERS_PUT = f"put:{COST_CENTERS_TASK}"

SECTIONS = (STAFFING, COMPENSATION, PERSONAL, ORGANIZATIONS)
TASKS = (WORKERS_TASK, ORGANIZATIONS_TASK, JOB_PROFILES_TASK, LOCATIONS_TASK, POSITIONS_TASK, COST_CENTERS_TASK)
ALL = frozenset((*SECTIONS, *TASKS, COST_CENTERS_PUT))
