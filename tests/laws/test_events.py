"""What is taken back was never there; what is corrected was never wrong; names and what is not ours mean nothing."""

from __future__ import annotations

from tests.laws.firm import Firm, accept_mapping, found
from tests.laws.history import DAYS, VERBS, NumberedDesk, Step, chance_of, desk_of, led_teams, settle
from tests.laws.law import law
from tests.laws.relabel import rename_all, under_other_names, with_more
from tests.laws.second_thoughts import CORRECTED, TAKEN_BACK, Pair, correct, take_back
from tests.laws.verdict import check_truth, differences, master


def endings(pair: Pair, *, every: int) -> list[dict]:
    states = []
    for steps in pair:
        with found(steps) as firm:
            states.append(master(firm.live(every=every, after=check_truth)))
    return states


@law(examples=2)
def test_m7_rescind_cancels(events, tally):
    """M-7: history + (event, rescind of it) = history; a hire leaves at most a record that ended (ED-04)."""
    pair = take_back(settle(events), chance=chance_of(events))
    plain, other = endings(pair, every=4)
    assert differences(plain, other) == [], pair.other[len(pair.other) - 2 * len(TAKEN_BACK) :]
    tally("M-7 rescind", histories=1, events_taken_back=len(TAKEN_BACK))


@law(examples=2)
def test_m8_correction_is_right_first_time(events, tally):
    """M-8: history + (event, its correction) = history + the event as it should have been."""
    pair = correct(settle(events), chance=chance_of(events))
    plain, other = endings(pair, every=4)
    assert differences(plain, other) == [], pair.other[len(pair.other) - 2 * len(CORRECTED) :]
    tally("M-8 correction", histories=1, events_corrected=len(CORRECTED))


# M-9, time travel, is a law of the as-of view and stands beside it.


@law(examples=1)
def test_m16_relabel(events, tally):
    """M-16: every WID and number is another, in reverse order: the same people under other names."""
    steps = settle(events)
    with found(steps, fresh=True) as firm:
        named = master(firm.live(every=10))
    mapping = accept_mapping(firm.start, spoil=under_other_names)
    with found(steps, fresh=True, spoil=under_other_names, mapping=mapping) as firm:
        renamed = master(firm.live(every=10))
    assert rename_all(named) != named
    assert differences(rename_all(named), renamed) == []
    tally("M-16 relabel", histories=1, people=len(named["people"]))


@law(examples=2)
def test_m17_irrelevance(events, tally):
    """M-17: rises, other teams' names, unknown elements and a newer schema write nothing; a manager one field."""
    with found(settle(events)) as firm:
        firm.live(every=DAYS)
        before = firm.writes
        happens_to_all(firm, "raise pay")
        for team in led_teams(_desk_of(firm)):
            _desk_of(firm).rename(team, name=f"{team} renamed")
        firm.sync()
        written = firm.writes - before
        firm.die()
        firm.workday, firm.rehearsal.spoil = {"version": "v46.1"}, with_more
        firm.sync()
        written += firm.writes
        happens_to_all(firm, "change team")
        changes = firm.begin().plan().changes
        tally("M-17 irrelevance", histories=1, writes=written, managers_changed=len(changes))
        assert written == 0
        assert {field for change in changes for field in change.after} <= {"supervisor_id"}


def happens_to_all(firm: Firm, verb: str) -> None:
    """Let something happen today to everybody it can happen to."""
    who = sorted(VERBS[verb].who(_desk_of(firm)))
    firm.steps = [Step(firm.day, 300 + n, verb, key, n, VERBS[verb].do) for n, key in enumerate(who)]
    firm.enter()


def _desk_of(firm: Firm) -> NumberedDesk:
    return desk_of(firm.tenant, number=299, seed="")
