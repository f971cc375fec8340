"""Proposals: by code first, by name second, and never by guessing."""

from __future__ import annotations

import pytest

from ml_connector.canonical.organization import CostCenter, JobProfile, Location
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.proposal import Proposal, propose
from ml_connector.sandbox import company


def record(record_type: str, key: str, *, plant: str = "101", **fields: Scalar) -> PlexRecord:
    return PlexRecord(type=record_type, plant=plant, key=key, fields=fields)


def position(text: str, *, plant: str = "101", active: bool = True) -> PlexRecord:
    return record("position", text, plant=plant, position=text, active=active)


def account(segment: str, *, active: bool = True) -> PlexRecord:
    return record("account", f"5100-{segment}-00", cost_center=segment, active=active)


def propose_position(title: str, *targets: PlexRecord, key: str = "JP-X", code: str = "X") -> Proposal:
    (proposal,) = propose(
        Kind.JOB_PROFILE, sources=[JobProfile(key=key, code=code, title=title)], targets=targets, plant="101"
    )
    return proposal


def propose_center(*targets: PlexRecord, name: str = "Stamping") -> Proposal:
    center = CostCenter(key="CC4100", code="4100", name=name)
    (proposal,) = propose(Kind.COST_CENTER, sources=[center], targets=targets, plant="101")
    return proposal


def target_of(proposal: Proposal) -> dict[str, str] | None:
    return proposal.row.target if proposal.row else None


CENTER = record("cost_center", "4100", name="Stamping")
DEPARTMENT = record("department", "4100-STP", name="Stamping", active=True)


def test_a_cost_center_is_three_parts_found_by_code() -> None:
    proposal = propose_center(CENTER, DEPARTMENT, account("4100"))

    assert target_of(proposal) == {"cost_center": "4100", "department": "4100-STP", "segment": "4100"}
    assert proposal.confidence == "code"  # as sure as the least sure part
    assert proposal.row is not None
    assert (proposal.row.state, proposal.row.plant, proposal.row.version) == ("proposed", "101", 0)
    assert "1 active account on 4100" in proposal.why


def test_the_department_plex_itself_links_wins() -> None:
    linked = record("cost_center", "4100", name="Stamping", department_code="PRESS")
    press = record("department", "PRESS", name="Press shop", active=True)
    proposal = propose_center(linked, DEPARTMENT, press, account("4100"))

    assert proposal.row is not None
    assert proposal.row.target["department"] == "PRESS"
    assert proposal.confidence == "exact"


def test_the_number_found_by_name_leads_to_department_and_segment() -> None:
    press = record("department", "510-PRS", name="Press shop", active=True)
    proposal = propose_center(record("cost_center", "510", name="Stamping"), press, account("510"), account("520"))

    assert target_of(proposal) == {"cost_center": "510", "department": "510-PRS", "segment": "510"}
    assert proposal.confidence == "name"


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        ([CENTER, DEPARTMENT], "segment: Plex gives an empty chart of accounts"),
        ([CENTER, DEPARTMENT, account("4100", active=False)], "segment: no one segment of an active account"),
        ([CENTER, DEPARTMENT, account("04100")], "segment: no one segment of an active account"),
        ([CENTER, account("4100")], "department: nothing in Plex"),
    ],
)
def test_px_08_a_part_that_is_not_there_makes_no_row(targets: list[PlexRecord], reason: str) -> None:
    proposal = propose_center(*targets)

    assert (proposal.row, proposal.confidence) == (None, None)
    assert reason in proposal.why


def test_up_08_a_code_inside_a_longer_number_is_another_code() -> None:
    assert propose_center(record("cost_center", "41001", name="x"), DEPARTMENT, account("4100")).row is None
    assert propose_center(record("cost_center", "00410", name="x"), DEPARTMENT, account("4100")).row is None


