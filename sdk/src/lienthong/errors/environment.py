"""Errors of machines, networks and running nodes."""

from __future__ import annotations

from lienthong.errors.base import CallerError, EnvironmentFault, InputError


class DiskFull(EnvironmentFault):
    """The node's disk reserve is reached; it goes on delivering."""

    code = "node.disk_full"
    status = "RESOURCE_EXHAUSTED"
    en = "the axis has no space for new documents; stored ones are still delivered"
    vi = "trục hết chỗ cho văn bản mới; văn bản đã nhận vẫn được chuyển"
    next_en = "try again later; the operator has been alarmed"
    next_vi = "thử lại sau; đơn vị vận hành đã được cảnh báo"


class TimestampOverdue(EnvironmentFault):
    """No time-stamp covers the newest entries for too long; the node goes on delivering."""

    code = "node.timestamp_overdue"
    en = "the axis takes no new documents: no time-stamp since {since} ({reason})"
    vi = "trục tạm ngừng nhận văn bản mới: chưa có dấu thời gian từ {since} ({reason})"
    next_en = "repeat later with the same identifier; stored documents are still delivered"
    next_vi = "gửi lại sau với cùng mã; văn bản đã nhận vẫn được chuyển"


class TimestampsEnd(EnvironmentFault):
    """Time-stamps of the journal soon prove nothing any more, and were not renewed (RFC 4998 5)."""

    code = "node.timestamps_end"
    retryable = False
    status = "FAILED_PRECONDITION"
    en = "time-stamps of the journal prove nothing after {ends} unless they are renewed"
    vi = "dấu thời gian của nhật ký hết giá trị chứng minh sau {ends} nếu không gia hạn"
    next_en = "lienthong-node timestamps renew, with an authority whose certificate lasts longer"
    next_vi = "chạy lienthong-node timestamps renew với tổ chức có chứng thư còn hạn dài hơn"


class StoreFailed(EnvironmentFault):
    """A store could not make something durable; nothing was acknowledged."""

    code = "node.store_failed"
    en = "the axis could not store it: {reason}"
    vi = "trục không lưu được: {reason}"
    next_en = "repeat with the same identifier"
    next_vi = "gửi lại với cùng mã"


class SigningStopped(EnvironmentFault):
    """The axis cannot sign receipts, so it records nothing; it goes on delivering."""

    code = "node.signing_stopped"
    en = "the axis cannot sign receipts now, nothing was recorded"
    vi = "trục tạm thời không ký được hồi báo, chưa ghi nhận gì"
    next_en = "repeat later with the same identifier; the operator has been alarmed"
    next_vi = "gửi lại sau với cùng mã; đơn vị vận hành đã được cảnh báo"


class Draining(EnvironmentFault):
    """The node is being stopped."""

    code = "node.draining"
    en = "the node is stopping"
    vi = "nút đang dừng"
    next_en = "repeat; another or the restarted node will answer"
    next_vi = "gửi lại; nút khác hoặc nút khởi động lại sẽ trả lời"


class Internal(EnvironmentFault):
    """The node met an error of its own."""

    code = "node.internal"
    retryable = False
    status = "INTERNAL"
    en = "the axis met an error of its own, reference {reference}"
    vi = "trục gặp lỗi nội bộ, mã tra cứu {reference}"
    next_en = "give the reference to the operator"
    next_vi = "gửi mã tra cứu cho đơn vị vận hành"


class DataDirectoryInUse(EnvironmentFault):
    """Another process uses the data folder."""

    code = "node.data_in_use"
    retryable = False
    en = "the data folder {path} is used by another process"
    vi = "thư mục dữ liệu {path} đang được tiến trình khác dùng"
    next_en = "stop the other node first; SQLite storage allows exactly one"
    next_vi = "dừng nút kia trước; kho SQLite chỉ cho phép một nút"


class DataCorrupt(EnvironmentFault):
    """Stored data is not what was stored."""

    code = "node.data_corrupt"
    retryable = False
    status = "DATA_LOSS"
    en = "stored data is damaged: {what}"
    vi = "dữ liệu lưu trữ bị hỏng: {what}"
    next_en = "stop the node and restore it from a backup"
    next_vi = "dừng nút và phục hồi từ bản sao lưu"


class FileReportDamaged(EnvironmentFault):
    """A kept report on the files of a package is not what was kept."""

    code = "client.file_report_damaged"
    retryable = False
    status = "DATA_LOSS"
    en = "a kept report on the files of a package is damaged: {what}: {reason}"
    vi = "báo cáo kiểm tra tệp đã lưu bị hỏng: {what}: {reason}"
    next_en = "restore the folder of reports from a backup, or check the package again"
    next_vi = "phục hồi thư mục báo cáo từ bản sao lưu, hoặc kiểm tra lại gói tin"


