"""Digests that journal entries hold, defined byte by byte so that any language computes them."""

from __future__ import annotations

from lienthong.model.signing import Envelope
from lienthong.pki.cms import DIGESTS


def envelope_digest(envelope: Envelope, algorithm: str = "SHA-256") -> bytes:
    """Digest of everything that an envelope says, independent of its serialisation.

    The input is a sequence of numbers (8 bytes, big-endian) and parts (each preceded by its length
    as such a number): the payload type (UTF-8), the payload, the number of signatures, and for
    each the algorithm's word, the value, the number of certificates and every certificate. The
    counts keep envelopes apart whose parts are the same but belong to different signatures.
    """
    pieces = [
        *_part(envelope.payload_type.encode()),
        *_part(envelope.payload),
        _number(len(envelope.signatures)),
    ]
    for signature in envelope.signatures:
        pieces += _part(signature.algorithm.value.encode())
        pieces += _part(signature.value)
        pieces.append(_number(len(signature.chain)))
        for certificate in signature.chain:
            pieces += _part(certificate)
    return DIGESTS[algorithm](b"".join(pieces))


def joined(*parts: bytes) -> bytes:
    """Parts put together so that nothing else can be: their number, and each with its length."""
    return b"".join((_number(len(parts)), *(piece for part in parts for piece in _part(part))))


def _part(data: bytes) -> tuple[bytes, bytes]:
    return _number(len(data)), data


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
