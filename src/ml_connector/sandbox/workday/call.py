"""One call, with everything an operation needs to answer it, and the page it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

import msgspec

from ml_connector.sandbox.tenant.tenant import View
from ml_connector.sandbox.tenant.world import AsOf
from ml_connector.sandbox.workday.faults import invalid_id_message, processing_fault, validation_fault
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.page_cache import PageCache

DEFAULT_COUNT, MOST = 100, 999


class Call(msgspec.Struct, frozen=True):
    """A request, the view it sees, and both moments it is answered as of."""

    request: dict[str, Any]
    view: View
    as_of: AsOf
    flags: frozenset[str]

    @property
    def criteria(self) -> dict[str, Any]:
        """What the request selects by; empty if by nothing."""
        found: dict[str, Any] = self.request.get("Request_Criteria", {})
        return found

    def allows(self, domain: str) -> bool:
        """Say whether the user is granted a domain."""
        return domain in self.view.domains


class Listing(Protocol):
    """An operation that lists records, a page at a time. Records are known by their keys in the tenant."""

    reference: str
    defaults: frozenset[str]
    criteria: frozenset[str]

    def select(self, call: Call) -> Sequence[str]:
        """List the keys of all records the criteria select, in the order of the pages."""

    def find(self, call: Call, kind: str, text: str) -> str | None:
        """Find a record's key by one id, or None."""

    def refer(self, call: Call, key: str) -> Ref:
        """Refer to a record with all its ids."""

    def describe(self, call: Call, key: str) -> dict[str, Any]:
        """Say all about a record that the response group asks for."""


def make_call(request: dict[str, Any], *, view: View, defaults: frozenset[str]) -> Call:
    """Work out what a request is answered as of and which groups it wants: all defaults only if it names no group."""
    wanted = request.get("Response_Filter", {})
    on: date = wanted.get("As_Of_Effective_Date") or view.today
    by: datetime = wanted.get("As_Of_Entry_DateTime") or view.now
    group = request.get("Response_Group")
    flags = defaults if group is None else frozenset(name for name, asked in group.items() if asked)
    return Call(request=request, view=view, as_of=AsOf(view.world, on=on, by=by), flags=flags)


class Page(msgspec.Struct, frozen=True):
    """The keys of one page, and the head of the answer that tells where in the whole it lies."""

    keys: Sequence[str]
    head: dict[str, Any]


def select_page(call: Call, listing: Listing, *, listed: PageCache) -> Page:
    """
    Select what is asked for, and cut out the page.

    Raises:
        SoapFaultError: a page or count out of range, a reference to nothing, a criterion that is not served.
    """
    number, count = _read_paging(call)
    unserved = sorted(set(call.criteria) - listing.criteria)
    if unserved:
        raise processing_fault(f"This sandbox cannot select by {', '.join(unserved)}.")
    everything = _select_all(call, listing, listed=listed)
    selected, echo = _select(call, listing, everything)
    total = len(selected)
    keys = selected[(number - 1) * count : number * count]
    results = {"Total_Results": total, "Total_Pages": -(-total // count), "Page_Results": len(keys), "Page": number}
    head: dict[str, Any] = {
        name: call.request[name] for name in ("Request_Criteria", "Response_Filter") if name in call.request
    }
    if echo is not None:
        head["Request_References"] = echo
    if "Response_Group" in call.request:
        head["Response_Group"] = call.request["Response_Group"]
    # A response group that asks for nothing gets the count of what there would have been.
    wanted = any(not flag.startswith("Exclude_") for flag in call.flags)
    return Page(keys=keys if wanted else [], head=head | {"Response_Results": results})


def _read_paging(call: Call) -> tuple[int, int]:
    wanted = call.request.get("Response_Filter", {})
    number, count = wanted.get("Page", 1), wanted.get("Count", DEFAULT_COUNT)
    if number == 0:
        raise validation_fault("Page Number cannot be zero.")
    if number < 1 or number != int(number):
        raise validation_fault("Page must be a whole number from 1")
    if not 1 <= count <= MOST or count != int(count):
        raise validation_fault(f"Count must be a whole number between 1 and {MOST}")
    return int(number), int(count)


def _select_all(call: Call, listing: Listing, *, listed: PageCache) -> Sequence[str]:
    """
    Select by the criteria, from what is kept of the page before; without a pinned moment only while nothing is entered.
    """
    moment = call.request.get("Response_Filter", {}).get("As_Of_Entry_DateTime")
    if call.criteria:  # windows are checked against the present each time, and select few
        return listing.select(call)
    asked = (listing.reference, call.as_of.on, moment, call.view.stamp)
    kept: Sequence[str] = listed.keep(asked, lambda: listing.select(call))
    return kept


def _select(call: Call, listing: Listing, selected: Sequence[str]) -> tuple[Sequence[str], dict[str, Any] | None]:
    asked = call.request.get("Request_References")
    if asked is None:
        return selected, None
    keys: list[str] = []
    missing: list[str] = []
    for ref in asked.get(listing.reference, []):
        key = next((key for kind, text in ref.ids if (key := listing.find(call, kind, text)) is not None), None)
        if key is None:
            missing += [invalid_id_message(text, kind=kind) for kind, text in ref.ids[:1]]
        elif key not in keys:
            keys.append(key)
    lenient = asked.get("@Skip_Non_Existing_Instances") or asked.get("@Ignore_Invalid_References")
    if missing and not lenient:
        raise validation_fault(*missing)
    visible = set(selected)
    echo = {name: value for name, value in asked.items() if name.startswith("@")}
    return [key for key in keys if key in visible], echo | {
        listing.reference: [listing.refer(call, key) for key in keys]
    }
