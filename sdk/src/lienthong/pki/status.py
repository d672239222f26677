"""The words in which the status of certificates is told."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Final

from attrs import field, frozen
from cryptography import x509

from lienthong.model.file_signature import Finding
from lienthong.pki.status_scope import ALL_REASONS, Reasons


class Reason(enum.StrEnum):
    """Why a certificate was revoked, or why its status is not known."""

    NONE = ""
    """There is nothing to say: it is good."""

    # RFC 5280 5.3.1
    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    AA_COMPROMISE = "aACompromise"
    REMOVE_FROM_CRL = "removeFromCRL"

    NO_DATA = "no list or response about it"
    STALE = "stale"
    TOO_LATE = "made after the certificate expired"
    UNREADABLE = "unreadable"
    WRONG_SIGNER = "not signed by the issuer"
    WEAK = "signed with a weak algorithm"
    SIGNER_UNKNOWN = "signed by another key, which is not known to be good"
    NOT_UNDERSTOOD = "unknown critical extension"
    DELTA = "delta list"
    OUT_OF_SCOPE = "does not cover the certificate"
    SOME_REASONS = "covers only some reasons"
    INCONSISTENT = "contradicts itself"
    NO_NEXT_UPDATE = "does not say when the next one comes"
    NOT_SUCCESSFUL = "the responder did not answer the question"
    NOT_KNOWN = "the responder does not know it"

    @classmethod
    def of(cls, flag: x509.ReasonFlags | None) -> Reason:
        """The reason that a list or a response gives."""
        return cls.UNSPECIFIED if flag is None else cls(flag.value)

    @property
    def label_vi(self) -> str:
        """In Vietnamese."""
        return _LABELS[self]


_LABELS: Final = {
    Reason.NONE: "",
    Reason.UNSPECIFIED: "không nêu lý do",
    Reason.KEY_COMPROMISE: "lộ khóa bí mật",
    Reason.CA_COMPROMISE: "lộ khóa của tổ chức chứng thực",
    Reason.AFFILIATION_CHANGED: "thay đổi tổ chức",
    Reason.SUPERSEDED: "đã được thay thế",
    Reason.CESSATION_OF_OPERATION: "ngừng hoạt động",
    Reason.CERTIFICATE_HOLD: "tạm dừng",
    Reason.PRIVILEGE_WITHDRAWN: "bị thu hồi quyền",
    Reason.AA_COMPROMISE: "lộ khóa của tổ chức cấp thuộc tính",
    Reason.REMOVE_FROM_CRL: "bỏ khỏi danh sách",
    Reason.NO_DATA: "không có danh sách hay trả lời về chứng thư này",
    Reason.STALE: "dữ liệu đã quá hạn",
    Reason.TOO_LATE: "lập sau khi chứng thư hết hạn",
    Reason.UNREADABLE: "không đọc được",
    Reason.WRONG_SIGNER: "không do bên cấp chứng thư ký",
    Reason.SIGNER_UNKNOWN: "ký bằng một khóa khác, chưa rõ khóa đó có còn giá trị hay không",
    Reason.WEAK: "ký bằng thuật toán yếu",
    Reason.NOT_UNDERSTOOD: "có phần mở rộng bắt buộc chưa biết",
    Reason.DELTA: "danh sách phần thay đổi (delta)",
    Reason.OUT_OF_SCOPE: "không bao gồm chứng thư này",
    Reason.SOME_REASONS: "chỉ bao gồm một số lý do thu hồi",
    Reason.INCONSISTENT: "tự mâu thuẫn",
    Reason.NO_NEXT_UPDATE: "không nêu lần cập nhật kế tiếp",
    Reason.NOT_SUCCESSFUL: "máy chủ OCSP không trả lời được",
    Reason.NOT_KNOWN: "máy chủ OCSP không biết chứng thư này",
}


@frozen(kw_only=True)
class Statement:
    """What a list or a response says about one certificate, signed by whom may say it."""

    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    """UTC; None where it is not revoked."""

    reason: Reason = Reason.NONE
    partial: Reason = Reason.NONE
    """Why it might not name the certificate although that was revoked: then it makes nobody
    good."""

    reasons: Reasons = ALL_REASONS
    """For which it would name the certificate."""


@frozen(kw_only=True)
class Revocation:
    """What is known of the status of one certificate at one moment."""

    finding: Finding
    """GOOD; BAD: revoked at or before that moment; UNKNOWN is never to be taken for good."""

    reason: Reason
    """Of the revocation, also of a later one; or why nothing is known."""

    revoked_at: datetime | None = None
    """UTC; with GOOD, a revocation after the moment: good only for whom can prove the time."""

    as_of: datetime | None = None
    """The moment whose state of knowledge it is, UTC."""

    next_update: datetime | None = None
    source: bytes | None = field(default=None, repr=False)
    """SHA-256 of the list or response that it rests on."""

    others: frozenset[bytes] = field(default=frozenset(), repr=False)
    """SHA-256 of what it rests on beside that: lists that belong together, and the certificate of
    whoever signed one in the issuer's place, with what says that this one is good."""
