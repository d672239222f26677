"""Errors of the exchange: packages, reports, files, parties."""

from __future__ import annotations

from lienthong.errors.base import CallerError, InputError


class NotFound(CallerError):
    """There is no such thing, or it does not concern the caller; the answer never says which."""

    code = "exchange.not_found"
    status = "NOT_FOUND"
    en = "{what} was not found"
    vi = "không tìm thấy {what}"
    next_en = "check the identifier and that your organisation is a party to it"
    next_vi = "kiểm tra mã và bảo đảm cơ quan của bạn là bên liên quan"


class CursorBeyondJournal(CallerError):
    """A feed is asked for from an index that the journal has not reached."""

    code = "exchange.cursor_beyond_journal"
    status = "OUT_OF_RANGE"
    en = "the cursor {cursor} lies beyond the journal, which has {size} entries"
    vi = "con trỏ {cursor} vượt quá nhật ký, hiện có {size} mục"
    next_en = (
        "is it this axis's? then it was restored from a backup: read again from {size} at most"
    )
    next_vi = (
        "nếu đúng trục này thì trục vừa phục hồi từ bản sao lưu: đọc lại từ {size} trở về trước"
    )


class IdReused(InputError):
    """The identifier was used before for other bytes."""

    code = "exchange.id_reused"
    status = "ALREADY_EXISTS"
    en = "{what} was already used for other content"
    vi = "{what} đã được dùng cho nội dung khác"
    next_en = "send the original bytes to repeat, or choose a new identifier"
    next_vi = "gửi đúng nội dung cũ để lặp lại, hoặc dùng mã mới"


class UnknownRecipient(InputError):
    """The directory does not know the recipient (QĐ 52/2019 Đ7.2a)."""

    code = "exchange.unknown_recipient"
    en = "the directory does not know the recipient {organ}"
    vi = "danh bạ không có bên nhận {organ}"
    next_en = "look the organisation up in the directory"
    next_vi = "tra cứu cơ quan trong danh bạ"


class ClosedRecipient(InputError):
    """The recipient's code is closed; its successors are named."""

    code = "exchange.closed_recipient"
    status = "FAILED_PRECONDITION"
    en = "the recipient {organ} was closed on {closed_on}; its successors: {successors}"
    vi = "bên nhận {organ} đã ngừng hoạt động từ {closed_on}; cơ quan kế thừa: {successors}"
    next_en = "address the successor"
    next_vi = "gửi tới cơ quan kế thừa"


class ClosedSender(InputError):
    """The sending organisation no longer exists."""

    code = "exchange.closed_sender"
    status = "FAILED_PRECONDITION"
    en = "the sender {organ} was closed on {closed_on}; its successors: {successors}"
    vi = "bên gửi {organ} đã ngừng hoạt động từ {closed_on}; cơ quan kế thừa: {successors}"
    next_en = "let the successor send"
    next_vi = "để cơ quan kế thừa gửi"


class NotYetOpen(InputError):
    """The organisation does not exist yet, or not yet under this code."""

    code = "exchange.not_yet_open"
    status = "FAILED_PRECONDITION"
    en = "{organ} takes part only from {opens_on} on"
    vi = "{organ} chỉ tham gia từ ngày {opens_on}"
    next_en = "wait for that day, or use the organisation that exists now"
    next_vi = "chờ đến ngày đó, hoặc dùng cơ quan hiện đang hoạt động"


class DuplicateRecipient(InputError):
    """An organisation is named twice, maybe under two of its codes."""

    code = "exchange.duplicate_recipient"
    en = "the recipient {organ} is named twice"
    vi = "bên nhận {organ} bị ghi hai lần"
    next_en = "name each organisation once"
    next_vi = "mỗi cơ quan chỉ ghi một lần"


