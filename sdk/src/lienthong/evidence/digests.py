"""Digests that journal entries hold, defined byte by byte so that any language computes them."""

from __future__ import annotations

from struct import Struct
from typing import Final

from lienthong.model.signing import Envelope
from lienthong.pki.cms import DIGESTS

_u64: Final = Struct(">Q").pack
"""A number in 8 bytes, big-endian."""


def envelope_digest(envelope: Envelope, algorithm: str = "SHA-256") -> bytes:
    """Digest of everything that an envelope says, independent of its serialisation.

    The input is a sequence of numbers (8 bytes, big-endian) and parts (each preceded by its length
    as such a number): the payload type (UTF-8), the payload, the number of signatures, and for
    each the algorithm's word, the value, the number of certificates and every certificate. The
    counts keep envelopes apart whose parts are the same but belong to different signatures.
    """
    kind = envelope.payload_type.encode()
    payload = envelope.payload
    signatures = envelope.signatures
    pieces = [_u64(len(kind)), kind, _u64(len(payload)), payload, _u64(len(signatures))]
    for signature in signatures:
        word = signature.algorithm.value.encode()
        value, chain = signature.value, signature.chain
        pieces += _u64(len(word)), word, _u64(len(value)), value, _u64(len(chain))
        for certificate in chain:
            pieces += _u64(len(certificate)), certificate
    return DIGESTS[algorithm](b"".join(pieces))


def joined(*parts: bytes) -> bytes:
    """Parts put together so that nothing else can be: their number, and each with its length."""
    pieces = (piece for part in parts for piece in (_u64(len(part)), part))
    return b"".join((_u64(len(parts)), *pieces))
