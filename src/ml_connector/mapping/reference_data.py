"""
What each plant should hold of what workers point to: cost centers, departments, positions, planned headcount. Pure.

Only what somebody or some seat in the plant uses is wanted there; the same code in two plants is two records (RD-12).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from ml_connector.canonical.keys import known_text
from ml_connector.canonical.organization import CostCenter, JobProfile, Position
from ml_connector.canonical.plant import Scalar
from ml_connector.errors import RecordError
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.desired import Desired, Pending, Waiting, reference
from ml_connector.mapping.plausible import check_first_day, is_first_day
from ml_connector.mapping.routing import route
from ml_connector.settings.plex import Plant

Use = tuple[str, Kind, str]
"""Plant, kind, Workday key."""


class Seat(NamedTuple):
    """Where a seat counts, in the plant's own words."""

    plant: str
    position: str
    department: str


class Seats(NamedTuple):
    """
    Every seat of the enterprise, counted: Plex's staffing levels, one `Waiting` per unmapped reference with the seats
    behind it, what the seats use, and the plain counts.
    """

    records: list[Desired]
    waiting: list[Waiting]
    used: set[Use]
    planned: Mapping[Seat, int]

    def all_counted(self, plant: str) -> bool:
        """Whether every seat that may belong to *plant* is in the counts."""
        return not any(item.plant in {plant, ""} for item in self.waiting)


