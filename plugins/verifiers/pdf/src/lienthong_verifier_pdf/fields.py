"""Names that the signing side writes into a file and the reading side finds there.

A signature's role stands in the name of its field, and again in /Reason: both lie inside the signed
part, so nobody changes the role without breaking the signature. The names have no full stop: it
would make a tree of fields, whose root every later signature would have to change.
"""

from __future__ import annotations

import re
from typing import Final

from lienthong.model.file_signature import SignatureRole

NUMBER: Final = "lienthong-NUMBER"
"""Text field for number and notation, laid out by whoever made the document."""

DATE: Final = "lienthong-DATE"
"""Text field for the date of issue ("ngày 22 tháng 11 năm 2019"), likewise."""

REASONS: Final = {
    SignatureRole.SIGNER: "Người có thẩm quyền ký (NĐ 30/2020 Đ13)",
    SignatureRole.AGENCY: "Cơ quan ban hành ký (NĐ 30/2020 Đ17)",
    SignatureRole.ATTACHMENT_AGENCY: "Cơ quan ban hành ký phụ lục (NĐ 30/2020 PL I)",
    SignatureRole.COPY_AGENCY: "Cơ quan sao ký bản sao (NĐ 30/2020 Đ25)",
}
"""What /Reason says, by role."""

_NAME: Final = re.compile(r"lienthong-([A-Z_]{1,30})-([1-9][0-9]{0,2})")


def field_name(role: SignatureRole, number: int) -> str:
    """``lienthong-SIGNER-1``: the *number*-th signature of that role, from 1 on."""
    return f"lienthong-{role.value}-{number}"


def timestamp_name(number: int) -> str:
    """``lienthong-TIMESTAMP-1``: the *number*-th time-stamp of the whole document."""
    return f"lienthong-TIMESTAMP-{number}"


def role_of(name: str) -> SignatureRole | None:
    """The role that a field's name says; None for fields of other programs."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in SignatureRole.__members__:
        return None
    return SignatureRole[match[1]]
