"""
Sorts Workday's refusals by the fault's own code, never by the HTTP status: every SOAP fault comes as 500.

Pure. Words of a fault reach people shortened and in one line; bodies never do.
"""

from __future__ import annotations

import re
from itertools import islice

import msgspec
from lxml import etree

from ml_connector.connectors.inflate import OversizedError
from ml_connector.connectors.transport import refuse_oversized, refuse_redirect
from ml_connector.connectors.workday.frame import SOAP
from ml_connector.connectors.workday.operations import BSVC
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RateLimitError,
    RecordError,
    UnavailableError,
)
from ml_connector.redaction import redact

_MAX_WORDS = 300
# Looked at of a fault: what is shown is in there, and a fault of a hundred thousand messages holds nobody up.
_MAX_MESSAGES, _MAX_MESSAGE = 20, 4096
_QUOTA = re.compile(r"\bquota|\brate.?limit|\btoo many (\w+ )?(requests|calls)|\brequest limit|throttl", re.IGNORECASE)
_LATE_STATUS = frozenset({408, 504})
_LATER = "try again later; Workday's weekly maintenance is from Friday 23:00 to Saturday 03:00 Pacific"
ASK_AGAIN = (
    "run it again: nothing was changed by asking; if it stays, look at the network and at proxies between here and Workday, "
    "which may cut connections and answers off"
)
_WHO_ANSWERS = (
    "run it again: nothing was changed by asking; if it stays, look at who answers in Workday's place (the configured host, a "
    "proxy on the way)"
)
_PUT_DOMAINS = {"Put_Cost_Center": "Manage: Cost Center"}
ACTIVATE = "then run Activate Pending Security Policy Changes"


class SoapFault(msgspec.Struct, frozen=True, kw_only=True):
    """One SOAP fault: the code without its prefix (`Client.validationError`) and its words."""

    code: str
    words: str


class UnknownReferenceError(ConfigurationError):
    """Workday has nothing of the id that was asked for, or does not show it to us."""


def read_fault(root: etree._Element) -> SoapFault | None:
    """Read the fault of a parsed document, or None when it holds none."""
    fault = root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    if root.tag != f"{{{SOAP}}}Envelope" or fault is None:
        return None
    messages = islice(fault.iter(f"{{{BSVC}}}Message", f"{{{BSVC}}}Detail_Message"), _MAX_MESSAGES)
    told: list[str] = []
    for text in (fault.findtext("faultstring", ""), *(message.text or "" for message in messages)):
        text = " ".join(text[:_MAX_MESSAGE].split())
        if text and not any(text in earlier for earlier in told):
            told.append(text)
    code = fault.findtext("faultcode", "").strip().rpartition(":")[2]
    return SoapFault(code=code, words=redact("; ".join(told))[:_MAX_WORDS])


def sort_fault(fault: SoapFault, *, task: str) -> MLConnectorError:
    """Say what a fault means for *task*, such as `Human_Resources.Get_Workers`."""
    words = fault.words.lower()
    if tells_of_pace(fault):
        return RateLimitError(f"Workday asks for patience: {fault.words}")
    if fault.code.endswith("authenticationError"):
        return AuthenticationError(
            f"Workday does not let us in: {fault.words or 'authentication failed'}",
            remedy="check the integration system user and its password (`ml-connector credentials set workday "
            "password`), that the account is not locked or expired, and that it may use web services",
        )
    if "not authorized" in words and not fault.code.endswith("validationError"):
        return PermissionError_(f"Workday refuses the task {task}: {fault.words}", remedy=grant_task(task))
    if "not a valid id value" in words:
        return UnknownReferenceError(f"Workday refuses our request to {task}: {fault.words}")
    if fault.code.endswith("validationError"):
        return ConfigurationError(
            f"Workday refuses our request to {task}: {fault.words}",
            remedy="check `version`, `tenant` and `host` of the connection: this tenant may not offer that version"
            if "version is invalid" in words or "element not found" in words
            else None,
        )
    return UnavailableError(
        f"Workday could not carry out {task}: {fault.words or fault.code or 'no reason given'}", remedy=_LATER
    )


def tells_of_pace(fault: SoapFault) -> bool:
    """
    Whether a fault refuses for pace: on SOAP Workday throttles with status 500, and only the words tell.

    Its text is published nowhere. A fault of the caller's own (`Client…`, `validationError`) never is one.
    """
    own = fault.code.startswith("Client") or fault.code.endswith("validationError")
    return not own and is_of_pace(fault.words)


def is_of_pace(words: str) -> bool:
    """Whether the words of a refusal ask for fewer requests."""
    return _QUOTA.search(words) is not None


