"""Looking without touching: are we let in, what is there to read, and what it says in one language for both systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import AsOf, NativeRecord, Record, RecordType, System, encode
from ml_connector.connectors.plex.health import ask_for_role
from ml_connector.connectors.port import Connector, Query, SurfaceHealth, TypeHealth, TypeInfo
from ml_connector.errors import (
    ConfigurationError,
    MLConnectorError,
    PermissionError_,
    RecordError,
    UnavailableError,
    UsageError,
)
from ml_connector.hosts import LOOPBACK
from ml_connector.mapping import plex as plex_mapping
from ml_connector.mapping import workday as workday_mapping
from ml_connector.mapping.fill import NOTHING_SHOWN, grant_nothing_shown
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.usecases.usage import take_moments

OnFault = Callable[[str, RecordError], None]


class PingReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every surface of the systems asked; *ok* only if all are."""

    ok: bool
    systems: tuple[SurfaceHealth, ...]

    @property
    def exit_code(self) -> int:
        """0 well · 5 refused or not shown enough · 6 something is to be set right here · 7 only try again later."""
        if self.ok:
            return 0
        codes = {code for surface in self.systems if not surface.ok for code in _codes(surface)}
        return next((code for code in _GRAVEST_FIRST if code in codes), PermissionError_.exit_code)


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
    """
    Prove access to each system; a refusal is part of the answer, not an error.

    A type that shows nothing, where the last complete reading had records, is not well: a role or domain is missing.
    """
    surfaces = [_compared(app, _with_calendar(app, surface)) for system in systems for surface in _check(app, system)]
    return PingReport(ok=bool(surfaces) and all(surface.ok for surface in surfaces), systems=tuple(surfaces))


def discover(app: App, *, system: str) -> list[TypeInfo]:
    """
    Name what one system can give and take, once it was asked: of one that was not reached it would only be hoped for.

    Raises:
        MLConnectorError: the system is not reached, or does not let us in.
    """
    return list(connector_of(app, system).discover(ask=True))


def read(app: App, request: ReadRequest, *, on_fault: OnFault) -> Iterator[bytes]:
    """
    Yield one line per record: canonical JSON, or the system's own words; the caller adds the line ends.

    A record that cannot be understood goes to *on_fault* with what it is called, and the rest goes on. Reading pay is
    recorded before the first record is given away.

    Raises:
        UsageError: the system has no such record type, no such plant, or no such filter.
        PermissionError_: everything was asked for, and nothing is shown where there must be something.
    """
    info = _check_readable(app, request)
    shows_pay = request.record_type is RecordType.WORKER and request.pay
    if shows_pay:
        _record_view(app, request)
    left = request.limit
    for plant in _plants(app, request):
        shown = False
        for native in _natives(app, _query(app, request, plant=plant, limit=left, include_pay=shows_pay)):
            shown = True
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
        if not shown and request.since is None and request.as_of is None:
            _check_nothing(app, request, info, plant=plant)
        if left is not None and left <= 0:
            return


def _check_nothing(app: App, request: ReadRequest, info: TypeInfo, *, plant: str | None) -> None:
    """What `ping` finds wrong with a type that shows nothing, raised; Plex may rightly have nothing to show."""
    kind = request.record_type
    before = _shown_before(app, request.system, kind, plant)
    if plant is not None and not before:
        return
    where = f" of plant {plant}" if plant else ""
    why = _taken_away(before) if before else NOTHING_SHOWN
    remedy = (
        ask_for_role(kind, plant)
        if plant is not None
        else grant_nothing_shown(kind, _name(info), app.connection.workday)
    )
    raise PermissionError_(f"{request.system} {kind}{where}: {why}", remedy=remedy)


def _name(info: TypeInfo) -> str:
    """The operation or data source by which Workday is asked, as its own reports of security know it."""
    return info.operation.partition(" (")[0].partition(",")[0].rpartition(".")[2]


def _shown_before(app: App, system: str, kind: str, plant: str | None) -> int:
    last = ExtractStore(app.database).last_believed(Scope(app.name, system, kind, plant or ""))
    return last.total if last is not None else 0


def _taken_away(before: int) -> str:
    return f"empty, and the last complete reading had {before:,}: a role or permission was taken away"


def _check(app: App, system: str) -> list[SurfaceHealth]:
    try:
        return list(connector_of(app, system).check())
    except MLConnectorError as error:
        # No credential, or the vault does not open: this system cannot be asked at all.
        problem, remedy = error.message, error.remedy
        unhealthy = SurfaceHealth(
            system=system,
            surface="all",
            ok=False,
            signed_in=False,
            exit_code=error.exit_code,
            problem=problem,
            remedy=remedy,
        )
        return [unhealthy]


