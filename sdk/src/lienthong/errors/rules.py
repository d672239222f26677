"""Errors about rules: calendars of working time, rule sets."""

from __future__ import annotations

from lienthong.errors.base import CallerError, InputError, PluginError


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


class CalendarUnknown(CallerError):
    """No calendar of that name comes with the software."""

    code = "rules.calendar_unknown"
    status = "NOT_FOUND"
    en = "there is no calendar {name}; there are {known}"
    vi = "không có lịch làm việc {name}; hiện có {known}"
    next_en = "use one of these names, or the path of a file that ends in .toml"
    next_vi = "dùng một trong các tên này, hoặc đường dẫn tới tệp có đuôi .toml"


class RuleSetUnknown(CallerError):
    """Nobody offers a rule set of that name."""

    code = "rules.rule_set_unknown"
    status = "NOT_FOUND"
    en = "there is no rule set {name}; there are {known}"
    vi = "không có bộ quy tắc {name}; hiện có {known}"
    next_en = "use one of these names, or the path of a file that ends in .toml"
    next_vi = "dùng một trong các tên này, hoặc đường dẫn tới tệp có đuôi .toml"


class RuleSetClash(PluginError):
    """Two sources offer rule sets of the same name."""

    code = "rules.rule_set_clash"
    status = "FAILED_PRECONDITION"
    en = "the rule set {name} is offered by {sources}"
    vi = "bộ quy tắc {name} do nhiều nguồn cung cấp: {sources}"
    next_en = "remove one of them, or give the path of a file"
    next_vi = "gỡ bớt một nguồn, hoặc dùng đường dẫn tới tệp"


class InheritanceCycle(InputError):
    """A rule set inherits from itself, directly or through others."""

    code = "rules.inheritance_cycle"
    en = "rule sets inherit from each other in a circle: {chain}"
    vi = "các bộ quy tắc kế thừa vòng tròn: {chain}"
    next_en = "let one of them inherit from another rule set, such as national-2020"
    next_vi = "cho một bộ kế thừa từ bộ khác, ví dụ national-2020"


class NoRuleSetInForce(CallerError):
    """None of the given rule sets holds on that day."""

    code = "rules.no_rule_set_in_force"
    status = "NOT_FOUND"
    en = "no rule set is in force on {day}: {names}"
    vi = "không có bộ quy tắc nào có hiệu lực vào ngày {day}: {names}"
    next_en = "add a rule set whose validity covers that day"
    next_vi = "bổ sung bộ quy tắc có hiệu lực vào ngày đó"
