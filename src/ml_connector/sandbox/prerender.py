"""
Pages made once and sent many times: for measuring readers, which must all get the same bytes from a server at rest.

Only complete readings of workers come from the kept pages, and only until something happens in the tenant; every other
request, one by change or by id too, is answered as ever.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.workday.call import Call, make_call
from ml_connector.sandbox.workday.catalog import BY_REQUEST, SHAPES
from ml_connector.sandbox.workday.compression import Gzipped
from ml_connector.sandbox.workday.envelope import render_envelope
from ml_connector.sandbox.workday.markup import Ref, Writer
from ml_connector.sandbox.workday.refs import value_ref
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.sandbox.workday.workers import Workers

Filling = Literal["full", "plain"]
PAGE_SIZES = (100, 999)

_FLAGS = (
    "Include_Reference", "Include_Personal_Information", "Include_Additional_Jobs", "Include_Employment_Information",
    "Include_Compensation", "Include_Organizations", "Include_Roles", "Include_Management_Chain_Data",
)  # fmt: skip
REST_PAGE = 100
_REST_PREFIXES = ("/ccx/api/common/v1", "/ccx/api/v1", "/ccx/api/staffing/v6", "/ccx/api/staffing/v7")
_VERSION = "v45.0"
_MORE_ORGANIZATIONS = 15


class Pages:
    """Kept pages in a folder, gzip'd, found by what a request asks for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_workers(self, *, count: int, page: int) -> Gzipped | None:
        """Find the SOAP answer for one page of all workers, whatever groups were asked for."""
        return self._read(f"soap-{count}-{page}.gz")

    def find_rows(self, path: str, *, limit: int, offset: int, leavers: bool = False) -> Gzipped | None:
        """Find the REST answer for one page of a collection, with those who left or without."""
        return self._read(_rest_name(path, limit=limit, offset=offset, leavers=leavers))

    def _read(self, name: str) -> Gzipped | None:
        try:
            return Gzipped((self._folder / name).read_bytes())
        except FileNotFoundError:
            return None


def render_pages(
    workday: WorkdaySandbox, folder: Path, *, page_sizes: Sequence[int] = PAGE_SIZES, filling: Filling = "full"
) -> Pages:
    """
    Render every page of workers into *folder*, unless a former run with the same wishes has done it.

    *full* is a record with every response group and about 34 kB of XML, as real answers have it; *plain* about half.
    One worker is in memory at a time.
    """
    tenant = workday.tenant
    wishes = {"seed": tenant.seed, "workers": len(tenant.view().workers), "today": str(tenant.today)}
    wishes |= {"page_sizes": list(page_sizes), "filling": filling, "leavers": True}
    done = folder / "done.json"
    if not (done.exists() and json.loads(done.read_text()) == wishes):
        folder.mkdir(parents=True, exist_ok=True)
        done.unlink(missing_ok=True)
        _render_soap(workday, folder, page_sizes=page_sizes, filling=filling)
        _render_rest(workday, folder)
        done.write_text(json.dumps(wishes))
    return Pages(folder)


def _render_soap(workday: WorkdaySandbox, folder: Path, *, page_sizes: Sequence[int], filling: Filling) -> None:
    listing, view = Workers(), workday.tenant.view()
    group = dict.fromkeys((*_FLAGS, *(("Include_Transaction_Log_Data",) if filling == "full" else ())), True)
    asked = {"Response_Group": group, "Response_Filter": {"As_Of_Entry_DateTime": view.now}}
    keys = listing.select(make_call(asked, view=view, defaults=listing.defaults))
    writers = [_PageWriter(folder, total=len(keys), count=count, group=group) for count in page_sizes]
    writer = Writer()
    for start in range(0, len(keys), 1000):  # a call remembers what it saw: a new one now and then bounds that
        call = make_call(asked, view=view, defaults=listing.defaults)
        for key in keys[start : start + 1000]:
            record = writer.element("Worker", SHAPES["Worker"], _describe(listing, call, key, filling=filling)).encode()
            for each in writers:
                each.add(record)
    for each in writers:
        each.finish()


