"""What runs, how often, within which guards, and who may change the mapping."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from ml_connector.settings.forms import Frozen, parse_interval_s, parse_limit, parse_regular

# What a guard counts; each has a limit `<word>_over`.
GUARDED = ("create", "update", "deactivate", "reactivate", "field_change", "drift")
_SHORTEST_POLL_S = 5 * 60


class Rolling(Frozen):
    """
    The guards over a span of time: what earlier runs applied within *window* counts too.

    A limit left out is that of a single run; `window = "0 h"` lets every run count for itself.
    """

    window: str = "24 h"
    create_over: str | None = None
    update_over: str | None = None
    deactivate_over: str | None = None
    reactivate_over: str | None = None
    field_change_over: str | None = None
    drift_over: str | None = None

    @field_validator("window")
    @classmethod
    def _span(cls, value: str) -> str:
        parse_interval_s(value)
        return value

    @field_validator(*(f"{verb}_over" for verb in GUARDED))
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse_limit(value)
        return value


class Guard(Frozen):
    """
    When a run stops for a person: `max(10, 2%)` = more than ten and more than two per cent.

    *drift*: whether a field of Workday's that somebody changed in Plex is written over, or waits for a person.
    """

    create_over: str = "max(50, 20%)"
    update_over: str = "max(50, 50%)"
    deactivate_over: str = "max(10, 2%)"
    reactivate_over: str = "max(10, 2%)"
    field_change_over: str = "20%"
    drift_over: str = "max(50, 20%)"
    drift: Literal["overwrite", "hold"] = "overwrite"
    rolling: Rolling = Rolling()

    @field_validator(*(f"{verb}_over" for verb in GUARDED))
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_limit(value)
        return value

    def limit(self, verb: str, *, rolling: bool = False) -> str:
        """The limit of one of `GUARDED`, for a run or over the rolling window."""
        own: str | None = getattr(self.rolling, f"{verb}_over") if rolling else None
        return own or str(getattr(self, f"{verb}_over"))

    @property
    def rolls(self) -> bool:
        """Whether earlier runs count at all."""
        return parse_interval_s(self.rolling.window) > 0


class Sync(Frozen):
    """
    What runs, how often, and within which guards.

    *full_compare*: when everything is read and compared anew, whatever Workday's log told. *overlap*: how far each
    window on that log reaches back into the one before. *clock_ahead*: how much more than by our own clock may have
    passed by Workday's since it was last believed. *cost_centers* is whose word counts for cost centers: which there
    are, their names, whether they are active.
    """

    workers_every: str = "15 min"
    full_compare: str = "daily 02:00 UTC"
    overlap: str = "5 min"
    clock_ahead: str = "30 min"
    guard: Guard = Guard()
    cost_centers: Literal["workday", "plex"] = "workday"
    contingent_workers: bool = False
    pay_rates: bool = False

    @field_validator("full_compare")
    @classmethod
    def _regular(cls, value: str) -> str:
        parse_regular(value)
        return value

    @field_validator("overlap", "clock_ahead")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_interval_s(value)
        return value

    @field_validator("workers_every")
    @classmethod
    def _patient(cls, value: str) -> str:
        if parse_interval_s(value) < _SHORTEST_POLL_S:
            raise ValueError(f"{value!r} is too often: 5 min at least between two polls of Workday")
        return value


class MappingControl(Frozen):
    """
    Who may change a mapping row that is in force: *approval* `two_people` needs another person's word, `one_person`
    none.
    """

    approval: Literal["two_people", "one_person"] = "two_people"
