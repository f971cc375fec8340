"""
RD-09: a change of what is in force is drafted by one person and put in force by another; everybody sees whom it moves.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.bootstrap import App
from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import (
    ApprovalRequiredError,
    ConfigurationError,
    FaultsError,
    UnavailableError,
    UsageError,
)
from ml_connector.mapping.claim import Kind
from ml_connector.usecases import mapping_faults, mapping_files, mappings, syncs
from ml_connector.usecases.known import known_wids
from tests.world import World, open_world, silent

PLANT = "101"
WELDERS = {"kind": "job_profile", "source": "JP-WELD", "plant": PLANT}
LINE = "job_profile/101/JP-WELD"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both systems in step."""
    with open_world(tmp_path_factory.mktemp("approval"), workers=24) as world:
        syncs.sync(world.app, progress=silent)
        yield world


@pytest.fixture
def world(shared: World, tmp_path: Path) -> Iterator[World]:
    """The same for every test: afterwards our own database is put back."""
    file, kept = shared.folder / "mlc.db", tmp_path / "kept.db"
    shared.app.close()
    shutil.copy(file, kept)
    shared.app = shared.open()
    yield shared
    shared.app.close()
    for leftover in shared.folder.glob("mlc.db*"):
        leftover.unlink()
    shutil.copy(kept, file)
    shared.app = shared.open()


def acting(world: World, name: str) -> App:
    return dataclasses.replace(world.app, actor=name)


def position(world: World) -> str:
    crosswalk = world.app.mappings.crosswalk("acme", days={PLANT: world.sandbox.tenant.today})
    return crosswalk.resolve(Kind.JOB_PROFILE, source="JP-WELD", plant=PLANT).target["position"]


def welders(world: World) -> int:
    return sum(
        worker.primary_job.job_profile == "JP-WELD"
        for worker in world.sandbox.tenant._desk("look").plain_workers(location="DET")
    )


def events(world: World, action: AuditAction) -> list[tuple[str, str | None, dict[str, str | int]]]:
    found = world.app.trail.list(action=action)
    return [(each.event.actor, each.event.object, each.event.detail) for each in found]


def test_rd_09_a_change_in_force_is_a_draft_until_another_person_approves_it(world: World) -> None:
    changed = mappings.set_row(acting(world, "mia"), **WELDERS, target={"position": "Press Operator"})
    assert [(row.state, row.changed_by) for row in changed.changed] == [("draft", "mia")]
    assert changed.waiting == (LINE,)
    assert position(world) == "Welder"
    with pytest.raises(ApprovalRequiredError, match="was changed by mia") as refused:
        mappings.approve_rows(acting(world, "Mia"), lines=[LINE])
    assert refused.value.exit_code == 4
    assert refused.value.remedy == f"another person: ml-connector mapping approve {LINE}"
    assert position(world) == "Welder"

    approved = mappings.approve_rows(acting(world, "leo"), lines=[LINE])
    assert [(row.state, row.drafted_by, row.changed_by) for row in approved.changed] == [("accepted", "mia", "leo")]
    assert approved.waiting == ()
    assert position(world) == "Press Operator"
    assert events(world, AuditAction.MAPPING_DRAFTED)[-1][:2] == ("mia", "mapping/101/job_profile JP-WELD")
    actor, subject, detail = events(world, AuditAction.MAPPING_APPROVED)[-1]
    assert (actor, subject, detail["drafted_by"]) == ("leo", "mapping/101/job_profile JP-WELD", "mia")


def test_rd_09_everybody_sees_how_many_workers_a_change_moves_before_it_counts(world: World) -> None:
    count = welders(world)
    assert count > 0
    before = world.sandbox.arrivals.list()
    said = mappings.set_row(world.app, **WELDERS, target={"position": "Press Operator"}, check=False, preview=True)
    assert [(impact.plant, impact.rerouted, impact.gained, impact.lost) for impact in said.impact] == [
        (PLANT, count, 0, 0)
    ]
    assert [row.state for row in said.changed] == ["draft"]
    assert [row for row in world.app.mappings.load("acme") if row.state == "draft"] == []
    assert world.sandbox.arrivals.list() == before, "nothing is read anew"
    drafted = mappings.set_row(world.app, **WELDERS, target={"position": "Press Operator"})
    assert drafted.impact == said.impact
    assert mappings.approve_rows(acting(world, "leo"), preview=True).impact == said.impact
    assert position(world) == "Welder"


