"""Looking without touching: are we let in, what is there to read, and what it says in one language for both systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

import msgspec

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import AsOf, NativeRecord, Record, RecordType, System, encode
from ml_connector.connectors.port import Connector, Query, SurfaceHealth, TypeInfo
from ml_connector.errors import ConfigurationError, MLConnectorError, RecordError
from ml_connector.mapping import plex as plex_mapping
from ml_connector.mapping import workday as workday_mapping

REFUSED = 5
UNAVAILABLE = 7

OnFault = Callable[[str, RecordError], None]


class PingReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every surface of the systems asked; *ok* only if all are."""

    ok: bool
    systems: tuple[SurfaceHealth, ...]

    @property
    def exit_code(self) -> int:
        """0 well · 5 refused or not shown enough · 7 nobody was reached and nobody refused us."""
        if self.ok:
            return 0
        bad = [surface for surface in self.systems if not surface.ok]
        reached = any(surface.clock_offset_s is not None or surface.signed_in or surface.types for surface in bad)
        return REFUSED if reached or any(_refuses(surface) for surface in bad) else UNAVAILABLE


class ReadRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What `read` was asked for. *pay* asks Workday for compensation too, which is recorded."""

    system: System
    record_type: RecordType
    since: datetime | None = None
    as_of: date | None = None
    limit: int | None = None
    plant: str | None = None
    raw: bool = False
    pay: bool = True


def connector_of(app: App, system: str) -> Connector:
    """One side of the connection."""
    return app.workday if system == System.WORKDAY else app.plex


def ping(app: App, *, systems: tuple[str, ...] = (System.WORKDAY, System.PLEX)) -> PingReport:
    """Prove access to each system; a refusal is part of the answer, not an error."""
    surfaces = [surface for system in systems for surface in _check(app, system)]
    return PingReport(ok=bool(surfaces) and all(surface.ok for surface in surfaces), systems=tuple(surfaces))


def discover(app: App, *, system: str) -> list[TypeInfo]:
    """Name what one system can give and take."""
    return list(connector_of(app, system).discover())


def read(app: App, request: ReadRequest, *, on_fault: OnFault) -> Iterator[bytes]:
    """
    Yield one line per record: canonical JSON, or the system's own words; the caller adds the line ends.

    A record that cannot be understood goes to *on_fault* with what it is called, and the rest goes on. Reading pay is
    recorded before the first record is given away.

    Raises:
        ConfigurationError: the system has no such record type, or no such plant.
    """
    _check_readable(app, request)
    shows_pay = request.record_type is RecordType.WORKER and request.pay
    if shows_pay:
        _record_view(app, request)
    left = request.limit
    for plant in _plants(app, request):
        for native in _natives(app, _query(app, request, plant=plant, limit=left, include_pay=shows_pay)):
            line = (
                native.payload
                if request.raw
                else _translate(app, native, plant=plant, show_pay=shows_pay, on_fault=on_fault)
            )
            if line is None:
                continue
            yield line
            if left is not None:
                left -= 1
        if left is not None and left <= 0:
            return


def _check(app: App, system: str) -> list[SurfaceHealth]:
    try:
        return list(connector_of(app, system).check())
    except MLConnectorError as error:
        # No credential, or the vault does not open: this system cannot be asked at all.
        problem, remedy = error.message, error.remedy
        unhealthy = SurfaceHealth(
            system=system, surface="all", ok=False, signed_in=False, problem=problem, remedy=remedy
        )
        return [unhealthy]


def _refuses(surface: SurfaceHealth) -> bool:
    return surface.refused or any(not entry.permitted for entry in surface.types)


def _check_readable(app: App, request: ReadRequest) -> None:
    known = sorted({info.type for info in discover(app, system=request.system)})
    if request.record_type not in known:
        raise ConfigurationError(
            f"{request.system} gives no {request.record_type} records", remedy=f"one of {', '.join(known)}"
        )


def _plants(app: App, request: ReadRequest) -> tuple[str | None, ...]:
    """Workday is read once; Plex once per plant."""
    if request.system == System.WORKDAY:
        return (None,)
    return (request.plant,) if request.plant else tuple(plant.pcn for plant in app.connection.plex.plants)


def _query(app: App, request: ReadRequest, *, plant: str | None, limit: int | None, include_pay: bool) -> Query:
    query = Query(record_type=request.record_type, plant=plant, include_pay=include_pay, limit=limit)
    if request.system == System.PLEX:
        return query if request.since is None else msgspec.structs.replace(query, updated_from=request.since)
    now = app.workday.now()
    as_of = AsOf(effective_on=request.as_of or now.date(), entered_at=now)
    until = None if request.since is None else now
    return msgspec.structs.replace(query, as_of=as_of, updated_from=request.since, updated_to=until)


def _natives(app: App, query: Query) -> Iterator[NativeRecord]:
    connector = app.workday if query.plant is None else app.plex
    for page in connector.read(query):
        yield from page.records


def _translate(app: App, native: NativeRecord, *, plant: str | None, show_pay: bool, on_fault: OnFault) -> bytes | None:
    try:
        return encode(_canonical(app, native, plant), disclose_pay=show_pay)
    except RecordError as error:
        name = workday_mapping.name_native(native) if plant is None else None
        on_fault(name or f"a {native.record_type} record", error)
        return None


def _canonical(app: App, native: NativeRecord, plant: str | None) -> Record | dict[str, object]:
    if plant is None:
        return workday_mapping.to_canonical(native, use_preferred_name=app.connection.workday.use_preferred_name)
    record = plex_mapping.to_plant_record(native, plant=plant)
    return {"type": record.type, "plant": record.plant, "key": record.key, "fields": record.fields}


def _record_view(app: App, request: ReadRequest) -> None:
    event = AuditEvent(
        action=AuditAction.PAY_VIEWED,
        actor=app.actor,
        at=app.clock(),
        object="worker//",
        fields=("compensation",),
        detail={"limit": request.limit or "none", "raw": str(request.raw).lower()},
    )
    with app.database.transaction() as tx:
        app.trail.append(tx, [event])
