"""The whole life of documents: what each side does, and what each side sees of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.client import Client, Direction, FileSource
from lienthong.errors import (
    ConflictingReport,
    GuardFailed,
    InvalidMove,
    LienthongError,
    MainFileChanged,
    NotFound,
    TargetUnknown,
)
from lienthong.model.delivery import Delivery, DeliveryEvent, DeliveryState
from lienthong.model.document import DocumentReference
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong.model.package import PackageKind
from lienthong.model.words import FileRole, RefusalCode
from tests.e2e.conftest import A, B, C, D, MakeDocument, package_of

Clients = dict[str, Client]
Send = Callable[..., PackageId]
S = DeliveryState


@pytest.fixture
def send(clients: Clients, document: MakeDocument, pdf: Path) -> Send:
    """Sends a document of A."""

    def send(*recipients: str, **fields: object) -> PackageId:
        return package_of(clients[A].send(document(**fields), [pdf], list(recipients)))

    return send


def seen(client: Client, package: PackageId, direction: Direction) -> dict[str, Delivery]:
    """The deliveries of a package in a client's list, by recipient."""
    found = client.list_deliveries(direction)
    return {str(one.recipient): one for one in found if one.package_id == package}


def state(clients: Clients, package: PackageId, recipient: str = B) -> DeliveryState:
    """The state of a delivery; sender and recipient must see the same but for their own duties."""
    sent = seen(clients[A], package, Direction.OUTGOING)[recipient]
    received = seen(clients[recipient], package, Direction.INCOMING)[recipient]
    assert set(sent.deadlines) <= set(received.deadlines)
    assert evolve(received, deadlines=sent.deadlines) == sent
    assert clients[A].get_package(package).deliveries
    return sent.state


def told(client: Client, package: PackageId) -> list[str]:
    """What the history of a package tells a client, oldest first."""
    words = []
    for item in client.history(package):
        body = item.entry.body
        if isinstance(body, PackageRecord):
            words.append(body.kind.value)
        elif isinstance(body, StatementRecord):
            words.append(f"{body.event.value} {body.recipient}")
    return words


def in_feed(client: Client, package: PackageId) -> list[str]:
    """What the feed brings about a package."""
    found = []
    for item in client.feed():
        body = item.entry.body
        if isinstance(body, PackageRecord | StatementRecord) and body.package_id == package:
            found.append(body.kind.value if isinstance(body, PackageRecord) else body.event.value)
    return found


def test_from_sending_to_completion(clients: Clients, send: Send, tmp_path: Path) -> None:
    package = send(B, C)
    b = clients[B]
    assert state(clients, package) is S.SENT
    b.arrived(package)
    assert state(clients, package) is S.ARRIVED
    b.accept(package, register_number=125, responsible="Văn thư")
    assert state(clients, package) is S.ACCEPTED
    b.forward(package, unit="Phòng CNTT")
    assert state(clients, package) is S.FORWARDED
    b.start(package)
    assert state(clients, package) is S.IN_PROGRESS
    b.complete(package)
    assert state(clients, package) is S.COMPLETED
    assert state(clients, package, C) is S.SENT
    b.download(package, None, tmp_path / "got.pdf")
    assert (tmp_path / "got.pdf").read_bytes() == (tmp_path / "quyet-dinh.pdf").read_bytes()

    work = ["ARRIVE", "ACCEPT", "FORWARD", "START", "COMPLETE"]
    assert told(clients[A], package) == ["NEW", *(f"{event} {B}" for event in work)]
    assert told(clients[C], package) == ["NEW"]
    assert in_feed(clients[A], package) == ["NEW", *work]
    assert in_feed(clients[C], package) == ["NEW"]
    assert in_feed(clients[D], package) == []


def test_the_newest_change_stands_first_and_states_can_be_asked_for(
    clients: Clients, send: Send
) -> None:
    first, second = send(B), send(B)
    clients[B].arrived(first)
    incoming = [one.package_id for one in clients[B].list_deliveries(Direction.INCOMING)]
    assert incoming.index(first) < incoming.index(second)
    arrived = clients[B].list_deliveries(Direction.INCOMING, [S.ARRIVED], page_size=1)
    states = {one.state for one in arrived}
    assert states == {S.ARRIVED}


def test_a_reply_that_was_asked_for_is_linked(
    clients: Clients, send: Send, document: MakeDocument
) -> None:
    asking = {"reply_requested": True, "due_date": document().issued_date}
    package = send(B, **asking)
    b = clients[B]
    b.accept(package, register_number=1)
    b.forward(package, unit="Phòng CNTT")
    b.start(package)
    with pytest.raises(GuardFailed) as caught:
        b.complete(package)
    assert "QĐ 52/2019 Đ9.2c" in str(caught.value.facts["clause"])
    reply = document(issuer=B).reference
    assert isinstance(reply, DocumentReference)
    b.complete(package, reply=reply)
    assert state(clients, package) is S.COMPLETED
    b.reopen(package, reason="còn ý kiến")
    assert state(clients, package) is S.IN_PROGRESS


