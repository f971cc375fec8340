"""
The port: what a run needs of a system, and nothing else.

Implementations raise nothing but `ml_connector.errors` for the system's failures. One contract suite holds every
implementation, and the in-memory one, to this page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal, NoReturn, Protocol

import msgspec

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.errors import ConfigurationError, MLConnectorError, PermissionError_

__all__ = [
    "Action",
    "Allowed",
    "Connector",
    "FieldInfo",
    "LogWindow",
    "NativeRecord",
    "Page",
    "Query",
    "Receipt",
    "SurfaceHealth",
    "Touched",
    "TypeHealth",
    "TypeInfo",
    "Write",
    "always",
    "refuse_log",
]


class Page(msgspec.Struct, frozen=True):
    """One page as it came, with what the system announced about the whole."""

    records: tuple[NativeRecord, ...]
    number: int
    of_pages: int
    total: int


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """
    What to read. *plant* is a PCN and needed for Plex; *include_pay* asks Workday for compensation too.

    *wids* asks for exactly these records of Workday, by Workday's own ids; those it does not know are left out. With
    *whole_pages* nothing of a page is given before its end was seen: for who cannot take back what was given.
    """

    record_type: RecordType
    as_of: AsOf | None = None
    plant: str | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    include_pay: bool = False
    whole_pages: bool = False
    limit: int | None = None
    wids: tuple[str, ...] = ()


class LogWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a transaction log: entered within two moments, or effective on the days from one to another."""

    entered: tuple[datetime, datetime] | None = None
    effective: tuple[date, date] | None = None


class Touched(msgspec.Struct, frozen=True):
    """
    A record that a transaction log speaks of, by Workday's own id.

    *entries* are the transactions it tells: the day each takes effect, and the moment it was entered.
    """

    wid: str
    entries: tuple[tuple[date, datetime], ...] = ()


class TypeHealth(msgspec.Struct, frozen=True, kw_only=True):
    """
    Whether we see one record type as we should; *problem* and *remedy* are sentences for a person.

    *exit_code* is the one of the error behind the problem; None where all were answered, and something is amiss.
    """

    type: str
    permitted: bool
    count: int | None = None
    problem: str | None = None
    remedy: str | None = None
    exit_code: int | None = None


def tell_failed(kind: str, error: MLConnectorError) -> TypeHealth:
    """What an error says of one record type."""
    return TypeHealth(
        type=kind,
        permitted=not isinstance(error, PermissionError_),
        problem=error.message,
        remedy=error.remedy,
        exit_code=error.exit_code,
    )


class SurfaceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """
    One surface of one system, as `ping` prints it.

    *exit_code* is what the *problem* of all of it ends a command with, before anything its types have: None where there
    is none, or it is only told. *clock_offset_s* is theirs minus ours.
    """

    system: str
    surface: str
    ok: bool
    signed_in: bool
    exit_code: int | None = None
    plant: str | None = None
    version: str | None = None
    version_note: str | None = None
    clock_offset_s: float | None = None
    types: tuple[TypeHealth, ...] = ()
    problem: str | None = None
    remedy: str | None = None


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a record type, as `discover` prints it: its canonical name and where it lives on the wire."""

    name: str
    path: str


class TypeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """
    One record type of a surface: its operation, its fields, and which change filters the system offers for it.

    *has_log* says that `read_touched` answers for it. *missing* are the canonical fields this surface cannot give,
    which another surface could; *unset* those it could give if their names were configured. *remedy* says what grant
    would give more, where one would.
    """

    type: str
    surface: str
    operation: str
    change_filters: tuple[str, ...] = ()
    has_log: bool = False
    writable: tuple[str, ...] = ()
    fields: tuple[FieldInfo, ...] = ()
    missing: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    remedy: str | None = None


Action = Literal["create", "update", "deactivate", "reactivate", "transfer"]


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """
    One record to send, already in the system's own words.

    *key* is the canonical key (for an employee: the UUID); *body* is exactly what goes on the wire, but for the day
    *effective_on* from which on it holds (ISO; where the system keeps such a day, the connector says where it goes). A
    transfer brings a record to *plant* from *origin*.
    """

    record_type: RecordType
    plant: str
    key: str
    action: Action
    body: dict[str, Any]
    effective_on: str | None = None
    origin: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the system said. `accepted` is not `applied`: read back until it is seen (PX-02).

    *reference* is the system's own number of the transaction, where it gives one; *note* what it remarked although it
    did it.
    """

    state: Literal["applied", "accepted"]
    status: int
    response_hash: str
    reference: str | None = None
    note: str | None = None


Allowed = Callable[[], None]
# By id, which is 40 bytes of the address: some servers take no address of more than 2,048.
ASKED_AT_ONCE = 40


def always() -> None:
    """Allow a write without asking anybody."""


def refuse_log(record_type: RecordType) -> NoReturn:
    """
    Say that there is no transaction log to ask.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(f"no transaction log tells which {record_type} changed", remedy="read all of them")


class Pages(Protocol):
    """Whatever answers a query page by page; the rules of `Connector.read` hold."""

    def read(self, query: Query) -> Iterator[Page]:
        """Yield the pages."""


class Connector(Protocol):
    """One external system, reduced to what a run needs of it."""

    def check(self) -> Sequence[SurfaceHealth]:
        """Prove, per surface and record type, that we are let in and see what we should. Never raises for a refusal."""

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        """
        Name the record types this connection can give and take, by what is known until now.

        With *ask* the system is asked first, at the least whether it is there and lets us in.

        Raises:
            MLConnectorError: with *ask*, as `read`; without, nothing.
        """

    def read(self, query: Query) -> Iterator[Page]:
        """
        Yield pages of native records; memory stays O(page).

        Raises:
            IncompleteReadError: the pages do not add up to what the system announced, or rows were cut off.
            AuthenticationError, PermissionError_: refused. RateLimitError, UnavailableError: after patient retries.
        """

    def read_touched(self, record_type: RecordType, *, as_of: AsOf, window: LogWindow) -> Iterator[Touched]:
        """
        Yield which records a transaction log tells something of within *window*, each once; the records come by `read`.

        Raises:
            ConfigurationError: the surface offers no log of this type (`TypeInfo.has_log`). Otherwise as `read`.
        """

    def write(self, write: Write, *, allowed: Allowed = always) -> Receipt:
        """
        Send one record once. Retries nothing but refusals for pace, and requests that certainly never left.

        *allowed* is asked right before each request leaves, after every wait; what it raises comes through.

        Raises:
            RecordError: refused now and later.
            AmbiguousWriteError: it may or may not have happened; ask `find` before anything else.
            NotSentError: it certainly did not leave.
        """

    def find(self, write: Write) -> Sequence[NativeRecord]:
        """Read back what the system now holds under the write's key, by id first and by natural key second."""

    def find_each(self, writes: Sequence[Write]) -> dict[str, NativeRecord]:
        """
        What the system holds now under these writes' own keys, many at a question.

        Only for types whose update sends the whole record back; of others it gives nothing.
        """

    def now(self) -> datetime:
        """The system's own clock (aware)."""

    def close(self) -> None:
        """Let go of connections and threads."""
