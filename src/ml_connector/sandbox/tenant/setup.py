"""What stands before anybody is hired: locations, job profiles, companies, cost centers, pay groups, the top."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.facts import JobProfile, Location, Organization
from ml_connector.sandbox.tenant.world import World

# Workday tells its own moments in one zone for the whole tenant, usually Pacific. Standard time all year round:
# nothing here may depend on the zone files of a machine.
TENANT_ZONE = timezone(timedelta(hours=-8))
SINCE = date(2005, 1, 3)
TOP = "SUP-100"

_HIERARCHIES = (
    ("CH-ACME", "COMPANY_HIERARCHY", "Acme Group"),
    ("CCH-ALL", "COST_CENTER_HIERARCHY", "All Cost Centers"),
)
_PAY_GROUPS = (("PG-HOURLY", "Hourly Biweekly"), ("PG-SALARY", "Salaried Monthly"))


def morning(day: date) -> datetime:
    """The moment at which a day's work begins in the tenant."""
    return datetime.combine(day, time(8), TENANT_ZONE)


def found_organization(
    world: World, reference_id: str, *, kind: str, name: str, code: str = "", superior: str | None = None,
    manager: str | None = None, location: str | None = None, on: date = SINCE,
) -> None:  # fmt: skip
    """Found one organization of any kind."""
    organization = Organization(
        reference_id=reference_id,
        wid=company.make_wid("organization", reference_id),
        kind=kind,
        name=name,
        code=code,
        available_on=on,
        superior=superior,
        manager=manager,
        location=location,
    )
    world.organizations.found(reference_id, kind="Create Organization", on=on, at=morning(on), facts=organization)


def found_job_profile(world: World, profile: company.JobProfile, *, on: date, at: datetime) -> None:
    """Found one job profile."""
    facts = JobProfile(
        reference_id=profile.ref_id,
        wid=company.make_wid("job profile", profile.ref_id),
        code=profile.code,
        title=profile.title,
        category=profile.category,
        shop=profile.shop,
        manages=profile.manages,
        since_on=on,
    )
    world.job_profiles.found(profile.ref_id, kind="Create Job Profile", on=on, at=at, facts=facts)


def found_setup(world: World) -> None:
    """Found all that does not depend on who works here."""
    since = morning(SINCE)
    for place in company.PLACES:
        location = Location(
            location_id=place.location_id,
            wid=company.make_wid("location", place.location_id),
            name=place.name,
            time_zone=place.time_zone,
            since_on=SINCE,
        )
        world.locations.found(place.location_id, kind="Create Location", on=SINCE, at=since, facts=location)
    for profile in company.JOB_PROFILES:
        found_job_profile(world, profile, on=SINCE, at=since)
    for reference_id, kind, name in _HIERARCHIES:
        found_organization(world, reference_id, kind=kind, name=name)
    for code, name in company.COMPANIES.items():
        found_organization(world, code, kind="COMPANY", name=name, code=code, superior="CH-ACME")
    for center in company.COST_CENTERS:
        found_organization(
            world, center.ref_id, kind="COST_CENTER", name=center.name, code=center.code, superior="CCH-ALL"
        )
    for reference_id, name in _PAY_GROUPS:
        found_organization(world, reference_id, kind="PAY_GROUP", name=name)
    found_organization(world, TOP, kind="SUPERVISORY", name="Acme Executive Office", location="HQ")
