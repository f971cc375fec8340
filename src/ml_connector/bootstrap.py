"""The only place that builds things: configuration in, a wired connection out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ml_connector import log, redaction
from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.audit.store import AuditTrail
from ml_connector.connectors.budget.budget import Pacing
from ml_connector.connectors.budget.shared import MOST_SHARED, SharedBudget
from ml_connector.connectors.budget.store import BudgetStore
from ml_connector.connectors.hands import rest
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.port import Connector
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.surfaces import open_workday
from ml_connector.errors import ConfigurationError, UsageError
from ml_connector.mapping.plex_fields import writable_fields
from ml_connector.mapping.store import MappingStore
from ml_connector.secret import Secret
from ml_connector.settings.loading import load_settings
from ml_connector.settings.model import Connection, Settings
from ml_connector.storage.database import Database, open_database
from ml_connector.storage.migrate import migrate
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.upstream import owners_of
from ml_connector.sync.verbs import Syncer
from ml_connector.vault.keys import MasterKey, open_master_key
from ml_connector.vault.record import CredentialName
from ml_connector.vault.store import Vault

SEAL = "audit seal"
_TOLD_FROM_S = 5.0
_VERSIONED = (AuditAction.CREDENTIAL_SET, AuditAction.CREDENTIAL_ROTATED, AuditAction.CREDENTIAL_REMOVED)
_LOOKED_BACK = 100

OnWait = Callable[[str, float], None]
"""Told which system is waited for, and for how many seconds."""


def utc_now() -> datetime:
    """The host's clock, for what happens on the host; never for what happened in Workday."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class App:
    """Everything one command works with. Connectors are built on first use."""

    settings: Settings
    name: str
    database: Database
    vault: Vault
    trail: AuditTrail
    actor: str
    locked: ConfigurationError | None = None
    """Why the vault does not open, where a command goes on without it."""
    clock: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = rest
    on_wait: OnWait = lambda _system, _seconds: None

    @property
    def connection(self) -> Connection:
        return self.settings.connections[self.name]

    @cached_property
    def workday(self) -> Connector:
        settings = self.connection.workday
        return open_workday(
            settings,
            credential=self._credential("workday"),
            keep=self._keep("workday"),
            transport=self._transport("workday"),
            clock=self.clock,
            sleep=self._waiting("workday"),
            pay_rates=self.connection.sync.pay_rates,
        )

    @cached_property
    def plex(self) -> Connector:
        settings = self.connection.plex
        return PlexConnector(
            settings,
            credential=self._credential("plex"),
            transport=self._transport("plex"),
            clock=self.clock,
            sleep=self._waiting("plex"),
            budget=self._share_budget(),
        )

    @cached_property
    def mappings(self) -> MappingStore:
        return MappingStore(self.database)

    @cached_property
    def tools(self) -> SyncTools:
        return SyncTools(
            name=self.name,
            connection=self.connection,
            database=self.database,
            trail=self.trail,
            workday=lambda: self.workday,
            plex=lambda: self.plex,
            crosswalk=lambda days: self.mappings.crosswalk(self.name, days=days),
            actor=self.actor,
            clock=self.clock,
            sleep=self.sleep,
        )

    @cached_property
    def syncer(self) -> Syncer:
        return Syncer(self.tools)

    def close(self) -> None:
        """Let go of the systems that were reached, and of the database last."""
        for built in ("workday", "plex"):
            if built in self.__dict__:
                self.__dict__[built].close()
        self.database.close()

    def _share_budget(self) -> Pacing | None:
        """What Plex counts together, whichever command spends it; None where so much may be spent that nobody waits."""
        calls = self.connection.plex.own_calls_per_minute
        if calls > MOST_SHARED:
            return None
        store = BudgetStore(self.database, self.name, calls_per_minute=calls)
        return SharedBudget(store, sleep=self._waiting("plex"))

    def _waiting(self, system: str) -> Callable[[float], None]:
        """Sleep; and say so first when a person would begin to wonder."""

        def sleep(seconds: float) -> None:
            if seconds >= _TOLD_FROM_S:
                self.on_wait(system, seconds)
            self.sleep(seconds)

        return sleep

    def _transport(self, system: str) -> Transport:
        hosts = self.settings.hosts
        return Transport(system=system, allow=hosts.allow, ca_bundle=hosts.ca_bundle)

    def _credential(self, system: str) -> Callable[[str], Secret]:
        def credential(field: str) -> Secret:
            secret = self.vault.get(connection=self.name, system=system, field=field)
            if not field.endswith(("username", "client_id")):  # no secrets, and may be words of ours: ml-connector
                redaction.register_secret(secret)
            return secret

        return credential

    def _keep(self, system: str) -> Callable[[str, Secret], None]:
        """Seal what a system exchanged for a stored credential, and say so, in one transaction."""

        def keep(field: str, value: Secret) -> None:
            redaction.register_secret(value)
            place = (self.name, system, field)
            told = version_told(self.trail, place)
            with self.database.transaction() as tx:
                info = self.vault.set(
                    tx, connection=self.name, system=system, field=field, value=value, issued=True, told=told
                )
                event = AuditEvent(
                    action=AuditAction.CREDENTIAL_ROTATED,
                    actor=self.actor,
                    at=self.clock(),
                    object="credential//" + "/".join(place),
                    reason=f"{system} gave a new one in its place",
                    detail={"version": info.version},
                )
                self.trail.append(tx, [event])

        return keep


