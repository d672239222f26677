"""Certificates with which somebody connects, and what becomes of each (N-03)."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from lienthong.testing.pki import key_usage
from tests.e2e.conftest import A
from tests.hostile.forms import (
    CLIENT,
    DAY,
    HOMOGLYPHS,
    LEAF,
    SIGNING,
    Form,
    Made,
    authority,
    below,
    curve,
    make,
    root,
    rsa_key,
    signed_anew,
    usage,
)

UNKNOWN: Final = "access.credential_unknown"
REVOKED: Final = "access.credential_revoked"
UNFIT: Final = "pki.certificate_unfit"
UNTRUSTED: Final = "pki.chain_untrusted"
EXPIRED: Final = "pki.certificate_expired"
UNSUPPORTED: Final = "pki.algorithm_unsupported"
NOBODY: Final = "no connection"
OTHERS: Final = ObjectIdentifier("1.3.6.1.4.1.99999.1")


def impostor(top: Made) -> Made:
    """Another authority of the same name."""
    del top
    return root()


def constrained(top: Made, *, critical: bool = True) -> Made:
    """An authority for names that this organisation does not have."""
    names = x509.NameConstraints([x509.DNSName("khac.example")], None)
    return top.issue(name="Constrained", extensions=(*authority(), (names, critical)))


def no_authority(top: Made) -> Made:
    return top.issue(name="No authority", extensions=CLIENT)


def chain_key_usage() -> x509.KeyUsage:
    """For encrypting keys only."""
    return key_usage(key_encipherment=True)


CONNECTING: Final = (
    Form(name="P-256", made=lambda top: top.issue(extensions=CLIENT), used="ok"),
    Form(
        name="P-384",
        made=lambda top: top.issue(key=curve(ec.SECP384R1)(), extensions=CLIENT),
        used="ok",
    ),
    Form(
        name="RSA-2048",
        made=lambda top: top.issue(key=rsa_key(2048), extensions=CLIENT),
        used="ok",
    ),
    Form(
        name="below an intermediate authority",
        made=lambda top: below(top, 1).issue(extensions=CLIENT),
        used="ok",
    ),
    Form(
        name="serial of 20 bytes",
        made=lambda top: top.issue(serial=2**159 - 1, extensions=CLIENT),
        used="ok",
    ),
    Form(name="serial 1", made=lambda top: top.issue(serial=1, extensions=CLIENT), used="ok"),
    Form(
        name="homoglyph organisation, bound to C",
        made=lambda top: top.issue(organisation=HOMOGLYPHS, extensions=CLIENT),
        used="ok",
    ),
    Form(
        name="names of A in CN and SAN, bound to C",
        made=lambda top: top.issue(
            name=A,
            extensions=(*CLIENT, (x509.SubjectAlternativeName([x509.DNSName("a.vn")]), False)),
        ),
        used="ok",
    ),
    Form(
        name="for clients and servers",
        made=lambda top: top.issue(
            extensions=usage(ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)
        ),
        used="ok",
    ),
    Form(
        name="unregistered",
        made=lambda top: top.issue(extensions=CLIENT),
        registered="",
        used=UNKNOWN,
    ),
    Form(
        name="unregistered, homoglyph organisation",
        made=lambda top: top.issue(organisation=HOMOGLYPHS, extensions=CLIENT),
        registered="",
        used=UNKNOWN,
    ),
    Form(
        name="superseded: revoked when its successor came",
        made=lambda top: top.issue(extensions=CLIENT),
        prepare="revoke",
        used=REVOKED,
    ),
    Form(
        name="re-issued for the same key, unregistered",
        made=lambda top: make(issuer=top, key=top.issue(extensions=CLIENT).key, extensions=CLIENT),
        registered="",
        used=UNKNOWN,
    ),
    Form(
        name="unknown authority",
        made=lambda _: root("Somebody").issue(extensions=CLIENT),
        used=NOBODY,
    ),
    Form(
        name="another authority of the same name",
        made=lambda top: impostor(top).issue(extensions=CLIENT),
        used=NOBODY,
    ),
    Form(name="self-signed", made=lambda _: make(extensions=CLIENT), used=NOBODY),
    Form(
        name="expired",
        made=lambda top: top.issue(begin=-9 * DAY, end=-DAY, extensions=CLIENT),
        used=NOBODY,
    ),
    Form(
        name="not yet valid",
        made=lambda top: top.issue(begin=2 * DAY, end=9 * DAY, extensions=CLIENT),
        used=NOBODY,
    ),
    Form(
        name="expired intermediate",
        made=lambda top: below(top, 1, begin=-9 * DAY, end=-DAY).issue(extensions=CLIENT),
        used=NOBODY,
    ),
    Form(
        name="intermediate is no authority",
        made=lambda top: no_authority(top).issue(extensions=CLIENT),
        used=NOBODY,
    ),
    Form(
        name="path length broken",
        made=lambda top: (
            top.issue(name="Zero", extensions=authority(0))
            .issue(name="One", extensions=authority())
            .issue(extensions=CLIENT)
        ),
        used=NOBODY,
    ),
    Form(
        name="name constraints of its authority broken",
        made=lambda top: constrained(top).issue(
            extensions=(*CLIENT, (x509.SubjectAlternativeName([x509.DNSName("a.vn")]), False))
        ),
        used=NOBODY,
    ),
    Form(
        name="intermediate left out",
        made=lambda top: below(top, 1).issue(extensions=CLIENT),
        chain=lambda made: (made.der,),
        used=NOBODY,
    ),
    Form(
        name="for servers only",
        made=lambda top: top.issue(extensions=usage(ExtendedKeyUsageOID.SERVER_AUTH)),
        registered=UNFIT,
        used=NOBODY,
    ),
    Form(
        name="for signing code",
        made=lambda top: top.issue(extensions=usage(ExtendedKeyUsageOID.CODE_SIGNING)),
        registered=UNFIT,
        used=NOBODY,
    ),
    Form(
        name="no extended key usage",
        made=lambda top: top.issue(extensions=SIGNING),
        registered=UNFIT,
        used=UNKNOWN,
    ),
    Form(
        name="key usage without digitalSignature",
        made=lambda top: top.issue(extensions=(*LEAF, (chain_key_usage(), True), CLIENT[-1])),
        registered=UNFIT,
        used=NOBODY,
    ),
    Form(
        name="an authority as a client",
        made=lambda top: top.issue(extensions=(*authority(), CLIENT[-1])),
        registered=UNFIT,
        used=NOBODY,
    ),
    Form(
        name="RSA-1024",
        made=lambda top: top.issue(key=rsa_key(1024), extensions=CLIENT),
        registered=UNFIT,
        used=UNKNOWN,
    ),
    Form(
        name="signed with SHA-1",
        made=lambda top: signed_anew(top.issue(extensions=CLIENT), top, sha1=True),
        registered=UNFIT,
        used=UNKNOWN,
    ),
    Form(
        name="P-521",
        made=lambda top: top.issue(key=curve(ec.SECP521R1)(), extensions=CLIENT),
        registered=UNSUPPORTED,
        used=NOBODY,
    ),
    Form(
        name="critical extension that nobody knows",
        made=lambda top: top.issue(
            extensions=(*CLIENT, (x509.UnrecognizedExtension(OTHERS, b"\x05\x00"), True))
        ),
        registered=UNFIT,
        used=NOBODY,
    ),
)
