"""Tokens that do not say what was asked for (L-06)."""

from __future__ import annotations

from hashlib import sha1, sha256, sha384
from typing import Final

from cryptography import x509

from lienthong.errors import AlgorithmUnsupported, InvalidValue, Malformed, TimestampInvalid
from lienthong.pki import cms, der
from lienthong.testing.tsa import Fault
from sdk.tests.pki.token_form import DIGEST, NONCE, NOW, SECOND, SHA1, Form, always
from sdk.tests.pki.token_tricks import bytes_inside, doubled


def _time(text: str) -> Fault:
    return always(der.element(der.GENERALIZED_TIME, text.encode()))


def _accuracy(*parts: bytes) -> Fault:
    return always(der.sequence(*parts))


def _fraction(number: int, value: int) -> bytes:
    return der.integer(value, der.context(number, constructed=False))


def _extensions(*members: bytes) -> Fault:
    return always(der.element(der.context(1), *members))


def _extension(*, critical: bytes = b"") -> bytes:
    return der.sequence(der.oid("1.3.6.1.4.1.99999.7"), critical, der.octets(b"\5\0"))


def _other_name() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Another TSA")])
    return der.element(der.context(0), der.element(der.context(4), name.public_bytes()))


SAYS: Final = (
    Form(name="nonce missing", error=TimestampInvalid, issued={"nonce": None}),
    Form(name="nonce of another request", error=TimestampInvalid, issued={"nonce": NONCE + 1}),
    Form(
        name="nonce negative", error=Malformed, faults={"info.nonce": always(der.integer(-NONCE))}
    ),
    Form(
        name="nonce without end",
        error=Malformed,
        faults={"info.nonce": always(der.integer(1 << 400))},
    ),
    Form(name="nonce twice", error=Malformed, faults={"info.nonce": doubled}),
    Form(
        name="nonce is a string", error=Malformed, faults={"info.nonce": always(der.octets(b"\1"))}
    ),
    Form(
        name="another digest",
        error=TimestampInvalid,
        issued={"digest": sha256(b"another").digest()},
    ),
    Form(
        name="digest cut",
        error=TimestampInvalid,
        faults={"info.digest": always(der.octets(DIGEST[:31]))},
    ),
    Form(
        name="another algorithm of the digest",
        error=TimestampInvalid,
        issued={"digest": sha384(b"x").digest(), "algorithm": "SHA-384"},
    ),
    Form(
        name="same digest under another algorithm",
        error=TimestampInvalid,
        faults={"info.hash": always(cms.digest_identifier("SHA-512"))},
    ),
    Form(
        name="SHA-1 of the document",
        error=AlgorithmUnsupported,
        faults={
            "info.hash": always(SHA1),
            "info.digest": always(der.octets(sha1(b"x", usedforsecurity=False).digest())),
        },
    ),
    Form(
        name="digest with parameters",
        error=AlgorithmUnsupported,
        faults={"info.hash": bytes_inside},
    ),
    Form(name="another policy", error=TimestampInvalid, asked={"policies": frozenset({"1.2.3"})}),
    Form(
        name="policy that is no identifier",
        error=Malformed,
        faults={"info.policy": always(der.element(der.OBJECT_IDENTIFIER, b"\x80\x01"))},
    ),
    Form(
        name="policy cut off",
        error=Malformed,
        faults={"info.policy": always(der.element(der.OBJECT_IDENTIFIER, b"\x2a\x83"))},
    ),
    Form(
        name="policy empty",
        error=Malformed,
        faults={"info.policy": always(der.element(der.OBJECT_IDENTIFIER))},
    ),
    Form(
        name="before the earliest time", error=TimestampInvalid, asked={"not_before": NOW + SECOND}
    ),
    Form(name="after the latest time", error=TimestampInvalid, asked={"not_after": NOW - SECOND}),
    Form(
        name="time with a zone", error=Malformed, faults={"info.time": _time("20260302083000+0700")}
    ),
    Form(
        name="time without seconds", error=Malformed, faults={"info.time": _time("202603020130Z")}
    ),
    Form(
        name="time with a trailing zero",
        error=Malformed,
        faults={"info.time": _time("20260302013000.10Z")},
    ),
    Form(
        name="time with a comma", error=Malformed, faults={"info.time": _time("20260302013000,1Z")}
    ),
    Form(
        name="time with a bare point",
        error=Malformed,
        faults={"info.time": _time("20260302013000.Z")},
    ),
    Form(
        name="time on the 30th of February",
        error=Malformed,
        faults={"info.time": _time("20260230013000Z")},
    ),
    Form(name="second 60", error=Malformed, faults={"info.time": _time("20260302013060Z")}),
    Form(
        name="time as UTCTime",
        error=Malformed,
        faults={"info.time": always(der.element(0x17, b"260302013000Z"))},
    ),
    *(
        Form(
            name=f"year {year}",
            error=InvalidValue,
            faults={"info.time": _time(f"{year}0302013000Z")},
        )
        for year in ("0001", "9999")
    ),
    Form(
        name="version 2 of the content",
        error=Malformed,
        faults={"info.version": always(der.integer(2))},
    ),
    Form(name="serial negative", error=Malformed, faults={"info.serial": always(der.integer(-1))}),
    Form(
        name="serial empty",
        error=Malformed,
        faults={"info.serial": always(der.element(der.INTEGER))},
    ),
    Form(name="accuracy empty", error=Malformed, faults={"info.accuracy": _accuracy()}),
    Form(
        name="accuracy negative",
        error=Malformed,
        faults={"info.accuracy": _accuracy(der.integer(-1))},
    ),
    Form(
        name="accuracy of an hour",
        error=Malformed,
        faults={"info.accuracy": _accuracy(der.integer(3600))},
    ),
    Form(
        name="accuracy of 1000 ms",
        error=Malformed,
        faults={"info.accuracy": _accuracy(_fraction(0, 1000))},
    ),
    Form(
        name="accuracy of 0 ms",
        error=Malformed,
        faults={"info.accuracy": _accuracy(_fraction(0, 0))},
    ),
    Form(
        name="accuracy in a wrong order",
        error=Malformed,
        faults={"info.accuracy": _accuracy(_fraction(1, 5), _fraction(0, 5))},
    ),
    Form(
        name="ordering behind the nonce",
        error=Malformed,
        faults={"info.nonce": lambda nonce: nonce + der.boolean(value=True)},
    ),
    Form(
        name="another authority's name",
        error=TimestampInvalid,
        faults={"info.authority": always(_other_name())},
    ),
    Form(
        name="authority's name empty",
        error=Malformed,
        faults={"info.authority": always(der.element(der.context(0)))},
    ),
    Form(
        name="unknown critical extension",
        error=Malformed,
        faults={"info.extensions": _extensions(_extension(critical=der.boolean(value=True)))},
    ),
    Form(
        name="extension twice",
        error=Malformed,
        faults={"info.extensions": _extensions(_extension(), _extension())},
    ),
    Form(name="extensions empty", error=Malformed, faults={"info.extensions": _extensions()}),
)
