"""Certificates with which somebody signs, and what becomes of each (N-03)."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.hostile.client_forms import (
    EXPIRED,
    OTHERS,
    REVOKED,
    UNFIT,
    UNKNOWN,
    UNSUPPORTED,
    UNTRUSTED,
    chain_key_usage,
    constrained,
    impostor,
    no_authority,
)
from tests.hostile.forms import (
    DAY,
    HOMOGLYPHS,
    LEAF,
    MAKERS,
    SIGNING,
    Form,
    authority,
    below,
    curve,
    dsa_key,
    make,
    root,
    rsa_key,
    signed_anew,
)

SIGNERS: Final = (
    Form(name="P-256", made=lambda top: top.issue(), used="ok"),
    Form(name="P-384", made=lambda top: top.issue(key=curve(ec.SECP384R1)()), used="ok"),
    Form(name="RSA-2048", made=lambda top: top.issue(key=rsa_key(2048)), used="ok"),
    Form(name="Ed25519", made=lambda top: top.issue(key=MAKERS["Ed25519"]()), used="ok"),
    Form(name="five certificates", made=lambda top: below(top, 4).issue(), used="ok"),
    Form(name="SHA-384", made=lambda top: top.issue(digest=hashes.SHA384()), used="ok"),
    Form(name="serial of 20 bytes", made=lambda top: top.issue(serial=2**159 - 1), used="ok"),
    Form(
        name="other names, bound to A",
        made=lambda top: top.issue(name="000.00.11.H53", organisation=HOMOGLYPHS),
        used="ok",
    ),
    Form(
        name="for e-mail as well",
        made=lambda top: top.issue(
            extensions=(
                *SIGNING,
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
            )
        ),
        used="ok",
    ),
    Form(name="unregistered", made=lambda top: top.issue(), registered="", used=UNKNOWN),
    Form(
        name="unregistered, homoglyph organisation",
        made=lambda top: top.issue(organisation=HOMOGLYPHS),
        registered="",
        used=UNKNOWN,
    ),
    Form(
        name="re-issued for the same key, unregistered",
        made=lambda top: make(issuer=top, key=top.issue().key),
        registered="",
        used=UNKNOWN,
    ),
    Form(name="revoked", made=lambda top: top.issue(), prepare="revoke", used=REVOKED),
    Form(name="unknown authority", made=lambda _: root("Somebody").issue(), used=UNTRUSTED),
    Form(
        name="another authority of the same name",
        made=lambda top: impostor(top).issue(),
        used=UNTRUSTED,
    ),
    Form(
        name="another authority of the same name, sent along",
        made=lambda top: impostor(top).issue(),
        chain=lambda made: (made.der, root().der),
        used=UNTRUSTED,
    ),
    Form(name="self-signed", made=lambda _: make(), used=UNTRUSTED),
    Form(
        name="expired",
        made=lambda top: top.issue(begin=-9 * DAY, end=-DAY),
        used=EXPIRED,
    ),
    Form(
        name="not yet valid",
        made=lambda top: top.issue(begin=2 * DAY, end=9 * DAY),
        used=EXPIRED,
    ),
    Form(
        name="expired intermediate",
        made=lambda top: below(top, 1, begin=-9 * DAY, end=-DAY).issue(),
        used=EXPIRED,
    ),
    Form(
        name="intermediate is no authority",
        made=lambda top: no_authority(top).issue(),
        used=UNFIT,
    ),
    Form(
        name="path length broken",
        made=lambda top: (
            top.issue(name="Zero", extensions=authority(0))
            .issue(name="One", extensions=authority())
            .issue()
        ),
        used=UNFIT,
    ),
    Form(
        name="name constraints",
        made=lambda top: constrained(top).issue(),
        used=UNFIT,
    ),
    Form(
        name="name constraints that are not critical",
        made=lambda top: constrained(top, critical=False).issue(),
        used=UNFIT,
    ),
    Form(
        name="intermediate left out",
        made=lambda top: below(top, 1).issue(),
        chain=lambda made: (made.der,),
        used=UNTRUSTED,
    ),
    Form(
        name="certificates in another order",
        made=lambda top: below(top, 2).issue(),
        chain=lambda made: (made.der, *reversed(made.above)),
        used=UNTRUSTED,
    ),
    Form(
        name="a certificate twice",
        made=lambda top: below(top, 1).issue(),
        chain=lambda made: (*made.chain, made.above[0]),
        used=UNTRUSTED,
    ),
    Form(name="20 certificates", made=lambda top: below(top, 19).issue(), used="codec.too_large"),
    Form(
        name="negative serial",
        made=lambda top: signed_anew(top.issue(), top, serial=b"\x80\x01"),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="serial of 40 bytes",
        made=lambda top: signed_anew(top.issue(), top, serial=b"\x01" * 40),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="no certificate",
        made=lambda top: top.issue(),
        chain=lambda _: (),
        used=UNTRUSTED,
    ),
    Form(
        name="no X.509",
        made=lambda top: top.issue(),
        chain=lambda _: (b"certificate",),
        used="codec.malformed",
    ),
    Form(
        name="bytes behind it",
        made=lambda top: top.issue(),
        chain=lambda made: (made.der + b"\x00",),
        used="codec.malformed",
    ),
    Form(
        name="another's certificate in front",
        made=lambda top: top.issue(),
        chain=lambda made: (root("Somebody").issue().der, *made.above),
        used=UNTRUSTED,
    ),
    Form(
        name="the trusted authority itself",
        made=lambda top: top,
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="an authority as a signer",
        made=lambda top: top.issue(extensions=authority()),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="key usage for encrypting only",
        made=lambda top: top.issue(extensions=(*LEAF, (chain_key_usage(), True))),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="no key usage",
        made=lambda top: top.issue(extensions=LEAF),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="for time-stamping only",
        made=lambda top: top.issue(
            extensions=(
                *SIGNING,
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
            )
        ),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="RSA-1024",
        made=lambda top: top.issue(key=rsa_key(1024)),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="signed with SHA-1",
        made=lambda top: signed_anew(top.issue(), top, sha1=True),
        registered=UNFIT,
        used=UNFIT,
    ),
    Form(
        name="P-521",
        made=lambda top: top.issue(key=curve(ec.SECP521R1)()),
        registered=UNSUPPORTED,
        used=UNSUPPORTED,
    ),
    Form(
        name="secp256k1",
        made=lambda top: top.issue(key=curve(ec.SECP256K1)()),
        registered=UNSUPPORTED,
        used=UNSUPPORTED,
    ),
    Form(
        name="DSA",
        made=lambda top: top.issue(key=dsa_key()),
        registered=UNSUPPORTED,
        used=UNSUPPORTED,
    ),
    Form(
        name="Ed448",
        made=lambda top: top.issue(key=MAKERS["Ed448"]()),
        registered=UNSUPPORTED,
        used=UNSUPPORTED,
    ),
    Form(
        name="critical extension that nobody knows",
        made=lambda top: top.issue(
            extensions=(*SIGNING, (x509.UnrecognizedExtension(OTHERS, b"\x05\x00"), True))
        ),
        registered=UNFIT,
        used=UNFIT,
    ),
)
