"""A small certificate authority: roots, intermediates and leaves, as they should be and as they should not."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_DAY = timedelta(days=1)


class Party(NamedTuple):
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def make_key(*, bits: int = 0) -> Key:
    """An elliptic key, or an RSA key of so many bits."""
    return rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())


def issue(
    name: str,
    issuer: Party | None = None,
    *,
    ca: bool = False,
    path_length: int | None = None,
    names: Sequence[str] = (),
    starts: timedelta = -_DAY,
    ends: timedelta = _DAY,
    bits: int = 0,
    permitted: Sequence[str] = (),
    excluded: Sequence[str] = (),
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    optional: bool = False,
) -> Party:
    """
    A certificate for *names* (a leaf) or for signing (*ca*), signed by *issuer* or by itself; *optional* constraints
    bind nobody.
    """
    key = make_key(bits=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = Party(issuer.certificate, issuer.key) if issuer else None
    signer_key = signer.key if signer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), critical=not optional)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(ca=ca), critical=True)
    )
    if signer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if permitted or excluded:
        kept, barred = ([x509.DNSName(n) for n in each] or None for each in (permitted, excluded))
        builder = builder.add_extension(x509.NameConstraints(kept, barred), critical=True)
    return Party(builder.sign(signer_key, hashes.SHA256()), key)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def serve_chain(
    folder: Path,
    leaf: Party,
    chain: Sequence[Party] = (),
    *,
    versions: tuple[ssl.TLSVersion, ssl.TLSVersion] = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
) -> ssl.SSLContext:
    """A server's context that shows *leaf* and *chain*, however weak they are, and speaks these versions of TLS."""
    shown, secret = folder / "shown.pem", folder / "secret.pem"
    shown.write_bytes(b"".join(each.pem for each in (leaf, *chain)))
    secret.write_bytes(
        leaf.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    set_versions(context, versions)
    context.load_cert_chain(shown, secret)
    return context


def careless_client(versions: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> ssl.SSLContext:
    """A client that checks nothing at all: what it gets an answer from is served properly."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    set_versions(context, versions)
    return context


def set_versions(context: ssl.SSLContext, versions: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> None:
    """Speak these versions, old ones too."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 and 1.1: that is the point
        context.minimum_version, context.maximum_version = versions
