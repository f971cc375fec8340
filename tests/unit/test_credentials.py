"""Which credentials are needed, which names exist, and where a value may come from."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from ml_connector.errors import ConfigurationError, UsageError
from ml_connector.settings.model import Connection
from ml_connector.usecases.credentials import check_field, fields_needed, read_secret


def connection(*, pcns: tuple[str, ...] = ("101",), workday: str = "isu", **plex: object) -> Connection:
    plants = [{"pcn": pcn, "company_code": f"C{pcn}"} for pcn in pcns]
    token_url = "https://accounts.plex.com/oauth2/token"
    return Connection.model_validate(
        {
            "workday": {"host": "x.workday.com", "tenant": "acme1", "auth": workday},
            "plex": {"base_url": "https://cloud.plex.com/api", "token_url": token_url, "plants": plants, **plex},
        }
    )


def test_each_way_to_sign_in_needs_its_own() -> None:
    assert fields_needed(connection()) == [
        ("workday", "username"),
        ("workday", "password"),
        ("plex", "client_id"),
        ("plex", "client_secret"),
    ]
    needed = fields_needed(connection(workday="oauth", auth="api_key"))
    assert needed[2:] == [
        ("workday", "refresh_token"),
        ("plex", "api_key"),
        ("plex", "username"),
        ("plex", "password"),
    ]
    assert fields_needed(connection(auth="api_key", datasource_auth="api_key"))[2:] == [("plex", "api_key")]


def test_a_web_service_user_belongs_to_one_plant() -> None:
    needed = fields_needed(connection(pcns=("101", "102"), auth="basic"))
    assert [field for system, field in needed if system == "plex"] == [
        "101/username",
        "101/password",
        "102/username",
        "102/password",
    ]


@pytest.mark.parametrize(("system", "field"), [("plex", "api_key"), ("plex", "101/password"), ("workday", "password")])
def test_known_names_are_taken(system: str, field: str) -> None:
    check_field(connection(), system=system, field=field)


@pytest.mark.parametrize(
    ("system", "field"),
    [("plex", "pasword"), ("plex", "999/password"), ("workday", "api_key"), ("workday", "101/password")],
)
def test_a_mistyped_name_is_refused_with_the_names_there_are(system: str, field: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_field(connection(), system=system, field=field)
    assert "one of" in str(refused.value.remedy)
    assert field not in f"{refused.value.message} {refused.value.remedy}"  # it may be the secret itself


def test_a_secret_comes_from_where_it_is_and_loses_one_line_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file \r\n")
    monkeypatch.setenv("MLC_TEST", "from the environment")
    monkeypatch.setattr(sys, "stdin", io.StringIO("from standard input\n\n"))
    found = [read_secret(each).reveal() for each in (f"file:{file}", "env:MLC_TEST", "-", "cmd:echo 'two  words'")]
    assert found == ["from a file ", "from the environment", "from standard input\n", "two  words"]


def test_a_byte_order_mark_before_a_secret_is_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2-ü\ufeff\n", encoding="utf-8-sig")
    assert read_secret(f"file:{file}").reveal() == "hunter2-ü\ufeff"


@pytest.mark.parametrize(
    "source",
    ["env:MLC_NOT_SET", "file:/nowhere/at/all", "cmd:false", "cmd:no-such-program", "cmd:true"],
)
def test_what_gives_nothing_says_so(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLC_NOT_SET", raising=False)
    with pytest.raises(ConfigurationError):
        read_secret(source)


@pytest.mark.parametrize("source", ["plain", "env:", "hunter2"])
def test_what_is_no_place_is_wrong_usage_and_not_repeated(source: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_secret(source)
    assert "hunter2" not in f"{refused.value.message} {refused.value.remedy}"


def test_a_command_is_not_a_shell(tmp_path: Path) -> None:
    read_secret(f"cmd:echo x ; touch {tmp_path / 'owned'}")
    assert not (tmp_path / "owned").exists()
