"""
Documents nobody should send (F11), and a child process that reads every one of them and says what became of it.

`python -m tests.hostile_xml URL FILE` prints one JSON object: the verdict on each document and the most memory any of
them took. *URL* and *FILE* are traps that nothing may touch.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import urllib3
from lxml import etree

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.inflate import MAX_BYTES, Body
from ml_connector.connectors.transport import HttpResponse
from ml_connector.connectors.workday.proof import Proof
from ml_connector.connectors.workday.split import LongPage, OtherDocument, open_page
from ml_connector.errors import AmbiguousWriteError, IncompleteReadError, RecordError
from ml_connector.mapping.workday import to_canonical
from ml_connector.safe_xml import parse_xml

SOAP, BSVC = "http://schemas.xmlsoap.org/soap/envelope/", "urn:com.workday/bsvc"
# refused: not taken, as a page or as the one record; same: read exactly as the hardened whole-document parser reads it.
FOUR_GB = 4 << 30
REFUSED, SAME, BYPASS = "refused", "same", "BYPASS"


def worker(n: int = 1, *, inside: str = "", employee: str = "", attributes: str = "") -> str:
    return (
        f'<wd:Worker{attributes}><wd:Worker_Reference><wd:ID wd:type="WID">{n:032x}</wd:ID>'
        f'<wd:ID wd:type="Employee_ID">{employee or 21000 + n}</wd:ID></wd:Worker_Reference>'
        f"<wd:Worker_Data>{inside}</wd:Worker_Data></wd:Worker>"
    )


def results(n: object, *, page_results: object = None) -> str:
    return (
        f"<wd:Response_Results><wd:Total_Results>{n}</wd:Total_Results><wd:Total_Pages>1</wd:Total_Pages>"
        f"<wd:Page_Results>{n if page_results is None else page_results}</wd:Page_Results><wd:Page>1</wd:Page>"
        "</wd:Response_Results>"
    )


def page(data: str, *, n: object = 1, before: str = "", said: str | None = None, after: str = "") -> str:
    return (
        f'{before}<env:Envelope xmlns:env="{SOAP}"><env:Body><wd:Get_Workers_Response xmlns:wd="{BSVC}" '
        f'wd:version="v45.0">{results(n) if said is None else said}<wd:Response_Data>{data}</wd:Response_Data>'
        f"</wd:Get_Workers_Response>{after}</env:Body></env:Envelope>"
    )


def doctype(inside: str, *, data: str = "&x;") -> str:
    return page(worker(inside=data), before=f"<!DOCTYPE a {inside}>")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10)) + '<!ENTITY x "&l9;">'
QUADRATIC = f'<!ENTITY x "{"a" * 50_000}">'
GOOD = page(worker(1) + worker(2), n=2)
XI = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
FAULT = f'<f:Fault xmlns:f="{SOAP}"><faultcode>f:Server</faultcode><faultstring>no</faultstring></f:Fault>'
DECLARED = "<?xml version='1.0' encoding='{}'?>"


def texts(url: str, file: str) -> dict[str, tuple[str, str]]:
    """Every document that is text in UTF-8, by name, with what must become of it."""
    ftp = url.replace("http:", "ftp:")
    entities = {
        "billion laughs": doctype(f"[{LAUGHS}]"),
        "quadratic blow-up": doctype(f"[{QUADRATIC}]", data="&x;" * 2000),
        "parameter entity": doctype(f'[<!ENTITY % p SYSTEM "{url}/p"> %p;]'),
        "external DTD over HTTP": doctype(f'SYSTEM "{url}/d.dtd"'),
        "external DTD from a file": doctype(f'SYSTEM "file://{file}"'),
        "external DTD over FTP": doctype(f'SYSTEM "{ftp}/d.dtd"'),
        "public DTD": doctype(f'PUBLIC "-//X//Y" "{url}/d.dtd"'),
        "external entity from a file": doctype(f'[<!ENTITY x SYSTEM "file://{file}">]'),
        "external entity over HTTP": doctype(f'[<!ENTITY x SYSTEM "{url}/x">]'),
        "DOCTYPE after a byte order mark": "\ufeff" + doctype(f'[<!ENTITY x SYSTEM "file://{file}">]'),
        "DOCTYPE in small letters": page(worker(), before="<!doctype a [<!ENTITY x 'y'>]>"),
        "DOCTYPE inside a record": page(worker(inside="<!DOCTYPE a>")),
        "entity from nowhere": page(worker(inside="&nowhere;")),
    }
    inclusions = {
        "XInclude of a file": page(worker(inside=f'<xi:include {XI} parse="text" href="file://{file}"/>')),
        "XInclude over HTTP": page(worker(inside=f'<xi:include {XI} href="{url}/x"/>')),
        "XInclude without a prefix": page(worker(inside=f'<include xmlns="{XI[10:-1]}" href="{url}/x"/>')),
        "XInclude named on the envelope": GOOD.replace("<env:Envelope", f"<env:Envelope {XI}").replace(
            "<wd:Worker_Data>", f'<wd:Worker_Data><xi:include href="{url}/x"/>', 1
        ),
        "XInclude spelled by references": page(
            worker(inside=f'<xi:include {XI.replace("XIn", "&#88;I&#x6e;")} href="{url}/x"/>')
        ),
        "XInclude between records": page(worker(1) + f'<xi:include {XI} href="{url}/x"/>'),
        "XInclude after the records": page(worker(), after=f'<xi:include {XI} href="{url}/x"/>'),
    }
    content = {
        "reference to half a surrogate": page(worker(inside="&#xD800;")),
        "reference to NUL": page(worker(inside="&#0;")),
        "NUL": page(worker(inside="\0")),
        "100,000 deep in a record": page(worker(inside="<wd:a>" * 100_000 + "</wd:a>" * 100_000)),
        "100,000 deep around the records": page("<wd:a>" * 100_000 + "</wd:a>" * 100_000),
        "an id said twice": page(worker(inside="<wd:Worker_ID>1</wd:Worker_ID><wd:Worker_ID>2</wd:Worker_ID>")),
        "two ids of one type": page(worker(employee='1</wd:ID><wd:ID wd:type="Employee_ID">2')),
        "the same attribute twice": page(worker(attributes=' wd:a="1" wd:a="2"')),
        "a record of 17 MB of text": page(worker(inside="x" * (17 << 20))),
        "a head of 17 MB of text": page(worker(), before=" " * (17 << 20)),
        "a tail of 17 MB of text": page(worker(), after=" " * (17 << 20)),
        "a prefix nobody bound": page(worker(inside="<zz:a/>")),
        "crossed tags": page(worker(inside="<wd:a><wd:b></wd:a></wd:b>")),
        "less-than in an attribute": page(worker(inside='<wd:a wd:b="<wd:Worker>"/>')),
    }
    envelopes = {
        "wrong namespace, right names": GOOD.replace(BSVC, "urn:other"),
        "wrong namespace on a record": page(f'<wd:Worker xmlns:wd="urn:other">{worker()[11:]}'),
        "envelope of another SOAP": GOOD.replace(SOAP, "http://www.w3.org/2003/05/soap-envelope"),
        "second body": GOOD.replace("</env:Body>", f"</env:Body><env:Body>{worker()}</env:Body>"),
        "second answer in the body": page(worker(), after="<wd:Get_Workers_Response/>"),
        "records in the header": GOOD.replace("env:Body", "env:Header"),
        "fault inside 200": f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{FAULT}</e:Body></e:Envelope>',
        "fault beside the answer": page(worker(), after=FAULT),
        "results twice": page(worker(), said=results(1) + results(1)),
        "no results": page(worker(), said=""),
        "a count of 1e400": page(worker(), n="1e400"),
        "a count below zero": page(worker(), n="-1"),
        "fewer records than said": page(worker(), n=2),
        "more records than said": page(worker(1) + worker(2), n=1),
        "second data section": page(worker(1) + "</wd:Response_Data><wd:Response_Data>" + worker(2), n=2),
        "the same record twice": page(worker(1) + worker(1), n=2),
        "another record with the same WID": page(worker(1) + worker(1, employee="9"), n=2),
        "a second root": GOOD + GOOD,
        "words after the end": GOOD + "x",
        "a page of HTML": "<html><body>maintenance</body></html>",
        "JSON": '{"Worker": [{"ID": NaN}]}',
        "nothing": "",
    }
    harmless = {
        "an id split by a comment": page(worker(employee="100<!--x-->01")),
        "an id split by CDATA": page(worker(employee="100<![CDATA[0]]>1")),
        "an id split by an instruction": page(worker(employee="100<?x y?>01")),
        "a record's end inside a comment": page(worker(inside="<!-- </wd:Worker> -->")),
        "a record's end inside CDATA": page(worker(inside="<![CDATA[</wd:Worker><wd:Worker>]]>")),
        "a record within a record": page(worker(inside=worker(7))),
        "another name for the namespace": page(f'<o:Worker xmlns:o="{BSVC}">' + worker()[11:-12] + "</o:Worker>"),
        "space in the end tag": page(worker().replace("</wd:Worker>", "</wd:Worker >")),
        "greater-than in an attribute": page(worker(attributes=" wd:a='1>2'")),
        "words about XInclude": page(worker(inside="<wd:a>XInclude, TX</wd:a>")),
        "a name for XInclude that nobody uses": page(worker(attributes=f" {XI}")),
        "a schema to fetch": page(
            worker(attributes=f' xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="{BSVC} {url}"')
        ),
        "a stylesheet to fetch": page(worker(), before=f'<?xml-stylesheet type="text/xsl" href="{url}/s.xsl"?>'),
        "UTF-7 declared": page(worker(inside="+ADw-wd:Worker+AD4-"), before=DECLARED.format("utf-7")),
        "100,000 empty elements": page(worker(inside="<wd:a/>" * 100_000)),
    }
    refused = entities | inclusions | content | envelopes
    return {name: (text, REFUSED) for name, text in refused.items()} | {n: (t, SAME) for n, t in harmless.items()}


def documents(url: str, file: str) -> Iterator[tuple[str, Callable[[], list[Any]], str]]:
    """Every document: its name, what makes its bytes (several: each of them), and what must become of it."""
    for name, (text, verdict) in texts(url, file).items():
        yield name, (lambda text=text: [plain(text.encode("utf-8", "surrogatepass"))]), verdict
    sneaky = doctype(f'[<!ENTITY x SYSTEM "file://{file}">]')
    good = GOOD.encode()
    yield "UTF-16 with a DOCTYPE", lambda: [plain(sneaky.encode("utf-16"))], REFUSED
    yield "UTF-16 without a mark", lambda: [plain(sneaky.encode("utf-16-le"))], REFUSED
    yield "UTF-16 declared as UTF-8", lambda: [plain((DECLARED.format("UTF-8") + GOOD).encode("utf-16"))], REFUSED
    yield "UTF-32", lambda: [plain(GOOD.encode("utf-32"))], REFUSED
    yield "EBCDIC", lambda: [plain((DECLARED.format("cp037") + sneaky).encode("cp037"))], REFUSED
    latin = (DECLARED.format("iso-8859-1") + page(worker(inside="é"))).encode("latin-1")
    yield "Latin-1", lambda: [plain(latin)], REFUSED
    yield "an overlong slash", lambda: [plain(page(worker(inside="@")).encode().replace(b"@", b"\xc0\xaf"))], REFUSED
    yield "a DOCTYPE in pieces", lambda: [Body(tuple(bytes([b]) for b in sneaky.encode()), "")], REFUSED
    yield "1,000,000 attributes", lambda: [plain(page(worker(attributes=attributes(10**6))).encode())], REFUSED
    yield "a gzip bomb of 1 GB", lambda: [Body((packed(b"\0" * (16 << 20)) * 64,), "gzip")], REFUSED
    yield "a gzip bomb in gzip", lambda: [Body((packed(packed(b"\0" * (16 << 20)) * 64),), "gzip")], REFUSED
    yield "gzip that is none", lambda: [Body((good,), "gzip")], REFUSED
    yield "a coding nobody asked for", lambda: [Body((good,), "br")], REFUSED
    yield "cut off at every byte", lambda: [plain(good[:at]) for at in range(len(good))], REFUSED
    yield "packed and cut off at every byte", lambda: cut_packed(packed(good)), REFUSED
    yield "4 GB of text", lambda: [arriving(FOUR_GB)], REFUSED
    yield "4 GB announced", lambda: [arriving(FOUR_GB, announced=True)], REFUSED
    yield "4,000,000 elements between two records", lambda: [repeated(b"<wd:a/>", inside=False)], REFUSED
    yield "4,000,000 elements in a record", lambda: [repeated(b"<wd:a/>", inside=True)], REFUSED
    yield "4,000,000 attributes", lambda: [repeated(b'<wd:a a="" b="" c="" d="" e="" f=""/>', inside=True)], REFUSED
    yield "as it should be", lambda: [plain(good), Body((packed(good),), "gzip")], SAME


class EndlessPage:
    """A page that begins well and whose first record holds text to its end, made only as it is read."""

    def __init__(self, size: int) -> None:
        self.size, self.given = size, 0
        self._head = page(worker(inside="x")).encode().partition(b"x</wd:Worker_Data>")[0]

    def read(self, amount: int = -1) -> bytes:
        left = self.size - self.given
        amount = left if amount < 0 else min(amount, left)
        part = self._head[self.given : self.given + amount]
        self.given += amount
        return part + b"x" * (amount - len(part))

    read1 = read


def arriving(size: int, *, announced: bool = False) -> Callable[[], Body]:
    """A page of *size* bytes, to be taken off the line as every page is; no more than a fortieth may be taken."""
    endless = EndlessPage(size)
    headers = {"content-length": str(size)} if announced else {}
    raw = urllib3.HTTPResponse(endless, headers=headers, status=200, preload_content=False)

    def take() -> Body:
        try:
            return HttpResponse(raw, max_bytes=MAX_BYTES).keep()
        finally:
            assert endless.given <= (0 if announced else size // 40)

    return take


def repeated(text: bytes, *, inside: bool) -> Body:
    """A page that must be read whole, with an element again and again: held once here, and well-formed to its end."""
    mark = "repeated"
    data = worker(inside=mark) if inside else worker(1) + mark + worker(2)
    head, _, tail = page("<!-- -->" + data, n=1 if inside else 2).encode().partition(mark.encode())
    some = 40_000 // (1 + text.count(b"="))
    return Body((head, *[text * some] * (4_000_000 // 40_000), tail), "")


def plain(data: bytes) -> Body:
    return Body(tuple(data[at : at + 65536] for at in range(0, len(data), 65536)), "")


def packed(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(data) + packer.flush()


def cut_packed(data: bytes) -> list[Body]:
    return [Body((data[:at],), "gzip") for at in range(len(data))]


def attributes(count: int) -> str:
    return "".join(f' wd:a{n}="{n}"' for n in range(count))


def judge(body: Body | Callable[[], Body]) -> str:
    """Read as an extraction does, then compare with the hardened parser's reading of the whole document."""
    try:
        body = body if isinstance(body, Body) else body()
        opened = open_page(body, answer="Get_Workers_Response", record="Worker")
        if isinstance(opened, OtherDocument):
            return REFUSED
        records = tuple(opened.cut()) if isinstance(opened, LongPage) else opened.records
        proof = Proof("Worker_Reference")
        proof.begin_stretch(opened.results)
        proof.open_page(opened.results, asked=1)
        proof.add(records)
        proof.close_page(last=True, whole=True)
    except (ValueError, IncompleteReadError, AmbiguousWriteError):
        return REFUSED
    ours = [understand(record) for record in records]
    try:
        theirs = [understand(record) for record in read_whole(b"".join(body.chunks()))]
    except ValueError:
        return REFUSED if None in ours else BYPASS
    if ours != theirs:
        return BYPASS
    return REFUSED if None in ours else SAME


def read_whole(document: bytes) -> list[bytes]:
    path = f"{{{SOAP}}}Body/{{{BSVC}}}Get_Workers_Response/{{{BSVC}}}Response_Data/{{{BSVC}}}Worker"
    return [etree.tostring(record, with_tail=False) for record in parse_xml(document).findall(path)]


def understand(record: bytes) -> tuple[Any, bytes] | None:
    """The canonical record and the canonical XML; None for a record that is parked."""
    try:
        return to_canonical(NativeRecord(RecordType.WORKER, record)), etree.tostring(parse_xml(record), method="c14n2")
    except RecordError:
        return None


def main(url: str, file: str) -> None:
    verdicts = {}
    for name, make, _ in documents(url, file):
        found = {judge(body) for body in make()}
        verdicts[name] = found.pop() if len(found) == 1 else BYPASS
    sys.stdout.write(json.dumps({"verdicts": verdicts, "peak_mb": _peak_mb()}))


def _peak_mb() -> int:
    """This program's own peak; `ru_maxrss` would begin with that of whoever started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) // 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 20)


if __name__ == "__main__":
    main(*sys.argv[1:])
