"""Field ownership, and when two values mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.bootstrap import wire
from ml_connector.canonical.plant import Scalar
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.plex_fields import writable_fields
from ml_connector.mapping.rules import FIELDS, Owner, Owners, field_rule, is_clearable, is_owned, same_value
from ml_connector.settings.loading import parse_settings
from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate
from ml_connector.vault.keys import MasterKey

PLANT = {"pcn": "101", "company_code": "DET", "time_zone": "America/Detroit", "routes": [{"company": "C10"}]}
MINIMAL = {
    "workday": {"host": "http://127.0.0.1:1", "tenant": "acme"},
    "plex": {"base_url": "http://127.0.0.1:1/api", "auth": "api_key", "plants": [PLANT]},
}


def test_a_field_without_an_owner_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"nobody owns the field employee\.shoe_size"):
        field_rule("employee", "shoe_size")
    with pytest.raises(ConfigurationError):
        same_value("supplier", "name", "a", "b")


def test_up_05_a_field_that_could_be_written_and_has_no_owner_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = MasterKey(b"k" * 32)
    parsed = parse_settings({"connections": {"acme": MINIMAL}}, name="test")
    database = open_database(f"sqlite:///{tmp_path}/mlc.db")
    migrate(database)
    assert wire(parsed, name="acme", database=database, master_key=key, actor="test").name == "acme"
    Owners().check(writable_fields())
    field_rule.cache_clear()
    monkeypatch.delitem(FIELDS["employee"], "email")
    with pytest.raises(ConfigurationError, match=r"nobody owns the field employee\.email"):
        wire(parsed, name="acme", database=database, master_key=key, actor="test")
    database.close()
    field_rule.cache_clear()


def test_up_05_what_a_plant_keeps_for_itself_is_not_owned() -> None:
    kept = {(kind, field) for kind, fields in FIELDS.items() for field in fields if not is_owned(kind, field)}

    assert kept == {
        ("employee", "id"),
        ("employee", "shift"),
        ("employee_attributes", "employee_no"),
        ("position", "position"),
        ("position", "description"),
        ("department", "department_code"),
        ("department", "name"),
        ("cost_center", "cost_center_no"),
        ("cost_center", "department_code"),
        ("headcount", "position"),
        ("headcount", "shift"),
        ("headcount", "department"),
    }


def test_up_01_only_these_fields_may_be_emptied() -> None:
    clearable = {(kind, field) for kind, fields in FIELDS.items() for field in fields if is_clearable(kind, field)}

    assert clearable == {("employee", "middle_name"), ("employee", "supervisor_id"), ("employee", "email")}


def test_only_workdays_fields_are_clearable_and_only_the_plants_are_given_at_creation() -> None:
    for fields in FIELDS.values():
        for rule in fields.values():
            assert not rule.clearable or rule.owner is Owner.WORKDAY
            assert not rule.at_creation or rule.owner is Owner.PLEX


@pytest.mark.parametrize(
    ("field", "held", "wanted", "same"),
    [
        ("department", "4100-STP ", "4100-STP", True),
        ("department", " 4100-STP", "4100-STP\t", True),
        ("department", "4100-stp", "4100-STP", False),
        ("badge_number", "0010", "10", False),
        ("badge_number", "40", "40.00", False),
        ("badge_number", 40, "40", True),
        ("email", "", None, True),
        ("email", "  ", None, True),
        ("email", "a@b.example", None, False),
        ("last_name", "Nguyễn", "Nguyen", False),
    ],
)
def test_up_04_up_08_what_means_the_same_is_not_written(field: str, held: Scalar, wanted: Scalar, same: bool) -> None:
    assert same_value("employee", field, held, wanted) is same
    assert same_value("employee", field, wanted, held) is same


@pytest.mark.parametrize(
    ("held", "wanted", "same"),
    [
        (40, "40.00", True),
        ("40", "40.0 ", True),
        (40, 41, False),
        (0, None, False),
        ("NaN", "NaN", True),
        (-1, 1, False),
    ],
)
def test_up_04_numbers_are_compared_as_numbers(held: Scalar, wanted: Scalar, same: bool) -> None:
    assert same_value("headcount", "planned", held, wanted) is same


def test_yes_is_not_one() -> None:
    assert not same_value("position", "active", 1, wanted=True)
    assert not same_value("position", "active", None, wanted=False)
    assert same_value("position", "active", True, wanted=True)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["40", "40.00", " 40", "040"])
)


@given(SCALARS, SCALARS, SCALARS, st.sampled_from([("headcount", "planned"), ("employee", "department")]))
def test_up_04_sameness_is_an_equivalence(a: Scalar, b: Scalar, c: Scalar, where: tuple[str, str]) -> None:
    assert same_value(*where, a, a)
    assert same_value(*where, a, b) == same_value(*where, b, a)
    if same_value(*where, a, b) and same_value(*where, b, c):
        assert same_value(*where, a, c)
