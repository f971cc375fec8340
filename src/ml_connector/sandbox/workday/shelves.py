"""Selecting from one shelf of the tenant by key or WID: what every listing but that of workers does alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.sandbox.tenant.history import History
from ml_connector.sandbox.workday.call import Call

Histories = Mapping[str, History[Any]]


def known_keys(call: Call, shelf: Histories) -> list[str]:
    """List what exists on the day asked for, as known by the moment asked for."""
    return [key for key, history in list(shelf.items()) if history.at(call.as_of.on, by=call.as_of.by) is not None]


def find_key(call: Call, shelf: Histories, kind: str, text: str) -> str | None:
    """Find a key by its own ID, or by WID."""
    if kind == "WID":
        return next((key for key in known_keys(call, shelf) if shelf[key].entries[0].changes["wid"] == text), None)
    history = shelf.get(text)
    return text if history is not None and history.at(call.as_of.on, by=call.as_of.by) is not None else None
