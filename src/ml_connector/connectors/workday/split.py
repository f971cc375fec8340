"""
Cuts one page into its records as the bytes arrive, without parsing them.

The fast way looks for nothing but the record's own start and end tags, under the prefix the answer itself uses, and
demands that only white space lies between records. What remains when the records are taken out, the frame, is parsed
whole. Anything unexpected (comments, CDATA, XInclude, other prefixes, nested records, a count that differs from
Page_Results) goes the slow way: the hardened parser reads the document whole, and only its word counts.

A record cut wrongly cannot pass: frame and records are each well-formed only if the cuts are where the parser has them.
So a page counts only once its end was seen: records of a long page are given before that, and taken back if it breaks.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Generator, Iterable, Iterator
from xml.sax.saxutils import quoteattr

import msgspec
from lxml import etree

from ml_connector.connectors.inflate import Body, OversizedError
from ml_connector.connectors.workday.frame import BODY, DATA, ENVELOPE, Results, read_frame, read_results
from ml_connector.connectors.workday.operations import BSVC
from ml_connector.safe_xml import PullParser, may_include, parse_beginning, parse_xml

MAX_FRAME_BYTES = 1 << 20
MAX_RECORD_BYTES = 16 << 20
# Elements and attributes held at once by who reads a page whole: of one record and the frame, and both have some thousands.
MAX_HELD = 1 << 18
# A shorter record cannot hold more of them than memory is for.
_COUNTED_FROM = 1 << 18
# Longer pages are not held: their records are cut when they are asked for.
LONG_PAGE = 50
# Unpacked to look at what a page announces; the rest of it waits as it came.
_HEAD_BYTES = 1 << 13

_DATA_START = re.compile(rb"<((?:[A-Za-z_][\w.\-]*:)?)Response_Data\s*>")
_SPACE = re.compile(rb"[ \t\r\n]*")
# A page that says it is no UTF-8 is believed: it is read whole, and refused once, instead of its every record by itself.
_OTHER_ENCODING = re.compile(
    rb"""\s*<\?xml\s[^>]{0,99}?encoding\s{0,9}=\s{0,9}["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE
)
_TAG_END = re.compile(rb"""[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")


class SplitPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page: each record's XML with the namespaces it needs. *parsed_whole* tells that the slow way was taken."""

    results: Results
    records: tuple[bytes, ...]
    parsed_whole: bool = False

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(map(len, self.records))


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """
    A page up to Response_Data, as *text*, and what it teaches: how a record opens, with or without attributes and when
    it stands alone, how it closes, and what the end of them looks like. What it announces, if it does, is *announced*.
    """

    text: bytes
    open: bytes
    plain: bytes
    bound: bytes
    close: bytes
    end: bytes
    announced: Results


class LongPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page whose records are cut as they are taken, out of the body as it came."""

    head: _Head
    body: Body
    answer: str
    record: str

    @property
    def results(self) -> Results:
        """What the page announces."""
        return self.head.announced

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.body.size

    def cut(self) -> Generator[bytes, None, None]:
        """
        Yield every record; none of them may be believed until all came without an error.

        Raises:
            ValueError: it is no page to its end, contradicts its beginning, or can only be read as a whole.
        """
        cutter = _Cutter(_Source(self.body.chunks()), answer=self.answer, record=self.record)
        given = 0
        try:
            cutter.pass_head(self.head)
            while (record := cutter.read_record()) is not None:
                yield record
                given += 1
            results = cutter.finish()
        except _Surprise:
            raise ValueError("what follows can only be told from the whole page") from None
        if results != self.results or results.records != given:
            raise ValueError("it ends as something else than it began")


class OtherDocument(msgspec.Struct, frozen=True):
    """A well-formed SOAP document that is not the answer asked for: a fault, most likely."""

    root: etree._Element


class _Surprise(Exception):  # noqa: N818 - no error: it turns the way taken, and never leaves this module
    """The fast way does not know what it sees."""


def split_page(chunks: Iterable[bytes], *, answer: str, record: str) -> SplitPage | OtherDocument:
    """
    Cut the page *answer* (an element name) into its *record* elements; any other SOAP document is given as it is.

    Raises:
        ValueError: no SOAP envelope with one body, not well-formed, larger than its bounds, or without results.
    """
    source = _Source(chunks)
    cutter = _Cutter(source, answer=answer, record=record)
    try:
        cutter.read_head()
        page = cutter.cut()
        if page.results.records == len(page.records):
            return page
    except _Surprise:
        pass
    return _parse_whole(cutter.retell(), answer=answer, record=record)


def open_page(body: Body, *, answer: str, record: str, hold: bool = False) -> SplitPage | LongPage | OtherDocument:
    """
    Cut a page as `split_page` does, but leave one of more than `LONG_PAGE` records to be cut later. Raises likewise.

    With *hold* long pages are cut at once too.
    """
    if not hold:
        cutter = _Cutter(_Source(body.chunks(_HEAD_BYTES)), answer=answer, record=record)
        with contextlib.suppress(_Surprise):
            head = cutter.read_head()
            if head.announced.records > LONG_PAGE:
                return LongPage(head=head, body=body, answer=answer, record=record)
    return split_page(body.chunks(), answer=answer, record=record)


_NO_HEAD = _Head(
    text=b"", open=b"", plain=b"", bound=b"", close=b"", end=b"", announced=Results(total=0, pages=0, records=0, page=0)
)


class _Source:
    """
    The chunks still to come, and the bytes that came and were not used yet: from *at* in *buffer*, then *ahead*.

    *ends* are where what closes a record ends, the next one last, as places in *ahead* where there is one and in
    *buffer* otherwise; None before a look.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.buffer = self._ahead = b""
        self.at = self._end = 0
        self._ends: list[int] | None = None

    def more(self, *, bound: int) -> bool:
        """Fetch a chunk; False at the end. More than *bound* bytes waiting unused is refused."""
        chunk = self._next(bound)
        if chunk is None:
            return False
        self.buffer = self.buffer[self.at :] + chunk
        self.at, self._ends = 0, None
        return True

    def reach(self, close: bytes, *, bound: int) -> tuple[bytes, int, int]:
        """
        Look for what stands from here through *close*: in which bytes, from where, to where; `go_past` uses it up.

        A chunk is copied only as far as it belongs to what began in the one before.
        """
        if self._ends is None:
            self._ends = _find_ends(self.buffer, close, self.at)
        most = len(close) - 1
        while not self._ends:
            chunk = self._next(bound)
            if chunk is None:
                raise _Surprise
            rest = self.buffer[self.at :]
            self._ends = _find_ends(chunk, close)
            if self._ends and close not in rest[-most:] + chunk[:most]:
                self.buffer, self.at, self._ahead, self._end = rest, 0, chunk, self._ends.pop()
                return rest + chunk[: self._end], 0, len(rest) + self._end
            self.buffer, self.at = rest + chunk, 0
            self._ends = _find_ends(self.buffer, close, max(len(rest) - most, 0))
        self._end = self._ends.pop()
        return self.buffer, self.at, self._end

    def go_past(self) -> None:
        """Use up what was reached."""
        if self._ahead:
            self.buffer, self._ahead = self._ahead, b""
        self.at = self._end

    def rest(self) -> Iterator[bytes]:
        """Everything not used yet."""
        return itertools.chain([self.buffer[self.at :], self._ahead], self._chunks)

    def _next(self, bound: int) -> bytes | None:
        if len(self.buffer) - self.at > bound:
            raise OversizedError("one part of it is larger than any part of theirs")
        return next(self._chunks, None)


class _Cutter:
    """The fast way."""

    def __init__(self, source: _Source, *, answer: str, record: str) -> None:
        self._source, self._answer, self._record = source, answer, record
        self._head, self._tail = _NO_HEAD, b""
        self._records: list[bytes] = []

    def cut(self) -> SplitPage:
        """Cut every record and hold it, then parse the frame around them."""
        while (record := self.read_record()) is not None:
            self._records.append(record)
        return SplitPage(results=self.finish(), records=tuple(self._records))

    def finish(self) -> Results:
        """Read to the end and parse what surrounds the records."""
        self._tail = self._read_tail()
        try:
            frame = parse_xml(self._head.text + self._tail)
        except ValueError:  # a record may hold what looks like the end of them all
            raise _Surprise from None
        results = read_frame(frame, answer=self._answer)
        if results is None:
            raise _Surprise
        return results

    def retell(self) -> Iterator[bytes]:
        """Give the document again from its first byte, for whoever reads it the slow way."""
        yield self._head.text
        for record in self._records:
            yield self._head.open + record[len(self._head.bound) :]
        yield self._tail
        yield from self._source.rest()

    def read_head(self) -> _Head:
        """
        Read up to Response_Data; learn its prefix, the namespaces in scope there, and what is announced, if it is.
        """
        source = self._source
        while not (found := _DATA_START.search(source.buffer)):
            if b"<!" in source.buffer or not source.more(bound=MAX_FRAME_BYTES):
                raise _Surprise
        head = source.buffer[: found.end()]
        if b"<!" in head or may_include(head) or _OTHER_ENCODING.match(head):
            raise _Surprise
        try:
            data = parse_beginning(head)
        except ValueError:  # what was found may stand in an instruction; what the document is the slow way says
            raise _Surprise from None
        path = [DATA, f"{{{BSVC}}}{self._answer}", BODY, ENVELOPE]
        if [element.tag for element in (data, *data.iterancestors())] != path:
            raise _Surprise
        source.at = found.end()
        name = found[1] + self._record.encode()
        announced = _NO_HEAD.announced
        with contextlib.suppress(ValueError):
            announced = read_results(next(data.iterancestors()))
        self._head = _Head(
            text=head,
            open=b"<" + name,
            plain=b"<" + name + b">",
            bound=b"<" + name + _declare(data.nsmap),
            close=b"</" + name + b">",
            end=b"</" + found[1] + b"Response_Data",
            announced=announced,
        )
        return self._head

    def pass_head(self, head: _Head) -> None:
        """Read up to Response_Data where it was read before, of the same bytes."""
        source = self._source
        while len(source.buffer) < len(head.text) and source.more(bound=MAX_FRAME_BYTES):
            pass
        if not source.buffer.startswith(head.text):
            raise _Surprise
        self._head, source.at = head, len(head.text)

    def read_record(self) -> bytes | None:
        """Cut one record off; None when Response_Data ends here."""
        source, head = self._source, self._head
        # Nearly always the next record stands right here; its name and what ends it are looked for at once.
        plain = source.buffer.startswith(head.plain, source.at)
        if not plain and not self._find_next():
            return None
        buffer, start, stop = source.reach(head.close, bound=MAX_RECORD_BYTES)
        at = start + len(head.open)
        if stop - at > _COUNTED_FROM and buffer.count(b"<", at, stop) + buffer.count(b"=", at, stop) > MAX_HELD:
            raise OversizedError("one of its records holds more than any of theirs")
        if (
            (buffer.find(b"!", at, stop) >= 0 and buffer.find(b"<!", at, stop) >= 0)
            or (buffer.find(b"?", at, stop) >= 0 and buffer.find(b"<?", at, stop) >= 0)
            or may_include(buffer, at, stop)
        ):
            raise _Surprise
        if not plain and buffer[at] != ord(">"):
            tag = buffer[start : _end_of(_TAG_END, buffer, at)]
            if b"xmlns" in tag or tag.endswith(b"/>"):
                raise _Surprise
        source.go_past()
        return b"".join((head.bound, memoryview(buffer)[at:stop]))  # copied once: a record is tens of kilobytes

    def _find_next(self) -> bool:
        """Stand at the next record, past white space; False when Response_Data ends here."""
        source, opening, end = self._source, self._head.open, self._head.end
        while True:
            start = source.at
            if not source.buffer.startswith(b"<", start):
                start = _end_of(_SPACE, source.buffer, start)
            if len(source.buffer) - start > max(len(opening), len(end)):
                break
            if not source.more(bound=MAX_FRAME_BYTES):
                raise _Surprise
        buffer = source.buffer
        if buffer.startswith(end, start):
            source.at = start
            return False
        if not buffer.startswith(opening, start) or buffer[start + len(opening)] not in b"> \t\r\n":
            raise _Surprise
        source.at = start
        return True

    def _read_tail(self) -> bytes:
        source = self._source
        while source.more(bound=MAX_FRAME_BYTES):
            pass
        tail = source.buffer[source.at :]
        source.at = len(source.buffer)
        return tail


def _parse_whole(chunks: Iterable[bytes], *, answer: str, record: str) -> SplitPage | OtherDocument:
    """The slow way: the hardened parser, each record set free as soon as it is complete."""
    parser = PullParser()
    wanted, path = f"{{{BSVC}}}{record}", [DATA, f"{{{BSVC}}}{answer}", BODY, ENVELOPE]
    records, held = [], 0
    for event, element in parser.feed_all(chunks):
        if event == "start":
            held += 1 + len(element.attrib)
            if held > MAX_HELD:
                raise OversizedError("it holds more between two records, or in one, than any page of theirs")
        elif element.tag == wanted and [up.tag for up in element.iterancestors()] == path:
            held -= sum(1 + len(each.attrib) for each in element.iter())
            records.append(etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False))
            _forget(element)
    root = parser.close()
    for data in root.iter(DATA):
        for left in data.findall(wanted):
            data.remove(left)
    results = read_frame(root, answer=answer)
    if results is None:
        return OtherDocument(root)
    return SplitPage(results=results, records=tuple(records), parsed_whole=True)


def _forget(element: etree._Element) -> None:
    """Free a record; the element itself stays until its next sibling is complete, as the parser still stands on it."""
    element.clear(keep_tail=True)
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag:
        parent.remove(before)


def _declare(namespaces: dict[str | None, str]) -> bytes:
    # One order, whatever the answer's: a record's bytes, and their hash, stay what they were.
    in_order = sorted(namespaces.items(), key=lambda item: item[0] or "")
    return "".join(f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}" for prefix, uri in in_order).encode()


def _find_ends(text: bytes, close: bytes, start: int = 0) -> list[int]:
    """
    Every place from *start* on where *close* ends, the first one last.

    Looked for from the back, which the interpreter does in half the time.
    """
    ends, at = list[int](), len(text)
    while (at := text.rfind(close, start, at)) >= 0:
        ends.append(at + len(close))
    return ends


def _end_of(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    found = pattern.match(text, at)
    if found is None:
        raise _Surprise
    return found.end()