def _compared(app: App, surface: SurfaceHealth) -> SurfaceHealth:
    types = tuple(_compared_type(app, surface, entry) for entry in surface.types)
    worse = any(entry.problem != before.problem for entry, before in zip(types, surface.types, strict=True))
    return msgspec.structs.replace(surface, types=types, ok=surface.ok and not worse)


def _with_calendar(app: App, surface: SurfaceHealth) -> SurfaceHealth:
    """A sandbox on this machine lives on a calendar of its own: no clock is wrong."""
    host = urlsplit(app.connection.workday.base_url).hostname
    told = surface.problem is not None and surface.signed_in and surface.clock_offset_s is not None
    if surface.system != System.WORKDAY or host not in LOOPBACK or not told:
        return surface
    today = (app.clock() + timedelta(seconds=surface.clock_offset_s or 0)).date()
    note = f"it is {today} there: a sandbox lives on a calendar of its own, and moments are taken from its clock"
    ok = all(entry.permitted and entry.problem is None for entry in surface.types)
    return msgspec.structs.replace(surface, ok=ok, exit_code=None, problem=note, remedy=None)


def _compared_type(app: App, surface: SurfaceHealth, entry: TypeHealth) -> TypeHealth:
    if entry.count != 0:
        return entry
    before = _shown_before(app, surface.system, entry.type, surface.plant)
    if not before:
        return entry
    remedy = entry.remedy
    if surface.plant is not None:
        remedy = ask_for_role(entry.type, surface.plant)
    return msgspec.structs.replace(entry, problem=_taken_away(before), remedy=remedy)


_GRAVEST_FIRST = (PermissionError_.exit_code, ConfigurationError.exit_code, UnavailableError.exit_code)


def _codes(surface: SurfaceHealth) -> Iterator[int]:
    """What each thing that is wrong with a surface would end a command with; where we see too little, a refusal."""
    if surface.exit_code is not None:
        yield surface.exit_code
        return
    wrong = [entry.exit_code for entry in surface.types if entry.problem is not None]
    yield from (PermissionError_.exit_code if code is None else code for code in wrong or [None])


def _check_readable(app: App, request: ReadRequest) -> TypeInfo:
    infos = connector_of(app, request.system).discover()
    known = sorted({info.type for info in infos})
    if request.record_type not in known:
        raise UsageError(
            f"{request.system} gives no {request.record_type} records", remedy=f"one of {', '.join(known)}"
        )
    info = next(info for info in infos if info.type == request.record_type)
    _check_filters(app, request, info=info)
    return info


def count_active(app: App) -> dict[str, int]:
    """How many employees are active in each plant's Plex now, by the plant's number and name."""
    counts: Counter[str] = Counter()
    for plant in app.connection.plex.plants:
        name = f"plant {plant.pcn} {plant.company_code}"
        for page in app.plex.read(Query(record_type=RecordType.EMPLOYEE, plant=plant.pcn)):
            records = [plex_mapping.to_plant_record(native, plant=plant.pcn) for native in page.records]
            counts[name] += sum(each.fields.get("status") == app.connection.plex.status_active for each in records)
    return dict(counts)


def _check_filters(app: App, request: ReadRequest, *, info: TypeInfo) -> None:
    """A filter that the system does not know would be ignored, and the answer taken for something it is not."""
    named = f"{request.system} {request.record_type}"
    if request.since is not None and not info.change_filters:
        raise UsageError(
            f"{named} records cannot be asked for by when they changed: the system offers no such filter",
            remedy=f"leave out --since; ml-connector discover {request.system}   names the change filters there are",
        )
    if request.as_of is not None and request.system == System.PLEX:
        raise UsageError("Plex keeps no history to ask as of a date", remedy="leave out --as-of")
    if request.plant is not None and request.system == System.WORKDAY:
        raise UsageError("Workday knows no Plex plants", remedy="leave out --plant")
    plants = app.connection.plex.pcns
    if request.plant is not None and request.plant not in plants:
        raise UsageError(f"there is no plant {request.plant}", remedy=f"one of {', '.join(plants)}")


def _plants(app: App, request: ReadRequest) -> tuple[str | None, ...]:
    """Workday is read once; Plex once per plant."""
    if request.system == System.WORKDAY:
        return (None,)
    return (request.plant,) if request.plant else tuple(app.connection.plex.pcns)


def _query(app: App, request: ReadRequest, *, plant: str | None, limit: int | None, include_pay: bool) -> Query:
    query = Query(record_type=request.record_type, plant=plant, include_pay=include_pay, limit=limit)
    if request.system == System.PLEX:
        return query if request.since is None else msgspec.structs.replace(query, updated_from=request.since)
    now = take_moments(app)
    as_of = AsOf(effective_on=request.as_of or now.effective_on, entered_at=now.entered_at)
    until = None if request.since is None else now.entered_at
    return msgspec.structs.replace(query, as_of=as_of, updated_from=request.since, updated_to=until, whole_pages=True)


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
