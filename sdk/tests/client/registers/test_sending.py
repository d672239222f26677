"""Sending with a client that keeps its registers in a book."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import (
    AsyncClient,
    Client,
    RegisterWarning,
    Sending,
    exchange,
)
from lienthong.client.registering import RegisterKeeper
from lienthong.errors import (
    ConnectionFailed,
    LineClosed,
    NumberTaken,
    RegisterBookFailed,
    UnknownRecipient,
)
from lienthong.model.document import Document
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import LineState, Register, RegisterBook
from lienthong.registers.lines import outgoing_row
from sdk.tests.client.registers.conftest import (
    BOTH,
    OTHER,
    RECIPIENT,
    SENDER,
    SMALL,
    incoming,
    send,
)

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis


def test_a_taken_number_is_used_by_sending(
    sender: Client, book: RegisterBook, dated: Document
) -> None:
    day = dated.issued_date
    line = book.take_number(
        "draft-1", organ=SENDER, kind=DocumentKind.QUYET_DINH, notation="QĐ-UBND", on=day
    )
    assert line.entry.written is not None
    send(sender, evolve(dated, number=line.entry.written, document_code=line.code))
    (used,) = book.lines(Register.OUTGOING)
    assert (used.state, used.key) == (LineState.USED, "draft-1")
    row = outgoing_row(used)
    assert (row.recipients, row.copies) == (f"{RECIPIENT}; {OTHER}", 2)
    assert row.moved_on == f"{day:%d/%m/%Y}"


def test_a_second_document_with_one_number_is_not_sent(
    axis: ScriptedAxis, sender: Client, dated: Document
) -> None:
    send(sender, dated)
    count = len(axis.records)
    with pytest.raises(NumberTaken):
        send(sender, dated, "Việc khác")
    assert len(axis.records) == count


def test_what_was_sent_is_not_sent_again_because_the_book_fails(
    sender: Client, book: RegisterBook, dated: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise RegisterBookFailed(path="registers.db", reason="database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(RegisterBook, "amend", full)
        with pytest.warns(RegisterWarning, match="01/QĐ-UBND .* not noted: .* full"):
            receipt = sender.send(dated, [SMALL], [RECIPIENT])
    assert receipt.index >= 0
    (line,) = book.lines(Register.OUTGOING)
    assert (line.state, line.entry.moved_on) == (LineState.USED, None)


def test_whatever_the_book_says_nothing_is_sent_twice(
    sender: Client, book: RegisterBook, dated: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = send(sender, dated)

    def closed(*given: object) -> None:
        raise LineClosed(number="01", series="-", state="CANCELLED", expected="USED")

    monkeypatch.setattr(RegisterBook, "recall", closed)
    with pytest.warns(RegisterWarning, match="not noted"):
        assert sender.recall(package, reason="sai").index > 0


def test_many_are_entered_in_the_order_of_their_numbers(
    sender: Client, book: RegisterBook, dated: Document
) -> None:
    many = [
        Sending(
            document=evolve(
                dated, number=DocumentNumber(f"{n:02d}", "QĐ-UBND"), subject=f"Việc {n}"
            ),
            files=[SMALL],
            recipients=[RECIPIENT],
        )
        for n in (*range(20, 41), *range(1, 20))
    ]
    outcomes = sender.send_many(many)
    assert [outcome.error for outcome in outcomes if outcome.receipt is None] == []
    assert [line.number for line in book.lines(Register.OUTGOING)] == list(range(1, 41))
    recorded = {item.receipt.index: item.manifest for item in sender.feed() if item.manifest}
    told = [recorded[outcome.receipt.index] for outcome in outcomes if outcome.receipt]
    assert [manifest.document for manifest in told] == [one.document for one in many]


def refused_by_axis(axis: ScriptedAxis, sender: Client, document: Document) -> None:
    axis.faults.refusals.append(UnknownRecipient(organ="H99.9"))
    with pytest.raises(UnknownRecipient):
        sender.send(document, [SMALL], [RECIPIENT])


def test_what_the_axis_refused_keeps_its_number_and_may_be_corrected(
    axis: ScriptedAxis, sender: Client, book: RegisterBook, dated: Document
) -> None:
    refused_by_axis(axis, sender, evolve(dated, subject="lỗi gõ"))
    assert [line.state for line in book.lines(Register.OUTGOING)] == [LineState.RESERVED]
    send(sender, dated)
    (line,) = book.lines(Register.OUTGOING)
    assert (line.state, line.entry.subject) == (LineState.USED, dated.subject)


def test_a_file_that_cannot_be_brought_leaves_the_number_free(
    sender: Client, book: RegisterBook, dated: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*given: object) -> None:
        raise ConnectionFailed(endpoint="axis", reason="gone")

    monkeypatch.setattr("lienthong.client.sending.bring_files", gone)
    with pytest.raises(ConnectionFailed):
        send(sender, dated)
    assert [line.state for line in book.lines(Register.OUTGOING)] == [LineState.RESERVED]


def test_what_may_have_been_sent_is_not_given_up_by_a_later_refusal(
    axis: ScriptedAxis, sender: Client, book: RegisterBook, dated: Document
) -> None:
    prepared = sender.prepare(dated, [SMALL], [RECIPIENT])
    with pytest.MonkeyPatch.context() as patch:
        submission_lost(patch)
        with pytest.raises(ConnectionFailed):
            sender.submit(prepared)
    refused_by_axis(axis, sender, dated)
    (line,) = book.lines(Register.OUTGOING)
    with pytest.raises(LineClosed, match="is USED"):
        book.cancel(line, "không gửi")
    sender.submit(prepared)
    assert book.lines(Register.OUTGOING)[0].entry.moved_on == dated.issued_date


def test_a_refusal_does_not_take_back_what_another_sending_has_brought(
    axis: ScriptedAxis, sender: Client, book: RegisterBook, dated: Document
) -> None:
    """Two sendings of one document at the same time; the first is refused, the second is not."""
    line, fresh = book.begin_sending(dated, on=axis.pki.now)
    real = RegisterKeeper.sent

    async def late(self: RegisterKeeper, *given: Any) -> None:
        book.not_sent(line)
        await real(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RegisterKeeper, "sent", late)
        send(sender, dated)
    (line,) = book.lines(Register.OUTGOING)
    assert (fresh, line.state, line.entry.moved_on) == (True, LineState.USED, dated.issued_date)


def submission_lost(patch: pytest.MonkeyPatch) -> None:
    """From now on the axis records packages, and its answers do not arrive."""
    real = exchange.hand_over

    async def lost(*given: Any) -> None:
        await real(*given)
        raise ConnectionFailed(endpoint="axis", reason="gone")

    patch.setattr("lienthong.client.sending.hand_over", lost)


def test_sending_may_be_repeated_after_a_recall(
    axis: ScriptedAxis,
    sender: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = PackageId.new(axis.pki.now, b"0123456789")
    prepared = sender.prepare(dated, [SMALL], [RECIPIENT], package_id=chosen)
    first = sender.submit(prepared)
    sender.recall(chosen, reason="sai")
    assert sender.submit(prepared).index == first.index
    monkeypatch.setattr(axis.pki, "now", axis.pki.now + timedelta(seconds=1))
    again = sender.send(dated, [SMALL], [RECIPIENT], package_id=chosen)
    assert again.index == first.index
    with pytest.raises(LineClosed, match="is RECALLED"):
        sender.send(dated, [SMALL], [RECIPIENT])
    assert [line.state for line in book.lines(Register.OUTGOING)] == [LineState.RECALLED]


def test_an_update_changes_the_line(sender: Client, book: RegisterBook, dated: Document) -> None:
    right, prepared = evolve(dated, subject="trích yếu đúng"), sender.prepare(dated, [SMALL], BOTH)
    first = sender.submit(prepared)
    sender.update(prepared.package_id, right, reason="lỗi gõ")
    assert sender.submit(prepared).index == first.index
    assert book.lines(Register.OUTGOING)[0].entry.subject == "trích yếu đúng"
    sender.send(right, [SMALL], ["000.00.15.H53"])
    (line,) = book.lines(Register.OUTGOING)
    assert len(line.entry.recipients) == 3


def test_a_document_may_be_sent_again(sender: Client, book: RegisterBook, dated: Document) -> None:
    send(sender, dated)
    sender.send(dated, [SMALL], ["000.00.15.H53"])
    (line,) = book.lines(Register.OUTGOING)
    assert line.entry.recipients == (RECIPIENT, OTHER, "000.00.15.H53")


def test_what_others_issued_is_not_in_the_senders_register(
    sender: Client, book: RegisterBook, dated: Document
) -> None:
    send(sender, evolve(dated, issuer_code=OrganId("H01"), issuer_name="Bộ Nội vụ"))
    assert book.lines(Register.OUTGOING) == ()


def test_the_asynchronous_client_keeps_the_same_book(
    axis: ScriptedAxis, sender: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)

    async def accept() -> None:
        signer = axis.pki.organisation(RECIPIENT).signer()
        async with AsyncClient(
            axis.profile(RECIPIENT), signer=signer, clock=lambda: axis.pki.now, registers=book
        ) as client:
            await asyncio.gather(client.accept(package), client.accept(package))

    sender._loop.run(accept())
    assert [line.number for line in incoming(book)] == [1]
