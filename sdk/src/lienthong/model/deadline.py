"""By when something is to be done with a delivery, and what the rules say of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from attrs import Attribute, field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, refuse, text
from lienthong.model.time import as_utc, aware

V = TypeVar("V", bound=enum.Enum)


class DeadlineKind(enum.Enum):
    """What is to be done with a delivery by an instant."""

    NOTICED = "NOTICED"
    """Its receipt notified, by whatever its recipient reports first (NĐ 30/2020 Đ21.2c)."""

    TAKEN = "TAKEN"
    """Accepted or refused, before it counts as not taken (QĐ 52/2019 Đ9.2d)."""

    FORWARDED = "FORWARDED"
    """Passed on to who handles it (QĐ 28/2018 Đ6.2)."""

    SETTLED = "SETTLED"
    """Handled (NĐ 30/2020 Đ24.2)."""

    REPLIED = "REPLIED"
    """Answered, as its sender asked for (QĐ 52/2019 Đ9.2c)."""

    RECALL_CONFIRMED = "RECALL_CONFIRMED"
    """Cancelled and reported, after its sender has recalled it (QĐ 52/2019 Đ8.3)."""

    @property
    def label_vi(self) -> str:
        """As it is said in Vietnamese."""
        return _LABELS[self]

    @property
    def clause(self) -> str:
        """Where the texts ask for it."""
        return _CLAUSES[self]


class DeadlineStage(enum.Enum):
    """How a deadline stands that nobody has met yet."""

    AT_RISK = "AT_RISK"
    OVERDUE = "OVERDUE"

    @property
    def label_vi(self) -> str:
        """As it is said in Vietnamese."""
        return _LABELS[self]


_LABELS: Final[Mapping[enum.Enum, str]] = {
    DeadlineKind.NOTICED: "thông báo đã nhận",
    DeadlineKind.TAKEN: "tiếp nhận hoặc từ chối",
    DeadlineKind.FORWARDED: "chuyển xử lý",
    DeadlineKind.SETTLED: "giải quyết",
    DeadlineKind.REPLIED: "trả lời",
    DeadlineKind.RECALL_CONFIRMED: "xác nhận thu hồi",
    DeadlineStage.AT_RISK: "sắp đến hạn",
    DeadlineStage.OVERDUE: "quá hạn",
}
_CLAUSES: Final[Mapping[DeadlineKind, str]] = {
    DeadlineKind.NOTICED: "NĐ 30/2020 Đ21.2c",
    DeadlineKind.TAKEN: "QĐ 52/2019 Đ9.2d",
    DeadlineKind.FORWARDED: "QĐ 28/2018 Đ6.2",
    DeadlineKind.SETTLED: "NĐ 30/2020 Đ24.2",
    DeadlineKind.REPLIED: "QĐ 52/2019 Đ9.2c",
    DeadlineKind.RECALL_CONFIRMED: "QĐ 52/2019 Đ8.3",
}


@frozen(kw_only=True)
class OpenDeadline:
    """Something that is still to be done with a delivery, as the axis shows it."""

    kind: DeadlineKind = field(validator=a(DeadlineKind))
    due_at: datetime = field(converter=as_utc, validator=aware)
    """The last instant in time, UTC."""

    stage: DeadlineStage | None = field(default=None, validator=maybe(DeadlineStage))
    """What the journal has told of it so far."""

    calendar: str = field(default="", validator=text(100))
    """Version of the calendar by which it was computed; empty where it follows from none."""

    provisional: bool = field(default=False, validator=a(bool))
    """It touches days whose plan is not official yet (T12)."""


def _word(instance: object, attribute: Attribute[Any], value: Any) -> None:
    """Validator: accept the name of a result, of whichever table."""
    if not isinstance(value, enum.Enum):
        raise refuse(instance, attribute.name, found=value, expected="a result of a table")


@frozen(kw_only=True)
class Ruling(Generic[V]):
    """What a decision table said of a delivery."""

    value: V = field(validator=_word)
    rows: tuple[int, ...] = field(converter=as_tuple, validator=many(int, least=1, most=100))
    """Numbers of the rows that apply, the deciding one first (``rules.table.rows_of``)."""

    rule_set: str = field(validator=text(100))
    """Version of the rule set."""
