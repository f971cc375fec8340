"""The ways in: two forms of password, and tokens."""

import base64
from urllib.parse import urlencode

import msgspec
import pytest

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import content, fault, send

PATH = "/ccx/oauth2/acme1/token"
ASK = "<bsvc:Server_Timestamp_Get/>"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=5), clock=clock)


def buy(sandbox: WorkdaySandbox, *, basic: bool = True, **changes: str) -> Response:
    oauth = sandbox.credentials["oauth"] | changes
    form = {"grant_type": "refresh_token", "refresh_token": oauth["refresh_token"]}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    pair = {name: oauth[name] for name in ("client_id", "client_secret")}
    if basic:
        headers["authorization"] = "Basic " + base64.b64encode(":".join(pair.values()).encode()).decode()
    else:
        form |= pair
    return sandbox.answer(Request("POST", PATH, {}, headers, urlencode(form).encode()))


def token(response: Response) -> str:
    assert response.status == 200
    found: str = msgspec.json.decode(content(response))["access_token"]
    return found


def status(sandbox: WorkdaySandbox, access_token: str) -> int:
    return send(sandbox, ASK, head="", authorization=f"Bearer {access_token}").status


def test_the_typed_form_of_the_password_with_must_understand(sandbox: WorkdaySandbox) -> None:
    isu = sandbox.credentials["isu"]
    head = (
        '<w:Security e:mustUnderstand="1" xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-'
        f'secext-1.0.xsd"><w:UsernameToken><w:Username>{isu["username"]}</w:Username><w:Password Type="http://docs.oasis-'
        f'open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">{isu["password"]}</w:Password>'
        "</w:UsernameToken></w:Security>"
    )
    assert send(sandbox, ASK, head=head).status == 200


@pytest.mark.parametrize("basic", [True, False])
def test_a_refresh_token_buys_an_access_token(sandbox: WorkdaySandbox, *, basic: bool) -> None:
    response = buy(sandbox, basic=basic)
    assert set(msgspec.json.decode(content(response))) == {"access_token", "token_type", "refresh_token"}
    assert status(sandbox, token(response)) == 200


@pytest.mark.parametrize("wrong", ["client_id", "client_secret", "refresh_token"])
@pytest.mark.parametrize("basic", [True, False])
def test_anything_wrong_is_an_invalid_grant(sandbox: WorkdaySandbox, wrong: str, *, basic: bool) -> None:
    response = buy(sandbox, basic=basic, **{wrong: "wrong"})
    assert (response.status, content(response)) == (400, b'{"error":"invalid_grant"}')


def test_an_access_token_lives_an_hour(sandbox: WorkdaySandbox, clock: Clock) -> None:
    bought = token(buy(sandbox))
    clock.now += 3599
    assert status(sandbox, bought) == 200
    clock.now += 1
    refused = send(sandbox, ASK, head="", authorization=f"Bearer {bought}")
    assert fault(refused)[0] == "SOAP-ENV:Client.authenticationError"
    assert status(sandbox, token(buy(sandbox))) == 200


def test_all_tokens_can_be_ended_at_once(sandbox: WorkdaySandbox) -> None:
    bought = token(buy(sandbox))
    sandbox.expire_tokens()
    assert status(sandbox, bought) == 500


def test_a_refresh_token_is_kept_unless_rotation_is_on(clock: Clock) -> None:
    steady = WorkdaySandbox(Tenant(workers=5), clock=clock)
    first = steady.credentials["oauth"]["refresh_token"]
    buy(steady)
    assert buy(steady, refresh_token=first).status == 200
    rotating = WorkdaySandbox(Tenant(workers=5), clock=clock, rotating=True)
    renewed = msgspec.json.decode(content(buy(rotating)))["refresh_token"]
    assert renewed != first
    assert buy(rotating, refresh_token=first).status == 400
    assert buy(rotating, refresh_token=renewed).status == 200


def test_the_secrets_are_the_same_in_every_run(sandbox: WorkdaySandbox) -> None:
    assert WorkdaySandbox(Tenant(workers=9)).credentials == sandbox.credentials
    assert WorkdaySandbox(Tenant(seed=8, workers=5)).credentials != sandbox.credentials
    assert {"tenant": "acme1", **sandbox.credentials}.items() <= sandbox.describe().items()
