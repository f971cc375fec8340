"""What a person or a schedule can ask of a sync."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ml_connector.bootstrap import App
from ml_connector.errors import UsageError
from ml_connector.mapping.plausible import is_plausible
from ml_connector.review.store import ReviewStore
from ml_connector.snapshot.extract import Progress
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.report import PlanReport, RunReport
from ml_connector.usecases.subjects import find_bearers, find_numbers_of

ONLY = ("worker", "employee", "employee_attributes", "cost_center", "department", "position", "headcount")


def plan(
    app: App, *, only: str | None = None, as_of: date | None = None, whole: bool = False, progress: Progress
) -> PlanReport:
    """
    Read both sides and keep a plan; nothing is written to Plex. With *whole* all of Workday is read and compared.

    Raises:
        UsageError: *only* is no type that can be planned, or *as_of* no day that anybody means.
    """
    if as_of is not None and not is_plausible(as_of):
        raise UsageError(
            f"nothing is planned for {as_of}", remedy="ml-connector plan   is for today; --as-of for a day near it"
        )
    if only is not None and only not in ONLY:
        raise UsageError(f"{only} is not planned for Plex", remedy=f"--only {' | '.join(ONLY)}")
    return app.syncer.plan(as_of=as_of, only=only, whole=whole, progress=progress)


def apply(app: App, *, digest: str, progress: Progress) -> RunReport:
    """Carry out exactly the plan with this digest."""
    return app.syncer.apply(digest, progress=progress)


def sync(app: App, *, whole: bool = False, progress: Progress) -> RunReport:
    """Plan and apply within the guards; *whole* as in `plan`."""
    return app.syncer.sync(whole=whole, progress=progress)


def resend(app: App, keys: Sequence[str], *, progress: Progress) -> RunReport:
    """Send the same bytes again, unless a later plan wants something else."""
    waiting = {item.key for item in ReviewStore(app.database).parked(app.name)}
    named: list[str] = []
    for key in keys:
        named += [key] if key in waiting else sorted(find_numbers_of(app, [key]) & waiting) or [key]
    return app.syncer.resend(named, progress=progress)


def reevaluate(app: App, keys: Sequence[str], *, progress: Progress) -> RunReport:
    """
    Decide some records anew from source and mapping as they are now, and send what follows.

    Raises:
        UsageError: nothing is known under one of the keys.
    """
    _check_known(app, keys)
    return app.syncer.reevaluate(sorted({*keys, *find_numbers_of(app, keys)}), progress=progress)


def _check_known(app: App, keys: Sequence[str]) -> None:
    history, snapshots = HistoryStore(app.database, app.name), SnapshotStore(app.database)
    unknown = set(keys) - {item.key for item in ReviewStore(app.database).parked(app.name)}
    unknown -= {key for key in unknown if any(history.ever_planned(kind, key) for kind in ONLY)}
    unknown -= snapshots.known(app.name, keys=sorted(unknown))
    if unknown:
        for worker in find_bearers(app, *unknown):
            unknown -= {worker.known_as, worker.employee_id, worker.key, worker.universal_id}
    if unknown:
        raise UsageError(
            f"nothing is parked or known under {', '.join(sorted(unknown))}",
            remedy="ml-connector parked   names what waits; a worker is known by the number in Workday",
        )
