"""
The data-source API: run a stored procedure, tell what it takes and gives, search for one.

Rows above a data source's limit are cut with HTTP 200 and a flag, whose name Plex's own papers spell in four ways.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.access import Caller
from ml_connector.sandbox.plex.answers import json_answer
from ml_connector.sandbox.plex.catalog import BY_ID, DATA_SOURCES, DataSource, Field
from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.inputs import InputError, check_inputs
from ml_connector.sandbox.plex.procedures import Context, Result
from ml_connector.sandbox.plex.switches import Switches
from ml_connector.sandbox.plex.tables import Row

PREFIX = "/datasources"
ADDED_COLUMN = Field("Added_Since", "string", nullable=True, required=False)
_EXECUTE = re.compile(r"/datasources/(?P<id>\d+)/execute")
_DESCRIBE = re.compile(r"/datasources/(?P<id>\d+)")
Granted = Callable[[str], bool]


class _FailedError(Exception):
    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class DataSources:
    """Answers everything below `/datasources`; keeps the list of transactions Plex shows on its own screen."""

    def __init__(self, enterprise: Enterprise, switches: Switches) -> None:
        self._enterprise, self._switches = enterprise, switches
        self.transactions: list[Row] = []

    def answer(self, request: Request, path: str, *, caller: Caller, granted: Granted) -> Response:
        """Answer one call; *path* is below the base path, *granted* tells what the caller's role holds."""
        number = str(1_000_000_001 + len(self.transactions))
        transaction = {"transactionNo": number, "pcn": caller.pcn, "path": path, "code": None}
        self.transactions.append(transaction)
        try:
            if not granted("datasource_api"):
                raise _FailedError("DATA_SOURCE_API_ACCESS_DENIED", "The API is not for this user.", 403)
            return self._route(request, path, caller=caller, granted=granted, number=number)
        except (_FailedError, InputError) as failed:
            transaction["code"] = failed.code
            errors = [{"code": failed.code, "message": failed.message}]
            return json_answer({"errors": errors, "transactionNo": number}, status=failed.status)

    def reset(self) -> None:
        """Forget the transactions."""
        self.transactions.clear()

    def _route(self, request: Request, path: str, *, caller: Caller, granted: Granted, number: str) -> Response:
        if path == "/datasources/search":
            _check_method(request, "GET")
            return self._search(request, granted)
        if match := _DESCRIBE.fullmatch(path):
            _check_method(request, "GET")
            return self._describe(_find(match["id"], granted))
        if match := _EXECUTE.fullmatch(path):
            _check_method(request, "POST")
            source = _find(match["id"], granted)
            if source.key in self._switches.broken:
                raise _FailedError("DATA_SOURCE_OBJECT_NOT_FOUND", "Its run-time object is gone.", 400)
            return self._execute(request, source, caller=caller, number=number)
        raise _FailedError("DATA_SOURCE_NOT_FOUND", "No such data source.", 400)

    def _search(self, request: Request, granted: Granted) -> Response:
        wanted = request.query.get("name", [""])[0].casefold()
        found = [source for source in DATA_SOURCES if granted(source.key) and wanted in source.name.casefold()]
        return json_answer([{"id": each.id, "name": each.name, "description": ""} for each in found])

    def _describe(self, source: DataSource) -> Response:
        inputs = [_told(each) | {"required": each.required} for each in source.inputs]
        body = {"id": source.id, "name": source.name, "inputs": inputs}
        columns = [_told(each) for each in self._columns(source)]
        return json_answer(body | {"outputs": [_told(each) for each in source.outputs], "columns": columns})

    def _columns(self, source: DataSource) -> tuple[Field, ...]:
        added = (ADDED_COLUMN,) if self._switches.added_column and source.columns else ()
        return added + source.columns

    def _execute(self, request: Request, source: DataSource, *, caller: Caller, number: str) -> Response:
        flat = request.query.get("format", [""])[0] == "2"
        given = _read_inputs(request, flat=flat)
        users = self._enterprise.plants[caller.pcn].attributes.held
        checked = check_inputs(source, given, pcns=caller.reach, users=users)
        if not source.is_read:
            self._enterprise.remember()
        result = source.procedure(Context(self._enterprise, caller.pcn), checked)
        body = self._shape(source, result, flat=flat) | {"transactionNo": number}
        if request.query.get("pretty") == ["true"]:
            indented = msgspec.json.format(msgspec.json.encode(body), indent=2)
            return Response(200, indented, {"Content-Type": "application/json; charset=utf-8"})
        return json_answer(body)

    def _shape(self, source: DataSource, result: Result, *, flat: bool) -> Row:
        told = {each.name for each in source.outputs}
        body: Row = {"outputs": {name: value for name, value in result.outputs.items() if name in told}}
        if result.rows is None:
            return body | ({"rows": []} if flat else {"tables": []}) | {"rowLimitedExceeded": False}
        limit = self._switches.row_limits.get(source.key, source.row_limit)
        columns = [each.name for each in self._columns(source)]
        rows, cut = result.rows[:limit], len(result.rows) > limit
        if flat:
            body["rows"] = [{name: row.get(name) for name in columns} for row in rows]
            return body | _flag(self._switches.row_limit_flag, body, cut=cut)
        table: Row = {"columns": columns, "rows": [[row.get(name) for name in columns] for row in rows]}
        body["tables"] = [table]
        flag = _flag(self._switches.row_limit_flag, table, cut=cut)
        return body | flag


def _flag(spelling: str, place: Row, *, cut: bool) -> Row:
    """Top-level flag, or none when this spelling puts it into the table at *place*."""
    if spelling == "viewer" and "columns" in place:
        place["rowLimitedExceeded"] = cut
        return {}
    if spelling == "limitExceeded":
        place["limitExceeded"] = cut
        return {}
    return {"rowLimitExceeded" if spelling == "rowLimitExceeded" else "rowLimitedExceeded": cut}


def _check_method(request: Request, method: str) -> None:
    if request.method != method:
        raise _FailedError("METHOD_NOT_ALLOWED", f"Only {method} is answered here.", 405)


def _find(number: str, granted: Granted) -> DataSource:
    source = BY_ID.get(int(number))
    if source is None:
        raise _FailedError("DATA_SOURCE_NOT_FOUND", f"There is no data source {number}.", 400)
    if not granted(source.key):
        raise _FailedError("DATA_SOURCE_ACCESS_DENIED", f"Data source {number} is not granted.", 403)
    return source


def _read_inputs(request: Request, *, flat: bool) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _FailedError("REQUEST_PROCESSING_ERROR", "Content-Type: application/json is required.", 400)
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise _FailedError("REQUEST_PROCESSING_ERROR", "The body is not JSON.", 400) from None
    given = body if flat or not isinstance(body, dict) else body.get("inputs", {})
    if not isinstance(given, dict):
        raise _FailedError("REQUEST_PROCESSING_ERROR", "Inputs are a JSON object.", 400)
    return given


def _told(each: Field) -> Row:
    return {"name": each.name, "type": each.type, "nullable": each.nullable}
