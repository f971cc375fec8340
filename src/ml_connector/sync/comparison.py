"""
What is wanted beside what is there and what was agreed on: changes, what waits, and what is in step, put down in a
draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial

import msgspec

from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import RecordError
from ml_connector.mapping.desired import Desired
from ml_connector.mapping.rules import Owner, is_owned
from ml_connector.review.store import Parked
from ml_connector.settings.model import Connection
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.baseline.store import Agreed, BaselineStore
from ml_connector.sync.cause import find_cause, is_open
from ml_connector.sync.change import Change
from ml_connector.sync.diff import Decision, Sides, decide
from ml_connector.sync.draft import Draft
from ml_connector.sync.gather import Gathered
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.parking import park_desired
from ml_connector.sync.render import render
from ml_connector.sync.steady import Steady
from ml_connector.sync.upstream import find_held, owners_of
from ml_connector.sync.witness import Compared, Witness

_SUPERVISOR = "supervisor_id"
_Compared = tuple[Desired, PlexRecord | None, Decision | None]


class Comparison:
    """Compares a batch at a time; *arrived* are records that a transfer brings, as they will be."""

    def __init__(
        self,
        draft: Draft,
        *,
        connection: Connection,
        gathered: Gathered,
        snapshots: SnapshotStore,
        lookup: Lookup,
        history: HistoryStore,
        baselines: BaselineStore,
        refused: Mapping[str, Parked],
        arrived: Mapping[tuple[str, str, str], PlexRecord],
        steady: Steady,
        witness: Witness,
    ) -> None:
        """*refused* is what is not to be sent again by itself, by content."""
        self._draft, self._connection, self._gathered = draft, connection, gathered
        self._snapshots, self._lookup = snapshots, lookup
        self._history, self._baselines, self._refused, self._arrived = history, baselines, refused, arrived
        self._steady, self._witness = steady, witness
        self._badge_of = cache(self._find_badge)
        owners = owners_of(connection)
        self._owned = {
            owner: cache(partial(is_owned, by=owner, owners=owners)) for owner in (Owner.WORKDAY, Owner.PLEX)
        }

    @cached_property
    def doubted(self) -> frozenset[tuple[str, str, str]]:
        """Records that an earlier plan found otherwise, and whose change was not carried out."""
        refused = {(item.type, item.plant, item.key) for item in self._refused.values()}
        return frozenset(refused | self._history.open_records())

    def each(self, wanted: Iterable[Desired]) -> None:
        """Compare what could be read, a type and plant at a time."""
        groups: dict[tuple[str, str], list[Desired]] = {}
        for item in wanted:
            groups.setdefault((item.type, item.plant), []).append(item)
        for (kind, plant), items in groups.items():
            if self._lookup.readable("plex", kind, plant):
                self.one(kind, plant, items)

    def one(self, kind: str, plant: str, items: Sequence[Desired]) -> None:
        """Compare what is wanted of one type in one plant, or without a plant in Workday."""
        source, target = (Owner.WORKDAY, Owner.PLEX) if plant else (Owner.PLEX, Owner.WORKDAY)
        extract = self._gathered.extracts[target.value, kind, plant]
        keys = [item.key for item in items]
        held = find_held(self._snapshots, extract, keys=keys)
        agreed = self._baselines.baseline(kind, plant, keys=keys)
        sides = Sides(source=source.name.capitalize(), target=target.name.capitalize())
        compared = list[_Compared]()
        for item in items:
            actual = held.get(item.key) or self._arrived.get((kind, plant, item.key))
            decision = decide(
                item,
                actual,
                baseline=agreed.get(item.key),
                status_inactive=self._connection.plex.status_inactive,
                owned=self._owned[source],
                sides=sides,
            )
            compared.append((item, actual, decision))
        for item, actual, decision in self._with_causes(kind, plant, compared):
            parked = len(self._draft.parked)
            if decision is None:
                self._draft.noop += 1
                # An ending that came true without our knowing leaves nothing agreed; one we never wrote, nothing new.
                nothing = None if item.state == "present" else item.fields
                doubted = (item.type, item.plant, item.source) in self.doubted
                if doubted or agreed.get(item.key, nothing) != item.fields:
                    self._draft.agreed.append(_agreed(item, actual))
                elif item.state == "present":
                    self._steady.note(item)
            else:
                self._add(item, actual, decision)
            if self._witness.wanted:
                self._witness.note(Compared(item, actual, agreed.get(item.key), decision), self._draft.parked[parked:])

    def _with_causes(self, kind: str, plant: str, compared: Sequence[_Compared]) -> Iterator[_Compared]:
        """
        The same, each change with what it follows from; only of those is looked up what they were decided by before.
        """
        asked = [item.key for item, _, decision in compared if is_open(decision)]
        known = self._history.last_known(kind, plant, keys=asked) if asked else {}
        for item, actual, decision in compared:
            if decision is not None and is_open(decision):
                decision = decision._replace(reason=find_cause(item, decision, known.get(item.key)))
            yield item, actual, decision

    def _add(self, item: Desired, actual: PlexRecord | None, decision: Decision) -> None:
        try:
            today = self._gathered.as_of.effective_on.isoformat()
            changes = list(render(item, actual, decision, texts=self._connection.plex, today=today))
        except RecordError as error:
            self._draft.parked.append(park_desired(item, error))
            return
        changes = [self._spoken(change) for change in changes]
        refused = [self._refused[change.content_hash] for change in changes if change.content_hash in self._refused]
        if refused:
            self._draft.parked += refused
        else:
            self._draft.changes += changes

    def _spoken(self, change: Change) -> Change:
        """With the badge of the supervisor a record has until now: nobody knows people by their ids."""
        boss = change.before.get(_SUPERVISOR)
        worn = self._badge_of(boss) if isinstance(boss, str) else None
        return msgspec.structs.replace(change, spoken_before={_SUPERVISOR: worn}) if worn else change

    def _find_badge(self, key: str) -> str | None:
        """Of an employee in whichever plant they are: supervisors may be in another one."""
        plants = (plant for side, kind, plant in self._lookup.types() if (side, kind) == ("plex", "employee"))
        held = next((found for plant in plants if (found := self._lookup.plex("employee", plant, key))), None)
        return None if held is None else str(held.fields.get("badge_number") or "") or None


def _agreed(item: Desired, actual: PlexRecord | None) -> Agreed:
    status = None if item.state == "present" or actual is None else actual.fields.get("status")
    return Agreed(item.type, item.plant, item.key, item.fields, item.source, item.rows, status)
