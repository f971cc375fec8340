"""WQL below `/ccx/api/wql/v1`: which data sources there are, what they tell, and the answers to queries."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.http import Request
from ml_connector.sandbox.tenant.tenant import Tenant, View
from ml_connector.sandbox.workday.call import make_call
from ml_connector.sandbox.workday.columns import Column
from ml_connector.sandbox.workday.json_answers import cut_page, invalid, not_found
from ml_connector.sandbox.workday.query import Query, QueryError, parse_query
from ml_connector.sandbox.workday.selection import check_fields, run_query, write_rows
from ml_connector.sandbox.workday.sources import BY_ALIAS, SOURCES, Source

_PATH = re.compile(
    r"/ccx/api/wql/v1/(?P<tenant>[^/]+)/(?P<what>dataSources|data)(?:/(?P<id>[^/]+)(?P<fields>/fields)?)?/?"
)
PREFIX = "/ccx/api/wql/"
_MOST_ROWS = 10_000


class Wql:
    """Answers for one tenant. *withheld* names data sources that are not granted, whatever the domains say."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.withheld: frozenset[str] = frozenset()

    def answer(self, request: Request) -> dict[str, Any]:
        """
        Answer one request that has already proved who sent it.

        Raises:
            JsonRefusalError: it is refused.
        """
        match = _PATH.fullmatch(request.path)
        if match is None or match["tenant"] != self._tenant.name:
            raise not_found()
        view = self._tenant.view()
        if match["what"] == "data":
            if match["id"] is not None:
                raise not_found()
            return self._answer_query(request, view)
        if request.method != "GET":
            raise invalid()
        if match["id"] is None:
            return self._list(request, view)
        source = next((source for source in self._granted(view) if source.id == match["id"]), None)
        if source is None:
            raise not_found()
        if match["fields"]:
            page = cut_page(request, source.columns)
            return {"total": len(source.columns), "data": [_describe_field(source, column) for column in page]}
        return _describe_whole(source)

    def _granted(self, view: View) -> list[Source]:
        return [source for source in SOURCES if source.domain in view.domains and source.alias not in self.withheld]

    def _list(self, request: Request, view: View) -> dict[str, Any]:
        granted = self._granted(view)
        wanted = request.query.get("alias", [None])[0]
        listed = [source for source in granted if wanted in (None, source.alias)]
        return {"total": len(listed), "data": [_describe(source) for source in cut_page(request, listed)]}

    def _answer_query(self, request: Request, view: View) -> dict[str, Any]:
        try:
            query = parse_query(_query_text(request))
            source = BY_ALIAS.get(query.source)
            if source is None or source not in self._granted(view):
                raise QueryError(f"Data source {query.source} is not valid.")
            check_fields(source, query)
            _check_filter(source, query)
            pinned = {"As_Of_Effective_Date": query.as_of_on, "As_Of_Entry_DateTime": query.entered_by}
            call = make_call({"Response_Filter": pinned}, view=view, defaults=frozenset())
            found = run_query(call, source, query)
            page = cut_page(request, found, most=_MOST_ROWS)
            return {"total": len(found), "data": list(write_rows(call, source, query, page))}
        except QueryError as wrong:
            raise invalid(str(wrong)) from None


def _query_text(request: Request) -> str:
    if request.method == "GET":
        text: Any = request.query.get("query", [""])[0]
    elif request.method == "POST":
        try:
            body = msgspec.json.decode(request.body)
        except msgspec.DecodeError:
            raise invalid("The body is not JSON.") from None
        text = body.get("query") if isinstance(body, dict) else None
    else:
        raise invalid()
    if not isinstance(text, str) or not text.strip():
        raise invalid("A query is required.")
    return text


def _check_filter(source: Source, query: Query) -> None:
    if query.source_filter is not None and query.source_filter not in source.filters:
        raise QueryError(f"Data source filter {query.source_filter} is not valid for data source {source.alias}.")
    if source.needs_filter and query.source_filter is None:
        raise QueryError("Specify a data source filter")


def _describe(source: Source) -> dict[str, Any]:
    business_object = {"descriptor": source.business_object, "id": make_wid("business object", source.business_object)}
    return {
        "id": source.id,
        "descriptor": source.label,
        "alias": source.alias,
        "description": source.description,
        "primaryBusinessObject": business_object,
    }


def _describe_whole(source: Source) -> dict[str, Any]:
    filters = [
        {"id": make_wid("filter", source.alias, name), "descriptor": name, "alias": name, "description": name}
        for name in source.filters
    ]
    return _describe(source) | {
        "filterIsRequired": source.needs_filter,
        "supportsEffectiveDate": True,
        "supportsEntryDate": True,
        "requiredParameters": [],
        "dataSourceFilters": filters,
    }


def _describe_field(source: Source, column: Column) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": make_wid("field", source.alias, column.alias),
        "descriptor": column.label,
        "type": column.kind,
        "alias": column.alias,
    }
    if column.related is not None:
        told["relatedBusinessObject"] = {
            "descriptor": column.related,
            "id": make_wid("business object", column.related),
        }
    return told
