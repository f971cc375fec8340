"""
One question to Workday's REST or WQL service, or for a report: signed, paced, asked until answered or refused for good.

An answer counts only with the right content type, in strict JSON, within its bounds. Everything here reads, so asking
again is always safe; a WQL query is a POST and still only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from ml_connector.connectors.asked_wait import tell_wait
from ml_connector.connectors.content_type import says_json
from ml_connector.connectors.hands import rest
from ml_connector.connectors.strict_json import Row
from ml_connector.connectors.transport import HttpRequest, HttpResponse, Transport, retry_after_s
from ml_connector.connectors.workday.ahead import Wish
from ml_connector.connectors.workday.auth import Signature, Signer
from ml_connector.connectors.workday.faults import ACTIVATE, sort_silence, sort_status, sort_unusable
from ml_connector.connectors.workday.json_answers import (
    Collection,
    read_collection,
    read_date,
    read_item,
    read_words,
    tell_date,
)
from ml_connector.connectors.workday.patience import Pace, ask_patiently
from ml_connector.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    UnavailableError,
)
from ml_connector.settings.workday import WorkdayConnection

MAX_PAGE = 100
_COME_AGAIN = frozenset({429, 503})
_ABSENT, _REFUSED = frozenset({404}), frozenset({400, 404})
_GRANT = (
    "in Workday, give the API client the scope (functional area) of this data and the integration system security group "
    f"Get access to its domain, {ACTIVATE}"
)


_Answer = TypeVar("_Answer")


class _Nobody:
    """Signs nothing."""

    def sign(self) -> Signature:
        return Signature()

    def renew(self, refused: Signature) -> bool:
        return False


class _NoError(Exception):
    """A status that is an answer to this question; never leaves this module."""


class RestClient:
    """Asks one tenant; safe to share between threads."""

    def __init__(
        self,
        settings: WorkdayConnection,
        *,
        signer: Signer,
        transport: Transport,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = rest,
    ) -> None:
        self._settings, self._signer, self._transport, self._clock = settings, signer, transport, clock
        self._pace = Pace(sleep=sleep)

    def ask_collection(self, path: str, wish: Wish, *, task: str, **query: str) -> Collection:
        """
        One page of `GET /ccx/api/{path}`; *path* has its `{tenant}` in it already.

        Raises:
            AuthenticationError, PermissionError_, ConfigurationError: refused, not asked again.
            RateLimitError, UnavailableError: still no answer after patient attempts.
        """
        window = (*_window(wish), *query.items())
        return self._ask(
            "GET", f"/ccx/api/{path}", query=window, task=task, read=read_collection, give_way=wish.give_way
        )

    def ask_data(self, query: str, wish: Wish, *, task: str) -> Collection:
        """One page of a WQL query. Raises as `ask_collection`."""
        return self._ask_data(query, wish, task=task)

    def _ask_data(self, query: str, wish: Wish, *, task: str, no: frozenset[int] = frozenset()) -> Collection:
        return self._ask(
            "POST",
            f"/ccx/api/wql/v1/{self._settings.tenant}/data",
            query=_window(wish),
            body=msgspec.json.encode({"query": query}),
            task=task,
            read=read_collection,
            no=no,
            give_way=wish.give_way,
        )

    def ask_worker(self, wid: str, *, version: str) -> Row | None:
        """One worker of the staffing service, or None where it shows none of that id. Raises as `ask_collection`."""
        path = f"/ccx/api/staffing/{version}/{self._settings.tenant}/workers/{quote(wid, safe='')}"
        try:
            return self._ask("GET", path, query=(), task="staffing.workers", read=read_item, no=_ABSENT)
        except _NoError:
            return None

    def takes_query(self, query: str, *, task: str) -> bool:
        """Whether a WQL query is one this tenant carries out, found out on one row. Raises as `ask_collection`."""
        try:
            self._ask_data(query, Wish(start=0, count=1, give_way=False), task=task, no=_REFUSED)
        except _NoError:
            return False
        return True

    def ask_clock(self, path: str, *, task: str, **query: str) -> datetime:
        """Workday's own clock (aware), as an answer's Date header tells it, to the second. Raises as above."""
        return self._ask("GET", path, query=tuple(query.items()), task=task, read=read_date)

    def ask_date(self, path: str, *, task: str) -> datetime:
        """
        Workday's clock by the Date header of whatever it answers to somebody who does not sign in.

        Raises:
            UnavailableError: no answer, or none with a time. RateLimitError, UnavailableError: it asks for patience.
        """

        def once(signature: Signature) -> datetime:
            with self._send("GET", path, signature, query=(), task=task) as response:
                if response.status in _COME_AGAIN:
                    raise self._sort(response, task=task)
                return tell_date(response)

        return ask_patiently(once, signer=_Nobody(), pace=self._pace)

    @contextmanager
    def open_report(self, owner: str, name: str, *, query: tuple[tuple[str, str], ...]) -> Iterator[Iterator[bytes]]:
        """
        A report's body as it arrives; asked patiently until it begins, never again once it has.

        Raises:
            UnavailableError: also when it breaks off. Otherwise as `ask_collection`.
        """
        task = f"the report {name}"
        path = f"/ccx/service/customreport2/{self._settings.tenant}/{quote(owner)}/{quote(name)}"

        def once(signature: Signature) -> HttpResponse:
            response = self._send("GET", path, signature, query=(*query, ("format", "json")), task=task)
            try:
                self._check(response, task=task)
            except BaseException:
                response.close()
                raise
            return response

        with ask_patiently(once, signer=self._signer, pace=self._pace) as response:
            yield _chunks(response, task=task)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...],
        task: str,
        read: Callable[[HttpResponse], _Answer],
        body: bytes | None = None,
        no: frozenset[int] = frozenset(),
        give_way: bool = False,
    ) -> _Answer:
        def once(signature: Signature) -> _Answer:
            with self._send(method, path, signature, query=query, task=task, body=body) as response:
                if response.status in no:
                    raise _NoError
                self._check(response, task=task)
                try:
                    return read(response)
                except AmbiguousWriteError as error:
                    raise sort_silence(error, task=task) from None
                except ValueError as reason:
                    raise sort_unusable(reason, task=task) from None

        return ask_patiently(once, signer=self._signer, pace=self._pace, give_way=give_way)

    def _send(
        self,
        method: str,
        path: str,
        signature: Signature,
        *,
        query: tuple[tuple[str, str], ...],
        task: str,
        body: bytes | None = None,
    ) -> HttpResponse:
        headers = {"Accept": "application/json", **signature.http}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = HttpRequest(
            method=method,
            url=self._settings.base_url + path,
            query=query,
            headers=headers,
            body=body,
            timeout_s=self._settings.timeout_s,
        )
        try:
            response = self._transport.send(request)
        except (AmbiguousWriteError, NotSentError) as error:
            raise sort_silence(error, task=task) from None
        self._pace.note(response.headers)
        return response

    def _check(self, response: HttpResponse, *, task: str) -> None:
        """Refuse whatever is no JSON answer, by its status first."""
        if response.status != 200:
            raise self._sort(response, task=task)
        if not says_json(response.headers):
            raise UnavailableError(f"Workday's answer to {task} cannot be used: it is not JSON by its own account")

    def _sort(self, response: HttpResponse, *, task: str) -> MLConnectorError:
        words = read_words(response)
        now = self._clock()
        asked_s = retry_after_s(response.headers, now=now)
        if response.status == 400:
            return ConfigurationError(f"Workday refuses {task} (HTTP 400){': ' + words if words else ''}")
        error = sort_status(response.status, task=task, retry_after_s=asked_s, words=words)
        if isinstance(error, PermissionError_):
            error.remedy = _GRANT
        return tell_wait(error, now=now)


def _window(wish: Wish) -> tuple[tuple[str, str], ...]:
    return ("limit", str(wish.count)), ("offset", str(wish.start))


def _chunks(response: HttpResponse, *, task: str) -> Iterator[bytes]:
    try:
        yield from response.chunks()
    except AmbiguousWriteError as error:
        raise sort_silence(error, task=task) from None
