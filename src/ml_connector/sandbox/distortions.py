"""
What can be wrong *in* an answer that arrives whole: each function takes the bytes of a good one and spoils them.

Hostile XML is here too. Nothing in it reaches beyond this machine: entities point at a port nobody listens on.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

_BOMB_MB = 256
_ROWS_XML = re.compile(rb"<wd:Response_Data>.*</wd:Response_Data>", re.DOTALL)
_COUNTS_XML = re.compile(rb"(<wd:(Total_Results|Total_Pages|Page_Results)>)\d+")
_NUMBER_JSON = re.compile(rb"(?<=[\[:,])(-?\d+(?:\.\d+)?)(?=[,}\]])")
_FIRST_MEMBER = re.compile(rb'\{("[^"]+"):("(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null)')

Distortion = Callable[[bytes], bytes]


def is_xml(body: bytes) -> bool:
    """Say whether a body is XML rather than JSON."""
    return body.lstrip()[:1] == b"<"


def add_byte_order_mark(body: bytes) -> bytes:
    """Put a byte order mark before everything."""
    return b"\xef\xbb\xbf" + body


def mix_encodings(body: bytes) -> bytes:
    """Slip a Latin-1 letter into the first text, though the answer says UTF-8."""
    if is_xml(body):
        return re.sub(rb"(<wd:Last_Name>|<wd:Name>|<faultstring>)", b"\\1\xe9", body, count=1)
    return re.sub(rb'(:")', b"\\1\xe9", body, count=1)


def duplicate_first(body: bytes) -> bytes:
    """Say the first key, or the first worker's id, a second time and differently."""
    if is_xml(body):
        return re.sub(
            rb"<wd:Worker_ID>([^<]*)</wd:Worker_ID>", rb"\g<0><wd:Worker_ID>\1-2</wd:Worker_ID>", body, count=1
        )
    return _FIRST_MEMBER.sub(rb"{\1:\2,\1:null", body, count=1)


def quote_numbers(body: bytes) -> bytes:
    """Give numbers as text: in JSON quoted, in XML with a thousands separator."""
    if is_xml(body):
        return re.sub(rb"(<wd:Total_Results>)(\d+)", rb"\g<1>1,00\2", body)
    return _NUMBER_JSON.sub(rb'"\1"', body)


def overstate_total(body: bytes) -> bytes:
    """Announce seven rows more than there are."""

    def more(match: re.Match[bytes]) -> bytes:
        return match[1] + b"%d" % (int(match[2]) + 7)

    return re.sub(rb'(<wd:Total_Results>|"total":)(\d+)', more, body, count=1)


def drop_rows(body: bytes) -> bytes:
    """Leave the totals as they are, and give no row."""
    if is_xml(body):
        return _ROWS_XML.sub(b"", re.sub(rb"(<wd:Page_Results>)\d+", rb"\g<1>0", body))
    if body.lstrip()[:1] == b"[":
        return b"[]"
    return re.sub(rb'"(data|rows|tables|Report_Entry)":\[.*\]', rb'"\1":[]', body, flags=re.DOTALL)


def hide_everything(body: bytes) -> bytes:
    """Look like a tenant in which this user may see nobody: no rows, and totals that say so."""
    emptied = re.sub(rb'"total":\d+', b'"total":0', drop_rows(body))
    return _COUNTS_XML.sub(rb"\g<1>0", emptied)


def declare_document_type(body: bytes) -> bytes:
    """Put a document type with an outside subset before an XML answer."""
    return _after_prolog(body, b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/never.dtd">')


def nest_entities(body: bytes) -> bytes:
    """Let an entity stand for ten billion letters, and use it."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "ha">' for n in range(10))
    return _use_entity(_after_prolog(body, f"<!DOCTYPE x [{levels}]>".encode()), b"&e9;")


def repeat_entity(body: bytes) -> bytes:
    """Use one long entity very often: quadratic growth without nesting."""
    doctype = b'<!DOCTYPE x [<!ENTITY long "' + b"x" * 50_000 + b'">]>'
    return _use_entity(_after_prolog(body, doctype), b"&long;" * 20_000)


def read_a_file(body: bytes) -> bytes:
    """Let an outside entity read a file of the reader's machine."""
    return _use_entity(_after_prolog(body, b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'), b"&f;")


def include_a_file(body: bytes) -> bytes:
    """Ask for a file by XInclude."""
    included = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    return _use_entity(body, included)


def change_namespace(body: bytes) -> bytes:
    """Answer in another vocabulary that looks the same."""
    return body.replace(b"urn:com.workday/bsvc", b"urn:com.workday/other")


def split_by_comment(body: bytes) -> bytes:
    """Put a comment into the middle of the first id: readers of the first text node alone see another id."""
    return re.sub(rb"(<wd:Worker_ID>[^<]{2})([^<]+<)", rb"\1<!-- x -->\2", body, count=1)


def put_not_a_number(body: bytes) -> bytes:
    """Let the first number be NaN."""
    if is_xml(body):
        return re.sub(rb"(<wd:(?:Amount|Scheduled_Weekly_Hours|Total_Base_Pay)>)[^<]*", rb"\1NaN", body, count=1)
    return _NUMBER_JSON.sub(b"NaN", body, count=1)


def make_bomb(body: bytes) -> bytes:
    """Compress the answer with a quarter of a gigabyte of blanks before its last byte: small on the wire alone."""
    body = body.rstrip()
    return gzip.compress(body[:-1]) + gzip.compress(b" " * (1 << 20)) * _BOMB_MB + gzip.compress(body[-1:])


def unzip(body: bytes) -> bytes:
    """Undo gzip."""
    return gzip.decompress(body)


def _after_prolog(body: bytes, inserted: bytes) -> bytes:
    head, mark, rest = body.partition(b"?>")
    return head + mark + inserted + rest if mark and is_xml(body) else inserted + body


def _use_entity(body: bytes, reference: bytes) -> bytes:
    return re.sub(rb"(<wd:Last_Name>|<wd:Name>|<faultstring>)[^<]*", lambda m: m[1] + reference, body, count=1)


DISTORTIONS: dict[str, Distortion] = {
    "bom": add_byte_order_mark,
    "mixed_encodings": mix_encodings,
    "duplicate_keys": duplicate_first,
    "numbers_as_strings": quote_numbers,
    "wrong_total": overstate_total,
    "empty_page": drop_rows,
    "no_rows": hide_everything,
    "nan": put_not_a_number,
    "doctype": declare_document_type,
    "entity_bomb": nest_entities,
    "quadratic_blowup": repeat_entity,
    "external_entity": read_a_file,
    "xinclude": include_a_file,
    "wrong_namespace": change_namespace,
    "comment_split_id": split_by_comment,
}
XML_ONLY = frozenset(
    {"doctype", "entity_bomb", "quadratic_blowup", "external_entity", "xinclude", "wrong_namespace", "comment_split_id"}
)
