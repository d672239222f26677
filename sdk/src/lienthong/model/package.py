"""The signed list of what is sent, by whom and to whom (DESIGN §5; regulations §13a B, C)."""

from __future__ import annotations

import enum
import re
from datetime import datetime
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.errors import DuplicateRecipient, InvalidValue
from lienthong.model.checks import (
    a,
    as_tuple,
    many,
    maybe,
    missing,
    path_of,
    refuse,
    shown,
    text,
    whole,
)
from lienthong.model.document import Document
from lienthong.model.files import file_name, skeleton
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.time import as_utc, aware
from lienthong.model.words import AttachmentKind, FileRole, RecipientRole

MAX_RECIPIENTS: Final = 1000
MAX_FILES: Final = 20
PDF: Final = "application/pdf"
MAX_FILE_BYTES: Final = 2**63 - 1

_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,63}")


class PackageKind(enum.Enum):
    """What a package does (national code BussinessDocType 0 to 3)."""

    NEW = "NEW"
    """A new document (0)."""

    RECALL = "RECALL"
    """Recalls the document of an earlier package (1; QĐ 52/2019 Đ8.3)."""

    UPDATE = "UPDATE"
    """Changes data of an earlier package, never its signed main file (2)."""

    REPLACE = "REPLACE"
    """A new document that replaces that of an earlier package (3; NĐ 30/2020 Đ18.3)."""

    @property
    def label_vi(self) -> str:
        return _KIND_LABELS[self]


_KIND_LABELS: Final = {
    PackageKind.NEW: "Văn bản mới",
    PackageKind.RECALL: "Thu hồi",
    PackageKind.UPDATE: "Cập nhật",
    PackageKind.REPLACE: "Thay thế",
}
_WITH_MAIN_FILE: Final = frozenset({PackageKind.NEW, PackageKind.REPLACE})


def _media_type(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value == PDF:
        return
    if not isinstance(value, str) or not _MEDIA_TYPE.fullmatch(value):
        raise InvalidValue(
            field=path_of(instance, attribute),
            found=shown(value),
            expected="a media type such as application/pdf",
        )


@frozen(kw_only=True)
class Recipient:
    """An organisation that is to receive the package (QĐ 52/2019 Đ7.2m)."""

    organ_id: OrganId = field(validator=a(OrganId, clause="QĐ 52/2019 Đ7.2m"))
    organ_name: str = field(default="", validator=text(200, clause="NĐ 30/2020 PL VI 13"))
    """≤ 200 characters; informative, the directory decides (PL VI 13)."""

    role: RecipientRole = field(default=RecipientRole.MAIN, validator=a(RecipientRole))


@frozen(kw_only=True)
class FileEntry:
    """One file of a package; its bytes travel apart (QĐ 52/2019 Đ7.2g; QĐ 28/2018 Đ6.1)."""

    name: str = field(validator=file_name)
    """Shown to people, kept verbatim, never a path; ≤ 255 bytes of UTF-8."""

    media_type: str = field(validator=_media_type)
    size: int = field(validator=whole(0, MAX_FILE_BYTES))
    """Bytes."""

    sha256: Sha256 = field(validator=a(Sha256, clause="QĐ 28/2018 Đ6.1"))
    role: FileRole = field(default=FileRole.MAIN, validator=a(FileRole))
    attachment_kind: AttachmentKind = field(
        default=AttachmentKind.NORMAL, validator=a(AttachmentKind, clause="QĐ 52/2019 Đ6.2b")
    )
    page_amount: int = field(default=0, validator=whole(0, 99_999))
    """0 when not counted."""


@frozen(kw_only=True)
class Manifest:
    """What a sender signs: one package.

    Raises:
        InvalidValue: a field or a rule between fields is broken.
        MissingField: a required field is empty.
        DuplicateRecipient: an organisation is named twice.
    """

    package_id: PackageId = field(validator=a(PackageId))
    """The idempotency key."""

    kind: PackageKind = field(default=PackageKind.NEW, validator=a(PackageKind))
    audience: str = field(validator=text(255, required=True))
    """Name of the axis that this package is addressed to; another axis refuses it."""

    sender: OrganId = field(validator=a(OrganId, clause="QĐ 52/2019 Đ7.2l"))
    recipients: tuple[Recipient, ...] = field(
        converter=as_tuple,
        validator=many(Recipient, least=1, most=MAX_RECIPIENTS, clause="QĐ 52/2019 Đ7.2m"),
    )
    document: Document = field(validator=a(Document, clause="QĐ 52/2019 Đ7.2"))
    files: tuple[FileEntry, ...] = field(
        default=(), converter=as_tuple, validator=many(FileEntry, most=MAX_FILES)
    )
    created_at: datetime = field(converter=as_utc, validator=aware)
    """When the sender made it, UTC (QĐ 52/2019 Đ10.1, Đ10.3)."""

    target: PackageId | None = field(default=None, validator=maybe(PackageId))
    """The earlier package that a recall, update or replacement is about."""

    reason: str = field(default="", validator=text(500, lines=True, clause="QĐ 52/2019 Đ8.3"))
    """Why; required for recall, update and replacement, ≤ 500 characters."""

    def __attrs_post_init__(self) -> None:
        self._check_recipients()
        self._check_files()
        self._check_target()

    def _check_recipients(self) -> None:
        seen = {self.sender.value}
        for recipient in self.recipients:
            organ = recipient.organ_id.value
            if organ in seen:
                if recipient.organ_id == self.sender:
                    expected = "another organisation than the sender"
                    raise refuse(self, "recipients", found=organ, expected=expected)
                raise DuplicateRecipient(organ=organ, clause="QĐ 52/2019 Đ7.2m")
            seen.add(organ)

    def _check_files(self) -> None:
        main = [file for file in self.files if file.role is FileRole.MAIN]
        if not main and self.kind in _WITH_MAIN_FILE:
            raise missing(self, "files", "NĐ 30/2020 PL I")
        if len(main) > 1:
            found = f"{len(main)} main files"
            raise refuse(self, "files", found=found, expected="one main file")
        if main and main[0].size == 0:
            raise refuse(self, "files", found="an empty main file", expected="a document")
        if len(self.files) > 1 and len({skeleton(f.name) for f in self.files}) != len(self.files):
            found = "a repeated name, or one that looks like another"
            raise refuse(self, "files", found=found, expected="different names")

    def _check_target(self) -> None:
        if self.kind is PackageKind.NEW:
            if self.target is not None:
                expected = "no target in a new document"
                raise refuse(self, "target", found=str(self.target), expected=expected)
            return
        if self.target is None:
            raise missing(self, "target", "QĐ 52/2019 Đ8.3; NĐ 30/2020 Đ18.3-4")
        if self.target == self.package_id:
            raise refuse(self, "target", found="itself", expected="an earlier package")
        if not self.reason.strip():
            raise missing(self, "reason", "QĐ 52/2019 Đ8.3; NĐ 30/2020 Đ18.3-4")

    @property
    def main_file(self) -> FileEntry | None:
        """The document itself; None where the package only brings data."""
        return next((file for file in self.files if file.role is FileRole.MAIN), None)
