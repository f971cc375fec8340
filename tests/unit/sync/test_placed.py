"""A place is given back only where nothing that it followed from, and nothing else that decides, is otherwise."""

from datetime import date

import msgspec
import pytest

from ml_connector.canonical.workforce import Job, Name, Organizations, Worker
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.desired import reference
from ml_connector.mapping.people import People, Person
from ml_connector.mapping.projection import Projection
from ml_connector.settings.plex import Plant, PlexConnection, Route
from ml_connector.storage.database import metadata, open_database
from ml_connector.sync.placed.remembered import KeptPlace, Remembered
from ml_connector.sync.placed.store import PlacedStore
from ml_connector.sync.steady import Around, ground_of, sum_up

PLANTS = tuple(Plant(pcn=pcn, company_code=pcn, routes=(Route(company="C", location=pcn),)) for pcn in ("101", "102"))
DAY = date(2026, 11, 23)
CENTER = {"cost_center": "4100", "department": "4100-STP", "segment": "4100"}
ROWS = [
    MappingRow(kind=Kind.COST_CENTER, plant="*", source="CC4100", target=CENTER),
    MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP", target={"position": "Operator"}),
    MappingRow(kind=Kind.LOCATION, plant="*", source="101", target={"building": "Hall"}),
]
PROJECTION = Projection(
    tenant="acme",
    plex=PlexConnection(base_url="https://connect.plex.com", auth="api_key", plants=PLANTS),
    crosswalk=Crosswalk(ROWS),
    today=dict.fromkeys(("101", "102"), DAY),
    contingent=False,
)
ADA = Worker(
    key="ada",
    employee_id="1001",
    worker_type="employee",
    name=Name(given="Ada", family="Lee"),
    active=True,
    on_leave=True,
    manager_id="7",
    jobs=(Job(primary=True, job_profile_id="JP", location_id="101", fte="0.5"),),
    organizations=Organizations(company="C", cost_center="CC4100"),
)
IDS = PROJECTION.ids_of("ada")
SETUP = {"department|101|4100-STP", "position|101|Operator", "building|101|Hall"}


def remembered(kept=None, **changes):
    """What is asked of it in a plan, in which Plex holds Ada in plant 101."""
    values = {
        "around": "as it is",
        "today": dict.fromkeys(("101", "102"), DAY),
        "kept": lambda **_between: kept or {},
        "in_plex": SETUP | {f"employee|101|{IDS['101']}"},
        "homes": {IDS["101"]: ("101",)},
        "odd": set(),
        "ahead": lambda _profile: False,
    }
    return Remembered(**(values | changes))


def sift(memory, worker=ADA, *, by="hash"):
    (found,) = memory.sift([[(worker.key, by)]], lambda keys: dict.fromkeys(keys, worker))
    return found


def place(worker=ADA, **changes):
    """Place somebody nothing was known of; gives what is then kept."""
    memory = remembered(**changes)
    assert sift(memory, worker) is worker
    place = PROJECTION.place(worker)
    memory.note(worker, place, ground_of(worker, place), ids=PROJECTION.ids_of(worker.key))
    return memory.news


def test_who_is_as_they_were_is_placed_as_they_were():
    placed = sift(remembered(place()))
    assert (placed.me, placed.person) == ("employee 1001", Person("ada", "101", "employee 7"))
    spot = placed.seated.spot
    assert (spot.plant, spot.department, spot.position) == ("101", "4100-STP", "Operator")
    assert (spot.job_profile, spot.cost_center) == ("JP", "CC4100")
    assert (spot.counted, spot.fte, spot.on_leave, spot.excluded) == (True, "0.5", True, False)
    assert placed.seated.ground == ground_of(ADA, PROJECTION.place(ADA))._replace(alone=True)


