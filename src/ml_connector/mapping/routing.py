"""
Which plant a worker or a position belongs to: by company and location, the route naming most of both wins (WP-08).
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.errors import RecordError
from ml_connector.settings.plex import Plant, Route

NO_ROUTE = "no_pcn_route"
NOT_TOLD = "plant_not_told"
PLANTLESS = frozenset({NO_ROUTE, NOT_TOLD})
"""Why a job is in no plant that can be named: whoever holds it may have another one that is (WP-06, WP-08)."""


def route(plants: Sequence[Plant], *, company: str | None, location: str | None) -> Plant:
    """
    Find the plant for a company and a location. Ties are refused when the configuration is read.

    Raises:
        RecordError: no route fits (`no_pcn_route`), or Workday leaves out what a route goes by (`plant_not_told`).
    """
    best: tuple[int, Plant] | None = None
    for plant in plants:
        candidate = best_route(plant, company=company, location=location)
        if candidate is not None and (best is None or candidate.weight > best[0]):
            best = (candidate.weight, plant)
    if best is None:
        for what, told in (("company", company), ("location", location)):
            if told is None:
                raise _left_out(what)
        raise RecordError(
            f"no plant takes company {company}, location {location}",
            code=NO_ROUTE,
            waiting_for=f"route {company}/{location}",
            remedy=(
                f'add {{ company = "{company}", location = "{location}" }} to the routes of a plant in the configuration'
            ),
        )
    return best[1]


def _left_out(what: str) -> RecordError:
    """Nobody's plant is told by half of what a route goes by: it is one of `may_take`."""
    return RecordError(
        f"Workday gives no {what}, so no plant can be told",
        code=NOT_TOLD,
        waiting_for=f"a {what} in Workday",
        remedy=f"assign a {what} in Workday; where many lack one, let the integration user see it: ml-connector ping workday",
    )


def may_take(plants: Sequence[Plant], *, company: str | None, location: str | None) -> frozenset[str]:
    """The plants that a company and a location could be routed to, where None may turn out to be any."""
    return frozenset(
        plant.pcn
        for plant in plants
        for each in plant.routes
        if (company is None or each.company in {"*", company})
        and (location is None or each.location in {"*", location})
    )


def best_route(plant: Plant, *, company: str | None, location: str | None) -> Route | None:
    """The route of one plant that names most of both, or None where none fits."""
    fit = [each for each in plant.routes if each.company in {"*", company} and each.location in {"*", location}]
    return max(fit, key=lambda each: each.weight, default=None)
