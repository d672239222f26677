"""DSSE version 1: what is actually signed, so that a type can never pass for another."""

from __future__ import annotations


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Bytes that a signature over (type, payload) covers (DSSE protocol, "PAE").

    Lengths are in front of both parts, so that no two pairs have the same encoding.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
