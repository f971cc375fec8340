"""Whether a stored plan may still be carried out: every line of the table, and what the refusal says."""

import msgspec
import pytest

from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import StalePlanError
from ml_connector.review.store import Parked
from ml_connector.sync.change import Change, make_hold
from ml_connector.sync.intent import Intent
from ml_connector.sync.standing import Moved, Standing, check_stands, compare_plan, compare_plex

PLANNED = Change(
    plant="101",
    type="employee",
    key="k",
    source="21001",
    label="Ada Nguyễn",
    action="update",
    reason="changed in Workday",
    before={"department": "4200-WLD", "email": None},
    after={"department": "4100-STP", "email": "a@x"},
    owned={"department": "4100-STP", "email": "a@x"},
    body={"department": "4100-STP", "email": "a@x"},
)
INTENT = Intent(plan_id=1, seq=0, state="planned", attempt=0, change=PLANNED)
OTHER_WISH = {"department": "4300-ASM", "email": "a@x"}


def changed(**values):
    return msgspec.structs.replace(PLANNED, **values)


def record(**fields):
    return PlexRecord(type="employee", plant="101", key="k", fields={"department": "4200-WLD", **fields})


def parked(**values):
    told = {"type": "employee", "plant": "", "key": "21001", "label": "Ada", "code": "x", "reason": "no name"}
    return Parked(**{**told, **values})


def compare(*again, found=None, waiting=()):
    shown = [record()] if found is None else found
    return compare_plan([INTENT], again=again, parked=waiting, find_now=lambda _change: shown)


@pytest.mark.parametrize(
    "now",
    [
        PLANNED,
        changed(hold="12345678", reason="drift", level=7, needs=("x|101|y",)),
        changed(before={"department": "4200-WLD"}),
    ],
)
def test_what_is_drawn_up_again_to_the_letter_stands(now):
    assert compare(changed(key="other"), now) == Standing([], [])


def test_what_plex_holds_already_is_done_whatever_else_is_wanted():
    held = [record(department="4100-STP", email="a@x")]
    assert compare(found=held) == Standing([INTENT], [])
    assert compare(changed(action="deactivate", owned={}), found=held).already == [INTENT]


@pytest.mark.parametrize(
    ("again", "found", "what"),
    [
        ([], None, "changed in Workday"),
        ([changed(body=OTHER_WISH, owned=OTHER_WISH)], None, "changed in Workday"),
        ([changed(action="deactivate", owned={}, body={"status": "Inactive"})], None, "changed in Workday"),
        ([changed(before={"department": "4300-ASM"})], [record(department="4300-ASM")], "changed in Plex"),
        ([changed(body={"shift": "Night", **PLANNED.body})], None, "changed in Plex"),
        ([changed(action="create", before={})], [], "changed in Plex"),
        ([], [], "changed in Plex"),
        ([], [record(department="4300-ASM")], "changed in Plex"),
    ],
)
def test_what_moved_is_said_with_its_side(again, found, what):
    assert compare(*again, found=found) == Standing([], [Moved(PLANNED, what)])


def test_a_record_that_is_parked_now_says_why():
    assert compare(waiting=[parked()]).moved == [Moved(PLANNED, "is parked (no name)")]
    assert compare(waiting=[parked(field="supervisor_id")]).moved == [Moved(PLANNED, "changed in Workday")]


def test_cc_13_a_type_that_cannot_be_read_now_is_not_guessed():
    standing = compare_plan([INTENT], again=[], parked=[], find_now=lambda _change: None)
    assert standing.moved == [Moved(PLANNED, "cannot be read in Plex")]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([record()], Standing([], [])),
        ([record(department="4100-STP", email="a@x")], Standing([INTENT], [])),
        ([record(department="4300-ASM")], Standing([], [Moved(PLANNED, "changed in Plex")])),
    ],
)
def test_what_is_sent_again_is_compared_with_plex_alone(found, expected):
    assert compare_plex([INTENT], find_now=lambda _change: found) == expected


def test_five_records_are_named_and_the_others_counted():
    moved = [Moved(changed(label=f"Worker {n}"), "changed in Plex") for n in range(7)]
    with pytest.raises(StalePlanError) as caught:
        check_stands(Standing([], moved), digest="f" * 64)
    message = caught.value.message
    assert message.startswith("plan ffffffffffff would not be drawn up again: Worker 0 changed in Plex, Worker 1")
    assert message.endswith("Worker 4 changed in Plex and 2 more; nothing was sent")


def test_cc_12_a_guard_that_would_hold_the_plan_now_stops_it():
    hold = make_hold("deactivate_over", kind="employee", plant="", members=["m"], reason="23 of 40", remedy="look")
    with pytest.raises(StalePlanError, match="would be held now: 23 of 40"):
        check_stands(Standing([], []), digest="f" * 64, held=[hold])
    check_stands(Standing([INTENT], []), digest="f" * 64)
