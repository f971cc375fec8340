"""Log lines are JSON, one a line, and hold no secret in any spelling (trust A3, F7; house rule on redaction)."""

import io
import json
import logging
import stat
import sys
import time
from decimal import Decimal

import pytest
import structlog

from ml_connector import log, redaction
from ml_connector.errors import ConfigurationError
from ml_connector.secret import Pay, Secret
from tests.canaries import encodings, find_canary, plant


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Leave no configuration and no registered secret to the next test."""
    monkeypatch.setattr(redaction, "redactor", redaction.Redactor())
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    for handler in root.handlers[:]:
        if handler not in before[1]:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(before[0])
    structlog.reset_defaults()


@pytest.fixture
def lines(tmp_path):
    """Call with nothing: the lines logged so far, each parsed."""
    log.configure(level="debug", file=tmp_path / "out.log")

    def read():
        return [json.loads(line) for line in (tmp_path / "out.log").read_text(encoding="utf-8").splitlines()]

    read.path = tmp_path / "out.log"
    return read


def logger():
    return structlog.get_logger("ml_connector.test")


def test_a_line_says_when_who_and_what(lines):
    logger().warning("run_started", run="R1", count=3, share=0.5, none=None, yes=True)
    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "run_started",
        "logger": "ml_connector.test",
        "level": "warning",
        "run": "R1",
        "count": 3,
        "share": 0.5,
        "none": None,
        "yes": True,
    }


def test_f7_a_registered_secret_appears_in_no_spelling(lines):
    canary = plant()
    redaction.register_secret(Secret(canary))
    for name, form in encodings(canary).items():
        if name.startswith(("rot13", "reversed", "UTF-16BE")):
            continue  # nothing of ours or of the libraries' writes these
        for text in (form, form.decode("utf-8", "replace"), form.decode("latin-1")):
            logger().error("said " + str(text), header={"x": [text, (text,)]}, field=text)
            logging.getLogger("urllib3").error("GET %s", text)
    assert len(lines()) > 100
    assert find_canary(canary, lines.path, users=["ISU_mlc@acme1"]) == []


def test_f7_basic_pairs_are_masked_whoever_the_user_is(lines):
    import base64

    canary = plant()
    redaction.register_secret(Secret(canary))
    for user in ("a", "ab", "abc", "ISU_mlc@acme1"):
        pair = base64.b64encode(f"{user}:{canary}".encode()).decode()
        logger().error("header", value=pair, other=pair.replace("+", "-").replace("/", "_"))
    assert find_canary(canary, lines.path, users=["a", "ab", "abc", "ISU_mlc@acme1"]) == []


def test_secrets_and_pay_are_masked_by_type_and_by_name(lines):
    logger().error("x", a=Secret("not-registered"), b=[Pay(Decimal("21.50"))], c={"client_secret": "plain", "k": 1})
    logger().error("y", password="plain", refresh_token="plain", Authorization="plain", api_key=12, has_password=True)
    text = lines.path.read_text(encoding="utf-8")
    assert "not-registered" not in text
    assert "21.50" not in text
    assert "plain" not in text
    first, second = lines()
    assert (first["a"], first["b"], first["c"]) == ("***", ["***"], {"client_secret": "***", "k": 1})
    assert second["has_password"] is True
    assert second["api_key"] == "***"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer eyJhbGciOi.x-y_z==", "Authorization: Bearer ***"),
        ("authorization=basic%20dXNlcjpwYXNzd29yZA==", "authorization=basic%20***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end", "*** end"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEtruncated", "***"),
        (
            "<wsse:Password Type='#PasswordText'>hunter2</wsse:Password>",
            "<wsse:Password Type='#PasswordText'>***</wsse:Password>",
        ),
        ("<Password><![CDATA[hunter<2]]></Password>", "<Password>***</Password>"),
        ("<wsse:Password>hunter2 cut off", "<wsse:Password>***"),
        ("&lt;wsse:Password&gt;hunter2&lt;/wsse:Password&gt;", "&lt;wsse:Password&gt;***&lt;/wsse:Password&gt;"),
        ("grant_type=x&client_secret=a%2Bb&scope=y", "grant_type=x&client_secret=***&scope=y"),
        ('{"access_token": "abc", "expires_in": 3600}', '{"access_token": "***", "expires_in": 3600}'),
        ('{\\"password\\":\\"abc\\"}', '{\\"password\\":\\"***\\"}'),
        ("the basic idea is plain", "the basic idea is plain"),
    ],
)
def test_secrets_never_registered_go_by_shape(text, left):
    assert redaction.Redactor().redact(text) == left


def test_short_values_are_left_alone():
    redactor = redaction.Redactor()
    redactor.register(Secret("a"))
    redactor.register(Secret("seven77"))
    assert redactor.redact("a banana, seven77") == "a banana, seven77"


def test_the_longer_of_two_secrets_goes_whole():
    redactor = redaction.Redactor()
    for value in ("password-one", "password-one-and-two"):
        redactor.register(Secret(value))
    assert redactor.redact("x password-one-and-two y password-one z") == "x *** y *** z"


def test_an_exception_is_told_without_its_local_variables(lines):
    def fail(argument):
        token = "token-in-the-" + "message"
        raise ValueError(f"refused: {token}" if argument else token)

    redaction.register_secret(Secret("token-in-the-message"))
    argument = "-".join(["value", "of", "an", "argument"])
    try:
        fail(argument)
    except ValueError:
        logger().exception("failed")
        logging.getLogger("library").exception("failed too")
    for line in lines():
        assert "ValueError: refused: ***" in line["exception"]
        assert "value-of-an-argument" not in json.dumps(line)


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "a\u2028b", "\x1b[31mred", '","level":"info"', "\x00", "\ud800", "‮"]
)
def test_no_text_can_forge_a_line(lines, text):
    logger().warning(text, **{text: text})
    data = lines.path.read_bytes()
    assert data.count(b"\n") == 1
    assert data.isascii()
    assert b"\x1b" not in data
    [line] = lines()
    assert line["event"] == text
    assert line["level"] == "warning"


def test_bytes_and_objects_become_text(lines):
    logger().error("x", raw=b"\xff\x00abc", odd=object, many={1})
    [line] = lines()
    assert line["raw"] == "\\xff\x00abc"
    assert line["odd"] == "<class 'object'>"
    assert line["many"] == [1]


def test_the_level_holds_for_ours_and_for_libraries(tmp_path):
    log.configure(level="warning", file=tmp_path / "out.log")
    logger().info("quiet")
    logging.getLogger("urllib3").info("quiet")
    logger().warning("loud")
    assert (tmp_path / "out.log").read_text().count("\n") == 1


def test_standard_error_is_the_default_and_is_taken_once(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure()
    log.configure()
    logger().warning("hello")
    assert json.loads(stream.getvalue())["event"] == "hello"


def test_the_file_is_private_and_a_wrong_one_is_said_plainly(tmp_path):
    log.configure(file=tmp_path / "out.log")
    assert stat.S_IMODE((tmp_path / "out.log").stat().st_mode) == 0o600
    with pytest.raises(ConfigurationError, match="cannot be written: No such file") as caught:
        log.configure(file=tmp_path / "nowhere" / "out.log")
    assert "log.file" in caught.value.remedy


def test_a_line_that_cannot_be_written_is_not_printed_raw(lines, capsys):
    [handler] = [known for known in logging.getLogger().handlers if isinstance(known, log._Quiet)]
    handler.handle(logging.LogRecord("library", logging.ERROR, "x.py", 1, "secret %d", ("hunter2hunter2",), None))
    err = capsys.readouterr().err
    assert "could not be written" in err
    assert "hunter2" not in err


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 10**6,
        "<Password " * 10**5,
        "password=" * 10**5,
        "bearer " * 10**5,
        "-----BEGIN PRIVATE KEY-----" * 10**4,
        "&lt;" * 10**5 + "password",
    ],
    ids=lambda text: text[:10],
)
def test_no_line_makes_redaction_slow(hostile):
    redactor = redaction.Redactor()
    redactor.register(Secret(plant()))
    started = time.perf_counter()
    redactor.redact(hostile)
    assert time.perf_counter() - started < 5


def test_the_cost_does_not_grow_with_the_number_of_secrets():
    few, many = redaction.Redactor(), redaction.Redactor()
    few.register(Secret(plant()))
    for _ in range(200):
        many.register(Secret(plant()))
    line = '{"event": "write.applied", "object": "employee/101/3fa9b0c1", "request": "GET /mdm/v1/employees"}' * 20

    def cost(redactor):
        rounds = []
        for _ in range(15):
            started = time.perf_counter()
            redactor.redact(line)
            rounds.append(time.perf_counter() - started)
        return min(rounds)

    assert cost(many) < 5 * cost(few)
