"""
Settings: read once, checked whole, then frozen. Secrets are never in them.

One TOML file plus environment overrides (`ML_CONNECTOR__DATABASE__URL`). Every fault is told with the key's full
path and, for an unknown key, the nearest known one.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from ml_connector.errors import ConfigurationError
from ml_connector.hosts import host_fault

CONFIG_VARIABLE = "ML_CONNECTOR_CONFIG"
DEFAULT_FILE = "ml-connector.toml"
_ENV_PREFIX = "ML_CONNECTOR__"


_WHOLE = 100
_COUNT, _SHARE = r"[0-9]+", r"[0-9]+(?:\.[0-9]+)?"
_LIMIT = re.compile(
    rf"(?P<only>{_COUNT})|(?P<part>{_SHARE})\s*%|max\(\s*(?P<count>{_COUNT})\s*,\s*(?P<share>{_SHARE})\s*%\s*\)"
)


def parse_limit(text: str) -> tuple[int, Decimal]:
    """
    Split a guard's limit into a count and a share of 1; a change set trips it when it is over both.

    `"max(10, 2%)"` → `(10, Decimal("0.02"))`, `"20%"` → `(0, Decimal("0.2"))`, `"25"` → `(25, Decimal(0))`.

    Raises:
        ValueError: none of these three forms, or a share over 100 %: a limit read wrongly would loosen the guard.
    """
    found = _LIMIT.fullmatch(text.strip())
    share = Decimal((found["share"] or found["part"] or 0) if found else 0)
    if found is None or share > _WHOLE:
        raise ValueError(f"{text!r} is no limit: write a count (10), a share up to 100 % (2%) or both as max(10, 2%)")
    return int(found["count"] or found["only"] or 0), share / _WHOLE


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


class Database(_Frozen):
    """Where state is kept: SQLite (one machine) or PostgreSQL."""

    url: str = "sqlite:///ml-connector.db"

    @field_validator("url")
    @classmethod
    def _ours(cls, value: str) -> str:
        if not re.match(r"sqlite:///|postgresql(\+psycopg)?://", value):
            kind = value.partition(":")[0]  # the rest may hold a password
            raise ValueError(f"{kind}: is no database we keep state in: sqlite:///FILE or postgresql+psycopg://…")
        return value


class Vault(_Frozen):
    """Where the master key lives: `file:PATH`, `env:NAME` or `keyring:SERVICE`."""

    master_key: str = "file:ml-connector.key"

    @field_validator("master_key")
    @classmethod
    def _known_backend(cls, value: str) -> str:
        if not re.fullmatch(r"(file|env|keyring):.+", value):
            raise ValueError("must be file:PATH, env:NAME or keyring:SERVICE")
        return value


class Audit(_Frozen):
    """*anchor_file* receives the sealed head after each run; keep it where the database's writer cannot edit it."""

    anchor_file: str | None = None


