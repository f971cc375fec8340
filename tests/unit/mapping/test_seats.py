"""Seats that cannot be counted yet say everything they wait for."""

from datetime import date

import msgspec

from ml_connector.canonical.organization import Position
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.reference_data import ReferenceData
from ml_connector.settings.plex import Plant

PLANT = Plant.model_validate(
    {
        "pcn": "101",
        "company_code": "ACME-DET",
        "tenant_id": "00000000-0000-0000-0000-000000000001",
        "time_zone": "America/Detroit",
        "default_shift": "Day",
        "routes": [{"company": "C10", "location": "DET"}],
    }
)
SEAT = Position(key="P-1", job_profile_id="JP-OPER", location_id="DET", company="C10", cost_center="CC4100")
TODAY = {"101": date(2026, 11, 23)}
TARGET = {"cost_center": "4100", "department": "Stamping", "segment": "4100"}
JOB = MappingRow(kind=Kind.JOB_PROFILE, plant="101", source="JP-OPER", target={"position": "Operator"})


def waits_for(*rows: MappingRow) -> set[str | None]:
    seats = ReferenceData(plants=[PLANT], crosswalk=Crosswalk(rows), today=TODAY).headcount([SEAT])
    return {item.waiting_for for item in seats.waiting}


def test_m_18_a_seat_names_both_codes_it_waits_for_so_that_mending_one_brings_up_no_other() -> None:
    before, after = waits_for(), waits_for(JOB)
    assert len(before) == 2
    assert len(after) == 1
    assert after < before


def test_a_position_available_since_1900_always_was() -> None:
    center = MappingRow(kind=Kind.COST_CENTER, plant="101", source="CC4100", target=TARGET)
    data = ReferenceData(plants=[PLANT], crosswalk=Crosswalk([JOB, center]), today=TODAY)
    seats = data.headcount([SEAT, msgspec.structs.replace(SEAT, key="P-2", available_on=date(1900, 1, 1))])
    assert sum(seats.planned.values()) == 2
    assert seats.waiting == []


def test_bad_input_a_position_available_in_9999_is_not_counted_and_shown() -> None:
    day = date(9999, 12, 31)
    center = MappingRow(kind=Kind.COST_CENTER, plant="101", source="CC4100", target=TARGET)
    data = ReferenceData(plants=[PLANT], crosswalk=Crosswalk([JOB, center]), today=TODAY)
    odd = msgspec.structs.replace(SEAT, key="P-2", available_on=day)
    seats = data.headcount([SEAT, odd])
    assert sum(seats.planned.values()) == 1
    ((code, reason),) = [(item.code, item.reason) for item in seats.waiting]
    assert code == "implausible_date"
    assert f"availability date of position P-2 is {day}" in reason
