"""
The vendors' genuine interface descriptions, read where they lie: beside the repository, never inside it.

`ML_CONNECTOR_VENDOR` names another folder. Where there is none, the test that asks skips and says so; in CI only a
stranger's may, where the whole folder beside the repository is missing.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

_REPOSITORY = Path(__file__).resolve().parents[2]
_SHARED = _REPOSITORY.parent / "shared"
VARIABLE = "ML_CONNECTOR_VENDOR"
_XS = "{http://www.w3.org/2001/XMLSchema}"


def vendor_file(name: str) -> Path:
    """Find a vendor's file such as `workday/Staffing.v26.1.wsdl`; fail in CI, skip elsewhere, where it is not."""
    folder = Path(os.environ.get(VARIABLE) or _SHARED / "vendor")
    path = folder / name
    if not path.is_file():
        reason = f"the vendor's description {name} is not here: set ML_CONNECTOR_VENDOR to the folder that has it"
        if must_be_there(in_ci=bool(os.environ.get("CI")), named=VARIABLE in os.environ, shared=_SHARED.is_dir()):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def must_be_there(*, in_ci: bool, named: bool, shared: bool) -> bool:
    """Whether a missing description is a failure: in CI, unless nobody ever laid any beside the repository."""
    return in_ci and (named or shared)


@cache
def _compile_schema(path: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    (schema,) = etree.parse(path, parser).getroot().iter(f"{_XS}schema")
    return etree.XMLSchema(schema)


def load_schema(wsdl: str) -> etree.XMLSchema:
    """Compile the one schema inside a Workday WSDL, such as `Human_Resources.v33.1.wsdl`."""
    return _compile_schema(vendor_file(f"workday/{wsdl}"))


def read_flags(wsdl: str, request: str) -> list[str]:
    """Name every flag of the response group that a request type such as `Get_Workers_RequestType` has."""
    root = etree.parse(vendor_file(f"workday/{wsdl}"))
    types = {each.get("name"): each for each in root.iter(f"{_XS}complexType") if each.get("name")}
    group = next(each for each in types[request].iter(f"{_XS}element") if each.get("name") == "Response_Group")
    return [each.get("name") for each in types[group.get("type").partition(":")[2]].iter(f"{_XS}element")]


@cache
def _load_yaml(path: Path) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - the safe loader, in C if there is one


def plex_openapi() -> dict[str, Any]:
    """Load the published description of Plex Connect, as far as a third party could gather it."""
    document: dict[str, Any] = _load_yaml(vendor_file("plex/openapi.yaml"))
    return document
