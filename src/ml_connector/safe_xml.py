"""
The one way XML from outside is parsed.

No DOCTYPE at all, hence no entities of the sender's own; no network, no file, no XInclude; UTF-8 whatever the
declaration says; depth as libxml2 caps it without `huge_tree`. Comments and processing instructions are dropped, so
that text they split is whole again: `100<!--x-->01` is `10001`, never `100`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from lxml import etree

_DOCTYPE = b"<!DOCTYPE"


def _refuse_doctype(data: bytes) -> None:
    if _DOCTYPE in data:
        raise ValueError("it carries a DOCTYPE, which no answer of theirs needs")


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
        ValueError: not well-formed, too deep, or with a DOCTYPE; the reason quotes nothing of the document.
    """
    _refuse_doctype(data)
    try:
        return etree.fromstring(data, _PARSERS.own)
    except etree.XMLSyntaxError as error:
        raise _explain(error) from None


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
            yield from self._parser.read_events()
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
