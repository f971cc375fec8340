"""
The resource API: which operation answers which method and path, and who may use it.

A caller whose role lacks a resource gets an empty list, not a refusal: the trap of looking healthy and reading nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ml_connector.sandbox.http import Response
from ml_connector.sandbox.plex import employees, ledger
from ml_connector.sandbox.plex.answers import forbidden, no_such_record
from ml_connector.sandbox.plex.call import Call

Operation = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """One operation; *resource* is the word permissions and subscriptions use."""

    method: str
    pattern: re.Pattern[str]
    resource: str
    operation: Operation

    @property
    def is_read(self) -> bool:
        """Whether the operation changes nothing."""
        return self.method == "GET"


def _route(method: str, template: str, operation: Operation) -> Route:
    """*template* is a path below the base, `{id}` standing for the record's id."""
    pattern = re.compile(template.replace("{id}", "(?P<id>[^/]+)"))
    return Route(method, pattern, template.split("/")[3], operation)


ROUTES = (
    _route("GET", "/mdm/v1/employees", employees.list_employees),
    _route("POST", "/mdm/v1/employees", employees.create_employee),
    _route("POST", "/mdm/v1/employees/sync", employees.sync_employees),
    _route("GET", "/mdm/v1/employees/{id}", employees.get_employee),
    _route("PUT", "/mdm/v1/employees/{id}", employees.replace_employee),
    _route("POST", "/mdm/v1/employees/{id}/activate", employees.activate_employee),
    _route("POST", "/mdm/v1/employees/{id}/deactivate", employees.deactivate_employee),
    _route("POST", "/mdm/v1/employees/{id}/transfer", employees.transfer_employee),
    _route("GET", "/mdm/v1/user-accounts", ledger.list_user_accounts),
    _route("GET", "/mdm/v1/chart-of-accounts", ledger.list_accounts),
    _route("GET", "/mdm/v1/buildings", ledger.list_buildings),
    _route("GET", "/mdm/v1/tenants", ledger.list_tenants),
    _route("GET", "/accounting/v1/fiscal-period-statuses", ledger.list_periods),
    _route("GET", "/accounting/v2/journal-entries", ledger.list_journals),
    _route("POST", "/accounting/v2/journal-entries", ledger.create_journal),
)
RESOURCES = tuple(dict.fromkeys(route.resource for route in ROUTES))


def find_route(method: str, path: str) -> tuple[Route, str] | None:
    """The operation for a path below the base, and the record's id in it (lower case), `""` where there is none."""
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groupdict().get("id", "").lower()
    return None


def run(route: Route, call: Call, *, granted: bool) -> Response:
    """
    Carry out the operation, as far as the caller's role reaches.

    Raises:
        RefusedError: 403 for a write the role lacks, 404 for one record it may not see, or the operation's own refusal.
    """
    if granted:
        return route.operation(call)
    if not route.is_read:
        raise forbidden()
    if call.record_id:
        raise no_such_record()
    return call.answer([])
