"""The in-memory Plex where it goes beyond the contract: faults on demand, and commands that show later."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.memory import MemoryConnector
from ml_connector.connectors.port import Query, Write
from ml_connector.errors import AmbiguousWriteError


def write(action: str = "create", **body: str) -> Write:
    return Write(record_type=RecordType.EMPLOYEE, plant="101", key="a", action=action, body=body)  # type: ignore[arg-type]


def make(*, lag: bool = False) -> MemoryConnector:
    return MemoryConnector(clock=lambda: datetime(2026, 11, 23, tzinfo=UTC), lag=lag)


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_fault_is_played_once_before_or_after_the_write(carried_out: bool) -> None:
    plex = make()
    plex.fail_next(AmbiguousWriteError("reset"), carried_out=carried_out)
    with pytest.raises(AmbiguousWriteError):
        plex.write(write(id="a"))
    assert len(plex.find(write())) == carried_out
    assert len(plex.writes) == 1


def test_px_02_an_accepted_command_shows_when_it_is_settled() -> None:
    plex = make(lag=True)
    plex.put(RecordType.EMPLOYEE, plant="101", key="a", row={"id": "a", "status": "Active"})
    assert plex.write(write("deactivate", status="Inactive")).state == "accepted"
    assert b'"Active"' in plex.find(write())[0].payload
    plex.settle()
    assert b'"Inactive"' in plex.find(write())[0].payload


def test_plants_are_apart() -> None:
    plex = make()
    plex.write(write(id="a"))
    (page,) = plex.read(Query(record_type=RecordType.EMPLOYEE, plant="102"))
    assert page.total == 0
