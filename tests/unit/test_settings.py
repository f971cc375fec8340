"""What `config check` says: every fault at once, in plain sentences, and no route that sends a worker to two plants."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.errors import ConfigurationError, FaultsError, RecordError
from ml_connector.mapping.routing import route
from ml_connector.settings.forms import parse_interval_s, parse_limit
from ml_connector.settings.loading import load_settings, parse_settings
from ml_connector.settings.model import Settings
from ml_connector.usecases.template import COMMENTED

FILLED = (
    COMMENTED.replace('host = ""', 'host = "wd2-impl-services1.workday.com"')
    .replace('tenant = ""', 'tenant = "acme1"')
    .replace('pcn = ""', 'pcn = "101"')
    .replace('company_code = ""', 'company_code = "ACME-DET"')
)


def faults_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        parse_settings(tomllib.loads(text), name="ml-connector.toml")
    return refused.value.message


def test_the_filled_template_is_valid() -> None:
    assert set(parse_settings(tomllib.loads(FILLED), name="x").connections) == {"acme"}


def test_every_empty_value_of_the_template_is_told_at_once_and_as_a_sentence() -> None:
    told = faults_of(COMMENTED)
    for part in (
        "connections.acme.workday.host: is empty: the services host, as in wd2-impl-services1.workday.com",
        "connections.acme.workday.tenant is empty: as in acme1",
        "plants.0.pcn is empty: the Plex Customer Number, digits only, as in 101",
        "plants.0.company_code is empty: as in ACME-DET",
    ):
        assert part in told
    assert "pattern" not in told


FAULTS = {
    'host = "wd2-impl-services1.workday.com"': ('host = "wd2-impl-services1.workday.com/ccx"', "without a path"),
    'version = "v45.0"': ('version = "v99.0"', "v99.0 does not exist"),
    'url = "sqlite:///ml-connector.db"': ('url = "mysql://root:pa55word@db/mlc"', "mysql: is no database"),
    'workers_every = "15 min"': ('workers_every = "4 min"', "5 min at least"),
    'base_url = "https://cloud.plex.com/api"': ('base_url = "https://plex.example.org/api"', "no Plex host"),
    "token_url =": ("token_ul =", "did you mean token_url?"),
    'pcn = "101"': ('pcn = "PCN-1"', "digits only, as in 101"),
}


@pytest.mark.parametrize("right", FAULTS)
def test_what_cannot_work_is_refused_at_load(right: str) -> None:
    assert right in FILLED
    wrong, told = FAULTS[right]
    assert told in faults_of(FILLED.replace(right, wrong, 1))


def test_all_of_them_are_told_at_once_and_no_password_is() -> None:
    text = FILLED
    for right, (wrong, _) in FAULTS.items():
        text = text.replace(right, wrong, 1)
    told = faults_of(text)
    assert [part for _, part in FAULTS.values() if part not in told] == []
    assert "pa55word" not in told


def test_rd06_each_fault_is_a_line_of_its_own_also_where_one_table_has_several() -> None:
    plant = '[[connections.acme.plex.plants]]\npcn = "101"\ncompany_code = "B"\n'
    with pytest.raises(FaultsError) as refused:
        parse_settings(tomllib.loads(FILLED.replace("token_url =", "token_ul =", 1) + plant), name="ml-connector.toml")
    assert [fault.message.rpartition(": ")[2] for fault in refused.value.faults] == [
        "unknown key connections.acme.plex.token_ul (did you mean token_url?)",
        "pcn 101 stands more than once",
    ]


def test_rd06_every_fault_of_the_configuration_is_told_by_its_line_in_order() -> None:
    text = """[connections.acme.workday]
host = "wd2-impl-services1.workday.com"
tenant = "acme1"
verson = "v45.0"

[connections.acme.plex]
base_url = "https://cloud.plex.com/api"
auth = "basic"
datasources.cost_centers_get.idd = 1

[[connections.acme.plex.plants]]
pcn = "101"
company_code = "A"
routes = [{ company = "C10" }]

[[connections.acme.plex.plants]]
pcn = "102"
company_code = ""
routes = [
  { company = "C10" },
]

