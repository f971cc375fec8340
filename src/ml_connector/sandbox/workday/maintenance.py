"""
Workday's weekly maintenance: Friday 23:00 to Saturday 03:00 Pacific, during which nothing but this page is served.
"""

from __future__ import annotations

from datetime import datetime

from ml_connector.sandbox.clock import PACIFIC
from ml_connector.sandbox.http import Response

_FRIDAY, _SATURDAY = 4, 5
_PAGE = (
    b"<!DOCTYPE html><html><head><title>Workday</title></head><body>"
    b"<h1>Workday is currently unavailable.</h1><p>Scheduled maintenance</p></body></html>"
)


def is_maintained(at: datetime) -> bool:
    """Say whether an instant lies in the weekly window."""
    local = at.astimezone(PACIFIC)
    return (local.weekday() == _FRIDAY and local.hour >= 23) or (local.weekday() == _SATURDAY and local.hour < 3)


def closed_for_maintenance() -> Response:
    """Answer as the service page does: 503, in HTML, whatever was asked."""
    return Response(503, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
