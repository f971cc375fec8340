"""The pretended Workday behind one door: services, their WSDL, and the token endpoint below `/ccx`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import count
from typing import Any, Protocol

import msgspec
from lxml import etree

from ml_connector.sandbox.company import make_uuid
from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.access import Access
from ml_connector.sandbox.workday.call import DEFAULT_COUNT, Listing, make_call, select_page
from ml_connector.sandbox.workday.catalog import BY_REQUEST, SERVICES, Operation, is_version
from ml_connector.sandbox.workday.compression import Gzipped, compressed
from ml_connector.sandbox.workday.cost_center_put import put_cost_center
from ml_connector.sandbox.workday.envelope import render_envelope
from ml_connector.sandbox.workday.faults import (
    SoapFaultError,
    processing_fault,
    unknown_element_fault,
    wrong_service_fault,
)
from ml_connector.sandbox.workday.json_door import JsonDoor
from ml_connector.sandbox.workday.maintenance import closed_for_maintenance, is_maintained
from ml_connector.sandbox.workday.markup import NAMESPACE, Writer
from ml_connector.sandbox.workday.message import Message, open_message, parse_request
from ml_connector.sandbox.workday.organizations import Organizations
from ml_connector.sandbox.workday.page_cache import PageCache
from ml_connector.sandbox.workday.positions import Positions
from ml_connector.sandbox.workday.setup_data import CostCenters, JobProfiles, Locations
from ml_connector.sandbox.workday.sources import BY_ALIAS
from ml_connector.sandbox.workday.switches import Switches
from ml_connector.sandbox.workday.workers import Workers
from ml_connector.sandbox.workday.wsdl import render_wsdl

_SERVICE = re.compile(r"/ccx/service/(?P<tenant>[^/]+)/(?P<service>[^/]+)/(?P<version>[^/]+)/?")
_TOKEN = re.compile(r"/ccx/oauth2/(?P<tenant>[^/]+)/token/?")
_LISTINGS: dict[str, Callable[[], Listing]] = {
    "Get_Workers": Workers,
    "Get_Organizations": Organizations,
    "Get_Job_Profiles": JobProfiles,
    "Get_Locations": Locations,
    "Get_Positions": Positions,
    "Get_Cost_Centers": CostCenters,
}
_TOKENS_LEFT = "700"


class KeptPages(Protocol):
    """Answers made before anybody asked."""

    def find_workers(self, *, count: int, page: int) -> Gzipped | None:
        """Find the SOAP answer for one page of all workers."""

    def find_rows(self, path: str, *, limit: int, offset: int, leavers: bool = False) -> Gzipped | None:
        """Find the REST answer for one page of a collection."""


# What a kept page of a collection is found by.
_KEPT_BY = ("limit", "offset", "includeTerminatedWorkers")


class WorkdaySandbox:
    """
    Answers every request below `/ccx` for one tenant. Safe to use from many threads.

    *clock* counts seconds, for the life of access tokens and of kept pages; what it tells goes by the tenant's
    own. *rotating* lets each use of a refresh token spend it.
    """

    def __init__(self, tenant: Tenant, *, clock: Callable[[], float] = time.monotonic, rotating: bool = False) -> None:
        self.tenant = tenant
        self._rotating = rotating
        self.switches = Switches(rotating_refresh_tokens=rotating)
        self._true_clock = clock
        self._access = Access(tenant=tenant.name, seed=tenant.seed, clock=self._clock, switches=self.switches)
        self._listed = PageCache(clock=self._clock, first_page_s=lambda: self.switches.first_page_s)
        self._json = JsonDoor(tenant, access=self._access, switches=self.switches, listed=self._listed, clock=clock)
        self._requests = count(1)
        self.kept: KeptPages | None = None

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """Both ways in, as the ready file tells them."""
        return {"isu": dict(self._access.isu), "oauth": dict(self._access.oauth)}

    def describe(self) -> dict[str, Any]:
        """Tell what a user needs, but for the address."""
        return {"tenant": self.tenant.name, **self.credentials, "report": self._json.reports.describe()}

    def expire_tokens(self) -> None:
        """Make every access token worthless at once."""
        self._access.expire_tokens()

    def state(self, name: str) -> list[dict[str, Any]]:
        """Tell what really is there, without SOAP: workers, positions, organizations, job_profiles or locations."""
        view = self.tenant.view()
        shelves = {
            shelf: getattr(view.world, shelf)
            for shelf in ("workers", "positions", "organizations", "job_profiles", "locations")
        }
        if name not in shelves:
            raise LookupError(f"no state {name!r}; known: {', '.join(shelves)}")
        found = (history.at(view.today, by=view.now) for history in list(shelves[name].values()))
        return [msgspec.to_builtins(facts) for facts in found if facts is not None]

    def answer(self, request: Request) -> Response:
        """Answer one request. A page of records is rendered while it is sent."""
        if self.switches.maintenance_window and is_maintained(self.tenant.clock):
            return closed_for_maintenance()
        if _TOKEN.fullmatch(request.path):
            return self._access.answer_token(request)
        number = make_uuid("request", str(self.tenant.seed), str(next(self._requests))).hex
        if JsonDoor.serves(request.path):
            status, body, headers = self._json.answer(request, number=number, kept=self._find_kept_rows)
            return compressed(request, status, body, headers)
        match = _SERVICE.fullmatch(request.path)
        if match is None:
            return Response(404, b'{ "error": "Not found" }', {"Content-Type": "application/json"})
        if request.method == "GET":
            return self._answer_wsdl(request, match)
        try:
            body = self._answer_soap(request, match)
        except SoapFaultError as fault:
            headers = {"Content-Type": "text/xml; charset=UTF-8", "x-wd-gid": f"GID|{number}"}
            headers |= {"WD-RateLimit-Tokens-Remaining": _TOKENS_LEFT} if fault.counted else {}
            return compressed(request, 500, fault.render(), headers)
        headers = {
            "Content-Type": "text/xml; charset=UTF-8",
            "WD-RateLimit-Tokens-Remaining": _TOKENS_LEFT,
            "wd-stat-request-id": number,
        }
        return compressed(request, 200, body, headers)

    def change_setting(self, name: str, value: Any) -> None:
        """
        Change one of the settings, at once.

        Raises:
            ValueError: there is no such setting, or it takes another type.
        """
        self.switches.change(name, value)
        self._follow()

    def grant_source(self, alias: str, *, granted: bool) -> None:
        """
        Grant or withhold a WQL data source.

        Raises:
            LookupError: there is no such data source.
        """
        if alias not in BY_ALIAS:
            raise LookupError(f"there is no data source {alias!r}; there are {', '.join(BY_ALIAS)}")
        wql = self._json.wql
        wql.withheld = wql.withheld - {alias} if granted else wql.withheld | {alias}

    def reset(self) -> None:
        """Take all settings, grants and the refresh token back to what they were."""
        self.switches.reset()
        self._access.reset()
        self.switches.rotating_refresh_tokens = self._rotating
        self._follow()
        self._json.wql.withheld = frozenset()

    def _clock(self) -> float:
        return self._true_clock() + self.switches.clock_offset_s

    def _follow(self) -> None:
        """Let what goes by a setting go by the present one."""
        self._json.refill()
        self.tenant.clock_offset = timedelta(seconds=self.switches.clock_offset_s)

    def answer_rows(self, path: str, *, limit: int, offset: int, leavers: bool = False) -> dict[str, Any]:
        """Tell one page of a REST collection to somebody who need not prove anything, with links to nowhere else."""
        query = {"limit": [str(limit)], "offset": [str(offset)], "includeTerminatedWorkers": [str(leavers).lower()]}
        return self._json.rest.answer(Request("GET", path, query, {}, b""))

    def _answer_wsdl(self, request: Request, match: re.Match[str]) -> Response:
        if match["service"] not in SERVICES or not is_version(match["version"]):
            return Response(404, b'{ "error": "Not found" }', {"Content-Type": "application/json"})
        address = f"http://{request.headers.get('host', 'localhost')}{request.path}"
        wsdl = render_wsdl(match["service"], version=match["version"], address=address)
        return compressed(request, 200, wsdl, {"Content-Type": "text/xml; charset=UTF-8"})

    def _answer_soap(self, request: Request, match: re.Match[str]) -> Iterable[bytes] | Gzipped:
        message = open_message(request.body)
        self._access.check(request, message=message)
        operation, version = self._find_operation(message, match)
        parsed = parse_request(message.request)
        view = self.tenant.view()
        if operation.domain is not None and operation.domain not in view.domains:
            raise processing_fault("The task submitted is not authorized.")
        if operation.name == "Get_Workers" and (found := self._find_kept(parsed)) is not None:
            return found
        writer = Writer(descriptors=message.descriptors)
        if operation.writes:
            reference = put_cost_center(parsed, tenant=self.tenant, view=view)
            head: dict[str, Any] = {"@version": version, "Cost_Center_Reference": reference}
            return render_envelope(operation, head, [], writer=writer)
        if operation.record is None:
            head = {"@version": version, "Server_Timestamp_Data": [view.clock]}
            return render_envelope(operation, head, [], writer=writer)
        listing = _LISTINGS[operation.name]()
        call = make_call(parsed, view=view, defaults=listing.defaults)
        page = select_page(call, listing, listed=self._listed)
        if operation.name == "Get_Workers":
            self.tenant.page_was_read()
        records = (listing.describe(call, key) for key in page.keys)
        return render_envelope(operation, page.head | {"@version": version}, records, writer=writer)

    def _find_kept(self, parsed: dict[str, Any]) -> Gzipped | None:
        if (
            self.kept is None
            or not self.tenant.untouched
            or any(parsed.get("Request_Criteria", {}).values())  # one that is off leaves nobody out
            or "Request_References" in parsed
        ):
            return None
        wanted = parsed.get("Response_Filter", {})
        return self.kept.find_workers(count=int(wanted.get("Count", DEFAULT_COUNT)), page=int(wanted.get("Page", 1)))

    def _find_kept_rows(self, request: Request) -> Gzipped | None:
        if self.kept is None or not self.tenant.untouched or set(request.query).difference(_KEPT_BY):
            return None
        limit, offset, leavers = (request.query.get(name, [""])[0] for name in _KEPT_BY)
        if not limit.isdigit() or not (offset or "0").isdigit():
            return None
        everybody = leavers.lower() == "true"
        return self.kept.find_rows(request.path, limit=int(limit), offset=int(offset or "0"), leavers=everybody)

    def _find_operation(self, message: Message, match: re.Match[str]) -> tuple[Operation, str]:
        """Find the operation by the request's element. A version in the message wins over the one in the address."""
        name = etree.QName(message.request)
        operation = BY_REQUEST.get(name.localname) if name.namespace == NAMESPACE else None
        version = message.request.get(f"{{{NAMESPACE}}}version") or message.request.get("version") or match["version"]
        if operation is None:
            raise unknown_element_fault(name.localname)
        known = match["tenant"] == self.tenant.name and is_version(match["version"])
        if not known or not operation.is_served(match["service"], version=version):
            raise wrong_service_fault()
        return operation, version
