"""Nouns of `explain`: one person through the six steps of a plan, as a person or a script reads it."""

from __future__ import annotations

from typing import Literal

import msgspec

from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.claim import RowVersion

Verb = Literal["create", "update", "deactivate", "reactivate", "transfer", "none", "held", "parked", "pending"]


class ReadStep(msgspec.Struct, frozen=True, kw_only=True):
    """
    What Workday showed: by which *surface* and extraction, as of which two moments, and the *hash* of the record's
    bytes.

    *whole_at* is when everything was read last. *holds_from* is the day from which on the record is as it is, and
    *known_at* the entry moment it was first seen so, where a day of change was ever told. *facts* are what decides, by
    canonical name; pay is never read for this. *problem* says why the record cannot be used.
    """

    surface: str
    extract: int
    effective_on: str
    entered_at: str
    whole_at: str
    hash: str | None = None
    holds_from: str | None = None
    known_at: str | None = None
    facts: dict[str, str | bool | None] = {}
    problem: str | None = None


class RoutedJob(msgspec.Struct, frozen=True, kw_only=True):
    """Which plant takes a job, and the *route* of the configuration that says so; a *problem* where none does."""

    company: str | None
    location: str | None
    primary: bool
    plant: str | None = None
    route: str | None = None
    problem: str | None = None


class ScopeStep(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the person is in scope, by which *setting* not, and whose plants' their jobs are."""

    in_scope: bool
    setting: str | None = None
    jobs: tuple[RoutedJob, ...] = ()


class MatchedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The Plex employee the person is in a plant: *by* says which rule or decision made it that one."""

    plant: str
    key: str
    by: str
    found: bool
    employee_no: Scalar = None


class MatchStep(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is: the *person* (the first profile's WID), *by* which name, every profile, and the records in Plex."""

    person: str
    by: str
    profiles: tuple[str, ...] = ()
    records: tuple[MatchedRecord, ...] = ()


class MappedField(msgspec.Struct, frozen=True, kw_only=True):
    """
    One field as Plex should have it: *workday* names the facts it follows from, *mapping* the mapping row, *rule* the
    rule. *spoken* is an id in people's words. *held* is what Plex has; *compared* whether Workday's word counts for it.
    """

    plant: str
    type: str
    field: str
    value: Scalar
    held: Scalar
    workday: tuple[str, ...]
    rule: str
    compared: bool
    spoken: str | None = None
    mapping: RowVersion | None = None


class LastWrite(msgspec.Struct, frozen=True, kw_only=True):
    """What was last sent, or meant to be sent, for the record, and in which run."""

    action: str
    state: str
    run: int | None


class HeldBy(msgspec.Struct, frozen=True, kw_only=True):
    """The guard that holds a change, and whether a person may release it."""

    id: str
    guard: str
    reason: str
    releasable: bool


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is decided of one record, or of one *field*: the *verb* and the *reason*, as the plan has them.

    *action* is what a held change would do. *remedy* says what releases what is held or parked, *on* the day of what is
    pending; *approved* are the released holds that let it go.
    """

    plant: str
    type: str
    verb: Verb
    reason: str
    key: str = ""
    action: str = ""
    before: dict[str, Scalar] = {}
    after: dict[str, Scalar] = {}
    spoken: dict[str, str] = {}
    spoken_before: dict[str, str] = {}
    field: str | None = None
    code: str | None = None
    hold: HeldBy | None = None
    remedy: str | None = None
    waiting_for: str | None = None
    on: str | None = None
    approved: tuple[str, ...] = ()
    last: LastWrite | None = None


class OrderStep(msgspec.Struct, frozen=True, kw_only=True):
    """When a change goes: what goes before it in this plan, and what waits for it."""

    plant: str
    type: str
    action: str
    position: int
    of: int
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


class ExplainedWorker(msgspec.Struct, frozen=True, kw_only=True):
    """
    One person, step by step. Nothing was asked and nothing was written.

    *verdict* is the sum of `decide` in one word; *notes* say what to know of the reading and the mapping it speaks by.
    """

    worker: str
    worker_type: str
    label: str
    verdict: Verb
    notes: tuple[str, ...]
    read: ReadStep
    scope: ScopeStep
    match: MatchStep
    map: tuple[MappedField, ...]
    decide: tuple[Verdict, ...]
    order: tuple[OrderStep, ...]
