"""
The resource API ("Plex Connect"): employees to read and write, and what they and the ledger refer to.

Lists come whole, as bare JSON arrays without paging; unknown query parameters are ignored by Plex, so what a filter
gives back is filtered once more here. Source: Plex's own portal texts and the published description of the API.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from uuid import UUID

import msgspec

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.inflate import MAX_ONE_BYTES
from ml_connector.connectors.plex.channel import Answer, Call, Channel
from ml_connector.connectors.plex.refusal import sort_read, sort_write
from ml_connector.connectors.port import ASKED_AT_ONCE, Allowed, Receipt, Write, always
from ml_connector.connectors.strict_json import Row, check_values, parse_json
from ml_connector.errors import AmbiguousWriteError, IncompleteReadError, RecordError, UnavailableError

EMPLOYEES = "/mdm/v1/employees"
LISTS = {
    RecordType.EMPLOYEE: EMPLOYEES,
    RecordType.ACCOUNT: "/mdm/v1/chart-of-accounts",
    RecordType.BUILDING: "/mdm/v1/buildings",
    RecordType.TENANT: "/mdm/v1/tenants",
    RecordType.FISCAL_PERIOD: "/accounting/v1/fiscal-period-statuses",
    RecordType.JOURNAL_ENTRY: "/accounting/v2/journal-entries",
}
_ROWS_AT_ONCE = 100
# A row has at least one of these, or the answer is about something else.
_MARKS = {
    RecordType.EMPLOYEE: frozenset({"badgeNumber", "firstName", "lastName", "status"}),
    RecordType.ACCOUNT: frozenset({"accountNumber"}),
    RecordType.BUILDING: frozenset({"buildingCode"}),
    RecordType.TENANT: frozenset({"code"}),
    RecordType.FISCAL_PERIOD: frozenset({"periodDisplay"}),
    RecordType.JOURNAL_ENTRY: frozenset({"journalNumber", "periodDisplay"}),
}
_COMMANDS = {"deactivate": "deactivate", "reactivate": "activate", "transfer": "transfer"}
# Of more who are missing among many, the whole list is one question.
_ASKED_ALONE = 2
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

encode_body = msgspec.json.Encoder(decimal_format="number").encode


class ConnectApi:
    """Plex's resources, for every plant of the connection."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def read_list(
        self, record_type: RecordType, *, plant: str, query: tuple[tuple[str, str], ...] = ()
    ) -> list[NativeRecord]:
        """
        Read one resource whole; each record keeps its own bytes, so numbers stay as Plex wrote them.

        Raises:
            UnavailableError: the answer is no JSON array of objects. IncompleteReadError: an id comes twice.
            PermissionError_, ConfigurationError: refused; a 404 is never an empty list.
        """
        call = Call(what=f"reading {record_type.plural}", plant=plant, path=LISTS[record_type], query=query)

        def parse(answer: Answer) -> list[NativeRecord]:
            if answer.status != 200:
                raise sort_read(answer, call)
            return [NativeRecord(record_type, row) for row in _check_rows(_rows(answer.body), record_type, call)]

        return self._channel.read(call, parse=parse)

    def get_employee(self, key: str, *, plant: str) -> NativeRecord | None:
        """Read one employee, or None where Plex has no such id."""
        path = f"{EMPLOYEES}/{_employee_id(key)}"
        call = Call(what="reading an employee", plant=plant, path=path, max_bytes=MAX_ONE_BYTES)

        def parse(answer: Answer) -> NativeRecord | None:
            if answer.status == 404 and not answer.body:
                return None
            if answer.status == 404:  # a gateway says why in its page, Plex says nothing: no proof that it is gone
                raise UnavailableError("somebody other than Plex may have answered with 404")
            if answer.status != 200:
                raise sort_read(answer, call)
            said = _read_object(answer.body)
            if said is None:
                raise UnavailableError("the answer is no plain JSON object")
            if not _is_about(said, key):
                raise UnavailableError("the answer is about another record")
            return NativeRecord(RecordType.EMPLOYEE, answer.body)

        return self._channel.read(call, parse=parse)

    def get_employees(self, keys: Sequence[str], *, plant: str) -> dict[str, NativeRecord]:
        """
        Read these employees by id; those Plex does not have are left out.

        Nothing says that a filter heeds more than one id, so who is missing in its answer is not yet known to be gone.
        """
        wanted = sorted({_employee_id(key) for key in keys})
        found: dict[str, NativeRecord] = {}
        for at in range(0, len(wanted), ASKED_AT_ONCE):
            lot = wanted[at : at + ASKED_AT_ONCE]
            found |= self._pick(lot, plant=plant, query=tuple(("id", key) for key in lot))
        missing = [key for key in wanted if key not in found]
        if len(missing) > _ASKED_ALONE:
            return found | self._pick(missing, plant=plant)
        alone = {key: self.get_employee(key, plant=plant) for key in missing}
        return found | {key: native for key, native in alone.items() if native is not None}

    def _pick(
        self, wanted: Collection[str], *, plant: str, query: tuple[tuple[str, str], ...] = ()
    ) -> dict[str, NativeRecord]:
        """Those of *wanted* who are in the list, whole or narrowed by *query*."""
        call = Call(what="reading employees before they are changed", plant=plant, path=EMPLOYEES, query=query)
        asked = frozenset(wanted)

        def parse(answer: Answer) -> dict[str, NativeRecord]:
            if answer.status == 404 and query:  # with a filter, Plex's own words allow "no data exists to return"
                return {}
            if answer.status != 200:
                raise sort_read(answer, call)
            rows = ((str(said.get("id")).lower(), row) for row, said in _rows(answer.body))
            return {key: NativeRecord(RecordType.EMPLOYEE, row) for key, row in rows if key in asked}

        return self._channel.read(call, parse=parse)

    def find_by_badge(self, badge: str, *, plant: str) -> list[NativeRecord]:
        """
        Read the employees with exactly this badge number.

        With a filter, Plex's own words allow a 404 for "no data exists to return", and a gateway's reads the same: then
        the whole list is asked for, which is never a 404.
        """
        found = self._find_badge(badge, plant=plant, query=(("badgeNumber", badge),))
        return (self._find_badge(badge, plant=plant) or []) if found is None else found

    def _find_badge(
        self, badge: str, *, plant: str, query: tuple[tuple[str, str], ...] = ()
    ) -> list[NativeRecord] | None:
        """Those with this badge in the list, whole or narrowed by *query*; None where a narrowed one is a 404."""
        call = Call(what="looking an employee up by badge", plant=plant, path=EMPLOYEES, query=query)

        def parse(answer: Answer) -> list[NativeRecord] | None:
            if answer.status == 404 and query:
                return None
            if answer.status != 200:
                raise sort_read(answer, call)
            rows = _rows(answer.body)
            return [NativeRecord(RecordType.EMPLOYEE, row) for row, said in rows if said.get("badgeNumber") == badge]

        return self._channel.read(call, parse=parse)

    def write_employee(self, write: Write, *, allowed: Allowed = always) -> Receipt:
        """
        Create, update, activate, deactivate or transfer one employee; a transfer is asked of the plant left behind.

        Raises:
            RecordError: Plex refuses the record. AmbiguousWriteError: the answer proves nothing.
        """
        key = _employee_id(write.key)
        if write.action == "create":
            return self._send(write, method="POST", path=EMPLOYEES, proves=_echo(key, {200, 201}), allowed=allowed)
        if write.action == "update":
            return self._send(write, method="PUT", path=f"{EMPLOYEES}/{key}", proves=_echo(key, {200}), allowed=allowed)
        command = _COMMANDS[write.action]
        return self._send(write, method="POST", path=f"{EMPLOYEES}/{key}/{command}", proves=_nothing, allowed=allowed)

    def _send(
        self, write: Write, *, method: str, path: str, proves: Callable[[Answer], bool], allowed: Allowed = always
    ) -> Receipt:
        what, body = f"to {write.action} an employee", encode_body(write.body)
        plant = write.origin or write.plant
        call = Call(
            what=what,
            plant=plant,
            path=path,
            method=method,
            body=body,
            allowed=allowed,
            max_bytes=MAX_ONE_BYTES,
        )
        answer = self._channel.write(call)
        if answer.status == 202:
            return Receipt(state="accepted", status=202, response_hash=answer.body_hash)
        if not 200 <= answer.status < 300:
            raise sort_write(answer, call, sent=write.body, names_record=write.action != "create")
        if not proves(answer):
            raise AmbiguousWriteError(
                f"Plex said yes to something else: {what} (status {answer.status} without our record's id)",
            )
        return Receipt(state="applied", status=answer.status, response_hash=answer.body_hash)


