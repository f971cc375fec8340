"""
Plex's ways of saying yes and no, with the status codes and bodies its documents (and users' recordings) show.

Where nothing is published - the bodies of 403, 429 and 500 - the shape `{code, message}` is used and the code is ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import msgspec

from ml_connector.sandbox.http import Response

_JSON = "application/json; charset=utf-8"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class RefusedError(Exception):
    """Carries the finished answer of a request that goes no further."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON; decimals leave as JSON numbers, as the vendor's schemas declare them."""
    return Response(status, _ENCODER.encode(value), {"Content-Type": _JSON} | (headers or {}))


def accepted() -> Response:
    """202 without a body: taken for processing, not yet done."""
    return Response(202)


def unauthenticated() -> RefusedError:
    """401, the same for a wrong key, a foreign tenant and a product that is not subscribed."""
    body = {"code": "REQUEST_NOT_AUTHENTICATED", "message": "The request could not be authenticated."}
    return RefusedError(json_answer(body, status=401))


def forbidden() -> RefusedError:
    """403, documented for the resource API, its body seen on three operations only."""
    return RefusedError(json_answer({"code": "REQUEST_FORBIDDEN", "message": "The role lacks this."}, status=403))


def no_route() -> RefusedError:
    """404 of the gateway, when no operation has this address."""
    return RefusedError(
        json_answer({"code": "RESOURCE_NOT_FOUND", "message": "Nothing answers at this address."}, status=404)
    )


def no_such_record() -> RefusedError:
    """404 of an operation about one record: without a body."""
    return RefusedError(Response(404))


def malformed(message: str) -> RefusedError:
    """400 for a body that is no JSON, or JSON of another shape."""
    return RefusedError(json_answer({"code": "REQUEST_MALFORMED", "message": message, "errors": []}, status=400))


def bad_argument(name: str) -> RefusedError:
    """400 for a filter whose value cannot be understood, such as a date without a time or a zone."""
    message = f"The value of {name} cannot be read."
    errors = [{"code": "ARGUMENT_INVALID", "message": message}]
    return RefusedError(json_answer({"code": "ARGUMENT_INVALID", "message": message, "errors": errors}, status=400))


def invalid(faults: Sequence[str]) -> RefusedError:
    """400 with one entry of `errors` for each *fault*."""
    errors = [{"code": "REQUEST_VALIDATION_FAILED", "message": fault} for fault in faults]
    body = {"code": "REQUEST_VALIDATION_FAILED", "message": "The request is not valid.", "errors": errors}
    return RefusedError(json_answer(body, status=400))


def too_many(wait_s: int, *, form: str, now: datetime) -> RefusedError:
    """429; *form* says how `Retry-After` is told: `seconds`, `date` or `none`."""
    headers: dict[str, str] = {}
    if form == "seconds":
        headers["Retry-After"] = str(wait_s)
    elif form == "date":
        # Whole seconds in both headers: `Date`, told a moment later, may already be in the next.
        later = datetime.fromtimestamp(math.ceil(now.timestamp()) + wait_s, UTC)
        headers["Retry-After"] = format_datetime(later, usegmt=True)
    body = {"code": "REQUEST_LIMIT_EXCEEDED", "message": "Too many calls in a minute."}
    return RefusedError(json_answer(body, status=429, headers=headers))
