"""
The data sources: stored procedures called over HTTP, always in `format=2` (rows with names).

Columns are read by name and renamed to ours; what we do not know passes through, what we need and miss is contract
drift. A row limit that was reached is told by one flag in several spellings, and Plex's own texts disagree on which
and where: any of them means the rows are cut off. Source: Plex's help on the Data Source API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from ml_connector.connectors.inflate import MAX_ONE_BYTES, OversizedError
from ml_connector.connectors.plex.catalog import Entry
from ml_connector.connectors.plex.channel import Answer, Call, Channel
from ml_connector.connectors.plex.connect import encode_body
from ml_connector.connectors.plex.refusal import Problem, parse_problem, redact, refused, sort_read, sort_write
from ml_connector.connectors.port import Allowed, Receipt, always
from ml_connector.connectors.strict_json import Row, parse_json
from ml_connector.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    IncompleteReadError,
    MLConnectorError,
    PermissionError_,
    UnavailableError,
)

_ROW_LIMIT_FLAG = re.compile(r"(row)?limit(ed)?exceeded", re.IGNORECASE)
_NO = (None, False, "", "0", "false")
_UNEXPECTED = "REQUEST_PROCESSING_ERROR"
_ACCESS = frozenset(
    {"CUSTOMER_ACCESS_DENIED", "DATA_SOURCE_ACCESS_DENIED", "DATA_SOURCE_API_ACCESS_DENIED", "USER_ACCESS_DENIED"}
)
_CONTRACT = frozenset(
    {
        "DATA_SOURCE_INPUT_NOT_ACCESSIBLE",
        "DATA_SOURCE_INPUT_NOT_FOUND",
        "DATA_SOURCE_INPUT_REQUIRED",
        "DATA_SOURCE_NOT_FOUND",
        "DATA_SOURCE_OBJECT_NOT_FOUND",
        "METHOD_NOT_ALLOWED",
    }
)


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What Plex says about one data source: the names of its inputs, the required ones, and its columns."""

    name: str
    inputs: tuple[str, ...]
    required: tuple[str, ...]
    columns: tuple[str, ...]