[connections.acme.sync.guard]
drift = "maybe"
"""
    with pytest.raises(FaultsError) as refused:
        parse_settings(tomllib.loads(text), name="ml-connector.toml", text=text)
    assert [(fault.line, fault.message.split()[0]) for fault in refused.value.faults] == [
        (4, "unknown"),
        (6, "connections.acme.plex:"),
        (9, "unknown"),
        (18, "connections.acme.plex.plants.1.company_code"),
        (24, "connections.acme.sync.guard.drift:"),
    ]
    assert "both claim company C10" in refused.value.faults[1].message


def allowing(names: str) -> str:
    return FILLED.replace('# allow = ["gateway.example.com"]', f"allow = [{names}]")


def test_f12_allowed_hosts_that_could_never_match_are_told_each_with_the_line() -> None:
    text = allowing('"gateway.example.com:0", "GATEWAY.example.com", "10.0.0.5"')
    with pytest.raises(FaultsError) as refused:
        parse_settings(tomllib.loads(text), name="x", text=text)
    line = next(number for number, words in enumerate(text.splitlines(), 1) if words.startswith("allow ="))
    assert [(fault.line, fault.message.split("'")[:2]) for fault in refused.value.faults] == [
        (line, ["hosts.allow: ", "gateway.example.com:0"]),
        (line, ["hosts.allow: ", "10.0.0.5"]),
    ]


def test_f12_an_allowed_host_in_upper_case_lets_its_address_by() -> None:
    text = allowing('"GATEWAY.example.com"').replace("https://cloud.plex.com/api", "https://gateway.Example.com/api")
    assert parse_settings(tomllib.loads(text), name="x").hosts.allow == ("gateway.example.com",)


def test_wp_08_a_misspelt_location_makes_no_route_for_every_location() -> None:
    rows = {"p101": [{"company": "C10", "locaton": "DET"}], "p102": [{"company": "C10"}]}
    with pytest.raises(FaultsError) as refused:
        with_routes(**rows)
    assert [fault.message.rpartition(".")[2] for fault in refused.value.faults] == ["locaton (did you mean location?)"]


def test_two_plants_with_a_fault_each_are_not_said_to_share_a_number() -> None:
    plant = '[[connections.acme.plex.plants]]\npcn = ""\ncompany_code = "B"\n'
    told = faults_of(FILLED.replace('pcn = "101"', 'pcn = ""', 1) + plant)
    assert told.count("is empty") == 2
    assert "more than once" not in told


@pytest.mark.parametrize(
    ("text", "seconds"), [("15 min", 900), ("1 h", 3600), ("300 s", 300), ("5min", 300), ("1 day", 86400)]
)
def test_intervals_are_read(text: str, seconds: int) -> None:
    assert parse_interval_s(text) == seconds


def with_routes(**plants: list[dict[str, str]]) -> Settings:
    data: dict[str, Any] = tomllib.loads(FILLED)
    data["connections"]["acme"]["plex"]["plants"] = [
        {"pcn": name.removeprefix("p"), "company_code": name, "routes": routes} for name, routes in plants.items()
    ]
    return parse_settings(data, name="x")


ANY_LOCATION, ANY_COMPANY = {"company": "C10"}, {"location": "DET"}
BOTH = {"company": "C10", "location": "DET"}


@pytest.mark.parametrize("other", [{"company": "*", "location": "DET"}, ANY_COMPANY], ids=["star", "left out"])
def test_wp_08_a_company_and_a_location_are_equally_specific_and_refused(other: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="plants 101 and 102 both claim company C10, location DET"):
        with_routes(p101=[{"company": "C10", "location": "*"}], p102=[other])


@pytest.mark.parametrize("decider", ["101", "102", "103"])
def test_wp_08_unless_a_row_for_exactly_that_decides(decider: str) -> None:
    rows = {"p101": [ANY_LOCATION], "p102": [ANY_COMPANY], "p103": [{"company": "C99", "location": "SLC"}]}
    settings = with_routes(**{name: [*own, *([BOTH] if name[1:] == decider else [])] for name, own in rows.items()})
    plants = settings.connections["acme"].plex.plants
    assert route(plants, company="C10", location="DET").pcn == decider
    assert route(plants, company="C10", location="TOL").pcn == "101"
    assert route(plants, company="C20", location="DET").pcn == "102"
    with pytest.raises(RecordError):
        route(plants, company="C20", location="TOL")


def test_wp_08_the_same_row_in_two_plants_is_refused_and_in_one_is_not() -> None:
    for row in (BOTH, ANY_LOCATION, ANY_COMPANY, {}):
        with pytest.raises(ConfigurationError, match="both claim"):
            with_routes(p101=[row], p102=[row])
    with_routes(p101=[ANY_LOCATION, ANY_COMPANY], p102=[{"company": "C20", "location": "TOL"}])


def test_wp_08_a_row_that_names_both_beats_one_that_names_one() -> None:
    plants = with_routes(p101=[{}, BOTH], p102=[ANY_LOCATION]).connections["acme"].plex.plants
    assert route(plants, company="C10", location="DET").pcn == "101"
    assert route(plants, company="C10", location="TOL").pcn == "102"
    assert route(plants, company="C20", location="TOL").pcn == "101"


LIMITS = {
    "10": (10, Decimal(0)),
    " 20% ": (0, Decimal("0.2")),
    "0.5 %": (0, Decimal("0.005")),
    "100%": (0, Decimal(1)),
    "max(10, 2%)": (10, Decimal("0.02")),
    "max(10,2%)": (10, Decimal("0.02")),
}


@pytest.mark.parametrize("text", LIMITS)
def test_a_limit_in_a_documented_form_is_read(text: str) -> None:
    assert parse_limit(text) == LIMITS[text]


@pytest.mark.parametrize(
    "text",
    ["", "10, 20", "10, 2%", "2%, 50%", "max(10, 2%", "10)", "max(10)", "max(2%, 10)", "101%", "max(10, 200%)", "٣"],
)
def test_a_limit_that_could_loosen_a_guard_by_a_slip_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"max\(10, 2%\)"):
        parse_limit(text)


@pytest.mark.parametrize("value", ["inf", "1e30", "nan"])
@pytest.mark.parametrize("key", ["timeout_s", "confirm_within_s", "settle_s"])
def test_a_wait_that_no_clock_could_count_is_refused(key: str, value: str) -> None:
    place = 'base_url = "https://cloud.plex.com/api"'
    assert f"plex.{key}" in faults_of(FILLED.replace(place, f"{place}\n{key} = {value}", 1))


def test_a_fault_in_a_variable_is_blamed_on_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ml-connector.toml"
    file.write_text(FILLED, encoding="utf-8")
    monkeypatch.setenv("ML_CONNECTOR__DATABASE__URL", "mysql://x/y")
    with pytest.raises(FaultsError) as caught:
        load_settings(file)
    (fault,) = caught.value.faults
    assert "ML_CONNECTOR__DATABASE__URL" in fault.message
    assert fault.line is None
    assert "correct the environment" in (caught.value.remedy or "")
    file.write_text(FILLED.replace('pcn = "101"', 'pcn = "x"', 1), encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load_settings(file)
    assert sorted(fault.line is None for fault in caught.value.faults) == [False, True]
    assert str(file) in (caught.value.remedy or "")
