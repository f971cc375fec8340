"""A sync in a process of its own, with a short lease, for being stopped and raced against."""

from __future__ import annotations

import contextlib
from typing import Any

from ml_connector.errors import UnavailableError
from ml_connector.sync import store
from tests import crash_child


def run(configuration: dict[str, Any], lease_s: float) -> None:
    store.LEASE_S = lease_s  # type: ignore[assignment]
    with contextlib.suppress(UnavailableError):
        crash_child.run(configuration)
        raise SystemExit(0)
    raise SystemExit(7)
