"""Who is asking: the account, whatever the environment calls itself."""

from __future__ import annotations

import os
import pwd

import pytest

from ml_connector.cli.door import ACTOR_VARIABLE, actor


@pytest.fixture(autouse=True)
def somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ACTOR_VARIABLE, raising=False)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody else")


def test_rd09_the_actor_is_the_account_of_the_operating_system_and_not_what_logname_or_user_say() -> None:
    assert actor() == pwd.getpwuid(os.getuid()).pw_name


def test_rd09_a_schedule_names_its_actor_and_an_account_without_a_name_is_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless(number: int) -> pwd.struct_passwd:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    assert actor() == f"uid {os.getuid()}"
    monkeypatch.setenv(ACTOR_VARIABLE, " nightly ")
    assert actor() == "nightly"
