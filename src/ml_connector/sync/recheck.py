"""
What is made sure of before a plan already kept goes out: that it is the one meant, and that the world has not moved.

`sync.standing` compares; here both sides are looked up for it, and what turns out to be there already is kept as
applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

from ml_connector.canonical.plant import PlexRecord
from ml_connector.connectors.workday.maintenance import expecting_maintenance
from ml_connector.errors import StalePlanError, UsageError
from ml_connector.snapshot.extract import Extract
from ml_connector.sync.change import Change
from ml_connector.sync.gather import Gatherer, plant_days
from ml_connector.sync.intent import Outcome
from ml_connector.sync.lately import look_back
from ml_connector.sync.policy import guard_changes
from ml_connector.sync.run import SENDABLE, Run
from ml_connector.sync.sources import Sources, make_planner
from ml_connector.sync.standing import Standing, check_stands, compare_plan, compare_plex
from ml_connector.sync.store import StoredPlan
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.upstream import find_held, keys_of

_SHORTEST = 8  # characters of a digest that mean one plan


def find_approved(tools: SyncTools, digest: str) -> StoredPlan:
    """
    The plan a person means by its digest, or by how that begins, if its day and its mapping are still today's.

    Raises:
        UsageError: there is none, or *digest* is too short to mean one.
        StalePlanError: a newer one replaced it, its day is yet to come, or another mapping is in force.
    """
    if len(digest) < _SHORTEST:
        raise UsageError(
            f"give at least {_SHORTEST} characters of the digest",
            remedy="ml-connector runs   lists the plans there were",
        )
    stored = tools.store.find_plan(digest)
    if stored is None:
        raise UsageError(
            f"there is no plan {digest}",
            remedy="ml-connector plan   makes one; ml-connector runs   lists those there were",
        )
    newest = tools.store.newest_plan()
    if stored.state == "superseded" or (newest is not None and newest.id != stored.id and stored.state != "done"):
        raise StalePlanError(
            f"plan {stored.digest[:12]} was replaced by a newer one",
            remedy="ml-connector plan   and apply its digest",
        )
    days = _days(tools)
    if stored.state != "done" and stored.as_of > max(days.values()).isoformat():
        raise StalePlanError(
            f"plan {stored.digest[:12]} says what would be on {stored.as_of}; nothing is written before its day",
            remedy="ml-connector plan   and apply its digest",
        )
    if stored.state != "done" and stored.crosswalk != tools.crosswalk(days).version:
        raise StalePlanError(
            f"another mapping is in force than plan {stored.digest[:12]} was made with", remedy="ml-connector plan"
        )
    return stored


def check_plan(tools: SyncTools, run: Run, stored: StoredPlan, sources: Sources) -> None:
    """
    Draw the plan up again, from both sides as they are now: exactly what was approved, or nothing.

    Raises:
        StalePlanError: the world moved, or a guard would hold it now.
    """
    run.progress("comparing", 0, None)
    draft = make_planner(tools, sources).draft(approvals=sources.approvals)
    intents = tools.store.intents(plan_id=stored.id, states=SENDABLE)
    find_now = partial(find_shown, tools, extracts=sources.gathered.extracts)
    standing = compare_plan(intents, again=draft.changes, parked=draft.parked, find_now=find_now)
    # What is new in the world waits for the next plan; the guards look at what this one would send.
    changes, guard = [intent.change for intent in intents], tools.connection.sync.guard
    _marked, held = guard_changes(
        changes,
        population=draft.active,
        guard=guard,
        approvals=sources.approvals,
        lately=look_back(tools.sent, changes, sync=tools.connection.sync, now=sources.gathered.look),
    )
    check_stands(standing, digest=stored.digest, held=held)
    _keep_already(run, standing)


def check_plex(tools: SyncTools, run: Run, stored: StoredPlan, gatherer: Gatherer) -> None:
    """
    Read again what is about to be touched.

    Raises:
        StalePlanError: somebody touched it.
    """
    intents = tools.store.intents(plan_id=stored.id, states=SENDABLE)
    keys = sorted({key for intent in intents for key in keys_of(intent.change)})
    extracts: dict[tuple[str, str, str], Extract] = {key: gatherer.read_again(key.type, key.plant) for key in keys}
    standing = compare_plex(intents, find_now=partial(find_shown, tools, extracts=extracts))
    check_stands(standing, digest=stored.digest)
    _keep_already(run, standing)


def find_shown(
    tools: SyncTools, change: Change, extracts: Mapping[tuple[str, str, str], Extract]
) -> list[PlexRecord] | None:
    """The records under a change's key, in both plants of a transfer; None where not all of it was read."""
    found: list[PlexRecord] = []
    for key in keys_of(change):
        if key not in extracts:
            return None
        found += find_held(tools.snapshots, extracts[key], keys=[change.key]).values()
    return found


def _days(tools: SyncTools) -> dict[str, date]:
    """Which day it is in each plant, by Workday's clock."""
    with expecting_maintenance(tools.clock):
        return plant_days(tools.connection.plex.plants, tools.workday().now())


def _keep_already(run: Run, standing: Standing) -> None:
    run.keep(
        [
            Outcome(
                intent=it, state="applied", reason=f"{it.change.system.capitalize()} holds this already", sent=False
            )
            for it in standing.already
        ]
    )