class Log(_Frozen):
    """Structured log lines on standard error, or in *file*."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    file: str | None = None


class Hosts(_Frozen):
    """Exact host names allowed besides Workday's and Plex's own, and the private CA bundle they may need."""

    allow: tuple[str, ...] = ()
    ca_bundle: str | None = None


_VERSION = re.compile(r"v(\d{2,3})\.\d")
_NEWEST_VERSION = 60  # two a year since v45 in 2025R2: what is beyond this is a slip of the finger
_SHORTEST_POLL_S = 5 * 60
_UNIT_S = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}


def parse_interval_s(text: str) -> int:
    """`"15 min"` → 900; units are s, min, h and day."""
    found = re.fullmatch(r"(\d{1,6}) ?([a-z]+)", text.strip().lower())
    if found is None or found[2] not in _UNIT_S:
        raise ValueError(f"{text!r} is no interval such as 15 min or 1 h")
    return int(found[1]) * _UNIT_S[found[2]]


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REGULAR = re.compile(rf"(?:daily|weekly ({'|'.join(_WEEKDAYS)})) ([01][0-9]|2[0-3]):([0-5][0-9]) (\S+)")


class Regular(NamedTuple):
    """A time that comes every day or, with *weekday* (Monday is 0), once a week, by the clocks of one zone."""

    weekday: int | None
    clock: time
    zone: ZoneInfo


def parse_regular(text: str) -> Regular:
    """
    Read `daily 02:00 America/Detroit` or `weekly Sunday 02:00 America/Detroit`.

    Raises:
        ValueError: it is neither.
    """
    found = _REGULAR.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time such as daily 02:00 America/Detroit or weekly Sunday 02:00 UTC")
    try:
        zone = ZoneInfo(found[4])
    except (LookupError, ValueError, OSError):
        raise ValueError(f"{found[4]!r} is no time zone such as America/Detroit") from None
    return Regular(_WEEKDAYS.index(found[1]) if found[1] else None, time(int(found[2]), int(found[3])), zone)


# What a guard counts; each has a limit `<word>_over`.
GUARDED = ("create", "update", "deactivate", "reactivate", "field_change", "drift")

_ALIAS = r"^[A-Za-z][A-Za-z0-9_]{0,199}$"
_SEGMENT = r"^[A-Za-z0-9_.@ \-]{1,200}$"


class WqlSource(_Frozen):
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


class Report(_Frozen):
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


class WorkdayConnection(_Frozen):
    """
    How to reach one Workday tenant's services host.

    *surface* `rest` takes *wql* and *staffing_version*, `report` takes *report*; the others need neither. Nothing is
    written to Workday without *writes*; a cost center is then created with *cost_center_subtype*.
    """

    host: str
    tenant: str = Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")
    surface: Literal["soap", "rest", "report"] = "soap"
    auth: Literal["isu", "oauth"] = "isu"
    version: str = Field(default="v45.0", pattern=r"^v\d{2,3}\.\d$")
    time_zone: str = "America/Los_Angeles"
    page_size: int = Field(default=100, ge=1, le=999)
    pages_ahead: int = Field(default=3, ge=1, le=16)
    read_ahead_mb: int = Field(default=8, ge=1, le=1024)
    timeout_s: float = Field(default=300, gt=0)
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
        _check_filled(value, "the services host, as in wd2-impl-services1.workday.com")
        rest = value.partition("://")[2] or value
        if "/" in rest.rstrip("/"):
            raise ValueError(f"is a host alone, without a path: {rest.partition('/')[0]}")
        _check_host(value if "://" in value else f"https://{value}", "workday", info)
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
        return _check_zone(value)

    @model_validator(mode="after")
    def _surface_is_whole(self) -> WorkdayConnection:
        if self.surface == "rest" and self.auth != "oauth":
            raise ValueError('surface = "rest" needs auth = "oauth": Workday\'s REST and WQL take bearer tokens only')
        if self.surface == "report" and self.report is None:
            raise ValueError('surface = "report" needs [connections.NAME.workday.report] with owner and name')
        return self


class Route(_Frozen):
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


class Plant(_Frozen):
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
        return _check_zone(value)


class DataSource(_Frozen):
    """One row of the data-source catalogue as this customer has it; names left out keep their defaults."""

    id: int | None = None
    inputs: dict[str, str] = {}
    columns: dict[str, str] = {}
    fixed: dict[str, Any] = {}


class PlexConnection(_Frozen):
    """
    How to reach one Plex enterprise and its plants.

    *datasource_url* and *datasource_auth* are for enterprises whose data sources live elsewhere than the resource API
    (`https://cloud.plex.com/api` with Basic beside `https://connect.plex.com` with a key); left out, both are the same.
    """

    base_url: str
    token_url: str | None = None
    auth: Literal["oauth2", "api_key", "basic"] = "oauth2"
    datasource_url: str | None = None
    datasource_auth: Literal["oauth2", "api_key", "basic"] | None = None
    calls_per_minute: int = Field(default=200, ge=1)
    share: Decimal = Field(default=Decimal(1), gt=0, le=1)
    timeout_s: float = Field(default=100, gt=0)
    writers: int = Field(default=8, ge=1, le=32)
    settle_s: float = Field(default=2, ge=0)
    confirm_within_s: float = Field(default=120, gt=0)
    status_active: str = "Active"
    status_inactive: str = "Inactive"
    status_on_leave: str | None = None
    type_full_time: str = "Full-time"
    type_part_time: str = "Part-time"
    type_assignee: str = "Assignee"
    datasources: dict[str, DataSource] = {}
    plants: tuple[Plant, ...] = ()

    @field_validator("base_url", "token_url", "datasource_url")
    @classmethod
    def _reachable(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            _check_filled(value, "as in https://cloud.plex.com/api")
            _check_host(value, "plex", info)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> PlexConnection:
        faults = []
        if "oauth2" in {self.auth, self.datasource_auth} and not self.token_url:
            faults.append('auth = "oauth2" needs token_url (usually https://accounts.plex.com/oauth2/token)')
        if not self.plants:
            faults.append("at least one [[plants]] entry is needed: one per Plex Customer Number")
        pcns = [plant.pcn for plant in self.plants]
        twice = sorted({pcn for pcn in pcns if pcns.count(pcn) > 1})
        if twice:
            faults.append(f"pcn {', '.join(twice)} stands more than once")
        faults += find_ties(self.plants)
        if faults:
            raise ValueError("; ".join(faults))
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


class Rolling(_Frozen):
    """
    The guards over a span of time: what earlier runs applied within *window* counts too.

    A limit left out is that of a single run; `window = "0 h"` lets every run count for itself.
    """

    window: str = "24 h"
    create_over: str | None = None
    update_over: str | None = None
    deactivate_over: str | None = None
    reactivate_over: str | None = None
    field_change_over: str | None = None
    drift_over: str | None = None

    @field_validator("window")
    @classmethod
    def _span(cls, value: str) -> str:
        parse_interval_s(value)
        return value

    @field_validator(*(f"{verb}_over" for verb in GUARDED))
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse_limit(value)
        return value


class Guard(_Frozen):
    """
    When a run stops for a person: `max(10, 2%)` = more than ten and more than two per cent.

    *drift*: whether a field of Workday's that somebody changed in Plex is written over, or waits for a person.
    """

    create_over: str = "max(50, 20%)"
    update_over: str = "max(50, 50%)"
    deactivate_over: str = "max(10, 2%)"
    reactivate_over: str = "max(10, 2%)"
    field_change_over: str = "20%"
    drift_over: str = "max(50, 20%)"
    drift: Literal["overwrite", "hold"] = "overwrite"
    rolling: Rolling = Rolling()

    @field_validator(*(f"{verb}_over" for verb in GUARDED))
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_limit(value)
        return value

    def limit(self, verb: str, *, rolling: bool = False) -> str:
        """The limit of one of `GUARDED`, for a run or over the rolling window."""
        own: str | None = getattr(self.rolling, f"{verb}_over") if rolling else None
        return own or str(getattr(self, f"{verb}_over"))

    @property
    def rolls(self) -> bool:
        """Whether earlier runs count at all."""
        return parse_interval_s(self.rolling.window) > 0


class Sync(_Frozen):
    """
    What runs, how often, and within which guards.

    *full_compare*: when everything is read and compared anew, whatever Workday's log told. *overlap*: how far each
    window on that log reaches back into the one before. *cost_centers* is whose word
    counts for cost centers: which there are, their names, whether they are active.
    """

    workers_every: str = "15 min"
    full_compare: str = "daily 02:00 UTC"
    overlap: str = "5 min"
    guard: Guard = Guard()
    cost_centers: Literal["workday", "plex"] = "workday"
    contingent_workers: bool = False
    pay_rates: bool = False

    @field_validator("full_compare")
    @classmethod
    def _regular(cls, value: str) -> str:
        parse_regular(value)
        return value

    @field_validator("overlap")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_interval_s(value)
        return value

    @field_validator("workers_every")
    @classmethod
    def _patient(cls, value: str) -> str:
        if parse_interval_s(value) < _SHORTEST_POLL_S:
            raise ValueError(f"{value!r} is too often: 5 min at least between two polls of Workday")
        return value


class MappingControl(_Frozen):
    """
    Who may change a mapping row that is in force: *approval* `two_people` needs another person's word, `one_person` none.
    """

    approval: Literal["two_people", "one_person"] = "two_people"


class Connection(_Frozen):
    """One Workday tenant kept in step with one Plex enterprise."""

    workday: WorkdayConnection
    plex: PlexConnection
    sync: Sync = Sync()
    mapping: MappingControl = MappingControl()


class Settings(_Frozen):
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


def config_path(override: str | os.PathLike[str] | None = None) -> Path:
    """The configuration file in force: the argument, `$ML_CONNECTOR_CONFIG`, or `./ml-connector.toml`."""
    return Path(override or os.environ.get(CONFIG_VARIABLE) or DEFAULT_FILE)


def load_settings(path: str | os.PathLike[str] | None = None) -> Settings:
    """
    Read the file and the environment into frozen settings.

    Raises:
        ConfigurationError: missing, unreadable or wrong; the message names each faulty key.
    """
    file = config_path(path)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no configuration file {file}", remedy="ml-connector init   (or --config PATH)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}") from None
    return parse_settings(_with_environment(data), name=str(file), folder=file.resolve().parent)


def parse_settings(data: dict[str, Any], *, name: str, folder: Path | None = None) -> Settings:
    """Check a mapping against the settings; relative files are taken from *folder*."""
    if folder is not None:
        data = _anchor_files(data, folder)
    faults = _find_faults(data)
    if faults:
        raise ConfigurationError(f"{name}: " + "; ".join(faults), remedy="ml-connector config schema   shows every key")
    return Settings.model_validate(data)


def _find_faults(data: dict[str, Any]) -> list[str]:
    """
    Every fault at once, in plain sentences.

    One key at fault keeps whole tables from being looked at; so what is wrong is mended in a copy, and looked at again.
    """
    hosts = data.get("hosts")
    allow = hosts.get("allow") if isinstance(hosts, dict) else None
    context = {"allow": tuple(allow) if isinstance(allow, list | tuple) else ()}
    data, told = deepcopy(data), []
    for _ in range(_LOOKS):
        try:
            Settings.model_validate(data, context=context)
        except ValidationError as error:
            faults = error.errors(include_url=False)
            told += [line for fault in faults if (line := _explain_fault(fault)) not in told]
            if not [fault for fault in faults if _mend(data, fault)]:
                return told
        else:
            break
    return told


def _mend(data: Any, fault: Any) -> bool:
    """Put something plausible in the place of what is wrong; whether that was possible."""
    *path, leaf = fault["loc"] or ("",)
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False  # inside a union or a mapping key: nothing of the file's own
    if not isinstance(data, dict) or (fault["type"] != "missing" and leaf not in data):
        return False
    if leaf in _PLAUSIBLE and str(data.get(leaf)).strip("0") != _PLAUSIBLE[leaf].strip("0"):
        # Two plants must not come to share a number.
        data[leaf] = "0" * (int(path[-1]) % 10 + 1) if leaf == "pcn" else _PLAUSIBLE[leaf]
        return True
    if fault["type"] == "missing" or (isinstance(data[leaf], dict | list) and fault["type"] != "extra_forbidden"):
        return False
    del data[leaf]
    return True


def _anchor_files(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Files named in the configuration lie beside it, wherever the command is started from."""
    data = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    database = data.setdefault("database", {})
    vault = data.setdefault("vault", {})
    if not isinstance(database, dict) or not isinstance(vault, dict):
        return data
    url = database.get("url", Database.model_fields["url"].default)
    if isinstance(url, str) and url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        database["url"] = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    key = vault.get("master_key", Vault.model_fields["master_key"].default)
    if isinstance(key, str) and key.startswith("file:"):
        vault["master_key"] = f"file:{folder / key.removeprefix('file:')}"
    for section, field in (("audit", "anchor_file"), ("log", "file"), ("hosts", "ca_bundle")):
        table = data.get(section)
        if isinstance(table, dict) and isinstance(table.get(field), str):
            table[field] = str(folder / table[field])
    return data