def test_rd_09_a_successor_and_an_end_wait_and_say_whom_they_will_move(world: World) -> None:
    later = world.sandbox.tenant.today + timedelta(days=30)
    row = mappings.set_row(acting(world, "mia"), **WELDERS, target={"position": "Press Operator"}, since=later)
    assert (row.changed[0].state, row.impact[0].rerouted) == ("draft", welders(world))
    ended = mappings.set_row(acting(world, "mia"), **WELDERS, target={}, until=later - timedelta(days=1))
    assert (ended.changed[0].state, ended.changed[0].target) == ("draft", {"position": "Welder"})
    assert ended.impact[0].lost == welders(world)
    assert {row.state for row in mappings.approve_rows(acting(world, "leo")).changed} == {"accepted"}
    assert position(world) == "Welder"
    with pytest.raises(UsageError, match="not clear which one") as unclear:
        mappings.set_row(acting(world, "mia"), **WELDERS, target={"position": "Welder"})
    assert "--from" in (unclear.value.remedy or "")
    always = mappings.set_row(acting(world, "mia"), **WELDERS, target={"position": "Press Operator"}, since="always")
    assert [(row.effective_on, row.target["position"]) for row in always.changed] == [(None, "Press Operator")]


def test_rd_09_what_was_never_mapped_one_person_maps(world: World) -> None:
    changed = mappings.set_row(
        acting(world, "mia"),
        kind="job_profile",
        source="JP-NEW",
        plant=PLANT,
        target={"position": "Welder"},
        check=False,
    )
    assert [row.state for row in changed.changed] == ["accepted"]
    assert changed.waiting == ()


def test_rd_09_a_change_may_be_withdrawn_and_then_nothing_waits(world: World) -> None:
    mappings.set_row(world.app, **WELDERS, target={"position": "Press Operator"})
    assert [row.state for row in mappings.withdraw_rows(world.app, lines=[LINE]).changed] == ["withdrawn"]
    assert mappings.approve_rows(acting(world, "leo")).changed == ()
    with pytest.raises(UsageError, match="no change of job_profile/101/JP-WELD waits"):
        mappings.approve_rows(acting(world, "leo"), lines=[LINE])
    assert position(world) == "Welder"


def test_rd_09_all_takes_what_others_changed_and_leaves_ones_own(world: World) -> None:
    mappings.set_row(acting(world, "mia"), **WELDERS, target={"position": "Press Operator"})
    operators = {**WELDERS, "source": "JP-OPER"}
    mappings.set_row(acting(world, "leo"), **operators, target={"position": "Welder"})
    changed = mappings.approve_rows(acting(world, "leo"))
    assert [row.source for row in changed.changed] == ["JP-WELD"]
    assert changed.waiting == ("job_profile/101/JP-OPER",)


def test_rd_09_an_approval_is_held_against_plex_once_more(world: World) -> None:
    place = {"kind": "location", "source": "DET", "plant": PLANT}
    mappings.set_row(acting(world, "mia"), **place, target={"building": "TORN-DOWN"}, check=False)
    with pytest.raises(ConfigurationError, match="no building 'TORN-DOWN'"):
        mappings.approve_rows(acting(world, "leo"))
    assert [row.state for row in world.app.mappings.load("acme") if mappings.line_name(row) == "location/101/DET"] == [
        "accepted",
        "draft",
    ]


