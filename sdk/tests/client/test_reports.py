from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import Client, Direction, FileSource
from lienthong.codec.signed import load_statement
from lienthong.errors import (
    GuardFailed,
    HashMismatch,
    IdReused,
    InvalidMove,
    InvalidValue,
    MissingField,
    NotFound,
    ReceiptInvalid,
    SignatureInvalid,
    StoreFailed,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document, DocumentReference
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.package import PackageKind
from lienthong.model.report import Assignment, CheckSummary, Reason, Statement
from lienthong.model.words import AssignmentRole, RefusalCode
from lienthong.testing.signer import MemorySigner

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT, OTHER = "000.00.00.H53", "000.00.13.H53", "000.00.11.H53"
LARGE = FileSource.of_bytes("a.pdf", b"content" * 60_000)
NOW_ID = b"0123456789"
SMALL = FileSource.of_bytes("a.pdf", b"content")


class CarelessSigner(MemorySigner):
    """Signs other bytes than it was given."""

    def sign(self, message: bytes) -> bytes:
        return super().sign(message + b"?")


@pytest.fixture
def sent(sender: Client, document: Document) -> PackageId:
    prepared = sender.prepare(document, [LARGE], [RECIPIENT, OTHER])
    sender.submit(prepared)
    return prepared.package_id


@pytest.fixture
def accepted(sent: PackageId, recipient: Client) -> PackageId:
    recipient.accept(sent, register_number=12)
    return sent


def reported(axis: ScriptedAxis) -> list[list[Statement]]:
    """The statements of every message, first to last."""
    return [[load_statement(payload) for payload in message] for message in axis.seen[1:]]


def state_of(axis: ScriptedAxis, package_id: PackageId) -> DeliveryState:
    return axis.states[package_id, OrganId(RECIPIENT)]


def test_acceptance_stands_for_the_arrival(
    axis: ScriptedAxis, sent: PackageId, recipient: Client
) -> None:
    receipt = recipient.accept(sent, register_number=12, register_date=date(2026, 11, 21))
    ((accept,),) = reported(axis)
    assert accept.event is DeliveryEvent.ACCEPT
    assert accept.register is not None
    assert (accept.register.number, accept.register.date) == (12, date(2026, 11, 21))
    assert accept.check is not None
    assert accept.check.passed
    assert receipt == axis.records[-1].receipt
    assert state_of(axis, sent) is DeliveryState.ACCEPTED


def test_acceptance_after_the_feed_asks_nothing(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    sender.send(document, [SMALL], [RECIPIENT])
    (item,) = recipient.feed()
    assert item.manifest is not None
    recipient.accept(item.manifest.package_id, register_number=1)
    assert axis.calls == ["Submit", "Subscribe 0", "Report"]


@pytest.mark.parametrize("reports_arrival", [False, True])
def test_refusal_with_and_without_an_arrival(
    axis: ScriptedAxis, sent: PackageId, recipient: Client, reports_arrival: bool
) -> None:
    if reports_arrival:
        recipient.arrived(sent)
    recipient.refuse(sent, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm")
    events = [one.event.name for message in reported(axis) for one in message]
    assert events == ["ARRIVE", "REFUSE"][not reports_arrival :]
    assert state_of(axis, sent) is DeliveryState.REFUSED


def test_acceptance_that_must_wait_is_repeated(
    axis: ScriptedAxis, sent: PackageId, recipient: Client
) -> None:
    axis.faults.refusals.append(StoreFailed(reason="disk"))
    recipient.accept(sent, register_number=12)
    first, second = reported(axis)
    assert first == second
    assert state_of(axis, sent) is DeliveryState.ACCEPTED


def test_file_that_is_not_the_signed_one_is_not_accepted(
    axis: ScriptedAxis, sent: PackageId, recipient: Client
) -> None:
    axis.faults.change_chunk = lambda chunk: b"?" + chunk[1:]
    with pytest.raises(HashMismatch):
        recipient.accept(sent, register_number=12)
    assert not reported(axis)


def test_package_that_is_not_signed_rightly_is_not_accepted(
    axis: ScriptedAxis, recipient: Client, document: Document
) -> None:
    identity = axis.pki.organisation("forger")
    signer = CarelessSigner(identity.key, identity.chain)
    with Client(axis.profile(SENDER), signer=signer, clock=lambda: axis.pki.now) as forger:
        prepared = forger.prepare(document, [SMALL], [RECIPIENT])
        forger.submit(prepared)
    with pytest.raises(SignatureInvalid):
        recipient.accept(prepared.package_id, register_number=12)
    assert not reported(axis)


def test_failed_check_of_the_caller_is_not_accepted(
    axis: ScriptedAxis, sent: PackageId, recipient: Client
) -> None:
    check = CheckSummary(
        complete=True, intact=True, authentic=False, checked_at=axis.pki.now, checker="PAdES"
    )
    with pytest.raises(GuardFailed, match="a passed check"):
        recipient.accept(sent, register_number=12, check=check)
    recipient.accept(sent, register_number=12, check=evolve(check, authentic=True))
    assert "Download 0" not in axis.calls


def test_handling_to_the_end(axis: ScriptedAxis, accepted: PackageId, recipient: Client) -> None:
    recipient.forward(accepted, unit="Phòng Hành chính", note="gấp")
    recipient.start(accepted)
    reply = DocumentReference(
        organ_id=OrganId(RECIPIENT),
        number=DocumentNumber.parse("07/TTr-STTTT"),
        issued_date=date(2026, 11, 22),
    )
    recipient.complete(accepted, reply=reply)
    assert state_of(axis, accepted) is DeliveryState.COMPLETED
    recipient.reopen(accepted, reason="sai sót")
    assert state_of(axis, accepted) is DeliveryState.IN_PROGRESS
    events = [one.event.name for message in reported(axis)[1:] for one in message]
    assert events == ["FORWARD", "START", "COMPLETE", "REOPEN"]
    assert reported(axis)[1][0].assignments == (Assignment(unit="Phòng Hành chính"),)


def test_handling_to_be_informed_only(
    axis: ScriptedAxis, accepted: PackageId, recipient: Client
) -> None:
    recipient.complete(accepted, information_only=True)
    assert state_of(axis, accepted) is DeliveryState.COMPLETED


def test_forwarding_names_units_once(accepted: PackageId, recipient: Client) -> None:
    units = [
        Assignment(unit="A"),
        Assignment(unit="B", role=AssignmentRole.COOPERATE, due_date=date(2026, 12, 1)),
    ]
    with pytest.raises(InvalidValue, match="either unit or assignments"):
        recipient.forward(accepted, unit="A", assignments=units)
    with pytest.raises(MissingField):
        recipient.forward(accepted)
    recipient.forward(accepted, assignments=units)


def test_illegal_move_is_typed(recipient: Client, sent: PackageId) -> None:
    with pytest.raises(InvalidMove) as caught:
        recipient.start(sent)
    assert caught.value.facts["state"] == "SENT"


def test_take_back_asks_each_recipient_that_has_not_accepted(
    axis: ScriptedAxis, sender: Client, recipient: Client, sent: PackageId
) -> None:
    recipient.accept(sent, register_number=1)
    (receipt,) = sender.take_back(sent, reason="nhầm tệp")
    assert axis.records[-1].receipt == receipt
    assert axis.states[sent, OrganId(OTHER)] is DeliveryState.TAKE_BACK_PENDING
    with pytest.raises(InvalidMove):
        sender.take_back(sent, reason="nhầm tệp")
    with pytest.raises(InvalidMove):
        sender.take_back(sent, [RECIPIENT], reason=Reason(code=RefusalCode.OTHER, text="nhầm"))


def test_answers_to_a_take_back(
    axis: ScriptedAxis, sender: Client, recipient: Client, sent: PackageId
) -> None:
    recipient.arrived(sent)
    sender.take_back(sent, [RECIPIENT], reason="nhầm tệp")
    recipient.refuse_take_back(sent, reason="đã in")
    assert state_of(axis, sent) is DeliveryState.ARRIVED
    sender.take_back(sent, [RECIPIENT], reason="nhầm tệp")
    recipient.agree_take_back(sent)
    assert state_of(axis, sent) is DeliveryState.TAKEN_BACK


def test_recall_addresses_every_delivery_that_can_be_recalled(
    axis: ScriptedAxis, sender: Client, recipient: Client, accepted: PackageId
) -> None:
    with Client(axis.profile(OTHER)) as other:
        other.refuse(accepted, reason=RefusalCode.WRONG_ADDRESSEE, text="gửi nhầm")
    sender.recall(accepted, reason="ban hành sai thẩm quyền")
    manifest, _ = list(axis.packages.values())[-1]
    assert (manifest.kind, manifest.target) == (PackageKind.RECALL, accepted)
    assert [str(one.organ_id) for one in manifest.recipients] == [RECIPIENT]
    assert manifest.document == axis.packages[accepted][0].document
    recipient.reject_recall(accepted, reason="không đúng")
    sender.recall(accepted, reason="lần hai", recipients=[RECIPIENT])
    recipient.confirm_recall(accepted)
    assert state_of(axis, accepted) is DeliveryState.RECALLED


def test_recall_of_what_has_ended_is_refused_locally(
    axis: ScriptedAxis, sender: Client, sent: PackageId
) -> None:
    sender.recall(sent, reason="sai")
    before = len(axis.seen)
    with pytest.raises(InvalidMove):
        sender.recall(sent, reason="sai")
    assert len(axis.seen) == before


def test_a_recall_is_not_blocked_by_an_update_without_answer(
    axis: ScriptedAxis, sender: Client, recipient: Client, accepted: PackageId, document: Document
) -> None:
    sender.update(accepted, document, reason="thiếu", recipients=[RECIPIENT])
    sender.recall(accepted, reason="sai", recipients=[RECIPIENT])
    assert state_of(axis, accepted) is DeliveryState.RECALL_PENDING
    recipient.reject_recall(accepted, reason="không đúng")
    assert state_of(axis, accepted) is DeliveryState.ACCEPTED


@pytest.mark.parametrize("named", [True, False])
def test_own_package_id_makes_a_recall_repeatable(
    axis: ScriptedAxis, sender: Client, accepted: PackageId, *, named: bool
) -> None:
    chosen = PackageId.new(axis.pki.now, NOW_ID)
    recipients = [RECIPIENT] if named else None
    first = sender.recall(accepted, reason="sai", recipients=recipients, package_id=chosen)
    with later_client(axis) as later:
        again = later.recall(accepted, reason="sai", recipients=recipients, package_id=str(chosen))
        assert again == first
        with pytest.raises(IdReused):
            later.recall(accepted, reason="khác", recipients=recipients, package_id=chosen)
        if not named:
            with pytest.raises(InvalidMove):
                later.recall(accepted, reason="sai")


def test_own_package_id_makes_an_update_repeatable(
    axis: ScriptedAxis, sender: Client, accepted: PackageId, document: Document
) -> None:
    chosen = PackageId.new(axis.pki.now, NOW_ID)
    first = sender.update(accepted, document, [SMALL], reason="thiếu", package_id=chosen)
    with later_client(axis) as later:
        again = later.update(accepted, document, [SMALL], reason="thiếu", package_id=chosen)
        assert again == first
        with pytest.raises(IdReused):
            later.update(accepted, document, reason="thiếu", package_id=chosen)


def test_own_package_id_makes_a_replacement_repeatable(
    axis: ScriptedAxis, sender: Client, accepted: PackageId, document: Document
) -> None:
    chosen = PackageId.new(axis.pki.now, NOW_ID)
    given: dict[str, Any] = {"reason": "sai số liệu", "package_id": chosen}
    first = sender.replace(accepted, document, [SMALL], [RECIPIENT], **given)
    with later_client(axis) as later:
        assert later.replace(accepted, document, [SMALL], [RECIPIENT], **given) == first
        with pytest.raises(IdReused):
            later.replace(accepted, document, [SMALL], [OTHER], **given)


def later_client(axis: ScriptedAxis) -> Client:
    """The same organisation after a crash, when its clock has gone on."""
    return Client(
        axis.profile(SENDER),
        signer=axis.pki.organisation(SENDER).signer(),
        clock=lambda: axis.pki.now.replace(year=axis.pki.now.year + 1),
    )


def test_update_and_its_answers(
    axis: ScriptedAxis, sender: Client, recipient: Client, accepted: PackageId, document: Document
) -> None:
    changed = evolve(document, description="bổ sung phụ lục")
    extra = FileSource.of_bytes("phụ lục.pdf", b"extra")
    sender.update(accepted, changed, [extra], reason="thiếu phụ lục", recipients=[RECIPIENT])
    assert state_of(axis, accepted) is DeliveryState.UPDATE_PENDING
    recipient.apply_update(accepted)
    sender.update(accepted, changed, reason="lại")
    recipient.refuse_update(accepted, reason="đã xử lý xong")
    manifest, _ = list(axis.packages.values())[-2]
    assert manifest.files[0].name == "phụ lục.pdf"
    assert manifest.main_file is None


def test_replacement_carries_its_own_document(
    axis: ScriptedAxis, sender: Client, accepted: PackageId, document: Document
) -> None:
    sender.replace(accepted, document, [SMALL], [RECIPIENT], reason="sai số liệu")
    manifest, _ = list(axis.packages.values())[-1]
    assert (manifest.kind, manifest.target) == (PackageKind.REPLACE, accepted)
    assert manifest.main_file is not None


def test_unknown_package(recipient: Client, axis: ScriptedAxis) -> None:
    unknown = PackageId.new(axis.pki.now, bytes(10))
    with pytest.raises(NotFound):
        recipient.accept(unknown, register_number=1)
    with pytest.raises(NotFound):
        recipient.arrived(str(unknown))
    with pytest.raises(InvalidValue):
        recipient.arrived("no identifier")


def test_history_and_lists(
    axis: ScriptedAxis, sender: Client, recipient: Client, accepted: PackageId
) -> None:
    assert [item.entry.index for item in sender.history(accepted)] == [0, 1]
    outgoing = list(sender.list_deliveries(Direction.OUTGOING, page_size=1))
    assert {str(one.recipient) for one in outgoing} == {RECIPIENT, OTHER}
    assert list(recipient.list_deliveries(states=[DeliveryState.SENT])) == []
    (own,) = recipient.list_deliveries(Direction.INCOMING)
    assert own.state is DeliveryState.ACCEPTED
    with pytest.raises(NotFound):
        sender.history(PackageId.new(axis.pki.now, bytes(10)))


def test_history_comes_in_pages(
    axis: ScriptedAxis, sender: Client, accepted: PackageId, document: Document
) -> None:
    sender.send(document, [SMALL], [RECIPIENT])
    sender.recall(accepted, reason="sai", recipients=[RECIPIENT])
    whole = sender.history(accepted)
    axis.history_page = 2
    before = axis.calls.count("GetHistory")
    assert sender.history(accepted) == whole
    assert [item.entry.index for item in whole] == [0, 1, 3]
    assert axis.calls.count("GetHistory") - before == 2


def test_history_that_does_not_end_is_refused(
    axis: ScriptedAxis, sender: Client, accepted: PackageId
) -> None:
    axis.history_next = 1
    with pytest.raises(ReceiptInvalid, match="goes back to entry 1"):
        sender.history(accepted)


def test_altered_history_is_refused(
    axis: ScriptedAxis, sender: Client, accepted: PackageId
) -> None:
    def change(item: Any) -> None:
        item.receipt.entry += b"?"

    axis.faults.change_item = change
    with pytest.raises(Exception, match="proof"):
        sender.history(accepted)
