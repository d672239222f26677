"""Arrival numbers of a client that keeps its registers in a book."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import (
    Client,
)
from lienthong.client.receiving import ReceivingMethods
from lienthong.client.registering import RegisterKeeper
from lienthong.codec.signed import load_statement
from lienthong.errors import (
    ConflictingReport,
    ConnectionFailed,
    GuardFailed,
    InvalidMove,
    InvalidValue,
    LienthongError,
    MissingField,
    NotFound,
    NumberTaken,
    OrganisationUnknown,
    RegisterBookFailed,
    RegisterDayGoesBack,
)
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document
from lienthong.model.ids import PackageId
from lienthong.model.report import RegisterEntry
from lienthong.model.words import RefusalCode
from lienthong.registers import Line, LineState, RegisterBook
from lienthong.registers.lines import incoming_row
from sdk.tests.client.registers.conftest import OTHER, RECIPIENT, SENDER, SMALL, incoming, send

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis


def accepted(axis: ScriptedAxis) -> list[RegisterEntry]:
    """The register entries that were reported."""
    found = []
    for message in axis.seen:
        for payload in message:
            with suppress(LienthongError):
                found.append(load_statement(payload).register)
    return [one for one in found if one is not None]


def test_without_a_book_a_number_is_needed(axis: ScriptedAxis, dated: Document) -> None:
    signer = axis.pki.organisation(RECIPIENT).signer()
    with Client(axis.profile(SENDER), signer=axis.pki.organisation(SENDER).signer()) as plain:
        package = plain.prepare(dated, [SMALL], [RECIPIENT])
        plain.submit(package)
    with (
        Client(axis.profile(RECIPIENT), signer=signer) as client,
        pytest.raises(MissingField, match="register_number"),
    ):
        client.accept(package.package_id)
    assert accepted(axis) == []


def check_one_number_a_delivery(
    axis: ScriptedAxis, recipient: Client, book: RegisterBook, package: PackageId
) -> None:
    for _ in range(3):
        recipient.accept(package)
    (line,) = incoming(book)
    assert (line.number, line.state) == (1, LineState.USED)
    assert set(accepted(axis)) == {RegisterEntry(number=1, date=line.day)}


def test_acceptance_takes_the_next_number_once(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    check_one_number_a_delivery(axis, recipient, book, package)
    recipient.accept(send(sender, dated, "Việc khác", 2))
    assert [line.number for line in incoming(book)] == [1, 2]
    line = recipient.arrival(package)
    assert line is not None
    row = incoming_row(line)
    assert (row.author, row.number) == ("UBND tỉnh Tây Ninh", "01/QĐ-UBND")


def not_reported(recipient: Client, package: PackageId) -> None:
    """Try to accept a package; the connection breaks before the axis has heard of it."""

    async def lost(*given: object) -> None:
        raise ConnectionFailed(endpoint="axis", reason="gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReceivingMethods, "_report", lost)
        with pytest.raises(ConnectionFailed):
            recipient.accept(package)


def check_lost_answer(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)

    not_reported(recipient, package)
    assert [line.state for line in incoming(book)] == [LineState.RESERVED]
    other = send(sender, dated, "Việc khác", 2)
    recipient.accept(other)
    recipient.accept(package)
    assert [(line.number, line.state) for line in incoming(book)] == [
        (1, LineState.USED),
        (2, LineState.USED),
    ]


def test_a_lost_answer_keeps_the_number_for_the_repetition(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    check_lost_answer(sender, recipient, book, dated)


@pytest.mark.planted("arrival number taken for each try")
def test_a_second_number_for_one_delivery_would_be_noticed(
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = RegisterBook.take_arrival

    def forgetful(self: RegisterBook, key: str, **values: Any) -> Line:
        return take(self, f"{key} {len(incoming(self))}", **values)

    monkeypatch.setattr(RegisterBook, "take_arrival", forgetful)
    with pytest.raises(AssertionError):
        check_lost_answer(sender, recipient, book, dated)


def report_lost(patch: pytest.MonkeyPatch) -> None:
    """From now on the axis records reports, and its answers do not arrive."""
    real = ReceivingMethods._report

    async def lost(*given: Any) -> None:
        await real(*given)
        raise ConnectionFailed(endpoint="axis", reason="gone")

    patch.setattr(ReceivingMethods, "_report", lost)


def test_what_the_axis_has_is_entered_even_if_it_was_cancelled(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    with pytest.MonkeyPatch.context() as patch:
        report_lost(patch)
        with pytest.raises(ConnectionFailed):
            recipient.accept(package)
    book.cancel(incoming(book)[0], "nhầm")
    recipient.accept(package)
    (line,) = incoming(book)
    assert (line.number, line.state) == (1, LineState.USED)
    assert len(set(accepted(axis))) == 1


def test_a_refusal_settles_a_reserved_number(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)

    not_reported(recipient, package)
    recipient.refuse(package, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm")
    assert [line.state for line in incoming(book)] == [LineState.CANCELLED]


def test_a_number_that_was_reserved_before_the_seal_is_given_up(
    axis: ScriptedAxis,
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = send(sender, dated)
    book.seal(RECIPIENT, dated.issued_date + timedelta(days=1), OTHER)
    not_reported(recipient, package)
    monkeypatch.setattr(axis.pki, "now", axis.pki.now + timedelta(days=1))
    recipient.accept(package)
    found = [(str(line.place.organ), line.number, line.state.value) for line in incoming(book)]
    assert sorted(found) == [(OTHER, 1, "USED"), (RECIPIENT, 1, "CANCELLED")]


def plainly(axis: ScriptedAxis, organ: str) -> Client:
    """A client of an organisation whose registers another system keeps."""
    signer = axis.pki.organisation(organ).signer()
    return Client(axis.profile(organ), signer=signer, clock=lambda: axis.pki.now)


def test_what_was_accepted_without_the_book_is_entered_as_it_was(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    with plainly(axis, RECIPIENT) as plain:
        plain.accept(package, register_number=77)
    for number in (None, 77):
        recipient.accept(package, register_number=number)
    assert set(accepted(axis)) == {RegisterEntry(number=77, date=dated.issued_date)}
    with pytest.raises(ConflictingReport):
        recipient.accept(package, register_number=78)
    recipient.forward(package, unit="Văn phòng")
    (line,) = incoming(book)
    assert (line.number, line.state, line.entry.unit) == (77, LineState.USED, "Văn phòng")
    assert line.entry.progress is DeliveryState.FORWARDED


def test_what_cannot_be_accepted_costs_no_number(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    recipient.refuse(package, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm")
    with pytest.raises(InvalidMove):
        recipient.accept(package)
    for stranger in ("H99.1", "000.00.15.H53"):
        with pytest.raises((NotFound, OrganisationUnknown)):
            recipient.accept(send(sender, dated), recipient=stranger)
    bad = evolve(recipient.check(send(sender, dated, "Khác", 2)), intact=False)
    with pytest.raises(GuardFailed):
        recipient.accept(package, check=bad)
    assert incoming(book) == ()


def test_an_acceptance_may_cross_an_update(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    sender.update(package, dated, reason="thiếu", recipients=[RECIPIENT])
    recipient.accept(package)
    recipient.apply_update(package)
    assert [line.number for line in incoming(book)] == [1]
    (delivery,) = recipient.list_deliveries(states=[DeliveryState.ACCEPTED])
    assert delivery.package_id == package


def test_a_number_is_cancelled_when_the_axis_says_no_after_all(
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The delivery was refused between the look and the report."""
    package = send(sender, dated)
    recipient.refuse(package, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm")
    monkeypatch.setattr("lienthong.client.receiving._check_acceptable", lambda *given: None)
    with pytest.raises(InvalidMove):
        recipient.accept(package)
    (line,) = incoming(book)
    assert (line.state, line.number) == (LineState.CANCELLED, 1)
    assert incoming_row(line).note == "Đã hủy số; Không tiếp nhận: flow.invalid_move"


def test_a_number_that_the_axis_has_already_is_used(
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first answer was lost, and the repetition says something else beside the number."""
    package = send(sender, dated)

    async def nothing(*given: object) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(RegisterKeeper, "accepted", nothing)
        recipient.accept(package)
    assert [line.state for line in incoming(book)] == [LineState.RESERVED]
    with pytest.raises(ConflictingReport):
        recipient.accept(package, note="đã xem")
    assert [line.state for line in incoming(book)] == [LineState.USED]


def test_a_given_number_is_entered_and_checked(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    recipient.accept(send(sender, dated), register_number=124)
    second = send(sender, dated, "Việc khác", 2)
    with pytest.raises(NumberTaken):
        recipient.accept(second, register_number=124)
    with pytest.raises(RegisterDayGoesBack):
        recipient.accept(second, register_date=dated.issued_date - timedelta(days=1))
    recipient.accept(second)
    assert [line.number for line in incoming(book)] == [124, 125]


def test_an_entry_of_a_day_to_come_would_block_the_register(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    with pytest.raises(InvalidValue, match="day is .* expected a day not after"):
        recipient.accept(package, register_date=dated.issued_date + timedelta(days=1))
    assert incoming(book) == ()


def test_a_book_that_fails_reports_nothing(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    book.close()
    with pytest.raises(RegisterBookFailed):
        recipient.accept(package)
    assert accepted(axis) == []
