"""Pages a tenant cannot give in time, pages too long to hold, pages ahead within a budget; nothing lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import msgspec
import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.inflate import Body
from ml_connector.connectors.port import Page
from ml_connector.connectors.transport import HttpRequest
from ml_connector.connectors.workday.ahead import Limits, Wish
from ml_connector.connectors.workday.collection import read_windows
from ml_connector.connectors.workday.json_answers import Collection
from ml_connector.connectors.workday.reading import read_pages
from ml_connector.connectors.workday.soap import WorkdayPage
from ml_connector.connectors.workday.split import SplitPage, open_page
from ml_connector.errors import AmbiguousWriteError, IncompleteReadError, UnavailableError
from ml_connector.secret import Secret
from tests.unit.test_workday_connector import WORKERS, connect
from tests.workday_wire import BSVC, MemoryResponse, asked, envelope, make_worker, page, tenant

MANY = [make_worker(n) for n in range(2500)]


def late() -> AmbiguousWriteError:
    error = AmbiguousWriteError("the answer did not come in time")
    error.timed_out = True
    return error


def slow_above(most: int, *, for_requests: int = 10**9) -> Callable[[HttpRequest], MemoryResponse | Exception]:
    """A tenant that answers no page of more than *most* records, for so many requests."""
    answer, left = tenant(MANY), [for_requests]

    def give(request: HttpRequest) -> MemoryResponse | Exception:
        left[0] -= 1
        return late() if left[0] >= 0 and int(asked(request, "Count")) > most else answer(request)

    return give


def numbers(pages: list[Page]) -> list[bytes]:
    return [record.payload[-200:] for page in pages for record in page.records]


def plain() -> list[bytes]:
    connector, _, _ = connect(tenant(MANY), page_size=100)
    return numbers(list(connector.read(WORKERS)))


@pytest.mark.parametrize("most", [500, 300, 60])
def test_a_page_that_comes_too_late_is_asked_for_in_smaller_ones(most: int) -> None:
    connector, transport, slept = connect(slow_above(most), page_size=999)
    assert numbers(list(connector.read(WORKERS))) == plain()
    assert slept == []
    assert int(asked(transport.requests[-1], "Count")) <= most


def test_in_the_middle_reading_goes_on_where_it_was_and_pages_grow_back() -> None:
    answer, asked_for = tenant(MANY), []

    def tired(request: HttpRequest) -> MemoryResponse | Exception:
        size, number = int(asked(request, "Count")), int(asked(request, "Page"))
        asked_for.append((size, number))
        return late() if size == 100 and 5 <= number <= 8 else answer(request)

    connector, _, _ = connect(tired, page_size=100, pages_ahead=1)
    assert numbers(list(connector.read(WORKERS))) == plain()
    assert (50, 9) in asked_for
    assert (50, 16) in asked_for
    last_small = max(at for at, (size, _) in enumerate(asked_for) if size == 50)
    assert {size for size, _ in asked_for[last_small + 1 :]} == {100}
    assert asked_for[-1] == (100, 25)


def test_the_smallest_pages_are_asked_for_patiently() -> None:
    connector, transport, slept = connect(slow_above(0), page_size=100)
    with pytest.raises(UnavailableError):
        list(connector.read(WORKERS))
    assert [asked(request, "Count") for request in transport.requests] == ["100", "50", "25", *["10"] * 5]
    assert len(slept) == 4


def test_a_long_page_is_given_in_parts() -> None:
    connector, transport, _ = connect(tenant(MANY), page_size=999)
    pages = list(connector.read(WORKERS))
    assert max(len(page.records) for page in pages) == 50
    assert len(transport.requests) == 3
    assert numbers(pages) == plain()


@pytest.mark.parametrize("damage", ["<!-- x -->", "<wd:Other/>"])
def test_cc_03_a_long_page_that_breaks_is_taken_back_and_held_the_next_time(damage: str) -> None:
    records = [*MANY[:300], damage + MANY[300], *MANY[301:400]]
    answer = page("Get_Workers", records, total=400, pages=1, number=1)
    connector, _, _ = connect(lambda _request: answer, page_size=999)
    with pytest.raises(IncompleteReadError, match="cannot be used after 250"):
        list(connector.read(WORKERS))
    if damage.startswith("<!--"):
        assert sum(len(part.records) for part in connector.read(WORKERS)) == 400
    else:
        with pytest.raises(UnavailableError, match="cannot be used"):
            list(connector.read(WORKERS))


def test_cc_03_with_whole_pages_nothing_of_a_long_page_is_given_before_its_end_was_seen() -> None:
    records = [*MANY[:300], "<!-- x -->" + MANY[300], *MANY[301:400]]
    connector, _, _ = connect(
        lambda _request: page("Get_Workers", records, total=400, pages=1, number=1), page_size=999
    )
    whole = msgspec.structs.replace(WORKERS, whole_pages=True)
    assert [len(part.records) for part in connector.read(whole)] == [400]
    broken = page("Get_Workers", [*records, "<wd:Other/>"], total=400, pages=1, number=1)
    answers = iter([broken, page("Get_Workers", MANY[:400], total=400, pages=1, number=1)])
    connector, _, slept = connect(lambda _request: next(answers), page_size=999)
    assert [len(part.records) for part in connector.read(whole)] == [400]
    assert len(slept) == 1


PAGES, PAGE_BYTES = 40, 1 << 20


class Door:
    """Gives pages of a megabyte, of which it counts those asked for and those being asked for at once."""

    def __init__(self) -> None:
        self.asked = self.now = self.most_now = 0
        self.changed = threading.Condition()

    def ask_page(self, wish: Wish) -> WorkdayPage:
        with self.count():
            records = [make_worker(n, inside="x" * (PAGE_BYTES // 2 - 300)) for n in range(2 * PAGES)]
            body = page_bytes(tenant(records), wish)
            opened = open_page(Body((body,), ""), answer="Get_Workers_Response", record="Worker")
            assert isinstance(opened, SplitPage)
            return opened

    def ask_window(self, wish: Wish) -> Collection:
        with self.count():
            return Collection(2 * PAGES, tuple({"id": f"{wish.start + n:032x}"} for n in range(wish.count)), PAGE_BYTES)

    @contextmanager
    def count(self) -> Iterator[None]:
        with self.changed:
            self.now += 1
            self.most_now = max(self.most_now, self.now)
        yield
        with self.changed:
            self.asked, self.now = self.asked + 1, self.now - 1
            self.changed.notify_all()

    def read(self, surface: str, limits: Limits) -> Generator[object, None, None]:
        if surface == "rest":
            return read_windows(self.ask_window, id_field="id", limits=limits)
        return read_pages(self.ask_page, record_type=RecordType.WORKER, reference="Worker_Reference", limits=limits)


@pytest.mark.parametrize("surface", ["soap", "rest"])
@pytest.mark.parametrize(("budget_mb", "waiting"), [(1, 1), (5, 5), (100, PAGES - 1)])
def test_a_slow_reader_keeps_no_page_from_being_asked_for_within_the_budget(
    surface: str, budget_mb: int, waiting: int
) -> None:
    door, taken = Door(), 0
    pages = door.read(surface, Limits(size=2, ahead=3, held_bytes=budget_mb << 20))
    for _ in pages:
        taken += 1
        with door.changed:  # the reader does nothing until all came that may
            assert door.changed.wait_for(lambda: door.asked >= min(PAGES, taken + waiting), timeout=60)  # noqa: B023
        # Besides the pages waiting, the one just taken; an answer on its way has its place among those waiting.
        assert door.asked <= taken + waiting
    assert (taken, door.asked) == (PAGES, PAGES)
    assert door.most_now <= 3


def page_bytes(answer: Callable[[HttpRequest], MemoryResponse], wish: Wish) -> bytes:
    content = (
        f'<wd:Get_Workers_Request xmlns:wd="{BSVC}"><wd:Page>{wish.number}</wd:Page><wd:Count>{wish.count}</wd:Count>'
        "</wd:Get_Workers_Request>"
    )
    request = HttpRequest(method="POST", url="http://127.0.0.1:1/", body=Secret(envelope(content).decode()))
    return answer(request).read()
