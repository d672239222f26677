"""What checks say when they did not simply pass, in English and Vietnamese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attrs import define, field

from lienthong.spi import FileCheck, Outcome
from lienthong.spi.verifier import MAX_CHECKS, MAX_REASON, MAX_WORD
from lienthong_verifier_pdf.phrases import vietnamese

REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "algorithm": (
            "it was made with an algorithm that is not accepted: {detail}",
            "được tạo bằng thuật toán không chấp nhận: {detail}",
        ),
        "authority_unknown": (
            "its certificate leads to no trusted authority: {detail}",
            "chứng thư không dẫn tới cơ quan chứng thực tin cậy: {detail}",
        ),
        "changed_after": (
            "the document was changed after it was signed: {detail}",
            "văn bản bị thay đổi sau khi ký: {detail}",
        ),
        "claimed_after_stamp": (
            "it claims to be signed at {claimed}, after it was time-stamped at {proven}",
            "ghi thời điểm ký {claimed}, sau thời điểm có dấu thời gian {proven}",
        ),
        "claimed_future": (
            "it claims to be signed at {claimed}, later than the moment of checking",
            "ghi thời điểm ký {claimed}, sau thời điểm kiểm tra",
        ),
        "claimed_only": (
            "claimed, not proved: {claimed}; the certificate is in force at the moment of checking",
            "chỉ do người ký ghi: {claimed}; chứng thư còn hiệu lực tại thời điểm kiểm tra",
        ),
        "claimed_outside": (
            "it claims to be signed at {claimed}, outside the certificate's validity",
            "ghi thời điểm ký {claimed}, ngoài thời hạn của chứng thư",
        ),
        "content_differs": (
            "the content is not what was signed",
            "nội dung không phải là nội dung đã ký",
        ),
        "content_inside": (
            "the content is inside; another one was given beside it and differs",
            "nội dung nằm bên trong; nội dung kèm theo lại khác",
        ),
        "content_missing": (
            "the signed content was not given",
            "không có nội dung được ký kèm theo",
        ),
        "dss_after": (
            "after the last signature there are only validation data (DSS) and metadata",
            "sau chữ ký cuối chỉ có dữ liệu kiểm tra (DSS) và siêu dữ liệu",
        ),
        "expired_unproved": (
            "a certificate of its path is not in force now, and when it signed is not proved",
            "có chứng thư nay không còn hiệu lực, và thời điểm ký không có bằng chứng",
        ),
        "hole_form": (
            "the signature is not written in one plain form: {detail}",
            "chữ ký không được ghi ở dạng chuẩn: {detail}",
        ),
        "malformed": ("it cannot be read: {detail}", "không đọc được: {detail}"),
        "modified": ("changes since then: {level}", "thay đổi sau khi ký: {level}"),
        "no_signatures": ("it carries no signature", "không có chữ ký số nào"),
        "not_conformant": (
            "it breaks rules of its format and can be read leniently only: {detail}",
            "sai quy tắc định dạng, chỉ đọc được ở chế độ dễ dãi: {detail}",
        ),
        "order_agency_first": (
            "the agency had signed before",
            "cơ quan đã ký trước đó",
        ),
        "order_unknown": (
            "which of the signatures was first cannot be told",
            "không xác định được chữ ký nào có trước",
        ),
        "path_invalid": (
            "its certificate path breaks the rules: {detail}",
            "chuỗi chứng thư không hợp lệ: {detail}",
        ),
        "proved": (
            "proved by a time-stamp: {proven}",
            "chứng minh bằng dấu thời gian: {proven}",
        ),
        "revoked": (
            "revoked at {revoked}: {detail}",
            "đã bị thu hồi lúc {revoked}: {detail_vi}",
        ),
        "revoked_unproved": (
            "revoked at {revoked}, and that it signed before is not proved",
            "bị thu hồi lúc {revoked}, không có bằng chứng là đã ký trước đó",
        ),
        "role_contradicted": (
            "the field says {role}, the certificate is that of {holder}: {part}",
            "trường chữ ký ghi {role}, chứng thư lại của {holder}: {part}",
        ),
        "role_from_certificate": (
            "{role}, by the certificate: {part}",
            "{role}, theo chứng thư: {part}",
        ),
        "role_from_field": (
            "{role}, by the field's name",
            "{role}, theo tên trường chữ ký",
        ),
        "role_unsaid": (
            "neither field nor certificate says whose signature it is; taken for a person's",
            "cả trường và chứng thư không cho biết vai trò; coi là chữ ký cá nhân",
        ),
        "role_shared": (
            "who signed here has also signed as {other}: a person and an agency are two",
            "cùng một chủ thể đã ký với vai trò {other}: người ký và cơ quan phải khác nhau",
        ),
        "seal_bad": (
            "the last signature or time-stamp is not sound: it covers nothing",
            "chữ ký hoặc dấu thời gian cuối cùng không đúng: không bảo vệ được gì",
        ),
        "seal_unknown": (
            "who made the last signature or time-stamp is not certain: it may be anybody",
            "chưa chắc ai đã tạo chữ ký hoặc dấu thời gian cuối cùng: có thể là bất kỳ ai",
        ),
        "signature_wrong": (
            "the signature value does not fit the certificate's key",
            "giá trị chữ ký không khớp với khóa trong chứng thư",
        ),
        "stamp_bad": ("the time-stamp is not valid: {detail}", "dấu thời gian sai: {detail}"),
        "stamp_unknown": (
            "the time-stamp proves nothing: {detail}",
            "dấu thời gian không có giá trị chứng minh: {detail}",
        ),
        "stamped": (
            "{proven}, by {authority}",
            "{proven}, do {authority}",
        ),
        "status_good": (
            "not revoked, as of {as_of}",
            "chưa bị thu hồi, theo dữ liệu lúc {as_of}",
        ),
        "status_unknown": (
            "its status is not known: {detail}",
            "chưa biết tình trạng thu hồi: {detail_vi}",
        ),
        "tail": (
            "{count} bytes after the last signature are signed by nobody",
            "{count} byte sau chữ ký cuối không được ai ký",
        ),
        "timeless": ("it does not say when it was made", "không ghi thời điểm ký"),
        "too_much": (
            "there is more to check than a report can tell",
            "có nhiều điều phải kiểm tra hơn mức một báo cáo nêu được",
        ),
        "trusted": ("{authority}", "{authority}"),
        "unnamed": (
            "signatures stand in the file that its form does not name: {count}",
            "có chữ ký nằm trong tệp mà biểu mẫu của tệp không nêu: {count}",
        ),
        "validator": (
            "the checking process ended without an answer: {detail}",
            "tiến trình kiểm tra dừng mà không có kết quả: {detail}",
        ),
    }
)


_WORDS: Final = frozenset({"detail", "role", "other", "holder", "level"})
"""Facts that are words, and not what a certificate or the file says."""


_ROOM: Final = 20
"""Kept for checks of the file as a whole, of which none is ever left out."""

_TOO_MUCH: Final = REASONS["too_much"][0]


@define(eq=False)
class Findings:
    """The checks of a report, collected in their order."""

    checks: list[FileCheck] = field(factory=list)

    def add(
        self, name: str, outcome: Outcome, reason: str = "", subject: str = "", **facts: object
    ) -> Outcome:
        """Note one check; returns its outcome.

        Args:
            name: of the check.
            outcome: of the check.
            reason: key of ``REASONS``; may be empty when it passed.
            subject: the signature, as the file names it; empty for the file as a whole.
            facts: what the reason names.
        """
        english, in_vietnamese = REASONS[reason] if reason else ("", "")
        plain = {key: printable(str(value)) for key, value in facts.items()}
        said = {
            key: printable(vietnamese(value)) if key in _WORDS else plain[key]
            for key, value in facts.items()
        }
        check = FileCheck(
            name=name,
            subject=subject_of(subject),
            outcome=outcome,
            reason=english.format_map(plain)[:MAX_REASON],
            reason_vi=in_vietnamese.format_map(said)[:MAX_REASON],
        )
        self._keep(check)
        return outcome

    def _keep(self, check: FileCheck) -> None:
        """Add a check; the file decides how many there are, and what it crowds out is told."""
        if not check.subject or len(self.checks) < MAX_CHECKS - _ROOM:
            self.checks.append(check)
        elif all(one.reason != _TOO_MUCH for one in self.checks):
            self.undecided("file.structure", "too_much")

    def passed(self, name: str, reason: str = "", subject: str = "", **facts: object) -> Outcome:
        return self.add(name, Outcome.PASSED, reason, subject, **facts)

    def undecided(self, name: str, reason: str, subject: str = "", **facts: object) -> Outcome:
        return self.add(name, Outcome.INDETERMINATE, reason, subject, **facts)

    def failed(self, name: str, reason: str, subject: str = "", **facts: object) -> Outcome:
        return self.add(name, Outcome.FAILED, reason, subject, **facts)


def subject_of(name: str) -> str:
    """The name of a signature as checks give it; the file's own may be long or unprintable."""
    return printable(name)[:MAX_WORD]


def printable(text: str) -> str:
    """*text* without what a terminal or a log would obey."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * MAX_REASON])
    return " ".join(shown.split())


def cause(error: BaseException) -> str:
    """A foreign exception in half a sentence; its text may be the file's."""
    return printable(f"{type(error).__name__}: {error}")[:300]
