"""What `ping` ends with says what to do next: ask for access, correct something here, or come again (product §4)."""

from __future__ import annotations

import msgspec
import pytest

from ml_connector.connectors.port import SurfaceHealth, TypeHealth, tell_failed
from ml_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    IncompleteReadError,
    MissingCredentialError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RateLimitError,
    UnavailableError,
)
from ml_connector.usecases.inspection import PingReport

_WELL = TypeHealth(type="worker", permitted=True, count=3)
_EMPTY = TypeHealth(type="account", permitted=True, count=0, problem="empty: a Plex role may be missing")


def _surface(*types: TypeHealth, error: MLConnectorError | None = None) -> SurfaceHealth:
    code = None if error is None else error.exit_code
    return SurfaceHealth(system="plex", surface="connect 101", ok=False, signed_in=True, types=types, exit_code=code)


def _code(*surfaces: SurfaceHealth) -> int:
    return PingReport(ok=False, systems=surfaces).exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RateLimitError("wait"), 7),
        (UnavailableError("a page of a proxy"), 7),
        (IncompleteReadError("it moved"), 7),
        (NotSentError("no address"), 7),
        (PermissionError_("no"), 5),
        (AuthenticationError("who"), 5),
        (ConfigurationError("a redirect"), 6),
        (MissingCredentialError("none was ever set"), 6),
    ],
)
def test_the_code_is_the_one_any_other_command_would_end_with(error: MLConnectorError, code: int) -> None:
    assert _code(_surface(error=error)) == code
    assert _code(_surface(_WELL, tell_failed("employee", error))) == code
    assert tell_failed("employee", error).permitted == (not isinstance(error, PermissionError_))


def test_what_shows_nothing_counts_as_refused_and_refusals_before_all_else() -> None:
    assert _code(_surface(_WELL, _EMPTY)) == 5
    assert _code(_surface()) == 5
    away, wrong = tell_failed("employee", UnavailableError("away")), tell_failed("tenant", ConfigurationError("wrong"))
    assert _code(_surface(away), _surface(_WELL, wrong)) == 6
    assert _code(_surface(away, wrong), _surface(_EMPTY)) == 5
    clock = SurfaceHealth(
        system="workday", surface="soap", ok=False, signed_in=True, types=(_WELL,), exit_code=6, problem="hours off"
    )
    assert _code(clock) == 6
    assert _code(clock, _surface(away)) == 6
    told = msgspec.structs.replace(clock, types=(away,), exit_code=None, problem="ninety seconds off")
    assert _code(told) == 7, "it is only told: what is away says what to do"
    assert PingReport(ok=True, systems=()).exit_code == 0
