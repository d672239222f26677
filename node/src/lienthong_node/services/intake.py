"""From envelopes on the wire to commands: decode and verify.

Synchronous; runs on worker threads, a whole message of the stream at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lienthong.codec.signed import dump_statement_content, load_manifest, load_statement
from lienthong.errors import (
    FileUndeclared,
    LienthongError,
    Malformed,
    TooLarge,
)
from lienthong.evidence.digests import envelope_digest
from lienthong.model.package import Manifest
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong.pki.envelope import verify_envelope
from lienthong.spi.storage import ReadView
from lienthong_node.core.commands import Caller, ReportStatus, SubmitPackage
from lienthong_node.faults import as_typed
from lienthong_node.security_log import SecurityLog, refusal_of
from lienthong_node.services.context import NodeContext
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_node.wire import Received, received
from lienthong_proto.axis.v1 import exchange_pb2

MAX_ITEMS = 256
"""Items in one message of a stream."""

MAX_PARTS = 16_384
"""Signatures, certificates and files in one message of a stream, taken together."""

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


def check_amounts(messages: Sequence[Any]) -> None:
    """Refuse a message of too many parts before anything waits with it in memory.

    Parts may be empty: 4 MiB on the wire can hold two million of them, which take 100 MiB here.

    Raises:
        TooLarge: it has more items, files or signatures than anybody needs.
    """
    if len(messages) > MAX_ITEMS:
        raise TooLarge(what="number of items in a message", found=len(messages), limit=MAX_ITEMS)
    parts = 0
    for message in messages:
        signatures = message.envelope.signatures
        parts += len(signatures) + len(getattr(message, "inline_files", ()))
        if parts <= MAX_PARTS:
            parts += sum(len(signature.chain) for signature in signatures)
        if parts > MAX_PARTS:
            raise TooLarge(what="number of parts in a message", found=parts, limit=MAX_PARTS)


def note_refusals(
    log: SecurityLog,
    messages: Sequence[Any],
    outcomes: Sequence[object],
    caller: Caller,
) -> None:
    """Tell the security log which items were refused for a reason that concerns it."""
    for message, outcome in zip(messages, outcomes, strict=True):
        if isinstance(outcome, LienthongError) and refusal_of(outcome) is not None:
            shown = [chain for s in message.envelope.signatures[:1] for chain in s.chain[:1]]
            log.refused(
                outcome,
                who=caller.organ,
                certificate="".join(hashlib.sha256(der).hexdigest() for der in shown),
                what=type(message).__name__,
            )


def _each(messages: Sequence[M], decode: Callable[[M], C]) -> list[C | LienthongError]:
    """Decode every item; one that is wrong does not refuse its neighbours."""
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
    package_id = manifest.package_id.bytes
    return SubmitPackage(
        caller=caller,
        manifest=manifest,
        signer=_signer(node, got, lambda view: _recorded_package(view, package_id)),
        payload_sha256=got.payload_sha256,
        envelope_sha256=envelope_digest(got.envelope),
        envelope=got.envelope_bytes,
        contents=_inline(manifest, message.inline_files),
    )


def _report(node: NodeContext, message: exchange_pb2.ReportItem, caller: Caller) -> ReportStatus:
    got = received(message.envelope)
    _check_type(got, STATEMENT_TYPE)
    statement = load_statement(got.envelope.payload)
    statement_id = statement.statement_id.bytes
    return ReportStatus(
        caller=caller,
        statement=statement,
        signer=_signer(node, got, lambda view: _recorded_statement(view, statement_id)),
        payload_sha256=got.payload_sha256,
        content_sha256=hashlib.sha256(dump_statement_content(statement)).digest(),
        envelope_sha256=envelope_digest(got.envelope),
        envelope=got.envelope_bytes,
    )


def _check_type(got: Received, expected: str) -> None:
    if got.envelope.payload_type != expected:
        raise Malformed(what="envelope", reason=f"its type is not {expected}")


def _signer(node: NodeContext, got: Received, recorded: Callable[[ReadView], bytes]) -> str:
    """Fingerprint of the certificate that signed; its binding is judged by the core.

    What was recorded before keeps its receipt, also when its certificate has ended since: then the
    fingerprint is empty, and the core finds the same bytes before it asks for it.
    """
    try:
        evidence = verify_envelope(got.envelope, node.anchors, node.clock(), node.chains)
        if node.status is not None:
            for signer in (evidence, *evidence.others):
                node.status.check_signer(signer.chain)
    except LienthongError:
        with node.store.read() as view:
            if recorded(view) == got.payload_sha256:
                return ""
        raise
    return evidence.fingerprint.hex()


def _recorded_package(view: ReadView, package_id: bytes) -> bytes:
    row = view.package(package_id)
    return row.payload_sha256 if row else b""


def _recorded_statement(view: ReadView, statement_id: bytes) -> bytes:
    row = view.statement(statement_id)
    return row.payload_sha256 if row else b""


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
