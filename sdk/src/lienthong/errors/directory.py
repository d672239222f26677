"""Errors about the directory of organisations."""

from __future__ import annotations

from lienthong.errors.base import CallerError, InputError


class OrganisationUnknown(InputError):
    """No organisation has this code."""

    code = "directory.organisation_unknown"
    status = "NOT_FOUND"
    en = "the directory does not know {organ}"
    vi = "danh bạ không có {organ}"
    next_en = "search the directory by name"
    next_vi = "tra cứu danh bạ theo tên"


class CodeTaken(InputError):
    """A code already belongs to another organisation."""

    code = "directory.code_taken"
    status = "ALREADY_EXISTS"
    en = "the code {organ} belongs to {holder}"
    vi = "mã {organ} đang thuộc {holder}"
    next_en = "use another code, or close the other organisation first"
    next_vi = "dùng mã khác, hoặc đóng cơ quan kia trước"


class DirectoryChanged(CallerError):
    """Somebody else has changed the directory meanwhile; nothing was changed."""

    code = "directory.changed"
    en = "the directory has changed meanwhile: it is at version {found}, not {expected}"
    vi = "danh bạ vừa được thay đổi: đang ở phiên bản {found}, không phải {expected}"
    next_en = "repeat the command; it begins with the directory as it is now"
    next_vi = "chạy lại lệnh; lệnh sẽ bắt đầu từ danh bạ hiện tại"


class LawChanged(CallerError):
    """Somebody else has changed the rule set or calendar meanwhile; nothing was changed."""

    code = "directory.law_changed"
    en = "{name} has changed meanwhile: it is at version {found}, not {expected}"
    vi = "{name} vừa được thay đổi: đang ở phiên bản {found}, không phải {expected}"
    next_en = "look at what the axis keeps now, and repeat the command"
    next_vi = "xem nội dung trục đang lưu rồi chạy lại lệnh"


class ImportInvalid(InputError):
    """A directory file cannot be imported; nothing of it was."""

    code = "directory.import_invalid"
    en = "{file} line {line}: {reason}"
    vi = "{file} dòng {line}: {reason}"
    next_en = "correct the line; nothing was imported"
    next_vi = "sửa dòng đó; chưa có gì được nhập"
