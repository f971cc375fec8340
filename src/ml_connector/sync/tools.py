"""What every step of a sync works with: one connection, its two systems, its stores, its actor and its clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from ml_connector.audit.store import AuditTrail
from ml_connector.connectors.port import Connector
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.store import MappingStore
from ml_connector.review.store import ReviewStore
from ml_connector.settings.model import Connection
from ml_connector.snapshot.extracts.store import ExtractStore
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.storage.database import Database
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.lease.store import LeaseStore
from ml_connector.sync.placed.store import PlacedStore
from ml_connector.sync.runs.store import RunStore
from ml_connector.sync.sent.store import SentStore
from ml_connector.sync.store import SyncStore
from ml_connector.sync.strangers.store import StrangerStore
from ml_connector.timeline.facts.store import FactStore
from ml_connector.timeline.links.store import LinkStore


@dataclass(frozen=True, kw_only=True)
class SyncTools:
    """
    Built once per command by the bootstrap.

    *workday* and *plex* connect on first use; *crosswalk* loads the mapping as it is at the moment of asking, for each
    plant's own day.
    """

    name: str
    connection: Connection
    database: Database
    trail: AuditTrail
    workday: Callable[[], Connector]
    plex: Callable[[], Connector]
    crosswalk: Callable[[Mapping[str, date]], Crosswalk]
    actor: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def connector(self, system: str) -> Connector:
        """The system of that name."""
        return self.plex() if system == "plex" else self.workday()

    @cached_property
    def mappings(self) -> MappingStore:
        return MappingStore(self.database)

    @cached_property
    def runs(self) -> RunStore:
        return RunStore(self.database, self.name)

    @cached_property
    def sent(self) -> SentStore:
        return SentStore(self.database, self.name)

    @cached_property
    def strangers(self) -> StrangerStore:
        return StrangerStore(self.database)

    @cached_property
    def store(self) -> SyncStore:
        return SyncStore(self.database, self.name)

    @cached_property
    def history(self) -> HistoryStore:
        return HistoryStore(self.database, self.name)

    @cached_property
    def leases(self) -> LeaseStore:
        return LeaseStore(self.database, self.name)

    @cached_property
    def baselines(self) -> BaselineStore:
        return BaselineStore(self.database, self.name)

    @cached_property
    def placed(self) -> PlacedStore:
        return PlacedStore(self.database, self.name)

    @cached_property
    def review(self) -> ReviewStore:
        return ReviewStore(self.database)

    @cached_property
    def links(self) -> LinkStore:
        return LinkStore(self.database, self.name)

    @cached_property
    def facts(self) -> FactStore:
        return FactStore(self.database, self.name)

    @cached_property
    def extracts(self) -> ExtractStore:
        return ExtractStore(self.database)

    @cached_property
    def snapshots(self) -> SnapshotStore:
        return SnapshotStore(self.database)
