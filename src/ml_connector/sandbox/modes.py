"""Every fault mode there is: those of the wire, and those in an answer that arrives whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ml_connector.sandbox.distortions import DISTORTIONS, XML_ONLY, Distortion, is_xml, make_bomb, unzip
from ml_connector.sandbox.effects import ABSENCES, MODES, Exchange, Fault
from ml_connector.sandbox.http import Request, Response, json_response

_REFERENCES = re.compile(rb"(<(?:\w+:)?Request_References\b.*?</(?:\w+:)?Request_References>)", re.DOTALL)
_ID = re.compile(rb"(<(?:\w+:)?ID\b[^>]*>)[^<]*")
_RECORD = re.compile(r"(/(?:workers|jobs|supervisoryOrganizations|jobProfiles)/)[^/]+")
_THROTTLED = (
    b'<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server.processingError</faultcode><faultstring>Processing error "
    b"occurred. Too many requests</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
_NOBODY = "0" * 32
_PAGE = re.compile(rb"(<(?:\w+:)?Page>\s*)(\d+)")
PAGED_ONLY = frozenset({"page_repeated", "page_skipped", "empty_page", "wrong_total"})
PLEX_ONLY = {
    "stale_read": "nothing is written to workday",
    "edited_meanwhile": "nothing is written to workday",
    "id_reused": "in workday, play the scenario id_reused",
}


def _distort(distortion: Distortion, *, xml_only: bool) -> Callable[[Fault, Exchange], None]:
    def effect(fault: Fault, exchange: Exchange) -> None:
        answer = _plain(exchange.act())
        body = bytes(answer.body)  # type: ignore[arg-type]  # _plain made it bytes
        fits = answer.status in (200, 201) and (is_xml(body) or not xml_only)
        exchange.send(replace(answer, body=distortion(body)) if fits else answer)

    return effect


def _plain(response: Response) -> Response:
    """Take an answer whole and uncompressed."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    headers = dict(response.headers)
    if headers.pop("Content-Encoding", None) == "gzip":
        body = unzip(body)
    return Response(response.status, body, headers)


def _wrong_content_type(fault: Fault, exchange: Exchange) -> None:
    answer = exchange.act()
    exchange.send(replace(answer, headers={**answer.headers, "Content-Type": "text/html; charset=utf-8"}))


def _gzip_bomb(fault: Fault, exchange: Exchange) -> None:
    answer = _plain(exchange.act())
    packed = make_bomb(bytes(answer.body))  # type: ignore[arg-type]  # _plain made it bytes
    exchange.send(replace(answer, body=packed, headers={**answer.headers, "Content-Encoding": "gzip"}))


def _turn_page(step: int) -> Callable[[Fault, Exchange], None]:
    """Answer with the page before, or after, the one that was asked for."""

    def effect(fault: Fault, exchange: Exchange) -> None:
        exchange.send(exchange.act_on(lambda request: turn(request, step=step)))

    return effect


def turn(request: Request, *, step: int) -> Request:
    """
    Ask for a neighbouring page instead, by SOAP's Page or REST's and WQL's offset; the first page has none before it.
    """
    found = _PAGE.search(request.body)
    if found is not None:
        page = b"%d" % max(1, int(found[2]) + step)
        return replace(request, body=request.body[: found.start(2)] + page + request.body[found.end(2) :])
    if request.body and "limit" not in request.query:
        return request
    limit = int(request.query.get("limit", ["20"])[0])
    offset = max(0, int(request.query.get("offset", ["0"])[0]) + step * limit)
    return replace(request, query={**request.query, "offset": [str(offset)]})


def _meddle(deed: str) -> Callable[[Fault, Exchange], None]:
    """Act after somebody at the system has done something to the record in question."""

    def effect(fault: Fault, exchange: Exchange) -> None:
        exchange.meddle(deed)
        exchange.send(exchange.act())

    return effect


def _deleted_meanwhile(fault: Fault, exchange: Exchange) -> None:
    """In Plex the record goes for good; Workday keeps everybody, so there the request names nobody any more."""
    if exchange.system == "workday":
        exchange.send(exchange.act_on(ask_for_nobody))
    else:
        _meddle("remove")(fault, exchange)


def ask_for_nobody(request: Request) -> Request:
    """Let a request for single records, by SOAP's references or REST's path, name ids that are not there."""
    if request.method == "GET":
        return replace(request, path=_RECORD.sub(rf"\g<1>{_NOBODY}", request.path))
    found = _REFERENCES.search(request.body)
    if found is None:
        return request
    unknown = _ID.sub(rb"\g<1>" + _NOBODY.encode(), found[0])
    return replace(request, body=request.body[: found.start()] + unknown + request.body[found.end() :])


def _truncated_at(fault: Fault, exchange: Exchange) -> None:
    exchange.send_part(exchange.act(), size=fault.at)


def _token_dies_mid_page(fault: Fault, exchange: Exchange) -> None:
    answer = exchange.act()
    exchange.expire_tokens()
    exchange.send_part(answer, size=None)


def _grant_revoked(fault: Fault, exchange: Exchange) -> None:
    exchange.read()
    exchange.expire_tokens()
    exchange.send(json_response({"error": "invalid_grant"}, 400))


def _refuse_plainly(status: int, code: str, message: str) -> Callable[[Fault, Exchange], None]:
    def effect(fault: Fault, exchange: Exchange) -> None:
        exchange.read()
        exchange.send(json_response({"code": code, "message": message, "error": message}, status))

    return effect


def _throttle(fault: Fault, exchange: Exchange) -> None:
    """
    Workday's way: a fault with status 500 on SOAP, 429 on REST and for reports; neither says for how long.

    The fault's text is published nowhere; this one is ours.
    """
    exchange.read()
    if exchange.path.startswith("/ccx/service/") and "/customreport2/" not in exchange.path:
        exchange.send(Response(500, _THROTTLED, {"Content-Type": "text/xml; charset=utf-8"}))
    else:
        exchange.send(json_response({"code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many requests"}, 429))


ALL_MODES: dict[str, Callable[[Fault, Exchange], None]] = {
    **MODES,
    **{name: _distort(each, xml_only=name in XML_ONLY) for name, each in DISTORTIONS.items()},
    "wrong_content_type": _wrong_content_type,
    "gzip_bomb": _gzip_bomb,
    "page_repeated": _turn_page(-1),
    "page_skipped": _turn_page(1),
    "truncated_at": _truncated_at,
    "token_dies_mid_page": _token_dies_mid_page,
    "grant_revoked": _grant_revoked,
    "throttled": _throttle,
    "quota_403": _refuse_plainly(403, "QUOTA_EXCEEDED", "The quota for this period is used up."),
    "edited_meanwhile": _meddle("edit"),
    "deleted_meanwhile": _deleted_meanwhile,
    "id_reused": _meddle("reuse"),
    "404": _refuse_plainly(404, "RESOURCE_NOT_FOUND", "Not found"),
}
KNOWN = (*ALL_MODES, *ABSENCES)


def spoil(fault: Fault, exchange: Exchange) -> None:
    """Let the fault happen to this exchange."""
    ALL_MODES[fault.mode](fault, exchange)
