"""How many writes are made ready together: few enough to look up after a crash, enough not to wait for the disk."""

from __future__ import annotations

import pytest

from ml_connector.settings.plex import Plant, PlexConnection
from ml_connector.sync.apply import batch_size


@pytest.mark.parametrize(
    ("calls_per_minute", "share", "writes"),
    [(1, "1", 64), (200, "1", 64), (6_000, "1", 100), (6_000, "0.5", 64), (12_000, "0.75", 150), (600_000, "1", 256)],
)
def test_a_batch_is_what_leaves_in_a_second(calls_per_minute: int, share: str, writes: int) -> None:
    plant = Plant(pcn="101", company_code="ACME")
    plex = PlexConnection(
        base_url="https://connect.plex.com",
        auth="api_key",
        calls_per_minute=calls_per_minute,
        share=share,
        plants=[plant],
    )
    assert batch_size(plex) == writes
