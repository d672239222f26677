"""Wrong packages and reports: each gets a clear answer with a stable code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from lienthong.codec.signed import dump_manifest
from lienthong.errors import (
    ClockSkew,
    ClosedRecipient,
    DuplicateRecipient,
    IdReused,
    InvalidMove,
    LienthongError,
    NotFound,
    SenderMismatch,
    UnknownRecipient,
    WrongAudience,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2, package_pb2
from tests.e2e.conftest import A, B, C, make_document
from tests.e2e.patient import ALIAS, CLOSED, HEIR, NOBODY, one, patient_axis, refused
from tests.e2e.raw import Party, new_package_id

Parties = dict[str, Party]


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    with patient_axis(tmp_path_factory.mktemp("axis")) as made:
        yield made


class TestRecipients:
    @pytest.mark.parametrize(
        ("recipients", "error", "facts"),
        [
            ((NOBODY,), UnknownRecipient, {"organ": NOBODY}),
            ((B, NOBODY), UnknownRecipient, {"organ": NOBODY}),
            ((CLOSED,), ClosedRecipient, {"organ": CLOSED, "successors": HEIR}),
            ((B, ALIAS), DuplicateRecipient, {"organ": ALIAS}),
        ],
    )
    def test_refuses(
        self,
        a: Party,
        recipients: tuple[str, ...],
        error: type[LienthongError],
        facts: dict[str, str],
    ) -> None:
        found = refused(a, recipients=recipients)
        assert type(found) is error
        assert facts.items() <= found.facts.items()

    def test_the_same_code_twice_does_not_even_decode(self, a: Party) -> None:
        message = package_pb2.Manifest.FromString(dump_manifest(a.manifest(B)))
        message.recipients.append(message.recipients[0])
        found = one(a.submit(a.submission(message.SerializeToString())))
        assert isinstance(found, DuplicateRecipient)

    def test_one_wrong_package_does_not_refuse_its_neighbours(self, a: Party) -> None:
        good, wrong = a.manifest(B), a.manifest(NOBODY)
        outcomes = a.submit(a.submission(good), a.submission(wrong), a.submission(good))
        first, second, third = outcomes
        assert isinstance(second, UnknownRecipient)
        assert isinstance(first, journal_pb2.Receipt)
        assert first == third


class TestWhoSpeaks:
    def test_nobody_sends_in_the_name_of_another(self, a: Party) -> None:
        found = refused(a, sender=OrganId(C))
        assert isinstance(found, SenderMismatch)
        assert found.facts == {"caller": A, "organ": C}

    def test_nobody_hands_over_what_another_signed(self, parties: Parties) -> None:
        """C has A's signed bytes; neither the package nor its receipt is C's to have."""
        submission = parties[A].submission(parties[A].manifest(B))
        assert isinstance(one(parties[C].submit(submission)), SenderMismatch)
        [receipt] = parties[A].submit(submission)
        assert isinstance(receipt, journal_pb2.Receipt)
        assert isinstance(one(parties[C].submit(submission)), SenderMismatch)

    def test_who_is_not_the_addressee_is_told_that_nothing_is_there(self, parties: Parties) -> None:
        c, package, nothing = parties[C], parties[A].send(B), new_package_id()
        texts = []
        for subject in (package, nothing):
            for recipient in (B, C, NOBODY):
                value = c.statement(DeliveryEvent.ARRIVE, subject, recipient=OrganId(recipient))
                found = one(c.report(value))
                assert isinstance(found, NotFound)
                texts.append(str(found).replace(str(subject), "ID"))
        assert len(set(texts)) == 1

    def test_nobody_reports_in_the_name_of_another(self, parties: Parties) -> None:
        package = parties[A].send(B)
        value = parties[B].statement(DeliveryEvent.ARRIVE, package)
        assert isinstance(one(parties[C].report(value)), SenderMismatch)


def _parts(event: DeliveryEvent) -> dict[str, Any]:
    now = datetime.now(UTC)
    check = CheckSummary(complete=True, intact=True, authentic=True, checked_at=now)
    reason = Reason(text="lý do")
    parts: dict[DeliveryEvent, dict[str, Any]] = {
        DeliveryEvent.ACCEPT: {
            "register": RegisterEntry(number=1, date=now.date()),
            "check": check,
        },
        DeliveryEvent.FORWARD: {"assignments": [Assignment(unit="Phòng")]},
    }
    reasoned = {
        DeliveryEvent.REFUSE,
        DeliveryEvent.REOPEN,
        DeliveryEvent.REQUEST_TAKE_BACK,
        DeliveryEvent.REFUSE_TAKE_BACK,
        DeliveryEvent.REJECT_RECALL,
        DeliveryEvent.REFUSE_UPDATE,
    }
    return parts.get(event, {"reason": reason} if event in reasoned else {})


REPORTED: Final = [event for event in DeliveryEvent if event.reported]
RECEIVING: Final = (DeliveryEvent.ARRIVE, DeliveryEvent.ACCEPT, DeliveryEvent.REFUSE)


class TestMoves:
    @pytest.mark.parametrize(
        "event",
        [e for e in REPORTED if e not in RECEIVING],
        ids=lambda event: event.name,
    )
    def test_a_recipient_that_has_just_been_sent_something_may_only_receive_or_refuse_it(
        self, a: Party, b: Party, event: DeliveryEvent
    ) -> None:
        found = one(b.report(b.statement(event, a.send(B), **_parts(event))))
        assert isinstance(found, InvalidMove)
        assert (found.facts["state"], found.facts["actor"]) == ("SENT", "RECIPIENT")
        assert found.facts["clause"]

    @pytest.mark.parametrize(
        "event",
        [e for e in REPORTED if e is not DeliveryEvent.REQUEST_TAKE_BACK],
        ids=lambda event: event.name,
    )
    def test_a_sender_does_not_report_what_the_recipient_does(
        self, a: Party, event: DeliveryEvent
    ) -> None:
        value = a.statement(event, a.send(B), recipient=OrganId(B), **_parts(event))
        found = one(a.report(value))
        assert isinstance(found, InvalidMove)
        assert found.facts["actor"] == "SENDER"
        assert found.facts["clause"]


class TestRepetition:
    def test_the_same_bytes_get_the_same_receipt_byte_by_byte(self, a: Party, b: Party) -> None:
        submission = a.submission(a.manifest(B))
        [first] = a.submit(submission)
        b.send(A)
        [again] = a.submit(submission)
        assert isinstance(first, journal_pb2.Receipt)
        assert isinstance(again, journal_pb2.Receipt)
        assert first.SerializeToString() == again.SerializeToString()

    def test_also_with_another_signature_and_without_the_files(self, a: Party) -> None:
        """ECDSA signs differently each time; what counts is what was signed."""
        value = a.manifest(B)
        [first] = a.submit(a.submission(value))
        again = exchange_pb2.Submission(envelope=a.sealed(dump_manifest(value)))
        assert a.submit(again) == [first]

    def test_other_bytes_are_refused(self, a: Party) -> None:
        value = a.manifest(B)
        a.submit(a.submission(value))
        other = evolve(value, document=make_document(subject="Một nội dung khác"))
        found = one(a.submit(a.submission(other)))
        assert isinstance(found, IdReused)
        assert str(value.package_id) in str(found)

    def test_a_report_too(self, a: Party, b: Party) -> None:
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B))
        [first] = b.report(value)
        assert b.report(value) == [first]
        assert isinstance(one(b.report(evolve(value, note="khác"))), IdReused)


class TestBeforeDeciding:
    @pytest.mark.parametrize("off", [timedelta(hours=1), -timedelta(days=8)])
    def test_a_wrong_clock(self, a: Party, b: Party, off: timedelta) -> None:
        created = datetime.now(UTC) + off
        found = refused(a, created_at=created)
        assert isinstance(found, ClockSkew)
        assert found.facts["field"] == "created_at"
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B), created_at=created)
        assert isinstance(one(b.report(value)), ClockSkew)

    def test_another_axis(self, a: Party, b: Party) -> None:
        found = refused(a, audience="truc.khac.example")
        assert isinstance(found, WrongAudience)
        assert found.facts["expected"] == a.profile.axis
        value = b.statement(DeliveryEvent.ARRIVE, a.send(B), audience="truc.khac.example")
        assert isinstance(one(b.report(value)), WrongAudience)
