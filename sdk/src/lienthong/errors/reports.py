"""Errors about reports."""

from __future__ import annotations

from lienthong.errors.base import CallerError, EnvironmentFault


class PeriodNotBegun(CallerError):
    """Nothing can have happened yet in the period of a report."""

    code = "report.period_not_begun"
    en = "the period {period} begins on {first}, and the records go up to {today}"
    vi = "kỳ báo cáo {period} bắt đầu ngày {first}, còn dữ liệu chỉ đến ngày {today}"
    next_en = "ask for a period that has begun"
    next_vi = "chọn kỳ báo cáo đã bắt đầu"


class PeriodNotOver(CallerError):
    """A report is frozen only once nothing more can happen in its period."""

    code = "report.period_not_over"
    en = "the period {period} ends on {last}, and the records go up to {today}"
    vi = "kỳ báo cáo {period} kết thúc ngày {last}, còn dữ liệu chỉ đến ngày {today}"
    next_en = "freeze the report after the period, or print it without freezing"
    next_vi = "chốt báo cáo sau khi hết kỳ, hoặc in mà không chốt"


class ReportFrozen(CallerError):
    """A frozen report is never changed."""

    code = "report.frozen"
    status = "ALREADY_EXISTS"
    en = "{path} was frozen before, with SHA-256 {sha256}"
    vi = "{path} đã được chốt trước đó, SHA-256 {sha256}"
    next_en = "keep it; choose another file for a report of today's state"
    next_vi = "giữ nguyên báo cáo đã chốt; chọn tệp khác cho số liệu hiện tại"


class ReportsUnusable(EnvironmentFault):
    """The file that reports are made from cannot be used."""

    code = "report.unusable"
    retryable = False
    en = "{path} cannot be used: {reason}"
    vi = "không dùng được {path}: {reason}"
    next_en = "if it is a file of reports, delete it and report on a backup: it is made anew"
    next_vi = "nếu đúng là tệp số liệu báo cáo thì xóa đi rồi báo cáo trên bản sao lưu để lập lại"


class ReportsBehind(EnvironmentFault):
    """A node uses the records, and there are no counts that were made by these rules."""

    code = "report.behind"
    en = "a node has the records in use, and {path} does not hold whole counts by these rules"
    vi = "nút đang dùng dữ liệu, còn {path} chưa có đủ số liệu theo các quy tắc này"
    next_en = (
        "'lienthong-node backup DATA --to FOLDER', then the same report of FOLDER instead of DATA, "
        "with --counts {path}; afterwards DATA has them, too, with the same --counts"
    )
    next_vi = (
        "chạy 'lienthong-node backup DATA --to THƯ_MỤC', rồi lập lại báo cáo này trên THƯ_MỤC thay "
        "cho DATA, thêm --counts {path}; sau đó trên DATA cũng dùng được với cùng --counts"
    )


class FormatUnavailable(EnvironmentFault):
    """What writes a format of reports is not installed."""

    code = "report.format_unavailable"
    retryable = False
    en = "{format} needs the package {package}, which is not installed"
    vi = "định dạng {format} cần gói {package}, chưa được cài đặt"
    next_en = "pip install 'lienthong-node[reports]'"
    next_vi = "pip install 'lienthong-node[reports]'"


class ReportUnprintable(CallerError):
    """A report does not fit the pages that it is to be printed on."""

    code = "report.unprintable"
    en = "a table does not fit A4 pages: it has too many columns, or headings that are too tall"
    vi = "báo cáo có bảng không vừa khổ giấy A4: quá nhiều cột, hoặc tiêu đề cột quá cao"
    next_en = "print fewer units at once, or write it with --format xlsx or csv"
    next_vi = "in ít đơn vị hơn mỗi lần, hoặc xuất bằng --format xlsx hay csv"


class FontMissing(EnvironmentFault):
    """No font with Vietnamese letters was found for printing."""

    code = "report.font_missing"
    retryable = False
    en = "no font with Vietnamese letters: looked for {looked_for}"
    vi = "không có phông chữ tiếng Việt: đã tìm {looked_for}"
    next_en = "install fonts-dejavu-core, or name a TrueType file with --font"
    next_vi = "cài fonts-dejavu-core, hoặc chỉ tệp TrueType bằng --font"
