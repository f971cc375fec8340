"""
Errors, sorted by what the reader should do next.

    MLConnectorError
        TransientError              back off and try again
            RateLimitError              the other system asked for patience
            UnavailableError            the other system does not answer properly
                PlannedOutageError          it said before that it would be away
            IncompleteReadError         the pages do not add up: read again
        NotSentError                the request never left: safe to send again
        AmbiguousWriteError         it may or may not have happened: look before anything else
        RecordError                 park this record and carry on
        UsageError                  ask differently: there is nothing of that name
        ConfigurationError          stop: a person must fix something
            MissingCredentialError      nothing is stored for this sign-in yet
            AnchorError                 what was done is done; its end could not be noted outside
            AuthenticationError         the other system does not know us
                SignInError                 where we sign in is not where it should be
            PermissionError_            the other system knows us and says no
            FaultsError                 a file or an order has faults: mend all that it lists
        StorageError                stop: what must be remembered cannot be kept or read
            StorageBusyError            the database is busy or away: try again
        ApprovalRequiredError       stop: a person must decide
            StalePlanError              the world moved since the plan was made

A test compares this drawing with the classes below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_clean: Callable[[str], str] = str  # nothing can be masked before a first secret is known


def clean_words_with(clean: Callable[[str], str]) -> None:
    """Pass the words of every error through *clean* from now on: what another system says may quote a secret."""
    global _clean
    _clean = clean


@dataclass(frozen=True, kw_only=True)
class Fault:
    """
    One thing wrong with what a person wrote. A fault that is not *blocking* is worth a look and stops nothing.

    *subject* points at what is meant (`account CC4100/direct/REG (plant 101)`); *line* is its line in a file, if it
    came from one.
    """

    code: str
    subject: str
    message: str
    remedy: str
    blocking: bool = True
    line: int | None = None


class MLConnectorError(Exception):
    """
    One sentence for a person, and the next step as *remedy*. Never holds a secret or a pay figure.

    Known secrets are masked here, at birth, so that no trail, table or terminal has to think of it.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        message = _clean(message)
        super().__init__(message)
        self.message = message
        self.remedy = None if remedy is None else _clean(remedy)


class TransientError(MLConnectorError):
    """Back off and try again; *retry_after_s* is what the other system asked for, if it did."""

    exit_code = 7

    def __init__(self, message: str, *, remedy: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class RateLimitError(TransientError):
    """Refused for pace alone: certainly not applied."""


class UnavailableError(TransientError):
    """The other system is down, slow, or answers with something that is no answer; *timed_out*: only slow."""

    timed_out = False


class PlannedOutageError(UnavailableError):
    """The other system is away when it said it would be: nothing is wrong, and the remedy says until when."""


class IncompleteReadError(TransientError):
    """Pages, totals and distinct ids do not add up; nothing read may be believed."""


class NotSentError(MLConnectorError):
    """No byte of the request reached the other system (name, connection or TLS failed first)."""

    exit_code = 7


class AmbiguousWriteError(MLConnectorError):
    """
    The request may have been carried out: read back before deciding anything.

    *timed_out*: the answer was late; *oversized*: it is, or unpacks to, more than any answer; *unanswered*: none came
    that says the other system is done with it, so it may be at work on it yet.
    """

    exit_code = 7
    timed_out = False
    oversized = False

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "nothing to do by hand: it is looked up before anything is sent again",
        unanswered: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.unanswered = unanswered


class RecordError(MLConnectorError):
    """This one record cannot be read, mapped or written; *waiting_for* names what would free it."""

    exit_code = 3

    def __init__(
        self, message: str, *, remedy: str | None = None, code: str = "rejected", waiting_for: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.code = _clean(code)
        self.waiting_for = waiting_for


class UsageError(MLConnectorError):
    """What was typed names nothing there is, or asks for what cannot be had; the remedy says what can."""

    exit_code = 2


class ConfigurationError(MLConnectorError):
    """Something a person must set right before we can start."""

    exit_code = 6


class MissingCredentialError(ConfigurationError):
    """A credential that was never stored, or was removed; one that is stored and does not open is another matter."""


class AnchorError(ConfigurationError):
    """The end of the audit trail could not be noted beside the database; what was done is done, and kept."""


class AuthenticationError(ConfigurationError):
    """Wrong, expired or revoked credentials. Never retried: a loop locks accounts."""

    exit_code = 5


class SignInError(AuthenticationError):
    """At the address where we sign in nobody answers, or somebody else: a person corrects it here."""

    exit_code = 6


class PermissionError_(ConfigurationError):  # noqa: N801, N818 - the plain name is a Python built-in
    """Signed in, but not allowed; the remedy names the Workday domain or the Plex role."""

    exit_code = 5


class FaultsError(ConfigurationError):
    """
    Everything that is wrong with one file or one order, in the order of its lines; nothing of it was taken in.

    *head* says what was refused; *message* says all of it in one line, for logs.
    """

    def __init__(self, head: str, *, faults: Sequence[Fault], remedy: str | None = None) -> None:
        told = [f"line {fault.line}: {fault.message}" if fault.line else fault.message for fault in faults]
        super().__init__(f"{head}: {'; '.join(told)}", remedy=remedy)
        self.head = head
        self.faults = tuple(faults)


class StorageError(MLConnectorError):
    """Our own database is full, read-only or damaged. Nothing is sent that was not written down before."""

    exit_code = 6


class StorageBusyError(StorageError):
    """Another process holds the database for too long, or its server is away: nothing is wrong with what is in it."""

    exit_code = 7


class ApprovalRequiredError(MLConnectorError):
    """A guard or an approval is waiting for a person."""

    exit_code = 4


class StalePlanError(ApprovalRequiredError):
    """What was approved no longer fits what is there: plan again."""


def shortened(text: str, most: int) -> str:
    """Cut a text that would flood a line, and show that it was cut; known secrets go first, while they are whole."""
    text = _clean(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
