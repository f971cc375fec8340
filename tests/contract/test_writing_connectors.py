"""
One suite for every connector that writes: Plex (against the sandbox, which does not know our client) and memory.

What a run relies on: what was written is found, a repeat is not a second record, accepted becomes applied, a refusal
is a `RecordError`, and what we do not own survives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.connectors.budget.budget import Budget
from ml_connector.connectors.memory import MemoryConnector
from ml_connector.connectors.plex.catalog import NAMES
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.port import Connector, Query, Write
from ml_connector.connectors.transport import Transport
from ml_connector.errors import RecordError, UnavailableError
from ml_connector.mapping.plex import to_body, to_plant_record
from ml_connector.sandbox.server import Sandbox
from ml_connector.secret import Secret
from ml_connector.settings.plex import PlexConnection
from tests.rehearsal import Clock

PLANT = "101"
SETUP: dict[str, Scalar] = {
    "status": "Active",
    "position": "Welder",
    "shift": "Day",
    "building": "DET",
    "type": "Full-time",
    "department": "4200-WLD",
}


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=20) as running:
        yield running


def connect(ready: dict[str, Any], *, auth: str = "oauth2", **settings_changes: Any) -> PlexConnector:
    """A connector on the sandbox; it waits for nothing longer than it must."""
    plex = ready["plex"]
    settings = PlexConnection.model_validate(
        {
            "base_url": plex["base_url"],
            "token_url": plex["token_url"],
            "auth": auth,
            "calls_per_minute": plex["calls_per_minute"],
            "plants": plex["plants"],
            "datasources": {name: {"id": number} for name, number in plex["datasources"].items() if name in NAMES},
            **settings_changes,
        }
    )
    turns = Clock()  # a pause for everybody passes at once
    secrets = {**plex["oauth2"], "api_key": plex["api_key"]}
    for pcn, user in plex["basic_users"].items():
        secrets |= {f"{pcn}/{field}": value for field, value in user.items()}
    return PlexConnector(
        settings,
        credential=lambda field: Secret(secrets[field]),
        transport=Transport(system="plex"),
        clock=clock,
        sleep=lambda seconds: time.sleep(min(seconds, 0.02)),
        budget=Budget(calls_per_minute=settings.calls_per_minute, clock=turns.monotonic, sleep=turns.sleep),
    )


@pytest.fixture(params=["memory", "plex"])
def connector(request: pytest.FixtureRequest) -> Iterator[Connector]:
    if request.param == "memory":
        yield MemoryConnector(clock=clock)
        return
    connector = connect(request.getfixturevalue("sandbox").ready)
    yield connector
    connector.close()


def write_of(
    record_type: RecordType, key: str, action: str, fields: dict[str, Scalar], held: PlexRecord | None = None
) -> Write:
    body = to_body(record_type, action=action, fields=fields, native=held.native if held else None)
    return Write(record_type=record_type, plant=PLANT, key=key, action=action, body=body)  # type: ignore[arg-type]


def found(connector: Connector, write: Write) -> list[PlexRecord]:
    return [to_plant_record(native, plant=PLANT) for native in connector.find(write)]


def hire(connector: Connector, **fields: Scalar) -> tuple[Write, PlexRecord]:
    """Create somebody new and read the record back."""
    key = str(uuid4())
    given: dict[str, Scalar] = {"id": key, "badge_number": key[:8], "first_name": "Ada", "last_name": "Nguyễn"}
    write = write_of(RecordType.EMPLOYEE, key, "create", given | SETUP | fields)
    assert connector.write(write).state == "applied"
    (record,) = found(connector, write)
    return write, record


def test_what_is_not_allowed_does_not_leave(connector: Connector) -> None:
    key = str(uuid4())
    write = write_of(RecordType.EMPLOYEE, key, "create", {"id": key, "badge_number": key[:8], "last_name": "N"} | SETUP)

    def forbid() -> None:
        raise UnavailableError("the right to write ran out")

    with pytest.raises(UnavailableError, match="ran out"):
        connector.write(write, allowed=forbid)
    assert found(connector, write) == []


def test_up_06_many_are_looked_up_at_once_and_who_is_not_there_is_left_out(connector: Connector) -> None:
    writes = [hire(connector)[0] for _ in range(3)]
    nobody = write_of(RecordType.EMPLOYEE, str(uuid4()), "create", {"last_name": "N"} | {"id": str(uuid4())})
    found_ = connector.find_each([*writes, nobody])
    assert set(found_) == {write.key for write in writes}
    assert {to_plant_record(native, plant=PLANT).key for native in found_.values()} == set(found_)


def until(seen: Callable[[], bool]) -> None:
    """Look again and again until it is seen; a command is accepted first and carried out later (PX-02)."""
    end = time.monotonic() + 20
    while not seen():
        assert time.monotonic() < end, "accepted and never seen"
        time.sleep(0.02)


def test_what_was_created_is_found_by_id(connector: Connector) -> None:
    write, record = hire(connector, email="ada@example.com")
    assert record.key == write.key
    assert record.fields.items() >= {"first_name": "Ada", "last_name": "Nguyễn", "email": "ada@example.com"}.items()
    assert record.fields.items() >= SETUP.items()


def test_what_was_created_is_in_the_next_full_list_once(connector: Connector) -> None:
    write, _ = hire(connector)
    query = Query(record_type=RecordType.EMPLOYEE, plant=PLANT)
    pages = list(connector.read(query))
    keys = [to_plant_record(record, plant=PLANT).key for page in pages for record in page.records]
    assert keys.count(write.key) == 1
    assert len(keys) == pages[0].total


def test_a_record_is_found_by_its_natural_key_under_another_id(connector: Connector) -> None:
    write, record = hire(connector)
    other = write_of(RecordType.EMPLOYEE, str(uuid4()), "create", {"id": "x", "badge_number": write.key[:8]})
    assert [seen.key for seen in found(connector, other)] == [record.key]


def test_nobody_is_found_who_was_never_created(connector: Connector) -> None:
    key = str(uuid4())
    assert found(connector, write_of(RecordType.EMPLOYEE, key, "create", {"id": key, "badge_number": key[-8:]})) == []


def test_px_01_a_repeated_create_is_refused_and_not_a_second_record(connector: Connector) -> None:
    write, record = hire(connector)
    with pytest.raises(RecordError):
        connector.write(write)
    assert found(connector, write) == [record]


def test_up_05_an_update_changes_what_it_names_and_nothing_else(connector: Connector) -> None:
    write, before = hire(connector, middle_name="B", email="ada@example.com")
    update = write_of(RecordType.EMPLOYEE, write.key, "update", {"last_name": "O'Neil-Müller"}, before)
    assert connector.write(update).state == "applied"
    (after,) = found(connector, update)
    assert after.fields == before.fields | {"last_name": "O'Neil-Müller"}
    assert after.native == before.native | {"lastName": "O'Neil-Müller"}


def test_up_01_explicitly_empty_fields_become_empty(connector: Connector) -> None:
    _, boss = hire(connector)
    write, before = hire(connector, middle_name="B", supervisor_id=boss.key)
    assert before.fields["supervisor_id"] == boss.key
    update = write_of(RecordType.EMPLOYEE, write.key, "update", {"middle_name": None, "supervisor_id": None}, before)
    connector.write(update)
    (after,) = found(connector, update)
    assert after.fields.get("middle_name") is None
    assert after.fields.get("supervisor_id") is None
    assert after.fields["last_name"] == "Nguyễn"


def test_px_02_deactivate_and_reactivate_are_accepted_and_then_seen(connector: Connector) -> None:
    write, _ = hire(connector)
    for action, status in (("deactivate", "Inactive"), ("reactivate", "Active")):
        command = write_of(RecordType.EMPLOYEE, write.key, action, {"status": status})
        assert connector.write(command).state == "accepted"
        until(lambda command=command, status=status: found(connector, command)[0].fields["status"] == status)  # type: ignore[misc]


@pytest.mark.parametrize("action", ["update", "deactivate"])
def test_a_write_to_nobody_is_refused(connector: Connector, action: str) -> None:
    write = write_of(RecordType.EMPLOYEE, str(uuid4()), action, {"status": "Inactive"})
    with pytest.raises(RecordError) as caught:
        connector.write(write)
    assert caught.value.code == "RESOURCE_NOT_FOUND"


REFERENCES = [
    (RecordType.POSITION, "{0}", {"position": "{0}", "active": True}, {"active": False}),
    (RecordType.DEPARTMENT, "{0}", {"department_code": "{0}", "name": "New", "active": True}, {"name": "Newer"}),
    (RecordType.COST_CENTER, "{0}", {"cost_center_no": "{0}", "name": "New"}, {"name": "Final Assembly"}),
    (
        RecordType.HEADCOUNT,
        "Material Handler|Night|4100-STP",
        {"position": "Material Handler", "shift": "Night", "department": "4100-STP", "planned": 4},
        {"planned": 7},
    ),
]


@pytest.mark.parametrize(("record_type", "key", "fields", "change"), REFERENCES, ids=lambda value: str(value)[:12])
def test_reference_data_is_created_found_and_updated(
    connector: Connector, record_type: RecordType, key: str, fields: dict[str, Scalar], change: dict[str, Scalar]
) -> None:
    number = str(uuid4().int)[:6]
    key = key.format(number)
    fields = {name: value.format(number) if isinstance(value, str) else value for name, value in fields.items()}
    create = write_of(record_type, key, "create", fields)
    assert connector.write(create).state == "applied"
    (made,) = found(connector, create)
    assert made.key == key
    assert made.fields.items() >= fields.items()
    update = write_of(record_type, key, "update", change, made)
    assert connector.write(update).state == "applied"
    (changed,) = found(connector, update)
    assert changed.fields == made.fields | change


def test_employee_attributes_follow_their_employee(connector: Connector) -> None:
    write, _ = hire(connector)
    fields: dict[str, Scalar] = {"resource_id": write.key, "external_employee_id": "21001", "cost_center": "4200"}
    attributes = write_of(RecordType.EMPLOYEE_ATTRIBUTES, write.key, "create", fields)
    assert connector.write(attributes).state == "applied"
    (record,) = found(connector, attributes)
    assert record.key == write.key
    assert record.fields.items() >= {"external_employee_id": "21001", "cost_center": "4200"}.items()


def test_the_clock_is_aware(connector: Connector) -> None:
    assert connector.now().tzinfo is not None


def test_check_never_raises_and_discover_names_types(connector: Connector) -> None:
    hire(connector)
    assert all(surface.ok and surface.signed_in for surface in connector.check())
    assert "employee" in {info.type for info in connector.discover()}