class SenderMismatch(InputError):
    """The caller may not send or report for this organisation (QĐ 52/2019 Đ6.3)."""

    code = "exchange.sender_mismatch"
    status = "PERMISSION_DENIED"
    en = "{caller} may not act for {organ}"
    vi = "{caller} không được gửi thay {organ}"
    next_en = "send with the organisation's own credential or through its contact point"
    next_vi = "gửi bằng chứng thư của chính cơ quan đó hoặc qua đầu mối của nó"


class WrongAudience(InputError):
    """The signed content is addressed to another axis."""

    code = "exchange.wrong_audience"
    en = "the content is addressed to the axis {found}, this is {expected}"
    vi = "nội dung gửi cho trục {found}, đây là trục {expected}"
    next_en = "send it to the axis that it names"
    next_vi = "gửi tới đúng trục đã ghi"


class ClockSkew(InputError):
    """The creation time is too far from the axis's time (QĐ 52/2019 Đ10.3)."""

    code = "exchange.clock_skew"
    en = "{field} is {found}, which is more than {limit} away from the axis's time {now}"
    vi = "{field} là {found}, lệch quá {limit} so với giờ của trục {now}"
    next_en = "set the clock of the sending machine and sign again"
    next_vi = "chỉnh đồng hồ máy gửi và ký lại"


class FileMissing(InputError):
    """A file of the manifest was not uploaded by the sender."""

    code = "exchange.file_missing"
    status = "FAILED_PRECONDITION"
    en = "the file {file} with SHA-256 {sha256} was not uploaded"
    vi = "chưa tải lên tệp {file} có SHA-256 {sha256}"
    next_en = "upload it, then submit the package again"
    next_vi = "tải tệp lên rồi gửi lại gói"


class FileUndeclared(InputError):
    """Bytes came that no file of the manifest names."""

    code = "exchange.file_undeclared"
    en = "content with SHA-256 {sha256} is not declared in the manifest"
    vi = "nội dung có SHA-256 {sha256} không được khai trong gói"
    next_en = "send only the files that the manifest names"
    next_vi = "chỉ gửi các tệp có khai trong gói"


class HashMismatch(InputError):
    """Bytes do not have the hash that was declared (QĐ 28/2018 Đ6.1)."""

    code = "exchange.hash_mismatch"
    en = "{what} has SHA-256 {found}, declared was {expected}"
    vi = "{what} có SHA-256 {found}, đã khai {expected}"
    next_en = "upload the file again from its start"
    next_vi = "tải lại tệp từ đầu"


class SizeMismatch(InputError):
    """There are more or fewer bytes than declared."""

    code = "exchange.size_mismatch"
    en = "{what} has {found} bytes, declared were {expected}"
    vi = "{what} có {found} byte, đã khai {expected}"
    next_en = "declare the true size and upload again"
    next_vi = "khai đúng kích thước và tải lại"


class OffsetMismatch(InputError):
    """An upload goes on at another place than where it stopped."""

    code = "exchange.offset_mismatch"
    status = "FAILED_PRECONDITION"
    retryable = True
    en = "the upload goes on at {found}, the axis has {expected} bytes"
    vi = "tải lên tiếp ở {found}, trục đã có {expected} byte"
    next_en = "ask for the offset with BeginUpload and go on there"
    next_vi = "hỏi vị trí bằng BeginUpload rồi tải tiếp từ đó"


class TargetUnknown(InputError):
    """The package to recall, update or replace is unknown, or not the sender's own."""

    code = "exchange.target_unknown"
    status = "NOT_FOUND"
    en = "there is no package {package} of this sender to {action}"
    vi = "bên gửi không có gói {package} để {action}"
    next_en = "name a package that this organisation itself sent to this recipient"
    next_vi = "chỉ định gói do chính cơ quan này đã gửi tới bên nhận này"


class MainFileChanged(InputError):
    """An update may not change the signed main file (NĐ 30/2020 Đ18.3)."""

    code = "exchange.main_file_changed"
    en = "an update may not change the main file of package {package}"
    vi = "cập nhật không được thay tệp chính của gói {package}"
    next_en = "send a replacement instead"
    next_vi = "dùng thay thế văn bản"