def test_for_information_only(clients: Clients, send: Send) -> None:
    package = send(B)
    clients[B].accept(package, register_number=2)
    clients[B].complete(package, information_only=True)
    assert state(clients, package) is S.COMPLETED


def test_refusal_tells_the_sender_why(clients: Clients, send: Send) -> None:
    package = send(B, C)
    clients[C].refuse(package, reason=RefusalCode.WRONG_ADDRESSEE, text="Không thuộc thẩm quyền")
    assert state(clients, package, C) is S.REFUSED
    assert state(clients, package, B) is S.SENT
    statements = [item.statement for item in clients[A].history(package) if item.statement]
    reason = statements[-1].reason
    assert reason is not None
    assert (reason.code, reason.text) == (RefusalCode.WRONG_ADDRESSEE, "Không thuộc thẩm quyền")
    with pytest.raises(InvalidMove) as caught:
        clients[C].accept(package, register_number=3)
    assert caught.value.facts["state"] == "REFUSED"
    assert caught.value.facts["clause"] == "QĐ 52/2019 Đ5.1d, Đ8.3; NĐ 30/2020 PL VI 8"


def test_an_acceptance_stands_for_the_arrival(clients: Clients, send: Send) -> None:
    package = send(B)
    clients[B].accept(package, register_number=8)
    assert told(clients[A], package) == ["NEW", f"ACCEPT {B}"]
    clients[B].arrived(package)
    assert state(clients, package) is S.ACCEPTED
    assert told(clients[A], package) == ["NEW", f"ACCEPT {B}", f"ARRIVE {B}"]


def test_a_report_made_anew_is_no_contradiction_but_another_number_is(
    clients: Clients, send: Send
) -> None:
    package = send(B)
    first = clients[B].accept(package, register_number=4)
    again = clients[B].accept(package, register_number=4)
    assert again.index > first.index
    assert state(clients, package) is S.ACCEPTED
    with pytest.raises(ConflictingReport):
        clients[B].accept(package, register_number=5)


class TestTakeBack:
    def test_the_recipient_agrees(self, clients: Clients, send: Send) -> None:
        package = send(B, C)
        clients[B].arrived(package)
        clients[A].take_back(package, [B], reason="nhầm")
        assert state(clients, package, B) is S.TAKE_BACK_PENDING
        assert state(clients, package, C) is S.SENT
        clients[B].agree_take_back(package)
        assert state(clients, package, B) is S.TAKEN_BACK
        with pytest.raises(LienthongError):
            clients[B].accept(package, register_number=6)

    def test_the_recipient_refuses(self, clients: Clients, send: Send) -> None:
        package = send(B)
        clients[B].arrived(package)
        clients[A].take_back(package, reason="nhầm")
        clients[B].refuse_take_back(package, reason="đang xử lý")
        assert state(clients, package) is S.ARRIVED
        clients[B].accept(package, register_number=7)
        assert state(clients, package) is S.ACCEPTED

    def test_an_acceptance_that_crosses_the_request_wins(
        self, clients: Clients, send: Send
    ) -> None:
        """D16: B accepts without having seen the request."""
        package = send(B)
        clients[B].arrived(package)
        clients[A].take_back(package, reason="nhầm")
        clients[B].accept(package, register_number=8)
        assert state(clients, package) is S.ACCEPTED

    def test_what_was_accepted_is_no_longer_taken_back(self, clients: Clients, send: Send) -> None:
        package = send(B)
        clients[B].accept(package, register_number=14)
        with pytest.raises(InvalidMove) as caught:
            clients[A].take_back(package, [B], reason="nhầm")
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ8.3; edXML 16"


