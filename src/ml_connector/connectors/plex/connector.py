"""
Plex behind the port: which surface answers for which record type, one budget for all of them.

Employees, accounts and calendars live in the resource API; cost centers, departments, positions, staffing levels and
an employee's extra attributes only in data sources.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.connectors.budget.budget import Budget, Pacing
from ml_connector.connectors.hands import rest
from ml_connector.connectors.plex import health
from ml_connector.connectors.plex.auth import ApiKey, Auth, Basic, ClientCredentials, Credential
from ml_connector.connectors.plex.catalog import CREATES, READS, UPDATES, Catalog
from ml_connector.connectors.plex.channel import Channel
from ml_connector.connectors.plex.connect import LISTS, ConnectApi, encode_body
from ml_connector.connectors.plex.datasource import DataSourceApi
from ml_connector.connectors.port import (
    Allowed,
    LogWindow,
    Page,
    Query,
    Receipt,
    SurfaceHealth,
    TypeInfo,
    Write,
    always,
    refuse_log,
)
from ml_connector.connectors.strict_json import Row
from ml_connector.connectors.transport import Transport
from ml_connector.errors import ConfigurationError, PermissionError_, RecordError
from ml_connector.settings.plex import PlexConnection

_PAGE = 500
# What a record is found by in its data source: our input name, and our column name it must equal.
_NATURAL_KEYS = {
    RecordType.COST_CENTER: ("cost_center_no",),
    RecordType.DEPARTMENT: ("department_code",),
    RecordType.POSITION: ("position",),
    RecordType.HEADCOUNT: ("position", "shift", "department_code"),
    RecordType.EMPLOYEE_ATTRIBUTES: ("resource_id",),
}


class PlexConnector:
    """One Plex enterprise and its plants, as `port.Connector`."""

    def __init__(
        self,
        settings: PlexConnection,
        *,
        credential: Credential,
        transport: Transport,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = rest,
        jitter: Callable[[], float] = random.random,
        budget: Pacing | None = None,
    ) -> None:
        self._clock, self._transport = clock, transport
        self._plants = {plant.pcn: plant for plant in settings.plants}
        budget = budget or Budget(calls_per_minute=settings.own_calls_per_minute, sleep=sleep)

        def open_channel(base_url: str, auth: Auth, *, routed: bool = True) -> Channel:
            return Channel(
                base_url=base_url,
                auth=auth,
                transport=transport,
                budget=budget,
                plants=self._plants,
                routed=routed,
                timeout_s=settings.timeout_s,
                clock=clock,
                sleep=sleep,
                jitter=jitter,
            )

        signing = _signing(settings, credential, transport=transport, clock=clock, sleep=sleep)
        self._channel = open_channel(settings.base_url, signing[0])
        self._connect = ConnectApi(self._channel)
        self._catalog = Catalog(settings.datasources)
        # A web-service user brings its plant along; the headers that name one are the resource API's.
        self._own_plant = settings.datasource_signing == "basic"
        datasource_url = settings.datasource_url or settings.base_url
        self._datasources = DataSourceApi(open_channel(datasource_url, signing[1], routed=not self._own_plant))

    def check(self) -> Sequence[SurfaceHealth]:
        """Prove both surfaces for every plant; never raises for a refusal."""
        surfaces: list[SurfaceHealth] = []
        people, shown = dict[str, set[str]](), dict[str, set[str]]()

        def read(record_type: RecordType, plant: str) -> list[Row]:
            rows = self._read_rows(record_type, plant)
            if record_type is RecordType.EMPLOYEE_ATTRIBUTES:
                shown[plant] = {str(row["resource_id"]) for row in rows if row.get("resource_id")}
            return rows

        for plant in self._plants.values():
            surfaces.append(health.check_connect(self._connect, plant, people=people))
            surfaces.append(health.check_datasources(self._datasources, self._catalog, plant, read=read))
        surfaces = health.tell_foreign(surfaces, people=people, shown=shown)
        if self._own_plant and len(self._plants) > 1:
            surfaces = health.tell_unproved(surfaces)
        offset = self._channel.clock_offset
        return health.with_clock(surfaces, None if offset is None else offset.total_seconds())

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        """Name the record types, with the data sources as this customer has them."""
        if ask:
            self.now()
        return health.list_types(self._catalog)

    def read(self, query: Query) -> Iterator[Page]:
        """Yield the records of one type in one plant; Plex gives lists whole, so the pages are only ours."""
        plant = self._check_plant(query.plant)
        if query.record_type in LISTS:
            records = self._connect.read_list(query.record_type, plant=plant, query=_changed(query))
        else:
            records = _natives(query.record_type, self._read_rows(query.record_type, plant))
        records = records[: query.limit]
        pages = max(1, -(-len(records) // _PAGE))
        for number in range(pages):
            part = tuple(records[number * _PAGE : (number + 1) * _PAGE])
            yield Page(part, number + 1, pages, len(records))

    def read_touched(self, record_type: RecordType, *, as_of: AsOf, window: LogWindow) -> NoReturn:
        refuse_log(record_type)

    def write(self, write: Write, *, allowed: Allowed = always) -> Receipt:
        """Send one record once."""
        self._check_plant(write.plant)
        if write.record_type is RecordType.EMPLOYEE:
            return self._connect.write_employee(write, allowed=allowed)
        names = CREATES if write.action == "create" else UPDATES
        if write.record_type not in names:
            raise RecordError(
                f"{write.record_type.value} records are Plex's own and are never written", code="not_writable"
            )
        entry, number = self._catalog.require(names[write.record_type])
        inputs = self._with_department_no(write) if write.record_type is RecordType.COST_CENTER else write.body
        return self._datasources.write(entry, number, plant=write.plant, inputs=inputs, allowed=allowed)

    def find(self, write: Write) -> Sequence[NativeRecord]:
        """Read back by id, then by natural key; exact matches only, whatever a filter of Plex's gives."""
        plant = self._check_plant(write.plant)
        if write.record_type is RecordType.EMPLOYEE:
            return self._find_employee(write, plant)
        if write.record_type not in READS:
            raise RecordError(
                f"{write.record_type.value} records are Plex's own and are never written", code="not_writable"
            )
        wanted = _natural_key(write)
        rows = self._read_rows(write.record_type, plant, wanted=wanted)
        return _natives(write.record_type, [row for row in rows if _matches(row, wanted)])

    def find_each(self, writes: Sequence[Write]) -> dict[str, NativeRecord]:
        """Read employees by id, `ASKED_AT_ONCE` of a plant with one call: a PUT sends everything back (UP-05)."""
        wanted: dict[str, list[str]] = {}
        for write in writes:
            if write.record_type is RecordType.EMPLOYEE:
                wanted.setdefault(self._check_plant(write.plant), []).append(write.key)
        found: dict[str, NativeRecord] = {}
        for plant, keys in wanted.items():
            found |= self._connect.get_employees(keys, plant=plant)
        return found

    def now(self) -> datetime:
        """Our clock corrected by the offset Plex's answers show; asks once when there was no answer yet."""
        if self._channel.clock_offset is None:
            self._connect.read_list(RecordType.TENANT, plant=next(iter(self._plants)))
        return self._clock() + (self._channel.clock_offset or timedelta())

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _find_employee(self, write: Write, plant: str) -> Sequence[NativeRecord]:
        record = self._connect.get_employee(write.key, plant=plant)
        if record is not None:
            return [record]
        badge = write.body.get("badgeNumber")
        return self._connect.find_by_badge(badge, plant=plant) if isinstance(badge, str) and badge else []

    def _read_rows(self, record_type: RecordType, plant: str, *, wanted: Mapping[str, str] | None = None) -> list[Row]:
        if record_type not in READS:
            raise ConfigurationError(f"Plex has no {record_type.value} records to read")
        entry, number = self._catalog.require(READS[record_type])
        inputs = {name: value for name, value in (wanted or {}).items() if name in entry.inputs}
        rows = self._datasources.rows(entry, number, plant=plant, inputs=inputs)
        return self._with_department_code(rows, plant) if record_type is RecordType.COST_CENTER else rows

    def _with_department_code(self, rows: list[Row], plant: str) -> list[Row]:
        """A cost center names its department by number only; people and mappings know the code."""
        try:
            codes = {str(number): code for number, code in self._departments(plant).items()}
        except PermissionError_:  # the code is then not given, which is not the same as empty
            return rows
        return [row | _code_of(row.get("department_no"), codes) for row in rows]

    def _with_department_no(self, write: Write) -> dict[str, Any]:
        body = dict(write.body)
        if "department_code" not in body:
            return body
        code = body.pop("department_code")
        if code is None:
            return body | {"department_no": None}
        for number, known in self._departments(write.plant).items():
            if known == code:
                return body | {"department_no": number}
        raise RecordError(
            f"department {code} does not exist in plant {write.plant}",
            code="setup_missing",
            waiting_for=f"department {code}",
            remedy="it is written first when it is mapped: ml-connector mapping coverage",
        )

    def _departments(self, plant: str) -> dict[Any, str]:
        entry, number = self._catalog.require(READS[RecordType.DEPARTMENT])
        rows = self._datasources.rows(entry, number, plant=plant)
        return {row.get("department_no"): str(row.get("department_code")) for row in rows}

    def _check_plant(self, pcn: str | None) -> str:
        if pcn is None or pcn not in self._plants:
            raise ConfigurationError(
                f"there is no plant {pcn}" if pcn else "Plex is read one plant at a time: name its PCN",
                remedy="known plants: " + ", ".join(self._plants),
            )
        return pcn


