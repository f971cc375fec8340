"""What a plan is before it is kept, and what its guards count beside it."""

from __future__ import annotations

from typing import get_args

import msgspec

from ml_connector.connectors.port import Action
from ml_connector.mapping.desired import Pending
from ml_connector.review.store import Parked
from ml_connector.sync.baseline.store import Agreed
from ml_connector.sync.change import Change, Hold
from ml_connector.sync.headcount import HeadcountLine
from ml_connector.sync.placed.remembered import KeptPlace

_ACTIONS: tuple[str, ...] = get_args(Action)


class Draft(msgspec.Struct, kw_only=True):
    """
    A plan before it is kept: everything that was decided, including what not to do.

    *agreed* are records both sides turn out to hold alike without a write of ours: the baseline learns them. *fill*
    says which fields Workday shows, of workers of whom it changed; *active* is the population that the guards measure
    by: who is active, and was until an ending of now or lately; *today* is the date of the plant where it is earliest.
    *in_step* are employees found in step together with their attributes, by plant and key, and by what (`sync.steady`).
    *not_given* are the types Workday's surface does not give: nothing is decided from them. *nobody* tells that no
    worker was decided about: what Workday leaves out of them stops everybody. *placed* are the places that were found
    anew, by worker (`sync.placed`). *going* is what nothing holds, by type, plant and source, though only a part of it
    may be asked for in *changes*. *missed* counts what a whole comparison found that no window of Workday's log had
    told of; None between two of them.
    """

    changes: list[Change] = []
    noop: int = 0
    agreed: list[Agreed] = []
    parked: list[Parked] = []
    pending: list[Pending] = []
    holds: list[Hold] = []
    not_given: frozenset[str] = frozenset()
    fill: dict[str, int] = {}
    headcount: list[HeadcountLine] = []
    active: int = 0
    today: str = ""
    nobody: bool = False
    missed: int | None = None
    in_step: dict[tuple[str, str], str] = {}
    placed: dict[str, KeptPlace] = {}
    going: frozenset[tuple[str, str, str]] = frozenset()

    def counts(self) -> dict[str, int]:
        """How many records of each verdict."""
        counts = dict.fromkeys((*_ACTIONS, "noop", "hold", "pending", "parked"), 0)
        for change in self.changes:
            counts["hold" if change.hold else change.action] += 1
        counts["noop"], counts["pending"], counts["parked"] = self.noop, len(self.pending), len(self.parked)
        return counts if self.missed is None else counts | {"drift_found_by_full": self.missed}
