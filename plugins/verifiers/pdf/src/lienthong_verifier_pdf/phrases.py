"""Vietnamese for the parts of reasons. What a library says in English is quoted, never mixed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lienthong.errors import LienthongError

_PHRASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Roles and holders
        "SIGNER": "người có thẩm quyền",
        "AGENCY": "cơ quan",
        "ATTACHMENT_AGENCY": "cơ quan, trên phụ lục",
        "COPY_AGENCY": "cơ quan, trên bản sao",
        "a person": "cá nhân",
        "an organisation": "cơ quan, tổ chức",
        # Changes, as ``ModificationLevel`` names them
        "NONE": "không có",
        "LTA_UPDATES": "chỉ có dữ liệu kiểm tra và dấu thời gian",
        "FORM_FILLING": "điền biểu mẫu hoặc thêm chữ ký",
        "ANNOTATIONS": "thêm chú thích",
        "OTHER": "thay đổi khác",
        "it does not cover the whole of its revision": "không bao gồm toàn bộ phiên bản được ký",
        # What cannot be read
        "a PDF file": "tệp PDF",
        "a PDF signature": "chữ ký trong tệp PDF",
        "a certificate": "chứng thư",
        "a CMS signature": "chữ ký CMS",
        "a time-stamp": "dấu thời gian",
        "a time-stamp token": "dấu thời gian",
        "the space of a signature": "vùng chứa chữ ký",
        "a worker's report": "báo cáo của tiến trình kiểm tra",
        "a message between processes": "thông điệp giữa các tiến trình",
        "it is encrypted": "tệp bị mã hóa",
        "it has hybrid cross-references": "bảng tham chiếu chéo kiểu hỗn hợp",
        "the signature that is read is not the one in the space that it leaves": (
            "chữ ký được đọc không phải là chữ ký nằm trong vùng chứa nó"
        ),
        "it is no hexadecimal string": "không phải là chuỗi thập lục phân",
        "it holds other signs than hexadecimal digits": "có ký tự không phải số thập lục phân",
        "its padding is not zero": "phần đệm không phải toàn số 0",
        "the byte range is not four numbers": "vùng được ký không gồm đúng bốn số",
        "the byte range does not begin at 0, or its parts are out of order": (
            "vùng được ký không bắt đầu từ byte 0, hoặc các phần không theo thứ tự"
        ),
        "it is no CMS message of definite length": "không phải thông điệp CMS có độ dài xác định",
        "the CMS message is cut off": "thông điệp CMS bị cắt cụt",
        "upper and lower case are mixed": "lẫn chữ hoa và chữ thường",
        "it has no signed attributes": "không có thuộc tính được ký",
        "it is no signed data": "không phải dữ liệu có chữ ký",
        "the signer's certificate is not in it": "không kèm chứng thư của người ký",
        "it is none": "không đúng khuôn dạng",
        "it is on something else": "nói về tệp khác",
        "it is too large": "quá lớn",
        "it is cut off": "bị cắt cụt",
        "it took too long": "quá thời gian cho phép",
        "all workers were busy for too long": "các tiến trình kiểm tra đều bận quá lâu",
        # Certificates and their authorities
        "it is no X.509 certificate": "không phải chứng thư X.509",
        "no authority is trusted": "không có cơ quan chứng thực nào được tin cậy",
        "no time-stamp authority is trusted": (
            "không có tổ chức cấp dấu thời gian nào được tin cậy"
        ),
        "no path was found": "không tìm được chuỗi chứng thư",
        "the trusted authority is not in force": (
            "chứng thư của cơ quan chứng thực tin cậy không còn hoặc chưa có hiệu lực"
        ),
        "it is an authority's": "là chứng thư của cơ quan chứng thực",
        "its key usage is not for signing": "mục đích dùng khóa không phải để ký",
        "its extended key usage is not for signing": "mục đích sử dụng mở rộng không phải để ký",
        "its authority's certificate is not in force any more": (
            "chứng thư của tổ chức cấp dấu thời gian không còn hiệu lực"
        ),
        "it stamps another digest": "đóng dấu cho một giá trị băm khác",
        "the certificate of its signer is not there": "không có chứng thư của bên ký",
    }
)

_PATTERNS: Final = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"fields were filled in: (.*)", "các trường đã được điền: {0}"),
        (r"more than it permits: (.*)", "vượt quá mức cho phép: {0}"),
        (r"(\w+), and nobody has signed since", "{0}, và sau đó không ai ký"),
        (
            r"the file is cut off: (\d+) bytes were signed, (\d+) are there",
            "tệp bị cắt cụt: đã ký {0} byte, chỉ còn {1}",
        ),
        (r"it has (\d+) signers", "có {0} người ký"),
        (r"it carries (\d+) certificates", "kèm {0} chứng thư"),
        (r"it has (\d+) pieces", "có {0} phần"),
        (r"a signature of the unknown kind (.*)", "loại chữ ký chưa biết: {0}"),
        (r"its digest (\S+) is not accepted", "thuật toán băm {0} không được chấp nhận"),
        (r"exit status (\S+)", "mã kết thúc {0}"),
        # What libraries say most often
        (r"PdfReadError: EOF marker not found", "không thấy dấu kết thúc tệp"),
        (r"(SuspiciousModification: .*)", "thay đổi không giải thích được, nguyên văn “{0}”"),
        (
            r'PathBuildingError: .* no issuer matching "(.*)" was found',
            "không tìm thấy chứng thư của bên cấp “{0}”",
        ),
        (
            r"its authority's certificate was revoked: .*",
            "chứng thư của tổ chức cấp dấu thời gian đã bị thu hồi",
        ),
        (
            r"its authority's status is not known: .*",
            "chưa biết tình trạng thu hồi chứng thư của tổ chức cấp dấu thời gian",
        ),
    )
)
_SENTENCES: Final = frozenset({"what", "reason"})
"""Facts of errors that are words of ours, not names or numbers."""


def vietnamese(said: object) -> str:
    """The same in Vietnamese; what there are no words for is quoted as it was said.

    Args:
        said: half a sentence in English, an error, or a single word or number.
    """
    if isinstance(said, LienthongError):
        facts = {
            key: vietnamese(value) if key in _SENTENCES else value
            for key, value in said.facts.items()
        }
        return type(said)(**facts).message("vi")
    text = str(said)
    known = _known(text)
    if known is not None:
        return known
    return f"nguyên văn “{text}”" if " " in text else text


def _known(text: str) -> str | None:
    if text in _PHRASES:
        return _PHRASES[text]
    for pattern, said in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return said.format(*(_PHRASES.get(one, one) for one in found.groups()))
    return None
