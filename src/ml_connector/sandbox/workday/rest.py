"""
The REST services below `/ccx/api`: common, staffing and compensation. They know no entry moment: pages drift.

What nobody can be told about is refused whole (403); what is only partly permitted has its keys silently absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ml_connector.sandbox.http import Request
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Job, Worker
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.call import Call, make_call
from ml_connector.sandbox.workday.json_answers import cut_page, forbidden, invalid, not_found
from ml_connector.sandbox.workday.page_cache import PageCache
from ml_connector.sandbox.workday.rest_rows import RestRows, Row
from ml_connector.sandbox.workday.shelves import find_key, known_keys
from ml_connector.sandbox.workday.workers import Workers

_PATH = re.compile(
    r"/ccx/api/(?:(?P<service>[A-Za-z]+)/)?(?P<version>v\d+)/(?P<tenant>[^/]+)/(?P<resource>[A-Za-z]+)"
    r"(?:/(?P<id>[^/]+)(?:/(?P<sub>[A-Za-z]+))?)?/?"
)
_SERVICES = {
    "common": ("v1",),
    "staffing": ("v4", "v5", "v6", "v7"),
    "compensation": ("v1", "v2"),
}  # fmt: skip


class Resource(msgspec.Struct, frozen=True):
    """
    One collection: its domain, how its keys are listed and found, how a row is written, and a single one if otherwise.
    """

    domain: str
    keys: Callable[[Call, Request], Sequence[Any]]
    find: Callable[[Call, str], Any]
    row: Callable[[RestRows, Call, Any], Row]
    whole: Callable[[RestRows, Call, Any], Row] | None = None


class Rest:
    """Answers for one tenant."""

    def __init__(self, tenant: Tenant, *, listed: PageCache) -> None:
        self._tenant, self._listed = tenant, listed

    def answer(self, request: Request) -> Row:
        """
        Answer one request that has already proved who sent it.

        Raises:
            JsonRefusalError: it is refused.
        """
        match = _PATH.fullmatch(request.path)
        if match is None or request.method != "GET" or match["tenant"] != self._tenant.name:
            raise not_found() if match is None or match["tenant"] != self._tenant.name else invalid()
        service = match["service"] or "common"
        if match["version"] not in _SERVICES.get(service, ()):
            raise invalid()
        resource = RESOURCES[service].get(match["resource"])
        if resource is None:
            raise not_found()
        view = self._tenant.view()
        if resource.domain not in view.domains:
            raise forbidden()
        call = make_call({}, view=view, defaults=frozenset())
        host = request.headers.get("host", "localhost")
        rows = RestRows(call, base=f"http://{host}/api/api/v1/{self._tenant.name}")
        if match["id"] is None:
            return self._list(request, resource, call, rows)
        found = resource.find(call, match["id"])
        if found is None:
            raise not_found()
        if match["sub"] is None:
            return (resource.whole or resource.row)(rows, call, found)
        return _list_below(request, match["resource"], match["sub"], call, rows, found)

    def _list(self, request: Request, resource: Resource, call: Call, rows: RestRows) -> Row:
        everybody = request.query.get("includeTerminatedWorkers", ["false"])[0].lower()
        keys = self._listed.keep((resource.keys, everybody, call.view.stamp), lambda: resource.keys(call, request))
        page = cut_page(request, keys)
        if resource.domain == domains.WORKERS_TASK:
            self._tenant.page_was_read()
        return {"total": len(keys), "data": [resource.row(rows, call, key) for key in page]}


def _list_below(request: Request, resource: str, sub: str, call: Call, rows: RestRows, found: Any) -> Row:
    if (resource, sub) != ("supervisoryOrganizations", "workers"):
        raise not_found()
    if domains.WORKERS_TASK not in call.view.domains:
        raise forbidden()
    members = [
        worker
        for key in _worker_keys(call, request)
        if (worker := _worker(call, key)).primary_job.organization == found
    ]
    page = cut_page(request, members)
    return {"total": len(members), "data": [rows.summarize(worker) for worker in page]}


def _worker_keys(call: Call, request: Request) -> list[str]:
    """List who works here now, newest first; who has left only where that is asked for."""
    everybody = request.query.get("includeTerminatedWorkers", ["false"])[0].lower() == "true"
    return [
        key
        for key in Workers().select(call)
        if (worker := call.as_of.worker(key)) is not None and (everybody or worker.is_active(call.as_of.on))
    ]


def _worker(call: Call, key: str) -> Worker:
    found = call.as_of.worker(key)
    if found is None:
        raise not_found()
    return found


def _find_worker(call: Call, text: str) -> str | None:
    """Find a worker by WID, by `Employee_ID=…`, or whoever stands behind the token: the first one."""
    seen = Workers()
    if text == "me":
        return call.view.workers[0]
    kind, mark, value = text.partition("=")
    key = seen.find(call, kind, value) if mark else seen.find(call, "WID", text)
    return key if key is not None and key in seen.select(call) and call.as_of.worker(key) is not None else None


def _jobs(call: Call, request: Request) -> list[tuple[Worker, Job]]:
    workers = (_worker(call, key) for key in _worker_keys(call, request))
    return [(worker, job) for worker in workers for job in worker.jobs]


def _find_job(call: Call, text: str) -> tuple[Worker, Job] | None:
    key = find_key(call, call.view.world.positions, "WID", text)
    seat = None if key is None else call.as_of.seated().get(key)
    return None if seat is None else (seat, next(job for job in seat.jobs if job.position_id == key))


def _organization_keys(call: Call, _: Request) -> list[str]:
    shelf = call.view.world.organizations
    return [key for key in known_keys(call, shelf) if _organization(call, key).kind == "SUPERVISORY"]


def _organization(call: Call, key: str) -> Any:
    return call.as_of.organization(key)


def _find_organization(call: Call, text: str) -> str | None:
    key = find_key(call, call.view.world.organizations, "WID", text)
    return key if key is not None and _organization(call, key).kind == "SUPERVISORY" else None


def _profile(call: Call, key: str) -> Any:
    return call.as_of.job_profile(key)


_SUMMARIES = Resource(
    domains.WORKERS_TASK,
    _worker_keys,
    _find_worker,
    lambda rows, call, key: rows.summarize(_worker(call, key)),
    lambda rows, call, key: rows.summarize(_worker(call, key), whole=True),
)
_STAFF = Resource(
    domains.WORKERS_TASK, _worker_keys, _find_worker, lambda rows, call, key: rows.staff(_worker(call, key))
)
_JOBS = Resource(domains.STAFFING, _jobs, _find_job, lambda rows, _, pair: rows.job(pair[1], worker=pair[0]))
_ORGANIZATIONS = Resource(
    domains.ORGANIZATIONS_TASK,
    _organization_keys,
    _find_organization,
    lambda rows, call, key: rows.organization(_organization(call, key)),
)
_PROFILES = Resource(
    domains.JOB_PROFILES_TASK,
    lambda call, _: known_keys(call, call.view.world.job_profiles),
    lambda call, text: find_key(call, call.view.world.job_profiles, "WID", text),
    lambda rows, call, key: rows.profile(_profile(call, key)),
)
RESOURCES: dict[str, dict[str, Resource]] = {
    "common": {"workers": _SUMMARIES, "supervisoryOrganizations": _ORGANIZATIONS, "jobs": _JOBS},
    "staffing": {
        "workers": _STAFF,
        "jobs": _JOBS,
        "supervisoryOrganizations": _ORGANIZATIONS,
        "jobProfiles": _PROFILES,
    },
    "compensation": {"workers": _SUMMARIES},
}
