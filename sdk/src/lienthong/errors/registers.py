"""Errors about registers of documents and their numbers (NĐ 30/2020 Đ15, Đ22)."""

from __future__ import annotations

from lienthong.errors.base import CallerError, EnvironmentFault


class NumberTaken(CallerError):
    """A number stands for one document in its series and year (NĐ 30/2020 Đ15.1)."""

    code = "register.number_taken"
    status = "ALREADY_EXISTS"
    en = "number {number} of {series} belongs to {holder}"
    vi = "số {number} của {series} đã cấp cho {holder}"
    next_en = "take the next number"
    next_vi = "lấy số tiếp theo"


class NumberNotNext(CallerError):
    """Numbers follow each other, upwards and without a gap (NĐ 30/2020 Đ15.1, Đ22.2)."""

    code = "register.number_not_next"
    en = "number {number} of {series} does not follow {last}"
    vi = "số {number} của {series} không liên tiếp sau số {last}"
    next_en = "take number {next}; only with numbering.gaps_allowed may numbers be left out"
    next_vi = "lấy số {next}; chỉ được bỏ trống số khi bộ quy tắc đặt numbering.gaps_allowed"


class RegisterDayGoesBack(CallerError):
    """Numbers follow the order of days (NĐ 30/2020 Đ15.1, Đ22.2)."""

    code = "register.day_goes_back"
    en = "number {number} of {series} cannot be of {day}: the one beside it is of {neighbour}"
    vi = "số {number} của {series} không thể ghi ngày {day}: số liền kề ghi ngày {neighbour}"
    next_en = "use a day that follows the order of the numbers, such as {neighbour}"
    next_vi = "dùng ngày theo đúng thứ tự của các số, như {neighbour}"


class RegisterSealed(CallerError):
    """A register is closed on the day on which its organisation ends (regulations §10)."""

    code = "register.sealed"
    en = "the registers of {organ} were sealed on {sealed_on}; its successor: {successor}"
    vi = "sổ của {organ} đã khóa từ ngày {sealed_on}; cơ quan kế thừa: {successor}"
    next_en = "enter the document into the successor's register"
    next_vi = "đăng ký vào sổ của cơ quan kế thừa"


class RegisterOpen(CallerError):
    """A register is not sealed while numbers in it are given out but neither used nor cancelled."""

    code = "register.open_numbers"
    en = "the registers of {organ} have numbers that are neither used nor cancelled: {numbers}"
    vi = "sổ của {organ} còn số chưa dùng và chưa hủy: {numbers}"
    next_en = "use or cancel these numbers first"
    next_vi = "dùng hoặc hủy các số này trước"


class SeriesFixed(CallerError):
    """How documents are put into series holds from the first number of a year to its last."""

    code = "register.series_fixed"
    en = "{organ} numbers its documents of {year} as {found}, not as {wanted}"
    vi = "{organ} đánh số văn bản năm {year} theo {found}, không theo {wanted}"
    next_en = "use the same rule set for the whole year"
    next_vi = "dùng cùng một bộ quy tắc trong cả năm"


class RegisterInUse(CallerError):
    """A seal is set, and taken back, only where nothing was entered from its day on (§10)."""

    code = "register.in_use"
    en = "the registers of {organ} have lines of {sealed_on} or later, such as {number}"
    vi = "sổ của {organ} có dòng ghi từ ngày {sealed_on} trở đi, như số {number}"
    next_en = "choose a day after the last line"
    next_vi = "chọn ngày sau dòng cuối cùng"


class LineUnknown(CallerError):
    """There is no such line in the register."""

    code = "register.line_unknown"
    status = "NOT_FOUND"
    en = "the register has no line {what}"
    vi = "sổ không có dòng {what}"
    next_en = "list the register to see its lines"
    next_vi = "liệt kê sổ để xem các dòng"


class LineClosed(CallerError):
    """A line that is used, cancelled or recalled does not become anything else."""

    code = "register.line_closed"
    en = "line {number} of {series} is {state}, expected {expected}"
    vi = "dòng số {number} của {series} đang là {state}, cần {expected}"
    next_en = "a cancelled number stays cancelled: take a new one"
    next_vi = "số đã hủy thì không dùng lại: lấy số mới"


class RegisterBookUnusable(EnvironmentFault):
    """There is no such register book, or the file is something else or damaged."""

    code = "register.book_unusable"
    retryable = False
    en = "{path} cannot be used as a register book: {reason}"
    vi = "không dùng được {path} làm sổ: {reason}"
    next_en = "name the right file; restore a damaged one from a backup"
    next_vi = "chọn đúng tệp; tệp hỏng thì phục hồi từ bản sao lưu"


class RegisterBookFailed(EnvironmentFault):
    """The register book could not be read or written now; nothing was entered."""

    code = "register.book_failed"
    en = "the register book {path} did not answer: {reason}"
    vi = "không đọc, ghi được sổ {path}: {reason}"
    next_en = "make room or wait for the other program, then repeat: the number stays the same"
    next_vi = "giải phóng chỗ hoặc chờ chương trình khác rồi làm lại: số vẫn giữ nguyên"
