"""
A law is a test over histories that Hypothesis draws; how many is up to `pytest --laws-examples N`.

A failing history is printed with the line that plays it again. It is made small only on request (`--laws-shrink`):
that takes hundreds of runs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.laws.history import DAYS, EVENTS, histories

EXAMPLES = 3


class Wish:
    """What the command line asked for; set before any test is collected."""

    examples: int | None = None
    shrink = False


def law(*, examples: int = EXAMPLES, days: int = DAYS, events: int = EVENTS) -> Callable[[Any], Any]:
    """Turn a function of a history into a test; `examples` counts the empty history, which obeys every law."""

    def make(check: Callable[..., None]) -> Any:
        @functools.wraps(check)
        def checked(*args: Any, events: Any, **kwargs: Any) -> None:
            if events:
                check(*args, events=events, **kwargs)

        phases = (Phase.explicit, Phase.reuse, Phase.generate)
        drawn = given(events=histories(days=days, events=events))(checked)
        tried = settings(
            max_examples=1 + (Wish.examples or examples),
            deadline=None,
            print_blob=True,
            phases=(*phases, Phase.shrink) if Wish.shrink else phases,
            suppress_health_check=list(HealthCheck),
        )(drawn)
        return pytest.mark.timeout(0 if Wish.shrink or Wish.examples else 300)(tried)

    return make
