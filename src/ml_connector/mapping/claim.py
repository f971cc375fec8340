"""What somebody says of a code: which kind it is of, what it must say of Plex, and all that is wrong with it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from ml_connector.errors import shortened
from ml_connector.mapping.period import (
    EARLIEST,
    LATEST,
    find_period_faults,
    spell,
)

ANY = "*"
State = Literal["proposed", "draft", "accepted", "withdrawn"]
Line = tuple["Kind", str, str]
"""Kind, plant, source: what may have several rows, each from another day."""
Key = tuple["Kind", str, str, str]
"""A line and the day from which its row is in force, empty for always."""


class Kind(StrEnum):
    """What is mapped; the values are the words of the command line."""

    COST_CENTER = "cost_center"
    JOB_PROFILE = "job_profile"
    LOCATION = "location"
    ACCOUNT = "account"


# What each kind must say about the Plex side: all of it, or the row does not exist.
TARGET_PARTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.COST_CENTER: ("cost_center", "department", "segment"),
    Kind.JOB_PROFILE: ("position",),
    Kind.LOCATION: ("building",),
    Kind.ACCOUNT: ("account",),
}

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 255
_REPEATED = 80
ACCOUNT_SOURCE = ("cost_center", "job_class", "component")


class RowVersion(msgspec.Struct, frozen=True):
    """One version of one line of the crosswalk, as whatever followed from it names it."""

    kind: str
    plant: str
    source: str
    version: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """
    What somebody wants to say of a code, sound or not: for finding everything that is wrong with it at once.

    *plant* is a PCN or `*`; *source* is Workday's reference id, for an account `cost_center/job_class/component`, of
    which each part may be `*`. *wid* is Workday's own id of the source, where known: it stays when the reference id is
    edited, so that the row goes on answering under the new one (RD-01).

    *effective_on* is the first day the row is in force, by the plant's own calendar, and *ends_on* the last: without
    them it always was, and stays until the next row of the line begins (RD-05).
    """

    kind: Kind
    plant: str
    source: str
    target: dict[str, str]
    effective_on: date | None = None
    ends_on: date | None = None
    state: State = "accepted"
    wid: str | None = None

    @property
    def line(self) -> Line:
        """Kind, plant, source."""
        return self.kind, self.plant, self.source

    @property
    def key(self) -> Key:
        """What is unique: the line and the day from which the row is in force."""
        return *self.line, spell(self.effective_on)

    @property
    def label(self) -> str:
        """The row as people point to it: `cost_center CC4100 (plant 101)`, and from when, where it has a day."""
        begins = f" from {self.effective_on}" if self.effective_on else ""
        return f"{self.kind.value} {self.source} ({describe_plant(self.plant)}){begins}"


def find_claim_faults(claim: Claim) -> Iterator[tuple[str, str]]:
    """
    Say what keeps a claim from being a row: what is at fault (`target`, `text`, `plant`, `source`, `date`), and why.
    """
    parts = TARGET_PARTS[claim.kind]
    yield from (("target", f"{part} is missing") for part in parts if part not in claim.target)
    what = f"a {claim.kind.value} row"
    yield from (("target", f"{part!r} is no part of {what}") for part in claim.target if part not in parts)
    own = () if claim.wid is None else (("wid", claim.wid),)
    for name, text in (("plant", claim.plant), ("source", claim.source), *own, *claim.target.items()):
        words = _find_untidy(text)
        if words:
            yield (name if name in {"plant", "source"} else "text"), f"{name} {words}"
    yield from _find_misplaced(claim)
    yield from (("date", words) for words in find_period_faults(claim.effective_on, claim.ends_on))


def find_claim_remedy(at_fault: str, claim: Claim) -> str:
    """The next step for what is *at_fault* in a claim, as `find_claim_faults` names it."""
    if at_fault == "date":
        return f"--from and --until take days from {EARLIEST} to {LATEST}; without --from the row always was in force"
    if at_fault == "plant":
        return "a PCN such as 101, or * for every plant"
    tidy = not _find_untidy(claim.source) and claim.source.strip("*")
    sound = tidy and (claim.kind is not Kind.ACCOUNT or split_account_source(claim.source))
    placeholder = "/".join(f"<{part}>" for part in ACCOUNT_SOURCE) if claim.kind is Kind.ACCOUNT else "SOURCE"
    return set_command(claim.kind, source=claim.source if sound else placeholder, plant=claim.plant)


def only_tidy(claim: Claim) -> Claim:
    """The claim without texts that no row can hold, of which nothing more can be asked."""
    target = {part: text for part, text in claim.target.items() if not _find_untidy(text)}
    plant, source, wid = (
        text and ("" if _find_untidy(text) else text) for text in (claim.plant, claim.source, claim.wid)
    )
    return msgspec.structs.replace(claim, plant=plant, source=source, target=target, wid=wid or None)


def quoted(cell: str) -> str:
    """What somebody wrote, as a message repeats it: no message is as long as a cell may be."""
    return repr(shortened(cell, _REPEATED))


def _find_untidy(text: str) -> str:
    if not text or text != text.strip() or _UNPRINTABLE.search(text):
        return "is empty, has spaces around it or holds control characters"
    return f"is longer than {_LONGEST} characters" if len(text) > _LONGEST else ""


def _find_misplaced(claim: Claim) -> Iterator[tuple[str, str]]:
    if claim.plant not in {ANY, ""} and not re.fullmatch(r"[0-9]{1,10}", claim.plant):
        yield "plant", f"plant {quoted(claim.plant)} is neither a PCN such as 101 nor *"
    if claim.kind is Kind.ACCOUNT:
        if claim.source and split_account_source(claim.source) is None:
            yield "source", f"the source of an account is {'/'.join(ACCOUNT_SOURCE)}, each of them possibly *"
    elif claim.source == ANY:
        yield "source", "only accounts take * as a source: a default would hide what is unmapped"


def split_account_source(source: str) -> tuple[str, str, str] | None:
    """Split `cost_center/job_class/component`; None when it is not that. Only the cost center may hold a `/`."""
    parts = source.rsplit("/", 2)
    if len(parts) != len(ACCOUNT_SOURCE) or not all(part == part.strip() and part for part in parts):
        return None
    return parts[0], parts[1], parts[2]


def set_command(kind: Kind, *, source: str, plant: str = ANY, target: Mapping[str, str] | None = None) -> str:
    """Write the command that sets a row, ready for a shell; without *target* its parts are left to fill in."""
    target = target or {part: f"<Plex {part.replace('_', ' ')}>" for part in TARGET_PARTS[kind]}
    words = ["ml-connector mapping set", kind.value, shell_word(source)]
    if plant != ANY:
        words += ["--plant", shell_word(plant)]
    return " ".join([*words, *(f"{part}={shell_word(value)}" for part, value in target.items())])


def describe_plant(plant: str) -> str:
    """Say which plant a row or a question is about."""
    return "any plant" if plant == ANY else f"plant {plant}"


def shell_word(text: str) -> str:
    """The text as one word of a command line."""
    if re.fullmatch(r"[A-Za-z0-9_.,:/+-]+", text):
        return text
    # Double quotes read the same in sh and in PowerShell, as long as nothing inside is special to either.
    return shlex.quote(text) if re.search(r'["$`\\!%]', text) else f'"{text}"'
