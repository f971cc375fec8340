"""What a rehearsal may change about the pretended Workday while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Switches:
    """
    The settings.

    *rotating_refresh_tokens* spends a refresh token with each use; *rest_tokens* is how many calls a minute REST, WQL and
    reports take.
    """

    rotating_refresh_tokens: bool = False
    rest_tokens: int = 3600

    def change(self, name: str, value: Any) -> None:
        """
        Change one setting.

        Raises:
            ValueError: there is no such setting, or it takes another type.
        """
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        if name not in known:
            raise ValueError(f"workday has no setting {name!r}; known: {', '.join(sorted(known))}")
        if type(value) is not known[name] or (known[name] is int and value < 0):
            kind = "true or false" if known[name] is bool else "a whole number from 0"
            raise ValueError(f"{name} is {kind}")
        setattr(self, name, value)

    def reset(self) -> None:
        """Take every setting back to what it is at the start."""
        for name, value in vars(type(self)()).items():
            setattr(self, name, value)
