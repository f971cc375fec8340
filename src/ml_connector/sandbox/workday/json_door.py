"""The door of REST, WQL and reports: who asks, whether there is allowance left, and which of the three answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ml_connector.sandbox.http import Request
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.access import Access
from ml_connector.sandbox.workday.allowance import HEADER, Allowance
from ml_connector.sandbox.workday.compression import Body, Gzipped
from ml_connector.sandbox.workday.json_answers import KIND, JsonRefusalError, throttled, unauthorized
from ml_connector.sandbox.workday.page_cache import PageCache
from ml_connector.sandbox.workday.report import PREFIX as REPORTS_PREFIX
from ml_connector.sandbox.workday.report import Reports
from ml_connector.sandbox.workday.rest import Rest
from ml_connector.sandbox.workday.switches import Switches
from ml_connector.sandbox.workday.wql import PREFIX as WQL_PREFIX
from ml_connector.sandbox.workday.wql import Wql

_API_PREFIX = "/ccx/api/"


class JsonDoor:
    """Answers everything that is not SOAP."""

    def __init__(
        self,
        tenant: Tenant,
        *,
        access: Access,
        switches: Switches,
        listed: PageCache,
        clock: Callable[[], float],
    ) -> None:
        self._access, self._switches = access, switches
        self._allowance = Allowance(switches.rest_tokens, clock=clock)
        self.rest = Rest(tenant, listed=listed)
        self.wql, self.reports = Wql(tenant), Reports(tenant)

    @staticmethod
    def serves(path: str) -> bool:
        """Say whether a path is one of these."""
        return path.startswith((_API_PREFIX, REPORTS_PREFIX))

    def refill(self) -> None:
        """Take the allowance the settings name, full."""
        self._allowance.change(self._switches.rest_tokens)

    def answer(
        self, request: Request, *, number: str, kept: Callable[[Request], Gzipped | None]
    ) -> tuple[int, Body, dict[str, str]]:
        """
        Answer one request: status, body, headers. *number* is its id in Workday's logs, *kept* finds what was made
        before.

        Only refusals carry the gateway's id, and none of them tells the allowance.
        """
        try:
            left = self._enter(request)
            headers = {
                "Content-Type": KIND,
                "cache-control": "no-cache",
                HEADER: str(left),
                "wd-stat-request-id": number,
            }
            if request.path.startswith(REPORTS_PREFIX):
                report = self.reports.answer(request)
                return report.status, report.body, {**headers, **report.headers}
            return 200, kept(request) or msgspec.json.encode(self._tell(request)), headers
        except JsonRefusalError as error:
            return error.status, error.render(), {"Content-Type": KIND, "x-wd-gid": f"GID|{number}"}

    def _tell(self, request: Request) -> dict[str, Any]:
        return (self.wql if request.path.startswith(WQL_PREFIX) else self.rest).answer(request)

    def _enter(self, request: Request) -> int:
        by_password = request.path.startswith(REPORTS_PREFIX) and self._access.knows_password(request)
        if not by_password and not self._access.knows_token(request):
            raise unauthorized()
        left = self._allowance.take()
        if left is None:
            raise throttled()
        return left
