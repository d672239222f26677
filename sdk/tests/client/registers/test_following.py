"""What becomes of documents that stand in a client's book."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import (
    Client,
    Direction,
    RegisterWarning,
)
from lienthong.client.reading import ReadingMethods
from lienthong.errors import (
    ConnectionFailed,
    InvalidMove,
)
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document, DocumentReference
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.report import Assignment
from lienthong.model.words import AssignmentRole
from lienthong.registers import LineState, Register, RegisterBook
from lienthong.registers.lines import follow_up_row, incoming_row, outgoing_row
from sdk.tests.client.registers.conftest import OTHER, RECIPIENT, SMALL, incoming, send

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis


def plainly(axis: ScriptedAxis, organ: str) -> Client:
    """A client of an organisation whose registers another system keeps."""
    signer = axis.pki.organisation(organ).signer()
    return Client(axis.profile(organ), signer=signer, clock=lambda: axis.pki.now)


def test_the_follow_up_register_follows(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package, due = send(sender, dated), dated.issued_date + timedelta(days=7)
    recipient.accept(package)
    units = (
        Assignment(unit="Phòng Bưu chính", due_date=due),
        Assignment(unit="Văn phòng", role=AssignmentRole.COOPERATE),
    )
    recipient.forward(package, assignments=units)
    recipient.start(package)
    (line,) = incoming(book)
    assert line.entry.progress is DeliveryState.IN_PROGRESS
    reply = DocumentReference(
        organ_id=OrganId(RECIPIENT),
        number=DocumentNumber.parse("07/BC-STTTT"),
        issued_date=dated.issued_date,
    )
    recipient.complete(package, reply=reply)
    # A report that comes again does not take the document back.
    recipient.accept(package)
    row = follow_up_row(incoming(book)[0])
    today = f"{dated.issued_date:%d/%m/%Y}"
    assert row.unit == "Phòng Bưu chính; Văn phòng"
    assert (row.due, row.progress) == (f"{due:%d/%m/%Y}", f"Đã hoàn thành {today}")
    assert row.reply == "07/BC-STTTT"
    recipient.reopen(package, reason="bổ sung")
    assert follow_up_row(incoming(book)[0]).progress == "Đang xử lý"


def test_a_recall_after_acceptance_leaves_a_cancelled_line(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    recipient.accept(package)
    sender.recall(package, reason="sai thẩm quyền")
    (sent,) = book.lines(Register.OUTGOING)
    assert (sent.state, sent.number) == (LineState.RECALLED, 1)
    assert "sai thẩm quyền" in str(outgoing_row(sent).note)
    assert [line.state for line in incoming(book)] == [LineState.USED]
    recipient.confirm_recall(package)
    (line,) = incoming(book)
    assert (line.state, line.number) == (LineState.RECALLED, 1)


def test_a_recall_before_acceptance_leaves_a_line_without_a_number(
    axis: ScriptedAxis,
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Regulations §13b D20; seen in the feed, under the day on which the document arrived."""
    package = send(sender, dated)
    recipient.arrived(package)
    sender.recall(package, reason="sai")
    monkeypatch.setattr(axis.pki, "now", axis.pki.now + timedelta(days=2))
    for _ in range(2):
        list(recipient.feed())
        list(sender.feed())
    (line,) = incoming(book)
    assert (line.number, incoming_row(line).note) == (None, "Đã thu hồi trước tiếp nhận")
    assert (str(line.place.organ), line.day) == (RECIPIENT, dated.issued_date)


