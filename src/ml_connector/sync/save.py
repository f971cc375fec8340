"""A plan as it is kept: the plan, what both sides agree on, what waits and the events of it share one transaction."""

from __future__ import annotations

from datetime import datetime

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.canonical.workforce import Worker
from ml_connector.review.store import HoldInfo
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.storage.database import Transaction
from ml_connector.sync.change import Hold, digest_of
from ml_connector.sync.draft import Draft
from ml_connector.sync.parking import why_parked
from ml_connector.sync.policy import Approvals
from ml_connector.sync.run import Run
from ml_connector.sync.store import StoredPlan
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.undecided import Undecided


def save_draft(
    tools: SyncTools,
    run: Run,
    *,
    as_of: str,
    watermark: str,
    crosswalk: str,
    draft: Draft,
    approvals: Approvals | None = None,
    inputs: str | None = None,
) -> StoredPlan:
    """
    Plan, parked records, holds and their audit events share one transaction.

    Without *approvals* the plan is not the state of things (a resending, another day): what waits stays as it was.

    Raises:
        UnavailableError: another run took over meanwhile; its plan stands, and nothing of this one is kept.
    """
    changes = draft.changes
    now = tools.clock()
    digest = digest_of(tools.name, crosswalk, changes)
    with run.transaction() as tx:
        superseded = tools.store.supersede(tx)
        tools.store.save_plan(
            tx,
            digest=digest,
            as_of=as_of,
            watermark=watermark,
            crosswalk=crosswalk,
            inputs=inputs,
            counts=draft.counts(),
            changes_=changes,
            run=run.number,
            at=now,
        )
        events = [
            run.event(
                AuditAction.PLAN_SUPERSEDED,
                f"plan//{old[:12]}",
                now,
                plan=old,
                reason=f"plan {digest[:12]} takes its place",
            )
            for old in superseded
        ]
        events.append(
            run.event(AuditAction.PLAN_CREATED, f"plan//{digest[:12]}", now, plan=digest, detail=draft.counts())
        )
        if approvals is not None:
            events += _keep_review(tools, tx, run, draft, digest, now)
            tools.review.retire(tx, tools.name, releases=approvals.over)
        tools.trail.append(tx, events)
    stored = tools.store.find_plan(digest)
    assert stored is not None  # noqa: S101 - just written
    return stored


def _keep_review(
    tools: SyncTools, tx: Transaction, run: Run, draft: Draft, digest: str, now: datetime
) -> list[AuditEvent]:
    """Keep what both sides agree on and what waits, and tell what of it is new."""
    holds = [to_kept(hold, at=now) for hold in draft.holds]
    tools.baselines.agree(tx, draft.agreed, run=run.number, at=now)
    tools.baselines.save_headcount(tx, draft.headcount)
    tools.baselines.save_fill_masks(tx, draft.fill)
    tools.baselines.save_in_step(tx, draft.in_step)
    tools.placed.save(tx, draft.placed, others=draft.fill)
    # What waited for another record stays parked until its own write is through: it was decided once, not anew.
    going = {(*record, "") for record in draft.going}
    # Of what this plan was not asked for, no write goes: it stays as it was, whatever it waits for.
    unasked = going - {(it.type, it.plant, it.source, "") for it in draft.changes}
    undecided = _undecided(tools, draft)
    newly_parked = tools.review.replace_parked(
        tx,
        tools.name,
        draft.parked,
        still=going,
        undecided=lambda item: undecided.covers(item) or item.name in unasked,
        at=now,
    )
    newly_pending, no_more = tools.review.replace_pending(tx, tools.name, draft.pending, at=now)
    newly_held = tools.review.replace_open_holds(tx, tools.name, holds)
    events = [
        run.event(AuditAction.DECISION_NOOP, "records//unchanged", now, plan=digest, detail={"count": draft.noop})
    ]
    dated = [(AuditAction.DECISION_PENDING, item) for item in newly_pending]
    # What has come due is no longer pending either, and was not withdrawn.
    dated += [(AuditAction.DECISION_WITHDRAWN, item) for item in no_more if item.on > draft.today]
    events += [
        run.event(
            action,
            f"{item.type}/{item.plant}/{item.key}",
            now,
            plan=digest,
            reason=item.reason,
            detail={"due": item.on},
        )
        for action, item in dated
    ]
    events += [
        run.event(
            AuditAction.DECISION_PARKED,
            f"{item.type}/{item.plant}/{item.key}",
            now,
            plan=digest,
            reason=why_parked(item),
        )
        for item in newly_parked
    ]
    events += [held_event(run, hold, at=now, plan=digest) for hold in newly_held]
    return events


def _undecided(tools: SyncTools, draft: Draft) -> Undecided:
    """What this run says nothing of, a reading being held or not to be had."""
    dropped = [wid for hold in draft.holds if hold.guard == "population_drop" for wid in hold.members]
    unseen = tools.snapshots.find(Scope(tools.name, "workday", "worker"), keys=dropped, of=Worker)
    numbers = {worker.known_as for worker in unseen.values()}
    return Undecided(draft.holds, not_given=draft.not_given, nobody=draft.nobody, unseen=numbers)


def to_kept(hold: Hold, *, at: datetime) -> HoldInfo:
    """A hold as it is kept, open."""
    return HoldInfo(
        id=hold.id,
        guard=hold.guard,
        type=hold.type,
        plant=hold.plant,
        members=hold.members,
        reason=hold.reason,
        remedy=hold.remedy,
        state="open",
        releasable=hold.releasable,
        created_at=at.isoformat(),
        explanation=hold.explanation,
    )


def held_event(run: Run, hold: Hold | HoldInfo, *, at: datetime, plan: str | None) -> AuditEvent:
    """One alert a hold, told in the run that met it first."""
    return run.event(
        AuditAction.DECISION_HELD,
        f"hold/{hold.plant}/{hold.id}",
        at,
        plan=plan,
        reason=hold.reason,
        detail={"guard": hold.guard, "members": len(hold.members)},
    )
