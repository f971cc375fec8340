"""What a line and a system can do to a write to Workday, and whether Workday carried it out all the same."""

from __future__ import annotations

from collections.abc import Callable

from ml_connector.errors import AmbiguousWriteError
from ml_connector.sandbox.http import Request, Response

Answer = Callable[[Request], Response]
_XML = {"Content-Type": "text/xml; charset=utf-8"}
_FAULT = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Server.'
    b"processingError</faultcode><faultstring>Processing error occurred.</faultstring></e:Fault></e:Body></e:Envelope>"
)
_THROTTLED = _FAULT.replace(b"occurred.", b"occurred. Too many requests")


class Played:
    """What happened to the request that was spoilt."""

    request: Request | None = None
    acted = False


Fault = Callable[[Request, Answer, Played], Response]


def _lost(*, acted: bool) -> Fault:
    def act(request: Request, answer: Answer, played: Played) -> Response:
        played.acted = acted
        if acted:
            answer(request)
        raise AmbiguousWriteError("the line is gone")

    return act


def _answered(response: Response, *, acted: bool = True) -> Fault:
    def act(request: Request, answer: Answer, played: Played) -> Response:
        played.acted = acted
        if acted:
            answer(request)
        return response

    return act


def _cut_off(request: Request, answer: Answer, played: Played) -> Response:
    played.acted = True
    whole = answer(request)
    body = whole.body if isinstance(whole.body, bytes) else b"".join(whole.body)
    return Response(200, body[: len(body) // 2], whole.headers)


def _of_another(request: Request, answer: Answer, played: Played) -> Response:
    played.acted = True
    whole = answer(request)
    body = whole.body if isinstance(whole.body, bytes) else b"".join(whole.body)
    return Response(200, body.replace(b">CC", b">XX"), whole.headers)


FAULTS: dict[str, Fault] = {
    "timeout before it acts": _lost(acted=False),
    "timeout after it acted": _lost(acted=True),
    "500 before it acts": _answered(Response(500, b"", {}), acted=False),
    "500 after it acted": _answered(Response(500, b"", {})),
    "a server's fault after it acted": _answered(Response(500, _FAULT, _XML)),
    "throttled before it acts": _answered(Response(500, _THROTTLED, _XML), acted=False),
    "throttled after it acted": _answered(Response(500, _THROTTLED, _XML)),
    "truncated answer": _cut_off,
    "HTML page": _answered(Response(200, b"<html><body>Sign in</body></html>", {"Content-Type": "text/html"})),
    "answer for another request": _of_another,
}
