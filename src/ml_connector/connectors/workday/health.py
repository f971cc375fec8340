"""
What `ping` can prove of a tenant: sign-in, clock, version, and per record type whether we see what we should.

Workday refuses a task with a fault, but leaves out without a word what a *domain* forbids: so a refusal, an empty
answer and a section that nobody in a sample has are told apart (UP-02, CC-13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from lxml import etree

from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.connectors.port import SurfaceHealth, TypeHealth, tell_failed
from ml_connector.connectors.workday.faults import grant_domain, grant_task
from ml_connector.connectors.workday.operations import BSVC, OPERATIONS
from ml_connector.connectors.workday.split import SplitPage
from ml_connector.connectors.workday.version import tell_age
from ml_connector.errors import ConfigurationError, MLConnectorError, PermissionError_
from ml_connector.safe_xml import parse_xml

SAMPLE = 10
_ZONE_HOURS = range(1, 15)  # no time zone is further from another's clock than what a mix-up of zones gives
_ZONE_SLACK_S = 5
_CLOCK_SLACK_S = 300

_STAFFING = "Worker Data: Current Staffing Information"
_EVERYBODYS = (
    ("Worker_Data/Personal_Data/Name_Data", "Person Data: Name"),
    ("Worker_Data/Personal_Data/Contact_Data", "Person Data: Work Contact Information"),
    ("Worker_Data/Employment_Data/Worker_Status_Data", _STAFFING),
)
# Whoever is not active (left, or hired for a later day) may rightly have none of these.
_ACTIVE_ONES = (
    ("Worker_Data/Employment_Data/Worker_Job_Data/Position_Data", _STAFFING),
    ("Worker_Data/Organization_Data", "Worker Data: Organization Information"),
)
_PAY_SECTION = ("Worker_Data/Compensation_Data", "Worker Data: Compensation by Organization")

AskClock = Callable[[], datetime]
AskSample = Callable[[RecordType, AsOf, int], SplitPage]


def check_tenant(
    *, ask_clock: AskClock, ask_sample: AskSample, clock: Callable[[], datetime], version: str, pay_rates: bool
) -> SurfaceHealth:
    """Ask the clock, then a small sample of every record type. Never raises for a refusal."""
    asked_at = clock()
    age = tell_age(version, today=asked_at.date())
    note = age.note if age.warning is None else f"{age.note}. {age.warning}"
    try:
        theirs = ask_clock()
    except MLConnectorError as error:
        return SurfaceHealth(
            system="workday",
            surface="soap",
            ok=False,
            signed_in=isinstance(error, PermissionError_),
            exit_code=error.exit_code,
            version=version,
            version_note=note,
            problem=error.message,
            remedy=error.remedy,
        )
    ours = asked_at + (clock() - asked_at) / 2
    offset_s = (theirs - ours).total_seconds()
    mixed_up, problem = judge_clock(offset_s)
    as_of = AsOf(theirs.date(), theirs)
    types = tuple(_check_type(kind, as_of=as_of, ask_sample=ask_sample, pay_rates=pay_rates) for kind in OPERATIONS)
    return SurfaceHealth(
        system="workday",
        surface="soap",
        ok=not mixed_up and all(each.permitted and each.problem is None for each in types),
        signed_in=True,
        version=version,
        version_note=note,
        exit_code=ConfigurationError.exit_code if mixed_up else None,
        clock_offset_s=round(offset_s, 3),
        types=types,
        problem=problem,
        remedy="set this machine's clock and time zone right (NTP)" if problem else None,
    )


def judge_clock(offset_s: float) -> tuple[bool, str | None]:
    """A whole number of hours is a mix-up of time zones (TZ-06) and fails; any other gap is only told."""
    hours = round(abs(offset_s) / 3600)
    if hours in _ZONE_HOURS and abs(abs(offset_s) - hours * 3600) <= _ZONE_SLACK_S:
        return True, (
            f"Workday's clock and ours differ by {hours} whole hour{'s'[: hours > 1]}: a time zone is mixed up, "
            "and changes would be missed or read twice"
        )
    if abs(offset_s) > _CLOCK_SLACK_S:
        return False, f"Workday's clock and ours differ by {offset_s:.0f} s; moments are taken from Workday's"
    return False, None


def _check_type(kind: RecordType, *, as_of: AsOf, ask_sample: AskSample, pay_rates: bool) -> TypeHealth:
    operation = OPERATIONS[kind]
    try:
        page = ask_sample(kind, as_of, SAMPLE if kind is RecordType.WORKER else 1)
    except MLConnectorError as error:
        return tell_failed(kind, error)
    if page.results.total == 0:
        return TypeHealth(
            type=kind,
            permitted=True,
            count=0,
            problem=f"{operation.name} answers and shows nothing: there is nothing, or we may see nothing",
            remedy=grant_task(operation.name),
        )
    problem, remedy = None, None
    if kind is RecordType.WORKER:
        absent = find_absent_domains(page.records, pay_rates=pay_rates)
        if absent:
            problem = f"nobody in a sample of {len(page.records)} has what these domains protect: {', '.join(absent)}"
            remedy = "; ".join(grant_domain(domain) for domain in absent)
    return TypeHealth(type=kind, permitted=True, count=page.results.total, problem=problem, remedy=remedy)


def find_absent_domains(records: Sequence[bytes], *, pay_rates: bool) -> list[str]:
    """Name the domains whose section is missing in every one of these workers (Worker elements as XML)."""
    workers = list(_parse_some(records))
    active = [worker for worker in workers if worker.findtext(_ACTIVE, "1").strip() not in {"0", "false"}]
    absent: list[str] = []
    judged = [(section, workers) for section in _EVERYBODYS] + [(section, active) for section in _ACTIVE_ONES]
    judged += [(_PAY_SECTION, active)] if pay_rates else []
    for (path, domain), seen in judged:
        if seen and domain not in absent and all(worker.find(_qualify(path)) is None for worker in seen):
            absent.append(domain)
    return absent


def _qualify(path: str) -> str:
    return "/".join(f"{{{BSVC}}}{step}" for step in path.split("/"))


_ACTIVE = _qualify("Worker_Data/Employment_Data/Worker_Status_Data/Active")


def _parse_some(records: Iterable[bytes]) -> Iterator[etree._Element]:
    for record in records:
        try:
            yield parse_xml(record)
        except ValueError:
            continue  # a broken record is told when it is read; here the others speak
