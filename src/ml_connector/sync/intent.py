"""One change on its way to the other system, and what became of an attempt. *Pure.*"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ml_connector.sync.change import Change

UNANSWERED = "unanswered"
"""The code of an ambiguous attempt that Plex may be at work on yet: it was cut off, or somebody before Plex gave up."""
NOT_LOOKED_UP = "not_looked_up"
"""The code of a refused creation of which could not be looked up whether it is there: the next reading tells."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One change on its way; *sent_at* is the moment, in ISO 8601, before its last attempt could begin."""

    plan_id: int
    seq: int
    state: str
    attempt: int
    change: Change
    reason: str | None = None
    sent_at: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of one attempt; *sent* is false where nothing had to be sent, *code* the system's own for a refusal.

    *status* and *response_hash* are those of the answer, where there was one.
    """

    intent: Intent
    state: str
    sent: bool = True
    reason: str | None = None
    remedy: str | None = None
    reference: str | None = None
    code: str | None = None
    status: int | None = None
    response_hash: str | None = None


def iterate_levels(intents: Sequence[Intent], *, size: int) -> Iterator[list[Intent]]:
    """Cut intents, already in order, into batches of one level each."""
    batch: list[Intent] = []
    for intent in intents:
        if batch and (intent.change.level != batch[0].change.level or len(batch) == size):
            yield batch
            batch = []
        batch.append(intent)
    if batch:
        yield batch
