"""
Two views through which Workday's answers reach us: everybody under another id, and with more in them than we know of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ml_connector.sandbox.http import Request, Response
from tests.rehearsal import Answer

_WID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_NUMBER = re.compile(rb"(?<=[>.\- E'])0[0-9]{5}(?![0-9])")
_HEX = bytes.maketrans(b"0123456789abcdef", b"fedcba9876543210")
_DIGITS = bytes.maketrans(b"0123456789", b"9876543210")


def rename(text: bytes) -> bytes:
    """Give every WID and every worker's number its counterpart, in reverse order; twice is as it was."""
    text = _WID.sub(lambda match: match[0].translate(_HEX), text)
    return _NUMBER.sub(lambda match: b"0" + match[0][1:].translate(_DIGITS), text)


def rename_all(value: Any) -> Any:
    """The same for a state: every text in it."""
    if isinstance(value, str):
        return rename(b">" + value.encode()).decode()[1:]
    if isinstance(value, Mapping):
        return {rename_all(key): rename_all(each) for key, each in value.items()}
    if isinstance(value, tuple | list | set):
        return type(value)(rename_all(each) for each in value)
    return value


def under_other_names(request: Request, answer: Answer) -> Response:
    """Workday with everybody and everything under another id, in what it is asked and in what it says."""
    asked = Request(request.method, request.path, request.query, request.headers, rename(request.body))
    return _said(answer(asked), rename)


_UNKNOWN = (
    b'<wd:Sandbox_Unheard_Of_Data wd:Since="v99.9"><wd:Sandbox_Note>100 &amp; more</wd:Sandbox_Note>'
    b'<wd:ID wd:type="Employee_ID">000001</wd:ID></wd:Sandbox_Unheard_Of_Data>'
)
_GROWS = re.compile(rb"<wd:(Worker_Data|Personal_Data|Employment_Data|Organization_Data|Position_Data)(\s[^>]*)?>")


def with_more(request: Request, answer: Answer) -> Response:
    """Workday with elements and attributes that no schema of ours knows."""
    return _said(answer(request), lambda body: _GROWS.sub(lambda match: match[0] + _UNKNOWN, body))


def _said(response: Response, change: Any) -> Response:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return Response(response.status, change(body), response.headers)
