"""
A system that quotes our credential in its refusal: the words that reach people, tables and the trail hold none of it
(trust A3, F7).
"""

from __future__ import annotations

import json

import pytest
from lxml import etree

from ml_connector import redaction
from ml_connector.connectors.plex.refusal import parse_problem, redact
from ml_connector.connectors.workday.faults import read_fault, sort_fault, sort_write_fault
from ml_connector.connectors.workday.json_answers import read_words
from ml_connector.errors import ConfigurationError, MLConnectorError, RecordError, shortened
from ml_connector.secret import MASK, Secret
from tests.canaries import encodings, plant
from tests.workday_wire import MemoryResponse, fault

API_KEY = "k3y-0123456789012345-aBcDeFgH-9876543210"


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> str:
    """A credential this process has used, and no other."""
    monkeypatch.setattr(redaction, "redactor", redaction.Redactor())
    secret = plant()
    for value in (secret, API_KEY):
        redaction.register_secret(Secret(value))
    return secret


def pieces(secret: str) -> set[str]:
    """Every eight characters of it in a row."""
    return {secret[at : at + 8] for at in range(len(secret) - 7)}


def holds(text: str, secret: str) -> list[str]:
    return [piece for piece in pieces(secret) if piece in text]


@pytest.mark.parametrize("kind", [MLConnectorError, ConfigurationError, RecordError])
def test_f7_an_error_is_born_without_the_secrets_we_know(canary: str, kind: type[MLConnectorError]) -> None:
    for name, spelled in encodings(canary).items():
        if name.startswith(("UTF-16BE", "reversed", "rot13", "UTF-16LE, in", "latin-1")) or name == "UTF-16LE":
            continue  # spellings of bytes, or of nobody who quotes
        told = kind(f"it says: {spelled.decode()}!", remedy=f"send {spelled.decode()}")
        assert spelled.decode() not in f"{told.message} {told} {told.args} {told.remedy}", name
        assert told.message.startswith("it says: "), name
    assert API_KEY not in RecordError("no", code=API_KEY).code


def test_f7_a_text_is_cut_after_the_secret_was_taken_out(canary: str) -> None:
    for most in range(20, 80):
        assert holds(shortened(f"the password {canary} is wrong", most), canary) == []


def test_f7_a_secret_that_was_cut_off_in_its_second_half_is_taken_out_too(canary: str) -> None:
    for length in range(len(canary) // 2 + 1, len(canary)):
        assert redaction.mask_values(f"got {canary[:length]}… as key") == f"got {MASK}… as key"
    assert redaction.mask_values("k3y-012 is no half of it") == "k3y-012 is no half of it"


def test_f7_a_soap_fault_that_quotes_the_password_tells_nothing_of_it(canary: str) -> None:
    quoted = canary.replace("&", "&amp;").replace("<", "&lt;")
    for before in ("invalid password ", "x" * 280):  # whole, and where the words are cut
        answer = fault("Client.authenticationError", before + quoted, message=quoted)
        said = read_fault(etree.fromstring(answer.read()))
        assert said is not None
        assert holds(said.words, canary) == []
        for error in (sort_fault(said, task="T.Get"), sort_write_fault(said, task="T.Put")):
            assert holds(f"{error} {error.message} {error.remedy}", canary) == []


def test_f7_the_words_of_a_rest_refusal_tell_nothing_of_the_secret(canary: str) -> None:
    for before in ("bad secret ", "x" * 280):
        body = json.dumps({"error": before + canary, "errors": [{"error": f"again {canary}"}]}).encode()
        words = read_words(MemoryResponse(400, body))  # type: ignore[arg-type]
        assert words.startswith(before[:8])
        assert holds(words, canary) == []


def test_f7_px14_plex_quoting_the_key_is_cleaned_before_its_digits_are_masked(canary: str) -> None:
    for before in ("invalid key ", "x" * 180):
        body = json.dumps({"code": "ARGUMENT_INVALID", "message": before + API_KEY, "errors": [{"message": canary}]})
        problem = parse_problem(body.encode(), sent={"firstName": canary[:4]})
        assert problem.code == "ARGUMENT_INVALID"
        for message in problem.messages:
            assert holds(message, API_KEY) == []
            assert "aBcD" not in message
            assert holds(message, canary) == []
    assert "aBcD" not in redact(f"Result: {API_KEY}", sent={})