def test_rd_12_only_the_plants_own_records_are_candidates() -> None:
    assert propose_position("Welder", position("Welder", plant="102")).row is None


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Press operator", "Press Operator"),
        ("Maintenance technician", "Maintenance Tech"),
        ("Technician, maintenance", "Maintenance Tech"),
        ("Research & development", "research and development"),
        ("Opérateur", "Operateur"),
        ("Supervisor", "Supervizor"),
    ],
)
def test_names_are_compared_as_people_would(title: str, text: str) -> None:
    proposal = propose_position(title, position(text), position("Plant Clerk"))

    assert target_of(proposal) == {"position": text}
    assert proposal.confidence == "name"
    assert title in proposal.why


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Welder 1", "Welder 2"),
        ("Welder II", "Welder III"),
        ("Direct labor", "Indirect labor"),
        ("Senior accountant", "Accountant"),
        ("People", "Human Resources"),
        ("Maintenance technician", "Mai Tec"),
        ("", ""),
    ],
)
def test_names_that_only_look_alike_are_not_proposed(title: str, text: str) -> None:
    assert propose_position(title, position(text)).row is None


def test_two_equally_good_candidates_are_told_and_none_is_picked() -> None:
    proposal = propose_position("Welder", position("WELDER"), position("welder"))

    assert proposal.row is None
    assert proposal.why == "position: ambiguous, any of 'WELDER', 'welder'"


def test_a_code_that_fits_several_is_settled_by_the_name() -> None:
    old = record("department", "4100-OLD", name="Old press shop", active=True)

    assert target_of(propose_center(CENTER, DEPARTMENT, old, account("4100"))) is not None
    assert "ambiguous" in propose_center(CENTER, DEPARTMENT, old, account("4100"), name="Presses").why


def test_an_equal_code_beats_an_equal_name() -> None:
    assert target_of(propose_position("Welder", position("Welder"), position("WLD"), code="WLD")) == {"position": "WLD"}


def test_what_plex_calls_inactive_is_no_candidate() -> None:
    assert propose_position("Welder", position("Welder", active=False)).row is None


def test_accounts_are_a_controllers_decision() -> None:
    with pytest.raises(ConfigurationError, match="controller"):
        propose(Kind.ACCOUNT, sources=[], targets=[], plant="101")


def test_the_order_of_what_was_read_does_not_matter() -> None:
    profiles = [JobProfile(key=f"JP-{n}", title=f"Job {n}") for n in range(5)]
    targets = [position(f"job {n}") for n in range(5)]

    assert propose(Kind.JOB_PROFILE, sources=profiles, targets=targets, plant="101") == propose(
        Kind.JOB_PROFILE, sources=profiles[::-1], targets=targets[::-1], plant="101"
    )


@pytest.mark.parametrize("plant", company.PLANTS, ids=lambda plant: plant.pcn)
def test_a_real_looking_company_is_proposed_whole_and_right(plant: company.Plant) -> None:
    """The two sides are spelt differently on purpose; every proposal must hit what is meant."""
    centers = [center for center in company.COST_CENTERS if plant.pcn in center.plants]
    targets = [position(job.plex_position, plant=plant.pcn) for job in company.JOB_PROFILES]
    for one in centers:
        targets += [
            record("cost_center", one.plex_no, plant=plant.pcn, name=one.plex_name),
            record("department", one.department_code, plant=plant.pcn, name=one.department_name),
            record("account", f"5100-{one.plex_no}-00", plant=plant.pcn, cost_center=one.plex_no, active=True),
        ]
    targets += [
        record("building", one.building_code, plant=plant.pcn, name=one.building_name) for one in company.PLACES
    ]
    sources = {
        Kind.COST_CENTER: [CostCenter(key=one.ref_id, code=one.code, name=one.name) for one in centers],
        Kind.JOB_PROFILE: [JobProfile(key=o.ref_id, code=o.code, title=o.title) for o in company.JOB_PROFILES],
        Kind.LOCATION: [Location(key=one.location_id, name=one.name) for one in company.PLACES],
    }
    proposals = [
        one for kind in sources for one in propose(kind, sources=sources[kind], targets=targets, plant=plant.pcn)
    ]

    meant = {
        one.ref_id: {"cost_center": one.plex_no, "department": one.department_code, "segment": one.plex_no}
        for one in centers
    }
    meant |= {one.ref_id: {"position": one.plex_position} for one in company.JOB_PROFILES}
    meant |= {one.location_id: {"building": one.building_code} for one in company.PLACES}
    assert {proposal.source: target_of(proposal) for proposal in proposals} == meant
