"""Each distortion spoils exactly what its name says, in JSON and in XML."""

from __future__ import annotations

import gzip
import json

import pytest
from lxml import etree

from ml_connector.sandbox import distortions
from ml_connector.sandbox.distortions import DISTORTIONS, XML_ONLY
from ml_connector.sandbox.http import Request
from ml_connector.sandbox.modes import turn

JSON = b'{"total":2,"data":[{"id":"a1","hours":40.5},{"id":"b2","hours":24}]}'
XML = (
    b"<?xml version='1.0' encoding='UTF-8'?><wd:R xmlns:wd=\"urn:com.workday/bsvc\">"
    b"<wd:Response_Results><wd:Total_Results>2</wd:Total_Results><wd:Total_Pages>1</wd:Total_Pages>"
    b"<wd:Page_Results>2</wd:Page_Results></wd:Response_Results><wd:Response_Data>"
    b"<wd:Worker><wd:Worker_ID>000001</wd:Worker_ID><wd:Last_Name>Wu</wd:Last_Name><wd:Amount>1.5</wd:Amount></wd:Worker>"
    b"</wd:Response_Data></wd:R>"
)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_every_distortion_changes_the_answers_it_is_for(name: str) -> None:
    assert DISTORTIONS[name](XML) != XML
    if name not in XML_ONLY:
        assert DISTORTIONS[name](JSON) != JSON


def test_json_distortions_say_what_they_are_named_for() -> None:
    pairs = json.loads(distortions.duplicate_first(JSON), object_pairs_hook=list)
    assert [name for name, _ in pairs].count("total") == 2
    assert json.loads(distortions.quote_numbers(JSON))["data"][0]["hours"] == "40.5"
    assert json.loads(distortions.overstate_total(JSON))["total"] == 9
    assert json.loads(distortions.drop_rows(JSON)) == {"total": 2, "data": []}
    assert json.loads(distortions.hide_everything(JSON)) == {"total": 0, "data": []}
    assert distortions.drop_rows(b'[{"id":1}]') == b"[]"
    with pytest.raises(UnicodeDecodeError):
        distortions.mix_encodings(JSON).decode()


def test_an_empty_page_keeps_its_totals_and_a_removed_role_does_not() -> None:
    emptied, hidden = distortions.drop_rows(XML), distortions.hide_everything(XML)
    assert b"<wd:Worker>" not in emptied + hidden
    assert b"<wd:Total_Results>2<" in emptied
    assert b"<wd:Total_Results>0<" in hidden
    etree.fromstring(emptied)
    etree.fromstring(hidden)


def test_a_comment_splits_the_id_without_changing_it() -> None:
    element = etree.fromstring(distortions.split_by_comment(XML)).find(".//{urn:com.workday/bsvc}Worker_ID")
    assert element.text == "00"
    assert "".join(element.xpath("text()")) == "000001"


@pytest.mark.parametrize("name", ["doctype", "entity_bomb", "quadratic_blowup", "external_entity"])
def test_hostile_xml_declares_a_document_type_behind_the_prolog(name: str) -> None:
    spoilt = DISTORTIONS[name](XML)
    assert spoilt.startswith(b"<?xml")
    assert spoilt.count(b"<!DOCTYPE") == 1


def test_a_bomb_is_small_on_the_wire() -> None:
    packed = distortions.make_bomb(JSON)
    assert len(packed) < 1 << 20
    unpacked = gzip.decompress(packed)
    assert (len(unpacked) > 1 << 28, unpacked.replace(b" ", b"")) == (True, JSON.replace(b" ", b""))
    assert gzip.decompress(gzip.compress(JSON)) == distortions.unzip(gzip.compress(JSON))


def test_pages_turn_forward_and_back_but_not_before_the_first() -> None:
    soap = Request("POST", "/", {}, {}, b"<b:Page>3</b:Page><b:Count>10</b:Count>")
    assert turn(soap, step=-1).body == b"<b:Page>2</b:Page><b:Count>10</b:Count>"
    assert turn(soap, step=1).body == b"<b:Page>4</b:Page><b:Count>10</b:Count>"
    rest = Request("GET", "/", {"limit": ["100"], "offset": ["100"]}, {}, b"")
    assert turn(rest, step=1).query["offset"] == ["200"]
    wql = Request("POST", "/", {"limit": ["100"], "offset": ["100"]}, {}, b'{"query": "SELECT"}')
    assert turn(wql, step=1).query["offset"] == ["200"]
    assert turn(turn(rest, step=-1), step=-1).query["offset"] == ["0"]
