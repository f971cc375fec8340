"""
Whether an answer says it is what we read: a page of a proxy or of a maintenance day comes with status 200 too. Pure.

Parameters are allowed and not believed: bytes are read as UTF-8 whatever the charset says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_JSON = re.compile(r"(application/json|text/json|application/[\w.\-]+\+json)\s*(;.*)?", re.IGNORECASE)
_SOAP = re.compile(r"(text/xml|application/xml|application/soap\+xml)\s*(;.*)?", re.IGNORECASE)


def says_json(headers: Mapping[str, str]) -> bool:
    """Say whether the answer calls itself JSON; *headers* have lower-case names."""
    return _says(_JSON, headers)


def says_soap(headers: Mapping[str, str]) -> bool:
    """Say whether the answer calls itself the XML that SOAP comes in."""
    return _says(_SOAP, headers)


def _says(kind: re.Pattern[str], headers: Mapping[str, str]) -> bool:
    return kind.fullmatch(headers.get("content-type", "").strip()) is not None
