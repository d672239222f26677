"""The verifier: reads files, lets workers judge them, and always answers with a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO, Final

from lienthong.errors import Malformed, NotSupported, TooLarge
from lienthong.model.time import check_aware
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence, Trust
from lienthong.spi import FileReport, FileVerifier
from lienthong_verifier_pdf.case import Case
from lienthong_verifier_pdf.cases import pack_case, pack_trust, unpack_report
from lienthong_verifier_pdf.media import DETACHED, ENCLOSED, MEDIA_TYPES, PDF, VERIFIER
from lienthong_verifier_pdf.pool import WORKER, PoolLimits, WorkerLost, WorkerPool
from lienthong_verifier_pdf.words import Findings

MAX_FILE_BYTES: Final = 128 * 1024 * 1024
"""Of a file, and of a content beside it."""

DEFAULT: Final = PoolLimits()

__all__ = ["DETACHED", "ENCLOSED", "MEDIA_TYPES", "PDF", "FileSignatureVerifier"]


class FileSignatureVerifier(FileVerifier):
    """Verifies signatures in PDF and CMS files; may be shared between threads."""

    def __init__(
        self, trust: Trust, limits: PoolLimits = DEFAULT, command: Sequence[str] = WORKER
    ) -> None:
        """Make a verifier; its processes start with the first file.

        Args:
            trust: authorities of signers and of time-stamps.
            limits: of the processes that read files.
            command: starts one of them.
        """
        self._pool = WorkerPool(lambda: pack_trust(trust), limits, command)

    def verify(
        self,
        stream: BinaryIO,
        media_type: str,
        at: datetime,
        evidence: StatusEvidence = NO_EVIDENCE,
        *,
        content: BinaryIO | None = None,
    ) -> FileReport:
        check_aware(at, field="at")
        kind = media_type.partition(";")[0].strip().lower()
        if kind not in MEDIA_TYPES:
            raise NotSupported(plugin="lienthong-verifier-pdf", capability=media_type)
        case = Case(
            data=_read(stream, "a signed file"),
            media_type=kind,
            at=at,
            evidence=evidence,
            content=None if content is None else _read(content, "a signed content"),
        )
        try:
            return self._pool.ask(pack_case(case), lambda answer: unpack_report(answer, case))
        except (WorkerLost, Malformed) as lost:
            return _undecided(case, str(lost))

    def give_way(self) -> None:
        self._pool.give_way()

    def close(self) -> None:
        self._pool.close()


def _read(stream: BinaryIO, what: str) -> bytes:
    data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        limit = f"{MAX_FILE_BYTES} bytes"
        raise TooLarge(what=what, found=f"over {limit}", limit=limit)
    return data


def _undecided(case: Case, detail: str) -> FileReport:
    """The verifier failed over this document: quarantine it, and go on with the next one."""
    findings = Findings()
    findings.undecided("validator", "validator", detail=detail)
    return FileReport(
        media_type=case.media_type,
        at=case.at,
        sha256=case.sha256,
        content_sha256=case.content_sha256,
        verifier=VERIFIER,
        checks=findings.checks,
    )
