"""Errors about values: a field, an identifier, an instant."""

from __future__ import annotations

from lienthong.errors.base import InputError


class InvalidValue(InputError):
    """A field holds something that its definition does not allow."""

    code = "model.invalid_value"
    en = "{field} is {found}, expected {expected}"
    vi = "{field} là {found}, cần {expected}"
    next_en = "correct the field {field}"
    next_vi = "sửa trường {field}"


class NoSuchDay(InvalidValue):
    """A date is well written, but no day of the calendar: 29/02 of a common year, 31/04."""

    code = "model.no_such_day"
    en = "{field} is {found}: there is no such day"
    vi = "{field} là {found}: không có ngày này"
    next_en = "correct the day, as YYYY-MM-DD"
    next_vi = "sửa lại ngày, theo dạng YYYY-MM-DD"


class MissingField(InputError):
    """A field that the regulation requires is empty."""

    code = "model.missing_field"
    en = "{field} is missing, required by {clause}"
    vi = "thiếu {field}, bắt buộc theo {clause}"
    next_en = "fill in {field}"
    next_vi = "bổ sung {field}"


class NaiveTime(InputError):
    """An instant has no time zone (QĐ 52/2019 Đ10.3)."""

    code = "model.naive_time"
    en = "{field} is {found}, expected an instant with a time zone"
    vi = "{field} là {found}, cần thời điểm có múi giờ"
    next_en = "add the zone, for Vietnam +07:00"
    next_vi = "ghi rõ múi giờ, với Việt Nam là +07:00"


class StateSecret(InputError):
    """A state-secret mark was found; such documents never enter (QĐ 52/2019 Đ1.2, Đ6.1a)."""

    code = "model.state_secret"
    status = "PERMISSION_DENIED"
    en = "{field} marks a state secret ({found}); this system refuses such documents"
    vi = "{field} mang dấu mật ({found}); hệ thống từ chối văn bản bí mật nhà nước"
    next_en = "use the separate system for state-secret documents"
    next_vi = "dùng hệ thống riêng dành cho văn bản bí mật nhà nước"
