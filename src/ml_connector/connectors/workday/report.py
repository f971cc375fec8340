"""
Workers out of a custom report (report as a service): one long answer without pages, its columns mapped by name.

A column that the configuration names and no row has is a contract that drifted, and ends the reading with its name;
columns nobody asked for are let be. A report announces no total: that it is whole is proved by its JSON coming to its
end, and by no worker standing in it twice. Memory is one row, one page of what is taken of rows, within a bound, and
some 90 bytes per worker for the proof that none came twice.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import NoReturn
from zoneinfo import ZoneInfo

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.connectors.hands import rest
from ml_connector.connectors.inflate import OversizedError
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
from ml_connector.connectors.strict_json import Row, iterate_rows, write_json
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.auth import BasicUser, BearerToken, Credential, Keep, Signer
from ml_connector.connectors.workday.collection import tell_apart
from ml_connector.connectors.workday.faults import sort_unusable
from ml_connector.connectors.workday.patience import read_insistently
from ml_connector.connectors.workday.rest import RestClient
from ml_connector.connectors.workday.rest_fields import tell_report
from ml_connector.connectors.workday.rest_health import check_rest
from ml_connector.connectors.workday.wql import PAY
from ml_connector.errors import ConfigurationError, IncompleteReadError, RecordError, UnavailableError
from ml_connector.settings.workday import Report, WorkdayConnection

COLUMNS = {
    "key": "Workday_ID",
    "employee_id": "Employee_ID",
    "worker_type": "Worker_Type",
    "contingent": "Is_Contingent_Worker",
    "name.given": "First_Name",
    "name.preferred_given": "Preferred_First_Name",
    "name.middle": "Middle_Name",
    "name.family": "Last_Name",
    "name.preferred": "Preferred_Name",
    "universal_id": "",
    "email": "Email",
    "active": "Active_Status",
    "on_leave": "On_Leave",
    "hired_on": "Hire_Date",
    "original_hire_on": "Original_Hire_Date",
    "terminated_on": "Termination_Date",
    "pay_through_on": "Pay_Through_Date",
    "manager_id": "Manager_Employee_ID",
    "jobs.position_id": "Position_ID",
    "jobs.title": "Business_Title",
    "jobs.job_profile_id": "Job_Profile_ID",
    "jobs.location_id": "Location_ID",
    "jobs.time_type": "Time_Type",
    "jobs.shift_id": "",
    "jobs.fte": "FTE",
    "jobs.weekly_hours": "Scheduled_Weekly_Hours",
    "jobs.effective_on": "",
    "organizations.company": "Company_ID",
    "organizations.cost_center": "Cost_Center_ID",
    "organizations.supervisory": "Supervisory_Organization_ID",
    "organizations.pay_group": "Pay_Group_ID",
    "compensation.amount": "",
    "compensation.currency": "",
    "compensation.frequency": "",
    "compensation.effective_on": "",
}
_NEEDED = ("key", "employee_id", "active")
# Rightly empty for everybody in a small company, and Workday may leave an empty column out of a row; or told by another.
_MAY_BE_EMPTY = frozenset(
    {"name.middle", "name.preferred", "name.preferred_given", "universal_id", "email", "on_leave", "terminated_on"}
    | {"pay_through_on", "worker_type", "contingent"}
)
_NEAR_DAYS = 1
# A page of 999 workers takes half of it; one whose rows are longer ends earlier.
_PAGE_BYTES = 4 << 20
_PAY = PAY | {"compensation.currency"}


class ReportConnector:
    """
    One report of one tenant; it gives workers and nothing else.

    *credential* gives `username`, `password` (isu) or `client_id`, `client_secret`, `refresh_token` (oauth).
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
        if settings.report is None:
            raise ConfigurationError(
                "no report is configured", remedy="set workday.report.owner and workday.report.name"
            )
        signer: Signer = (
            BasicUser(credential, tenant=settings.tenant)
            if settings.auth == "isu"
            else BearerToken(credential, settings=settings, transport=transport, clock=clock, keep=keep)
        )
        self._settings, self._report, self._transport, self._clock = settings, settings.report, transport, clock
        self._pay_rates = pay_rates
        self._zone = ZoneInfo(settings.time_zone)
        self._columns = name_columns(settings.report)
        self._client = RestClient(settings, signer=signer, transport=transport, clock=clock, sleep=sleep)

    def check(self) -> Sequence[SurfaceHealth]:
        return [
            check_rest(
                ask_clock=self.now,
                ask_sample=self._ask_sample,
                describe=self.discover,
                clock=self._clock,
                types=(RecordType.WORKER,),
                pay_rates=self._pay_rates,
                surface="report",
            )
        ]

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        if ask:
            self.now()
        return [
            tell_report(
                self._columns, known=COLUMNS, operation=f"customreport2 {self._report.owner}/{self._report.name}"
            )
        ]

    def read(self, query: Query) -> Generator[Page, None, None]:
        """
        Yield the report's rows in pages of our own size; `total` is what came so far, as a report announces none.

        Raises:
            ConfigurationError: not workers, a day the report cannot give, or a column that is gone. Otherwise as the
                port.
        """
        if query.record_type is not RecordType.WORKER:
            raise ConfigurationError(
                f"a report gives workers only, no {query.record_type.value.replace('_', ' ')} records",
                remedy='use surface = "soap" or "rest" for these',
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
        """Workday's clock by its host's Date header: running the report for it would be dear, so nobody signs in."""
        path = f"/ccx/service/customreport2/{self._settings.tenant}"
        return self._client.ask_date(path, task="the host's clock").astimezone(self._zone)

    def close(self) -> None:
        self._transport.close()

    def _read_once(self, query: Query) -> Generator[Page, None, None]:
        columns = {name: column for name, column in self._columns.items() if query.include_pay or name not in _PAY}
        gone, seen, count, number = set(columns), set[bytes](), 0, 0
        with closing(self._rows(query)) as rows:
            kept: Iterator[Row] = rows if query.limit is None else islice(rows, query.limit)
            while page := self._take_page(kept, columns, gone, seen):
                number, count = number + 1, count + len(page)
                self._check_drift(columns, gone.intersection(_NEEDED))
                if len(seen) != count:
                    raise IncompleteReadError("one worker stands in the report twice", remedy=_ONE_ROW)
                yield Page(page, number, number, count)
        if count and query.limit is None:
            self._check_drift(columns, gone - _MAY_BE_EMPTY)

    def _take_page(
        self, rows: Iterator[Row], columns: dict[str, str], gone: set[str], seen: set[bytes]
    ) -> tuple[NativeRecord, ...]:
        """As many rows as a page holds, or as few as fill it; *gone* loses what they have, *seen* gains who."""
        records, size = [], 0
        for row in rows:
            gone -= {name for name in gone if columns[name] in row}
            seen.add(tell_apart(row, columns["key"]))
            records.append(build_row(row, columns))
            size += len(records[-1].payload)
            if len(records) == self._settings.page_size or size >= _PAGE_BYTES:
                break
        return tuple(records)

    def _check_drift(self, columns: dict[str, str], gone: AbstractSet[str]) -> None:
        if gone:
            raise ConfigurationError(
                f"the report {self._report.name} has no column {', '.join(sorted(columns[name] for name in gone))}",
                remedy="put it back into the report, or set its new name under workday.report.columns",
            )

    def _rows(self, query: Query) -> Generator[Row, None, None]:
        with self._client.open_report(self._report.owner, self._report.name, query=self._prompts(query)) as chunks:
            try:
                yield from iterate_rows(chunks)
            except OversizedError as reason:
                raise sort_unusable(reason, task=f"the report {self._report.name}") from None
            except (ValueError, UnavailableError) as reason:
                words = reason.message if isinstance(reason, UnavailableError) else str(reason)
                raise IncompleteReadError(
                    f"the report {self._report.name} cannot be used: {words}", remedy="read it again later"
                ) from None

    def _prompts(self, query: Query) -> tuple[tuple[str, str], ...]:
        prompts = dict(self._report.prompts)
        if query.as_of is not None:
            on = query.as_of.effective_on
            today: date = query.as_of.entered_at.astimezone(self._zone).date()
            if self._report.effective_prompt is not None:
                prompts[self._report.effective_prompt] = on.isoformat()
            elif abs((on - today).days) > _NEAR_DAYS:
                raise ConfigurationError(
                    f"the report {self._report.name} shows the day it is run, not {on}",
                    remedy="give it an effective-date prompt and name that as workday.report.effective_prompt",
                )
        return tuple(prompts.items())

    def _ask_sample(self, kind: RecordType, count: int) -> tuple[int | None, list[NativeRecord]]:
        query = Query(record_type=kind, include_pay=self._pay_rates, limit=count)
        with closing(read_insistently(partial(self._read_once, query))) as pages:
            page = next(pages, None)
        return None, [] if page is None else list(page.records)


def name_columns(report: Report) -> dict[str, str]:
    """
    Canonical field → column, as configured over the defaults.

    Raises:
        ConfigurationError: a field that does not exist, or an indispensable one without a column.
    """
    unknown = sorted(report.columns.keys() - COLUMNS.keys())
    if unknown:
        raise ConfigurationError(
            f"workday.report.columns: there is no field {', '.join(unknown)}", remedy=f"one of {', '.join(COLUMNS)}"
        )
    columns = {name: column for name, column in (COLUMNS | report.columns).items() if column}
    lacking = [name for name in _NEEDED if name not in columns]
    if lacking:
        raise ConfigurationError(f"workday.report.columns: {', '.join(lacking)} cannot be done without")
    return columns


def build_row(row: Row, columns: dict[str, str]) -> NativeRecord:
    """One row as a native record: Workday's values under our names."""
    fields = {name: row[column] for name, column in columns.items() if column in row}
    return NativeRecord(RecordType.WORKER, write_json({"surface": "report", "fields": fields}))


_ONE_ROW = "let the report's primary business object be the worker, with one row each, and read again"
