"""What a rehearsal may change about the pretended Plex while it runs, checked by name and type."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any

from ml_connector.sandbox.clock import check_offset

ROW_LIMIT_FLAGS = ("raw", "viewer", "limitExceeded", "rowLimitExceeded")
RETRY_AFTER_FORMS = ("seconds", "date", "none")
EMPTY_FORMS = ("absent", "null", "empty")
_CHOICES = {"row_limit_flag": ROW_LIMIT_FLAGS, "retry_after_form": RETRY_AFTER_FORMS, "empty_form": EMPTY_FORMS}


@dataclass
class Switches:
    """
    Behaviour the documents leave open, or that differs between customers.

    *clock_offset_s* is by how much Plex's clock is wrong. *apply_lag_s*: how long a 202 takes to become true.
    *row_limit_flag*: which of four published spellings tells that rows were cut. *empty_form*: how an empty field of a
    resource looks. *row_limits* and *broken* name data sources, *unsubscribed* names resources; *added_column* puts a
    column nobody asked for first in every data-source answer.
    """

    calls_per_minute: int = 6000
    apply_lag_s: float = 0.2
    token_life_s: int = 600
    clock_offset_s: int = 0
    row_limit_flag: str = "raw"
    retry_after_form: str = "seconds"
    empty_form: str = "absent"
    added_column: bool = False
    row_limits: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    unsubscribed: list[str] = field(default_factory=list)
    period_status: dict[str, str] = field(default_factory=dict)

    def change(self, name: str, value: Any) -> None:
        """
        Set one switch.

        Raises:
            ValueError: no such switch, or the value is not of its kind; the message names what is known.
        """
        known = {each.name for each in fields(self)}
        if name not in known:
            raise ValueError(f"no setting {name!r}; known: {', '.join(sorted(known))}")
        choices = _CHOICES.get(name)
        if choices and value not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}")
        present = getattr(self, name)
        number = isinstance(present, (int, float)) and not isinstance(present, bool)
        fits = (
            isinstance(value, (int, float)) and not isinstance(value, bool) if number else type(value) is type(present)
        )
        if not fits:
            raise ValueError(f"{name} takes a {type(present).__name__}")
        if name == "clock_offset_s":
            check_offset(value)
        elif number and value < 0:
            raise ValueError(f"{name} cannot be negative")
        setattr(self, name, value)

    def restore(self, start: Switches) -> None:
        """Set every switch as it is in *start*."""
        for each in fields(self):
            setattr(self, each.name, copy(getattr(start, each.name)))
