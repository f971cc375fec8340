"""SOAP faults in the envelope Workday uses for them; every one goes out with HTTP status 500."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ml_connector.sandbox.workday.markup import NAMESPACE

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class SoapFaultError(Exception):
    """
    A fault to be told. *detail* is the XML inside `<detail>`, if the vendor's fault of this kind has one.

    *counted* says whether the call got far enough to cost a token of the rate limit.
    """

    def __init__(self, code: str, message: str, *, detail: str | None = None, counted: bool = True) -> None:
        super().__init__(message)
        self.code, self.message, self.detail, self.counted = code, message, detail, counted

    def render(self) -> bytes:
        """Write the whole envelope."""
        detail = "" if self.detail is None else f"<detail>{self.detail}</detail>"
        return (
            f'<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="{_SOAP}"><SOAP-ENV:Body>'
            f'<SOAP-ENV:Fault xmlns:SOAP-ENV="{_SOAP}" xmlns:wd="{NAMESPACE}">'
            f"<faultcode>SOAP-ENV:{self.code}</faultcode><faultstring>{escape(self.message)}</faultstring>{detail}"
            "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
        ).encode()


def validation_fault(*messages: str, xpaths: tuple[str, ...] = ()) -> SoapFaultError:
    """Refuse what was asked. The fault's own text repeats the first message only."""
    paths = (*xpaths, *("" for _ in messages))
    errors = "".join(
        f"<wd:Validation_Error><wd:Message>{escape(message)}</wd:Message><wd:Detail_Message></wd:Detail_Message>"
        f"<wd:Xpath>{escape(path)}</wd:Xpath></wd:Validation_Error>"
        for message, path in zip(messages, paths, strict=False)
    )
    return SoapFaultError(
        "Client.validationError",
        f"Validation error occurred. {messages[0]}",
        detail=f"<wd:Validation_Fault>{errors}</wd:Validation_Fault>",
    )


def unknown_element_fault(name: str, *, xpath: str = "") -> SoapFaultError:
    """Refuse an element the service does not know."""
    return validation_fault(f"Element not found={name}-{NAMESPACE}", xpaths=(xpath,))


def wrong_service_fault() -> SoapFaultError:
    """Refuse an operation that this service, or this version of it, does not have."""
    return SoapFaultError(
        "Client.validationError",
        "The web service or version is invalid for the requested operation",
        counted=False,
    )


def authentication_fault() -> SoapFaultError:
    """Refuse somebody who is not known or did not prove it."""
    return SoapFaultError("Client.authenticationError", "invalid username or password", counted=False)


def processing_fault(message: str) -> SoapFaultError:
    """Say that the request is well-formed, and that it will not be carried out."""
    return SoapFaultError(
        "Server.processingError",
        f"Processing error occurred. {message}",
        detail=f"<wd:Processing_Fault><wd:Detail_Message>{escape(message)}</wd:Detail_Message></wd:Processing_Fault>",
    )


def invalid_id_message(text: str, *, kind: str) -> str:
    """Word an unknown id as Workday does, down to the two spaces."""
    return f"Invalid ID value.  '{text}' is not a valid ID value for type = '{kind}'"
