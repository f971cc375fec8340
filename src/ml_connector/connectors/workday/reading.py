"""
One extraction: pages fetched ahead, given in order, and proved complete before the last one is given (CC-03).

Memory is the pages ahead plus one, and 16 bytes per record read for the proof that none came twice.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.port import Page
from ml_connector.connectors.workday.frame import Results
from ml_connector.connectors.workday.operations import BSVC
from ml_connector.connectors.workday.split import SplitPage
from ml_connector.errors import IncompleteReadError
from ml_connector.safe_xml import parse_xml

AskPage = Callable[[int], SplitPage]

_REMEDY = "read again from the first page; if it stays, somebody is changing many records just now"


def read_pages(
    ask: AskPage, *, record_type: RecordType, reference: str, ahead: int, pages: int | None = None
) -> Generator[Page, None, None]:
    """
    Yield the pages that *ask* gives, the last one only when all of them add up.

    With *pages* only so many are read, and nothing is claimed about the whole.

    Raises:
        IncompleteReadError: what was yielded must not be believed.
    """
    proof = _Proof(reference)
    first = ask(1)
    said, of_pages = first.results, max(first.results.pages, 1)
    last = of_pages if pages is None else min(of_pages, pages)
    coming = _fetch_all(ask, first, last=last, ahead=ahead)
    del first  # or the whole extraction would hold its first page
    with closing(coming):
        for number, split in enumerate(coming, start=1):
            proof.add(split, asked=number)
            if number == last and last >= said.pages:
                proof.check_whole()
            records = tuple(NativeRecord(record_type, payload) for payload in split.records)
            yield Page(records, number, of_pages, said.total)


def _fetch_all(ask: AskPage, first: SplitPage, *, last: int, ahead: int) -> Generator[SplitPage, None, None]:
    """The first page, then the others in order while up to *ahead* of them are on their way."""
    if last == 1:
        yield first
        return
    with ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="workday-page") as pool:
        numbers = iter(range(2, last + 1))
        coming: deque[Future[SplitPage]] = deque()
        try:
            coming.extend(pool.submit(ask, number) for number in islice(numbers, ahead))
            yield first
            del first
            while coming:
                split = coming.popleft().result()
                coming.extend(pool.submit(ask, number) for number in islice(numbers, 1))
                yield split
        finally:
            for future in coming:
                future.cancel()


class _Proof:
    """Adds pages up."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self._near = _compile_near(reference)
        self._announced: Results | None = None
        self._count = 0
        self._seen: set[bytes] = set()

    def add(self, split: SplitPage, *, asked: int) -> None:
        """Take one page in; refuse it when it contradicts itself or an earlier one."""
        said = split.results
        announced = self._announced = self._announced or said
        if (said.total, said.pages) != (announced.total, announced.pages):
            raise IncompleteReadError(
                f"page {asked} speaks of {said.total} records on {said.pages} pages, "
                f"page 1 of {announced.total} on {announced.pages}: the set moved while we read it",
                remedy=_REMEDY,
            )
        if len(split.records) != said.records:
            raise IncompleteReadError(
                f"page {asked} says it has {said.records} records and has {len(split.records)}", remedy=_REMEDY
            )
        if said.page != asked and said.total:
            raise IncompleteReadError(f"we asked for page {asked} and were given page {said.page}", remedy=_REMEDY)
        self._count += said.records
        self._check_distinct(split.records, asked=asked)

    def check_whole(self) -> None:
        """Refuse the whole when the pages' records are not as many as announced."""
        if self._announced is not None and self._count != self._announced.total:
            raise IncompleteReadError(
                f"{self._announced.total} records were announced and {self._count} came", remedy=_REMEDY
            )

    def _check_distinct(self, records: Sequence[bytes], *, asked: int) -> None:
        before = len(self._seen)
        self._seen.update(map(self._identify, records))
        if len(self._seen) != before + len(records):
            raise IncompleteReadError(f"a record of page {asked} came before already", remedy=_REMEDY)

    def _identify(self, record: bytes) -> bytes:
        """The record's WID, without parsing it where it stands as always; else a digest of its bytes."""
        found = self._near.match(record)
        wid = found[1].decode() if found else self._parse_wid(record)
        if wid is not None and re.fullmatch("[0-9a-f]{32}", wid):
            return bytes.fromhex(wid)
        return hashlib.blake2b(record if wid is None else wid.encode(), digest_size=16).digest()

    def _parse_wid(self, record: bytes) -> str | None:
        try:
            reference = parse_xml(record).find(f"{{{BSVC}}}{self._reference}")
        except ValueError:
            return None  # a broken record is the translation's to report; here only its bytes can tell it apart
        for each in () if reference is None else reference:
            if each.get(f"{{{BSVC}}}type") == "WID":
                return (each.text or "").strip()
        return None


def _compile_near(reference: str) -> re.Pattern[bytes]:
    """The WID as the first ID of the record's own reference, which is the record's first child."""
    name = reference.encode()
    return re.compile(
        rb"<[^<]*>\s*<(?:[\w.\-]+:)?" + name + rb"(?:\s[^<]*)?>\s*<(?:[\w.\-]+:)?ID\s(?:[^<]*[\s:])?type=[\"']WID[\"']"
        rb"[^<>]*>\s*([0-9A-Za-z]+)\s*<"
    )