def change_filters(record_type: RecordType) -> tuple[str, ...]:
    """The date filters Plex offers for a resource; for most it offers none."""
    if record_type is RecordType.JOURNAL_ENTRY:
        return ("createdDateBegin", "createdDateEnd", "modifiedDateBegin", "modifiedDateEnd")
    return ()


def _echo(key: str, statuses: set[int]) -> Callable[[Answer], bool]:
    return lambda answer: answer.status in statuses and _is_about(_read_object(answer.body), key)


def _nothing(_answer: Answer) -> bool:
    """A command is answered with 202; any other yes is not the documented one and proves nothing."""
    return False


def _rows(body: bytes) -> Iterator[tuple[bytes, Row]]:
    """Each row of an array: its own bytes, and what they say. Raises OversizedError for more than any list."""
    check_values(body)
    try:
        rows = msgspec.json.decode(body.removeprefix(_BYTE_ORDER_MARK), type=list[msgspec.Raw])
        body.decode()  # what stays raw is not checked for being UTF-8
    except (ValueError, RecursionError):  # what is nested a thousand deep is passed over by calling as deep
        raise UnavailableError("the answer is no JSON array") from None
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = [bytes(raw) for raw in rows[start : start + _ROWS_AT_ONCE]]
        yield from zip(some, _read_objects(some), strict=True)


def _read_objects(rows: Sequence[bytes]) -> list[Row]:
    """What some rows say; read together, as each reading of its own costs more than what it reads."""
    try:
        values = parse_json(b"[%s]" % b",".join(rows))
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise UnavailableError("the answer's array holds something else than plain objects")
    return values


def _read_object(body: bytes) -> Row | None:
    """What one object says; None for anything else, also for one that says something twice."""
    try:
        value = parse_json(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _is_about(said: Row | None, key: str) -> bool:
    named = None if said is None else said.get("id")
    return isinstance(named, str) and named.lower() == key.lower()


def _check_rows(rows: Iterable[tuple[bytes, Row]], record_type: RecordType, call: Call) -> Iterator[bytes]:
    """The bytes of each row."""
    seen, marks = set[str](), _MARKS[record_type]
    for raw, row in rows:
        if marks.isdisjoint(row):
            raise UnavailableError("the answer is about something else")
        key = row.get("id")
        if isinstance(key, str) and key.lower() in seen:
            raise IncompleteReadError(f"Plex gave the same id twice: {call.what}, plant {call.plant}")
        seen.add(str(key).lower() if key is not None else str(len(seen)))
        yield raw


def _employee_id(key: str) -> str:
    try:
        return str(UUID(key))
    except ValueError:
        raise RecordError(
            "the employee's key is no UUID, so Plex cannot be asked for it",
            code="no_key",
            remedy="ml-connector links list",
        ) from None
