"""Sending documents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from attrs import evolve, frozen

from lienthong.client.compose import (
    AnyOrgan,
    AnyPackageId,
    AnyRecipient,
    PreparedPackage,
)
from lienthong.client.exchange import INLINE_LIMIT, bring_files, hand_over
from lienthong.client.files import AnyFile, ProgressCallback, prepare
from lienthong.client.registering import Entered
from lienthong.client.reporting import ReportingMethods
from lienthong.client.turns import Turn, turns_for
from lienthong.codec.signed import dump_manifest, envelope_to_message, load_manifest
from lienthong.errors import (
    CallerError,
    FileUndeclared,
    IdReused,
    InputError,
    LienthongError,
    LineClosed,
    Malformed,
    NotFound,
    NumberTaken,
)
from lienthong.model.document import Document
from lienthong.model.ids import PackageId
from lienthong.model.journal import Receipt
from lienthong.model.package import PackageKind
from lienthong.model.secrecy import refuse_state_secret
from lienthong.model.signing import MANIFEST_TYPE, Envelope
from lienthong_proto.axis.v1 import exchange_pb2

AT_ONCE: Final = 128
"""Documents that ``send_many`` works on at the same time."""


@frozen(kw_only=True)
class Sending:
    """One document for ``send_many``; as the arguments of ``send``."""

    document: Document
    files: Sequence[AnyFile]
    recipients: Sequence[AnyRecipient]
    package_id: AnyPackageId | None = None


@frozen(kw_only=True)
class SendOutcome:
    """What became of one document: a receipt, or the error that kept it from being sent."""

    receipt: Receipt | None = None
    error: LienthongError | None = None


class SendingMethods(ReportingMethods):
    """Sending documents; see ``AsyncClient``."""

    async def prepare(
        self,
        document: Document,
        files: Iterable[AnyFile],
        recipients: Iterable[AnyRecipient],
        *,
        package_id: AnyPackageId | None = None,
        sender: AnyOrgan | None = None,
    ) -> PreparedPackage:
        """Hash the files, make the manifest and sign it; nothing is sent.

        Keep ``envelope`` of the result, and the files, until ``submit`` has given the receipt: the
        same bytes can then be handed over again, also by another process.

        Args:
            document: data of the document (QĐ 52/2019 Đ7.2).
            files: paths or sources; the first is the main file unless one is named as such.
            recipients: codes or recipients (Đ7.2m).
            package_id: chosen by the caller, a UUIDv7; a new one by default.
            sender: a body that this organisation's office sends for (Đ6.3); itself by default.

        Raises:
            StateSecret: the document is marked as a state secret (Đ1.2).
            InputError: a value is not allowed; the error names it.
            KeyUnusable: the signing key cannot be used.
        """
        return await self._prepare(
            PackageKind.NEW, document, files, recipients, package_id=package_id, sender=sender
        )

    async def send(
        self,
        document: Document,
        files: Iterable[AnyFile],
        recipients: Iterable[AnyRecipient],
        *,
        package_id: AnyPackageId | None = None,
        sender: AnyOrgan | None = None,
        inline_limit: int = INLINE_LIMIT,
        progress: ProgressCallback | None = None,
    ) -> Receipt:
        """Send a document to organisations; returns when the axis has it durably.

        Files are uploaded with resume, the manifest is signed, the package submitted; what may pass
        is tried again with the same bytes. The receipt is checked before it is returned. With a
        *package_id* of the caller's the call may be repeated after a crash: the same document,
        files and recipients give the first receipt again.

        Args:
            document: data of the document (QĐ 52/2019 Đ7.2).
            files: paths or sources; the first is the main file unless one is named as such.
            recipients: codes or recipients (Đ7.2m).
            package_id: chosen by the caller, a UUIDv7; a new one by default.
            sender: a body that this organisation's office sends for (Đ6.3); itself by default.
            inline_limit: bytes up to which a file travels with the manifest, at most 256 KiB.
            progress: told how uploads go.

        Raises:
            StateSecret: the document is marked as a state secret (Đ1.2).
            InputError: a value is not allowed; the error names it.
            UnknownRecipient: also ClosedRecipient, DuplicateRecipient, SenderMismatch.
            IdReused: *package_id* stands for other content.
            HashMismatch: a file changed while it was sent.
            LimitReached: the axis has no room for more now; also DiskFull.
            ConnectionFailed: the axis cannot be reached, after all tries.
            ReceiptInvalid: the axis gave a false receipt; also CheckpointInvalid, ProofInvalid.
            NumberTaken: another document of this year has its number; also NumberNotNext and other
                errors of ``registers``, before anything is sent.
        """
        prepared = await self._prepare(
            PackageKind.NEW, document, files, recipients, package_id=package_id, sender=sender
        )
        return await self._send(prepared, package_id, inline_limit, progress)

    async def send_many(
        self, sendings: Iterable[Sending], *, inline_limit: int = INLINE_LIMIT
    ) -> tuple[SendOutcome, ...]:
        """Send documents at the same time; each succeeds or fails for itself, none raises.

        Several documents share messages, which costs far less than one ``send`` after the other.
        Into ``registers`` they are entered in the order of their dates and numbers.
        """
        room, given = asyncio.Semaphore(AT_ONCE), tuple(sendings)
        order = sorted(range(len(given)), key=lambda place: _place_of(given[place].document))
        turns = turns_for(len(given)) if self._registers.keeps else [Turn()] * len(given)

        async def one(sending: Sending, turn: Turn) -> SendOutcome:
            async with room:
                try:
                    prepared = await self._prepare(
                        PackageKind.NEW,
                        sending.document,
                        sending.files,
                        sending.recipients,
                        package_id=sending.package_id,
                    )
                    receipt = await self._send(
                        prepared, sending.package_id, inline_limit, turn=turn
                    )
                except LienthongError as error:
                    return SendOutcome(error=error)
                finally:
                    await turn.over()
                return SendOutcome(receipt=receipt)

        tasks = (one(given[place], turn) for place, turn in zip(order, turns, strict=True))
        outcomes = dict(zip(order, await asyncio.gather(*tasks), strict=True))
        return tuple(outcomes[place] for place in range(len(given)))

    async def submit(
        self,
        package: PreparedPackage | Envelope,
        files: Iterable[AnyFile] = (),
        *,
        inline_limit: int = INLINE_LIMIT,
        progress: ProgressCallback | None = None,
    ) -> Receipt:
        """Hand a signed package over; doing so again gives the same receipt.

        Args:
            package: what ``prepare`` gave, or its envelope.
            files: with an envelope, the files of its manifest; matched by their hash. Those that
                were uploaded before may be left out. Files that travel with the manifest are kept
                by the axis only when it takes the package over, so these must come along again.
            inline_limit: bytes up to which a file travels with the manifest, at most 256 KiB.
            progress: told how uploads go.

        Raises:
            FileUndeclared: the manifest does not name a file.
            FileMissing: the axis lacks a file that was left out.
            LienthongError: as ``send``.
        """
        if isinstance(package, Envelope):
            package = await _prepared(package, files)
        return await self._submit(package, inline_limit, progress)

    async def _prepare(
        self,
        kind: PackageKind,
        document: Document,
        files: Iterable[AnyFile],
        recipients: Iterable[AnyRecipient],
        *,
        package_id: AnyPackageId | None = None,
        sender: AnyOrgan | None = None,
        target: PackageId | None = None,
        reason: str = "",
    ) -> PreparedPackage:
        # Before a single byte is read (QĐ 52/2019 Đ1.2, Đ6.1a).
        refuse_state_secret(document.secrecy.value, field="Document.secrecy")
        with_main = kind in {PackageKind.NEW, PackageKind.REPLACE}
        prepared = await prepare(files, with_main=with_main)
        manifest = self._composer.manifest(
            kind,
            document,
            prepared,
            recipients,
            package_id=package_id,
            sender=sender,
            target=target,
            reason=reason,
        )
        envelope = await self._signer.sign(MANIFEST_TYPE, dump_manifest(manifest))
        self._verifier.signed(envelope, manifest)
        return PreparedPackage(manifest=manifest, envelope=envelope, files=prepared)

    async def _send(
        self,
        prepared: PreparedPackage,
        chosen: AnyPackageId | None,
        inline_limit: int = INLINE_LIMIT,
        progress: ProgressCallback | None = None,
        *,
        turn: Turn | None = None,
    ) -> Receipt:
        """Submit; with an identifier that the caller has chosen a repetition is no error."""
        try:
            return await self._submit(prepared, inline_limit, progress, turn)
        except IdReused:
            if chosen is None:
                raise
            receipt = await self._earlier(prepared)
            await self._registers.sent_before(prepared.manifest)
            return receipt

    async def _submit(
        self,
        package: PreparedPackage,
        inline_limit: int,
        progress: ProgressCallback | None,
        turn: Turn | None = None,
    ) -> Receipt:
        async with turn or Turn():
            entered = await self._entered(package)
        try:
            inline = await bring_files(self._connection, package.files, inline_limit, progress)
        except LienthongError:
            await self._registers.refused(entered)
            raise
        submission = exchange_pb2.Submission(
            envelope=envelope_to_message(package.envelope), inline_files=inline
        )
        try:
            answer = await hand_over(self._submissions, submission, self._policy)
        except (CallerError, InputError):
            # An earlier try may have reached the axis, and its answer been lost.
            if entered.fresh and not await self._axis_has(package):
                await self._registers.refused(entered)
            raise
        verified = self._verifier.receipt_for(answer, package.envelope, package.manifest)
        self._known.learn(package.manifest, (file.sha256 for file in package.manifest.files))
        await self._registers.sent(entered, package.manifest)
        return verified.receipt

    async def _entered(self, package: PreparedPackage) -> Entered:
        """The line of a document; what the axis has already is no new sending.

        Raises:
            LineClosed: its number was cancelled, or it was recalled; also NumberTaken.
        """
        try:
            return await self._registers.entering(package.manifest)
        except (LineClosed, NumberTaken):
            if not await self._axis_has(package):
                raise
            return Entered()

    async def _axis_has(self, package: PreparedPackage) -> bool:
        """Whether the axis has a package; also when it cannot say so now."""
        try:
            await self.get_package(package.package_id)
        except NotFound:
            return False
        except LienthongError:
            pass
        return True

    async def _earlier(self, prepared: PreparedPackage) -> Receipt:
        """The receipt of an earlier run, if it sent the same under the same identifier.

        Raises:
            IdReused: it sent something else.
        """
        view = await self.get_package(prepared.package_id)
        if evolve(view.manifest, created_at=prepared.manifest.created_at) != prepared.manifest:
            raise IdReused(what=f"package id {prepared.package_id}")
        return view.receipt


def _place_of(document: Document) -> tuple[date, int]:
    """Where a document belongs in the order of numbers."""
    digits = document.number.number
    return document.issued_date, int(digits) if digits.isdecimal() else 0


async def _prepared(envelope: Envelope, files: Iterable[AnyFile]) -> PreparedPackage:
    """An envelope that was kept, with its files."""
    if envelope.payload_type != MANIFEST_TYPE:
        raise Malformed(what="the package", reason=f"it holds {envelope.payload_type}")
    manifest = load_manifest(envelope.payload)
    declared = {file.sha256: file for file in manifest.files}
    prepared = await prepare(files, with_main=False)
    for file in prepared:
        if file.entry.sha256 not in declared:
            raise FileUndeclared(sha256=file.entry.sha256)
    return PreparedPackage(manifest=manifest, envelope=envelope, files=prepared)
