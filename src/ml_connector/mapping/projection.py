"""
What each plant should hold of a worker, by Workday's facts and the crosswalk (Workday → Plex). Pure.

A worker becomes one employee in the plant of the primary job (WP-03), one in every plant of another job (WP-06) or an
assignment (WP-07), and, where a plant knows them from before, an ending in all others. Whatever cannot be decided is a
`RecordError` naming what it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date

from msgspec import UNSET, UnsetType

from ml_connector.canonical.keys import known_text
from ml_connector.canonical.plant import Scalar
from ml_connector.canonical.workforce import CONTINGENT_BADGE, Job, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.beside import OnDay, as_ever
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.coming import Coming, hired_after
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.desired import Desired, Waiting, reference
from ml_connector.mapping.fill import GROUPS, withheld_by
from ml_connector.mapping.people import People, label, person_id
from ml_connector.mapping.placement import Elsewhere, Place, Placement, Stays, nobody_stays
from ml_connector.mapping.record_ids import RecordIds
from ml_connector.settings.plex import Plant, PlexConnection

Exists = Callable[[str], bool]


class Projection:
    """Turns workers into employees for one connection, one crosswalk and one day."""

    def __init__(
        self,
        *,
        tenant: str,
        plex: PlexConnection,
        crosswalk: Crosswalk,
        today: Mapping[str, date],
        contingent: bool,
        missing_sections: Collection[str] = (),
        adopted: Mapping[tuple[str, str], str] | None = None,
        centers: CenterDays | None = None,
        stays: Stays = nobody_stays,
        homes: Mapping[str, Sequence[str]] | None = None,
        on_day: OnDay = as_ever,
    ) -> None:
        """
        *adopted* are Plex records that a person is in a plant by somebody's choice or by a transfer, by (plant,
        person).

        *centers* are Workday's cost centers, where they could be read, and *stays* says who is in one already. *homes*
        says in which plants there is an employee with an id; more than one is a transfer gone wrong. *on_day* says what
        somebody is on the day of another plant.
        """
        self._ids = RecordIds(tenant=tenant, plants=plex.pcns, adopted=adopted or {}, homes=homes or {})
        self._plex = plex
        self._plants: Sequence[Plant] = plex.plants
        self._today = today
        self._placement = Placement(
            plants=plex.plants,
            crosswalk=crosswalk,
            today=today,
            record=self._ids.of,
            centers=centers or CenterDays({}, crosswalk=crosswalk),
            stays=stays,
            on_day=on_day,
        )
        self.coming = Coming(self._placement, today=today, record=self._ids.of)
        self._contingent = contingent
        self._nameless = "personal" in missing_sections
        self._unsure = "identity" in missing_sections
        self._withheld = withheld_by(missing_sections)

    def in_scope(self, worker: Worker) -> bool:
        """Contingent workers only where the configuration wants them (WP-11)."""
        return worker.worker_type == "employee" or self._contingent

    def place(self, worker: Worker) -> Place:
        """
        Decide plant, department, position and building, by the primary job.

        Raises:
            RecordError: a section is missing, no plant takes the worker, or a reference is unmapped.
        """
        return self._placement.here(worker)

    def elsewhere(self, worker: Worker, here: Place | None) -> Elsewhere:
        """Where else the worker has a job, in plants other than the primary job's, if one takes that (WP-06, WP-07)."""
        return self._placement.elsewhere(worker, here)

    def check_creatable(self, worker: Worker) -> None:
        """
        Let nobody be created without a name: a missing section is held, never written as empty (UP-02).

        Raises:
            RecordError: Workday leaves out names, this worker's or everybody's.
        """
        name = worker.name
        # One name alone is a person's right, and no sign of a missing permission.
        if self._nameless or isinstance(name, UnsetType) or name.given is name.family is UNSET:
            raise RecordError(
                "Workday left out the name, and nobody is created in Plex without one",
                code="section_missing",
                waiting_for=f"domain {GROUPS['personal'].domain}",
                remedy=f'let the integration user see "{GROUPS["personal"].domain}" and activate pending security '
                "policy changes in Workday; it goes by itself with the next run",
            )
        if self._unsure:
            raise RecordError(
                "Workday left out Universal IDs, and without them nobody can tell a new worker from one who came back",
                code="section_missing",
                waiting_for="Universal IDs in Workday",
                remedy="ml-connector parked   names the hold and the permission; it goes by itself with the next run",
            )

    def ending(self, worker: Worker) -> str | None:
        """Why the worker is no longer active anywhere, or None. Only an explicit status ends anybody (CC-11)."""
        if isinstance(worker.active, UnsetType):
            raise RecordError(
                "Workday left out the employment section",
                code="section_missing",
                waiting_for="domain Worker Data: Current Staffing Information",
                remedy="grant the integration user Get on that domain, activate pending security changes, then plan again",
            )
        if worker.active:
            return None
        if worker.hire_rescinded is True:
            return "the hire was rescinded"
        if isinstance(worker.terminated_on, date):
            return f"terminated on {worker.terminated_on.isoformat()}"
        if isinstance(worker.hired_on, date) and hired_after(worker, max(self._today.values())):
            return f"the hire moved to {worker.hired_on.isoformat()}"
        return "not active in Workday"

    def day_of(self, worker: Worker) -> date:
        """Which day it is where somebody works; where that cannot be told, the latest."""
        try:
            plant = self._placement.plant_of(worker)
        except RecordError:
            plant = None
        return max(self._today.values()) if plant is None else self._today[plant]

    def employee(
        self, worker: Worker, place: Place, *, people: People, known: Exists
    ) -> tuple[Desired, Waiting | None]:
        """
        Complete the employee: names, badge, type and supervisor.

        *known* tells whether a manager's record exists in Plex or will by this plan. A supervisor that cannot be
        named leaves the field alone and is reported beside the employee, who goes on (WP-14).
        """
        fields = {**place.fields, **self.personal(worker)}
        kind = self._employee_type(place.job)
        if kind is not None:
            fields["type"] = kind
        replaces = self._add_status(fields, worker)
        me = person_id(worker.worker_type, worker.employee_id)
        waiting = self._add_supervisor(fields, me, worker, place, people, known)
        fields = {name: value for name, value in fields.items() if name not in self._withheld}
        needs, supervisor = place.needs, fields.get("supervisor_id")
        spoken: dict[str, str] = {}
        if isinstance(supervisor, str):
            manager = people.get(_manager(worker, place.job))
            spoken["supervisor_id"] = str(_boss(worker, place.job)[0])
            needs += (reference("employee", plant=manager.plant or "", key=supervisor),) if manager else ()
        employee = Desired(
            type="employee",
            plant=place.plant,
            key=place.key,
            source=place.source,
            label=place.label,
            fields=fields,
            spoken=spoken,
            replaces=replaces,
            rows=place.rows,
            needs=needs,
            depth=self._depth(me, worker, place.job, people),
        )
        return employee, waiting

    def personal(self, worker: Worker) -> dict[str, Scalar]:
        """What a worker's record holds wherever they work: badge, names, e-mail, as far as Workday shows them."""
        fields: dict[str, Scalar] = {"badge_number": badge(worker)}
        if not isinstance(worker.name, UnsetType):
            parts = {
                "first_name": worker.name.given,
                "middle_name": worker.name.middle,
                "last_name": worker.name.family,
            }
            fields |= {name: part for name, part in parts.items() if not isinstance(part, UnsetType)}
        if not isinstance(worker.email, UnsetType):
            fields["email"] = worker.email
        return {name: value for name, value in fields.items() if name not in self._withheld}

    def attributes(self, worker: Worker, place: Place) -> Desired:
        """What the employee's REST record has no room for: Workday's id and the home cost center (PX-05)."""
        return Desired(
            type="employee_attributes",
            plant=place.plant,
            key=place.key,
            source=place.source,
            label=place.label,
            fields={"external_employee_id": worker.employee_id, "cost_center": place.cost_center},
            rows={"cost_center": place.rows["department"]},
            needs=(reference("employee", plant=place.plant, key=place.key),),
        )

    def endings(
        self, worker: Worker, *, reason: str, here: str | None, elsewhere: Collection[str] = (), known: Exists
    ) -> list[Desired]:
        """
        The worker's records in every plant that knows them, as ended; all but where they work now.

        Who moves leaves the old plant only once the new one has them: nobody is employed nowhere (WP-09).
        """
        ended = []
        first = () if here is None else (self._ids.of(here, worker.key),)
        needs = tuple(reference("employee", plant=here or "", key=key) for key in first)
        for plant in self._plants:
            if plant.pcn == here or plant.pcn in elsewhere:
                continue
            key = self._ids.of(plant.pcn, worker.key)
            if known(reference("employee", plant=plant.pcn, key=key)):
                ended.append(
                    Desired(
                        type="employee",
                        plant=plant.pcn,
                        key=key,
                        source=worker.known_as,
                        label=label(worker),
                        state="ended",
                        reason=reason,
                        needs=needs,
                    )
                )
        return ended

    def held_in(self, worker: Worker, *, known: Exists) -> str | None:
        """
        The plant of the record that others refer to while its worker cannot be placed; the primary job's, if it is
        there.
        """
        there = [item.plant for item in self.endings(worker, reason="", here=None, known=known)]
        with suppress(RecordError):
            home = self._placement.plant_of(worker)
            if home in there:
                return home
        return there[0] if there else None

    def supervisor(self, manager: str, *, people: People, known: Exists) -> str | None:
        """The employee that stands for a manager, by typed id; None while there is none to point to."""
        found = people.get(manager)
        if found is None or found.plant is None:
            return None
        key = self._ids.of(found.plant, found.key)
        return key if known(reference("employee", plant=found.plant, key=key)) else None

    def is_elsewhere(self, person: str, *, here: str, known: Exists) -> bool:
        """Whether any other plant knows the person."""
        others = (plant.pcn for plant in self._plants if plant.pcn != here)
        return any(known(reference("employee", plant=pcn, key=self._ids.of(pcn, person))) for pcn in others)

    def id_in(self, plant: str, person: str) -> str:
        """The id of a person's employee in a plant, whether it is there or not."""
        return self._ids.of(plant, person)

    def ids_of(self, person: str) -> dict[str, str]:
        """The id a person would have for themselves in each plant."""
        return self._ids.each(person)

    def _employee_type(self, job: Job) -> str | None:
        if job.assignment is True:
            return self._plex.type_assignee
        known = {"Full_time": self._plex.type_full_time, "Part_time": self._plex.type_part_time}
        return known.get(known_text(job.time_type) or "")

    def _add_status(self, fields: dict[str, Scalar], worker: Worker) -> dict[str, str]:
        """
        Who is on leave stays active, under the plant's own text for it where the configuration names one (WP-12).

        Back from leave, only that text gives way: any other active status is the plant's own. Only Workday's flag
        counts; the day somebody is expected back is no return.
        """
        on_leave = self._plex.status_on_leave
        if on_leave is None or isinstance(worker.on_leave, UnsetType):
            return {}
        fields["status"] = on_leave if worker.on_leave else self._plex.status_active
        return {} if worker.on_leave else {"status": on_leave}

    def _depth(self, me: str, worker: Worker, job: Job, people: People) -> int:
        """How many managers stand above; who holds another job beside is written after the manager of that one."""
        return (people.depth(me) or 0) if job.primary else (people.depth(_manager(worker, job)) or 0) + 1

    def _add_supervisor(
        self, fields: dict[str, Scalar], me: str, worker: Worker, place: Place, people: People, known: Exists
    ) -> Waiting | None:
        boss, _kind = _boss(worker, place.job)
        if isinstance(boss, UnsetType):
            return None
        if boss is None:
            fields["supervisor_id"] = None
            return None
        if place.job.primary and people.depth(me) is None:
            circle = [*people.circle(me), people.circle(me)[0]]
            return _supervisor_waits(
                place,
                "manager_cycle",
                "managers go round in a circle: " + " → ".join(circle),
                "correct the managers in Workday",
            )
        found = self.supervisor(_manager(worker, place.job), people=people, known=known)
        if found is not None:
            fields["supervisor_id"] = found
            return None
        shown = people.get(_manager(worker, place.job)) is not None
        return _supervisor_waits(
            place,
            "supervisor_missing",
            f"supervisor {boss} is not in Plex" if shown else f"Workday does not show supervisor {boss}",
            "it is set by itself once the supervisor's own record is written, or Workday names another one",
            waiting_for=f"employee {boss}",
        )


