"""
Somebody who looks on while a plan is drawn up, and remembers what is decided of one person.

What is told of a person is what was decided, therefore, and never a second opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.desired import Desired, Pending
from ml_connector.review.store import Parked
from ml_connector.sync.diff import Decision


class Decided(Protocol):
    """What of a draft grows while it is drawn up."""

    parked: list[Parked]
    pending: list[Pending]


class Compared(NamedTuple):
    """One record of the person: what it should be, what it was found to be, and what follows."""

    item: Desired
    actual: PlexRecord | None
    agreed: dict[str, Scalar] | None
    decision: Decision | None


class Witness:
    """Remembers one person: *worker* is the profile that speaks for them, None where nobody was decided about."""

    def __init__(self, person: str) -> None:
        self.person = person
        self.worker: Worker | None = None
        self.in_scope = True
        self.wanted: list[Desired] = []
        self.compared: list[Compared] = []
        self.parked: list[Parked] = []
        self.pending: list[Pending] = []

    def watch(self, worker: Worker, wanted: Iterator[Desired], draft: Decided) -> Iterator[Desired]:
        """Pass on what is wanted of the person, and remember it and what it leaves in the *draft*."""
        self.worker = worker
        parked, pending = len(draft.parked), len(draft.pending)
        for item in wanted:
            self.wanted.append(item)
            yield item
        self.parked += draft.parked[parked:]
        self.pending += draft.pending[pending:]

    def leave_out(self, worker: Worker) -> None:
        """Remember that the person is out of scope."""
        if worker.key == self.person:
            self.in_scope = False

    def note_doubt(self, parked: Mapping[str, Parked]) -> None:
        """Remember the question, by profile or person, that keeps everybody from telling who the person is."""
        self.parked += [item for key, item in parked.items() if key == self.person]

    def note(self, compared: Compared, parked: Iterable[Parked]) -> None:
        """Remember a comparison, and what it *parked*, if it is of the person."""
        if self.knows(compared.item):
            self.compared.append(compared)
            self.parked += parked

    def note_orphan(self, change: Any, parked: Parked) -> None:
        """Remember what lacks its parent, if it is of the person."""
        if self.knows(change):
            self.parked.append(parked)

    def knows(self, record: Any) -> bool:
        """
        Whether a record, wanted or to be changed, is the person's, in whatever plant: an employee's id is theirs alone.
        """
        return any((it.type, it.key) == (record.type, record.key) for it in self.wanted)
