"""
The one way XML from outside is parsed.

No DOCTYPE at all, hence no entities of the sender's own; no network, no file; no element of XInclude, whoever would
expand it; UTF-8 whatever the declaration says; depth as libxml2 caps it without `huge_tree`. Comments and processing
instructions are dropped, so that text they split is whole again: `100<!--x-->01` is `10001`, never `100`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from lxml import etree

_DOCTYPE = b"<!DOCTYPE"
_FEW = 20
_XINCLUDE = "{http://www.w3.org/2001/XInclude}"


def _refuse_doctype(data: bytes) -> None:
    if b"!" in data and _DOCTYPE in data:  # one byte is looked for many times faster, and hardly any record has it
        raise ValueError("it carries a DOCTYPE, which no answer of theirs needs")


def may_include(data: bytes, start: int = 0, end: int | None = None) -> bool:
    """
    Say whether XInclude's name stands in *data*, as text or as a namespace.

    One letter is looked for, from one to the next while they are few: that is many times faster than the whole word.
    """
    at = data.find(b"X", start, end)
    for _ in range(_FEW):
        if at < 0:
            return False
        if data.startswith(b"XInclude", at, end):
            return True
        at = data.find(b"X", at + 1, end)
    return at >= 0 and data.find(b"XInclude", at, end) >= 0


def _refuse_inclusion(root: etree._Element, data: bytes) -> None:
    """Look through the elements only where the namespace may be named: a reference can spell any letter of it."""
    named = may_include(data) or (b"&" in data and b"&#" in data)
    if named and next(root.iter(f"{_XINCLUDE}*"), None) is not None:
        raise _inclusion()


def _inclusion() -> ValueError:
    return ValueError("it asks for something to be included (XInclude), which no answer of theirs needs")


def _explain(error: etree.XMLSyntaxError) -> ValueError:
    """Where the XML breaks; never libxml2's own words, which may quote the document."""
    return ValueError(f"it is no well-formed XML (line {error.lineno})")


class _Parsers(threading.local):
    """One parser a thread: a parser shared between threads makes them wait for each other."""

    def __init__(self) -> None:
        self.own = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )


_PARSERS = _Parsers()


def parse_xml(data: bytes) -> etree._Element:
    """
    Parse one whole document or element.

    Raises:
        ValueError: not well-formed, too deep, with a DOCTYPE or an XInclude; the reason quotes nothing of the document.
    """
    _refuse_doctype(data)
    try:
        root = etree.fromstring(data, _PARSERS.own)
    except etree.XMLSyntaxError as error:
        raise _explain(error) from None
    _refuse_inclusion(root, data)
    return root


def parse_beginning(data: bytes) -> etree._Element:
    """
    Parse a document that breaks off between two elements, and give the innermost element that is open there.

    All of them are then ended: a document that never ends is kept, in a circle, until somebody looks for garbage.

    Raises:
        ValueError: as `parse_xml`, or nothing is open there.
    """
    parser = PullParser()
    opened: list[etree._Element] = []
    for event, element in parser.feed(data):
        if event == "start":
            opened.append(element)
        else:
            opened.pop()
    if not opened:
        raise ValueError("it ends where it should go on")
    for _ in parser.feed("".join(map(_end_tag, reversed(opened))).encode()):
        pass
    parser.close()
    return opened[-1]


def _end_tag(element: etree._Element) -> str:
    name = etree.QName(element).localname
    return f"</{element.prefix}:{name}>" if element.prefix else f"</{name}>"


class PullParser:
    """The same, fed piece by piece; `root` is None until the first start tag is complete."""

    def __init__(self) -> None:
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._overlap = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[str, etree._Element]]:
        """
        Take a piece and yield ("start" or "end", element) for what it completes.

        Raises:
            ValueError: as `parse_xml`.
        """
        _refuse_doctype(self._overlap + chunk)
        self._overlap = (self._overlap + chunk)[-len(_DOCTYPE) :]
        try:
            self._parser.feed(chunk)
            for event, element in self._parser.read_events():
                if event == "start" and str(element.tag).startswith(_XINCLUDE):
                    raise _inclusion()
                yield event, element
        except etree.XMLSyntaxError as error:
            raise _explain(error) from None

    def feed_all(self, chunks: Iterable[bytes]) -> Iterator[tuple[str, etree._Element]]:
        """Feed every chunk in turn."""
        for chunk in chunks:
            yield from self.feed(chunk)

    def close(self) -> etree._Element:
        """
        Say that the document is over, and give its root.

        Raises:
            ValueError: it was not.
        """
        try:
            return self._parser.close()
        except etree.XMLSyntaxError as error:
            raise _explain(error) from None
