"""The crosswalk: the most specific accepted row answers, and nothing else does."""

from __future__ import annotations

import random
import re
import shlex
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ml_connector.errors import ConfigurationError, RecordError
from ml_connector.mapping.claim import TARGET_PARTS, Kind, set_command, split_account_source
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow, sign_rows


def job(source: str, position: str, *, plant: str = "101", state: str = "accepted") -> MappingRow:
    return MappingRow(kind=Kind.JOB_PROFILE, plant=plant, source=source, target={"position": position}, state=state)


def account(source: str, number: str, *, plant: str = "101") -> MappingRow:
    return MappingRow(kind=Kind.ACCOUNT, plant=plant, source=source, target={"account": number})


def position_of(crosswalk: Crosswalk, source: str, plant: str = "101") -> str:
    return crosswalk.resolve(Kind.JOB_PROFILE, source=source, plant=plant).target["position"]


def account_of(crosswalk: Crosswalk, source: str, plant: str = "101") -> str:
    return crosswalk.resolve(Kind.ACCOUNT, source=source, plant=plant).target["account"]


def test_rd_12_the_same_code_in_two_plants_is_two_objects() -> None:
    crosswalk = Crosswalk([job("JP-OPER", "Press Operator"), job("JP-OPER", "Operator", plant="102")])

    assert position_of(crosswalk, "JP-OPER", "101") == "Press Operator"
    assert position_of(crosswalk, "JP-OPER", "102") == "Operator"


def test_rd_12_a_row_of_one_plant_says_nothing_about_another() -> None:
    with pytest.raises(RecordError):
        position_of(Crosswalk([job("JP-OPER", "Press Operator")]), "JP-OPER", "102")


def known(**wids: str):
    """Workday's own ids of job profiles, by today's code."""
    return lambda kind: wids if kind is Kind.JOB_PROFILE else {}


def test_rd_01_a_changed_code_is_answered_by_workdays_own_id_and_the_old_one_stays_an_alias() -> None:
    row = msgspec.structs.replace(job("OPER", "Press Operator"), wid="w1")
    crosswalk = Crosswalk([row], wids=known(OPER2="w1"))

    assert position_of(crosswalk, "OPER2") == position_of(crosswalk, "OPER") == "Press Operator"
    assert crosswalk.find(Kind.JOB_PROFILE, source="OPER2", plant="101") == row
    assert crosswalk.version == Crosswalk([row]).version
    with pytest.raises(RecordError):
        position_of(crosswalk, "OPER2", "102")


def test_rd_01_a_code_that_went_to_another_object_is_not_the_old_one() -> None:
    """CC4100 became CC4101, and somebody opened a new CC4100: the row is about the first."""
    row = msgspec.structs.replace(job("OPER", "Press Operator"), wid="w1")
    crosswalk = Crosswalk([row], wids=known(OPER="w2", OPER2="w1"))

    assert position_of(crosswalk, "OPER2") == "Press Operator"
    with pytest.raises(RecordError):
        position_of(crosswalk, "OPER")


def test_rd_01_rows_that_contradict_each_other_answer_nothing() -> None:
    rows = [
        msgspec.structs.replace(job("A", "Welder"), wid="w1"),
        msgspec.structs.replace(job("B", "Painter"), wid="w1"),
    ]
    with pytest.raises(RecordError):
        position_of(Crosswalk(rows, wids=known(C="w1")), "C")


def test_rd_01_a_row_without_the_id_answers_by_its_code() -> None:
    assert position_of(Crosswalk([job("OPER", "Welder")], wids=known(OPER="w9")), "OPER") == "Welder"


def test_rd_06_the_plants_own_row_beats_the_one_for_any_plant() -> None:
    crosswalk = Crosswalk([job("JP-OPER", "Operator", plant="*"), job("JP-OPER", "Press Operator")])

    assert position_of(crosswalk, "JP-OPER", "101") == "Press Operator"
    assert position_of(crosswalk, "JP-OPER", "102") == "Operator"


# From the strongest to the weakest; each row must win over everything below it.
SPECIFICITY = [
    account("CC4100/direct/REG", "1"),
    account("CC4100/direct/*", "2"),
    account("CC4100/*/REG", "3"),
    account("CC4100/*/*", "4"),
    account("*/direct/REG", "5"),
    account("*/direct/*", "6"),
    account("*/*/REG", "7"),
    account("*/*/*", "8"),
    account("CC4100/direct/REG", "9", plant="*"),
    account("*/*/*", "10", plant="*"),
]


@pytest.mark.parametrize("strongest", range(len(SPECIFICITY)))
def test_rd_06_plant_then_cost_center_then_job_class_then_component(strongest: int) -> None:
    weakest_first = SPECIFICITY[strongest:][::-1]

    assert account_of(Crosswalk(weakest_first), "CC4100/direct/REG") == SPECIFICITY[strongest].target["account"]


