"""No field is written in both directions, so two syncs never take turns (UP-05)."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.mapping.desired import Desired
from ml_connector.mapping.rules import FIELDS, Owner, Owners, is_owned
from ml_connector.sync.diff import Sides, decide

CHOICES = [Owners(cost_centers=owner) for owner in (Owner.WORKDAY, Owner.PLEX)]
VALUES = st.one_of(
    st.sampled_from(["Paint", "Paint ", "paint", "", "0010", "10", "40", "40.00"]), st.none(), st.booleans()
)
RECORD = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda kind: st.tuples(
        st.just(kind), *(st.fixed_dictionaries(dict.fromkeys(sorted(FIELDS[kind]), VALUES)) for _side in range(2))
    )
)


@pytest.mark.parametrize("owners", CHOICES, ids=lambda owners: owners.cost_centers)
def test_up_05_every_field_goes_one_way_and_keys_go_none(owners: Owners) -> None:
    for kind, fields in FIELDS.items():
        for name, rule in fields.items():
            ways = [owner for owner in (Owner.WORKDAY, Owner.PLEX) if is_owned(kind, name, by=owner, owners=owners)]
            assert len(ways) == (rule.owner is not Owner.KEY), (kind, name)


def written(
    kind: str, source: dict[str, Scalar], target: dict[str, Scalar], *, by: Owner, owners: Owners
) -> dict[str, Scalar]:
    """What one direction would write over *target*; where it writes, *target* is other afterwards."""
    other = Owner.PLEX if by is Owner.WORKDAY else Owner.WORKDAY
    decision = decide(
        Desired(type=kind, plant="101", key="k", source="s", label="l", fields=source),
        PlexRecord(type=kind, plant="101", key="k", fields=dict(target)),
        baseline=source,
        status_inactive="Inactive",
        owned=partial(is_owned, by=by, owners=owners),
        sides=Sides(source=by.name.capitalize(), target=other.name.capitalize()),
    )
    if decision is None:
        return {}
    target.update(decision.after)
    return decision.after


@settings(max_examples=200)
@given(record=RECORD, owners=st.sampled_from(CHOICES))
def test_up_05_after_one_round_both_ways_the_next_one_writes_nothing(
    record: tuple[str, dict[str, Scalar], dict[str, Scalar]], owners: Owners
) -> None:
    kind, workday, plex = record[0], dict(record[1]), dict(record[2])
    down = written(kind, workday, plex, by=Owner.WORKDAY, owners=owners)
    up = written(kind, plex, workday, by=Owner.PLEX, owners=owners)
    assert not down.keys() & up.keys()
    assert written(kind, workday, plex, by=Owner.WORKDAY, owners=owners) == {}
    assert written(kind, plex, workday, by=Owner.PLEX, owners=owners) == {}