@contextmanager
def open_app(
    *,
    config: Path | None,
    connection: str | None,
    actor: str,
    needs_key: bool = True,
    on_wait: OnWait = lambda _system, _seconds: None,
) -> Iterator[App]:
    """
    Read the configuration, open the database and the vault, and wire one connection.

    Without *needs_key* a missing or wrong master key is no obstacle: `App.locked` says so, and nothing is recorded.

    Raises:
        ConfigurationError: anything of it is missing or wrong, with the command that fixes it.
    """
    settings = load_settings(config)
    log.configure(settings.log.level, settings.log.file)
    name = choose_connection(settings, connection)
    master_key: MasterKey | ConfigurationError
    try:
        master_key = open_master_key(settings.vault.master_key)
    except ConfigurationError as error:
        if needs_key:
            raise
        master_key = error
    database = open_database(settings.database.url)
    app: App | None = None
    try:
        migrate(database)
        app = wire(settings, name=name, database=database, master_key=master_key, actor=actor)
        app = replace(app, on_wait=on_wait)
        if app.locked is not None and needs_key:
            raise app.locked
        yield app
        app.trail.write_anchor(only_if_appended=True)
    finally:
        if app is not None:
            app.close()
        else:
            database.close()


def wire(
    settings: Settings, *, name: str, database: Database, master_key: MasterKey | ConfigurationError, actor: str
) -> App:
    """
    Put the parts together; the database must be migrated. In place of a key that cannot be had stands why.

    Raises:
        ConfigurationError: a field that could be written has no owner.
    """
    owners_of(settings.connections[name]).check(writable_fields())
    setting = settings.vault.master_key
    vault = Vault(database, master_key=master_key, reload=lambda: open_master_key(setting))
    locked, seal_key = None, None
    try:
        seal_key = vault.derive(SEAL)
    except ConfigurationError as error:
        locked = error
    trail = AuditTrail(database, seal_key=seal_key, anchor_file=settings.audit.anchor_file)
    return App(settings=settings, name=name, database=database, vault=vault, trail=trail, actor=actor, locked=locked)


def version_told(trail: AuditTrail, place: CredentialName) -> int:
    """
    The highest version of a credential that the trail tells of, looking back over its last hundred events of a kind; 0
    for none.

    The newest event may tell of a lower one: the vault's tables were put back once, and numbered on from there.
    """
    key = "/".join(place)
    told = [item for action in _VERSIONED for item in trail.list(_LOOKED_BACK, action=action, key=key)]
    return max((int(item.event.detail["version"]) for item in told), default=0)


def choose_connection(settings: Settings, name: str | None) -> str:
    """
    The connection asked for, or the only one there is.

    Raises:
        ConfigurationError: there is none. UsageError: there are several, or none of that name.
    """
    names = sorted(settings.connections)
    if name is None and len(names) == 1:
        return names[0]
    if not names:
        raise ConfigurationError("the configuration has no connection", remedy="ml-connector init   writes an example")
    if name not in names:
        what = f"there is no connection {name}" if name else "there are several connections"
        raise UsageError(what, remedy=f"--connection {' | '.join(names)}")
    return name
