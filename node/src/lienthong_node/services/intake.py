"""From envelopes on the wire to commands: decode, verify, bind to the caller.

Synchronous; runs on worker threads, a whole message of the stream at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from lienthong.codec.signed import dump_statement_content, load_manifest, load_statement
from lienthong.errors import (
    FileUndeclared,
    LienthongError,
    Malformed,
    OrganisationUnknown,
    SenderMismatch,
    TooLarge,
)
from lienthong.evidence.digests import envelope_digest
from lienthong.model.ids import OrganId
from lienthong.model.package import Manifest
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong.pki.envelope import verify_envelope
from lienthong_node.core.commands import Caller, ReportStatus, SubmitPackage
from lienthong_node.core.credentials import Use
from lienthong_node.faults import as_typed
from lienthong_node.services.context import NodeContext
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_node.wire import Received, received
from lienthong_proto.axis.v1 import exchange_pb2

MAX_ITEMS = 256
"""Items in one message of a stream."""

M = TypeVar("M")
C = TypeVar("C")


def submissions(
    node: NodeContext, messages: Sequence[exchange_pb2.Submission], caller: Caller
) -> list[SubmitPackage | LienthongError]:
    """The packages of one message; an error where one is wrong.

    State secrets are refused by the decoder, before anything is written (QĐ 52/2019 Đ1.2).
    """
    return _each(messages, lambda message: _submission(node, message, caller))


def reports(
    node: NodeContext, messages: Sequence[exchange_pb2.ReportItem], caller: Caller
) -> list[ReportStatus | LienthongError]:
    """The status reports of one message; an error where one is wrong."""
    return _each(messages, lambda message: _report(node, message, caller))


def _each(messages: Sequence[M], decode: Callable[[M], C]) -> list[C | LienthongError]:
    """Decode every item; one that is wrong does not refuse its neighbours."""
    if len(messages) > MAX_ITEMS:
        raise TooLarge(what="number of items in a message", found=len(messages), limit=MAX_ITEMS)
    found: list[C | LienthongError] = []
    for message in messages:
        try:
            found.append(decode(message))
        except Exception as error:  # noqa: BLE001 - a defect concerns its own item only
            found.append(as_typed(error))
    return found


def _submission(
    node: NodeContext, message: exchange_pb2.Submission, caller: Caller
) -> SubmitPackage:
    got = received(message.envelope)
    _check_type(got, MANIFEST_TYPE)
    manifest = load_manifest(got.envelope.payload)
    _check_signature(node, got, manifest.sender, caller)
    return SubmitPackage(
        caller=caller,
        manifest=manifest,
        payload_sha256=got.payload_sha256,
        envelope_sha256=envelope_digest(got.envelope),
        envelope=got.envelope_bytes,
        contents=_inline(manifest, message.inline_files),
    )


def _report(node: NodeContext, message: exchange_pb2.ReportItem, caller: Caller) -> ReportStatus:
    got = received(message.envelope)
    _check_type(got, STATEMENT_TYPE)
    statement = load_statement(got.envelope.payload)
    _check_signature(node, got, statement.reporter, caller)
    return ReportStatus(
        caller=caller,
        statement=statement,
        payload_sha256=got.payload_sha256,
        content_sha256=hashlib.sha256(dump_statement_content(statement)).digest(),
        envelope_sha256=envelope_digest(got.envelope),
        envelope=got.envelope_bytes,
    )


def _check_type(got: Received, expected: str) -> None:
    if got.envelope.payload_type != expected:
        raise Malformed(what="envelope", reason=f"its type is not {expected}")


def _check_signature(node: NodeContext, got: Received, organ: OrganId, caller: Caller) -> None:
    """The signature holds, and its certificate is bound to *organ* or to the caller itself."""
    now = node.clock()
    registry = node.registry
    evidence = verify_envelope(got.envelope, node.anchors, now, node.chains)
    holder = registry.credentials.find(evidence.fingerprint.hex(), Use.SIGNING, now).organ_id
    if holder == caller.organ:
        return
    try:
        owner = registry.directory.resolve(organ).organ_id
    except OrganisationUnknown:
        owner = organ
    if holder != str(owner):
        raise SenderMismatch(caller=holder, organ=organ)


def _inline(manifest: Manifest, files: Sequence[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """The files that came along, with their hashes."""
    declared = {file.sha256.bytes for file in manifest.files}
    contents = {hashlib.sha256(content).digest(): content for content in files}
    for sha256, content in contents.items():
        if len(content) > CHUNK_LIMIT:
            raise TooLarge(what="inline file in bytes", found=len(content), limit=CHUNK_LIMIT)
        if sha256 not in declared:
            raise FileUndeclared(sha256=sha256.hex())
    return tuple(contents.items())
