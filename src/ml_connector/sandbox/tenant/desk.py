"""
The desk where people's changes are entered: one method per business process, each an entry in somebody's history.

Every choice it makes comes from the *random* it is given, every moment from *tick*: the same story is the same always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.facts import Job, Organization, Worker
from ml_connector.sandbox.tenant.founding import pick_profile, shift_for, top_of
from ml_connector.sandbox.tenant.people import PROFILES, Role, make_job, make_pay, make_position, make_worker
from ml_connector.sandbox.tenant.setup import found_job_profile
from ml_connector.sandbox.tenant.world import AsOf, Shelf, Submitted, World

_USUAL_LEAVE = timedelta(days=3)
PLANTS = {plant.location: plant for plant in company.PLANTS}


class Desk:
    """Enters changes that take effect on one day."""

    def __init__(self, world: World, *, on: date, random: Random, tick: Callable[[], datetime]) -> None:
        self.world, self.on, self.random, self.tick = world, on, random, tick

    def now(self) -> AsOf:
        """Look at the world with all that has been entered so far."""
        return AsOf(self.world, on=self.on, by=self.tick())

    def plain_workers(self, *, location: str | None = None) -> list[Worker]:
        """
        List the employees a story can happen to: active since before today, with one job, leading nobody.

        Nobody hired today is among them: an ending yesterday would come before the beginning.
        """
        now = self.now()
        leaders = {
            organization.entries[-1].changes.get("manager") for organization in self.world.organizations.values()
        }
        found = [now.worker(key) for key in self.world.workers if key not in leaders]
        return [
            worker
            for worker in found
            if worker is not None
            and worker.is_active(self.on)
            and worker.hire_on < self.on
            and worker.terminated_on is None
            and not worker.contingent
            and len(worker.jobs) == 1
            and location in (None, worker.primary_job.location)
        ]

    def pick(self, *, location: str | None = None) -> Worker:
        """Pick one of the plain workers."""
        workers = self.plain_workers(location=location)
        if not workers:
            raise LookupError(f"nobody is left at {location or 'any location'} for this to happen to")
        return self.random.choice(workers)

    def hire(
        self,
        location: str,
        *,
        profile: str | None = None,
        on: date | None = None,
        contingent: bool = False,
        **odd: Any,
    ) -> Worker:
        """Hire somebody into a new position; *odd* facts replace what would be usual."""
        effective_on = on or self.on
        position = self._position(location, profile=profile, on=effective_on, contingent=contingent)
        shift = shift_for(PROFILES[position.job_profile], random=self.random)
        number = self._number(self.world.workers)
        worker = make_worker(number, position=position, shift=shift, random=self.random, on=effective_on)
        worker = msgspec.structs.replace(worker, **odd)
        self.world.hire(worker, at=self.tick())
        return worker

    def hire_unmapped(self, location: str = "DET") -> Worker:
        """Hire somebody into a job profile nobody has heard of before."""
        profile = company.UNMAPPED_JOB
        if profile.ref_id not in self.world.job_profiles:
            found_job_profile(self.world, profile, on=self.on, at=self.tick())
        return self.hire(location, profile=profile.ref_id)

    def rehire(self, worker: Worker, *, on: date | None = None) -> None:
        """Hire somebody who left again, under the same id, into a new position."""
        on = on or self.on
        position = self._position(worker.primary_job.location, profile=worker.primary_job.job_profile, on=on)
        job = make_job(position, shift=worker.primary_job.shift, on=on)
        changes = {
            "hire_on": on,
            "first_hired_on": worker.first_hired_on or worker.hire_on,
            "terminated_on": None,
            "jobs": (job,),
        }
        self._change(worker, changes, kind="Hire Employee", on=on)

    def rehire_as_new(self, worker: Worker, *, unlinked: bool = False) -> Worker:
        """Hire somebody who left again, under a new id: another record of the same person, *unlinked* or not."""
        location = worker.primary_job.location
        return self.hire(
            location,
            profile=worker.primary_job.job_profile,
            first_hired_on=worker.first_hired_on or worker.hire_on,
            unlinked=unlinked,
            **_same_person(worker),
        )

    def convert(self, worker: Worker, *, on: date) -> Worker:
        """Make an employee of a contingent worker: a new record from *on*, the old one ends the day before."""
        self.terminate(worker, last_day=on - timedelta(days=1))
        location = worker.primary_job.location
        return self.hire(location, profile=worker.primary_job.job_profile, on=on, **_same_person(worker))

    def rescind(self, worker: str, kind: str) -> None:
        """Take back the newest transaction of a kind."""
        history = self.world.workers[worker]
        history.rescind(history.newest(kind), at=self.tick())
        self.world.workers.entered += 1

    def correct(self, worker: str, kind: str, changes: dict[str, Any], *, on: date) -> None:
        """Correct the newest transaction of a kind: what it says, and from when."""
        history = self.world.workers[worker]
        history.correct(history.newest(kind), changes, on=on, at=self.tick())
        self.world.workers.entered += 1

    def renumber(self, worker: Worker, number: str) -> None:
        """Give somebody another number; the WID stays."""
        self._change(worker, {"worker_id": number}, kind="Edit Worker ID")
        self.world.worker_ids["Contingent_Worker_ID" if worker.contingent else "Employee_ID", number] = worker.key

    def add_job(self, worker: Worker, *, location: str) -> None:
        """Give somebody a second job, at the same plant or another."""
        position = self._position(location, profile=None, on=self.on)
        second = make_job(position, shift=worker.primary_job.shift, on=self.on, primary=False)
        self._change(worker, {"jobs": (*worker.jobs, second)}, kind="Add Additional Job")

    def end_job(self, worker: Worker) -> None:
        """End the newest of somebody's jobs beside the primary one: yesterday was its last day."""
        self._change(worker, {"jobs": worker.jobs[:-1]}, kind="End Additional Job")

    def assign(self, worker: Worker, *, location: str, until: date) -> None:
        """Send somebody abroad for a time: a job there, beside the one at home, which stays as it is."""
        position = self._position(location, profile=worker.primary_job.job_profile, on=self.on)
        there = make_job(position, shift=worker.primary_job.shift, on=self.on, primary=False)
        there = msgspec.structs.replace(there, assignment=True, ends_on=until)
        self._change(worker, {"jobs": (*worker.jobs, there)}, kind="Start International Assignment")
        back = until + timedelta(days=1)
        self._change(worker, {"jobs": worker.jobs}, kind="End International Assignment", on=back)

    def terminate(
        self, worker: Worker, *, last_day: date, last_worked_on: date | None = None, paid_through: date | None = None
    ) -> None:
        """
        End somebody's employment; the last day is still a day of work, unless somebody stayed away before.

        Pay ends with it, unless somebody is *paid_through* a later day.
        """
        changes = {"terminated_on": last_day, "last_worked_on": last_worked_on, "paid_through": paid_through}
        self._change(worker, changes, kind="Terminate Employee", on=last_day)

    def start_leave(self, worker: Worker) -> None:
        """Let somebody's leave of absence begin, with a guess at its end that binds nobody."""
        leave = {"leave_on": self.on, "back_expected_on": self.on + _USUAL_LEAVE, "leave_ended_on": None}
        self._change(worker, leave, kind="Request Leave of Absence")

    def end_leave(self, worker: Worker) -> None:
        """Let somebody be back from leave: yesterday was its last day."""
        last = self.on - timedelta(days=1)
        self._change(worker, {"leave_on": None, "leave_ended_on": last}, kind="Request Return from Leave of Absence")

    def raise_pay(self, worker: Worker) -> None:
        """Give somebody one more dollar, an hour or a year."""
        pay = msgspec.structs.replace(worker.pay, amount=worker.pay.amount + 1, since_on=self.on)
        self._change(worker, {"pay": pay}, kind="Request Compensation Change")

    def transfer(self, worker: Worker, *, location: str) -> None:
        """Move somebody to a new position at another plant, in the same job where it exists there."""
        position = self._position(location, profile=worker.primary_job.job_profile, on=self.on)
        job = make_job(position, shift=worker.primary_job.shift, on=self.on)
        self._change(worker, {"jobs": (job,)}, kind="Transfer Employee")

    def change_job(self, worker: Worker) -> None:
        """Give somebody another job in the same plant, with the pay that goes with it."""
        location = worker.primary_job.location
        position = self._position(location, profile=None, on=self.on)
        profile = PROFILES[position.job_profile]
        job = make_job(position, shift=shift_for(profile, random=self.random), on=self.on)
        pay = make_pay(profile, random=self.random, on=self.on)
        self._change(worker, {"jobs": (job,), "pay": pay}, kind="Change Job")

    def change_primary_job(self, worker: Worker, *, kind: str, **changes: Any) -> None:
        """Change some facts of somebody's primary job."""
        job = msgspec.structs.replace(worker.primary_job, **({"since_on": self.on} | changes))
        self._change(worker, {"jobs": (job, *worker.jobs[1:])}, kind=kind)

    def claim_second_primary(self, worker: Worker) -> None:
        """Give somebody a second job that also says it is the primary one."""
        position = self._position(worker.primary_job.location, profile=None, on=self.on)
        second: Job = make_job(position, shift=worker.primary_job.shift, on=self.on)
        self._change(worker, {"jobs": (*worker.jobs, second)}, kind="Add Additional Job")

    def marry(self, worker: Worker, *, last_name: str) -> None:
        """Let somebody take another name, which the transaction log does not tell."""
        self.world.workers.change(
            worker.key, {"last_name": last_name}, kind="Edit Name", on=self.on, at=self.tick(), unlogged=True
        )

    def change_name_early(self, worker: Worker, *, ahead: timedelta) -> None:
        """Let somebody take another last name at a server whose clock is ahead: the log tells it before its moment."""
        changes, at = {"last_name": f"{worker.last_name}-Ray"}, self.tick() + ahead
        self.world.workers.change(worker.key, changes, kind="Change Legal Name", on=self.on, at=at, early=True)

    def change_name(self, worker: Worker) -> None:
        """Let somebody take another last name, behind the one they had."""
        self._change(worker, {"last_name": f"{worker.last_name}-Ray"}, kind="Change Legal Name")

    def rename(self, organization: str, *, name: str) -> None:
        """Give an organization another name."""
        self.reorganize(organization, name=name)

    def reorganize(self, organization: str, **changes: Any) -> None:
        """Change what is known of an organization: its name, its superior, whether it is active."""
        self.world.organizations.change(organization, changes, kind="Edit Organization", on=self.on, at=self.tick())

    def put_organization(self, key: str, changes: Mapping[str, Any], *, kind: str, on: date) -> None:
        """Found an organization, or change what is known of it, from a day on."""
        organizations = self.world.organizations
        if key not in organizations:
            facts = Organization(reference_id=key, wid=company.make_wid("organization", key), kind=kind, **changes)
            organizations.found(key, kind="Create Organization", on=on, at=self.tick(), facts=facts)
            return
        held = organizations[key].at(on, by=self.tick())
        news = {name: value for name, value in changes.items() if getattr(held, name, None) != value}
        if news:
            organizations.change(key, news, kind="Edit Organization", on=on, at=self.tick())

    def transfer_on(self, worker: Worker, *, location: str, on: date) -> None:
        """Move somebody on another day than today: one that lies ahead, or one that is past already."""
        position = self._position(location, profile=worker.primary_job.job_profile, on=on)
        job = make_job(position, shift=worker.primary_job.shift, on=on)
        self._change(worker, {"jobs": (job,)}, kind="Transfer Employee", on=on)

    def submit_transfer(self, worker: Worker, *, location: str) -> None:
        """Ask for a transfer from today on, which somebody has to approve."""
        self.world.submitted.append(Submitted(worker.key, location, self.on))

    def approve_transfer(self) -> str:
        """
        Approve the transfer that has waited longest; returns whose it is.

        Raises:
            LookupError: none waits.
        """
        if not self.world.submitted:
            raise LookupError("no transfer waits for approval: play transfer_submitted first")
        key, location, on = self.world.submitted.pop(0)
        worker = self.now().worker(key)
        if worker is None:
            raise LookupError(f"{key} is not here any more")
        self.transfer_on(worker, location=location, on=on)
        return key

    def move_to(self, worker: Worker, *, cost_center: str, on: date) -> None:
        """Move somebody to another cost center from a day on."""
        job = msgspec.structs.replace(worker.primary_job, cost_center=cost_center, since_on=on)
        self._change(worker, {"jobs": (job, *worker.jobs[1:])}, kind="Change Organization Assignments", on=on)

    def _number(self, shelf: Shelf[Any]) -> int:
        """Give the next new object its number."""
        return len(shelf) + 1

    def _change(self, worker: Worker, changes: dict[str, Any], *, kind: str, on: date | None = None) -> None:
        self.world.workers.change(worker.key, changes, kind=kind, on=on or self.on, at=self.tick())

    def _position(self, location: str, *, profile: str | None, on: date, contingent: bool = False) -> Any:
        plant = PLANTS[location]
        chosen, center = pick_profile(plant, random=self.random)
        if profile is not None:
            chosen = PROFILES[profile]
            there = [c.ref_id for c in company.COST_CENTERS if plant.pcn in c.plants]
            center = next((known for known in chosen.cost_centers if known in there), there[0])
        teams = [key for key in self.world.organizations if key.startswith(f"{top_of(plant)}-")]
        team = self.random.choice(teams) if chosen.shop and teams else top_of(plant)
        role = Role(plant=plant, profile=chosen, cost_center=center, organization=team, shift=None)
        number = self._number(self.world.positions)
        position = make_position(number, role=role, contingent=contingent, full_time=True, on=on)
        self.world.positions.found(position.position_id, kind="Create Position", on=on, at=self.tick(), facts=position)
        return position


def _same_person(worker: Worker) -> dict[str, Any]:
    """What another record of somebody has in common with the first."""
    names = ("first_name", "middle_name", "last_name", "preferred_first_name")
    return {**{name: getattr(worker, name) for name in names}, "person": worker.person or worker.key}
