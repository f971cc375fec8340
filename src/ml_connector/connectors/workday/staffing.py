"""
Workers as the staffing service shows them: today's, ended ones too, without names, dates, status and pay.

They are joined to the rows of WQL, or given alone where no WQL source of workers is granted.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from datetime import datetime

from ml_connector.connectors.port import Page
from ml_connector.connectors.workday.ahead import Limits, Wish
from ml_connector.connectors.workday.collection import Window, read_windows
from ml_connector.connectors.workday.json_answers import Collection
from ml_connector.connectors.workday.rest import MAX_PAGE, RestClient
from ml_connector.connectors.workday.rest_records import Staff, build_staffing_record
from ml_connector.settings.workday import WorkdayConnection

_TASK = "staffing.workers"


class Staffing:
    """The staffing service's workers of one tenant."""

    def __init__(self, client: RestClient, settings: WorkdayConnection) -> None:
        self._client, self._settings = client, settings
        self._path = f"staffing/{settings.staffing_version}/{settings.tenant}/workers"

    def read(self, *, limit: int | None) -> Generator[Page, None, None]:
        """Yield workers, page by page, each as a record of its own. Raises as `read_windows`."""
        count = 0
        with closing(self._read_windows(limit)) as windows:
            for window in windows:
                rows = window.rows if limit is None else window.rows[: limit - count]
                count += len(rows)
                yield Page(tuple(map(build_staffing_record, rows)), window.number, window.of_pages, window.total)

    def collect(self, *, with_email: bool) -> Staff:
        """Everybody, small, to be joined. Raises as `read_windows`."""
        staff = Staff(with_email=with_email)
        with closing(self._read_windows(None)) as windows:
            for window in windows:
                for row in window.rows:
                    staff.add(row)
        return staff

    def add_each(self, wids: Iterable[str], staff: Staff) -> None:
        """Put a few workers' own records among *staff*, where there are any. Raises as `RestClient.ask_collection`."""
        for wid in wids:
            found = self._client.ask_worker(wid, version=self._settings.staffing_version)
            if found is not None:
                staff.add(found)

    def ask_clock(self) -> datetime:
        """Workday's own clock. Raises as `RestClient.ask_clock`."""
        return self._client.ask_clock(f"/ccx/api/{self._path}", task=_TASK, limit="1")

    def _read_windows(self, limit: int | None) -> Generator[Window, None, None]:
        return read_windows(self._ask, id_field="id", limits=limit_pages(self._settings, records=limit))

    def _ask(self, wish: Wish) -> Collection:
        return self._client.ask_collection(self._path, wish, task=_TASK, includeTerminatedWorkers="true")


def limit_pages(settings: WorkdayConnection, *, records: int | None) -> Limits:
    """The limits of one extraction over REST."""
    page = min(settings.page_size, MAX_PAGE)
    return Limits(
        size=page if records is None else max(1, min(page, records)),
        ahead=settings.pages_ahead,
        held_bytes=settings.read_ahead_mb << 20,
        records=records,
    )
