"""
What a refusal by Plex means, without repeating what it must not: names, numbers and addresses are taken out (PX-14).

*Pure*: an answer in, an error out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector import redaction
from ml_connector.connectors.plex.channel import GATEWAYS, Answer, Call
from ml_connector.connectors.strict_json import parse_json
from ml_connector.connectors.transport import refuse_redirect
from ml_connector.errors import (
    AmbiguousWriteError,
    ConfigurationError,
    MLConnectorError,
    PermissionError_,
    RecordError,
    UnavailableError,
)

_PERSONAL = frozenset(
    {"firstName", "middleName", "lastName", "email", "workPhone", "workExtension", "homePhone", "mobilePhone"}
)
_IN_BETWEEN = frozenset({407, 413, 414, 431, 499})
"""What only somebody between Plex and us answers."""
_MESSAGE_CHARACTERS, _MESSAGES = 200, 3
# Looked at of a refusal: what is shown is in there, however long it is.
_LOOKED_AT, _LOOKED_IN = 20, 4096
# Only so far before the @: what is tried from every place of a long text takes the square of it.
_ADDRESS = re.compile(r"[^\s@'\"<>]{1,64}@[^\s@'\"<>]+")
_LONG_NUMBER = re.compile(r"\d[\d .,/\-]{3,}\d")
_REMEDIES = {
    "REQUEST_VALIDATION_FAILED": "correct the value in Workday or its mapping, then ml-connector reevaluate KEY",
    "ARGUMENT_INVALID": "correct the value in Workday or its mapping, then ml-connector reevaluate KEY",
    "REQUEST_MALFORMED": "correct the value in Workday or its mapping, then ml-connector reevaluate KEY",
    "RESOURCE_NOT_FOUND": "look whether somebody moved or removed it in Plex, then ml-connector reevaluate KEY",
}
_UNKNOWN_REMEDY = "a code we do not know: look at the record in Plex, then ml-connector reevaluate KEY"


class Problem(msgspec.Struct, frozen=True):
    """Plex's error body: `{code, message, errors: [{code, message}]}`, or a data source's `{errors, transactionNo}`."""

    code: str
    messages: tuple[str, ...]


def sort_write(answer: Answer, call: Call, *, sent: Mapping[str, Any], names_record: bool = True) -> MLConnectorError:
    """
    Say what an answer other than the documented success means for the record that was *sent*.

    Only Plex's own answer refuses a record; *names_record*: the address does, so that a 404 can be about it.
    """
    if answer.status == 403:
        return forbidden(call, answer)
    if answer.status in _IN_BETWEEN or answer.is_foreign or (answer.status == 404 and not names_record):
        return AmbiguousWriteError(
            f"somebody other than Plex may have answered: {call.what} (status {answer.status})", unanswered=True
        )
    if 400 <= answer.status < 500 and answer.status not in {408, 409, 425}:
        problem = parse_problem(answer.body, sent=sent)
        code = problem.code or ("RESOURCE_NOT_FOUND" if answer.status == 404 else f"HTTP_{answer.status}")
        return refused(call, Problem(code, problem.messages))
    return AmbiguousWriteError(
        f"Plex gave an answer that proves nothing: {call.what} (status {answer.status})",
        unanswered=answer.status in GATEWAYS,
    )


def sort_read(answer: Answer, call: Call) -> MLConnectorError:
    """Say what an answer other than 200 means for a question. A 404 on a list is never an empty list."""
    if answer.status == 403:
        return forbidden(call, answer)
    if answer.status == 404:
        return ConfigurationError(
            f"Plex has no such resource, or nothing to give, and does not say which: {call.what}, plant {call.plant}",
            remedy="check plex.base_url and that the API product is subscribed",
        )
    if 400 <= answer.status < 500:
        problem = parse_problem(answer.body, sent={})
        return ConfigurationError(
            f"Plex does not take the question: {call.what} ({_tell(problem) or answer.status})",
            remedy="ml-connector ping plex   shows what this connection may ask",
        )
    if 300 <= answer.status < 400:
        return refuse_redirect(answer.status, who="Plex", remedy="set plex.base_url to the address that answers itself")
    return UnavailableError(f"Plex answers with status {answer.status}, which is no answer")


def forbidden(call: Call, answer: Answer) -> PermissionError_:
    """The error for a refusal by role, or by somebody in between who was not to let us through."""
    if answer.is_foreign:
        return PermissionError_(
            f"somebody between Plex and us says no: {call.what}, plant {call.plant} (status {answer.status}, and its page "
            "is not Plex's)",
            remedy="ask who runs the network between here and Plex to let these calls through",
        )
    return PermissionError_(
        f"Plex knows us and says no: {call.what}, plant {call.plant}",
        remedy="ask your Plex administrator for a role that may do this in that PCN",
    )


def refused(call: Call, problem: Problem) -> RecordError:
    """The error for one record that Plex does not take, now or later."""
    return RecordError(
        f"Plex refuses: {call.what} ({_tell(problem)})",
        code=problem.code,
        remedy=_REMEDIES.get(problem.code, _UNKNOWN_REMEDY),
    )


def parse_problem(body: bytes, *, sent: Mapping[str, Any]) -> Problem:
    """Read an error body of either surface; an unreadable one gives an empty problem."""
    try:
        content = parse_json(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return Problem("", ())
    details = content.get("errors")
    parts = [part for part in details if isinstance(part, dict)] if isinstance(details, list) else []
    messages = [content.get("message"), *(part.get("message") for part in parts)]
    codes = [content.get("code"), *(part.get("code") for part in parts)]
    told = [text for text in messages if isinstance(text, str) and text.strip()]
    texts = [redact(text, sent=sent) for text in told[:_LOOKED_AT]]
    code = next((code for code in codes if isinstance(code, str) and re.fullmatch(r"\w{1,64}", code)), "")
    return Problem(code, tuple(dict.fromkeys(texts))[:_MESSAGES])


def redact(text: str, *, sent: Mapping[str, Any]) -> str:
    """Take secrets, personal values, addresses and long numbers out of one message, and cap it."""
    text = redaction.redact(text[:_LOOKED_IN])
    for name in _PERSONAL & sent.keys():
        value = sent[name]
        if isinstance(value, str) and len(value) > 1:
            text = re.sub(re.escape(value), f"[{name}]", text, flags=re.IGNORECASE)
    text = _ADDRESS.sub("[address]", text)
    text = _LONG_NUMBER.sub("[number]", text)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= _MESSAGE_CHARACTERS else text[: _MESSAGE_CHARACTERS - 1] + "…"


def _tell(problem: Problem) -> str:
    return ": ".join(part for part in (problem.code, "; ".join(problem.messages)) if part)
