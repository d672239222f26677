"""Asking a time-stamp authority, and taking apart what it answered (RFC 3161 2.4)."""

from __future__ import annotations

from typing import Final

from lienthong.errors import AlgorithmUnsupported, TimestampInvalid, TimestampRefused, TooLarge
from lienthong.model.checks import shown
from lienthong.pki import der
from lienthong.pki.cms import DIGESTS, digest_identifier

MAX_REPLY_BYTES: Final = 68 * 1024
"""A token of 64 KiB, and what is said beside it."""

_REPLY: Final = "a time-stamp reply"
_MAX_REASONS: Final = 4
"""That an error repeats of what an authority says about a refusal."""

_GRANTED: Final = (0, 1)
"""As asked for, or with changes, which the verification of the token finds."""

_STATUS: Final = {
    2: "rejected",
    3: "waiting",
    4: "revocation is near",
    5: "revoked",
}
_FAILURES: Final = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}


def check_digest(digest: bytes, algorithm: str) -> None:
    """Check that *digest* may be one of *algorithm*, which is accepted.

    Raises:
        AlgorithmUnsupported: the algorithm is another one.
        TimestampInvalid: the digest has another length than the algorithm's.
    """
    if algorithm not in DIGESTS:
        raise AlgorithmUnsupported(found=f"digest {shown(algorithm)}")
    if len(digest) != len(DIGESTS[algorithm](b"")):
        raise TimestampInvalid(reason=f"a digest of {len(digest)} bytes is no {algorithm}")


def make_request(
    digest: bytes, *, algorithm: str = "SHA-256", nonce: int, policy: str | None = None
) -> bytes:
    """The request for a time-stamp of *digest*, with the authority's certificates in the reply.

    Args:
        digest: made with *algorithm*.
        algorithm: ``SHA-256``, ``SHA-384`` or ``SHA-512``.
        nonce: a random number, that the token will repeat.
        policy: the object identifier of the policy that is asked for.

    Raises as ``check_digest``.
    """
    check_digest(digest, algorithm)
    return der.sequence(
        der.integer(1),
        der.sequence(digest_identifier(algorithm), der.octets(digest)),
        der.oid(policy) if policy is not None else b"",
        der.integer(nonce),
        der.boolean(value=True),
    )


def read_reply(reply: bytes) -> bytes:
    """The token, DER, that an authority's reply holds; the token itself is not looked at.

    Raises:
        TimestampRefused: it gave none; the error names its status and reason.
        Malformed: the reply cannot be read, or says that it gives a token and holds none.
        TooLarge: it has more than 68 KiB.
    """
    if len(reply) > MAX_REPLY_BYTES:
        found, limit = f"{len(reply)} bytes", f"{MAX_REPLY_BYTES} bytes"
        raise TooLarge(what=_REPLY, found=found, limit=limit)
    outer = der.Reader(reply, what=_REPLY)
    body = outer.enter(der.SEQUENCE)
    outer.end()
    status, reasons = _read_status(body.enter(der.SEQUENCE))
    token = body.optional(der.SEQUENCE)
    body.end()
    if status not in _GRANTED or reasons:
        words = _STATUS.get(status, f"status {status}")
        raise TimestampRefused(reason=", ".join([words, *reasons[:_MAX_REASONS]]))
    if token is None:
        body.refuse("a token is granted and not there")
    return token.encoded


def _read_status(reader: der.Reader) -> tuple[int, list[str]]:
    """Status of a PKIStatusInfo, and what the authority says about a refusal."""
    status = reader.integer()
    words: list[str] = []
    if reader.tag == der.SEQUENCE:
        texts = reader.enter(der.SEQUENCE)
        while texts.tag is not None:
            words.append(shown(texts.read(der.UTF8_STRING).content.decode("utf-8", "replace")))
    failures = sorted(reader.bits()) if reader.tag == der.BIT_STRING else []
    reader.end()
    named = [_FAILURES.get(bit, f"failure {bit}") for bit in failures]
    return status, named if status in _GRANTED else [*named, *words]
