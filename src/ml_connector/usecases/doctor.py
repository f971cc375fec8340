"""What stands between here and a working sync, in the order to fix it, each with the command that does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ml_connector.bootstrap import App, open_app
from ml_connector.connectors.plex.catalog import READS, Catalog
from ml_connector.errors import FaultsError, MLConnectorError
from ml_connector.mapping.claim import Kind
from ml_connector.settings.loading import load_settings
from ml_connector.settings.model import Settings
from ml_connector.sync.upstream import why_not_written
from ml_connector.usecases.credentials import fields_needed, find_put_back
from ml_connector.usecases.inspection import ping
from ml_connector.vault.keys import open_master_key

CONFIGURATION = 6


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at. Something *optional* leaves a part of the work held and stops nothing else."""

    what: str
    ok: bool
    detail: str
    remedy: str | None = None
    optional: bool = False
    exit_code: int = CONFIGURATION


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All findings; *ok* when nothing indispensable is missing."""

    ok: bool
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """That of the first thing to fix."""
        return next((each.exit_code for each in self.findings if not each.ok and not each.optional), 0)


def diagnose(*, config: Path | None, connection: str | None, actor: str) -> Diagnosis:
    """Look at everything a sync needs. What cannot be looked at for want of something earlier is left out."""
    findings = tuple(_findings(config, connection, actor))
    return Diagnosis(ok=all(each.ok or each.optional for each in findings), findings=findings)


def _findings(config: Path | None, connection: str | None, actor: str) -> Iterator[Finding]:
    try:
        settings = load_settings(config)
        yield Finding(what="configuration", ok=True, detail=_name(settings))
        key = open_master_key(settings.vault.master_key)
        yield Finding(what="master key", ok=True, detail=f"key {key.id}")
    except FaultsError as error:
        yield from (Finding(what="configuration", ok=False, detail=fault.message) for fault in error.faults[:-1])
        yield Finding(what="configuration", ok=False, detail=error.faults[-1].message, remedy=error.remedy)
        return
    except MLConnectorError as error:
        yield _problem("configuration or key", error)
        return
    try:
        with open_app(config=config, connection=connection, actor=actor) as app:
            yield Finding(what="database", ok=True, detail="opens, tables up to date")
            yield from _of_app(app)
    except MLConnectorError as error:
        yield _problem("database and connection", error)


def _of_app(app: App) -> Iterator[Finding]:
    yield from _vault(app)
    missing = list(_missing_credentials(app))
    put_back = list(_credentials_put_back(app))
    yield from [*missing, *put_back] or [
        Finding(what="credentials", ok=True, detail="everything the two sign-ins need is stored")
    ]
    yield from _routes(app)
    yield from _datasources(app)
    yield from _mapping(app)
    yield from _upstream(app)
    if not missing:
        yield from _reach(app)


def _vault(app: App) -> Iterator[Finding]:
    try:
        app.vault.check()
        stored = app.vault.list()
    except MLConnectorError as error:
        yield _problem("vault", error)
        return
    for info in stored:  # of every connection: one that does not open keeps the key from being rotated
        connection, system, field = info.place
        try:
            app.vault.get(connection=connection, system=system, field=field)
        except MLConnectorError as error:
            yield _problem("vault", error)


def _missing_credentials(app: App) -> Iterator[Finding]:
    stored = {(info.system, info.field) for info in app.vault.list(app.name)}
    for system, field in fields_needed(app.connection):
        if (system, field) not in stored:
            yield Finding(
                what="credentials",
                ok=False,
                detail=f"no {system} {field} is stored",
                remedy=f"ml-connector credentials set {system} {field} --connection {app.name}",
            )


def _credentials_put_back(app: App) -> Iterator[Finding]:
    for info in find_put_back(app):
        yield Finding(
            what="credentials",
            ok=False,
            detail=f"the {info.system} {info.field} stored is older than the one the audit trail tells of: it was put back",
            remedy=f"ml-connector credentials set {info.system} {info.field} --connection {app.name}   "
            "and ask who could write to the database",
        )


def _routes(app: App) -> Iterator[Finding]:
    for plant in app.connection.plex.plants:
        if not plant.routes:
            remedy = 'add routes = [{ company = "…", location = "…" }] to the plant in the configuration'
            yield Finding(what="routes", ok=False, detail=f"no worker is routed to plant {plant.pcn}", remedy=remedy)
        if plant.default_shift is None:
            detail = f"plant {plant.pcn} has no default_shift: planned headcount is left alone"
            remedy = "set default_shift of the plant to one of its shifts"
            yield Finding(what="default shift", ok=False, detail=detail, remedy=remedy, optional=True)


def _datasources(app: App) -> Iterator[Finding]:
    catalog = Catalog(app.connection.plex.datasources)
    without = [entry for entry in catalog.used() if entry.id is None]
    for entry in without:
        reads = entry.name in READS.values()
        yield Finding(
            what="data sources",
            ok=False,
            detail=f"{entry.name} has no id: {'what it reads' if reads else 'what it writes'} is held",
            remedy=f"ask your Plex Champion, then set connections.{app.name}.plex.datasources.{entry.name}.id",
            optional=True,
        )
    if not without:
        yield Finding(what="data sources", ok=True, detail="all have an id")


def _mapping(app: App) -> Iterator[Finding]:
    rows = app.mappings.load(app.name)
    accepted = Counter(row.kind for row in rows if row.state == "accepted")
    waiting, drafts = (sum(row.state == state for row in rows) for state in ("proposed", "draft"))
    if app.connection.mapping.approval == "one_person":
        detail = "one person alone may change mapping rows that are in force"
        remedy = f'set connections.{app.name}.mapping.approval = "two_people"'
        yield Finding(what="mapping approval", ok=False, detail=detail, remedy=remedy, optional=True)
    if drafts:
        detail = f"{drafts} change{'' if drafts == 1 else 's'} of rows in force wait for another person"
        remedy = "ml-connector mapping approve --all"
        yield Finding(what="mapping", ok=False, detail=detail, remedy=remedy, optional=True)
    if not accepted:
        remedy = "ml-connector mapping import --propose   then   ml-connector mapping import --accept-proposed"
        yield Finding(what="mapping", ok=False, detail="nothing is mapped yet", remedy=remedy)
        return
    counted = ", ".join(f"{accepted[kind]} {kind.value.replace('_', ' ')}" for kind in Kind if accepted[kind])
    yield Finding(what="mapping", ok=True, detail=f"{counted} accepted; gaps: ml-connector mapping coverage")
    if waiting:
        detail = f"{waiting} proposed, waiting for a person"
        remedy = "ml-connector mapping import --accept-proposed"
        yield Finding(what="mapping", ok=False, detail=detail, remedy=remedy, optional=True)


def _upstream(app: App) -> Iterator[Finding]:
    """
    Where Plex owns cost centers, whether they may be written to Workday; the right itself shows with the first write.
    """
    if app.connection.sync.cost_centers != "plex":
        return
    why = why_not_written(app.connection.workday, name=app.name)
    if why is None:
        needs = "Plex owns them: Put_Cost_Center needs Put access on the domain “Manage: Cost Center”, besides Get"
        yield Finding(what="cost centers to Workday", ok=True, detail=needs)
        return
    reason, remedy = why
    detail = f"Plex owns them, and {reason}: their changes are shown and held"
    yield Finding(what="cost centers to Workday", ok=False, detail=detail, remedy=remedy, optional=True)


def _reach(app: App) -> Iterator[Finding]:
    report = ping(app)
    for surface in report.systems:
        name = f"{surface.system} {surface.surface}"
        if surface.ok:
            yield Finding(what=name, ok=True, detail="reachable, signed in, permitted")
            continue
        problems = [(entry.problem, entry.remedy) for entry in surface.types if entry.problem]
        problem, remedy = problems[0] if surface.problem is None and problems else (surface.problem, surface.remedy)
        more = f" (and {len(problems) - 1} more: ml-connector ping)" if len(problems) > 1 else ""
        detail = f"{problem or 'not well'}{more}"
        yield Finding(what=name, ok=False, detail=detail, remedy=remedy, exit_code=report.exit_code)


def _problem(what: str, error: MLConnectorError) -> Finding:
    return Finding(what=what, ok=False, detail=error.message, remedy=error.remedy, exit_code=error.exit_code)


def _name(settings: Settings) -> str:
    names = ", ".join(settings.connections)
    return f"valid; connection {names}" if names else "valid, and has no connection yet"
