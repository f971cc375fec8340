"""
RD-01: somebody edits a reference id in Workday. The object is the same, so is its mapping, and Plex keeps its code.
"""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import func, select

from ml_connector.audit.event import AuditAction
from ml_connector.canonical.keys import RecordType
from ml_connector.errors import FaultsError, StalePlanError
from ml_connector.mapping.claim import Kind
from ml_connector.sandbox.company import make_wid
from ml_connector.snapshot.extracts.store import extracts
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.usecases import known, mapping_files, mapping_proposals, mappings, syncs
from ml_connector.usecases.references import code_asof
from tests.living import Living
from tests.rehearsal import Rehearsal, record
from tests.world import open_world, silent

OLD, NEW = b">CC4200<", b">CC4201<"


def recoded(rehearsal, old=OLD, new=NEW):
    """From now on Workday calls one cost center by another code, wherever it is named."""
    first = rehearsal.recording.days[0]
    natives = {
        kind: tuple(msgspec.structs.replace(native, payload=native.payload.replace(old, new)) for native in each)
        for kind, each in first.natives.items()
    }
    assert natives[RecordType.WORKER] != first.natives[RecordType.WORKER]
    rehearsal.recording = rehearsal.recording._replace(days=(first, first._replace(natives=natives)))
    rehearsal.day = 1


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(24), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    with made.alive() as life:
        life.sync()
    return made


@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (b">JP-WELD<", b">JP-WELD2<")])
def test_rd_01_another_code_for_the_same_object_parks_nobody_and_writes_nothing(rehearsal, old, new):
    before = rehearsal.plex_state()
    recoded(rehearsal, old, new)
    with rehearsal.alive() as life:
        plan = life.plan()
        assert life.tools.review.parked("acme") == []
        assert plan.changes == ()
        assert life.sync().exit_code == 0
    assert rehearsal.plex_state() == before


def test_rd_01_the_mapping_learns_the_id_and_lists_todays_code(tmp_path):
    with open_world(tmp_path, workers=24, mapped=False) as world:
        mapping_proposals.propose_rows(world.app, progress=silent)
        mappings.accept_rows(world.app)
        rows = mappings.list_rows(world.app)
        assert rows
        assert all(row.wid and row.now is None for row in rows)
        syncs.sync(world.app, progress=silent)
        tenant = world.sandbox.tenant
        center = next(key for key in tenant._world.organizations if key == "CC4200")
        desk = tenant._desk("recode")
        desk.world.organizations.change(
            center, {"reference_id": "CC4201"}, kind="Edit Organization", on=tenant.today, at=tenant.now()
        )
        before = {row.key: row.version for row in mappings.list_rows(world.app)}
        assert syncs.sync(world.app, progress=silent).counts["parked"] == 0
        listed = mappings.list_rows(world.app, kind="cost_center")
        assert {row.source: row.now for row in listed if row.now} == {"CC4200": "CC4201"}
        assert {row.key: row.version for row in mappings.list_rows(world.app)} == before, "a rename touches no row"
        assert mapping_proposals.coverage(world.app, progress=silent).complete
        assert not [
            each
            for each in mapping_proposals.propose_rows(world.app, progress=silent).proposals
            if each.source == "CC4201"
        ]

        renamed = next(row for row in listed if row.now)
        sheet = mapping_files.export_table(world.app)
        (line,) = [
            each for each in sheet.splitlines() if b'"CC4200"' in each and b'"%b"' % renamed.plant.encode() in each
        ]
        changed = import_line(world, sheet, line.replace(renamed.target["department"].encode(), b"4300-ASM"))
        assert [(row.source, row.wid) for row in changed] == [("CC4200", renamed.wid)], "the code it had, with its id"
        assert import_line(world, sheet, line.replace(b'"CC4200"', b'"CC4201"')), "or the code it has"
        with pytest.raises(FaultsError, match="wid is that of cost center 'CC4201', which was never called 'CC9999'"):
            import_line(world, sheet, line.replace(b'"CC4200"', b'"CC9999"'))


def import_line(world, sheet, line):
    file = world.folder / "line.csv"
    file.write_bytes(sheet.splitlines()[0] + b"\n" + line)
    return mapping_files.import_file(world.app, file).changed


def test_a_row_set_by_hand_learns_the_id_from_what_was_read_last(tmp_path):
    with open_world(tmp_path, workers=24) as world:
        syncs.sync(world.app, progress=silent)
        changed = mappings.set_row(
            world.app, kind="job_profile", source="JP-WELD", plant="*", target={"position": "Welder"}, check=False
        )
        (row,) = changed.changed
        assert row.wid == known.known_wids(world.app, row.kind)["JP-WELD"]
        (event,) = world.app.trail.list(1, action=AuditAction.MAPPING_CHANGED)
        assert event.event.object == "mapping/*/job_profile JP-WELD"


class Unread(Living):
    """Its mapping was written by hand before Workday was ever read."""

    def prepare(self):
        rows = [msgspec.structs.replace(row, wid=None) for row in self.recording.mapping]
        self.recording = self.recording._replace(mapping=rows)
        super().prepare()


def test_rd_01_a_row_written_before_the_first_reading_learns_the_id_from_it(tmp_path):
    home = Unread(tmp_path)
    with home.synced() as life:
        rows = life.tools.mappings.load("acme")
        assert rows
        assert all(row.wid for row in rows)
        assert {row.version for row in rows} == {1}, "they say what they said"
        before = home.plex_state()
        give_code_away(home, "CC4100")
        assert life.syncer.sync(whole=True, progress=lambda *_: None).counts["applied"] == 0
        assert home.parked(life) == []
        assert home.plex_state() == before
        home.map(life, Kind.COST_CENTER, "CC8000", rows[0].target, plant="101")
        life.sync()
        assert [row.source for row in life.tools.mappings.load("acme") if not row.wid] == ["CC8000"], "still to come"
        found_center(home, "CC8000")
        life.sync()
        assert all(row.wid for row in life.tools.mappings.load("acme"))


