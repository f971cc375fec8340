"""
RD-09 where two people are at it at once: what one decides by is still so when it is saved, whoever was faster.

One is stopped in the middle of a change, between what is loaded and what is saved; meanwhile another begins one, and
either ends it or has to wait.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.bootstrap import App
from ml_connector.errors import ApprovalRequiredError, MLConnectorError
from ml_connector.storage.database import Database
from ml_connector.usecases import mapping_changes, mappings
from tests.unreached import wire_alone

WELDERS = {"kind": "job_profile", "source": "JP-WELD", "plant": "101", "check": False}
LINE = "job_profile/101/JP-WELD"
WAITS_S = 0.3  # long enough for whoever does not have to wait


class Meanwhile:
    """What another person begins in the middle of the next change that is decided."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._failures: list[MLConnectorError] = []
        self._other = threading.Thread()

    def begin(self, deed: Callable[[], Any]) -> None:
        self._other = threading.Thread(target=self._try, args=(deed,))
        own, sign = threading.get_ident(), mapping_changes.sign_rows

        def sign_late(*rows: Any, **by: Any) -> Any:
            if threading.get_ident() == own:
                self._other.start()
                self._other.join(WAITS_S)
            return sign(*rows, **by)

        self._patch.setattr(mapping_changes, "sign_rows", sign_late)

    def end(self) -> list[MLConnectorError]:
        """Wait until it ended, and say what it failed with."""
        self._other.join()
        return self._failures

    def _try(self, deed: Callable[[], Any]) -> None:
        try:
            deed()
        except MLConnectorError as error:
            self._failures.append(error)


@pytest.fixture
def mia(database: Database) -> App:
    return wire_alone(database, zones={"101": "America/Detroit"}, actor="mia")


@pytest.fixture
def leo(mia: App) -> App:
    return dataclasses.replace(mia, actor="leo")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(monkeypatch)


def standing(app: App) -> list[tuple[str, str, str]]:
    return [(row.target["position"], row.state, row.changed_by) for row in app.mappings.load("acme")]


def set_to(app: App, position: str, **more: Any) -> mappings.Changed:
    return mappings.set_row(app, **{**WELDERS, **more}, target={"position": position})


def test_rd09_two_people_who_map_one_new_line_at_once_leave_one_row_and_one_draft(
    mia: App, leo: App, meanwhile: Meanwhile
) -> None:
    meanwhile.begin(lambda: set_to(leo, "Press Operator"))
    set_to(mia, "Welder")
    assert meanwhile.end() == []
    assert sorted(standing(mia)) == [("Press Operator", "draft", "leo"), ("Welder", "accepted", "mia")]
    assert [each.event.actor for each in mia.trail.list(action=AuditAction.MAPPING_DRAFTED)] == ["leo"]


def test_rd09_a_draft_is_approved_or_withdrawn_and_never_both(mia: App, leo: App, meanwhile: Meanwhile) -> None:
    set_to(mia, "Welder")
    set_to(mia, "Press Operator")
    meanwhile.begin(lambda: mappings.withdraw_rows(mia, lines=[LINE]))
    mappings.approve_rows(leo, lines=[LINE], check=False)
    (late,) = meanwhile.end()
    assert isinstance(late, ApprovalRequiredError)
    assert standing(mia) == [("Press Operator", "accepted", "leo")]
    assert mia.trail.list(action=AuditAction.MAPPING_WITHDRAWN) == []


def while_checked(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], Any]) -> None:
    """Let something happen while the next change is held against Plex."""
    deeds = [deed]

    def find_faults(_app: App, _rows: Sequence[Any], **_how: Any) -> list[Any]:
        if deeds:
            deeds.pop()()
        return []

    monkeypatch.setattr(mappings, "_find_faults", find_faults)


def test_rd09_a_draft_withdrawn_while_it_is_checked_is_not_approved(
    mia: App, leo: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to(mia, "Welder")
    set_to(mia, "Press Operator")
    while_checked(monkeypatch, lambda: mappings.withdraw_rows(mia, lines=[LINE]))
    with pytest.raises(
        ApprovalRequiredError, match=r"job_profile JP-WELD.* was changed, approved or withdrawn by somebody else"
    ) as refused:
        mappings.approve_rows(leo, lines=[LINE])
    assert (refused.value.exit_code, refused.value.remedy) == (4, "ml-connector mapping list   shows what is there now")
    assert standing(mia) == [("Welder", "accepted", "mia")]
    assert mia.trail.list(action=AuditAction.MAPPING_APPROVED) == []


def test_rd09_what_is_approved_is_what_was_looked_at(mia: App, leo: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second draft in place of the first is not approved with it, nor for whoever wrote it."""
    set_to(mia, "Welder")
    set_to(mia, "Press Operator")
    while_checked(monkeypatch, lambda: set_to(leo, "Inspector"))
    with pytest.raises(ApprovalRequiredError):
        mappings.approve_rows(leo, lines=[LINE])
    assert sorted(standing(mia)) == [("Inspector", "draft", "leo"), ("Welder", "accepted", "mia")]


def test_rd09_an_end_is_set_to_the_row_that_was_meant(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person is enough here; but who only ends a row does not bring back what it said before."""
    mia = wire_alone(database, zones={"101": "America/Detroit"}, actor="mia", approval="one_person")
    leo = dataclasses.replace(mia, actor="leo")
    set_to(mia, "Welder")
    while_checked(monkeypatch, lambda: set_to(leo, "Press Operator"))
    with pytest.raises(ApprovalRequiredError):
        mappings.set_row(mia, **WELDERS, target={}, until=mia.clock().date())
    assert standing(mia) == [("Press Operator", "accepted", "leo")]