class TestRecall:
    def test_before_acceptance_at_once_and_after_it_with_confirmation(
        self, clients: Clients, send: Send
    ) -> None:
        package = send(B, C, D)
        clients[B].arrived(package)
        clients[C].accept(package, register_number=9)
        clients[A].recall(package, reason="ban hành nhầm")
        assert state(clients, package, B) is S.RECALLED
        assert state(clients, package, C) is S.RECALL_PENDING
        assert state(clients, package, D) is S.RECALLED
        clients[C].confirm_recall(package)
        assert state(clients, package, C) is S.RECALLED
        assert "RECALL" in told(clients[C], package)

    def test_the_recipient_rejects_it(self, clients: Clients, send: Send) -> None:
        package = send(B)
        clients[B].accept(package, register_number=10)
        clients[B].forward(package, unit="Phòng CNTT")
        clients[A].recall(package, reason="ban hành nhầm")
        clients[B].reject_recall(package, reason="không có thông báo")
        assert state(clients, package) is S.FORWARDED

    def test_from_some_of_the_recipients(self, clients: Clients, send: Send) -> None:
        package = send(B, C)
        clients[A].recall(package, reason="nhầm nơi nhận", recipients=[C])
        assert state(clients, package, B) is S.SENT
        assert state(clients, package, C) is S.RECALLED
        assert told(clients[B], package) == ["NEW"]
        assert told(clients[C], package) == ["NEW", "RECALL"]

    def test_nobody_recalls_what_others_sent(
        self, clients: Clients, send: Send, document: MakeDocument
    ) -> None:
        package = send(B)
        with pytest.raises((NotFound, TargetUnknown)):
            clients[C].recall(
                package, reason="không phải của mình", recipients=[B], document=document(issuer=C)
            )
        assert state(clients, package) is S.SENT


class TestUpdate:
    def test_is_applied_or_refused(
        self, clients: Clients, send: Send, document: MakeDocument, tmp_path: Path
    ) -> None:
        package = send(B, C)
        clients[B].accept(package, register_number=11)
        annex = tmp_path / "phu-luc.pdf"
        annex.write_bytes(b"%PDF-1.4 annex")
        update = clients[A].update(package, document(), [annex], reason="thiếu phụ lục")
        assert state(clients, package, B) is S.UPDATE_PENDING
        assert state(clients, package, C) is S.UPDATE_PENDING
        clients[B].apply_update(package)
        clients[C].refuse_update(package, reason="đã xử lý theo bản cũ")
        assert state(clients, package, B) is S.ACCEPTED
        assert state(clients, package, C) is S.SENT
        clients[C].download(package_of(update), "phu-luc.pdf", tmp_path / "got.pdf")
        assert (tmp_path / "got.pdf").read_bytes() == annex.read_bytes()

    def test_never_changes_the_signed_main_file(
        self, clients: Clients, send: Send, document: MakeDocument, tmp_path: Path
    ) -> None:
        package = send(B)
        other = tmp_path / "other.pdf"
        other.write_bytes(b"%PDF-1.4 another decision")
        main = FileSource(name=other.name, content=other, role=FileRole.MAIN)
        with pytest.raises(MainFileChanged):
            clients[A].update(package, document(), [main], reason="sửa nội dung")
        assert state(clients, package) is S.SENT


class TestReplacement:
    def test_before_acceptance_at_once(
        self, clients: Clients, send: Send, document: MakeDocument, pdf: Path
    ) -> None:
        package = send(B)
        new = clients[A].replace(package, document(), [pdf], [B], reason="sai thể thức")
        assert state(clients, package) is S.REPLACED
        assert state(clients, package_of(new)) is S.SENT
        assert told(clients[B], package) == ["NEW", "REPLACE"]

    def test_after_acceptance_with_the_acceptance_of_the_new_one(
        self, clients: Clients, send: Send, document: MakeDocument, pdf: Path
    ) -> None:
        package = send(B, C)
        clients[B].accept(package, register_number=12)
        replaced = clients[A].replace(package, document(), [pdf], [B, C], reason="sai thể thức")
        new = package_of(replaced)
        assert state(clients, package, B) is S.ACCEPTED
        assert state(clients, package, C) is S.REPLACED
        clients[B].accept(new, register_number=13)
        assert state(clients, package, B) is S.REPLACED
        assert state(clients, new, B) is S.ACCEPTED


def test_what_is_not_ones_own_is_not_there(clients: Clients, send: Send) -> None:
    package = send(B)
    d = clients[D]
    for ask in (d.get_package, d.history, d.receipt):
        with pytest.raises(NotFound):
            ask(package)
    with pytest.raises(NotFound):
        d.arrived(package)
    assert seen(d, package, Direction.INCOMING) == {}
    assert in_feed(d, package) == []


def test_every_receipt_can_be_had_again(clients: Clients, send: Send) -> None:
    package = send(B)
    arrived = clients[B].arrived(package)
    for client in (clients[A], clients[B]):
        assert client.receipt(arrived.index) == arrived
        assert client.receipt(package).index < arrived.index
    statement = clients[A].history(package)[-1].statement
    assert statement is not None
    assert statement.event is DeliveryEvent.ARRIVE
    assert clients[A].receipt(statement.statement_id) == arrived
    assert clients[B].get_package(package).manifest.kind is PackageKind.NEW
    assert clients[B].get_package(package).deliveries[0].recipient == OrganId(B)
