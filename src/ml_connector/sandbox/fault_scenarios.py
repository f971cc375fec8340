"""Faults by name: `fault:…` sets one up for a system, with the numbers a rehearsal would otherwise have to look up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.sandbox.distortions import DISTORTIONS

PREFIX = "fault:"
_FOR_EVER: Mapping[str, Any] = {"count": None}

_PLAIN = (
    "500", "404", "quota_403", "throttled", "timeout_before", "reset_before", "half_read", "half_read_stall", "timeout_after", "reset_after",
    "500_after", "truncated", "empty", "html", "soap_fault_200", "garbage_json", "wrong_answer", "slow", "empty_200",
    "no_rows", "bom", "mixed_encodings", "duplicate_keys", "numbers_as_strings", "nan", "gzip_bomb",
    "wrong_content_type", "wrong_total", "page_repeated", "page_skipped", "empty_page", "doctype", "entity_bomb",
    "quadratic_blowup", "external_entity", "xinclude", "wrong_namespace", "comment_split_id", "token_dies_mid_page",
    "refused", "connect_timeout", "id_reused",
)  # fmt: skip

_PAGED = {"page_repeated", "page_skipped", "empty_page"}

SCENARIOS: dict[str, Mapping[str, Any]] = {
    "stale-read": {"mode": "stale_read", "retry_after": "30"},
    "truncated-at": {"mode": "truncated_at", "at": 64},
    "edited-meanwhile": {"mode": "edited_meanwhile", "method": "PUT"},
    "deleted-meanwhile": {"mode": "deleted_meanwhile", "method": "GET"},
    "429-seconds": {"mode": "429", "retry_after": "2"},
    "429-date": {"mode": "429", "retry_after": "date:2"},
    "429-no-header": {"mode": "429", "retry_after": "none"},
    "429-negative": {"mode": "429", "retry_after": "-5"},
    "429-huge": {"mode": "429", "retry_after": "1000000000"},
    "503-retry-after": {"mode": "503", "retry_after": "2"},
    "maintenance": {"mode": "503", **_FOR_EVER},
    "401-once": {"mode": "401"},
    "401-loop": {"mode": "401", **_FOR_EVER},
    "token-expired": {"mode": "token_expired"},
    "grant-revoked": {"mode": "grant_revoked", **_FOR_EVER},
    "role-removed-403": {"mode": "403", "after": 1, **_FOR_EVER},
    "role-removed-empty": {"mode": "no_rows", "after": 1, **_FOR_EVER},
    **{name.replace("_", "-"): {"mode": name} for name in _PLAIN if name not in _PAGED},
    **{name.replace("_", "-"): {"mode": name, "after": 1} for name in sorted(_PAGED)},
}
# What is wrong with an answer's content, or with a role, shows where data is: elsewhere it would prove nothing.
_OF_DATA = frozenset(DISTORTIONS) | {
    "403", "html", "soap_fault_200", "garbage_json", "wrong_answer", "empty_200", "wrong_content_type", "gzip_bomb",
    "page_repeated", "page_skipped", "deleted_meanwhile", "truncated", "truncated_at", "token_dies_mid_page",
}  # fmt: skip
_ONE_EMPLOYEE = {"path": "/api/mdm/v1/employees/"}
_BY_SYSTEM: dict[tuple[str, str], Mapping[str, Any]] = {
    ("grant_revoked", "workday"): {"path": "/ccx/oauth2/"},
    ("grant_revoked", "plex"): {"path": "/oauth2/"},
    ("edited_meanwhile", "plex"): _ONE_EMPLOYEE,
    ("deleted_meanwhile", "plex"): _ONE_EMPLOYEE,
    # A list is let through as it is: whom it named is gone for every request that names them.
    ("deleted_meanwhile", "workday"): {"method": None, **_FOR_EVER},
    ("id_reused", "plex"): {"path": "/api/mdm/v1/employees"},
}


def find_fault(name: str, *, system: str) -> dict[str, Any]:
    """
    Find what a scenario such as `fault:429-date` sets up for a system.

    Raises:
        LookupError: there is no such scenario.
    """
    wanted = SCENARIOS.get(name.removeprefix(PREFIX))
    if wanted is None:
        known = ", ".join(f"{PREFIX}{each}" for each in SCENARIOS)
        raise LookupError(f"there is no fault {name!r}; there are {known}")
    aimed = {"data_only": True} if system == "workday" and wanted["mode"] in _OF_DATA else {}
    return {"system": system, **wanted, **aimed, **_BY_SYSTEM.get((wanted["mode"], system), {})}
