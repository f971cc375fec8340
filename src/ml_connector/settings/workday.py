"""How to reach Workday, and what is read over REST or from a report."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ml_connector.settings.forms import Frozen, check_filled, check_host, check_zone

_ALIAS = r"^[A-Za-z][A-Za-z0-9_]{0,199}$"
_SEGMENT = r"^[A-Za-z0-9_.@ \-]{1,200}$"
_VERSION = re.compile(r"v(\d{2,3})\.\d")
_NEWEST_VERSION = 60  # two a year since v45 in 2025R2: what is beyond this is a slip of the finger


class WqlSource(Frozen):
    """
    Where the REST surface finds one record type: the data source's alias and, per canonical field, the field's alias.

    Names left out keep their defaults; a field set to `""` is not asked for.
    """

    source: str | None = Field(default=None, pattern=_ALIAS)
    fields: dict[str, str] = {}

    @field_validator("fields")
    @classmethod
    def _plain(cls, value: dict[str, str]) -> dict[str, str]:
        for name, alias in value.items():
            if alias and not re.fullmatch(_ALIAS, alias):
                raise ValueError(f"{name} = {alias!r} is no WQL alias: letters, digits and underscores only")
        return value


class Report(Frozen):
    """
    A custom report enabled as a web service: who owns it, its name, and per canonical field the column's name.

    Columns left out keep their defaults; one set to `""` is not in the report. *prompts* are sent as they are;
    *effective_prompt* names the prompt that takes the day of the extraction.
    """

    owner: str = Field(pattern=_SEGMENT)
    name: str = Field(pattern=_SEGMENT)
    columns: dict[str, str] = {}
    prompts: dict[str, str] = {}
    effective_prompt: str | None = None


SurfaceName = Literal["soap", "rest", "report"]


class WorkdayConnection(Frozen):
    """
    How to reach one Workday tenant's services host.

    *surface* `rest` takes *wql* and *staffing_version*, `report` takes *report*; the others need neither. Nothing is
    written to Workday without *writes*; a cost center is then created with *cost_center_subtype*.
    """

    host: str
    tenant: str = Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")
    surface: SurfaceName = "soap"
    auth: Literal["isu", "oauth"] = "isu"
    version: str = Field(default="v45.0", pattern=r"^v\d{2,3}\.\d$")
    time_zone: str = "America/Los_Angeles"
    page_size: int = Field(default=100, ge=1, le=999)
    pages_ahead: int = Field(default=3, ge=1, le=16)
    read_ahead_mb: int = Field(default=3, ge=1, le=1024)
    timeout_s: float = Field(default=300, gt=0, le=3600)
    use_preferred_name: bool = True
    staffing_version: str = Field(default="v6", pattern=r"^v\d{1,2}$")
    writes: bool = False
    cost_center_subtype: str = Field(default="Cost_Center", pattern=_SEGMENT)
    wql: dict[
        Literal["worker", "cost_center", "job_profile", "position", "organization", "location", "company", "pay_group"],
        WqlSource,
    ] = {}
    report: Report | None = None

    @property
    def base_url(self) -> str:
        """Scheme and authority, without a trailing slash."""
        return self.host if "://" in self.host else f"https://{self.host}"

    @field_validator("host")
    @classmethod
    def _reachable(cls, value: str, info: ValidationInfo) -> str:
        check_filled(value, "the services host, as in wd2-impl-services1.workday.com")
        rest = value.partition("://")[2] or value
        if "/" in rest.rstrip("/"):
            raise ValueError(f"is a host alone, without a path: {rest.partition('/')[0]}")
        check_host(value if "://" in value else f"https://{value}", "workday", info)
        return value.rstrip("/")

    @field_validator("version")
    @classmethod
    def _exists(cls, value: str) -> str:
        found = _VERSION.fullmatch(value)
        if found is not None and int(found[1]) > _NEWEST_VERSION:
            raise ValueError(f"{value} does not exist: as in v45.0")
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return check_zone(value)

    @model_validator(mode="after")
    def _surface_is_whole(self) -> WorkdayConnection:
        if self.surface == "rest" and self.auth != "oauth":
            raise ValueError('surface = "rest" needs auth = "oauth": Workday\'s REST and WQL take bearer tokens only')
        if self.surface == "report" and self.report is None:
            raise ValueError('surface = "report" needs [connections.NAME.workday.report] with owner and name')
        return self