class JournalRolledBack(DataCorrupt):
    """The records are older than something that this axis has signed."""

    code = "node.journal_rolled_back"
    en = "the journal has {found} entries, {witness} covers {expected}"
    vi = "nhật ký có {found} mục, {witness} gồm {expected}"
    next_en = "put the newest records back; if they are lost, see 'lienthong-node restore'"
    next_vi = "đặt lại hồ sơ mới nhất; nếu đã mất, xem 'lienthong-node restore'"


class LaterRelease(EnvironmentFault):
    """Stored data holds what only a later release knows."""

    code = "node.later_release"
    retryable = False
    en = "{what} holds {key}, which this release does not know: a later one has written it"
    vi = "{what} có {key} mà bản phát hành này không biết: do bản phát hành mới hơn ghi"
    next_en = "install the release that has written it, or a later one; nothing is damaged"
    next_vi = "cài lại bản phát hành đã ghi hoặc bản mới hơn; dữ liệu không bị hỏng"


class RestoreUnconfirmed(EnvironmentFault):
    """Records that may be older than what this axis has signed, such as a backup's."""

    code = "node.restore_unconfirmed"
    retryable = False
    status = "FAILED_PRECONDITION"
    en = "nothing says that the {entries} entries in {folder} are the newest: {reason}"
    vi = "không có gì cho biết {entries} mục trong {folder} là mới nhất: {reason}"
    next_en = "if this folder was restored, say so: lienthong-node restore {folder}"
    next_vi = "nếu thư mục này được phục hồi, hãy xác nhận: lienthong-node restore {folder}"


class SecurityLogFailed(EnvironmentFault):
    """What must not happen unseen does not happen: its log cannot be written."""

    code = "node.security_log_failed"
    en = "the security log cannot be written: {reason}"
    vi = "không ghi được nhật ký an ninh: {reason}"
    next_en = "make room or repair the file; documents still pass, administration does not"
    next_vi = "giải phóng chỗ hoặc sửa tệp; văn bản vẫn qua được, việc quản trị thì không"


class KeyUnreachable(EnvironmentFault):
    """The token, HSM or service that holds a key does not answer; the key may be good."""

    code = "key.unreachable"
    en = "the key {key} cannot be reached: {reason}"
    vi = "không với tới được khóa {key}: {reason}"
    next_en = "plug in the token or restore the service, then open the key again"
    next_vi = "cắm lại thiết bị hoặc khôi phục dịch vụ rồi mở lại khóa"


class ConnectionFailed(EnvironmentFault):
    """The axis cannot be reached."""

    code = "client.connection_failed"
    en = "no connection to {endpoint}: {reason}"
    vi = "không kết nối được {endpoint}: {reason}"
    next_en = "check address and network, and that the client certificate is accepted"
    next_vi = "kiểm tra địa chỉ, mạng, và chứng thư máy khách có được chấp nhận"


class DeadlineExceeded(EnvironmentFault):
    """The answer did not come in time; repeating is safe."""

    code = "client.deadline_exceeded"
    status = "DEADLINE_EXCEEDED"
    en = "no answer from {endpoint} to {call} within {seconds} s"
    vi = "{endpoint} không trả lời {call} trong {seconds} giây"
    next_en = "repeat with the same identifier"
    next_vi = "gửi lại với cùng mã"


class TimeDisputed(EnvironmentFault):
    """Clocks disagree, so that nothing is signed that would name a time (NĐ 30/2020 Đ5)."""

    code = "time.disputed"
    en = "the time is not certain: {reason}"
    vi = "chưa xác định được giờ chính xác: {reason}"
    next_en = "repeat later with the same identifier; the operator checks clock and time sources"
    next_vi = "gửi lại sau với cùng mã; đơn vị vận hành kiểm tra đồng hồ và nguồn giờ"


class RemoteError(EnvironmentFault):
    """The axis answered with an error that this version of the SDK does not know."""

    code = "client.remote_error"
    retryable = False
    status = "UNKNOWN"
    en = "the axis answered {remote_code}: {text}"
    vi = "trục trả lời {remote_code}: {text}"
    next_en = "upgrade the SDK to read this error"
    next_vi = "nâng cấp SDK để hiểu lỗi này"


class NotInstalled(EnvironmentFault):
    """Something needs a package of an extra that is not installed."""

    code = "config.not_installed"
    retryable = False
    status = "FAILED_PRECONDITION"
    en = "{what} needs the package {package}, which is not installed"
    vi = "{what} cần gói {package}, gói này chưa được cài"
    next_en = "pip install 'lienthong[{extra}]'"
    next_vi = "chạy pip install 'lienthong[{extra}]'"


class ConfigInvalid(InputError):
    """A configuration or profile file is wrong."""

    code = "config.invalid"
    en = "{file}: {key} is {found}, expected {expected}"
    vi = "{file}: {key} là {found}, cần {expected}"
    next_en = "correct the file"
    next_vi = "sửa tệp cấu hình"


class Closed(CallerError):
    """The object was closed."""

    code = "client.closed"
    en = "{what} was closed"
    vi = "{what} đã đóng"
    next_en = "open a new one"
    next_vi = "mở đối tượng mới"
