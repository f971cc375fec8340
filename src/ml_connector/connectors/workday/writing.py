"""
One write to a Workday service: sent once, and sorted by what the answer proves about it.

Sent again is only what certainly was not carried out: a request that never left, a refusal for pace, an expired token.
A fault is a refusal by its code; a yes counts only as the answer to this very operation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec
from lxml import etree

from ml_connector.connectors.asked_wait import LONGEST_ASKED_S, Patience, tell_wait
from ml_connector.connectors.content_type import says_soap
from ml_connector.connectors.inflate import MAX_ONE_BYTES
from ml_connector.connectors.port import Allowed
from ml_connector.connectors.transport import HttpResponse, Transport, retry_after_s
from ml_connector.connectors.workday.auth import Signature, Signer
from ml_connector.connectors.workday.faults import is_of_pace, read_fault, sort_status, sort_write_fault, tells_of_pace
from ml_connector.connectors.workday.frame import BODY, ENVELOPE
from ml_connector.connectors.workday.operations import BSVC
from ml_connector.connectors.workday.patience import Pace
from ml_connector.connectors.workday.soap import build_call
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    MLConnectorError,
    NotSentError,
    RateLimitError,
    RecordError,
)
from ml_connector.safe_xml import parse_xml
from ml_connector.settings.workday import WorkdayConnection

_TRIES = 5
_PACE_WAIT_S = 10.0
_WORDS = 4096
_REFUSED_UNREAD = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 429})


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """One writing request: its service, the request as XML, the answer it must get, and its name for people."""

    service: str
    name: str
    request: str

    @property
    def task(self) -> str:
        return f"{self.service}.{self.name}"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer's own element, the hash of the whole body, and Workday's number for the request where it gives one."""

    content: etree._Element
    body_hash: str
    number: str | None


class SoapWriter:
    """
    Sends writes to one tenant's services; safe to share between threads, which keep one *pace* with whoever reads.
    """

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

    def send(self, put: Put, *, allowed: Allowed) -> Answered:
        """
        Send once and give the answer.

        Raises:
            RecordError: refused now and later. PermissionError_, ConfigurationError, AuthenticationError: refused.
            AmbiguousWriteError: it may or may not have happened. NotSentError: it certainly did not leave.
            RateLimitError: still refused for pace.
        """
        renewed, patience = False, Patience(tries=_TRIES)
        while True:
            self._pace.wait()
            signature = self._signer.sign()
            allowed()
            try:
                return self._send_once(put, signature)
            except AuthenticationError:
                if renewed or not self._signer.renew(signature):
                    raise
                renewed = True
            except (NotSentError, RateLimitError) as error:
                self._pace.heed(error, patience)

    def _send_once(self, put: Put, signature: Signature) -> Answered:
        call = build_call(self._settings, put.service, put.request, signature=signature)
        call = msgspec.structs.replace(call, max_bytes=MAX_ONE_BYTES)
        with self._transport.send(call) as response:
            self._pace.note(response.headers)
            body = response.read()
            return self._read_answer(put, response, body)

    def _read_answer(self, put: Put, response: HttpResponse, body: bytes) -> Answered:
        if response.status in _REFUSED_UNREAD:
            now = self._clock()
            asked_s = retry_after_s(response.headers, now=now)
            words = body[:_WORDS].decode("latin-1")
            error = sort_status(response.status, task=put.task, retry_after_s=asked_s, words=words, writes=True)
            raise tell_wait(error, now=now)
        if response.status not in {200, 500}:
            raise _unproved(put, f"status {response.status}")
        if response.status == 200 and not says_soap(response.headers):
            raise _unproved(put, "it is not XML by its own account")
        try:
            root = parse_xml(body)
        except ValueError as reason:
            if response.status == 500 and is_of_pace(body[:_WORDS].decode("latin-1")):
                self._hold_back(response)
            raise _unproved(put, str(reason)) from None
        fault = read_fault(root)
        if fault is not None:
            if tells_of_pace(fault):
                self._hold_back(response)
            raise sort_write_fault(fault, task=put.task)
        content = root[-1][0] if root.tag == ENVELOPE and len(root) and root[-1].tag == BODY and len(root[-1]) else None
        if response.status == 500 or content is None or content.tag != f"{{{BSVC}}}{put.name}_Response":
            raise _unproved(put, f"status {response.status}, and no answer to this request")
        _check_exceptions(put, content)
        number = response.headers.get("wd-stat-request-id")
        return Answered(content=content, body_hash=hashlib.sha256(body).hexdigest(), number=number)

    def _hold_back(self, response: HttpResponse) -> None:
        """Whatever became of this one, nobody goes on at this pace, nor does whoever looks it up."""
        asked_s = retry_after_s(response.headers, now=self._clock()) or 0.0
        # Hours are not sat out here: whoever asks next is told the same, and ends the run with it.
        self._pace.owe(max(_PACE_WAIT_S, asked_s if asked_s <= LONGEST_ASKED_S else 0.0))


def read_remarks(content: etree._Element) -> str | None:
    """What Workday remarked although it carried the request out."""
    told = [words for severe, words in _exceptions(content) if not severe]
    return "; ".join(told) or None


def _check_exceptions(put: Put, content: etree._Element) -> None:
    """An answer without a fault can still be a refusal: it says so in its exceptions."""
    told = [words for severe, words in _exceptions(content) if severe]
    if told:
        raise RecordError(
            f"Workday refuses {put.task}: {'; '.join(told)}",
            code="exception",
            remedy="correct it in Plex or in Workday, then ml-connector reevaluate KEY",
        )


def _exceptions(content: etree._Element) -> list[tuple[bool, str]]:
    """Every exception in the answer: whether it is one, or only a warning, and its words in one line."""
    found = []
    for each in content.iter(f"{{{BSVC}}}Exception_Data"):
        kind = each.findtext(f"{{{BSVC}}}Classification", "").lower()
        words = " ".join(each.findtext(f"{{{BSVC}}}Message", "").split()) or "no reason given"
        found.append(("warning" not in kind, words[:300]))
    return found


def _unproved(put: Put, why: str) -> MLConnectorError:
    return AmbiguousWriteError(f"Workday gave an answer to {put.task} that proves nothing: {why}")
