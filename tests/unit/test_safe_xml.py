"""Hostile XML is refused; text is never lost to a comment (F11)."""

from __future__ import annotations

import gc

import pytest

from ml_connector.safe_xml import PullParser, parse_beginning, parse_xml

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
OUTSIDE = b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'
PARAMETER = b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]><a/>'
HOSTILE = [
    pytest.param(BOMB, id="entity bomb"),
    pytest.param(OUTSIDE, id="outside file"),
    pytest.param(PARAMETER, id="parameter entity"),
    pytest.param(b"<a>&nowhere;</a>", id="entity from nowhere"),
    pytest.param(b"<a>" * 300 + b"</a>" * 300, id="too deep"),
    pytest.param("<a>é</a>".encode("utf-16"), id="UTF-16"),
    pytest.param(b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>', id="Latin-1"),
    pytest.param(b"<a>\x00</a>", id="NUL"),
    pytest.param(b"<a><b></a></b>", id="crossed tags"),
    pytest.param(b"<a/><a/>", id="two roots"),
    pytest.param(b"", id="nothing"),
]


def pull(data: bytes, *, size: int) -> object:
    parser = PullParser()
    list(parser.feed_all(data[at : at + size] for at in range(0, len(data), size)))
    return parser.close()


@pytest.mark.parametrize("data", HOSTILE)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_hostile_documents_are_refused_however_they_arrive(data: bytes, size: int) -> None:
    for read in (parse_xml, lambda whole: pull(whole, size=size)):
        with pytest.raises(ValueError, match=r"well-formed|DOCTYPE"):
            read(data)


def test_the_reason_quotes_nothing_of_the_document() -> None:
    with pytest.raises(ValueError, match="line 1") as caught:
        parse_xml(b"<salary>54321</wage>")
    assert "54321" not in str(caught.value)
    assert "wage" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></a>',
        b'<a><include xmlns="http://www.w3.org/2001/XInclude"/></a>',
        b'<xi:fallback xmlns:xi="http://www.w3.org/2001/XInclude"/>',
        b'<a xmlns:xi="http://www.w3.org/2001/&#88;Inclu&#x64;e"><xi:include href="x"/></a>',
        b"<a>" + b"<b>TX</b>" * 100 + b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude"/></a>',
    ],
    ids=["prefix", "default", "root", "spelled by references", "behind many letters"],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a5_an_inclusion_is_refused_however_it_arrives(data: bytes, size: int) -> None:
    for read in (parse_xml, lambda whole: pull(whole, size=size)):
        with pytest.raises(ValueError, match="XInclude"):
            read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<a>XInclude</a>",
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"/>',
        b"<a>X &#38; XX</a>",
        b"<a>TX &amp; X</a>",
    ],
)
def test_a_word_about_inclusions_is_none(data: bytes) -> None:
    assert parse_xml(data).tag == "a"
    assert pull(data, size=3) is not None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<a>100<!--x-->01</a>", "10001"),
        (b"<a>100<?x y?>01</a>", "10001"),
        (b"<a>1<![CDATA[<&]]>2</a>", "1<&2"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xa9</a>", "é"),
        (b"<?xml version='1.0' encoding='utf-7'?><a>+ADw-</a>", "+ADw-"),
    ],
)
def test_text_is_whole_and_utf_8_whatever_is_declared(data: bytes, text: str) -> None:
    assert parse_xml(data).text == text


BEGINNING = b'<a xmlns="urn:a"><p:b xmlns:p="urn:p"><c/><p:d x="1">'


def test_of_a_beginning_the_innermost_open_element_is_given() -> None:
    element = parse_beginning(BEGINNING)
    assert [each.tag for each in (element, *element.iterancestors())] == ["{urn:p}d", "{urn:p}b", "{urn:a}a"]
    assert element.get("x") == "1"


@pytest.mark.parametrize("data", [b"", b"<a/>", b"<a><b></b></a>", b"<a><b></a>", b'<!DOCTYPE a><a><b c="'])
def test_what_is_no_beginning_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"well-formed|DOCTYPE|go on"):
        parse_beginning(data)


def test_a_beginning_that_was_read_is_no_garbage_in_a_circle() -> None:
    parse_beginning(BEGINNING)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            parse_beginning(BEGINNING)
        assert gc.collect() < 20  # with a document that never ends it is twenty things each
    finally:
        gc.enable()
