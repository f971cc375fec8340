"""
The verbs: plan, apply, sync, reevaluate, resend, and release, which only decides.

Each other is one run under one lease, from the clearing of what an earlier run left on its way to the last line of the
report.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

import msgspec

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.errors import ApprovalRequiredError, ConfigurationError
from ml_connector.review.store import HoldInfo, Parked
from ml_connector.settings.forms import parse_interval_s
from ml_connector.snapshot.extract import Progress, Reader
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.sync.belief import ON_CLOCK, clock_ran_ahead, clock_went_back
from ml_connector.sync.capture import Capture
from ml_connector.sync.draft import Draft
from ml_connector.sync.forecast import forecast_writes
from ml_connector.sync.foreign import watch_plants
from ml_connector.sync.gather import WORKDAY_TYPES, Gathered, Gatherer
from ml_connector.sync.identify import identify_workers, recognize_workers
from ml_connector.sync.inputs import fingerprint_inputs
from ml_connector.sync.intent import Outcome
from ml_connector.sync.judge import judge
from ml_connector.sync.linked import watch_links
from ml_connector.sync.policy import ON_CHANGES, Approvals
from ml_connector.sync.recheck import check_plan, check_plex, find_approved, find_shown
from ml_connector.sync.report import PlanReport, RunReport, change_info, hold_line, not_yet_held, staying_lines
from ml_connector.sync.resend import find_same_bytes
from ml_connector.sync.run import Run, open_run
from ml_connector.sync.save import held_event, save_draft, to_kept
from ml_connector.sync.sentinel import watch_sentinels
from ml_connector.sync.sources import (
    Sources,
    find_approvals,
    find_crosswalk,
    find_moving,
    find_outbox,
    find_refused,
    make_planner,
)
from ml_connector.sync.store import StoredPlan
from ml_connector.sync.successor import no_open_hold
from ml_connector.sync.tools import SyncTools

_SHORTEST_HOLD = 4
_WORKER_TYPES = ("employee", "employee_attributes")


class Syncer:
    """Plans and applies for one connection."""

    def __init__(self, tools: SyncTools) -> None:
        self._tools = tools
        self._name = tools.name

    def plan(
        self,
        *,
        as_of: date | None = None,
        only: str | None = None,
        keys: Collection[str] = (),
        whole: bool = False,
        progress: Progress,
    ) -> PlanReport:
        """
        Read both sides, decide everything, keep it under its digest, write nothing to either.

        With *whole* all of Workday is read and compared, whatever its log tells.
        """
        with open_run(self._tools, "plan", progress=progress) as run:
            sources = self._look(run, as_of=as_of, whole=whole)
            # What would be on another day is nobody's to release, and no measure for the next run.
            stored, draft = self._draw_up(run, sources, only=only, keys=keys, settled=as_of is None)
            run.close(stored, draft.counts())
            report = self._report(stored, draft)
            if as_of is None:
                return report
            waiting = {hold.id for hold in self._tools.review.holds(self._name, state="open")}
            return msgspec.structs.replace(report, holds=tuple(not_yet_held(line, waiting) for line in report.holds))

    def apply(self, digest: str, *, progress: Progress) -> RunReport:
        """
        Carry out exactly the plan with this digest (or one that begins so). A plan already carried out is a no-op.

        Both sides are read again: a plan goes out only while it would be drawn up again to the letter.

        Raises:
            UsageError: there is no such plan.
            StalePlanError: a newer one replaced it, or the world moved since; nothing is sent.
        """
        with open_run(self._tools, "apply", progress=progress) as run:
            stored = find_approved(self._tools, digest)
            if stored.state == "done":
                return run.finish(stored, carried_out_in=self._tools.history.carried_out_in(stored))
            run.foretell(stored, reads_again=True)
            # What the mapping would learn from this reading is for the next plan: this one was made without it.
            sources = self._look(run, learns=False)
            check_plan(self._tools, run, stored, sources)
            run.send(stored)
            return run.finish(stored)

    def sync(self, *, whole: bool = False, progress: Progress) -> RunReport:
        """
        Plan and apply within the guards: what a schedule runs. *whole* as in `plan`.

        Where neither system, nor anything else that a plan follows from, changed since a run that ended with nothing
        to do, the plan of that run still stands.
        """
        with open_run(self._tools, "sync", progress=progress) as run:
            sources = self._look(run, whole=whole)
            stored = self._standing_plan(run, sources)
            if stored is None:
                stored, _draft = self._draw_up(run, sources)
                run.send(stored)
            return run.finish(stored)

    def reevaluate(self, keys: Sequence[str], *, progress: Progress) -> RunReport:
        """Decide some records anew, from source and mapping as they are now, and send what follows."""
        with open_run(self._tools, "reevaluate", progress=progress) as run:
            stored, _draft = self._draw_up(run, self._look(run, retry=keys), keys=keys)
            run.send(stored)
            return run.finish(stored)

    def resend(self, keys: Sequence[str], *, progress: Progress) -> RunReport:
        """
        Send the same bytes again.

        Raises:
            StalePlanError: a later plan wants something else for the record; reevaluate instead.
            UsageError: nothing of a key was refused or left unknown.
            ApprovalRequiredError: Workday was to be read, and the time it tells is not believed.
        """
        with open_run(self._tools, "resend", progress=progress) as run:
            waiting = {item.name: item for item in self._parked_whole()}
            run.recover()
            settled = waiting.keys() - {item.name for item in self._parked_whole()}
            changes = [change for key in keys for change in find_same_bytes(self._tools, key, waiting, settled)]
            newest = self._tools.store.newest_plan()
            as_of, watermark, crosswalk = (newest.as_of, newest.watermark, newest.crosswalk) if newest else ("", "", "")
            stored = save_draft(
                self._tools, run, as_of=as_of, watermark=watermark, crosswalk=crosswalk, draft=Draft(changes=changes)
            )
            run.foretell(stored, reads_again=True)
            check_plex(self._tools, run, stored, self._gatherer(run, find_approvals(self._tools)))
            run.send(stored)
            return run.finish(stored)

    def release(self, hold: str) -> HoldInfo:
        """
        Approve a hold's exact set; the next plan lets it through. Approved already, it stays so.

        Raises:
            UsageError: there is no such open hold; one that took its place is named. ConfigurationError: it is not for
                a person to release.
        """
        kept = self._tools.review.holds(self._name)
        found = [item for item in kept if item.state in {"open", "released"} and item.id.startswith(hold)]
        if len(found) != 1 or len(hold) < _SHORTEST_HOLD:
            raise no_open_hold(hold, kept=kept if len(hold) >= _SHORTEST_HOLD else ())
        if not found[0].releasable:
            raise ConfigurationError(
                f"hold {found[0].id} cannot be released: {found[0].reason}", remedy=found[0].remedy
            )
        if found[0].state == "released":
            return found[0]
        now = self._tools.clock()
        with self._tools.database.transaction() as tx:
            self._tools.review.release(tx, self._name, hold=found[0].id, by=self._tools.actor, at=now)
            if found[0].guard == "population_drop":
                scope = Scope(self._name, "workday", "worker")
                self._tools.snapshots.forget(tx, scope, keys=found[0].members)
            event = AuditEvent(
                action=AuditAction.HOLD_RELEASED,
                actor=self._tools.actor,
                object=f"hold/{found[0].plant}/{found[0].id}",
                at=now,
                reason=found[0].reason,
                detail={"guard": found[0].guard, "members": len(found[0].members)},
            )
            self._tools.trail.append(tx, [event])
        return msgspec.structs.replace(
            found[0], state="released", released_by=self._tools.actor, released_at=now.isoformat()
        )

    # One run

    def _look(
        self,
        run: Run,
        *,
        as_of: date | None = None,
        retry: Collection[str] = (),
        whole: bool = False,
        learns: bool = True,
    ) -> Sources:
        """Clear up what an earlier run left, and read both sides."""
        run.recover()
        approvals = find_approvals(self._tools)
        gathered = self._gatherer(run, approvals).gather(as_of=as_of, approvals=approvals, whole=whole)
        self._tools.runs.note_reading(run.number, gathered.look)
        run.missed = gathered.missed_in_all
        watch_plants(self._tools, gathered)
        watch_sentinels(self._tools, gathered, approvals=approvals)
        self._think_again(run, gathered)
        workers = gathered.extracts.get(("workday", "worker", ""))
        lost = watch_links(self._tools, gathered)
        today = min(gathered.today.values())
        if lost is None or approvals.cover(lost):
            who = identify_workers(self._tools, run, workers, today=today)
        else:
            gathered.holds.append(lost)
            # Written down, nobody would see that the links were lost.
            who = recognize_workers(self._tools, workers, today=today)
        return Sources(
            gathered=gathered,
            approvals=approvals,
            crosswalk=find_crosswalk(self._tools, run, gathered, learns=learns and as_of is None),
            refused=find_refused(self._tools, retry=retry),
            who=who,
            outbox=find_outbox(self._tools, gathered, other_day=as_of is not None),
            moving=find_moving(self._tools, retry=retry),
            snapshots=self._tools.snapshots,
        )

    def _check_clock(self, run: Run, approvals: Approvals, moment: datetime) -> None:
        """
        Let no run take an earlier Workday for news, nor a later one for today.

        Raises:
            ApprovalRequiredError: Workday's clock went back since it was last believed, or ran ahead, and nobody said
                it may.
        """
        newest, now = self._tools.store.newest_plan(), self._tools.clock()
        believed = newest.watermark if newest else ""
        hold = clock_went_back(moment, ours=now, believed=believed) or clock_ran_ahead(
            moment,
            ours=now,
            believed=believed,
            last=self._tools.runs.find_look(believed, ours=now),
            limit=timedelta(seconds=parse_interval_s(self._tools.connection.sync.clock_ahead)),
        )
        if hold is None or approvals.cover(hold):
            return
        with run.transaction() as tx:
            if self._tools.review.open_hold(tx, self._name, to_kept(hold, at=now), alike=ON_CLOCK):
                self._tools.trail.append(tx, [held_event(run, hold, at=now, plan=None)])
        raise ApprovalRequiredError(hold.reason, remedy=hold.remedy)

    def _think_again(self, run: Run, gathered: Gathered) -> None:
        """Keep as applied what looked absent when an earlier run was cleared up and has come true since (PX-02)."""
        outcomes = []
        for intent in self._tools.store.intents(states=("planned",)):
            found = find_shown(self._tools, intent.change, gathered.extracts) if intent.attempt else None
            if found is not None and judge(intent.change, found) == "applied":
                outcomes.append(Outcome(intent=intent, state="applied", reason="found by reading both sides"))
        run.keep(outcomes)

    def _standing_plan(self, run: Run, sources: Sources) -> StoredPlan | None:
        """The newest plan, if it ended with nothing to do and would be drawn up again to the letter."""
        newest = self._tools.store.newest_plan()
        if (
            newest is None
            or (newest.state, newest.inputs) != ("done", self._inputs(sources))
            or self._tools.store.intents(plan_id=newest.id)
            or any(hold.state in {"open", "released"} for hold in self._tools.review.holds(self._name))
            or sources.gathered.holds
        ):
            return None
        now, count = self._tools.clock(), newest.counts.get("noop", 0)
        event = run.event(
            AuditAction.DECISION_NOOP,
            "records//unchanged",
            now,
            plan=newest.digest,
            reason="neither side changed since that plan",
            detail={"count": count},
        )
        watermark = sources.gathered.as_of.entered_at.isoformat()  # nothing is held, so everything was believed
        with run.transaction() as tx:
            self._tools.store.move_watermark(tx, newest.id, watermark)
            self._tools.trail.append(tx, [event])
        return msgspec.structs.replace(newest, watermark=watermark)

    def _draw_up(
        self,
        run: Run,
        sources: Sources,
        *,
        only: str | None = None,
        keys: Collection[str] = (),
        settled: bool = True,
    ) -> tuple[StoredPlan, Draft]:
        run.progress("comparing", 0, None)
        gathered, approvals = sources.gathered, sources.approvals
        with self._tools.database.reading():  # one state of everything, and opened once
            draft = make_planner(self._tools, sources).draft(approvals=approvals, only=_types(only), keys=keys)
        stored = save_draft(
            self._tools,
            run,
            as_of=gathered.as_of.effective_on.isoformat(),
            watermark=self._watermark(gathered, draft, settled=settled),
            crosswalk=sources.crosswalk.version,
            draft=draft,
            approvals=approvals if settled else None,
            inputs=self._inputs(sources) if settled and not only and not keys else None,
        )
        return stored, draft

    def _watermark(self, gathered: Gathered, draft: Draft, *, settled: bool) -> str:
        """
        Up to when Workday was read and believed.

        It stays where it was unless every type that the surface gives was (A2.2): a hold on a reading is a doubt.
        """
        given = {info.type for info in self._tools.workday().discover()}.intersection(WORKDAY_TYPES)
        doubted = {hold.type for hold in draft.holds if not hold.plant and hold.guard not in ON_CHANGES} & given
        if settled and not doubted:
            return gathered.as_of.entered_at.isoformat()
        newest = self._tools.store.newest_plan()
        return newest.watermark if newest else ""

    def _inputs(self, sources: Sources) -> str:
        return fingerprint_inputs(
            sources.gathered,
            connection=self._tools.connection,
            crosswalk=sources.crosswalk.version,
            refused=sources.refused,
            who=sources.who.told(),
            ahead=sources.outbox.told(),
        )

    # What a run needs to know

    def _parked_whole(self) -> list[Parked]:
        return [item for item in self._tools.review.parked(self._name) if not item.field]

    def _gatherer(self, run: Run, approvals: Approvals) -> Gatherer:
        tools, workday = self._tools, self._tools.workday()
        reader = Reader(tools.database, clock=tools.clock)
        capture = Capture(
            connection=self._name,
            sync=tools.connection.sync,
            workday=workday,
            database=tools.database,
            reader=reader,
            snapshots=tools.snapshots,
            extracts=tools.extracts,
            facts=tools.facts,
            progress=run.progress,
        )
        return Gatherer(
            name=self._name,
            connection=tools.connection,
            workday=workday,
            plex=tools.plex(),
            reader=reader,
            capture=capture,
            snapshots=tools.snapshots,
            extracts=tools.extracts,
            progress=run.progress,
            clock=self._tools.clock,
            check_moment=lambda moment: self._check_clock(run, approvals, moment),
        )

    def _report(self, stored: StoredPlan, draft: Draft) -> PlanReport:
        forecast = forecast_writes(draft.changes, plex=self._tools.connection.plex, reads_again=True)
        # Asked after the reading: only then a surface knows what the tenant did not take.
        types = self._tools.workday().discover()
        return PlanReport(
            digest=stored.digest,
            connection=self._name,
            as_of=stored.as_of,
            counts=draft.counts(),
            changes=tuple(change_info(change) for change in draft.changes),
            holds=tuple(hold_line(hold) for hold in draft.holds),
            pending=tuple(sorted(draft.pending, key=lambda it: (it.on, it.at_end, it.plant, it.label))),
            headcount=tuple(draft.headcount),
            forecast_s=forecast.seconds,
            not_given={info.type: info.missing for info in types if info.missing},
            not_configured={info.type: info.unset for info in types if info.unset},
            staying=staying_lines(draft.parked),
        )


def _types(only: str | None) -> tuple[str, ...]:
    if only is None:
        return ()
    return _WORKER_TYPES if only == "worker" else (only,)
