"""
Workday over REST and WQL as a `Connector`: read only, with bearer tokens.

Workers are every row of the WQL source, each joined with what the staffing service says of it, or, where no such source
is granted, the staffing service's alone, page by page; everything else is WQL alone. This surface freezes no entry
moment: what changes while it is read shows as totals that do not add up, and the reading is refused (CC-03). An
effective date is kept by WQL where the source takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import date, datetime
from functools import partial
from typing import NoReturn
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.connectors.hands import rest
from ml_connector.connectors.port import (
    Allowed,
    LogWindow,
    Page,
    Query,
    SurfaceHealth,
    TypeInfo,
    Write,
    always,
    refuse_log,
)
from ml_connector.connectors.strict_json import Row
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.auth import BearerToken, Credential, Keep
from ml_connector.connectors.workday.collection import Window, read_windows
from ml_connector.connectors.workday.patience import read_insistently
from ml_connector.connectors.workday.rest import RestClient
from ml_connector.connectors.workday.rest_fields import list_rest_types
from ml_connector.connectors.workday.rest_health import check_rest
from ml_connector.connectors.workday.rest_records import Book, Staff, build_record
from ml_connector.connectors.workday.staffing import Staffing, limit_pages
from ml_connector.connectors.workday.tailor import FieldRefusedError, Fitted, SourceRefusedError, Tailor
from ml_connector.connectors.workday.wql import PAY, Source, open_sources
from ml_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    IncompleteReadError,
    PermissionError_,
    RecordError,
)
from ml_connector.settings.workday import WorkdayConnection

_NEAR_DAYS = 1
_TYPES = (
    RecordType.WORKER,
    RecordType.ORGANIZATION,
    RecordType.JOB_PROFILE,
    RecordType.LOCATION,
    RecordType.POSITION,
    RecordType.COST_CENTER,
)


class RestConnector:
    """
    One tenant over REST and WQL.

    *credential* gives `client_id`, `client_secret`, `refresh_token`; *keep* seals a rotated refresh token.
    """

    def __init__(
        self,
        settings: WorkdayConnection,
        *,
        credential: Credential,
        keep: Keep,
        transport: Transport,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = rest,
        pay_rates: bool = False,
    ) -> None:
        signer = BearerToken(credential, settings=settings, transport=transport, clock=clock, keep=keep)
        self._settings, self._transport, self._clock = settings, transport, clock
        self._pay_rates = pay_rates
        self._zone = ZoneInfo(settings.time_zone)
        self._client = RestClient(settings, signer=signer, transport=transport, clock=clock, sleep=sleep)
        self._tailor = Tailor(self._client)
        self._staffing = Staffing(self._client, settings)
        self._sources = open_sources({str(kind): own for kind, own in settings.wql.items()})
        self._no_source: str | None = None

    def check(self) -> Sequence[SurfaceHealth]:
        return [
            check_rest(
                ask_clock=self.now,
                ask_sample=self._ask_sample,
                describe=self.discover,
                clock=self._clock,
                types=_TYPES,
                pay_rates=self._pay_rates,
            )
        ]

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        """With *ask* a source that is refused as a whole is named as the remedy of its type; the others are told."""
        withheld = {kind: refusal for kind in _TYPES if ask and (refusal := self._find_refusal(kind)) is not None}
        told = list_rest_types(
            _TYPES,
            sources=self._sources,
            refused={str(kind): self._tailor.known(str(kind)) for kind in _TYPES},
            version=self._settings.staffing_version,
            no_source=self._no_source,
        )
        return [
            msgspec.structs.replace(info, remedy=withheld[kind]) if kind in withheld else info
            for kind, info in zip(_TYPES, told, strict=True)
        ]

    def read(self, query: Query) -> Generator[Page, None, None]:
        """
        Yield pages of the whole; a change window is not offered here, so every reading is a whole one.

        Raises:
            ConfigurationError: the surface has no such type, or cannot give the day asked for. Otherwise as the port.
        """
        if query.record_type not in _TYPES:
            raise ConfigurationError(
                f"Workday is not asked for {query.record_type}", remedy="ml-connector discover workday"
            )
        yield from read_insistently(partial(self._read_once, query))

    def read_touched(self, record_type: RecordType, *, as_of: AsOf, window: LogWindow) -> NoReturn:
        refuse_log(record_type)

    def write(self, write: Write, *, allowed: Allowed = always) -> NoReturn:
        raise RecordError(
            "Workday is not written to: what it owns is changed there", remedy="change the record in Workday"
        )

    def find(self, write: Write) -> NoReturn:
        raise RecordError("Workday is not written to, so there is nothing to look up", remedy="use `read` instead")

    def find_each(self, writes: Sequence[Write]) -> NoReturn:
        raise RecordError("Workday is not written to, so there is nothing to look up", remedy="use `read` instead")

    def now(self) -> datetime:
        try:
            at = self._client.ask_clock(
                f"/ccx/api/wql/v1/{self._settings.tenant}/dataSources", task="wql.dataSources", limit="1"
            )
        except (ConfigurationError, PermissionError_) as refused:
            if isinstance(refused, AuthenticationError):
                raise
            # A client without the scope of WQL may still ask the staffing service, which has the same clock.
            at = self._staffing.ask_clock()
        return at.astimezone(self._zone)

    def close(self) -> None:
        self._transport.close()

    def _read_once(self, query: Query) -> Generator[Page, None, None]:
        source = self._choose(query)
        effective_on = query.as_of.effective_on if query.as_of else None
        near = query.as_of is None or self._is_near(query.as_of)
        fitted = self._fit(source, effective_on=effective_on)
        if fitted is None:
            if not near:
                raise ConfigurationError("the staffing service shows workers as of today only", remedy=self._no_source)
            yield from self._staffing.read(limit=query.limit)
            return
        source = fitted.source
        if not near and not fitted.dated:
            raise ConfigurationError(
                f"the data source {source.alias} takes no effective date, so it cannot be read as of {effective_on}",
                remedy='use surface = "soap", or read as of today',
            )
        limit, workers = query.limit, query.record_type is RecordType.WORKER
        staff = (
            self._staffing.collect(with_email="email" not in source.fields)
            if workers and near and limit is None
            else Staff()
        )
        # Of another day staffing tells nothing, but whom a WID names is the same on every day.
        books = _Books(self._read_book, staff if workers and near else None)
        count = 0
        with closing(self._read_source(fitted, effective_on=effective_on, limit=limit)) as windows:
            for window in windows:
                rows = window.rows if limit is None else window.rows[: limit - count]
                count += len(rows)
                if limit is not None and workers and near:
                    self._ask_staff_around(rows, staff, source)
                records = tuple(
                    build_record(
                        query.record_type,
                        row,
                        source=source,
                        staffing=staff.take(row.get(source.id_alias)) if workers else None,
                        open_book=books.open,
                    )
                    for row in rows
                )
                if window.ends and limit is None:
                    _check_all_taken(staff, shown=count if workers and near else 0)
                yield Page(records, window.number, window.of_pages, window.total)

    def _fit(self, source: Source, *, effective_on: date | None) -> Fitted | None:
        """
        What the tenant takes of *source*; None where it is the workers' and refused as a whole.

        Raises:
            ConfigurationError, PermissionError_: another source is refused, or a field that cannot be done without.
        """
        for again in (True, False):
            try:
                fitted = self._tailor.fit(source, effective_on=effective_on)
            except PermissionError_ as refused:
                if source.type != RecordType.WORKER:
                    raise
                if again:  # a refusal counts when it is repeated
                    continue
                self._no_source = refused.remedy
            except SourceRefusedError as refused:
                if source.type != RecordType.WORKER:
                    raise
                self._no_source = refused.remedy
                break
            else:
                if source.type == RecordType.WORKER:
                    self._no_source = None
                return fitted
        return None

    def _find_refusal(self, kind: RecordType) -> str | None:
        """
        Why the tenant gives nothing of a type, and what to do about it, or None.

        Raises:
            MLConnectorError: it was not reached, or does not let us in.
        """
        query = Query(record_type=kind, include_pay=self._pay_rates)
        try:
            self._fit(self._choose(query), effective_on=None)
        except (PermissionError_, SourceRefusedError, FieldRefusedError) as refused:
            return f"{refused.message}: {refused.remedy}"
        return None

    def _choose(self, query: Query) -> Source:
        """The fields to ask for; pay only when asked for (UP-03)."""
        source = self._sources[query.record_type]
        return source.choose(name for name in source.fields if query.include_pay or name not in PAY)

    def _is_near(self, as_of: AsOf) -> bool:
        """Whether a day is today or beside it: REST knows no other day than its own today."""
        today: date = as_of.entered_at.astimezone(self._zone).date()
        return abs((as_of.effective_on - today).days) <= _NEAR_DAYS

    def _read_source(
        self, fitted: Fitted, *, effective_on: date | None, limit: int | None = None
    ) -> Generator[Window, None, None]:
        on = effective_on if fitted.dated else None

        ask = partial(self._tailor.ask, fitted.source, effective_on=on)
        return read_windows(ask, id_field=fitted.source.id_alias, limits=limit_pages(self._settings, records=limit))

    def _ask_staff_around(self, rows: Sequence[Row], staff: Staff, source: Source) -> None:
        """For a few workers: their own staffing records and their managers', where there are any."""
        managers = (row.get(source.fields.get("manager_id", "")) for row in rows)
        wids = [row.get(source.id_alias) for row in rows]
        wids += [manager.get("id") for manager in managers if isinstance(manager, dict)]
        self._staffing.add_each(dict.fromkeys(wid for wid in wids if isinstance(wid, str) and wid.isalnum()), staff)

    def _read_book(self, kind: str) -> Book:
        """The ids behind WIDs of one type; a list that is not granted is an empty one."""
        if kind == RecordType.WORKER:
            return self._staffing.collect(with_email=False)
        source = self._sources[kind].choose(("wid", "key"))
        book: dict[str, str] = {}
        try:
            fitted = self._tailor.fit(source, effective_on=None)
        except AuthenticationError:
            raise
        except (ConfigurationError, PermissionError_):
            return book
        for window in self._read_source(fitted, effective_on=None):
            for row in window.rows:
                wid, named = (row.get(fitted.source.fields[name]) for name in ("wid", "key"))
                if isinstance(wid, str) and isinstance(named, str):
                    book[wid] = named
        return book

    def _ask_sample(self, kind: RecordType, count: int) -> tuple[int | None, list[NativeRecord]]:
        query = Query(record_type=kind, include_pay=self._pay_rates, limit=count)
        with closing(self._read_once(query)) as pages:
            page = next(pages, None)
        return (0, []) if page is None else (page.total, list(page.records))


class _Books:
    """The lists of ids, each read when the first WID needs it, and once per extraction."""

    def __init__(self, read: Callable[[str], Book], workers: Book | None) -> None:
        self._read = read
        self._open: dict[str, Book] = {} if workers is None else {str(RecordType.WORKER): workers}

    def open(self, kind: str) -> Book:
        if kind not in self._open:
            self._open[kind] = self._read(kind)
        return self._open[kind]


def _check_all_taken(staff: Staff, *, shown: int) -> None:
    """*shown*: how many workers the WQL source shows, for staffing to show some of them."""
    if shown and not staff:
        raise IncompleteReadError(
            f"the staffing service shows nobody, the WQL source {shown} workers: a role was taken away meanwhile, or another "
            "list was answered",
            remedy="read again; if it stays, give the API client the scope Staffing and its group access to workers",
        )
    if staff.waiting:
        raise IncompleteReadError(
            f"the staffing service shows {staff.waiting} workers that the WQL source does not: the set moved meanwhile, or "
            "the two are secured differently",
            remedy="read again; if it stays, grant the API client the same workers in WQL as in Staffing",
        )