class DataSourceApi:
    """Plex's data sources, for every plant of the connection."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def rows(self, entry: Entry, data_source: int, *, plant: str, inputs: Mapping[str, Any] | None = None) -> list[Row]:
        """
        Execute a data source that reads; rows under our names.

        Raises:
            IncompleteReadError: the rows are cut off at the data source's limit.
            ConfigurationError: a column we need is gone, or Plex does not know what we ask.
            PermissionError_: not granted to our web-service user.
            UnavailableError: time and again no rows, or somebody else's.
        """
        call = self._call(entry, data_source, plant=plant, inputs=inputs or {})

        def parse(answer: Answer) -> list[Row]:
            if answer.status != 200:
                raise _sort_read(answer, call, entry)
            content = _content(answer.body)
            if content is None or not isinstance(content.get("outputs", {}), dict):
                raise UnavailableError("the answer is no data-source result")
            _check_complete(content, call, entry)
            _check_result(content, call, sent={})
            rows = content.get("rows")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise UnavailableError("the answer has no rows")
            gone = _missing_columns(rows, entry)
            if gone:
                self._confirm_drift(gone, entry, data_source, plant=plant)
            return _rename(rows, entry)

        return self._channel.read(call, parse=parse)

    def write(
        self, entry: Entry, data_source: int, *, plant: str, inputs: Mapping[str, Any], allowed: Allowed = always
    ) -> Receipt:
        """
        Execute a data source that writes, once.

        Raises:
            RecordError: refused, also when the refusal comes as `Result_Error` inside a 200.
            AmbiguousWriteError: an answer that proves nothing.
        """
        call = msgspec.structs.replace(
            self._call(entry, data_source, plant=plant, inputs=inputs), allowed=allowed, max_bytes=MAX_ONE_BYTES
        )
        answer = self._channel.write(call)
        content = _content(answer.body)
        if answer.status != 200:
            raise _sort_write(answer, call, entry, sent=inputs)
        if content is None or not isinstance(content.get("outputs"), dict):
            raise AmbiguousWriteError(
                f"Plex answered without a result: {call.what}",
            )
        _check_result(content, call, sent=inputs)
        number = content.get("transactionNo")
        return Receipt(
            state="applied",
            status=answer.status,
            response_hash=answer.body_hash,
            reference=None if number is None else str(number)[:64],
        )

    def search(self, entry: Entry, *, plant: str) -> dict[str, int]:
        """
        The data sources granted to us whose name holds the entry's, by name: ids are Plex-wide, names people know.
        """
        query = (("name", entry.name),)
        call = Call(what=f"searching for {entry.name}", plant=plant, path="/datasources/search", query=query)

        def parse(answer: Answer) -> dict[str, int]:
            if answer.status != 200:
                raise _sort_read(answer, call, entry)
            rows = _document(answer.body)
            if not isinstance(rows, list):
                raise UnavailableError("the answer is no list of data sources")
            found = [(row.get("name"), row.get("id")) for row in rows if isinstance(row, dict)]
            return {name: number for name, number in found if isinstance(name, str) and isinstance(number, int)}

        return self._channel.read(call, parse=parse)

    def describe(self, entry: Entry, data_source: int, *, plant: str) -> Metadata:
        """
        Ask Plex what a data source takes and gives.

        Raises:
            PermissionError_: not granted to our web-service user. ConfigurationError: no such data source.
        """
        call = Call(what=f"describing {entry.name}", plant=plant, path=f"/datasources/{data_source}")

        def parse(answer: Answer) -> Metadata:
            if answer.status != 200:
                raise _sort_read(answer, call, entry)
            content = _content(answer.body)
            if content is None:
                raise UnavailableError("the answer is no description of a data source")
            inputs = _fields(content, "inputs")
            return Metadata(
                name=str(content.get("name", "")),
                inputs=tuple(field["name"] for field in inputs),
                required=tuple(field["name"] for field in inputs if field.get("required") is True),
                columns=tuple(field["name"] for field in _fields(content, "columns")),
            )

        return self._channel.read(call, parse=parse)

    def _confirm_drift(self, gone: Sequence[str], entry: Entry, data_source: int, *, plant: str) -> None:
        """Rows without a column are drift when the description agrees; otherwise they are somebody else's rows."""
        columns = self.describe(entry, data_source, plant=plant).columns
        lost = [wire for wire in gone if wire not in columns]
        if lost:
            raise ConfigurationError(
                f"contract drift: data source {data_source} no longer gives {', '.join(lost)}",
                remedy=f"ask your Plex Champion what replaced it and set plex.datasources.{entry.name}.columns",
            )
        raise UnavailableError(f"its rows lack {', '.join(gone)}, which its description promises")

    def _call(self, entry: Entry, data_source: int, *, plant: str, inputs: Mapping[str, Any]) -> Call:
        body = dict(entry.fixed) | {entry.inputs.get(name, name): value for name, value in inputs.items()}
        return Call(
            what=f"{entry.name.replace('_', ' ')} (data source {data_source})",
            plant=plant,
            path=f"/datasources/{quote(str(data_source))}/execute",
            method="POST",
            query=(("format", "2"),),
            body=encode_body(body),
        )


def find_drift(entry: Entry, metadata: Metadata) -> str | None:
    """Say in one sentence what the data source no longer gives or takes as we need it, or None. Additions are fine."""
    needed = [wire for name, wire in entry.columns.items() if name not in entry.optional]
    faults = [f"no longer gives {wire}" for wire in needed if wire not in metadata.columns]
    faults += [f"no longer takes {wire}" for wire in entry.inputs.values() if wire not in metadata.inputs]
    sent = {*entry.inputs.values(), *entry.fixed}
    faults += [f"now requires {wire}" for wire in metadata.required if wire not in sent]
    return f"contract drift: data source {entry.id} {', '.join(faults)}" if faults else None


def _missing_columns(rows: Sequence[Row], entry: Entry) -> list[str]:
    """One row may leave an empty column out; a column that no row has is gone."""
    came = set().union(*(row.keys() for row in rows))
    needed = (wire for name, wire in entry.columns.items() if name not in entry.optional)
    return [wire for wire in needed if wire not in came] if rows else []


