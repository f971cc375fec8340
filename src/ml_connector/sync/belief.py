"""
Guards over readings: what a system suddenly does not show is a question, never a fact (CC-11, CC-13, UP-02, PX-13).
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from ml_connector.mapping.fill import NOTHING_SHOWN, Missing
from ml_connector.review.store import GuardReason
from ml_connector.sync.allowance import allowed, over
from ml_connector.sync.change import Hold, make_hold

# Guards over Workday's clock: nothing is read.
ON_CLOCK = frozenset({"clock_back", "clock_ahead"})
# The servers of one tenant need not agree to the second.
_CLOCK_SLACK = timedelta(minutes=5)


class Moment(NamedTuple):
    """One moment by two clocks: *entered_at* by Workday's, *looked_at* by ours."""

    entered_at: datetime
    looked_at: datetime


def population_drop(
    vanished: Sequence[str], *, before: int | None, limit: str, named: Sequence[str] = ()
) -> Hold | None:
    """Workers seen last time and not now, of whom some are *named*: never an ending, always a question (CC-11)."""
    if not before or not over(len(vanished), population=before, limit=limit):
        return None
    share = Decimal(100 * len(vanished)) / before
    told = GuardReason(
        limit=limit,
        allowed=allowed(limit, population=before),
        population=before,
        wanted=len(vanished),
        release=(
            f"these {len(vanished):,} stay in Plex as they are, and nobody is asked about them any more; "
            "whoever of them is shown again is decided about again"
        ),
        samples=tuple(named),
    )
    return make_hold(
        "population_drop",
        kind="worker",
        plant="",
        members=list(vanished),
        reason=f"population_drop {share:.1f}%: {len(vanished)} of {before} workers are no longer shown to us; nobody is deactivated",
        remedy="check the integration user's security groups in Workday; if they really left our view: `ml-connector release {hold}`",
        explanation=told,
    )


def shrunken_list(kind: str, plant: str, *, now: int, before: int | None, limit: str, gone: int = 0) -> Hold | None:
    """
    A list that is suddenly empty or much shorter is a missing permission until proven otherwise (CC-13, PX-13).

    So is one that lost as many of its records, *gone*, whatever it shows in their place.
    """
    if not before or (now > 0 and not over(max(before - now, gone), population=before, limit=limit)):
        return None
    replaced = f", and {gone:,} of those are gone" if gone > before - now else ""
    guard = "empty_result" if now == 0 else "list_shrunk"
    where = f" of plant {plant}" if plant else ""
    system = "Plex" if plant else "Workday"
    return make_hold(
        guard,
        kind=kind,
        plant=plant,
        members=[f"{kind}|{plant}|{before}|{now}"],
        reason=f"{guard}: {system} shows {now} {kind} records{where}, last time {before}{replaced}; nothing of this type is written",
        remedy=f"ml-connector ping {system.lower()}   names the missing permission; if the list is right: `ml-connector release {{hold}}`",
    )


def no_workers(grant: str) -> Hold:
    """Nobody at all is shown, and nobody ever was: no company has no workers, so nothing is decided from it (CC-13)."""
    return make_hold(
        "empty_result",
        kind="worker",
        plant="",
        members=["worker||nobody"],
        reason=f"empty_result: {NOTHING_SHOWN}; no worker is decided about",
        remedy=grant.replace("{", "{{").replace("}", "}}"),
        releasable=False,
    )


def clock_went_back(now: datetime, *, ours: datetime, believed: str) -> Hold | None:
    """
    Workday's own clock is behind what it was at the last believed reading: a restored tenant, or another one.

    What was read since would be taken for news; *believed* is that moment, as the watermark is written, and *ours* is
    now by our clock.
    """
    if not believed or now >= datetime.fromisoformat(believed) - _CLOCK_SLACK:
        return None
    restored = "if the tenant was restored or refreshed to an earlier day"
    return _hold_clock("clock_back", now, ours=ours, believed=believed, unless=restored)


def clock_ran_ahead(
    now: datetime, *, ours: datetime, believed: str, last: Moment | None, limit: timedelta
) -> Hold | None:
    """
    More time has passed by Workday's own clock than by ours since the last believed reading: what lies ahead would come
    too soon.

    *ours* is now by our clock, *last* was that reading by both, or an earlier one where ours went back behind it
    meanwhile: a clock that is behind itself measures nothing.
    """
    if not believed or last is None or ours < last.looked_at:
        return None
    passed, really = now - last.entered_at, ours - last.looked_at
    if passed - really <= limit:
        return None
    told = f": {_days(passed)} by its clock, {_days(really)} by ours"
    wrong = "if our own was wrong, or that tenant's days pass at once"
    return _hold_clock("clock_ahead", now, ours=ours, believed=last.entered_at.isoformat(), told=told, unless=wrong)


def _hold_clock(guard: str, now: datetime, *, ours: datetime, believed: str, told: str = "", unless: str) -> Hold:
    # Released is this jump and no other: how far the two clocks are apart, to the hour, as both go on.
    apart = round((now - ours).total_seconds() / 3600)
    before = datetime.fromisoformat(believed).astimezone(UTC)
    return make_hold(
        guard,
        kind="worker",
        plant="",
        members=[f"clock|{believed}|{apart}"],
        reason=(
            f"{guard}: Workday says it is {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC, and was read and believed at "
            f"{before:%Y-%m-%d %H:%M} UTC{told}; nothing is read or written"
        ),
        remedy=f"ml-connector ping workday   tells its clock; {unless}: `ml-connector release {{hold}}`",
    )


def _days(span: timedelta) -> str:
    hours, minutes = divmod(span.seconds // 60, 60)
    return f"{span.days} d {hours:02}:{minutes:02} h"


def missing_fields(missing: Missing, *, grant: str) -> Hold:
    """
    Fields that Workday suddenly leaves out: held, never written as empty (UP-02).

    Where a worker may rightly be without them, a person may say that it is meant.
    """
    share = Decimal(100 * missing.lost) / missing.of
    known = "" if missing.new else " who showed it last time"
    optional = missing.optional and not missing.new
    # No log of Workday's tells of a permission, so what changed since is not asked for by itself.
    then = ", then: ml-connector sync --full"
    meant = "; if it is meant that nobody has it any more: `ml-connector release {hold}`" if optional else ""
    return make_hold(
        "missing_section",
        kind="worker",
        plant="",
        members=[f"field|{name}" for name in missing.fields],
        reason=(
            f"Workday leaves out {', '.join(missing.fields)} for {missing.lost:,} of {missing.of:,} workers{known} "
            f"({share:.0f}%); nothing is written from it"
        ),
        remedy=grant.replace("{", "{{").replace("}", "}}") + then + meant,
        releasable=optional,
    )
