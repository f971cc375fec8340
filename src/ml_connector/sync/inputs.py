"""
What a plan follows from, as one digest: where nothing of it changed, the plan that was made from it still stands. Pure.

Planning is a pure function, so this is safe as long as everything it looks at is in here. Baselines and fill rates are
not: they explain a change and compare readings, and where nothing is to be changed and nothing was read anew, they
decide nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ml_connector.canonical.keys import encode
from ml_connector.settings.model import Connection
from ml_connector.sync.gather import Gathered

# Raise it when the same inputs lead to another plan.
DECISION = 8


def fingerprint_inputs(
    gathered: Gathered,
    *,
    connection: Connection,
    crosswalk: str,
    refused: Iterable[str],
    who: Sequence[object],
    ahead: Sequence[object],
) -> str:
    """
    SHA-256 of the content both sides showed, each plant's day, the settings, the crosswalk, what Plex refused, who is
    who, and what lies ahead.
    """
    contents = {"|".join(scope): extract.content_id for scope, extract in gathered.extracts.items()}
    days = {plant: day.isoformat() for plant, day in gathered.today.items()}
    told = [DECISION, contents, days, connection.model_dump(mode="json"), crosswalk, sorted(refused), who, ahead]
    return hashlib.sha256(encode(told)).hexdigest()
