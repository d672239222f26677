"""What a recipient finds in the files of a package: their legal signatures (QĐ 52/2019 Đ8.1b)."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from attrs import frozen

from lienthong.client.clock import Clock
from lienthong.client.filereports import Examination, ExaminedFile, ReportFolder, digest_of
from lienthong.client.synced import unusable
from lienthong.client.waiting import WaitingFolder
from lienthong.errors import Closed, HashMismatch, PluginNotFound, TooLarge
from lienthong.model.file_signature import SignaturesFound
from lienthong.model.ids import Sha256
from lienthong.model.package import FileEntry, Manifest
from lienthong.model.trust import StatusEvidence, Trust
from lienthong.model.words import FileRole
from lienthong.plugins import PluginHost
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi.verifier import FileReport, FileVerifier
from lienthong.trust.folder import StatusFolder
from lienthong.trust.noting import note_places
from lienthong.trust.store import TrustStore

log = logging.getLogger(__name__)

Fetch: TypeAlias = Callable[[FileEntry, BinaryIO], Awaitable[None]]
"""Writes the content of a file of the package, checked against its hash."""

WAITING: Final = "waiting"
"""Folder inside that of the reports."""

DETACHED: Final = ".p7s"
"""A detached signature is named after the file that it is over."""


@frozen(kw_only=True)
class Examined:
    """An examination with what follows from it."""

    examination: Examination
    found: SignaturesFound | None
    """None where no verifier reads the document itself."""


class FileExaminer:
    """Verifies the files of packages by the trust store; ``reports`` keeps what was found.

    The store is read anew each time: whoever changes it need not start anything again. May be
    shared between threads.
    """

    def __init__(
        self,
        host: PluginHost,
        trust: Path,
        reports: Path,
        clock: Clock,
        *,
        background: bool = False,
    ) -> None:
        """Use a trust store and a folder of reports; nothing is opened before it is needed.

        Args:
            host: knows the verifiers.
            trust: folder of the trust store.
            reports: folder of the reports.
            clock: tells the moment to judge for.
            background: verifying gives way to everything else on the machine.
        """
        self._host, self._store, self._clock = host, trust, clock
        self._background = background
        self.reports = ReportFolder(reports)
        self.waiting = WaitingFolder(reports / WAITING)
        self._verifiers: dict[str, FileVerifier | None] = {}
        self._trust: Trust | None = None
        self._lock = threading.Lock()
        self._closed = False

    async def examine(self, manifest: Manifest, fetch: Fetch) -> Examined:
        """Verify the files of a package, each by the verifier of its type, as ``judge``.

        Args:
            manifest: of the package, verified.
            fetch: brings the content of its files.

        Raises:
            HashMismatch: a file is not the one that the sender signed; as *fetch*.
            InvalidValue: there is no room for the files; else as ``judge``.
        """
        try:
            with ExitStack() as stack:
                contents: dict[str, BinaryIO] = {}
                for entry in manifest.files:
                    file = stack.enter_context(tempfile.TemporaryFile())
                    await fetch(entry, file)
                    contents[entry.name] = file
                return await asyncio.to_thread(self.judge, manifest, contents)
        except OSError as error:
            raise unusable(Path(error.filename or tempfile.gettempdir()), error) from error

    def close(self) -> None:
        """Let go of the verifiers; nothing is judged any more."""
        with self._lock:
            self._closed = True
            verifiers, self._verifiers = self._verifiers, {}
        _close(verifiers)

    def judge(self, manifest: Manifest, contents: Mapping[str, BinaryIO]) -> Examined:
        """Verify files that are at hand; nothing is kept before ``reports.keep`` is asked for it.

        Args:
            manifest: of the package, verified.
            contents: readable and seekable, by name, checked against their hashes; a file that is
                not among them gets no report, nor does a detached signature over it.

        Raises:
            ConfigInvalid: the trust store cannot be read; also InputError, with its place.
            HashMismatch: a verifier has read another file.
            TooLarge: the reports are too long to be kept.
            PluginFailed: a verifier did not answer.
        """
        missing = {one.name for one in manifest.files} - contents.keys()
        trust = TrustStore.load(self._store)
        evidence = StatusFolder(trust.status_folder).evidence()
        examination = Examination(
            package_id=manifest.package_id,
            examined_at=self._clock(),
            files=tuple(
                ExaminedFile(
                    name=entry.name,
                    sha256=entry.sha256,
                    report=None
                    if missing & {entry.name, _signed_name(entry.name)}
                    else self._report(entry, contents, trust.trust, evidence),
                )
                for entry in manifest.files
            ),
        )
        _note_places(trust, examination)
        report = digest_of(examination)
        return Examined(examination=examination, found=summed(manifest, examination, report))

    def _report(
        self,
        entry: FileEntry,
        contents: Mapping[str, BinaryIO],
        trust: Trust,
        evidence: StatusEvidence,
    ) -> FileReport | None:
        stream, signed = contents[entry.name], contents.get(_signed_name(entry.name))
        verifier = self._verifier(entry.media_type, trust)
        if verifier is None:
            return None
        for one in filter(None, (stream, signed)):
            one.seek(0)
        try:
            found = verifier.verify(
                stream, entry.media_type, self._clock(), evidence, content=signed
            )
        except TooLarge:
            return None
        if found.sha256 != entry.sha256:
            # Whatever it has read, it was not what came.
            raise HashMismatch(what=entry.name, found=found.sha256, expected=entry.sha256)
        return found

    def _verifier(self, media_type: str, trust: Trust) -> FileVerifier | None:
        """The verifier of a media type for those who are trusted now; None where there is none."""
        outdated: dict[str, FileVerifier | None] = {}
        try:
            with self._lock:
                if self._closed:
                    raise Closed(what="the file examiner")
                if trust != self._trust:
                    outdated, self._verifiers, self._trust = self._verifiers, {}, trust
                if media_type not in self._verifiers:
                    self._verifiers[media_type] = self._opened(media_type, trust)
                return self._verifiers[media_type]
        finally:
            _close(outdated)

    def _opened(self, media_type: str, trust: Trust) -> FileVerifier | None:
        try:
            return self._host.open_file_verifier(media_type, trust, background=self._background)
        except PluginNotFound:
            return None


def _note_places(store: TrustStore, examination: Examination) -> None:
    """Have the status fetched that was missing, or will be the next time."""
    reports = filter(None, (one.report for one in examination.files))
    try:
        note_places(store, [one for report in reports for one in report.evidence.certificates])
    except OSError as error:
        log.warning("what to fetch cannot be noted in the trust store: %s", error)


def _close(verifiers: Mapping[str, FileVerifier | None]) -> None:
    for verifier in filter(None, verifiers.values()):
        verifier.close()


def summed(manifest: Manifest, examination: Examination, kept: Sha256) -> SignaturesFound | None:
    """What was found of a document's signatures; None where no verifier reads the document."""
    reports = {one.name: one.report for one in examination.files}
    every = [report for report in reports.values() if report is not None]
    # What is signed apart from its signature is worth what that says; what is signed itself is
    # worth what it says, whatever somebody has put beside it.
    apart = {_signed_name(name): report for name, report in reports.items()}
    for name, report in apart.items():
        own = reports.get(name)
        if name in reports and report is not None and not (own is not None and own.signatures):
            reports[name] = report
    entries = [one for one in manifest.files if _signed_name(one.name) not in reports]
    main = next((one.name for one in entries if one.role is FileRole.MAIN), "")
    report = reports.get(main)
    if report is None:
        return None
    return signatures_found(
        report,
        report=kept,
        copy_form=manifest.document.copy_form,
        origin=manifest.document.origin,
        attachments={one.name: reports[one.name] for one in entries if one.name != main},
        beside=every,
    )


def _signed_name(name: str) -> str:
    """Which file a file is the detached signature of; empty where it is none."""
    return name[: -len(DETACHED)] if name.lower().endswith(DETACHED) else ""