def _rename(rows: Sequence[Row], entry: Entry) -> list[Row]:
    names = {wire: name for name, wire in entry.columns.items()}
    return [{names.get(wire, wire): value for wire, value in row.items()} for row in rows]


def _content(body: bytes) -> dict[str, Any] | None:
    content = _document(body, decimals=True)
    return content if isinstance(content, dict) else None


def _document(body: bytes, *, decimals: bool = False) -> Any:
    """What an answer says; None where it is no JSON. Raises OversizedError for more than any answer says."""
    try:
        return parse_json(body.removeprefix(b"\xef\xbb\xbf"), decimals=decimals)
    except OversizedError:
        raise
    except ValueError:
        return None


def _check_complete(content: Mapping[str, Any], call: Call, entry: Entry) -> None:
    tables = content.get("tables")
    levels = (
        [content, *(table for table in tables if isinstance(table, dict))] if isinstance(tables, list) else [content]
    )
    for level in levels:
        for name, value in level.items():
            if _ROW_LIMIT_FLAG.fullmatch(name) and _is_yes(value):
                raise IncompleteReadError(
                    f"Plex cut the rows off at the data source's limit: {call.what}, plant {call.plant}",
                    remedy=f"ask your Plex Champion to raise the row limit of {entry.name}, or narrow it with "
                    f"plex.datasources.{entry.name}.fixed",
                )


def _check_result(content: Mapping[str, Any], call: Call, *, sent: Mapping[str, Any]) -> None:
    """A procedure's own refusal comes with status 200: `Result_Error` set, the reason in `Result_Message`."""
    outputs = content.get("outputs") or {}
    if not _is_yes(outputs.get("Result_Error")):
        return
    message = redact(str(outputs.get("Result_Message") or "no reason given"), sent=sent)
    raise refused(call, Problem("RESULT_ERROR", (message,)))


def _is_yes(value: Any) -> bool:
    return (value.strip().lower() if isinstance(value, str) else value) not in _NO


def _sort_read(answer: Answer, call: Call, entry: Entry) -> MLConnectorError:
    problem = parse_problem(answer.body, sent={})
    if problem.code == _UNEXPECTED:
        return UnavailableError(f"Plex failed unexpectedly ({problem.code}, status {answer.status})")
    return _sort_code(problem, answer, call, entry) or sort_read(answer, call)


def _sort_write(answer: Answer, call: Call, entry: Entry, *, sent: Mapping[str, Any]) -> MLConnectorError:
    problem = parse_problem(answer.body, sent=sent)
    if problem.code == "DATA_SOURCE_INPUT_REQUIRED":  # this record leaves empty what another may give
        return refused(call, problem)
    if problem.code == _UNEXPECTED:
        return AmbiguousWriteError(f"Plex failed while carrying out: {call.what} ({problem.code})")
    return _sort_code(problem, answer, call, entry) or sort_write(answer, call, sent=sent)


def _sort_code(problem: Problem, answer: Answer, call: Call, entry: Entry) -> MLConnectorError | None:
    """Sort by Plex's stable code; its message may change."""
    if answer.status == 403 and answer.is_foreign:
        return None  # sorted by who else may have said it
    if problem.code in _ACCESS or answer.status == 403:
        return PermissionError_(
            f"Plex does not let our user execute it: {call.what}, plant {call.plant} ({problem.code or answer.status})",
            remedy="in Plex, screen Web Service Access By User Account: tick this data source for our user; "
            "one without Global Allow needs a case to Plex Customer Care first",
        )
    if problem.code in _CONTRACT:
        return ConfigurationError(
            f"contract drift: {call.what} answers {problem.code}: {'; '.join(problem.messages)}",
            remedy=f"compare with its description in Plex, then set plex.datasources.{entry.name}",
        )
    return None


def _fields(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    fields = content.get(name)
    found = fields if isinstance(fields, list) else []
    return [field for field in found if isinstance(field, dict) and isinstance(field.get("name"), str)]