def sort_write_fault(fault: SoapFault, *, task: str) -> MLConnectorError:
    """
    Say what a fault means for a write: refused for good, refused to us, or nothing that proves anything.

    A fault of the server's own may come after the deed, also one that tells of pace: words are no proof. Only what a
    validation or a permission refuses was not done.
    """
    words = fault.words.lower()
    if fault.code.endswith("authenticationError"):
        return sort_fault(fault, task=task)
    if "not authorized" in words and not fault.code.endswith("validationError"):
        return PermissionError_(f"Workday refuses the task {task}: {fault.words}", remedy=grant_put(task))
    if fault.code.endswith("validationError"):
        if "version is invalid" in words or "element not found" in words:
            return sort_fault(fault, task=task)
        return RecordError(
            f"Workday refuses {task}: {fault.words}",
            code="validation",
            remedy="correct it in Plex, the mapping or Workday, then ml-connector reevaluate KEY",
        )
    return AmbiguousWriteError(
        f"Workday failed while carrying out {task}: {fault.words or fault.code or 'no reason given'}",
    )


def sort_status(
    status: int, *, task: str, retry_after_s: float | None = None, words: str = "", writes: bool = False
) -> MLConnectorError:
    """
    Say what an answer that is no SOAP document means: by its status, a 403 or 500 for pace by its *words* too.

    *writes*: the task changes something, and needs Put.
    """
    if status == 401:
        return AuthenticationError(
            "Workday does not let us in (HTTP 401)", remedy="ml-connector credentials list   then set what is wrong"
        )
    if status == 403 and (retry_after_s is not None or is_of_pace(words)):
        return RateLimitError("Workday's quota is used up for now (HTTP 403)", retry_after_s=retry_after_s)
    if status == 500 and is_of_pace(words):
        return RateLimitError("Workday asks for patience (HTTP 500)", retry_after_s=retry_after_s)
    if status == 403:
        remedy = grant_put(task) if writes else grant_task(task)
        return PermissionError_(f"Workday refuses {task} (HTTP 403)", remedy=remedy)
    if 300 <= status < 400:
        return refuse_redirect(
            status,
            who="Workday",
            remedy="set `host` to the tenant's services host, as Workday's View API Clients or WSDL shows it",
        )
    if status == 404:
        return ConfigurationError(
            f"there is no {task} at this address (HTTP 404)", remedy="check `host`, `tenant` and `version`"
        )
    if status == 429:
        return RateLimitError("Workday asks for patience (HTTP 429)", retry_after_s=retry_after_s)
    if status == 503:
        return UnavailableError(f"Workday is away: {task} (HTTP 503)", remedy=_LATER, retry_after_s=retry_after_s)
    away = UnavailableError(
        f"Workday answered {task} with something that is no answer (HTTP {status})",
        remedy=_LATER,
        retry_after_s=retry_after_s,
    )
    away.timed_out = status in _LATE_STATUS
    return away


def sort_silence(error: AmbiguousWriteError | NotSentError, *, task: str) -> UnavailableError | ConfigurationError:
    """Say what no whole answer means for a question, which may be asked again unless the answer is too large."""
    if isinstance(error, AmbiguousWriteError) and error.oversized:
        return refuse_oversized(error.message, what=task)
    away = UnavailableError(f"{task}: {error.message}", remedy=choose_remedy(error))
    away.timed_out = isinstance(error, AmbiguousWriteError) and error.timed_out
    return away


def choose_remedy(error: AmbiguousWriteError | NotSentError) -> str | None:
    """What to do about a question without an answer; what is done about a write does not concern it."""
    return ASK_AGAIN if isinstance(error, AmbiguousWriteError) else error.remedy


def sort_unusable(reason: ValueError, *, task: str) -> UnavailableError | ConfigurationError:
    """Say what an answer that cannot be used means for a question, as `sort_silence` does."""
    what = f"Workday's answer to {task} cannot be used"
    return (
        refuse_oversized(reason, what=what)
        if isinstance(reason, OversizedError)
        else UnavailableError(f"{what}: {reason}", remedy=_WHO_ANSWERS)
    )


def grant_task(task: str) -> str:
    """What a security administrator does about a task that is refused or shows nothing."""
    return (
        f"in Workday run View Security for Securable Item on {task.rpartition('.')[2]}, grant Get access on its domain "
        f"to the integration system security group, {ACTIVATE}"
    )


def grant_put(task: str) -> str:
    """What a security administrator does about a task that may not write; most integration users may only get."""
    name = task.rpartition(".")[2]
    domain = f" (“{_PUT_DOMAINS[name]}”)" if name in _PUT_DOMAINS else ""
    return (
        f"in Workday run View Security for Securable Item on {name}, grant Put access on its domain{domain} to the "
        f"integration system security group, {ACTIVATE}"
    )


def grant_domain(domain: str) -> str:
    """What a security administrator does about a section that is left out."""
    return f"grant the integration system security group Get access to the domain “{domain}”, {ACTIVATE}"
