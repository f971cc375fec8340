"""
Adds the pages of one extraction up: as many records as announced, none twice, from one set that stood still (CC-03).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from ml_connector.canonical.once import Once
from ml_connector.connectors.workday.frame import Results
from ml_connector.connectors.workday.operations import BSVC
from ml_connector.errors import IncompleteReadError
from ml_connector.safe_xml import parse_xml

REMEDY = "read again from the first page; if it stays, somebody is changing many records just now"
EMPTIED = "read again; if it stays, ml-connector ping workday   names what we may not see any more"
_WID = re.compile("[0-9a-f]{32}")


class Proof:
    """
    Takes records in and refuses what does not add up.

    *count* records came so far; *ended* tells that the last page was closed, *page* and *total* what was said of them.
    """

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self._near = _compile_near(reference)
        self._announced: Results | None = None
        self._pages = self._of_page = 0
        self._said = 0
        self._once = Once()
        self.count = self.page = 0
        self.ended = False

    @property
    def total(self) -> int:
        return self._announced.total if self._announced else 0

    def begin_stretch(self, said: Results) -> None:
        """From here on pages are of one size, so their number must stay what it is."""
        self._pages = said.pages

    def open_page(self, said: Results, *, asked: int) -> None:
        """Refuse a page that contradicts an earlier one or is another one than *asked* for."""
        announced = self._announced = self._announced or said
        if announced.total and not said.total:
            raise IncompleteReadError(
                f"page {asked} is empty, where {announced.total} records were announced: a role was taken away meanwhile, or "
                "the set moved",
                remedy=EMPTIED,
            )
        if (said.total, said.pages) != (announced.total, self._pages):
            raise IncompleteReadError(
                f"page {asked} speaks of {said.total} records on {said.pages} pages, where "
                f"{announced.total} on {self._pages} were announced: the set moved while we read it",
                remedy=REMEDY,
            )
        if said.page != asked and said.total:
            raise IncompleteReadError(f"we asked for page {asked} and were given page {said.page}", remedy=REMEDY)
        self.page, self._of_page, self._said = asked, 0, said.records

    def add(self, records: Sequence[bytes]) -> None:
        """Take records of the open page in."""
        self._once.add(map(self._identify, records))
        self.count += len(records)
        self._of_page += len(records)

    def close_page(self, *, last: bool, whole: bool) -> None:
        """Refuse a page that holds not what it says; after the *last* page of the *whole*, refuse what is not whole."""
        if self._of_page != self._said:
            raise IncompleteReadError(
                f"page {self.page} says it has {self._said} records and has {self._of_page}", remedy=REMEDY
            )
        self.ended = last
        if last and whole and self.count != self.total:
            raise IncompleteReadError(f"{self.total} records were announced and {self.count} came", remedy=REMEDY)
        if last and not self._once.holds:
            raise IncompleteReadError(f"of {self.count} records some came twice", remedy=REMEDY)

    def _identify(self, record: bytes) -> bytes:
        """The record's WID, without parsing it where it stands as always; else a digest of its bytes."""
        found = self._near.match(record)
        if found:
            return found[1]
        wid = self._parse_wid(record)
        if wid is not None and _WID.fullmatch(wid):
            return wid.encode()
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
    """
    The WID as the first ID of the record's own reference, which is the record's first child.

    Within a tag only so far: what tries every place of a long one against every other takes the square of it.
    """
    name = reference.encode()
    return re.compile(
        rb"<[^<]*>\s*<(?:[\w.\-]+:)?"
        + name
        + rb"(?:\s[^<]*)?>\s*<(?:[\w.\-]+:)?ID\s(?:[^<]{0,99}[\s:])?type=[\"']WID[\"']"
        rb"[^<>]{0,99}>\s*([0-9a-f]{32})\s*<"
    )