def badge(worker: Worker) -> str:
    """
    The badge number: what the worker is known as.

    Where two workers share one, the second is parked (`badge_in_use`); no record is doubled.
    """
    return worker.known_as


def is_converted_late(worker: Worker, *, worn: object, today: date) -> bool:
    """Whether the day of a conversion is past, and Plex still holds the contingent worker's badge (ED-15)."""
    hired_on = worker.hired_on
    late = worker.worker_type == "employee" and isinstance(hired_on, date) and hired_on < today
    return late and str(worn or "").startswith(CONTINGENT_BADGE)


def is_excluded(worker: Worker) -> bool:
    """Whether an active worker does not count in the headcount: Workday says so of the job, or contingent (WP-11)."""
    job = worker.primary_job
    return worker.worker_type != "employee" or (job is not None and job.excluded_from_headcount is True)


def _boss(worker: Worker, job: Job) -> tuple[str | UnsetType | None, str]:
    """Who the worker reports to in this job, and of which type that worker is."""
    told, kind = (worker.manager_id, worker.manager_type) if job.primary else (job.manager_id, job.manager_type)
    return told, "employee" if isinstance(kind, UnsetType) else kind


def manager_of(worker: Worker, job: Job) -> str | None:
    """The typed id of whom the worker reports to in a job; None where Workday names nobody."""
    return _manager(worker, job) if isinstance(_boss(worker, job)[0], str) else None


def _manager(worker: Worker, job: Job) -> str:
    told, kind = _boss(worker, job)
    return person_id(kind, known_text(told) or "")


def _supervisor_waits(place: Place, code: str, reason: str, remedy: str, waiting_for: str | None = None) -> Waiting:
    return Waiting(
        type="employee",
        plant=place.plant,
        key=place.key,
        label=place.label,
        code=code,
        reason=reason,
        remedy=remedy,
        waiting_for=waiting_for,
        field="supervisor_id",
    )
