"""Who is asking: the account, whatever the environment calls itself; and what JSON is printed where."""

from __future__ import annotations

import io
import json
import os
import pwd
import sys

import pytest

from ml_connector.cli.commands.inspection import _write_line
from ml_connector.cli.door import ACTOR_VARIABLE, Door, actor
from ml_connector.cli.failures import tell_faults
from ml_connector.errors import Fault, FaultsError


@pytest.fixture(autouse=True)
def somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ACTOR_VARIABLE, raising=False)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")


def test_rd09_the_actor_is_the_account_of_the_operating_system_and_not_what_logname_or_user_say() -> None:
    assert actor() == pwd.getpwuid(os.getuid()).pw_name


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


NAME = "N\x9b2J\x7f\u202e\U000e0041ễ"


@pytest.mark.parametrize("out", [Terminal(), io.StringIO()])
def test_json_steers_no_terminal_and_goes_elsewhere_as_it_is(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    Door(output="json").write_json({"name": NAME})
    tell_faults(FaultsError("x", faults=[Fault(code="c", subject="s", message=NAME, remedy="r")]), as_json=True)
    shown = r"N\u009b2J\u007f\u202e\udb40\udc41ễ" if out.isatty() else NAME
    assert out.getvalue().count(shown) == 2


def test_a_record_read_on_a_terminal_is_json_and_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    _write_line(json.dumps({"name": NAME}, ensure_ascii=False).encode())
    assert (json.loads(out.getvalue()), out.getvalue().isascii()) == ({"name": NAME}, False)
    assert not set(out.getvalue()) & set("\x9b\x7f\u202e\U000e0041")


def test_rd09_a_schedule_names_its_actor_and_an_account_without_a_name_is_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless(number: int) -> pwd.struct_passwd:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    assert actor() == f"uid {os.getuid()}"
    monkeypatch.setenv(ACTOR_VARIABLE, " nightly ")
    assert actor() == "nightly"
