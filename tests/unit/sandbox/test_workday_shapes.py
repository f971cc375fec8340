"""The little language of shapes."""

import pytest

from ml_connector.sandbox.workday.markup import Ref, Writer, undeclared
from ml_connector.sandbox.workday.shapes import parse_shapes

SHAPES = parse_shapes(
    """
Part
  Size! decimal

Thing @Version:string
  Name? string
  Owner_Reference* &Worker
  Box? @Round:boolean
    Lid? string
  Part* (Part)
"""
)
VALUE = {
    "Part": [{"Size": 2}],
    "Box": {"@Round": True, "Lid": "a < b"},
    "Owner_Reference": [Ref((("WID", "1"),), 'A "B"')],
    "Name": None,
    "@Version": 'v"1',
}


def test_values_are_written_in_the_order_of_the_shape() -> None:
    assert Writer().element("Thing", SHAPES["Thing"], VALUE) == (
        '<wd:Thing wd:Version="v&quot;1"><wd:Owner_Reference><wd:ID wd:type="WID">1</wd:ID></wd:Owner_Reference>'
        '<wd:Box wd:Round="1"><wd:Lid>a &lt; b</wd:Lid></wd:Box><wd:Part><wd:Size>2</wd:Size></wd:Part></wd:Thing>'
    )


def test_labels_are_written_on_request() -> None:
    written = Writer(descriptors=True).element("Thing", SHAPES["Thing"], VALUE)
    assert """<wd:Owner_Reference wd:Descriptor='A "B"'>""" in written


def test_what_a_shape_does_not_know_is_found() -> None:
    wrong = {"Nane": 1, "Box": {"Lit": 1}, "Part": [{"@Size": 1}]}
    assert undeclared(SHAPES["Thing"], wrong) == ["/Nane", "/Box/Lit", "/Part/@Size"]
    assert undeclared(SHAPES["Thing"], VALUE) == []


@pytest.mark.parametrize("line", ["Name string", "Name? text"])
def test_a_line_that_means_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="Name"):
        parse_shapes(f"Thing\n  {line}")
