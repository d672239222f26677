"""Envelopes: signed bytes with their signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong.codec.scalars import bound, read_number
from lienthong.codec.strict import parse
from lienthong.model.signing import (
    MAX_CERTIFICATE_BYTES,
    MAX_CHAIN,
    MAX_PAYLOAD_BYTES,
    MAX_SIGNATURE_BYTES,
    MAX_SIGNATURES,
    Envelope,
    Signature,
    SignatureAlgorithm,
)
from lienthong_proto.axis.v1 import package_pb2

MAX_ENVELOPE_BYTES: Final = (
    MAX_PAYLOAD_BYTES
    + MAX_SIGNATURES * (MAX_CHAIN * (MAX_CERTIFICATE_BYTES + 8) + MAX_SIGNATURE_BYTES + 32)
    + 1024
)
_ALGORITHM_NUMBERS: Final[Mapping[SignatureAlgorithm, package_pb2.SignatureAlgorithm.ValueType]] = {
    algorithm: package_pb2.SignatureAlgorithm.Value(f"SIGNATURE_ALGORITHM_{algorithm.value}")
    for algorithm in SignatureAlgorithm
}
_ALGORITHMS: Final[Mapping[int, SignatureAlgorithm]] = {
    number: algorithm for algorithm, number in _ALGORITHM_NUMBERS.items()
}


def dump_envelope(value: Envelope) -> bytes:
    """The bytes that are stored and hashed; the payload in them is never changed."""
    return envelope_to_message(value).SerializeToString(deterministic=True)


def load_envelope(data: bytes) -> Envelope:
    """The envelope of bytes; its payload is not read.

    Raises:
        Malformed: the bytes are no envelope.
        UnknownField: they hold a field that this version does not know.
        TooLarge: they, or a list in them, exceed their limit.
        InputError: a field is missing or breaks its definition.
    """
    message = parse(package_pb2.Envelope, data, what="envelope", limit=MAX_ENVELOPE_BYTES)
    return envelope_from_message(message)


def envelope_to_message(value: Envelope) -> package_pb2.Envelope:
    """The message of an envelope, for a larger message to hold."""
    return package_pb2.Envelope(
        payload=value.payload,
        payload_type=value.payload_type,
        signatures=[
            package_pb2.Signature(
                algorithm=_ALGORITHM_NUMBERS[item.algorithm], value=item.value, chain=item.chain
            )
            for item in value.signatures
        ],
    )


def envelope_from_message(message: package_pb2.Envelope) -> Envelope:
    """The envelope of a message that was part of a larger one.

    Raises:
        InputError: a field is missing or breaks its definition.
    """
    bound(message.signatures, most=MAX_SIGNATURES, field="Envelope.signatures")
    return Envelope(
        payload=message.payload,
        payload_type=message.payload_type,
        signatures=tuple([_read_signature(item) for item in message.signatures]),
    )


def _read_signature(message: package_pb2.Signature) -> Signature:
    bound(message.chain, most=MAX_CHAIN, field="Signature.chain")
    return Signature(
        algorithm=read_number(_ALGORITHMS, message.algorithm, field="Signature.algorithm"),
        value=message.value,
        chain=tuple(message.chain),
    )