class ReferenceData:
    """Turns Workday's reference data into a plant's setup records, on each plant's own day."""

    def __init__(
        self,
        *,
        plants: Sequence[Plant],
        crosswalk: Crosswalk,
        today: Mapping[str, date],
        centers: CenterDays | None = None,
        profiles: Mapping[str, JobProfile] | None = None,
    ) -> None:
        """*centers* and *profiles* are Workday's, where they could be read; of what is not shown nothing is known."""
        self._plants = plants
        self._shift = {plant.pcn: plant.default_shift for plant in plants}
        self._crosswalk, self._today = crosswalk, today
        self._centers = centers or CenterDays({}, crosswalk=crosswalk)
        self._profiles = profiles or {}

    def records(self, used: Iterable[Use]) -> Iterator[Desired]:
        """
        Yield the setup records behind *used*, each once, in order; unmapped uses are told by their workers.

        What is inactive is not wanted, and what opens later not yet (RD-02).
        """
        seen: set[str] = set()
        for plant, kind, source in sorted(used):
            try:
                row = self._crosswalk.resolve(kind, source=source, plant=plant)
            except RecordError:
                continue
            for record in self._from_row(plant, kind, source, row.target):
                name = reference(record.type, plant=plant, key=record.key)
                if name not in seen:
                    seen.add(name)
                    yield record

    def doubtful(self, used: Iterable[Use]) -> Iterator[Waiting]:
        """Yield the cost centers and job profiles of *used* with a date nobody means; nothing is written of them."""
        wanted = {(kind, source) for _plant, kind, source in used}
        kinds: tuple[tuple[Kind, Mapping[str, CostCenter | JobProfile]], ...]
        kinds = ((Kind.COST_CENTER, self._centers.shown), (Kind.JOB_PROFILE, self._profiles))
        for kind, records in kinds:
            for source in sorted(source for source in records if (kind, source) in wanted):
                try:
                    _check_days(records[source])
                except RecordError as error:
                    yield Waiting(
                        type=kind.value,
                        plant="",
                        key=source,
                        label=source,
                        code=error.code,
                        reason=error.message,
                        remedy=error.remedy,
                        waiting_for=error.waiting_for,
                    )

    def openings(self, used: Iterable[Use]) -> Iterator[Pending]:
        """Tell which cost centers of *used* a plant will get on a later day of its own, each once (RD-02)."""
        told: set[tuple[str, str, date]] = set()
        for plant, kind, source in sorted(used):
            first = self._centers.opens_on(source, on=self._today[plant]) if kind is Kind.COST_CENTER else None
            row = self._crosswalk.find(kind, source=source, plant=plant, on=first) if first else None
            meant = _is_meant(self._centers.find(source))
            if first is not None and meant and row is not None and row.state == "accepted":
                number, center = row.target["cost_center"], self._centers.find(source)
                if (plant, number, first) in told:
                    continue
                told.add((plant, number, first))
                name = center.name if center is not None and isinstance(center.name, str) else number
                yield Pending(
                    type="cost_center",
                    plant=plant,
                    key=number,
                    label=name,
                    on=first.isoformat(),
                    reason="future cost center",
                    begins=True,
                    source=number,
                )

    def endings(self) -> Iterator[Desired]:
        """Yield what nothing active stands behind any more, where Plex can hold that: departments and positions."""
        for plant, today in self._today.items():
            profiles = {
                key: not (_is_meant(profile) and _is_inactive(profile, on=today))
                for key, profile in self._profiles.items()
            }
            centers = {
                key: active or not _is_meant(self._centers.find(key))
                for key, active in self._centers.activity(on=today).items()
            }
            for kind, part, active in (
                (Kind.COST_CENTER, "department", centers),
                (Kind.JOB_PROFILE, "position", profiles),
            ):
                for source, value in self._ended(plant, kind, part, active):
                    yield Desired(
                        type=part,
                        plant=plant,
                        key=value,
                        source=source,
                        label=value,
                        state="ended",
                        reason=f"{kind.value.replace('_', ' ')} {source} is inactive in Workday",
                    )

    def _ended(self, plant: str, kind: Kind, part: str, active: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
        """The inactive ones of a kind, each Plex value once; one that an active or unseen code shares goes on."""
        if all(active.values()):
            return
        found = {source: self._crosswalk.find(kind, source=source, plant=plant) for source in sorted(active)}
        rows = {source: row for source, row in found.items() if row is not None and row.state == "accepted"}
        live = {row.target[part] for source, row in rows.items() if active[source]}
        seen = active.keys() | {row.source for row in rows.values()}
        for source, row in rows.items():
            value = row.target[part]
            if value in live:
                continue
            if seen.issuperset(self._crosswalk.sources_of(kind, plant=plant, part=part, value=value)):
                live.add(value)
                yield source, value

    def _from_row(self, plant: str, kind: Kind, source: str, target: Mapping[str, str]) -> Iterator[Desired]:
        today = self._today[plant]
        if kind is Kind.JOB_PROFILE:
            profile = self._profiles.get(source)
            if profile is not None and (not _is_meant(profile) or _is_inactive(profile, on=today)):
                return
            text = target["position"]
            yield Desired(
                type="position",
                plant=plant,
                key=text,
                source=source,
                label=text,
                fields={"position": text, "active": True},
            )
        elif kind is Kind.COST_CENTER:
            center = self._centers.find(source)
            name = center.name if center is not None and isinstance(center.name, str) else None
            if not _is_meant(center):
                return
            if not self._centers.is_inactive(source, on=today) and self._centers.opens_on(source, on=today) is None:
                yield from self._cost_center(plant, source, target, name)

    def _cost_center(self, plant: str, source: str, target: Mapping[str, str], name: str | None) -> Iterator[Desired]:
        number, department = target["cost_center"], target["department"]
        named = self._named(plant, "cost_center", number, name)
        yield Desired(
            type="cost_center",
            plant=plant,
            key=number,
            source=source,
            label=name or number,
            fields={"cost_center_no": number, "department_code": department, **named},
            needs=(reference("department", plant=plant, key=department),),
        )
        named = self._named(plant, "department", department, name)
        yield Desired(
            type="department",
            plant=plant,
            key=department,
            source=source,
            label=name or department,
            fields={"department_code": department, "active": True, **named},
        )

    def _named(self, plant: str, part: str, value: str, name: str | None) -> dict[str, Scalar]:
        """The name, unless several cost centers share the Plex record: then none of theirs may win by chance."""
        shared = len(self._crosswalk.sources_of(Kind.COST_CENTER, plant=plant, part=part, value=value)) > 1
        return {} if name is None or shared else {"name": name}

    def headcount(self, positions: Iterable[Position]) -> Seats:
        """Count seats, filled and open, per plant × position × shift × department: Plex's staffing level."""
        planned: Counter[Seat] = Counter()
        uncounted: dict[tuple[str, str], tuple[RecordError, int]] = {}
        used: set[Use] = set()
        for (company, location, profile, center, odd), seats in Counter(map(_told_by, positions)).items():
            try:
                plant = route(self._plants, company=company, location=location).pcn
            except RecordError as error:
                _count(uncounted, ("", error.waiting_for or error.message), error, seats)
                continue
            uses = [
                (kind, text)
                for kind, text in ((Kind.JOB_PROFILE, profile), (Kind.COST_CENTER, center))
                if text is not None
            ]
            used.update((plant, kind, text) for kind, text in uses)
            try:
                check_first_day(f"availability date of position {odd[0]}", odd[1])
            except RecordError as error:
                _count(uncounted, (plant, error.waiting_for or error.message), error, seats)
                continue
            if self._centers.opens_on(center or "", on=self._today[plant]) is not None:
                continue  # no seat before its cost center
            seat, faults = self._seat(plant, dict(uses))
            for fault in faults:
                _count(uncounted, (plant, fault.waiting_for or fault.message), fault, seats)
            if seat is not None:
                planned[seat] += seats
        records = [self._staffing_level(seat, n) for seat, n in sorted(planned.items())]
        waiting = [_waiting(plant, what, error, n) for (plant, what), (error, n) in sorted(uncounted.items())]
        return Seats([record for record in records if record is not None], waiting, used, planned)

    def unseated(self, seats: Seats, *, plant: str, held: Mapping[str, Mapping[str, Scalar]]) -> Iterator[Desired]:
        """
        Yield a staffing level of none for each of ours, *held* in Plex by key, that lost its last seat.

        Where a seat of the plant is not counted, it may be one of these: then nothing is said.
        """
        if self._shift.get(plant) is None or not seats.all_counted(plant):
            return
        wanted = {record.key for record in seats.records if record.plant == plant}
        for key in sorted(held.keys() - wanted):
            position, department = str(held[key].get("position")), str(held[key].get("department"))
            yield Desired(
                type="headcount",
                plant=plant,
                key=key,
                source=f"{position} in {department}",
                label=key.replace("|", ", "),
                fields={**held[key], "planned": 0},
            )

    def _seat(self, plant: str, uses: Mapping[Kind, str]) -> tuple[Seat | None, list[RecordError]]:
        """The seat, or everything that it waits for: mending one of two must bring up no other (M-18)."""
        if len(uses) < len((Kind.JOB_PROFILE, Kind.COST_CENTER)):
            error = RecordError(
                "Workday gives the position no job profile or no cost center",
                code="incomplete",
                waiting_for="a job profile and a cost center on the position",
                remedy="complete the position's restrictions and organization assignments in Workday",
            )
            return None, [error]
        names: list[str] = []
        faults: list[RecordError] = []
        for kind, part in ((Kind.JOB_PROFILE, "position"), (Kind.COST_CENTER, "department")):
            try:
                names.append(self._crosswalk.resolve(kind, source=uses[kind], plant=plant).target[part])
            except RecordError as error:
                faults.append(error)
        return (None, faults) if faults else (Seat(plant, *names), [])

    def _staffing_level(self, seat: Seat, planned: int) -> Desired | None:
        plant, position, department = seat
        shift = self._shift[plant]
        if shift is None:
            return None
        return Desired(
            type="headcount",
            plant=plant,
            key=f"{position}|{shift}|{department}",
            source=f"{position} in {department}",
            label=f"{position}, {shift}, {department}",
            fields={"position": position, "shift": shift, "department": department, "planned": planned},
            needs=(
                reference("position", plant=plant, key=position),
                reference("department", plant=plant, key=department),
            ),
        )


def _check_days(record: CostCenter | JobProfile) -> None:
    check_first_day("effective date", record.effective_on)
    check_first_day("availability date", getattr(record, "available_on", None))


def _is_meant(record: CostCenter | JobProfile | None) -> bool:
    """Whether its dates are dates; of what is not shown nothing is known."""
    with suppress(RecordError):
        if record is not None:
            _check_days(record)
        return True
    return False


def _is_inactive(profile: JobProfile, *, on: date) -> bool:
    """Whether a job profile is inactive *on* a day."""
    later = isinstance(profile.effective_on, date) and profile.effective_on > on
    return profile.active is False and not later


class _Told(NamedTuple):
    """
    All that decides about a seat; many seats have it in common. *odd* is a day that nobody means, and whose it is.
    """

    company: str | None
    location: str | None
    profile: str | None
    center: str | None
    odd: tuple[str, object]


def _told_by(position: Position) -> _Told:
    day = position.available_on
    return _Told(
        known_text(position.company),
        known_text(position.location_id),
        known_text(position.job_profile_id),
        known_text(position.cost_center),
        (position.key, day) if isinstance(day, date) and not is_first_day(day) else ("", None),
    )


def _count(
    uncounted: dict[tuple[str, str], tuple[RecordError, int]], what: tuple[str, str], error: RecordError, seats: int
) -> None:
    uncounted[what] = (error, uncounted.get(what, (error, 0))[1] + seats)


def _waiting(plant: str, what: str, error: RecordError, seats: int) -> Waiting:
    return Waiting(
        type="headcount",
        plant=plant,
        key=what,
        label=f"{seats} position{'s' if seats > 1 else ''}",
        code=error.code,
        reason=f"{seats} position{'s are' if seats > 1 else ' is'} not counted: {error.message}",
        remedy=error.remedy,
        waiting_for=error.waiting_for,
    )
