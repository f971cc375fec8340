"""Workday as a `Connector`: every record type as of two frozen moments; of them only cost centers are written."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial

import msgspec

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.connectors.hands import rest
from ml_connector.connectors.port import (
    Allowed,
    LogWindow,
    Page,
    Query,
    Receipt,
    SurfaceHealth,
    Touched,
    TypeInfo,
    Write,
    always,
    refuse_log,
)
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.ahead import Limits, Wish
from ml_connector.connectors.workday.auth import BearerToken, Credential, Keep, Signer, UserNameToken, let_go
from ml_connector.connectors.workday.cost_center import (
    PUT,
    SERVICE,
    build_addition,
    build_change,
    build_lookup,
    names,
)
from ml_connector.connectors.workday.faults import UnknownReferenceError
from ml_connector.connectors.workday.fields import list_types
from ml_connector.connectors.workday.health import check_tenant
from ml_connector.connectors.workday.log_entries import read_log
from ml_connector.connectors.workday.operations import (
    EVERYTHING,
    LOGS,
    OPERATIONS,
    Operation,
    Selection,
    asking_for_log,
    build_page_request,
)
from ml_connector.connectors.workday.patience import Pace, read_insistently
from ml_connector.connectors.workday.reading import BrokenPageError, read_pages
from ml_connector.connectors.workday.soap import SoapClient, WorkdayPage
from ml_connector.connectors.workday.split import SplitPage
from ml_connector.connectors.workday.version import OLDEST_READABLE
from ml_connector.connectors.workday.writing import Put, SoapWriter, read_remarks
from ml_connector.errors import AmbiguousWriteError, ConfigurationError, RecordError
from ml_connector.settings.workday import WorkdayConnection

_NAMED_AT_ONCE = 100  # records asked for one by one in one question
_LOG_PAGE = 999  # a page of a log is small, whatever a page of whole records may hold


class WorkdayConnector:
    """
    One tenant over SOAP.

    *credential* gives `username`, `password` (isu) or `client_id`, `client_secret`, `refresh_token` (oauth).
    *pay_rates* makes `check` look for the pay section too; *keep* seals a rotated refresh token.
    """

    def __init__(
        self,
        settings: WorkdayConnection,
        *,
        credential: Credential,
        transport: Transport,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = rest,
        pay_rates: bool = False,
        keep: Keep = let_go,
    ) -> None:
        if int(settings.version[1:].partition(".")[0]) < OLDEST_READABLE:
            raise ConfigurationError(
                f"Workday {settings.version} keeps workers in a layout this program does not read",
                remedy=f"set version to v{OLDEST_READABLE}.0 or later, best a recent one",
            )
        signer: Signer = (
            UserNameToken(credential, tenant=settings.tenant)
            if settings.auth == "isu"
            else BearerToken(credential, settings=settings, transport=transport, clock=clock, keep=keep)
        )
        self._settings, self._transport, self._clock = settings, transport, clock
        self._pay_rates = pay_rates
        self._hold = False
        pace = Pace(sleep=sleep)
        self._soap = SoapClient(settings, signer=signer, transport=transport, clock=clock, pace=pace)
        self._writer = SoapWriter(settings, signer=signer, transport=transport, clock=clock, pace=pace)

    def check(self) -> Sequence[SurfaceHealth]:
        return [
            check_tenant(
                ask_clock=self.now,
                ask_sample=self._ask_sample,
                clock=self._clock,
                version=self._settings.version,
                pay_rates=self._pay_rates,
            )
        ]

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        if ask:
            self.now()
        return list_types()

    def read(self, query: Query) -> Generator[Page, None, None]:
        """
        Yield pages; `query.as_of` freezes both moments, without it Workday's own clock and date now do (CC-02).

        While nothing was yielded, an extraction that does not add up is started again with fresh moments. Once a page
        is out, whoever took it must discard it when this raises IncompleteReadError, and ask again. With
        `query.limit` the reading stops early and completeness is not claimed. Any number of `query.wids` may be named.
        """
        if query.record_type not in OPERATIONS:
            raise ConfigurationError(
                f"Workday is not asked for {query.record_type}", remedy="ml-connector discover workday"
            )
        for start in range(0, len(query.wids) or 1, _NAMED_AT_ONCE):
            some = query.wids[start : start + _NAMED_AT_ONCE]
            yield from read_insistently(partial(self._read_once, msgspec.structs.replace(query, wids=some)))

    def read_touched(self, record_type: RecordType, *, as_of: AsOf, window: LogWindow) -> Iterator[Touched]:
        """Yield the records whose transaction log fits *window*; an effective day is asked for in UTC (TZ-06)."""
        operation = asking_for_log(OPERATIONS[record_type])
        if operation.change_filter not in LOGS:
            refuse_log(record_type)
        ask = partial(self._ask, operation, as_of, selection=Selection(window=window))
        limits = Limits(size=_LOG_PAGE, ahead=self._settings.pages_ahead, held_bytes=self._settings.read_ahead_mb << 20)
        pages = read_pages(ask, record_type=record_type, reference=operation.reference, limits=limits)
        with closing(pages):
            for page in pages:
                yield from (read_log(native.payload, operation.reference) for native in page.records)

    def write(self, write: Write, *, allowed: Allowed = always) -> Receipt:
        """
        Add or change one cost center; nothing else is written here.

        A change reads the cost center first, to send back what is not ours; a reading that fails has sent nothing.
        """
        version = self._settings.version
        effective_on = _day_of(write)
        if not self._settings.writes:
            raise ConfigurationError(
                "writing to Workday is off", remedy="set writes = true in the connection's workday table to allow it"
            )
        if write.action == "create":
            subtype = self._settings.cost_center_subtype
            request = build_addition(write.key, write.body, effective_on=effective_on, version=version, subtype=subtype)
        else:
            held = self.find(write)
            if not held:
                raise RecordError(
                    f"there is no cost center {write.key} in Workday",
                    code="not_found",
                    remedy="look whether its reference ID was changed in Workday, then ml-connector reevaluate KEY",
                )
            request = build_change(
                write.key, write.body, effective_on=effective_on, held=held[0].payload, version=version
            )
        answered = self._writer.send(Put(service=SERVICE, name=PUT, request=request), allowed=allowed)
        if not names(answered.content, write.key):
            raise AmbiguousWriteError(
                f"Workday's answer is not about cost center {write.key}",
            )
        return Receipt(
            state="applied",
            status=200,
            response_hash=answered.body_hash,
            reference=answered.number,
            note=read_remarks(answered.content),
        )

    def find(self, write: Write) -> Sequence[NativeRecord]:
        effective_on = _day_of(write)
        operation, version = OPERATIONS[RecordType.COST_CENTER], self._settings.version
        request = build_lookup(write.key, effective_on=effective_on, version=version)
        try:
            page = self._soap.ask_page(operation, request, hold=True)
        except UnknownReferenceError:
            return []
        if not isinstance(page, SplitPage):
            raise TypeError("a page that was to be held is not")
        return [NativeRecord(RecordType.COST_CENTER, record) for record in page.records]

    def find_each(self, writes: Sequence[Write]) -> dict[str, NativeRecord]:
        return {}  # a change reads its record by itself, right before it is sent

    def now(self) -> datetime:
        return self._soap.ask_clock()

    def close(self) -> None:
        self._transport.close()

    def _read_once(self, query: Query) -> Generator[Page, None, None]:
        as_of = query.as_of or self._take_moments()
        operation, size, limit = OPERATIONS[query.record_type], self._settings.page_size, query.limit
        count = size if limit is None else max(1, min(size, limit))
        limits = Limits(
            size=count, ahead=self._settings.pages_ahead, held_bytes=self._settings.read_ahead_mb << 20, records=limit
        )
        ask = partial(self._ask_page, query, as_of)
        pages = read_pages(ask, record_type=query.record_type, reference=operation.reference, limits=limits)
        try:
            with closing(pages):
                for page in pages:
                    yield page if limit is None else _shorten(page, limit)
                    limit = None if limit is None else max(limit - len(page.records), 0)
        except BrokenPageError:
            self._hold = True
            raise

    def _take_moments(self) -> AsOf:
        now = self.now()
        return AsOf(now.date(), now)

    def _ask_page(self, query: Query, as_of: AsOf, wish: Wish) -> WorkdayPage:
        operation, selection = OPERATIONS[query.record_type], _select(query, as_of)
        return self._ask(
            operation, as_of, wish, selection=selection, include_pay=query.include_pay, hold=query.whole_pages
        )

    def _ask(
        self,
        operation: Operation,
        as_of: AsOf,
        wish: Wish,
        *,
        selection: Selection = EVERYTHING,
        include_pay: bool = False,
        hold: bool = False,
    ) -> WorkdayPage:
        """Ask for one page, a long one cut at once with *hold*, or once any page broke."""
        request = build_page_request(
            operation,
            version=self._settings.version,
            as_of=as_of,
            page=wish.number,
            count=wish.count,
            include_pay=include_pay,
            selection=selection,
        )
        return self._soap.ask_page(operation, request, hold=hold or self._hold, give_way=wish.give_way)

    def _ask_sample(self, record_type: RecordType, as_of: AsOf, count: int) -> SplitPage:
        wish = Wish(start=0, count=count, give_way=False)
        page = self._ask(OPERATIONS[record_type], as_of, wish, include_pay=self._pay_rates, hold=True)
        if not isinstance(page, SplitPage):
            raise TypeError("a page that was to be held is not")
        return page


def _select(query: Query, as_of: AsOf) -> Selection:
    if query.wids:
        return Selection(wids=query.wids)
    if query.updated_from is None:
        return EVERYTHING
    return Selection(window=LogWindow(entered=(query.updated_from, query.updated_to or as_of.entered_at)))


def _day_of(write: Write) -> str:
    """Give the day a write that may be sent holds from; raises RecordError for any other."""
    if write.record_type is not RecordType.COST_CENTER:
        raise RecordError(
            f"Workday's {write.record_type.value.replace('_', ' ')} is not written to: what it owns is changed there",
            remedy="change the record in Workday",
        )
    if write.effective_on is None:
        raise ValueError(f"cost center {write.key} is to hold from no day")
    return write.effective_on


def _shorten(page: Page, left: int) -> Page:
    return msgspec.structs.replace(page, records=page.records[:left])
