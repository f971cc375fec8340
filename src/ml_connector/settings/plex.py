"""How to reach Plex, its plants, and who belongs to which."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ml_connector.settings.forms import Frozen, check_filled, check_host, check_zone


class Route(Frozen):
    """Workers of this company and location belong to the plant; `*` (or leaving out) means any."""

    company: str = "*"
    location: str = "*"

    @property
    def weight(self) -> int:
        """How specific: the number of things it names; the higher wins, and a tie is refused at load (WP-08)."""
        return (self.company != "*") + (self.location != "*")

    def meets(self, other: Route) -> Route | None:
        """The narrowest company and location that both take, or None where no worker fits both."""
        company = _narrower(self.company, other.company)
        location = _narrower(self.location, other.location)
        return None if company is None or location is None else Route(company=company, location=location)


class Plant(Frozen):
    """One Plex Customer Number: a plant or a legal entity, with its own records."""

    pcn: str = Field(pattern=r"^\d{1,10}$")
    company_code: str = Field(pattern=r"\S")
    tenant_id: str | None = None
    time_zone: str = "UTC"
    routes: tuple[Route, ...] = ()
    default_shift: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return check_zone(value)


class DataSource(Frozen):
    """One row of the data-source catalogue as this customer has it; names left out keep their defaults."""

    id: int | None = None
    inputs: dict[str, str] = {}
    columns: dict[str, str] = {}
    fixed: dict[str, Any] = {}


class PlexConnection(Frozen):
    """
    How to reach one Plex enterprise and its plants.

    *datasource_url* and *datasource_auth* are for enterprises whose data sources live elsewhere than the resource API
    (`https://cloud.plex.com/api` with Basic beside `https://connect.plex.com` with a key); left out, both are the same,
    but for an API key, which opens no data source.
    """

    base_url: str
    token_url: str | None = None
    auth: Literal["oauth2", "api_key", "basic"] = "oauth2"
    datasource_url: str | None = None
    datasource_auth: Literal["oauth2", "api_key", "basic"] | None = None
    calls_per_minute: int = Field(default=200, ge=1, le=1_000_000_000)
    share: Decimal = Field(default=Decimal(1), gt=0, le=1)
    timeout_s: float = Field(default=100, gt=0, le=3600)
    writers: int = Field(default=8, ge=1, le=32)
    settle_s: float = Field(default=2, ge=0, le=3600)
    confirm_within_s: float = Field(default=120, gt=0, le=86_400)
    status_active: str = "Active"
    status_inactive: str = "Inactive"
    status_on_leave: str | None = None
    type_full_time: str = "Full-time"
    type_part_time: str = "Part-time"
    type_assignee: str = "Assignee"
    datasources: dict[str, DataSource] = {}
    plants: tuple[Plant, ...] = ()

    @property
    def datasource_signing(self) -> Literal["oauth2", "api_key", "basic"]:
        """How data sources are signed in to; Plex describes web-service users for them, and no key."""
        return self.datasource_auth or ("basic" if self.auth == "api_key" else self.auth)

    @property
    def own_calls_per_minute(self) -> int:
        """How many calls a minute are ours, of those the enterprise has."""
        return max(1, int(self.calls_per_minute * self.share))

    @property
    def pcns(self) -> list[str]:
        """The Plex Customer Numbers of the plants, in their order."""
        return [plant.pcn for plant in self.plants]

    @field_validator("base_url", "token_url", "datasource_url")
    @classmethod
    def _reachable(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            check_filled(value, "as in https://cloud.plex.com/api")
            check_host(value, "plex", info)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> PlexConnection:
        faults = []
        if "oauth2" in {self.auth, self.datasource_auth} and not self.token_url:
            faults.append('auth = "oauth2" needs token_url (usually https://accounts.plex.com/oauth2/token)')
        if not self.plants:
            faults.append("at least one [[plants]] entry is needed: one per Plex Customer Number")
        twice = sorted({pcn for pcn in self.pcns if self.pcns.count(pcn) > 1})
        if twice:
            faults.append(f"pcn {', '.join(twice)} stands more than once")
        faults += find_ties(self.plants)
        if faults:
            raise ValueError("\n".join(faults))
        return self


def find_ties(plants: Sequence[Plant]) -> list[str]:
    """
    Name every pair of routes that are equally specific and claim the same workers for two plants (WP-08).

    `C10/*` and `*/DET` name one thing each: neither is the more specific for C10/DET, unless a row for exactly that
    decides.
    """
    rows = [(plant.pcn, route) for plant in plants for route in plant.routes]
    exact = {(route.company, route.location) for _, route in rows if route.weight == 2}
    faults = []
    for number, (pcn, route) in enumerate(rows):
        for other_pcn, other in rows[:number]:
            both = route.meets(other)
            if pcn == other_pcn or both is None or route.weight != other.weight:
                continue
            if both not in (route, other) and (both.company, both.location) in exact:
                continue
            claim = f"company {both.company}, location {both.location}"
            fix = "" if both in (route, other) else ": add a route for exactly that to the right plant"
            faults.append(f"plants {other_pcn} and {pcn} both claim {claim}, a worker would belong to two plants{fix}")
    return faults


def _narrower(one: str, other: str) -> str | None:
    if one == "*" or one == other:
        return other
    return one if other == "*" else None
