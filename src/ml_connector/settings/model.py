"""Everything that may stand in the configuration, as one frozen value."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator, model_validator

from ml_connector.hosts import host_fault, tidy_allowed
from ml_connector.settings.forms import Frozen
from ml_connector.settings.plex import PlexConnection
from ml_connector.settings.sync import MappingControl, Sync
from ml_connector.settings.workday import WorkdayConnection


class Database(Frozen):
    """Where state is kept: SQLite (one machine) or PostgreSQL."""

    url: str = "sqlite:///ml-connector.db"

    @field_validator("url")
    @classmethod
    def _ours(cls, value: str) -> str:
        if not re.match(r"sqlite:///|postgresql(\+psycopg)?://", value):
            kind = value.partition(":")[0]  # the rest may hold a password
            raise ValueError(f"{kind}: is no database we keep state in: sqlite:///FILE or postgresql+psycopg://…")
        return value


class Vault(Frozen):
    """Where the master key lives: `file:PATH`, `env:NAME` or `keyring:SERVICE`."""

    master_key: str = "file:ml-connector.key"

    @field_validator("master_key")
    @classmethod
    def _known_backend(cls, value: str) -> str:
        if not re.fullmatch(r"(file|env|keyring):.+", value):
            raise ValueError("must be file:PATH, env:NAME or keyring:SERVICE")
        return value


class Audit(Frozen):
    """*anchor_file* receives the sealed head after each run; keep it where the database's writer cannot edit it."""

    anchor_file: str | None = None


class Log(Frozen):
    """Structured log lines on standard error, or in *file*."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    file: str | None = None


class Hosts(Frozen):
    """Exact host names allowed besides Workday's and Plex's own, and the private CA bundle they may need."""

    allow: tuple[str, ...] = ()
    ca_bundle: str | None = None

    @field_validator("allow")
    @classmethod
    def _can_match(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names, faults = [], []
        for entry in value:
            try:
                names.append(tidy_allowed(entry))
            except ValueError as fault:
                faults.append(str(fault))
        if faults:
            raise ValueError("\n".join(faults))
        return tuple(names)


class Connection(Frozen):
    """One Workday tenant kept in step with one Plex enterprise."""

    workday: WorkdayConnection
    plex: PlexConnection
    sync: Sync = Sync()
    mapping: MappingControl = MappingControl()


class Settings(Frozen):
    """Everything a run may know about its surroundings."""

    database: Database = Database()
    vault: Vault = Vault()
    audit: Audit = Audit()
    log: Log = Log()
    hosts: Hosts = Hosts()
    connections: dict[str, Connection] = {}

    @model_validator(mode="after")
    def _hosts_are_theirs(self) -> Settings:
        for name, connection in self.connections.items():
            urls = [("workday.host", "workday", connection.workday.base_url)]
            urls += [("plex.base_url", "plex", connection.plex.base_url)]
            if connection.plex.token_url:
                urls += [("plex.token_url", "plex", connection.plex.token_url)]
            if connection.plex.datasource_url:
                urls += [("plex.datasource_url", "plex", connection.plex.datasource_url)]
            for key, system, url in urls:
                fault = host_fault(url, system=system, allow=self.hosts.allow)
                if fault:
                    raise ValueError(f"connections.{name}.{key}: {fault}")
        return self
