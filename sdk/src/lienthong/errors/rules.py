"""Errors about rules: calendars of working time."""

from __future__ import annotations

from lienthong.errors.base import InputError


class OutsideCalendar(InputError):
    """A day lies outside the years that a work calendar covers."""

    code = "rules.outside_calendar"
    en = "{day} is outside the work calendar {calendar}, which covers {covers}"
    vi = "{day} nằm ngoài lịch làm việc {calendar}, lịch này có các năm {covers}"
    next_en = "use a calendar that covers that year"
    next_vi = "dùng lịch có năm đó"


class CalendarContradiction(InputError):
    """A work calendar says two different things, or leaves a working day without hours."""

    code = "rules.calendar_contradiction"
    en = "the work calendar {calendar} contradicts itself on {day}: {reason}"
    vi = "lịch làm việc {calendar} mâu thuẫn tại ngày {day}: {reason}"
    next_en = "correct the calendar's entries for that day"
    next_vi = "sửa các mục của ngày đó trong lịch"
