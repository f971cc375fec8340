"""The chain's bytes are unambiguous, and the stand-alone verifier agrees with them from its own code."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.audit import chain, verifier
from ml_connector.audit.event import AuditAction, AuditEvent, commitment, disguise, person_of, pseudonym, reveal

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
KEY = b"k" * 32
TEXT = st.none() | st.text(max_size=30)
EVENTS = st.builds(
    AuditEvent,
    action=st.sampled_from(AuditAction),
    actor=st.text(max_size=30),
    at=st.just(AT),
    object=TEXT,
    run=TEXT,
    plan=TEXT,
    fields=st.lists(st.text(max_size=10), max_size=3).map(tuple),
    before_hash=TEXT,
    after_hash=TEXT,
    reason=TEXT,
    outcome=TEXT,
    detail=st.dictionaries(st.text(max_size=10), st.text(max_size=10) | st.integers(0, 10**9), max_size=3),
)


def event(**changes):
    return AuditEvent(**({"action": AuditAction.WRITE_APPLIED, "actor": "cli", "at": AT} | changes))


def linked(events):
    entries, last = [], chain.GENESIS
    for seq, each in enumerate(events, start=1):
        entry = chain.link(each, seq=seq, previous=last, key=KEY)
        entries.append({"seq": seq, **entry.columns, "hash": entry.hash, "seal": entry.seal})
        last = entry.hash
    return entries


def head_of(entries):
    seq, digest = entries[-1]["seq"], entries[-1]["hash"]
    return verifier.Head(seq, digest, chain.seal_of("head", seq=seq, digest=digest, key=KEY))


@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_the_verifier_agrees_with_the_writer(events):
    entries = linked(events)
    verdict = verifier.verify(entries, head=lambda: head_of(entries), key=KEY)
    assert (verdict.ok, verdict.events, verdict.problem) == (True, len(events), None)


@given(EVENTS, EVENTS)
def test_no_two_events_share_bytes(one, other):
    first, second = chain.columns_of(one), chain.columns_of(other)
    alike = chain.canonical_bytes(1, previous="", columns=first) == chain.canonical_bytes(
        1, previous="", columns=second
    )
    assert alike == (first == second)


def test_an_absent_text_is_not_an_empty_one_and_parts_do_not_run_together():
    variants = [event(), event(object=""), event(run=""), event(object="a", run="b"), event(object="ab", run="")]
    assert len({linked([each])[0]["hash"] for each in variants}) == len(variants)


def test_the_hash_stays_what_it_is():
    """A golden value: trails written by an older release must verify with a newer one."""
    entry = linked([event(object="department|101|D10", fields=("name",), detail={"count": 2}, reason="renamed: é")])[0]
    assert entry["hash"] == "a063c2f049b69a7a1c8819033bb03d67821cadec98f82b1fee1e6477d5f55718"


def test_one_moment_has_one_spelling():
    elsewhere = AT.astimezone(timezone(timedelta(hours=-5)))
    assert linked([event(at=AT)]) == linked([event(at=elsewhere)])


def test_a_gap_in_the_numbers_is_seen_even_with_fresh_hashes_and_no_key():
    entries = linked([event(reason=str(number)) for number in range(3)])
    entries[2]["seq"] = 4
    entries[2]["hash"] = verifier.event_hash(entries[2], previous=entries[1]["hash"])
    verdict = verifier.verify(entries, head=lambda: verifier.Head(3, entries[2]["hash"], ""))
    assert (verdict.ok, verdict.first_bad) == (False, 3)
    assert verdict.problem == "event 3 is missing; number 4 stands in its place"


def test_what_no_database_holds_becomes_visible():
    columns = chain.columns_of(event(reason="a\0b\ud800c", detail={"x": "\0\ud800"}))
    assert columns["reason"] == "a␀b?c"
    assert columns["detail"] == '{"x":"\\u0000\\ud800"}'


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("employee/101/3fa9-77", "3fa9-77"),
        ("worker//21001", "21001"),
        ("employee_attributes/101/3fa9/77|8", "3fa9/77|8"),
        ("cost_center/101/CC4300", None),
        ("plan//abc", None),
        ("employee", None),
        ("worker//", None),
        (None, None),
    ],
)
def test_people_are_told_from_things(name, person):
    assert person_of(event(object=name)) == person


def test_a_person_goes_into_the_chain_under_a_pseudonym_and_comes_back():
    told = event(
        object="worker//21001", reason="21001 has no cost center (121001, 21001-x)", detail={"who": "21001", "n": 3}
    )
    hidden, subjects = disguise(told, seal_key=KEY)
    stand_in = pseudonym(KEY, "21001")
    assert subjects == {stand_in: "21001"}
    assert hidden.object == f"worker//{stand_in}"
    assert hidden.reason == f"{stand_in} has no cost center (121001, 21001-x)"
    assert hidden.detail == {"who": stand_in, "n": 3}
    assert reveal(hidden, subjects=subjects) == told
    assert reveal(hidden, subjects={}) == hidden


def test_pseudonyms_and_commitments_need_the_key():
    assert pseudonym(KEY, "21001") == pseudonym(KEY, "21001") != pseudonym(b"x" * 32, "21001")
    hidden, _ = disguise(event(before_hash="a" * 64, after_hash=None), seal_key=KEY)
    assert hidden.before_hash == commitment(KEY, "a" * 64) != commitment(b"x" * 32, "a" * 64)
    assert hidden.after_hash is None
    assert commitment(KEY, "x") != pseudonym(KEY, "x")[1:]


def test_an_auditors_key_is_not_the_one_behind_the_pseudonyms():
    assert chain.head_key(KEY) != KEY


def test_events_are_frozen_and_the_vocabulary_is_closed():
    with pytest.raises(AttributeError):
        event().actor = "somebody else"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"action": "something.else", "actor": "x", "at": AT}, AuditEvent)
