"""What CI may skip: nothing of ours, and the vendors' descriptions only where nobody laid any beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import conftest, postgres
from tests.conformance import vendor

ROOT = Path(__file__).parents[2]


def test_ci_says_that_it_is_ci() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    said = [line.split("#")[0].strip() for line in lines]
    assert said.index("export CI=1") < said.index("make test")


@pytest.mark.parametrize(
    ("in_ci", "named", "shared", "must"),
    [
        (True, False, True, True),
        (True, True, False, True),
        (True, False, False, False),
        (False, True, True, False),
    ],
)
def test_a_missing_description_fails_in_ci_where_there_should_be_one(
    *, in_ci: bool, named: bool, shared: bool, must: bool
) -> None:
    assert vendor.must_be_there(in_ci=in_ci, named=named, shared=shared) is must


@pytest.mark.parametrize(("ci", "ending"), [("1", pytest.fail.Exception), (None, pytest.skip.Exception)])
def test_a_folder_without_the_description_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str | None, ending: type[BaseException]
) -> None:
    monkeypatch.setenv(vendor.VARIABLE, str(tmp_path))
    monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
    with pytest.raises(ending, match="set ML_CONNECTOR_VENDOR"):
        vendor.vendor_file("plex/openapi.yaml")


@pytest.mark.parametrize(("ci", "ending"), [("1", postgres.NoServerError), (None, pytest.skip.Exception)])
def test_postgresql_is_never_skipped_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str | None, ending: type[BaseException]
) -> None:
    def nowhere() -> None:
        raise postgres.NoServerError("no PostgreSQL")

    monkeypatch.setattr(postgres, "shared_server", nowhere)
    monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
    with pytest.raises(ending, match="no PostgreSQL"):
        next(conftest.find_server())
