"""What people read of deadlines, paper and legal value, with the clauses behind them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from lienthong.cli.texts import Words
from lienthong.cli.views import of_deliveries, of_rulings
from lienthong.model.deadline import DeadlineKind, DeadlineStage, OpenDeadline, Ruling
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.package import PackageKind
from lienthong.model.words import IssueForm, Urgency
from lienthong.rules.legal_value import TABLE
from lienthong.rules.table import rows_of

AT = datetime(2026, 3, 3, 10, tzinfo=UTC)
DELIVERY = Delivery(
    package_id=PackageId(b"\1" * 6 + b"\x71" + b"\1" + b"\x81" + b"\1" * 7),
    sender=OrganId("000.00.00.H53"),
    recipient=OrganId("000.00.13.H53"),
    state=DeliveryState.ARRIVED,
    kind=PackageKind.NEW,
    subject="Về việc gửi, nhận văn bản điện tử",
    number=DocumentNumber.parse("52/2026/QĐ-UBND"),
    urgency=Urgency.THUONG,
    sent_at=AT,
    updated_at=AT,
    updated_index=3,
)
TAKEN = OpenDeadline(kind=DeadlineKind.TAKEN, due_at=AT, stage=DeadlineStage.OVERDUE)
SETTLED = OpenDeadline(
    kind=DeadlineKind.SETTLED, due_at=datetime(2026, 3, 3, 17, tzinfo=UTC), provisional=True
)
RULED = evolve(
    DELIVERY,
    deadlines=(SETTLED, TAKEN),
    paper=Ruling(value=IssueForm.E_AND_PAPER, rows=(5, 7), rule_set="ta@1"),
    legal_value=Ruling(value=LegalValue.PENDING_CHECK, rows=(11,), rule_set="ta@1"),
)


def shown(table: object) -> str:
    from rich.console import Console

    console = Console(width=300)
    with console.capture() as caught:
        console.print(table)
    return caught.get()


def test_in_vietnamese() -> None:
    taken, settled, paper, value = of_rulings(Words("vi"), RULED)
    assert taken == (
        "000.00.13.H53: tiếp nhận hoặc từ chối, hạn 17:00:00 thứ Ba, 03/03/2026 [quá hạn]"
        " (QĐ 52/2019 Đ9.2d)"
    )
    assert settled == (
        "000.00.13.H53: giải quyết, hạn 24:00 thứ Ba, 03/03/2026 [tạm tính] (NĐ 30/2020 Đ24.2)"
    )
    assert paper == (
        "000.00.13.H53: phải gửi kèm bản giấy: kèm bản đồ hoặc tài liệu chuyên ngành"
        " (QĐ 52/2019 Đ6.2b)"
    )
    assert value == (
        "000.00.13.H53: chờ kiểm tra: chưa kiểm tra được; hệ thống sẽ kiểm tra lại"
        " (QĐ 52/2019 Đ8.1b)"
    )


def test_in_english() -> None:
    first, *_, last = of_rulings(Words("en"), RULED)
    assert first == "000.00.13.H53: taken, due 17:00:00 Tue 2026-03-03 [overdue] (QĐ 52/2019 Đ9.2d)"
    assert last.startswith("000.00.13.H53: pending check: a check could not be made yet")


def test_a_list_shows_what_ends_first_and_nothing_where_nothing_is_due() -> None:
    words, own = Words("en"), DELIVERY.recipient
    assert "taken, due 17:00:00 Tue 2026-03-03 [overdue]" in shown(
        of_deliveries(words, [RULED], own)
    )
    assert "due" not in shown(of_deliveries(words, [DELIVERY], own))


def test_rows_with_one_number_are_told_apart_by_what_they_decide() -> None:
    found: dict[Any, str] = {
        value: rows_of(TABLE, (10,), value)[0].en
        for value in (LegalValue.REFUSE, LegalValue.REVIEW)
    }
    assert found[LegalValue.REFUSE] == "a certificate was revoked before it signed"
    assert found[LegalValue.REVIEW].startswith("it cannot be proved when")
    assert rows_of(TABLE, (99,), LegalValue.REVIEW) == ()