def test_rd_09_where_one_person_is_enough_nothing_waits(world: World) -> None:
    control = world.app.connection.mapping.model_copy(update={"approval": "one_person"})
    connection = world.app.connection.model_copy(update={"mapping": control})
    settings = world.app.settings.model_copy(update={"connections": {"acme": connection}})
    alone = dataclasses.replace(world.app, settings=settings)
    changed = mappings.set_row(alone, **WELDERS, target={"position": "Press Operator"})
    assert [row.state for row in changed.changed] == ["accepted"]
    assert position(world) == "Press Operator"


def test_rd06_a_file_with_faults_of_every_stage_tells_them_all_and_nothing_of_it_is_taken_in(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "crosswalk.csv"
    file.write_text(
        "kind,plant,source,position,building,effective_on,ends_on\n"
        "job_profile,101,JP-GOOD,Welder,,2099-01-01,\n"
        "job_profile,101,JP-WELDD,Welder,,11/1/2026,\n"  # the date, and the code
        "job_profile,101,JP-OPER,Press Operator,,1900-01-01,\n"
        "job_profile,101,JP-MNTN,Welder,,2026-12-01,2026-11-01\n"
        "job_profile,999,JP-WELD,Welder,,,\n"
        "location,101,DET,,NOWHERE,2026-02-30,\n"  # the date, and what only Plex knows
        "job_profil,101,JP-WELDD,Welder,,2099-06-01,2099-12-31\n"  # the kind, and the code is only to come
        "job_profile,101,JP-WELDD,Welder,DET,2099-07-01,\n"  # a column too many, and an overlap
        "job_profile,101,JP-MNTNN,Welder, first class,,2026-01-01,2026-12-31\n"  # a cell too many, and the code
    )
    before = world.app.mappings.load("acme")
    with pytest.raises(FaultsError, match=r"crosswalk\.csv was not imported") as refused:
        mapping_files.import_file(world.app, file)
    faults = refused.value.faults
    assert [(fault.line, fault.code) for fault in faults if fault.blocking] == [
        (3, "date"),
        (3, "unknown_code"),
        (4, "date"),
        (5, "date"),
        (6, "plant"),
        (7, "date"),
        (7, "setup_missing"),
        (8, "kind"),
        (9, "target"),
        (9, "overlap"),
        (10, "cells"),
        (10, "unknown_code"),
    ]
    assert [(fault.line, fault.code) for fault in faults if not fault.blocking] == [
        (2, "unknown_code"),
        (8, "unknown_code"),
        (9, "unknown_code"),
    ]
    assert all(fault.remedy for fault in faults)
    assert "no job profile 'JP-WELDD' (did you mean 'JP-WELD'?)" in refused.value.message
    nowhere = next(fault for fault in faults if "no building 'NOWHERE'" in fault.message)
    assert nowhere.remedy == "correct the line   or in Plex: add the building"
    assert world.app.mappings.load("acme") == before


def test_rd06_two_lines_that_tie_are_each_told_what_else_is_wrong_with_them(world: World, tmp_path: Path) -> None:
    file = tmp_path / "crosswalk.csv"
    lines = ("kind,plant,source,building", "location,101,DET,NOWHERE", "location,101,DET,ELSEWHERE")
    file.write_text("\n".join(lines))
    with pytest.raises(FaultsError) as refused:
        mapping_files.import_file(world.app, file)
    told = [(fault.line, fault.code) for fault in refused.value.faults]
    assert told == [(2, "setup_missing"), (3, "tie"), (3, "setup_missing")]
    assert "ELSEWHERE" in refused.value.faults[2].message


def wid_of(world: World, code: str) -> str:
    return known_wids(world.app, Kind.JOB_PROFILE)[code]


def test_rd06_a_code_and_an_id_of_two_objects_are_a_fault_of_the_line(world: World, tmp_path: Path) -> None:
    """Whatever the id says: it may not let a mistyped code pass, nor one code stand for the object of another."""
    file, weld, oper = tmp_path / "crosswalk.csv", wid_of(world, "JP-WELD"), wid_of(world, "JP-OPER")
    file.write_text(
        "kind,plant,source,position,wid\n"
        f"job_profile,101,JP-WELDD,Welder,{weld}\n"  # mistyped
        f"job_profile,101,JP-OPER,Welder,{weld}\n"  # these two have their codes swapped
        f"job_profile,101,JP-WELD,Press Operator,{oper}\n"
        "job_profile,101,JP-MNTN,Welder,0123456789abcdef0123456789abcdef\n"  # an id of another tenant's
    )
    with pytest.raises(FaultsError) as refused:
        mapping_files.import_file(world.app, file)
    faults = [fault for fault in refused.value.faults if fault.code != "setup_missing"]
    assert [(fault.line, fault.code, fault.blocking) for fault in faults] == [
        (2, "wid", True),
        (2, "unknown_code", True),
        (3, "wid", True),
        (4, "wid", True),
        (5, "wid", False),
    ]
    assert faults[0].message == "the wid is that of job profile 'JP-WELD', which was never called 'JP-WELDD'"
    assert faults[0].remedy.startswith("write JP-WELD if that one is meant; otherwise leave the wid empty")


def test_rd06_an_id_another_object_has_is_told_where_the_row_says_nothing_else_new(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "crosswalk.csv"
    file.write_bytes(mapping_files.export_table(world.app).replace(wid_of(world, "JP-WELD").encode(), b"x"))
    before = world.app.mappings.load("acme")
    assert not mapping_files.import_file(world.app, file).changed, "Workday's own is kept"
    file.write_bytes(file.read_bytes().replace(b'"x"', f'"{wid_of(world, "JP-OPER")}"'.encode()))
    with pytest.raises(FaultsError) as refused:
        mapping_files.import_file(world.app, file)
    assert {fault.code for fault in refused.value.faults if fault.blocking} == {"wid"}
    assert world.app.mappings.load("acme") == before


def test_rd06_a_cell_of_any_length_is_told_in_a_line_and_asked_of_no_system(world: World, tmp_path: Path) -> None:
    long, file = "x" * 100_000, tmp_path / "crosswalk.csv"
    file.write_text(
        f"kind,plant,source,building,effective_on,state,{long}\n"
        f"location,101,DET,{long},,,\n"
        f"location,101,{long},DET,,,\n"
        f"location,{long},DET,DET,,,\n"
        f"location,101,DET,DET,{long},{long},\n"
        f"{long},101,DET,DET,,,\n"
        f"location,101,DET,{long},,,,too many\n"
    )
    with pytest.raises(FaultsError) as refused:
        mapping_files.import_file(world.app, file)
    faults = refused.value.faults
    assert max(len(text) for fault in faults for text in (fault.subject, fault.message, fault.remedy)) < 300
    assert [(fault.line, fault.message) for fault in faults if fault.line in {2, 3}] == [
        (2, "building is longer than 255 characters"),
        (3, "source is longer than 255 characters"),
    ]
    with pytest.raises(ConfigurationError) as typed:
        mappings.set_row(world.app, kind="location", source=long, plant=PLANT, target={"building": "DET"})
    assert len(f"{typed.value.message}{typed.value.remedy}") < 300


def test_rd06_what_plex_would_say_is_missed_aloud_where_it_cannot_be_asked(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> list[PlexRecord]:
        raise UnavailableError("Plex does not answer", remedy="try again later")

    monkeypatch.setattr(mapping_faults, "read_setup", away)
    file = tmp_path / "crosswalk.csv"
    file.write_text("kind,plant,source,position,effective_on\njob_profile,101,JP-WELD,Welder,soon\n")
    with pytest.raises(FaultsError) as refused:
        mapping_files.import_file(world.app, file)
    assert [(fault.line, fault.code, fault.blocking) for fault in refused.value.faults] == [
        (None, "not_asked", False),
        (2, "date", True),
    ]


def test_rd_02_a_row_for_what_is_only_to_come_may_be_prepared(world: World, tmp_path: Path) -> None:
    file = tmp_path / "crosswalk.csv"
    later = world.sandbox.tenant.today + timedelta(days=40)
    file.write_text(f"kind,plant,source,position,effective_on\njob_profile,101,JP-2099,Welder,{later}\n")
    changed = mapping_files.import_file(world.app, file)
    assert [row.state for row in changed.changed] == ["accepted"]
    assert [warning.code for warning in changed.warnings] == ["unknown_code"]
    ending = f"mapping set job_profile JP-2099 --plant 101 --from {later} --until {later}"
    assert ending in str(changed.warnings[0].remedy), "a mistyped one can be ended"
    prepared = {"kind": "job_profile", "source": "JP-2099", "plant": "101"}
    ended = mappings.set_row(world.app, **prepared, target={}, since=later, until=later)
    assert [(row.effective_on, row.ends_on) for row in ended.changed] == [(later, later)]
    with pytest.raises(ConfigurationError, match="'building' is no part of a job_profile row"):
        mappings.set_row(world.app, **prepared, target={"building": "DET"})


def test_rd06_what_never_ends_is_no_file_and_a_large_one_names_the_limit(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="/dev/zero is no ordinary file"):
        mapping_files.import_file(world.app, Path("/dev/zero"))
    monkeypatch.setattr(mapping_files, "_LARGEST", 2 << 20)
    file = tmp_path / "large.csv"
    file.write_bytes(b"x" * ((2 << 20) + 1))
    with pytest.raises(UsageError, match="is larger than 2 MB"):
        mapping_files.import_file(world.app, file)


def test_a_row_that_begins_while_the_one_in_force_lasts_is_told_by_its_line(world: World, tmp_path: Path) -> None:
    later = world.sandbox.tenant.today + timedelta(days=30)
    with world.app.database.transaction() as tx:
        row = next(row for row in world.app.mappings.load("acme") if mappings.line_name(row) == LINE)
        world.app.mappings.save(tx, "acme", [msgspec.structs.replace(row, ends_on=later)])
    file = tmp_path / "crosswalk.csv"
    file.write_text(f"kind,plant,source,position,effective_on\njob_profile,101,JP-WELD,Welder,{later}\n")
    with pytest.raises(ConfigurationError, match=r"line 2: .* begins while the row in force lasts"):
        mapping_files.import_file(world.app, file)


def test_rd_08_a_mistyped_workday_code_is_refused_with_the_nearest_one(world: World) -> None:
    before = world.app.mappings.load("acme")
    with pytest.raises(ConfigurationError, match=r"no job profile 'JP-WELDD'.*'JP-WELD'"):
        mappings.set_row(world.app, kind="job_profile", source="JP-WELDD", plant="101", target={"position": "Welder"})
    assert world.app.mappings.load("acme") == before


def test_rd_09_a_draft_is_not_drafted_over_and_whoever_approves_is_told_of_rows_by_their_days(world: World) -> None:
    first, since = world.sandbox.tenant.today + timedelta(days=8), world.sandbox.tenant.today + timedelta(days=5)
    drafted = mappings.set_row(world.app, **WELDERS, target={"position": "Assembler"}, since=first)
    assert [row.state for row in drafted.changed] == ["draft"]
    until = first + timedelta(days=4)
    clash = {**WELDERS, "target": {"position": "Press Operator"}, "since": since, "until": until}
    with pytest.raises(ConfigurationError, match=f"the draft from {first} begins before") as refused:
        mappings.set_row(world.app, **clash)
    assert refused.value.remedy == f"end it before {first}, or say that row anew as well"
    assert len([row for row in world.app.mappings.load("acme") if row.state == "draft"]) == 1
    # As an earlier version let it happen.
    row = msgspec.structs.replace(
        drafted.changed[0], target={"position": "Press Operator"}, effective_on=since, ends_on=until
    )
    with world.app.database.transaction() as tx:
        world.app.mappings.save(tx, "acme", [row])
    with pytest.raises(ConfigurationError, match=f"begins while the row from {since} lasts"):
        mappings.approve_rows(acting(world, "leo"), lines=[LINE])
