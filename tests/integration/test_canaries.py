"""The searcher finds one planted leak in each encoding, in each kind of place (the teeth of F7)."""

import base64
import html
import json
import sqlite3
import urllib.parse
import zlib
from xml.sax.saxutils import escape, quoteattr

import pytest

from tests.canaries import AWKWARD, encodings, find_canary, plant

SECRET = "7f31c0de" + AWKWARD + "beadfeed"
LEAKS = {
    "raw": SECRET,
    "log line": f'{{"event": {json.dumps("signing in with " + SECRET)}}}',
    "JSON body inside a log line": json.dumps({"event": json.dumps({"password": SECRET})}),
    "percent": "https://host/path?token=" + urllib.parse.quote(SECRET, safe=""),
    "path": "https://host/" + urllib.parse.quote(SECRET),
    "form": urllib.parse.urlencode({"client_secret": SECRET, "grant_type": "x"}),
    "XML": f"<wsse:Password>{escape(SECRET)}</wsse:Password>",
    "XML attribute": f"<a b={quoteattr(SECRET)}/>",
    "HTML": f"<td>{html.escape(SECRET)}</td>",
    "hex": SECRET.encode().hex(),
    "UTF-16": SECRET.encode("utf-16"),
    "UTF-16 hex": SECRET.encode("utf-16-le").hex().upper().lower(),
    "reversed": SECRET[::-1],
    "repr": repr(SECRET.encode()),
    "Basic, user of 3": "Basic " + base64.b64encode(b"abc:" + SECRET.encode()).decode(),
    "Basic, user of 4": "Basic " + base64.b64encode(b"abcd:" + SECRET.encode()).decode(),
    "Basic, user of 5": "Basic " + base64.b64encode(b"abcde:" + SECRET.encode()).decode(),
    "base64 in the middle": base64.b64encode(b"x" + SECRET.encode() + b"and more"),
    "base64url": base64.urlsafe_b64encode(b"xx" + SECRET.encode()),
    "SQL": "INSERT INTO t VALUES ('" + SECRET.replace("'", "''") + "')",
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS.keys())
def test_each_leak_is_found(leak):
    assert find_canary(SECRET, leak)


@pytest.mark.parametrize("name", encodings(SECRET))
def test_each_encoding_is_found_alone_and_where_it_is(name):
    planted = b"\x00noise" * 50 + encodings(SECRET)[name] + b"noise" * 50
    hits = find_canary(SECRET, b"nothing here", planted)
    assert name in {hit.encoding for hit in hits}
    assert {hit.where for hit in hits} == {"source 1"}
    assert 300 in {hit.offset for hit in hits}


def test_the_exact_basic_pair_is_named():
    pair = base64.b64encode(f"ISU_mlc@acme1:{SECRET}".encode())
    assert any(
        hit.encoding == "Basic pair of ISU_mlc@acme1" for hit in find_canary(SECRET, pair, users=["ISU_mlc@acme1"])
    )


def test_nothing_is_found_where_nothing_is():
    other = plant()
    assert find_canary(SECRET, *(encodings(other).values()), b"", "text", zlib.compress(SECRET.encode())) == []


def test_files_folders_names_and_databases_are_searched(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "run.log").write_text(f"before {SECRET} after", encoding="utf-8")
    database = sqlite3.connect(tmp_path / "state.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (v TEXT)")
    database.execute("INSERT INTO t VALUES (?)", (SECRET,))
    database.commit()
    found = {hit.where.removeprefix(f"{tmp_path}/") for hit in find_canary(SECRET, tmp_path)}
    database.close()
    assert found == {"deep/run.log", "state.db-wal"}
    (tmp_path / "deep" / "run.log").unlink()
    (tmp_path / "deep" / "7f31c0de.txt").touch()
    assert find_canary("7f31c0de", tmp_path / "deep")


def test_canaries_differ_and_hold_every_awkward_character():
    one, other = plant(), plant()
    assert one != other
    assert set(AWKWARD) <= set(one)
