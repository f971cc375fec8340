"""JSON as Workday's REST family answers it: the body of each refusal, and the cut of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ml_connector.sandbox.http import Request

KIND = "application/json; charset=UTF-8"
Row = TypeVar("Row")


class JsonRefusalError(Exception):
    """A call that is refused: its status, the sentence, and the list of what is wrong, where there is one."""

    def __init__(self, status: int, message: str, *faults: str) -> None:
        super().__init__(message)
        self.status, self.message, self.faults = status, message, faults

    def render(self) -> bytes:
        """Write the body. One without a list is spaced as Workday's gateway spaces it."""
        if not self.faults:
            return b'{ "error": %s }' % msgspec.json.encode(self.message)
        return msgspec.json.encode({"error": self.message, "errors": [{"error": fault} for fault in self.faults]})


def invalid(*faults: str) -> JsonRefusalError:
    """Refuse a request that is not understood."""
    return JsonRefusalError(400, "Invalid request", *faults)


def unauthorized() -> JsonRefusalError:
    """Refuse somebody without a good token."""
    return JsonRefusalError(401, "Invalid resource or operation")


def forbidden() -> JsonRefusalError:
    """Refuse what the user has no permission for."""
    return JsonRefusalError(403, "User has insufficient permissions")


def not_found() -> JsonRefusalError:
    """Say that nothing is there."""
    return JsonRefusalError(404, "Not found")


def throttled() -> JsonRefusalError:
    """Ask for patience. No Retry-After: Workday documents none."""
    return JsonRefusalError(429, "Too many requests")


def cut_page(request: Request, rows: Sequence[Row], *, default: int = 20, most: int = 100) -> Sequence[Row]:
    """
    Cut out the page a request asks for; *offset* counts rows from zero.

    Raises:
        JsonRefusalError: limit or offset is out of range.
    """
    limit = _whole(request, "limit", default=default)
    offset = _whole(request, "offset", default=0)
    if not 1 <= limit <= most:
        raise invalid(f"limit is a whole number between 1 and {most}")
    return rows[offset : offset + limit]


def _whole(request: Request, name: str, *, default: int) -> int:
    text = request.query.get(name, [str(default)])[0]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid(f"{name} is a whole number")
    return int(text)
