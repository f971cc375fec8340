"""
Makes a service's WSDL from the same shapes that read its requests and order its answers.

Document/literal SOAP 1.1, everything qualified, no soapAction: what Workday's own descriptions are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from ml_connector.sandbox.workday.catalog import OPERATIONS, SHAPES, Operation
from ml_connector.sandbox.workday.markup import NAMESPACE
from ml_connector.sandbox.workday.shapes import Field, Shape

_FAULTS = ("Validation_Fault", "Processing_Fault")
_HEADER = "Workday_Common_Header"
_OCCURS = {
    "?": ' minOccurs="0"',
    "*": ' minOccurs="0" maxOccurs="unbounded"',
    "+": ' maxOccurs="unbounded"',
    "!": "",
}


@lru_cache(maxsize=16)
def render_wsdl(service: str, *, version: str, address: str) -> bytes:
    """Describe one service at an address; *version* is told in its documentation for whoever reads it."""
    operations = [operation for operation in OPERATIONS if operation.is_served(service, version=version)]
    parts = (
        _opening(service, version=version),
        *_types(operations),
        *_messages(operations),
        f'<wsdl:portType name="{service}Port">',
        *(_port(operation) for operation in operations),
        f'</wsdl:portType><wsdl:binding name="{service}Binding" type="wd-wsdl:{service}Port">',
        '<soapbind:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
        *(_binding(operation) for operation in operations),
        "</wsdl:binding>",
        _closing(service, address=address),
    )
    return "".join(parts).encode()


def _opening(service: str, *, version: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<wsdl:definitions name="{service}" targetNamespace="{NAMESPACE}/{service}" '
        'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soapbind="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:wd="{NAMESPACE}" '
        f'xmlns:wd-wsdl="{NAMESPACE}/{service}">'
        f"<wsdl:documentation>{service} {version}, as this sandbox serves it.</wsdl:documentation>"
    )


def _closing(service: str, *, address: str) -> str:
    return (
        f'<wsdl:service name="{service}Service"><wsdl:port name="{service}" binding="wd-wsdl:{service}Binding">'
        f"<soapbind:address location={quoteattr(address)}/></wsdl:port></wsdl:service></wsdl:definitions>"
    )


def _types(operations: list[Operation]) -> Iterator[str]:
    elements = [*(name for each in operations for name in (each.request, each.response)), _HEADER, *_FAULTS]
    yield (
        f'<wsdl:types><xsd:schema xmlns:wd="{NAMESPACE}" targetNamespace="{NAMESPACE}" elementFormDefault="qualified" '
        'attributeFormDefault="qualified">'
    )
    yield from (f'<xsd:element name="{name}" type="wd:{name}Type"/>' for name in elements)
    reachable = _reachable(elements)
    yield from (_complex(SHAPES[name], name=f"{name}Type") for name in reachable)
    references = {field.reference for name in reachable for field in SHAPES[name].walk() if field.reference is not None}
    yield from (_reference(name) for name in sorted(references))
    yield "</xsd:schema></wsdl:types>"


def _reachable(names: list[str]) -> list[str]:
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += [field.shape.name for field in SHAPES[name].walk() if field.named and field.shape is not None]
    return sorted(found)


def _complex(shape: Shape, *, name: str | None = None) -> str:
    label = "" if name is None else f' name="{name}"'
    elements = "".join(_element(field) for field in shape.fields.values())
    attributes = "".join(
        f'<xsd:attribute name="{name}" type="xsd:{scalar}"/>' for name, scalar in shape.attributes.items()
    )
    return f"<xsd:complexType{label}><xsd:sequence>{elements}</xsd:sequence>{attributes}</xsd:complexType>"


def _element(field: Field) -> str:
    opening = f'<xsd:element name="{field.name}"'
    occurs = _OCCURS[field.card]
    if field.scalar is not None:
        return f'{opening} type="xsd:{field.scalar}"{occurs}/>'
    if field.reference is not None:
        return f'{opening} type="wd:{field.reference}ObjectType"{occurs}/>'
    if field.shape is None:
        raise ValueError(f"{field.name} has no type")
    if field.named:
        return f'{opening} type="wd:{field.shape.name}Type"{occurs}/>'
    return f"{opening}{occurs}>{_complex(field.shape)}</xsd:element>"


def _reference(name: str) -> str:
    return (
        f'<xsd:complexType name="{name}ObjectType"><xsd:sequence>'
        f'<xsd:element name="ID" type="wd:{name}ObjectIDType" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>'
        '<xsd:attribute name="Descriptor" type="xsd:string"/></xsd:complexType>'
        f'<xsd:complexType name="{name}ObjectIDType"><xsd:simpleContent><xsd:extension base="xsd:string">'
        '<xsd:attribute name="type" type="xsd:string" use="required"/></xsd:extension></xsd:simpleContent>'
        "</xsd:complexType>"
    )


def _messages(operations: list[Operation]) -> Iterator[str]:
    parts = {f"{operation.name}Input": operation.request for operation in operations}
    parts |= {f"{operation.name}Output": operation.response for operation in operations}
    parts |= {name: name for name in (*_FAULTS, _HEADER)}
    for name, element in parts.items():
        yield f'<wsdl:message name="{name}Msg"><wsdl:part name="body" element="wd:{element}"/></wsdl:message>'


def _port(operation: Operation) -> str:
    name = operation.name
    faults = "".join(f'<wsdl:fault name="{fault}" message="wd-wsdl:{fault}Msg"/>' for fault in _FAULTS)
    return (
        f'<wsdl:operation name="{name}"><wsdl:input message="wd-wsdl:{name}InputMsg"/>'
        f'<wsdl:output message="wd-wsdl:{name}OutputMsg"/>{faults}</wsdl:operation>'
    )


def _binding(operation: Operation) -> str:
    faults = "".join(
        f'<wsdl:fault name="{fault}"><soapbind:fault name="{fault}" use="literal"/></wsdl:fault>' for fault in _FAULTS
    )
    return (
        f'<wsdl:operation name="{operation.name}"><soapbind:operation style="document"/><wsdl:input>'
        f'<soapbind:body use="literal"/><soapbind:header message="wd-wsdl:{_HEADER}Msg" part="body" use="literal"/>'
        f'</wsdl:input><wsdl:output><soapbind:body use="literal"/></wsdl:output>{faults}</wsdl:operation>'
    )
