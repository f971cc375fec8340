"""What guards count beside a run: who was written to within their window, by both clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import get_args

from ml_connector.connectors.port import Action
from ml_connector.settings.forms import parse_interval_s
from ml_connector.settings.sync import Sync
from ml_connector.sync.allowance import LEAVING, PEOPLE, Lately
from ml_connector.sync.belief import Moment
from ml_connector.sync.change import Change
from ml_connector.sync.sent.store import SentStore

_ACTIONS: tuple[str, ...] = get_args(Action)


def look_back(store: SentStore, changes: Sequence[Change], *, sync: Sync, now: Moment) -> Lately:
    """
    What guards count beside these changes: only asked for where there is something to guard.

    A write leaves the window only when both clocks say so, by as much as they may be apart: a jump of Workday's that
    somebody let pass does not shorten it.
    """
    actions: set[str] = {change.action for change in changes if change.type in PEOPLE}
    actions |= LEAVING if actions & LEAVING else set()
    filling = {change.plant for change in changes if change.action == "create"}
    filling -= store.filled_plants() if filling else set()
    if not actions or not sync.guard.rolls:
        return Lately(filling=filling)
    window, apart = (timedelta(seconds=parse_interval_s(it)) for it in (sync.guard.rolling.window, sync.clock_ahead))
    since = Moment(now.entered_at - window, now.looked_at - window + apart)
    sent = store.sent_since(since, ours=now.looked_at, actions=actions)
    return Lately(sent=sent, filling=filling)
