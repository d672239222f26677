"""Records, the files of a matter: regulations §13a E (NĐ 30/2020 Đ28-29, PL VI III)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, refuse, text, whole
from lienthong.model.document import DEFAULT_LANGUAGE
from lienthong.model.ids import OrganId

MAX_TOTAL: Final = 9999
MAX_LINKS: Final = 999


@frozen(kw_only=True)
class FileCode:
    """Code of a record: agency, year of the file list and notation (NĐ 30/2020 PL VI III.1)."""

    organ_id: OrganId = field(validator=a(OrganId, clause="NĐ 30/2020 PL VI III.1"))
    file_catalog: int = field(validator=whole(1000, 9999, clause="NĐ 30/2020 PL VI III.1"))
    """Year in which the record was opened."""

    file_notation: str = field(validator=text(20, required=True, clause="NĐ 30/2020 PL VI III.1"))
    """≤ 20 characters."""

    def __str__(self) -> str:
        return f"{self.organ_id}.{self.file_catalog}.{self.file_notation}"


@frozen(kw_only=True)
class RecordLink:
    """Places a document in a record; one document may be in several without a copy."""

    document_id: UUID = field(validator=a(UUID))
    """Internal key of the outgoing or incoming document."""

    doc_ordinal: int = field(validator=whole(1, MAX_LINKS, clause="NĐ 30/2020 PL VI III"))


@frozen(kw_only=True)
class Record:
    """A record of work (hồ sơ)."""

    file_code: FileCode = field(validator=a(FileCode, clause="NĐ 30/2020 PL VI III.1"))
    title: str = field(validator=text(500, required=True, clause="NĐ 30/2020 PL VI III.2"))
    maintenance: str = field(validator=text(30, required=True, clause="NĐ 30/2020 PL VI III.3"))
    """Thời hạn bảo quản, ≤ 30."""

    rights: str = field(default="", validator=text(30, clause="NĐ 30/2020 PL VI III.4"))
    """Chế độ sử dụng, ≤ 30."""

    creator: str = field(validator=text(30, required=True, clause="NĐ 30/2020 PL VI III.5"))
    """Người lập hồ sơ, ≤ 30."""

    language: str = field(
        default=DEFAULT_LANGUAGE, validator=text(50, clause="NĐ 30/2020 PL VI III.6")
    )
    start_date: date | None = field(
        default=None, validator=maybe(date, clause="NĐ 30/2020 PL VI III.7")
    )
    end_date: date | None = field(
        default=None, validator=maybe(date, clause="NĐ 30/2020 PL VI III.8")
    )
    doc_total: int = field(
        default=0, validator=whole(0, MAX_TOTAL, clause="NĐ 30/2020 PL VI III.9")
    )
    page_total: int = field(
        default=0, validator=whole(0, MAX_TOTAL, clause="NĐ 30/2020 PL VI III.10")
    )
    description: str = field(
        default="", validator=text(500, lines=True, clause="NĐ 30/2020 PL VI III")
    )
    documents: tuple[RecordLink, ...] = field(
        default=(), converter=as_tuple, validator=many(RecordLink, most=MAX_LINKS)
    )

    def __attrs_post_init__(self) -> None:
        if self.start_date and self.end_date and self.end_date < self.start_date:
            found = self.end_date.isoformat()
            expected = f"a day not before {self.start_date.isoformat()}"
            raise refuse(self, "end_date", found=found, expected=expected)
        ordinals = [link.doc_ordinal for link in self.documents]
        if len(set(ordinals)) != len(ordinals):
            expected = "different ordinals"
            raise refuse(self, "documents", found="a repeated ordinal", expected=expected)