class _PageWriter:
    """Writes records into pages of one size; each page is one gzip stream."""

    def __init__(self, folder: Path, *, total: int, count: int, group: dict[str, bool]) -> None:
        self._folder, self._total, self._count, self._group = folder, total, count, group
        self._page, self._rows = 0, 0
        self._chunks: list[bytes] = []

    def add(self, record: bytes) -> None:
        """Add one record; the page it fills is written."""
        if not self._rows:
            self._open()
        self._chunks.append(self._packer.compress(record))
        self._rows += 1
        if self._rows == self._count:
            self.finish()

    def finish(self) -> None:
        """Write the page begun, if one is."""
        if self._rows:
            self._chunks += [self._packer.compress(self._closing), self._packer.flush()]
            (self._folder / f"soap-{self._count}-{self._page}.gz").write_bytes(b"".join(self._chunks))
        self._rows, self._chunks = 0, []

    def _open(self) -> None:
        self._page += 1
        rows = min(self._count, self._total - (self._page - 1) * self._count)
        results = {"Total_Results": self._total, "Total_Pages": -(-self._total // self._count)}
        results |= {"Page_Results": rows, "Page": self._page}
        head: dict[str, Any] = {"@version": _VERSION, "Response_Group": self._group, "Response_Results": results}
        frame = b"".join(render_envelope(BY_REQUEST["Get_Workers_Request"], head, [{}], writer=Writer()))
        opening, _, closing = frame.partition(b"<wd:Worker></wd:Worker>")
        self._packer = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
        self._chunks, self._closing = [self._packer.compress(opening)], closing


def _describe(listing: Workers, call: Call, key: str, *, filling: Filling) -> dict[str, Any]:
    said = listing.describe(call, key)
    if filling == "full" and "Organization_Data" in said["Worker_Data"]:
        said["Worker_Data"]["Organization_Data"]["Worker_Organization_Data"] += _MORE
    return said


def _custom_organization(number: int) -> dict[str, Any]:
    """Make one of the many organizations real workers belong to and no plant asks about."""
    reference_id = f"CUSTOM_ORGANIZATION-6-{number}"
    return {
        "Organization_Reference": Ref(
            (
                ("WID", make_wid("organization", reference_id)),
                ("Organization_Reference_ID", reference_id),
                ("Custom_Organization_Reference_ID", reference_id),
            )
        ),
        "Organization_Data": {
            "Organization_Reference_ID": reference_id,
            "Organization_Code": f"CO{number:02d}",
            "Organization_Name": f"Budget owner and reporting line {number:02d}",
            "Organization_Type_Reference": value_ref("Organization_Type_ID", "ORGANIZATION_TYPE-6-1"),
            "Organization_Subtype_Reference": value_ref("Organization_Subtype_ID", "ORGANIZATION_SUBTYPE-6-1"),
            "Used_in_Change_Organization_Assignments": True,
        },
    }


_MORE = [_custom_organization(number) for number in range(_MORE_ORGANIZATIONS)]


def _render_rest(workday: WorkdaySandbox, folder: Path) -> None:
    """Keep what the sandbox itself says to every page of its worker collections, in the size REST allows at most."""
    for path in (f"{prefix}/{workday.tenant.name}/workers" for prefix in _REST_PREFIXES):
        for leavers in (False, True):
            offset, total = 0, 1
            while offset < total:
                found = workday.answer_rows(path, limit=REST_PAGE, offset=offset, leavers=leavers)
                total = found["total"]
                name = _rest_name(path, limit=REST_PAGE, offset=offset, leavers=leavers)
                (folder / name).write_bytes(gzip.compress(msgspec.json.encode(found), compresslevel=1, mtime=0))
                offset += REST_PAGE


def _rest_name(path: str, *, limit: int, offset: int, leavers: bool) -> str:
    return f"rest-{path.strip('/').replace('/', '_')}-{limit}-{offset}{'-all' if leavers else ''}.gz"
