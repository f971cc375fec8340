"""
One question to a Workday service, asked until it is answered, refused for good, or patience ends.

Every operation here reads, so asking again is always safe; only what a person must settle is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, cast

from ml_connector.connectors.asked_wait import tell_wait
from ml_connector.connectors.content_type import says_soap
from ml_connector.connectors.inflate import Body, take_whole
from ml_connector.connectors.transport import HttpRequest, HttpResponse, Transport, is_of_this_age, retry_after_s
from ml_connector.connectors.workday.auth import Signature, Signer
from ml_connector.connectors.workday.faults import read_fault, sort_fault, sort_silence, sort_status, sort_unusable
from ml_connector.connectors.workday.frame import SOAP
from ml_connector.connectors.workday.operations import BSVC, CLOCK_SERVICE, Operation, build_clock_request
from ml_connector.connectors.workday.patience import Pace, ask_patiently
from ml_connector.connectors.workday.split import LongPage, OtherDocument, SplitPage, open_page
from ml_connector.errors import AmbiguousWriteError, NotSentError, TransientError, UnavailableError
from ml_connector.safe_xml import parse_xml
from ml_connector.secret import Secret
from ml_connector.settings.workday import WorkdayConnection

_SMALL, _WORDS = 1 << 20, 4096

_Answer = TypeVar("_Answer")
Reader = Callable[[Body], _Answer | OtherDocument]
WorkdayPage = SplitPage | LongPage


class SoapClient:
    """Asks one tenant's services; safe to share between threads, which keep one *pace* with whoever writes."""

    def __init__(
        self,
        settings: WorkdayConnection,
        *,
        signer: Signer,
        transport: Transport,
        clock: Callable[[], datetime],
        pace: Pace,
    ) -> None:
        self._settings, self._signer, self._transport = settings, signer, transport
        self._clock, self._pace = clock, pace

    def ask_page(
        self, operation: Operation, request: str, *, hold: bool = False, give_way: bool = False
    ) -> WorkdayPage:
        """
        Ask for one page; with *hold* a long one is cut at once, with *give_way* a late one is not asked for again.

        Raises:
            AuthenticationError, PermissionError_, ConfigurationError: refused, not asked again.
            RateLimitError, UnavailableError: still no answer after patient attempts.
        """

        def read(body: Body) -> WorkdayPage | OtherDocument:
            return open_page(body, answer=operation.answer, record=operation.record, hold=hold)

        task = f"{operation.service}.{operation.name}"
        page = self._ask(operation.service, request, read=read, task=task, give_way=give_way)
        return cast("WorkdayPage", page)

    def ask_clock(self) -> datetime:
        """Ask for Workday's own clock (aware, in the offset it tells). Raises as `ask_page`."""
        request = build_clock_request(version=self._settings.version)
        return self._ask(CLOCK_SERVICE, request, read=_read_clock, task=f"{CLOCK_SERVICE}.Get_Server_Timestamp")

    def _ask(self, service: str, request: str, *, read: Reader[_Answer], task: str, give_way: bool = False) -> _Answer:
        def once(signature: Signature) -> _Answer:
            return self._ask_once(service, request, signature=signature, read=read, task=task)

        return ask_patiently(once, signer=self._signer, pace=self._pace, give_way=give_way)

    def _ask_once(
        self, service: str, request: str, *, signature: Signature, read: Reader[_Answer], task: str
    ) -> _Answer:
        try:
            with self._transport.send(build_call(self._settings, service, request, signature=signature)) as response:
                self._pace.note(response.headers)
                return self._read_answer(response, read=read, task=task)
        except (AmbiguousWriteError, NotSentError) as error:
            raise sort_silence(error, task=task) from None

    def _read_answer(self, response: HttpResponse, *, read: Reader[_Answer], task: str) -> _Answer:
        if response.status == 200 and not says_soap(response.headers):
            raise UnavailableError(f"Workday's answer to {task} cannot be used: it is not XML by its own account")
        words = ""
        try:
            if response.status == 200:
                answer = read(response.keep())
            else:
                body = take_whole(response.chunks(), most=_SMALL)
                words = body[:_WORDS].decode("latin-1")  # to be recognised, never to be shown
                answer = OtherDocument(parse_xml(body))
            if not isinstance(answer, OtherDocument):
                return answer
            fault = read_fault(answer.root)
        except ValueError as reason:
            if response.status == 200:
                raise sort_unusable(reason, task=task) from None
            fault = None
        now = self._clock()
        asked_s = retry_after_s(response.headers, now=now)
        if fault is None:
            raise tell_wait(sort_status(response.status, task=task, retry_after_s=asked_s, words=words), now=now)
        error = sort_fault(fault, task=task)
        if isinstance(error, TransientError):
            error.retry_after_s = asked_s
        raise tell_wait(error, now=now)


def build_call(settings: WorkdayConnection, service: str, request: str, *, signature: Signature) -> HttpRequest:
    """One signed request to a service, ready to be sent."""
    return HttpRequest(
        method="POST",
        url=f"{settings.base_url}/ccx/service/{settings.tenant}/{service}/{settings.version}",
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', **signature.http},
        body=Secret(build_envelope(request, header=signature.header)),
        timeout_s=settings.timeout_s,
    )


def build_envelope(request: str, *, header: str = "") -> str:
    """Wrap a request; *header* is the inner XML of the SOAP header and may use the prefix soapenv."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Header>{header}</soapenv:Header>'
        f"<soapenv:Body>{request}</soapenv:Body></soapenv:Envelope>"
    )


def _read_clock(body: Body) -> datetime | OtherDocument:
    root = parse_xml(take_whole(body.chunks(), most=_SMALL))
    text = root.findtext(f"{{{SOAP}}}Body/{{{BSVC}}}Server_Timestamp/{{{BSVC}}}Server_Timestamp_Data")
    if text is None:
        return OtherDocument(root)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("its time stamp is none") from None
    if at.tzinfo is None:
        raise ValueError("its time stamp tells no offset")
    if not is_of_this_age(at):
        raise ValueError(f"its time stamp is of the year {at.year}")
    return at