def test_rd_01_what_a_row_learns_is_an_event_of_the_run_that_read_its_code(tmp_path):
    home = Unread(tmp_path)
    with home.synced() as life:
        told = {
            entry.event.object: entry.event for entry in life.tools.trail.list(99, action=AuditAction.MAPPING_CHANGED)
        }
        rows = life.tools.mappings.load("acme")
        assert set(told) == {f"mapping/{row.plant}/{row.kind.value} {row.source}" for row in rows}
        assert {(event.run, event.detail["version"]) for event in told.values()} == {("1", 1)}
        life.sync()
        assert len(life.tools.trail.list(99, action=AuditAction.MAPPING_CHANGED)) == len(told), "once"


def rename_somebody(home):
    """The same worker takes another last name each time."""
    home.desk.change_name(home.desk.plain_workers(location="DET")[0])


def found_center(home, code):
    """Workday gets a cost center."""
    facts = {"name": "To come", "code": code, "available_on": home.tenant.today}
    home.desk.put_organization(code, facts, kind="COST_CENTER", on=home.tenant.today)


def test_rd_01_a_plan_is_carried_out_by_the_mapping_it_was_made_with_whatever_code_is_read_meanwhile(tmp_path):
    """A plan that could not go out is refused for the same reason again, and not for a mapping that nobody changed."""
    home = Living(tmp_path)
    with home.synced() as life:
        home.map(life, Kind.COST_CENTER, "CC8000", life.tools.mappings.load("acme")[0].target)
        rename_somebody(home)
        plan = life.plan()
        found_center(home, "CC8000")
        rename_somebody(home)
        for _ in range(2):
            with pytest.raises(StalePlanError, match="would not be drawn up again"):
                life.syncer.apply(plan.digest, progress=lambda *_: None)
        assert [row.source for row in life.tools.mappings.load("acme") if not row.wid] == ["CC8000"]
        plan = life.plan()
        assert all(row.wid for row in life.tools.mappings.load("acme")), "the next plan learns it"
        assert life.syncer.apply(plan.digest, progress=lambda *_: None).counts["applied"] > 0


def test_rd_01_for_a_code_that_is_never_shown_no_list_is_read_by_every_run(tmp_path, monkeypatch):
    home, read = Living(tmp_path), list[str]()

    def count(store, scope, **more):
        read.append(scope.type)
        return ever(store, scope, **more)

    ever = SnapshotStore.read
    with home.synced() as life:
        home.map(life, Kind.JOB_PROFILE, "JP-NEVER", {"position": "Welder"})
        for _ in range(2):
            life.sync()
        monkeypatch.setattr(SnapshotStore, "read", count)
        life.sync()
        assert "job_profile" not in read


def give_code_away(home, code):
    """Somebody edits the reference id of a cost center, and founds another one under the code it had."""
    organizations, desk = home.tenant._world.organizations, home.desk
    old = organizations[code].at(desk.now().on, by=desk.tick())
    desk.reorganize(code, reference_id=f"{code}X")
    new = msgspec.structs.replace(old, wid=make_wid("organization", "a new one"), name="A new one", code=code)
    organizations.found("a new one", kind="Create Organization", on=desk.on, at=desk.tick(), facts=new)


def test_rd_01_who_was_in_a_center_whose_code_is_given_to_another_one_stays_where_they_are(tmp_path):
    home = Living(tmp_path)
    with home.synced() as life:
        before = home.plex_state()
        give_code_away(home, "CC4100")
        report = life.sync()
        assert home.parked(life) == []
        assert report.counts["applied"] == 0
        assert home.plex_state() == before
        assert count_whole(life) == 2, "workers are read anew, whole"
        life.sync()
        assert count_whole(life) == 2, "once"


def count_whole(life):
    """How often all workers were read."""
    query = select(func.count()).where(extracts.c.type == "worker", extracts.c.side == "workday")
    with life.database.reading() as tx:
        return tx.execute(query.where(extracts.c.base_id.is_(None))).scalar_one()


def test_rd_01_rd_11_asof_finds_the_mapping_of_the_object_whatever_code_it_has(tmp_path):
    with open_world(tmp_path, workers=8, mapped=False) as world:
        mapping_proposals.propose_rows(world.app, progress=silent)
        mappings.accept_rows(world.app)
        syncs.plan(world.app, progress=silent)
        tenant = world.sandbox.tenant
        was = code_asof(world.app, "cost_center", "CC4200", on=tenant.today).mapped
        assert was
        organizations, desk = tenant._world.organizations, tenant._desk("recode")
        old = organizations["CC4200"].at(desk.now().on, by=desk.tick())
        desk.reorganize("CC4200", reference_id="CC4201")
        another = msgspec.structs.replace(old, wid=make_wid("organization", "another"), name="Another", code="CC4200")
        organizations.found("another", kind="Create Organization", on=desk.on, at=desk.tick(), facts=another)
        syncs.plan(world.app, progress=silent)
        now = {code: code_asof(world.app, "cost_center", code, on=tenant.today) for code in ("CC4200", "CC4201")}
        assert (now["CC4201"].mapped, now["CC4200"].mapped) == (was, {})
        assert now["CC4200"].name == "Another"
