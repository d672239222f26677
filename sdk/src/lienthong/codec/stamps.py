"""Proofs by time-stamps: the bytes that the axis gives, and that evidence bundles keep."""

from __future__ import annotations

from typing import Final

from lienthong.codec.scalars import bound
from lienthong.codec.strict import parse
from lienthong.errors import MissingField
from lienthong.model.stamps import EntryPlace, Place, Renewal, Stamp, StampProof
from lienthong_proto.axis.v1 import journal_pb2

MAX_STAMP_PROOF_BYTES: Final = 4 * 1024 * 1024
"""As much as an axis can give in one answer."""

MAX_RENEWALS: Final = 100
MAX_ENTRIES: Final = 500
_MAX_PATH: Final = 64
_MAX_FILES: Final = 1_000
_FIELD: Final = "StampProof"


def dump_stamp_proof(value: StampProof) -> bytes:
    """The bytes of a proof, for a file."""
    return stamp_proof_to_message(value).SerializeToString(deterministic=True)


def load_stamp_proof(data: bytes) -> StampProof:
    """The proof of bytes; what it shows is not checked here.

    Raises:
        Malformed: the bytes are no such proof.
        UnknownField: they hold a field that this version does not know.
        TooLarge: they, or a list in them, exceed their limit.
        InputError: a field is missing.
    """
    message = parse(
        journal_pb2.StampProof, data, what="time-stamp proof", limit=MAX_STAMP_PROOF_BYTES
    )
    return stamp_proof_from_message(message)


def stamp_proof_to_message(value: StampProof) -> journal_pb2.StampProof:
    """The message of a proof, for a larger message to hold."""
    return journal_pb2.StampProof(
        stamp=_write_stamp(value.stamp),
        renewals=[
            journal_pb2.Renewal(
                stamp=_write_stamp(renewal.stamp),
                stamps=[
                    journal_pb2.StampPlace(index=one.index, path=one.path) for one in renewal.stamps
                ],
                entries=[
                    journal_pb2.EntryPlace(index=one.index, files=one.files, path=one.path)
                    for one in renewal.entries
                ],
            )
            for renewal in value.renewals
        ],
    )


def stamp_proof_from_message(message: journal_pb2.StampProof) -> StampProof:
    """The proof of a message that was part of a larger one.

    Raises:
        MissingField: a part is missing.
        TooLarge: a list exceeds its limit.
    """
    bound(message.renewals, most=MAX_RENEWALS, field=f"{_FIELD}.renewals")
    return StampProof(
        stamp=_read_stamp(message), renewals=[_read_renewal(one) for one in message.renewals]
    )


def _write_stamp(value: Stamp) -> journal_pb2.Stamp:
    return journal_pb2.Stamp(text=value.text, algorithm=value.algorithm, token=value.token)


def _read_stamp(message: journal_pb2.StampProof | journal_pb2.Renewal) -> Stamp:
    if not message.HasField("stamp"):
        raise MissingField(field=f"{_FIELD}.stamp", clause="RFC 3161")
    found = message.stamp
    return Stamp(text=found.text, algorithm=found.algorithm, token=found.token)


def _read_renewal(message: journal_pb2.Renewal) -> Renewal:
    bound(message.stamps, most=MAX_RENEWALS, field=f"{_FIELD}.stamps")
    bound(message.entries, most=MAX_ENTRIES, field=f"{_FIELD}.entries")
    for place in message.stamps:
        bound(place.path, most=_MAX_PATH, field=f"{_FIELD}.path")
    for entry in message.entries:
        bound(entry.path, most=_MAX_PATH, field=f"{_FIELD}.path")
        bound(entry.files, most=_MAX_FILES, field=f"{_FIELD}.files")
    return Renewal(
        stamp=_read_stamp(message),
        stamps=[Place(index=one.index, path=tuple(one.path)) for one in message.stamps],
        entries=[
            EntryPlace(index=one.index, files=tuple(one.files), path=tuple(one.path))
            for one in message.entries
        ],
    )
