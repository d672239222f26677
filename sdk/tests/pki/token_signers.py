"""Tokens of somebody who may not give them (L-06)."""

from __future__ import annotations

from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.errors import (
    CertificateExpired,
    CertificateUnfit,
    ChainUntrusted,
    Malformed,
    TimestampInvalid,
    TooLarge,
)
from lienthong.pki import der
from lienthong.testing.pki import (
    DAY,
    Authority,
    Extensions,
    Identity,
    KeyKind,
    extended_key_usage,
    key_usage,
    signing_extensions,
)
from lienthong.testing.tsa import TestTSA, stamping_extensions
from sdk.tests.pki.token_form import NOW, OTHER, PKI, TSA, Form, always


def _tsa(extensions: Extensions, **more: Any) -> TestTSA:
    return _of(PKI.intermediate.issue("TSA", extensions=extensions, **more))


def _of(identity: Identity) -> TestTSA:
    return TestTSA(PKI, identity=identity)


def _usages(*oids: x509.ObjectIdentifier, critical: bool = True) -> Extensions:
    return [*signing_extensions(), (extended_key_usage(*oids), critical)]


def _below_a_signer() -> Identity:
    """Issued by an organisation that is no authority."""
    signer = PKI.organisation("H53.01")
    posing = Authority(
        name="H53.01",
        key=signer.key,
        certificate=signer.certificate,
        above=signer.chain[1:],
        now=NOW,
    )
    return posing.issue("TSA", extensions=stamping_extensions())


_STAMPING: Final = ExtendedKeyUsageOID.TIME_STAMPING
_IMPOSTOR: Final = Authority.root(PKI.root.name, now=NOW)
_ENCRYPTING: Final[Extensions] = [
    (x509.BasicConstraints(ca=False, path_length=None), True),
    (key_usage(key_encipherment=True), True),
    (extended_key_usage(_STAMPING), True),
]
_AUTHORITY: Final[Extensions] = [
    (x509.BasicConstraints(ca=True, path_length=None), True),
    (key_usage(digital_signature=True, key_cert_sign=True), True),
    (extended_key_usage(_STAMPING), True),
]

BY: Final = (
    Form(name="no extended key usage", error=CertificateUnfit, tsa=_tsa(signing_extensions())),
    Form(
        name="extended key usage not critical",
        error=CertificateUnfit,
        tsa=_tsa(_usages(_STAMPING, critical=False)),
    ),
    Form(
        name="extended key usage with another trade",
        error=CertificateUnfit,
        tsa=_tsa(_usages(_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)),
    ),
    Form(
        name="extended key usage of another trade",
        error=CertificateUnfit,
        tsa=_tsa(_usages(ExtendedKeyUsageOID.OCSP_SIGNING)),
    ),
    Form(name="key for encryption", error=CertificateUnfit, tsa=_tsa(_ENCRYPTING)),
    Form(name="certificate of an authority", error=CertificateUnfit, tsa=_tsa(_AUTHORITY)),
    Form(
        name="expired at its time",
        error=CertificateExpired,
        tsa=_tsa(stamping_extensions(), period=(NOW - 9 * DAY, NOW - DAY)),
    ),
    Form(
        name="not yet in force at its time",
        error=CertificateExpired,
        tsa=_tsa(stamping_extensions(), period=(NOW + DAY, NOW + 9 * DAY)),
    ),
    Form(
        name="time after the certificate's",
        error=CertificateExpired,
        issued={"gen_time": NOW + 400 * DAY},
    ),
    Form(
        name="key too short",
        error=CertificateUnfit,
        tsa=_tsa(stamping_extensions(), kind=KeyKind.RSA1024),
    ),
    Form(
        name="authority of the same name that nobody trusts",
        error=ChainUntrusted,
        tsa=_of(_IMPOSTOR.issue("TSA", extensions=stamping_extensions())),
    ),
    Form(
        name="unknown authority",
        error=ChainUntrusted,
        tsa=_of(Authority.root("Unknown", now=NOW).issue("TSA", extensions=stamping_extensions())),
    ),
    Form(name="issued by an organisation", error=CertificateUnfit, tsa=_of(_below_a_signer())),
    Form(
        name="certificate of its signer missing",
        error=TimestampInvalid,
        issued={"certificates": TSA.identity.chain[1:]},
    ),
    Form(name="no certificates", error=TimestampInvalid, issued={"certificates": ()}),
    Form(
        name="certificate between missing",
        error=ChainUntrusted,
        issued={"certificates": TSA.identity.chain[:1]},
    ),
    Form(
        name="certificate without part",
        error=TimestampInvalid,
        issued={"certificates": (*TSA.identity.chain, OTHER.certificate)},
    ),
    Form(
        name="eleven certificates", error=TooLarge, issued={"certificates": TSA.identity.chain * 6}
    ),
    Form(
        name="certificate of another form",
        error=Malformed,
        issued={"certificates": (*TSA.identity.chain, der.element(der.context(2), b"\5\0"))},
    ),
    Form(
        name="signer named by another number",
        error=TimestampInvalid,
        faults={"signer.name": lambda name: name[:-1] + bytes([name[-1] ^ 1])},
    ),
    Form(
        name="64 KiB and more",
        error=TooLarge,
        faults={"info.nonce": always(der.octets(bytes(70_000)))},
    ),
)
