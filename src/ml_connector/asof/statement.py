"""Nouns of the past: what our records say Plex held, since when, and on whose authority. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.claim import RowVersion

How = Literal["written", "agreed", "found"]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that a person released, and without which this write would have waited."""

    hold: str
    by: str
    at: datetime


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What Plex answered to a write; *hash* is the SHA-256 of the body of its answer, *reason* how it was proved."""

    state: str
    status: int | None = None
    reference: str | None = None
    hash: str | None = None
    reason: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """
    What stands behind a value. *at* is when it came true, or was seen, by Workday's clock.

    *run* wrote or noted it, *by* its actor; *planned_in* is the run that drew up *plan*, *planned_by* its actor.
    *effective_on* and *entered_at* are the two moments Workday was asked as of; *crosswalk* is the digest of the
    mapping in force. *request* is the body as sent, of which what is Plex's own is left out.
    """

    how: How
    at: datetime
    action: str
    reason: str
    source: str
    run: int | None = None
    by: str | None = None
    plan: str | None = None
    planned_in: int | None = None
    planned_by: str | None = None
    effective_on: str | None = None
    entered_at: str | None = None
    crosswalk: str | None = None
    approvals: tuple[Approval, ...] = ()
    request: dict[str, Any] | None = None
    answer: Answer | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing our records say about one Plex record, by Workday's clock *at* that moment.

    *fields* are the values it tells; *rows* the mapping rows they came from. *begins*: the record was created, so what
    was said before is over; *gone*: it was not there; *origin*: it came, as it was, from that plant. *run* is when we
    learned of it, by our own counting; *order* puts what one run says of one moment in a row.
    """

    plant: str
    type: str
    key: str
    at: datetime
    run: int
    order: tuple[int, ...]
    fields: dict[str, Scalar]
    rows: dict[str, RowVersion] = {}
    begins: bool = False
    gone: bool = False
    origin: str = ""
    evidence: Evidence
