"""Digests that journal entries hold, defined byte by byte so that any language computes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from lienthong.model.signing import Envelope


def envelope_digest(envelope: Envelope) -> bytes:
    """SHA-256 over everything that an envelope says, independent of its serialisation.

    The input is a sequence of numbers (8 bytes, big-endian) and parts (each preceded by its length
    as such a number): the payload type (UTF-8), the payload, the number of signatures, and for
    each the algorithm's word, the value, the number of certificates and every certificate. The
    counts keep envelopes apart whose parts are the same but belong to different signatures.
    """
    digest = hashlib.sha256()
    for piece in _pieces(envelope):
        digest.update(piece)
    return digest.digest()


def _pieces(envelope: Envelope) -> Iterator[bytes]:
    yield from _part(envelope.payload_type.encode())
    yield from _part(envelope.payload)
    yield _number(len(envelope.signatures))
    for signature in envelope.signatures:
        yield from _part(signature.algorithm.value.encode())
        yield from _part(signature.value)
        yield _number(len(signature.chain))
        for certificate in signature.chain:
            yield from _part(certificate)


def _part(data: bytes) -> Iterator[bytes]:
    yield _number(len(data))
    yield data


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
