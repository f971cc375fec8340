"""What a rehearsal may change about the pretended Workday while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ml_connector.sandbox.clock import check_offset

_KINDS = {bool: "true or false", int: "a whole number from 0", float: "a number of seconds from 0"}
_LONGEST_PAUSE_S = 600


@dataclass
class Switches:
    """
    The settings.

    *rotating_refresh_tokens* spends a refresh token with each use; *rest_tokens* is how many calls a minute REST, WQL
    and reports take; *clock_offset_s* is by how much Workday's clock is wrong; *maintenance_window* closes it every
    Friday from 23:00 for four hours, Pacific time; *first_page_s* is how long the first page of a reading takes.
    """

    rotating_refresh_tokens: bool = False
    rest_tokens: int = 3600
    clock_offset_s: int = 0
    maintenance_window: bool = False
    first_page_s: float = 0.0

    def change(self, name: str, value: Any) -> None:
        """
        Change one setting.

        Raises:
            ValueError: there is no such setting, or it takes another type.
        """
        known = {field.name: type(getattr(type(self)(), field.name)) for field in fields(self)}
        if name not in known:
            raise ValueError(f"workday has no setting {name!r}; known: {', '.join(sorted(known))}")
        kind = known[name]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is kind and name == "clock_offset_s":
            check_offset(value)
        elif type(value) is not kind or (kind is not bool and value < 0):
            raise ValueError(f"{name} is {_KINDS[kind]}")
        if kind is float and not value <= _LONGEST_PAUSE_S:
            raise ValueError(f"{name} is at most {_LONGEST_PAUSE_S}")
        setattr(self, name, value)

    def reset(self) -> None:
        """Take every setting back to what it is at the start."""
        for name, value in vars(type(self)()).items():
            setattr(self, name, value)
