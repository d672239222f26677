"""The contract of file verifiers: what the signatures inside a file say.

A verifier reports what it found. Whether that is enough for a document's legal value is decided by
rules, never by a verifier. What rules read of a report is typed (``signatures``) or stands in
``checks`` without a subject: those are about the file as a whole.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from datetime import datetime
from typing import BinaryIO, Final

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, missing, text
from lienthong.model.file_signature import FileSignature
from lienthong.model.ids import Sha256
from lienthong.model.time import aware
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence

MAX_CHECKS: Final = 1000
MAX_SIGNATURES: Final = 100
MAX_WORD: Final = 200
MAX_REASON: Final = 2000

HAS_SIGNATURES: Final = "file.signatures"
"""Name of the check whether there is any signature; an unsigned file may still be sound."""


class Outcome(enum.Enum):
    """The three results of EN 319 102-1 5.1.3; not being able to decide is one of them."""

    PASSED = "PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"

    @classmethod
    def worst(cls, outcomes: tuple[Outcome, ...]) -> Outcome:
        """FAILED before INDETERMINATE before PASSED; nothing checked is INDETERMINATE."""
        for outcome in (cls.FAILED, cls.INDETERMINATE):
            if outcome in outcomes:
                return outcome
        return cls.PASSED if outcomes else cls.INDETERMINATE


@frozen(kw_only=True)
class FileCheck:
    """One thing that was checked."""

    name: str = field(validator=text(MAX_WORD, required=True))
    """What, in one dotted word: ``signature.integrity``, ``certificate.revocation``."""

    subject: str = field(default="", validator=text(MAX_WORD))
    """Which signature or certificate, as the file names it; empty for the file as a whole."""

    outcome: Outcome = field(validator=a(Outcome))

    reason: str = field(default="", validator=text(MAX_REASON))
    """One sentence; never empty unless it passed."""

    reason_vi: str = field(default="", validator=text(MAX_REASON))
    """The same in Vietnamese; empty where the verifier has no such words."""

    @reason.validator
    def _reasoned(self, _: object, reason: str) -> None:
        if self.outcome is not Outcome.PASSED and not reason:
            raise missing(self, "reason", f"the outcome {self.outcome.value} of {self.name}")


@frozen(kw_only=True)
class FileReport:
    """What a verifier found in one file."""

    media_type: str = field(validator=text(MAX_WORD, required=True))
    at: datetime = field(validator=aware)
    """The moment for which certificates and revocation were judged."""

    sha256: Sha256 = field(validator=a(Sha256))
    """Of the whole file: the report is about these bytes and no others."""

    verifier: str = field(validator=text(MAX_WORD, required=True))
    """Name and version of what verified, for the record."""

    checks: tuple[FileCheck, ...] = field(
        converter=as_tuple, validator=many(FileCheck, most=MAX_CHECKS)
    )
    """In the order in which they were made."""

    signatures: tuple[FileSignature, ...] = field(
        default=(), converter=as_tuple, validator=many(FileSignature, most=MAX_SIGNATURES)
    )
    """The signatures that could be read, good or not, in the order of the file."""

    content_sha256: Sha256 | None = field(default=None, validator=maybe(Sha256))
    """Of the content that was given beside the file, which a detached signature is over: without
    it the report says nothing of any content. None where none was given."""

    evidence: StatusEvidence = field(default=NO_EVIDENCE, validator=a(StatusEvidence))
    """What the verdict rests on; given again with the same file it repeats the verdict offline."""

    @property
    def outcome(self) -> Outcome:
        """The worst of all checks; INDETERMINATE when nothing could be checked."""
        return Outcome.worst(tuple(check.outcome for check in self.checks))


class FileVerifier(ABC):
    """Reads the signatures inside files of one media type.

    May be called from several threads at once, each with a stream of its own.
    """

    @abstractmethod
    def verify(
        self,
        stream: BinaryIO,
        media_type: str,
        at: datetime,
        evidence: StatusEvidence = NO_EVIDENCE,
        *,
        content: BinaryIO | None = None,
    ) -> FileReport:
        """Check the signatures in a file.

        A damaged, unsigned or hostile file is a report, not an exception, and so is one on which
        the verifier itself fails. The network is never used: revocation that cannot be judged from
        the file and *evidence* is INDETERMINATE.

        Args:
            stream: readable and seekable, at its start; the verifier does not close it.
            media_type: as the package declares it.
            at: aware; the moment for which to judge.
            evidence: status of certificates as far as it is known; nothing of it is believed
                without a signature of an authority.
            content: what a detached signature (``application/pkcs7-signature``) is over, readable
                and seekable, at its start; None where the file holds its content.

        Raises:
            Closed: the verifier was closed.
            NaiveTime: the moment has no time zone.
            NotSupported: the media type is not one that was declared.
            TooLarge: the file is larger than the verifier is willing to read.
        """

    def give_way(self) -> None:  # noqa: B027 - most have nothing to lower
        """Do the work of later calls only where nobody else wants the processors.

        For verifying beside a service. Called before the first file; a machine that is busy all
        the time then verifies late or not in time, which is a report that says so. Verifiers that
        compute in processes of their own lower the priority of these.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of processes and files; a second call does nothing."""