def test_rd_06_a_wildcard_row_does_not_answer_for_what_it_excludes() -> None:
    crosswalk = Crosswalk([account("CC4100/direct/*", "5100-4100")])

    with pytest.raises(RecordError) as caught:
        account_of(crosswalk, "CC4100/indirect/REG")

    assert caught.value.waiting_for == "account CC4100/indirect/REG"


def test_rd_06_a_tie_is_refused_with_both_rows_named() -> None:
    rows = [account("CC4100/*/REG", "5100-4100"), account("CC4100/*/REG", "5110-4100")]

    with pytest.raises(ConfigurationError) as caught:
        Crosswalk(rows)

    assert "account=5100-4100" in caught.value.message
    assert "account=5110-4100" in caught.value.message
    assert "account CC4100/*/REG (plant 101)" in caught.value.message
    assert caught.value.remedy is not None


def test_rd_07_unmapped_names_what_it_waits_for_and_the_command() -> None:
    with pytest.raises(RecordError) as caught:
        position_of(Crosswalk([]), "JP-ROBO")

    error = caught.value
    assert (error.code, error.waiting_for) == ("unmapped", "job_profile JP-ROBO")
    assert error.remedy == 'ml-connector mapping set job_profile JP-ROBO --plant 101 position="<Plex position>"'


def test_a_proposed_row_does_not_answer_but_is_the_remedy() -> None:
    crosswalk = Crosswalk([job("JP-ROBO", "Robot Technician", state="proposed")])

    with pytest.raises(RecordError) as caught:
        position_of(crosswalk, "JP-ROBO")

    remedy = caught.value.remedy or ""
    assert remedy.startswith('ml-connector mapping set job_profile JP-ROBO --plant 101 position="Robot Technician"')
    assert "ml-connector mapping import --accept-proposed" in remedy
    assert "nobody has accepted" in caught.value.message


def test_an_accepted_row_answers_beside_a_proposed_one() -> None:
    crosswalk = Crosswalk([job("JP-OPER", "Press Operator"), job("JP-OPER", "Operator", state="proposed")])

    assert position_of(crosswalk, "JP-OPER") == "Press Operator"


def test_find_prefers_what_is_accepted_and_finds_what_is_proposed() -> None:
    crosswalk = Crosswalk([job("A", "P", plant="*"), job("A", "Q", state="proposed"), job("B", "R", state="proposed")])
    found = [crosswalk.find(Kind.JOB_PROFILE, source=source, plant="101") for source in ("A", "B", "C")]

    assert [row.target["position"] if row else None for row in found] == ["P", "R", None]


def test_sources_of_names_every_source_that_lands_on_one_target() -> None:
    rows = [job("A", "Welder"), job("B", "Welder", plant="*"), job("C", "Welder", plant="*"), job("C", "Painter")]
    crosswalk = Crosswalk(rows)

    assert crosswalk.sources_of(Kind.JOB_PROFILE, plant="101", part="position", value="Welder") == ("A", "B")
    assert crosswalk.sources_of(Kind.JOB_PROFILE, plant="102", part="position", value="Welder") == ("B", "C")


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"effective_on": date(1900, 1, 1)}, "--from and --until take days from 1970-01-01 to 2099-12-31"),
        ({"plant": "Detroit"}, "a PCN such as 101, or * for every plant"),
        (
            {"target": {"posit": "P"}},
            'ml-connector mapping set job_profile JP-OPER --plant 101 position="<Plex position>"',
        ),
        ({"source": "*"}, "ml-connector mapping set job_profile SOURCE --plant 101"),
    ],
)
def test_rd06_the_remedy_is_about_what_is_wrong(change: dict[str, object], remedy: str) -> None:
    sound = {"kind": Kind.JOB_PROFILE, "plant": "101", "source": "JP-OPER", "target": {"position": "P"}}

    with pytest.raises(ConfigurationError) as refused:
        MappingRow(**{**sound, **change})
    assert (refused.value.remedy or "").startswith(remedy)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": {}}, "position is missing"),
        ({"target": {"position": "P", "segment": "1"}}, "'segment' is no part"),
        ({"target": {"position": " P"}}, "spaces around"),
        ({"target": {"position": "P\x1b[2J"}}, "control characters"),
        ({"source": ""}, "source is empty"),
        ({"source": "x" * 256}, "longer than 255"),
        ({"source": "*"}, "only accounts take *"),
        ({"plant": "Detroit"}, "neither a PCN"),
        ({"kind": Kind.ACCOUNT, "target": {"account": "1"}, "source": "CC4100/REG"}, "cost_center/job_class/component"),
    ],
)
def test_a_row_that_says_too_little_does_not_exist(change: dict[str, object], words: str) -> None:
    sound = {"kind": Kind.JOB_PROFILE, "plant": "101", "source": "JP-OPER", "target": {"position": "P"}}

    with pytest.raises(ConfigurationError, match=re.escape(words)):
        MappingRow(**{**sound, **change})