def test_whoever_answered_an_update_had_the_document(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    sender.update(package, dated, reason="thiếu", recipients=[RECIPIENT])
    recipient.refuse_update(package, reason="gửi lại")
    sender.recall(package, reason="sai")
    list(recipient.feed())
    (line,) = incoming(book)
    assert (line.number, incoming_row(line).note) == (None, "Đã thu hồi trước tiếp nhận")


def test_what_never_arrived_has_no_line(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    sender.recall(send(sender, dated), reason="sai")
    list(recipient.feed())
    assert incoming(book) == ()


def check_accepted_before(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    """It was accepted by another system, then recalled, and that was confirmed."""
    package = send(sender, dated)
    with plainly(axis, RECIPIENT) as plain:
        plain.accept(package, register_number=77)
        sender.recall(package, reason="sai")
        plain.confirm_recall(package)
    list(recipient.feed())
    assert incoming(book) == ()


def test_what_was_accepted_is_not_entered_as_recalled_before_acceptance(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    check_accepted_before(axis, sender, recipient, book, dated)


@pytest.mark.planted("accepted document entered as recalled before acceptance")
def test_a_look_at_the_state_alone_would_be_noticed(
    axis: ScriptedAxis,
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "lienthong.client.registering.recalled_untaken", lambda *given: dated.issued_date
    )
    with pytest.raises(AssertionError):
        check_accepted_before(axis, sender, recipient, book, dated)


def test_a_feed_survives_a_book_that_fails(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    recipient.arrived(package)
    sender.recall(package, reason="sai")
    book.close()
    with pytest.warns(RegisterWarning, match="01/QĐ-UBND of .*: done, but not noted"):
        items = list(recipient.feed())
    assert len(items) == 3


@pytest.mark.parametrize("question", ["get_package", "organisation", "history"])
def test_a_feed_that_follows_survives_an_outage_while_a_recall_is_noted(
    sender: Client,
    recipient: Client,
    book: RegisterBook,
    dated: Document,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
) -> None:
    package = send(sender, dated)
    recipient.arrived(package)
    sender.recall(package, reason="sai")
    real, failures = getattr(ReadingMethods, question), iter(range(2))

    async def gone(self: Any, *given: Any) -> Any:
        if next(failures, None) is None:
            return await real(self, *given)
        raise ConnectionFailed(endpoint="axis", reason="restart")

    monkeypatch.setattr(ReadingMethods, question, gone)
    feed = recipient.feed(follow=True)
    kinds = [next(feed).manifest is not None for _ in range(3)]
    feed.close()
    assert kinds == [True, False, True]
    assert [line.number for line in incoming(book)] == [None]


def test_a_reason_of_several_lines_is_one_remark(
    sender: Client, book: RegisterBook, dated: Document
) -> None:
    sender.recall(send(sender, dated), reason="sai thẩm quyền\nsai nội dung")
    (line,) = book.lines(Register.OUTGOING)
    assert line.state is LineState.RECALLED
    assert line.entry.notes[0].endswith("sai thẩm quyền sai nội dung")


def test_a_recall_from_some_is_remarked_only(
    sender: Client, book: RegisterBook, dated: Document
) -> None:
    sender.recall(send(sender, dated), reason="sai", recipients=[OTHER])
    (line,) = book.lines(Register.OUTGOING)
    assert line.state is LineState.USED
    assert str(outgoing_row(line).note).endswith("sai (một số nơi nhận)")


def test_a_replaced_document_says_by_what(
    sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    package = send(sender, dated)
    recipient.accept(package)
    new = evolve(dated, number=DocumentNumber.parse("02/QĐ-UBND"))
    sender.replace(package, new, [SMALL], [RECIPIENT], reason="sai")
    sent = sender.list_deliveries(Direction.OUTGOING)
    (fresh,) = [one.package_id for one in sent if one.number == new.number]
    recipient.accept(fresh)
    note = f"Đã được thay thế bởi 02/QĐ-UBND ngày {dated.issued_date:%d/%m/%Y}"
    for register in Register:
        old, following = book.lines(register)
        assert (old.state, old.entry.notes) == (LineState.USED, (note,))
        assert following.entry.notes == ()


def test_entry_of_the_replacement_is_not_taken_for_that_of_the_old_document(
    axis: ScriptedAxis, sender: Client, recipient: Client, book: RegisterBook, dated: Document
) -> None:
    """The history of a document has what happened to its replacement too."""
    package = send(sender, dated)
    new = evolve(dated, number=DocumentNumber.parse("02/QĐ-UBND"))
    sender.replace(package, new, [SMALL], [RECIPIENT], reason="sai")
    sent = sender.list_deliveries(Direction.OUTGOING)
    (fresh,) = [one.package_id for one in sent if one.number == new.number]
    recipient.accept(fresh)
    assert axis.states[package, OrganId(RECIPIENT)] is DeliveryState.REPLACED
    with warnings.catch_warnings():
        warnings.simplefilter("error", RegisterWarning)
        with pytest.raises(InvalidMove):
            recipient.accept(package)
    assert recipient.arrival(package) is None
    assert len(incoming(book)) == 1