def _natural_key(write: Write) -> dict[str, str]:
    """
    What the record's row says of it; where that is several things, each may hold what stands between them in the key.
    """
    columns = _NATURAL_KEYS[write.record_type]
    if len(columns) == 1:
        return {columns[0]: write.key}
    return {name: str(write.body[name]) for name in columns}


def _code_of(number: Any, codes: Mapping[str, str]) -> Row:
    """The department's code, empty where there is none; of a number nobody knows nothing is said."""
    if number in (None, ""):
        return {"department_code": None}
    code = codes.get(str(number))
    return {} if code is None else {"department_code": code}


def _signing(
    settings: PlexConnection,
    credential: Credential,
    *,
    transport: Transport,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> tuple[Auth, Auth]:
    """How the resource API and the data sources are signed in to; one object where it is the same way in."""

    def sign(how: str) -> Auth:
        if how == "api_key":
            return ApiKey(credential)
        if how == "basic":
            return Basic(credential, plants=len(settings.plants))
        token_url = settings.token_url or ""
        return ClientCredentials(credential, token_url=token_url, transport=transport, clock=clock, sleep=sleep)

    first = sign(settings.auth)
    second = settings.datasource_signing
    return first, first if second == settings.auth else sign(second)


def _changed(query: Query) -> tuple[tuple[str, str], ...]:
    if query.record_type is not RecordType.JOURNAL_ENTRY:
        return ()
    bounds = (("modifiedDateBegin", query.updated_from), ("modifiedDateEnd", query.updated_to))
    return tuple((name, to_instant(moment)) for name, moment in bounds if moment is not None)


def to_instant(moment: datetime) -> str:
    """
    Write a moment as Plex reads it: UTC, whole date and time, `Z`; anything shorter is refused.

    Raises:
        ValueError: it tells no offset, so it could be any of two dozen moments (TZ-08).
    """
    if moment.utcoffset() is None:
        raise ValueError("a moment for Plex tells no offset")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _natives(record_type: RecordType, rows: Sequence[Row]) -> list[NativeRecord]:
    return [NativeRecord(record_type, encode_body(row)) for row in rows]


def _matches(row: Row, wanted: Mapping[str, str]) -> bool:
    return all(str(row.get(name, "")).strip().casefold() == value.strip().casefold() for name, value in wanted.items())
