"""
What a transaction log tells of one record: who it is, and of each transaction its day and the moment it was entered.
"""

from __future__ import annotations

from datetime import date, datetime

from lxml import etree

from ml_connector.connectors.port import Touched
from ml_connector.connectors.workday.operations import BSVC
from ml_connector.errors import IncompleteReadError
from ml_connector.safe_xml import parse_xml

_ENTRY = f".//{{{BSVC}}}Transaction_Log_Data"
_EFFECTIVE, _ENTERED = (f"{{{BSVC}}}Transaction_{name}_Moment" for name in ("Effective", "Entry"))


def read_log(record: bytes, reference: str) -> Touched:
    """
    Read one record of a log. An effective moment names a day, in whatever zone it is written (TZ-01).

    Raises:
        IncompleteReadError: a record without Workday's own id: a change that cannot be followed must not be lost.
    """
    try:
        root = parse_xml(record)
        ids = root.iterfind(f"{{{BSVC}}}{reference}/{{{BSVC}}}ID")
        wid = next((each.text for each in ids if each.get(f"{{{BSVC}}}type") == "WID"), None)
        entries = tuple(_read_entry(entry) for entry in root.iterfind(_ENTRY))
    except ValueError as reason:
        raise IncompleteReadError(f"Workday's log has an entry that cannot be read: {reason}", remedy=_REMEDY) from None
    if not wid:
        raise IncompleteReadError("Workday's log names a record without its id", remedy=_REMEDY)
    return Touched(wid.strip(), entries)


_REMEDY = "ml-connector sync --full   reads everything instead"


def _read_entry(entry: etree._Element) -> tuple[date, datetime]:
    effective, entered = (entry.findtext(name, "").strip() for name in (_EFFECTIVE, _ENTERED))
    moment = datetime.fromisoformat(entered)
    if moment.tzinfo is None:
        raise ValueError("an entry moment tells no offset")
    return date.fromisoformat(effective[:10]), moment
