"""What is in use: the codes current workers and seats point to, plant by plant, and the two sides' lists of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import UnsetType

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import AsOf, NativeRecord, Record, RecordType, known_text
from ml_connector.canonical.organization import Position
from ml_connector.canonical.plant import PlexRecord
from ml_connector.canonical.workforce import Job, Organizations, Worker
from ml_connector.connectors.port import Query
from ml_connector.errors import RecordError
from ml_connector.mapping import plex as plex_mapping
from ml_connector.mapping import workday as workday_mapping
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.reference_data import Use
from ml_connector.mapping.routing import route
from ml_connector.settings.plex import Plant
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.gather import plant_days

SETUP = (
    RecordType.ACCOUNT,
    RecordType.DEPARTMENT,
    RecordType.POSITION,
    RecordType.BUILDING,
    RecordType.COST_CENTER,
)


def count_workers(app: App, *, progress: Progress) -> Counter[Use]:
    """Count the active workers in scope behind every code in use."""
    contingent, plants = app.connection.sync.contingent_workers, app.connection.plex.plants
    uses: Counter[Use] = Counter()
    for record in read_workday(app, RecordType.WORKER, progress=progress):
        if isinstance(record, Worker) and is_counted(record, contingent=contingent):
            uses.update(uses_of_worker(plants, record))
    return uses


def is_counted(worker: Worker, *, contingent: bool) -> bool:
    """Whether a worker is active and in scope."""
    return worker.active is True and (contingent or worker.worker_type == "employee")


def uses_of_seats(app: App, *, progress: Progress) -> set[Use]:
    """Name the codes that seats use, filled and open: they count in the planned headcount."""
    plants = app.connection.plex.plants
    return {use for seat in read_workday(app, RecordType.POSITION, progress=progress) for use in _seat(plants, seat)}


def take_moments(app: App) -> AsOf:
    """Now, by Workday's clock, and the latest day it is then in a plant, as a plan asks for too (TZ-02)."""
    now = app.workday.now()
    return AsOf(max(plant_days(app.connection.plex.plants, now).values()), now)


def read_workday(app: App, kind: RecordType, *, progress: Progress) -> Iterator[Record]:
    """Yield the records of one type as of now. One that cannot be understood is told by `plan`; here others speak."""
    done = 0
    for page in app.workday.read(Query(record_type=kind, as_of=take_moments(app))):
        for native in page.records:
            record = _understood(app, native)
            if record is not None:
                yield record
        done += len(page.records)
        progress(f"reading workday {kind.value.replace('_', ' ')} records", done, page.total)


def read_setup(app: App, *, plant: str, progress: Progress) -> list[PlexRecord]:
    """Read a plant's accounts and setup tables."""
    records: list[PlexRecord] = []
    stage = f"reading plex setup tables of plant {plant}"
    for done, kind in enumerate(SETUP):
        progress(stage, done, len(SETUP))
        for page in app.plex.read(Query(record_type=kind, plant=plant)):
            records += [plex_mapping.to_plant_record(native, plant=plant) for native in page.records]
    progress(stage, len(SETUP), len(SETUP))
    return records


def _understood(app: App, native: NativeRecord) -> Record | None:
    try:
        return workday_mapping.to_canonical(native, use_preferred_name=app.connection.workday.use_preferred_name)
    except RecordError:
        return None


def uses_of_worker(plants: Sequence[Plant], worker: Worker) -> set[Use]:
    """Name what one worker uses, each code once, whatever number of jobs it stands behind."""
    jobs = () if isinstance(worker.jobs, UnsetType) else worker.jobs
    told = [(job, worker.organizations if job.primary else job.organizations) for job in jobs]
    return {use for job, organizations in told for use in _uses_of_job(plants, job, organizations)}


def _uses_of_job(plants: Sequence[Plant], job: Job, told: Organizations | UnsetType) -> Iterator[Use]:
    organizations = told if isinstance(told, Organizations) else Organizations()
    codes = {
        Kind.COST_CENTER: organizations.cost_center,
        Kind.JOB_PROFILE: job.job_profile_id,
        Kind.LOCATION: job.location_id,
    }
    return _placed(plants, organizations.company, job.location_id, codes)


def _seat(plants: Sequence[Plant], seat: Record) -> Iterator[Use]:
    if isinstance(seat, Position):
        codes = {Kind.COST_CENTER: seat.cost_center, Kind.JOB_PROFILE: seat.job_profile_id}
        yield from _placed(plants, seat.company, seat.location_id, codes)


def _placed(plants: Sequence[Plant], company: object, location: object, codes: Mapping[Kind, object]) -> Iterator[Use]:
    try:
        plant = route(plants, company=known_text(company), location=known_text(location))
    except RecordError:
        return
    for kind, code in codes.items():
        if isinstance(code, str):
            yield plant.pcn, kind, code