def test_who_came_as_other_bytes_is_placed_anew():
    assert sift(remembered(place()), by="another") is ADA


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"around": "is other"}, id="settings, mapping or codes"),
        pytest.param({"today": dict.fromkeys(("101", "102"), date(2026, 11, 22))}, id="an earlier day"),
        pytest.param({"odd": {"ada"}}, id="a choice, a doubt, a transfer"),
        pytest.param({"ahead": lambda _profile: True}, id="something ahead"),
        pytest.param({"homes": {}}, id="no record in Plex"),
        pytest.param({"homes": {IDS["101"]: ("102",)}}, id="the record in another plant"),
        pytest.param({"homes": {IDS["101"]: ("101", "102")}}, id="the record in two plants"),
        pytest.param({"homes": {IDS["101"]: ("101",), IDS["102"]: ("101",)}}, id="a second record"),
        pytest.param({"in_plex": SETUP - {"department|101|4100-STP"}}, id="no department"),
        pytest.param({"in_plex": SETUP - {"position|101|Operator"}}, id="no position"),
        pytest.param({"in_plex": SETUP - {"building|101|Hall"}}, id="no building"),
    ],
)
def test_whatever_else_decides_places_anew(changes):
    kept = place()
    assert sift(remembered(kept, **changes)) is ADA
    assert place(**changes) == {} or changes.keys() & {"around", "today"}  # and is no place to remember


def test_a_later_day_places_nobody_anew():
    assert sift(remembered(place(), today=dict.fromkeys(("101", "102"), date(2027, 2, 1)))) is not ADA


def test_wp_06_who_has_a_second_job_is_placed_anew_each_day():
    second = Job(primary=False, job_profile_id="JP", location_id="101", effective_on=date(2026, 12, 1))
    assert place(msgspec.structs.replace(ADA, jobs=(*ADA.jobs, second))) == {}


def test_px_07_who_took_an_id_along_from_another_plant_is_placed_anew():
    at = {"homes": {IDS["102"]: ("101",)}}
    memory = remembered(**at)
    sift(memory)
    here = msgspec.structs.replace(PROJECTION.place(ADA), key=IDS["102"])
    memory.note(ADA, here, ground_of(ADA, here), ids=IDS)
    assert memory.news == {}


def test_who_is_not_at_work_is_remembered_as_that():
    gone, memory = msgspec.structs.replace(ADA, active=False), remembered()
    sift(memory, gone)
    memory.note_absent(gone)
    placed = sift(remembered(memory.news, homes={}, in_plex=set()), gone)
    assert (placed.person, placed.active, placed.seated) == (Person("ada", None, "employee 7"), False, None)


def test_up_02_a_place_is_forgotten_whenever_other_fields_are_shown_than_it_knows():
    """Whoever is placed as before counts as showing what they showed, so the two are kept and forgotten together."""
    database = open_database("sqlite://")
    metadata.create_all(database.engine)
    store = PlacedStore(database, "acme")
    with database.transaction() as tx:
        store.save(tx, {key: KeptPlace("from", "{}") for key in "abc"}, others=())
        store.save(tx, {"b": KeptPlace("from", "[]")}, others=("a", "b"))
    assert store.kept(after="", upto="b") == {"b": KeptPlace("from", "[]")}
    assert store.kept(after="b", upto="z") == {"c": KeptPlace("from", "{}")}


def test_wp_14_whose_managers_record_is_another_was_not_found_in_step_by_that():
    """By what somebody is in step says who manages, and what Plex shows."""
    ground = ground_of(ADA, PROJECTION.place(ADA))
    told = {
        sum_up(ground, settings=b"", supervisor=boss, shown=shown) for boss in ("7", "8") for shown in (("x",), ("y",))
    }
    assert len(told) == 4


def test_wp_14_nobody_is_in_step_by_a_manager_in_a_circle():
    """Of two who manage each other one may be as before in everything, and has to be parked."""
    people, managers = People(), {"employee 7": "employee 8", "employee 8": "employee 7", "employee 9": None}
    for me, boss in managers.items():
        people.put(me, Person(me, "101", boss))
    ids = {me: PROJECTION.id_in("101", me) for me in managers}
    known = {reference("employee", plant="101", key=key) for key in ids.values()}
    around = Around(PROJECTION, people, known, frozenset(), {})
    assert {me: around.find_supervisor(me) for me in managers} == {
        **dict.fromkeys(managers),
        "employee 9": ids["employee 9"],
    }
