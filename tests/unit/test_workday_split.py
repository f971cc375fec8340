"""The splitter gives what the hardened whole-document parser gives, or refuses (F11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ml_connector.connectors.inflate import Body
from ml_connector.connectors.workday.frame import SOAP
from ml_connector.connectors.workday.split import OtherDocument, SplitPage, open_page, split_page
from ml_connector.safe_xml import parse_xml

BSVC = "urn:com.workday/bsvc"
RESULTS = (
    "<{p}Response_Results><{p}Total_Results>{n}</{p}Total_Results><{p}Total_Pages>1</{p}Total_Pages>"
    "<{p}Page_Results>{n}</{p}Page_Results><{p}Page>1</{p}Page></{p}Response_Results>"
)


def make_page(
    body: str, *, count: int, prefix: str = "wd:", before: str = "", after: str = "", declaration: str = ""
) -> bytes:
    name = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    return (
        f'{declaration}<env:Envelope xmlns:env="{SOAP}"><env:Body><{prefix}Get_Workers_Response {name}="{BSVC}" '
        f'{prefix}version="v45.0">{RESULTS.format(p=prefix, n=count)}{before}<{prefix}Response_Data>{body}'
        f"</{prefix}Response_Data>{after}</{prefix}Get_Workers_Response></env:Body></env:Envelope>"
    ).encode()


def split(document: bytes, *, size: int = 64) -> SplitPage:
    chunks = [document[at : at + size] for at in range(0, len(document), size)]
    page = split_page(chunks, answer="Get_Workers_Response", record="Worker")
    assert isinstance(page, SplitPage)
    return page


def canonical(payload: bytes) -> bytes:
    return etree.tostring(parse_xml(payload), method="c14n2")


def read_whole(document: bytes) -> list[bytes]:
    """The referee: one tree, records by their full path."""
    path = f"{{{SOAP}}}Body/{{{BSVC}}}Get_Workers_Response/{{{BSVC}}}Response_Data/{{{BSVC}}}Worker"
    return [canonical(etree.tostring(record, with_tail=False)) for record in parse_xml(document).findall(path)]


def worker(n: int) -> str:
    return f'<wd:Worker><wd:Worker_Reference><wd:ID wd:type="WID">{n:032x}</wd:ID></wd:Worker_Reference></wd:Worker>'


def test_f11_a_page_cut_off_at_any_byte_is_refused() -> None:
    document = make_page("".join(worker(n) for n in range(2)), count=2)
    for end in range(len(document)):
        with pytest.raises(ValueError, match=r"^it "):
            open_page(Body((document[:end],), ""), answer="Get_Workers_Response", record="Worker")


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_records_are_cut_the_fast_way_and_stand_alone(size: int) -> None:
    document = make_page("\n ".join(worker(n) for n in range(3)) + "\n", count=3)
    page = split(document, size=size)
    assert not page.parsed_whole
    assert page.results.total == page.results.records == 3
    assert [canonical(record) for record in page.records] == read_whole(document)


def test_a_record_ends_where_it_ends_wherever_a_chunk_does() -> None:
    document = make_page("".join(map(worker, range(4))), count=4)
    whole = read_whole(document)
    for size in range(len(worker(0)), len(document)):
        page = split(document, size=size)
        assert (page.parsed_whole, [canonical(record) for record in page.records]) == (False, whole), size


def test_the_prefix_is_the_answers_own() -> None:
    body = worker(1).replace("wd:", "ns1:")
    page = split(make_page(body, count=1, prefix="ns1:"))
    assert not page.parsed_whole
    assert parse_xml(page.records[0]).tag == f"{{{BSVC}}}Worker"


def test_records_in_the_default_namespace_are_found() -> None:
    body = "<Worker><Worker_Descriptor>x</Worker_Descriptor></Worker>"
    document = make_page(body, count=1, prefix="").replace(b" version=", b" v=")
    assert parse_xml(split(document).records[0]).tag == f"{{{BSVC}}}Worker"


@pytest.mark.parametrize(
    "body",
    [
        "<wd:Worker>a<!-- </wd:Worker> --></wd:Worker>",
        "<wd:Worker><![CDATA[</wd:Worker><wd:Worker>]]></wd:Worker>",
        "<wd:Worker><?x </wd:Worker> ?></wd:Worker>",
        "<wd:Worker><wd:Worker>inner</wd:Worker></wd:Worker>",
        "<wd:Worker/>",
        "<wd:Worker wd:a='1>2'/>",
        "<wd:Worker>x</wd:Worker >",
        f"<o:Worker xmlns:o='{BSVC}'>x</o:Worker>",
        f"<wd:Worker xmlns:wd='{BSVC}'>x</wd:Worker>",
        "<!-- first --><wd:Worker>x</wd:Worker>",
    ],
)
def test_what_the_fast_way_does_not_know_goes_the_slow_way(body: str) -> None:
    document = make_page(body, count=1)
    page = split(document)
    assert page.parsed_whole
    assert [canonical(record) for record in page.records] == read_whole(document)
    assert len(page.records) == 1


@pytest.mark.parametrize("inside", [False, True], ids=["before all", "inside"])
def test_a_beginning_told_by_an_instruction_goes_the_slow_way(inside: bool) -> None:
    document, told = make_page(worker(1), count=1), b"<?x <wd:Response_Data> ?>"
    at = document.index(b"<env:Body>") if inside else 0
    page = split(document[:at] + told + document[at:])
    assert page.parsed_whole
    assert [canonical(record) for record in page.records] == read_whole(document)


def test_a_page_that_says_it_is_no_utf_8_is_refused_as_a_whole_and_not_record_by_record() -> None:
    body = worker(1) + worker(2).replace("</wd:Worker>", "<wd:Name>Peña</wd:Name></wd:Worker>")
    said = b'<?xml version="1.0" encoding="ISO-8859-1"?>'
    with pytest.raises(ValueError, match="well-formed"):
        split(said + make_page(body, count=2).decode().encode("latin-1"))
    assert split(said + make_page(worker(1), count=1)).parsed_whole, "what is ASCII is the same in either"
    for name in (b"UTF-8", b"utf-8", b"US-ASCII"):
        assert not split(said.replace(b"ISO-8859-1", name) + make_page(body, count=2)).parsed_whole


def test_a_greater_sign_in_an_attribute_is_no_end_of_tag() -> None:
    page = split(make_page("<wd:Worker wd:a='1>2' wd:b=\"'>'\">x</wd:Worker>", count=1))
    assert not page.parsed_whole
    assert parse_xml(page.records[0]).text == "x"


def test_text_split_by_a_comment_is_whole_again() -> None:
    body = "<wd:Worker><wd:ID>100<!--x-->01</wd:ID><wd:ID>2<![CDATA[0]]>7</wd:ID></wd:Worker>"
    (record,) = split(make_page(body, count=1)).records
    assert [element.text for element in parse_xml(record)] == ["10001", "207"]


def test_a_count_that_differs_is_settled_by_the_parser() -> None:
    page = split(make_page(worker(1), count=2))
    assert page.parsed_whole
    assert (len(page.records), page.results.records) == (1, 2)


def test_an_empty_page_has_no_records() -> None:
    page = split(make_page("", count=0).replace(b"<wd:Response_Data></wd:Response_Data>", b""))
    assert page.records == ()


def test_a_byte_order_mark_is_no_hindrance() -> None:
    assert len(split(b"\xef\xbb\xbf" + make_page(worker(1), count=1)).records) == 1


def test_another_document_is_given_as_its_root() -> None:
    fault = f'<e:Envelope xmlns:e="{SOAP}"><e:Body><e:Fault/></e:Body></e:Envelope>'.encode()
    other = split_page([fault], answer="Get_Workers_Response", record="Worker")
    assert isinstance(other, OtherDocument)
    assert other.root[0][0].tag == f"{{{SOAP}}}Fault"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "y">]>' + make_page(worker(1), count=1), "DOCTYPE"),
        (make_page("<wd:Worker><!DOCTYPE a></wd:Worker>", count=1), "DOCTYPE"),
        (make_page(worker(1), count=1).replace(b"</env:Body>", b"</env:Body><env:Body/>"), "body"),
        (make_page(worker(1), count=1).replace(SOAP.encode(), b"urn:other"), "envelope"),
        (make_page("<x:Worker xmlns:x='urn:other'>x</x:Worker>", count=1), "none"),
        (make_page("<wd:Other/>", count=1), "none"),
        (make_page(worker(1), count=1).replace(b"Total_Results", b"Total_Result"), "no count"),
        (make_page(worker(1), count=1).replace(b"<wd:Page>1<", b"<wd:Page>1e400<"), "no count"),
        (make_page(worker(1), count=1)[:-20], "well-formed"),
        (make_page("<wd:a>" * 100_000 + "</wd:a>" * 100_000, count=1), "well-formed"),
        (make_page("<wd:Worker>" + "x" * (17 << 20) + "</wd:Worker>", count=1), "larger"),
        (make_page(worker(1), count=1).decode().encode("utf-16"), "well-formed"),
        (b"<html>maintenance</html>", "envelope"),
        (b"", "well-formed"),
    ],
)
def test_hostile_and_broken_documents_are_refused(document: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        split(document, size=1 << 16)


def test_a_wrong_namespace_on_the_answer_is_no_page() -> None:
    document = make_page(worker(1), count=1).replace(BSVC.encode(), b"urn:other")
    assert isinstance(split_page([document], answer="Get_Workers_Response", record="Worker"), OtherDocument)


def test_a_record_that_holds_the_end_of_all_records_is_read_all_the_same() -> None:
    inner = "<wd:Worker><wd:Response_Data><wd:Worker></wd:Worker></wd:Response_Data></wd:Worker>"
    page = split(make_page(inner, count=1), size=50)
    assert (len(page.records), page.parsed_whole) == (1, True)


_texts = st.sampled_from(["x", "Nguyễn", "&amp;", "&#65;", "]]&gt;", " ", "&lt;/wd:Worker&gt;", "<!--c-->", "<?p?>"])
_cdata = st.sampled_from(["<![CDATA[</wd:Worker>]]>", "<![CDATA[<wd:Worker>]]>", "<!-- <wd:Worker> -->"])
_empty = st.sampled_from(["<wd:A/>", "<wd:Worker_Data wd:x='a>b'/>", "<wd:Worker/>", "<A xmlns='urn:o'/>"])
_inside = st.recursive(
    st.one_of(_texts, _cdata, _empty),
    lambda inner: st.builds(
        lambda tag, parts, space: f"<wd:{tag}>{''.join(parts)}</wd:{tag}{space}>",
        st.sampled_from(["Worker", "Worker_Data", "Workers", "Response_Data", "ID"]),
        st.lists(inner, max_size=3),
        st.sampled_from(["", " ", "\n"]),
    ),
    max_leaves=6,
)
_record = st.builds(
    lambda attributes, parts, space: f"<wd:Worker{attributes}>{''.join(parts)}</wd:Worker{space}>",
    st.sampled_from(["", "", "", " ", ' wd:a="1>2"', f' xmlns:wd="{BSVC}"', ' xmlns:z="urn:z" z:q="&gt;"']),
    st.lists(_inside, max_size=4),
    st.sampled_from(["", "", "", " "]),
)
_between = st.sampled_from(["", "", "\n  ", "<!-- x -->", "stray"])
_breakage = st.sampled_from(["", "", "", "", "</wd:Worker>", "<wd:Worker>", "<wd:Other/>", "<![CDATA[", "&nope;"])


@given(
    records=st.lists(_record, max_size=4),
    between=_between,
    breakage=_breakage,
    lie=st.sampled_from([0, 0, 0, 1]),
    size=st.integers(1, 300),
    cut=st.sampled_from([0, 0, 0, 1, 9]),
)
def test_splitting_equals_parsing_whole_or_refuses(
    records: list[str], between: str, breakage: str, lie: int, size: int, cut: int
) -> None:
    document = make_page(between.join([*records, breakage]), count=len(records) + lie)
    document = document[: len(document) - cut]
    try:
        expected: list[bytes] | None = read_whole(document)
    except ValueError:
        expected = None
    try:
        found: list[bytes] | None = [canonical(record) for record in split(document, size=size).records]
    except ValueError:
        found = None
    # Refusing is always allowed for a strange document, such as one that announces another count than it has; an honest
    # one must be read.
    assert found is None or found == expected
    if expected is not None and breakage == "" and not lie:
        assert found == expected
