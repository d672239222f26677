"""The contract of file signers: putting a legal signature into a file (NĐ 30/2020 PL I).

A file signer knows formats and appearances. The key stays with a ``Signer``, the time with a
``TimeStamper``; whether somebody may sign is decided by whoever gives the order, except for the
order of signatures, which a file signer enforces itself.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Final

from attrs import field, frozen
from attrs.validators import optional

from lienthong.model.checks import a, as_tuple, many, maybe, missing, octets, refuse, text, whole
from lienthong.model.file_signature import MAX_COORDINATE, Appearance, SignatureRole
from lienthong.model.ids import DocumentNumber
from lienthong.model.time import as_utc, aware, format_vietnam
from lienthong.model.trust import NO_EVIDENCE, NOBODY, StatusEvidence, Trust
from lienthong.model.words import CopyForm
from lienthong.spi.signer import Signer
from lienthong.spi.time import TimeStamper

MAX_IMAGE_BYTES: Final = 5 * 1024 * 1024
MAX_AGENCY: Final = 200
MAX_PAGE: Final = 99_999


class SignatureLevel(enum.Enum):
    """How long a signature can be verified (ETSI EN 319 142-1)."""

    B_B = "B-B"
    """While its certificate is in force."""

    B_T = "B-T"
    """The time is proven by a time-stamp."""

    B_LT = "B-LT"
    """The status of all certificates lies in the file."""

    B_LTA = "B-LTA"
    """A second time-stamp protects that."""

    @property
    def stamped(self) -> bool:
        """It needs a time-stamp authority."""
        return self is not SignatureLevel.B_B

    @property
    def long_term(self) -> bool:
        """It needs the status of every certificate."""
        return self in (SignatureLevel.B_LT, SignatureLevel.B_LTA)


@frozen(kw_only=True)
class Box:
    """A rectangle on a page as people see it, in millipoints (1/72000 inch)."""

    left: int = field(validator=whole(0, MAX_COORDINATE))
    """From the left edge."""

    bottom: int = field(validator=whole(0, MAX_COORDINATE))
    """From the lower edge."""

    width: int = field(validator=whole(1_000, MAX_COORDINATE))
    height: int = field(validator=whole(1_000, MAX_COORDINATE))


@frozen(kw_only=True)
class SigningOrder:
    """What is to be signed in whose role, and how it shows."""

    role: SignatureRole = field(validator=a(SignatureRole, clause="NĐ 30/2020 PL I"))
    at: datetime = field(converter=as_utc, validator=aware)
    """The moment that the signature states; shown with +07:00."""

    level: SignatureLevel = field(default=SignatureLevel.B_B, validator=a(SignatureLevel))
    image: bytes = field(default=b"", repr=False, validator=octets(0, MAX_IMAGE_BYTES))
    """PNG of a signer's signature (II.7d) or an agency's seal (II.8a); empty: nothing shows."""

    image_width: int | None = field(default=None, validator=optional(whole(1_000, MAX_COORDINATE)))
    """Millipoints: the true width of a seal whose PNG does not tell its resolution."""

    page: int | None = field(default=None, validator=optional(whole(1, MAX_PAGE)))
    """From 1; by default the last page for signatures, that of the signer for seals."""

    box: Box | None = field(default=None, validator=maybe(Box))
    """Where an image goes; by default between position and name, or over the signature."""

    number: DocumentNumber | None = field(default=None, validator=maybe(DocumentNumber))
    """Of an agency: written into its field; of a separate attachment: shown (II.8b)."""

    issued_on: date | None = field(default=None, validator=maybe(date))
    """Of an agency: written into its field."""

    agency: str = field(default="", validator=text(MAX_AGENCY))
    """Of a copy: who copied."""

    copy_form: CopyForm | None = field(default=None, validator=maybe(CopyForm))
    font: Path | None = field(default=None)
    """TrueType file for what is written; by default an installed one."""

    trust: Trust = field(default=NOBODY, repr=False, validator=a(Trust))
    """Whom earlier signatures must lead to; without any authority only their integrity counts."""

    evidence: StatusEvidence = field(default=NO_EVIDENCE, repr=False, validator=a(StatusEvidence))
    """What proves the status of certificates, for long-term levels."""

    def __attrs_post_init__(self) -> None:
        if self.role is SignatureRole.ATTACHMENT_AGENCY and self.number is None:
            raise missing(self, "number", "NĐ 30/2020 PL I II.8b")
        if self.role is SignatureRole.COPY_AGENCY:
            self._check_copy()
        if self.is_text and (self.image or self.box or self.page):
            expected = "no image and no place: text at the top right of page 1"
            raise refuse(
                self, "image", found="given", expected=expected, clause="NĐ 30/2020 PL I II.8b"
            )

    def _check_copy(self) -> None:
        if self.copy_form in (None, CopyForm.ORIGINAL):
            raise missing(self, "copy_form", "NĐ 30/2020 PL I Phần II.I")
        if not self.agency:
            raise missing(self, "agency", "NĐ 30/2020 PL I Phần II.I")

    @property
    def is_text(self) -> bool:
        """Attachments and copies show words instead of an image (II.8b, Phần II.I)."""
        return self.role in (SignatureRole.ATTACHMENT_AGENCY, SignatureRole.COPY_AGENCY)

    @property
    def lines(self) -> tuple[str, ...]:
        """What an attachment's or copy's signature shows, line by line."""
        when = format_vietnam(self.at)
        if self.role is SignatureRole.ATTACHMENT_AGENCY:
            return str(self.number), when
        if self.role is SignatureRole.COPY_AGENCY and self.copy_form is not None:
            return self.copy_form.label_vi.upper(), self.agency, when
        return ()


@frozen(kw_only=True)
class SignedFile:
    """What was put into a file."""

    name: str = field(validator=text(200, required=True))
    """Of the signature, as the file names it."""

    role: SignatureRole = field(validator=a(SignatureRole))
    level: SignatureLevel = field(validator=a(SignatureLevel))
    at: datetime = field(converter=as_utc, validator=aware)
    appearance: Appearance | None = field(default=None, validator=maybe(Appearance))
    """None when nothing shows."""

    earlier: tuple[str, ...] = field(default=(), converter=as_tuple, validator=many(str, most=100))
    """Names of the signatures that were in the file before, all intact."""


class FileSigner(ABC):
    """Signs files of one media type. May be called from several threads at once."""

    @abstractmethod
    def sign(
        self,
        source: BinaryIO,
        target: BinaryIO,
        order: SigningOrder,
        signer: Signer,
        stamper: TimeStamper | None = None,
    ) -> SignedFile:
        """Write the file with one more signature; what was signed before stays as it is.

        The key signs once, and only after everything else was checked. When an error is raised,
        what stands in *target* is worth nothing.

        Args:
            source: readable and seekable, at its start; only read, and not closed.
            target: readable, writable and seekable, empty; not closed.
            order: what to do.
            signer: a key with its certificates.
            stamper: for the levels above B-B.

        Raises:
            SignerSignatureMissing: an agency may not sign yet.
            EarlierSignatureBroken: an earlier signature is not intact, or would not stay so.
            FileUnsignable: the file is of a form that is not signed.
            TooLarge: it is larger than the file signer is willing to read.
            SignatureImageUnfit: the image is not as the regulation wants it.
            FontMissing: there is no font for what is to be written.
            StatusUnproven: evidence is missing for a long-term level.
            MissingField: a level above B-B without *stamper*.
            NotSupported: the level was not declared.
            InvalidValue: the place lies outside the page, or the file lacks a field.
            KeyUnusable: the key made a signature that does not fit its certificate.
            CertificateUnfit: the certificate may not sign; CertificateExpired: not at that moment;
                CertificateRevoked: the order's evidence says that it was revoked by then.
            SigningClockWrong: the order's moment is later than the time-stamp.
            LienthongError: what *signer* and *stamper* raise.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; a second call does nothing."""
