"""Crashes, edits by hand, gaps in the mapping, a divided population: what must not matter, or only help."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.store import MappingStore
from ml_connector.sandbox.plex.tables import Tables
from tests.fuse import CrashError, Fuse
from tests.laws.firm import Firm, accept_mapping, found
from tests.laws.history import DAYS, START, chance_of, settle
from tests.laws.law import law
from tests.laws.verdict import differences, ending, master, seats
from tests.stage import count_twins


@law(examples=1)
def test_m6_crash_invariance(events, tally):
    """M-6: our program dies at a random boundary of every run, and tries again at once or only with the next run."""
    steps, chance = settle(events), chance_of(events)
    with found(steps) as firm:
        clean = master(firm.live(every=3))
    crashes = 0
    with found(steps) as firm:
        while firm.day < DAYS - 1:
            firm.next_day()
            if firm.day % 3 == 0:
                crashes += die_somewhere(firm, chance)
                if chance.random() < 0.5:
                    firm.sync()
        firm.live()
        lost, duplicated = differences(clean, master(firm)), count_twins(firm.plex())
        tally("M-6 crash", histories=1, crashes=crashes, lost=len(lost), duplicated=duplicated)
        assert lost == []
        assert duplicated == 0
        assert firm.begin().tools.trail.verify().ok


def die_somewhere(firm: Firm, chance: Random) -> bool:
    """Sync until a random boundary, and forget everything that is not in the database or in Plex."""
    firm.die()
    fuse = Fuse(chance.randrange(1, 400))
    try:
        firm.begin(boundary=fuse).sync()
    except CrashError:
        return True
    finally:
        firm.die()
    return False


@law(examples=2)
def test_m18_monotone_holds(events, tally):
    """M-18: with every mapping row that is mended, nothing waits that did not wait before."""
    chance = chance_of(events)
    mapping = list(accept_mapping(START))
    missing = chance.sample(mapping, k=6)
    with found(settle(events), fresh=True, mapping=[row for row in mapping if row not in missing]) as firm:
        while firm.day < DAYS - 1:
            firm.next_day()
        waiting = first = what_waits(firm)
        for row in missing:
            mend(firm, row)
            now = what_waits(firm)
            assert now <= waiting, row
            waiting = now
        assert not waiting
    tally("M-18 monotone holds", histories=1, rows_mended=len(missing), waited=len(first))


def what_waits(firm: Firm) -> set[tuple[str, str]]:
    """Everything that waits or is held, by what people call it."""
    life = firm.begin()
    plan = life.plan()
    parked = {(item.type, item.key) for item in life.tools.review.parked("acme")}
    return parked | {("hold", hold.id) for hold in plan.holds}


def mend(firm: Firm, row: MappingRow) -> None:
    database = firm.begin().tools.database
    with database.transaction() as tx:
        MappingStore(database).save(tx, "acme", [row])


@law(examples=2)
def test_m19_drift_repair(events, tally):
    """M-19: whatever people edit in Plex where Workday owns the field, the next runs put right."""
    chance, edits = chance_of(events), 0
    with found(settle(events)) as firm:
        firm.live(every=DAYS)
        clean = ending(firm)
        for _round in range(3):
            edits += edit_by_hand(firm, chance)
            firm.come_to_rest()
            assert differences(clean, ending(firm)) == []
    tally("M-19 drift repair", histories=1, edits=edits)


def edit_by_hand(firm: Firm, chance: Random) -> int:
    """Edit owned fields of what was written by us, in every plant; returns how many records were touched."""
    ours, edits = seats(firm.tenant), 0
    for pcn, tables in firm.rehearsal.plex.enterprise.plants.items():
        people = [key for key, row in tables.attributes.items() if row["External_Employee_ID"]]
        for key in chance.sample(sorted(people), k=min(6, len(people))):
            row = tables.employees[key]
            tables.employees[key] = row | chance.choice(list(edits_of(row, tables)))
            if chance.random() < 0.3 and row["status"] != "Inactive":
                tables.attributes[key] = tables.attributes[key] | {"External_Employee_ID": "by hand"}
            edits += 1
        for position, shift, department in sorted(tables.staffing):
            names = (tables.positions[position]["Position"], tables.departments[department]["Department_Code"])
            if (pcn, *names) in ours and tables.shifts["Day"] == shift and chance.random() < 0.3:
                tables.staffing[position, shift, department] += 1 + chance.randrange(5)
                edits += 1
    return edits


def edits_of(row: dict[str, Any], tables: Tables) -> Iterator[dict[str, Any]]:
    """What somebody could do to this employee; who has ended can only be brought back."""
    if row["status"] == "Inactive":
        yield {"status": "Active"}
        return
    yield {"lastName": "Edited"}
    yield {"firstName": "By Hand"}
    yield {"email": "by.hand@acme.example"}
    yield {"badgeNumber": f"8{row['badgeNumber'][-5:]}"}
    yield {"supervisorId": None}
    yield {"type": "Part-time" if row["type"] == "Full-time" else "Full-time"}
    yield {"status": "Inactive"}
    yield from ({"department": each["Department_Code"]} for each in tables.departments.values())
    yield from ({"position": each["Position"]} for each in tables.positions.values())


@law(examples=1)
def test_m20_partition(events, tally):
    """
    M-20: one connection per company = one connection, as far as one company goes.

    Whose primary job is the other company's waits for a person here (WP-08), and only their other jobs go on, where one
    connection moves or ends them; whose supervisor is the other company's keeps the one Plex knows, and it is said
    (WP-14).
    """
    steps = settle(events)
    with found(steps, fresh=True) as firm:
        whole = master(firm.live(every=6))
    with found(steps, fresh=True, plants=("101", "102")) as parts, found(steps, fresh=True, plants=("100",)) as rest:
        rest.share(parts)
        while parts.day < DAYS - 1:
            parts.next_day()
            rest.next_day()
            if parts.day % 6 == 0:
                parts.sync()
                rest.sync()
        parts.come_to_rest()
        rest.come_to_rest()
        divided = master(parts)
        waiting = told(parts, "no_pcn_route") | told(rest, "no_pcn_route")
        without_boss = told(parts, "supervisor_missing") | told(rest, "supervisor_missing")
    apart = whole["people"].keys() ^ divided["people"].keys()
    assert {number(name) for name in apart} <= waiting
    assert differences(*(comparable(state, apart, without_boss) for state in (whole, divided))) == []
    tally("M-20 partition", histories=1, connections=2)


def told(firm: Firm, code: str) -> set[str]:
    """Whom a connection names for one reason."""
    return {number(item.key) for item in firm.begin().tools.review.parked("acme") if item.code == code}


def number(name: str) -> str:
    """Somebody's number, be it told as Workday's id or as the badge in a plant, before it was edited or after."""
    return name.rpartition(" ")[2].replace("CW-", "").removeprefix("E")


def comparable(state: dict[str, Any], apart: set[str], without_boss: set[str]) -> dict[str, Any]:
    """The state without who waits for a person, and without supervisors who are somebody else's."""
    kept = {
        part: {name: row for name, row in state[part].items() if name not in apart} for part in ("people", "attributes")
    }
    kept["people"] = {
        name: row | {"supervisorId": None} if number(name) in without_boss else row
        for name, row in kept["people"].items()
    }
    return state | kept
