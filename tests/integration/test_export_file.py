"""A crosswalk that is exported is on disk whole, or the file that was there before is."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector.bootstrap import App
from ml_connector.errors import ConfigurationError
from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate
from ml_connector.usecases import mapping_files, mappings
from tests.unreached import wire_alone


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    database = open_database(f"sqlite:///{tmp_path / 'mlc.db'}")
    migrate(database)
    app = wire_alone(database, zones={"101": "America/Detroit"})
    mappings.set_row(app, kind="job_profile", source="JP-WELD", plant="101", target={"position": "Welder"}, check=False)
    yield app
    database.close()


def test_the_old_file_stays_until_all_of_the_new_one_is_on_disk(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole, synced = tmp_path / "crosswalk.csv", mapping_files.export_table(app), list[tuple[str, object]]()
    file.write_bytes(b"as it was")

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            synced.append(("folder", file.read_bytes()))
        else:
            synced.append(("file", (os.fstat(handle).st_size, file.read_bytes())))

    monkeypatch.setattr(os, "fsync", fsync)
    mapping_files.export_file(app, file)
    assert synced == [("file", (len(whole), b"as it was")), ("folder", whole)]
    others = file.with_name("others")
    others.write_bytes(b"")
    assert file.stat().st_mode == others.stat().st_mode, "whoever may read other files here may read this one"


def test_what_does_not_reach_the_disk_leaves_the_old_file_and_no_draft(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    file = folder / "crosswalk.csv"
    file.write_bytes(b"as it was")

    def fsync(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device"):
        mapping_files.export_file(app, file)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {"crosswalk.csv": b"as it was"}