def _with_environment(data: dict[str, Any]) -> dict[str, Any]:
    """`ML_CONNECTOR__A__B=x` overrides `a.b`; words that are TOML values are read as such."""
    for variable, text in os.environ.items():
        if not variable.startswith(_ENV_PREFIX):
            continue
        *path, leaf = variable.removeprefix(_ENV_PREFIX).lower().split("__")
        table = data
        for step in path:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                raise ConfigurationError(f"{variable} points into {step}, which is a single value")
        try:
            table[leaf] = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            table[leaf] = text
    return data


# What a key looks like, for people.
_EXAMPLES = {
    "host": "as in wd2-impl-services1.workday.com",
    "tenant": "as in acme1",
    "version": "as in v45.0",
    "staffing_version": "as in v6",
    "pcn": "the Plex Customer Number, digits only, as in 101",
    "company_code": "as in ACME-DET",
    "base_url": "as in https://cloud.plex.com/api",
    "source": "letters, digits and underscores, as in allWorkers",
    "owner": "who owns the report, as in ISU_mlc",
    "name": "of the report, as in ML_Connector_Workers",
}
_LOOKS = 8
# Something that passes, to look behind what does not.
_PLAUSIBLE = {
    "host": "127.0.0.1",
    "tenant": "acme1",
    "version": "v45.0",
    "pcn": "0",
    "company_code": "-",
    "base_url": "http://127.0.0.1/api",
    "token_url": "http://127.0.0.1/token",
    "owner": "-",
    "name": "-",
}


