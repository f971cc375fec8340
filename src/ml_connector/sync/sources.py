"""
What a plan is drawn up from, however both sides came to be known: read just now, or recalled from the last reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.review.store import Parked
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.entered import Entered
from ml_connector.sync.gather import Gathered
from ml_connector.sync.identify import Identities
from ml_connector.sync.intent import Intent, Outcome
from ml_connector.sync.lookup import Lookup
from ml_connector.sync.plan import Planner
from ml_connector.sync.policy import Approvals
from ml_connector.sync.receipts import parked_of
from ml_connector.sync.run import Run
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.transfer import tell_not_shown
from ml_connector.sync.witness import Witness
from ml_connector.timeline.outbox import Outbox


class Sources(NamedTuple):
    """What a plan is drawn up from; *snapshots* hold the records that *gathered* names."""

    gathered: Gathered
    approvals: Approvals
    crosswalk: Crosswalk
    refused: Mapping[str, Parked]
    who: Identities
    outbox: Outbox
    moving: Mapping[str, Intent]
    snapshots: SnapshotStore


def make_planner(tools: SyncTools, sources: Sources, *, witness: Witness | None = None, anew: bool = False) -> Planner:
    """The one planner, whoever asks; a *witness* looks on at one person, with *anew* everybody is decided about."""
    return Planner(
        name=tools.name,
        connection=tools.connection,
        crosswalk=sources.crosswalk,
        snapshots=sources.snapshots,
        history=tools.history,
        sent=tools.sent,
        baselines=tools.baselines,
        placed=tools.placed,
        gathered=sources.gathered,
        refused=sources.refused,
        who=sources.who,
        outbox=sources.outbox,
        entered=Entered(tools.name, facts=tools.facts, extracts=tools.extracts, plants=tools.connection.plex.plants),
        moving=sources.moving,
        witness=witness,
        # A whole comparison builds on nothing that was found before (CC-06).
        anew=anew or bool(sources.gathered.missed),
    )


def find_approvals(tools: SyncTools) -> Approvals:
    """What people released until now."""
    ever = [hold for hold in tools.review.holds(tools.name) if hold.released_at]
    released = {hold.id: (hold.guard, frozenset(hold.members)) for hold in ever if hold.state == "released"}
    return Approvals(released, ever=(member for hold in ever for member in hold.members))


def find_refused(tools: SyncTools, *, retry: Collection[str] = ()) -> dict[str, Parked]:
    """Content Plex refused, or accepted and has not shown yet: not sent again by itself."""
    refused = {item.content_hash: item for item in tools.review.parked(tools.name) if item.content_hash}
    for intent in tools.store.intents(states=("accepted",)):
        outcome = Outcome(intent=intent, state="accepted", reason=tell_not_shown(intent.change))
        refused[intent.change.content_hash] = parked_of(outcome)
    return {content: item for content, item in refused.items() if content and item.key not in retry}


def find_moving(tools: SyncTools, *, retry: Collection[str] = ()) -> dict[str, Intent]:
    """
    Who is perhaps between two plants, by person, until somebody says that they are to be decided anew.

    Who was converted meanwhile is known by another number than the transfer was sent under.
    """
    unsettled = tools.history.unsettled_transfers()
    numbers = find_numbers(tools, unsettled)
    return {
        person: intent
        for person, intent in unsettled.items()
        if not {intent.change.source, *numbers[person]}.intersection(retry)
        and not tools.history.is_sent_since(intent, numbers=numbers[person])
    }


def find_numbers(tools: SyncTools, people: Collection[str]) -> dict[str, set[str]]:
    """By person, the numbers people know their profiles by, as last shown."""
    joined = tools.links.joined() if people else {}
    owner = {person: person for person in people} | {wid: one for wid, one in joined.items() if one in people}
    scope = Scope(tools.name, "workday", RecordType.WORKER)
    found: dict[str, set[str]] = {person: set() for person in people}
    for wid, worker in tools.snapshots.find(scope, keys=sorted(owner), of=Worker).items():
        found[owner[wid]].add(worker.known_as)
    return found


def find_outbox(tools: SyncTools, gathered: Gathered, *, other_day: bool) -> Outbox:
    """What lies ahead of today, or nothing where another day is asked about."""
    near = tools.facts.changing(after=min(gathered.today.values()))
    by = gathered.as_of.entered_at
    return Outbox({} if other_day else tools.facts.of(near), by=by, early=tools.facts.early(by=by))


def find_crosswalk(tools: SyncTools, run: Run, gathered: Gathered, *, learns: bool) -> Crosswalk:
    """
    The crosswalk in force on each plant's day.

    Where it *learns*, a row written before its code was ever read means from now on the object that has the code,
    whatever that one is called later (RD-01).
    """
    crosswalk = tools.crosswalk(gathered.today)
    lookup = Lookup(gathered, tools.snapshots, status_inactive=tools.connection.plex.status_inactive)
    learnt = crosswalk.learn(lookup.find_wids) if learns else []
    if not learnt:
        return crosswalk
    now = tools.clock()
    with run.transaction() as tx:
        tools.mappings.fill_wids(tx, tools.name, learnt)
        tools.trail.append(tx, [_learnt_event(run, row, now) for row in learnt])
    return tools.crosswalk(gathered.today)


def _learnt_event(run: Run, row: MappingRow, at: datetime) -> AuditEvent:
    """No new version of the row, but from now on it answers for one object of Workday's only."""
    return run.event(
        AuditAction.MAPPING_CHANGED,
        f"mapping/{row.plant}/{row.kind.value} {row.source}",
        at,
        reason="its code was read for the first time: it means what has that code now",
        detail={"version": row.version, "state": row.state},
    )