def test_only_the_cost_center_may_hold_a_slash() -> None:
    assert split_account_source("CC/41/direct/REG") == ("CC/41", "direct", "REG")
    assert split_account_source("CC41//REG") is None


def test_signing_puts_author_moment_and_state_on_every_row() -> None:
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    (row,) = sign_rows([job("A", "P", state="proposed")], changed_by="mia", changed_at=at, state="accepted")

    assert (row.changed_by, row.changed_at, row.state) == ("mia", at, "accepted")


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and text != "*"
)
PARTS = st.sampled_from(["CC4100", "CC4200", "direct", "REG", "*"])
PLANTS = st.sampled_from(["101", "102", "*"])


@st.composite
def account_rows(draw: st.DrawFn) -> list[MappingRow]:
    keys = draw(st.sets(st.tuples(PLANTS, PARTS, PARTS, PARTS), max_size=12))
    return [account(f"{a}/{b}/{c}", f"{i}", plant=plant) for i, (plant, a, b, c) in enumerate(sorted(keys))]


@given(account_rows(), st.tuples(PARTS, PARTS, PARTS), st.randoms())
def test_rd_06_resolution_and_version_do_not_depend_on_the_order(
    rows: list[MappingRow], asked: tuple[str, str, str], rng: random.Random
) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)
    one, other = Crosswalk(rows), Crosswalk(shuffled)

    assert one.version == other.version
    assert one.find(Kind.ACCOUNT, source="/".join(asked), plant="101") == other.find(
        Kind.ACCOUNT, source="/".join(asked), plant="101"
    )


@given(account_rows(), st.tuples(PARTS, PARTS, PARTS))
def test_rd_06_no_matching_row_is_more_specific_than_the_answer(
    rows: list[MappingRow], asked: tuple[str, str, str]
) -> None:
    """Compared with a definition that sorts every matching row instead of looking patterns up."""

    def weight(row: MappingRow) -> tuple[bool, ...]:
        return (row.plant != "*", *(part != "*" for part in row.source.split("/")))

    def fits(row: MappingRow) -> bool:
        own = zip(row.source.split("/"), asked, strict=True)
        return row.plant in {"101", "*"} and all(part in {"*", wanted} for part, wanted in own)

    best = max((row for row in rows if fits(row)), key=weight, default=None)

    assert Crosswalk(rows).find(Kind.ACCOUNT, source="/".join(asked), plant="101") == best


@given(st.dictionaries(st.tuples(PLANTS, TEXT), TEXT, max_size=8), TEXT, TEXT, PLANTS)
def test_m_18_a_row_for_one_source_never_changes_another(
    known: dict[tuple[str, str], str], added: str, position: str, plant: str
) -> None:
    assume((plant, added) not in known)
    rows = [job(source, target, plant=where) for (where, source), target in known.items()]
    before, after = Crosswalk(rows), Crosswalk([*rows, job(added, position, plant=plant)])
    others = {source for _, source in known} - {added}

    for source in others:
        for where in ("101", "102"):
            assert before.find(Kind.JOB_PROFILE, source=source, plant=where) == after.find(
                Kind.JOB_PROFILE, source=source, plant=where
            )


@given(account_rows(), st.tuples(PLANTS, PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_m_18_adding_a_row_never_unmaps_anything(
    rows: list[MappingRow], new: tuple[str, str, str, str], asked: tuple[str, str, str]
) -> None:
    row = account("/".join(new[1:]), "new", plant=new[0])
    assume(row.key not in {known.key for known in rows})
    source = "/".join(asked)

    if Crosswalk(rows).find(Kind.ACCOUNT, source=source, plant="101"):
        assert Crosswalk([*rows, row]).resolve(Kind.ACCOUNT, source=source, plant="101")


def test_the_version_follows_accepted_content_and_nothing_else() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    rows = [job("A", "P"), job("B", "Q")]
    version = Crosswalk(rows).version

    assert Crosswalk(sign_rows(rows, changed_by="mia", changed_at=at)).version == version
    assert Crosswalk([*rows, job("C", "R", state="proposed")]).version == version
    assert Crosswalk([*rows, job("C", "R")]).version != version
    assert Crosswalk([job("A", "P"), job("B", "q")]).version != version
    assert Crosswalk([job("A", "P"), job("B", "Q", plant="102")]).version != version


@given(TEXT, TEXT)
def test_the_command_in_a_remedy_survives_a_shell(source: str, value: str) -> None:
    command = set_command(Kind.JOB_PROFILE, source=source, plant="101", target={"position": value})

    assert shlex.split(command)[4:] == [source, "--plant", "101", f"position={value}"]


def test_every_kind_says_what_its_target_must_hold() -> None:
    assert set(TARGET_PARTS) == set(Kind)