def _explain_fault(fault: Any) -> str:
    path = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _known_keys(fault["loc"][:-1]), n=1, cutoff=0.5)
        return f"unknown key {path}" + (f" (did you mean {near[0]}?)" if near else "")
    leaf = str(fault["loc"][-1]) if fault["loc"] else ""
    example = _EXAMPLES.get(leaf, "")
    if fault["type"] == "missing":
        return f"{path} is missing" + (f": {example}" if example else "")
    if fault["type"] == "string_pattern_mismatch":
        wrong = "is empty" if not str(fault["input"]).strip() else "has characters or a form it cannot have"
        return f"{path} {wrong}" + (f": {example}" if example else "")
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}" if path else message


def _known_keys(path: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    for step in path:
        if isinstance(step, int) or model is None:
            continue
        field = getattr(model, "model_fields", {}).get(step)
        model = _model_inside(field.annotation) if field is not None else model
    return list(getattr(model, "model_fields", {}))


def _model_inside(annotation: Any) -> Any:
    """The settings class in `X`, `dict[str, X]` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        inside = _model_inside(part)
        if inside is not None:
            return inside
    return None


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is no IANA time zone such as America/Detroit") from None
    return value


def _check_filled(value: str, example: str) -> None:
    if not value.strip():
        raise ValueError(f"is empty: {example}")


def _check_host(url: str, system: str, info: ValidationInfo) -> None:
    """Where the allowed hosts are known; else it is checked for the whole, see `Settings`."""
    if info.context is not None:
        fault = host_fault(url, system=system, allow=info.context["allow"])
        if fault:
            raise ValueError(fault)


def _narrower(one: str, other: str) -> str | None:
    if one == "*" or one == other:
        return other
    return one if other == "*" else None
