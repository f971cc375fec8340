"""What needs a held change waits with it, whatever is wanted and whatever the limits are (WP-09, WP-15)."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.settings.sync import Guard
from ml_connector.sync.allowance import member_of
from ml_connector.sync.change import ORDER, Change, level_of
from ml_connector.sync.order import in_order, part_orphans
from ml_connector.sync.policy import Approvals, guard_changes

BRINGING = {"create", "reactivate", "transfer"}


class Person(NamedTuple):
    """What happens to somebody: their *boss* is one of those before them, if anybody; *number* makes them one."""

    number: int
    story: str
    boss: int
    drifted: bool


STORIES = ("hired", "back", "moved", "transferred", "changed", "left", "as before")
PEOPLE = st.lists(st.tuples(st.sampled_from(STORIES), st.integers(0, 12), st.booleans()), min_size=1, max_size=12).map(
    lambda told: [Person(number, *rest) for number, rest in enumerate(told)]
)
LIMITS = st.sampled_from(["0", "1", "3", "100%"])
GUARDS = st.builds(
    Guard,
    create_over=LIMITS,
    update_over=LIMITS,
    deactivate_over=LIMITS,
    reactivate_over=LIMITS,
    field_change_over=LIMITS,
    drift_over=LIMITS,
    drift=st.sampled_from(["overwrite", "hold"]),
)


def changes_of(person: Person, people: list[Person]):
    """What a plan would hold of one person, in whatever order."""
    here = "101" if person.story not in {"moved", "transferred"} else "102"
    me = f"employee|{here}|{person.number}"
    boss = people[person.boss % len(people)]
    needs = () if boss.number >= person.number else tuple(f"employee|{plant}|{boss.number}" for plant in ("101", "102"))

    def change(action, *, plant=here, kind="employee", needs=needs, **more):
        return Change(
            plant=plant,
            type=kind,
            key=str(person.number),
            source=str(person.number),
            label=f"Person {person.number}",
            action=action,
            reason="drift: somebody changed it" if person.drifted and action != "create" else "",
            before={"shift": "Day"} if action == "update" else {},
            after={"shift": "Night"} if action == "update" else {},
            owned={},
            body={"told": [action, plant, kind]},
            needs=needs,
            level=level_of(kind, action, depth=2 * person.number) + (action == "update"),
            **more,
        )

    yield change("update", kind="employee_attributes", needs=(me,))
    if person.story in {"hired", "moved"}:
        yield change("create")
    if person.story == "moved":
        yield change("deactivate", plant="101", needs=(me,))
    if person.story == "back":
        yield from (change("reactivate"), change("update"))
    if person.story == "changed":
        yield change("update")
    if person.story == "left":
        yield change("deactivate", needs=())
    if person.story == "transferred":
        yield msgspec.structs.replace(change("update", plant="101", needs=()), level=ORDER["employee"] - 1)
        origin = f"employee|101|{person.number}"
        yield change("transfer", needs=(origin,), origin="101", person=str(person.number))
        yield change("update", needs=(*needs, me))


def wanted(people: list[Person]) -> list[Change]:
    told = in_order(change for person in people for change in changes_of(person, people))
    return [change for change, _lacking in part_orphans(told, lacks=lambda _change, _need: False)]


def looked_at(people, guard, **released):
    return guard_changes(wanted(people), population=len(people), guard=guard, approvals=Approvals(released))


@settings(max_examples=300)
@given(PEOPLE, GUARDS)
def test_wp15_no_change_goes_whose_need_is_held(people, guard):
    changes, holds = looked_at(people, guard)
    held = {change.name: change.hold for change in changes if change.hold and change.action in BRINGING}
    members = {member for hold in holds for member in hold.members}
    for change in changes:
        lacking = [name for name in (*change.needs, change.name) if name in held]
        assert change.hold or not lacking
        assert change.hold in {None, *(hold.id for hold in holds)}, "a hold that a person can see"
        if member_of(change) in members:
            assert change.hold
        if change.action == "transfer":
            both = {(change.plant, change.key), (change.origin, change.key)}
            together = [other for other in changes if (other.plant, other.key) in both]
            assert len({bool(other.hold) for other in together}) == 1, "PX-07: nobody is made ready for nothing"


@settings(max_examples=200)
@given(PEOPLE, GUARDS, st.data())
def test_cc12_a_release_lets_its_set_go_and_leaves_every_other_hold_as_it_was(people, guard, data):
    changes, holds = looked_at(people, guard)
    let_go = data.draw(st.sets(st.sampled_from([hold.id for hold in holds]))) if holds else set()
    released = {hold.id: (hold.guard, frozenset(hold.members)) for hold in holds if hold.id in let_go}
    after, left = looked_at(people, guard, **released)
    assert {hold.id for hold in left} == {hold.id for hold in holds} - let_go
    assert not {change.hold for change in after} & let_go
    for before, now in zip(changes, after, strict=True):
        assert now.hold is None or before.hold is not None
        if before.hold and now.hold is None:
            assert let_go & set(now.approved), "who went because it was released says so"
