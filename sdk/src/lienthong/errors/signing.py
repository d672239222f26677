"""Errors about signing files."""

from __future__ import annotations

from lienthong.errors.base import CallerError, EnvironmentFault, InputError


class SignerSignatureMissing(CallerError):
    """An agency signs only what the competent person has signed (NĐ 30/2020 Đ32.2d)."""

    code = "signing.signer_missing"
    en = "the agency cannot sign yet, NĐ 30/2020 Đ32.2d: {reason}"
    vi = "cơ quan chưa được ký số, NĐ 30/2020 Đ32.2d: {reason}"
    next_en = "have the competent person sign first; say so if it is an attachment or a copy"
    next_vi = "để người có thẩm quyền ký trước; nếu là phụ lục hoặc bản sao thì nêu rõ"


class EarlierSignatureBroken(InputError):
    """A signature that is already in the file is not intact, or would not stay so."""

    code = "signing.earlier_broken"
    en = "the signature {name} in the file is not intact: {reason}"
    vi = "chữ ký {name} trong tệp không còn nguyên vẹn: {reason}"
    next_en = "take the file as it was signed, and ask its signer whether it was changed"
    next_vi = "dùng đúng tệp đã ký, và hỏi người ký xem tệp có bị sửa không"


class FileUnsignable(InputError):
    """A file is of a form that is not signed."""

    code = "signing.file_unsignable"
    en = "the file cannot be signed: {reason}"
    vi = "không ký được tệp: {reason}"
    next_en = "make the PDF again from its source, without password, dynamic forms or repairs"
    next_vi = "xuất lại PDF từ bản gốc, không mật khẩu, không biểu mẫu động, không vá tệp"


class SignatureImageUnfit(InputError):
    """The picture of a signature or seal is not as NĐ 30/2020 PL I wants it."""

    code = "signing.image_unfit"
    en = "the picture of the signature cannot be used: {reason}"
    vi = "không dùng được hình ảnh chữ ký: {reason}"
    next_en = "give a PNG with a transparent background: signature blue, seal red and in true size"
    next_vi = "dùng PNG nền trong suốt: chữ ký màu xanh, dấu màu đỏ và đúng kích thước thật"


class FormFieldMissing(CallerError):
    """Number or date is to be written where the document has no field for it."""

    code = "signing.field_missing"
    en = "the file has no text field {field} to write {text} into"
    vi = "tệp không có trường văn bản {field} để ghi {text}"
    next_en = "leave number or date out, or lay the field {field} out before the signer signs"
    next_vi = "bỏ số hoặc ngày, hoặc tạo sẵn trường {field} trước khi người có thẩm quyền ký"


class StatusUnproven(CallerError):
    """A long-term signature needs proof of the status of every certificate."""

    code = "signing.status_unproven"
    en = "a signature of level {level} needs the status of all certificates: {reason}"
    vi = "chữ ký mức {level} cần trạng thái của mọi chứng thư: {reason}"
    next_en = "refresh the status of certificates in the trust store, or sign at level B-T"
    next_vi = "làm mới trạng thái chứng thư trong kho tin cậy, hoặc ký mức B-T"


class SigningClockWrong(EnvironmentFault):
    """The signature would state a time at which it did not yet exist."""

    code = "signing.clock_wrong"
    en = "the signature states {found}, later than its time-stamp of {stamped}"
    vi = "chữ ký ghi thời điểm {found}, sau dấu thời gian {stamped}"
    next_en = "set the clock of this machine and sign again"
    next_vi = "chỉnh đồng hồ máy này và ký lại"
