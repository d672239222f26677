"""Manifests, statements and envelopes: limits and the rules between fields."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest

from lienthong.errors import DuplicateRecipient, InvalidValue, LienthongError, MissingField
from lienthong.model.delivery import Delivery, DeliveryEvent, DeliveryState
from lienthong.model.file_signature import Finding
from lienthong.model.ids import DocumentNumber, OrganId, Sha256
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import (
    Assignment,
    CheckSummary,
    Reason,
    RegisterEntry,
    Statement,
)
from lienthong.model.signing import MANIFEST_TYPE, Envelope, Signature, SignatureAlgorithm
from lienthong.model.words import AssignmentRole, FileRole, RefusalCode, Urgency
from lienthong.testing.values import (
    NOW,
    RECIPIENT,
    SENDER,
    a_file,
    a_manifest,
    a_reference,
    a_statement,
    package_id,
    signatures,
)

OTHER_KINDS = [PackageKind.RECALL, PackageKind.UPDATE, PackageKind.REPLACE]
REPORTED = [event for event in DeliveryEvent if event.reported]


class TestRecipients:
    def test_there_is_at_least_one(self) -> None:
        with pytest.raises(MissingField) as caught:
            a_manifest(recipients=[])
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ7.2m"

    def test_none_is_named_twice(self) -> None:
        named = [Recipient(organ_id=OrganId("H53.1")), Recipient(organ_id=OrganId("h53.1"))]
        with pytest.raises(DuplicateRecipient) as caught:
            a_manifest(recipients=named)
        assert caught.value.facts["organ"] == "H53.1"

    def test_the_sender_is_none(self) -> None:
        with pytest.raises(InvalidValue, match="another organisation than the sender"):
            a_manifest(recipients=[Recipient(organ_id=SENDER)])

    def test_there_are_at_most_1000(self) -> None:
        many = [Recipient(organ_id=OrganId(f"H54.{number}")) for number in range(1001)]
        assert len(a_manifest(recipients=many[:1000]).recipients) == 1000
        with pytest.raises(InvalidValue, match="at most 1000 items"):
            a_manifest(recipients=many)

    def test_names_have_at_most_200_characters(self) -> None:
        assert Recipient(organ_id=RECIPIENT, organ_name="Ở" * 200).organ_name
        with pytest.raises(InvalidValue):
            Recipient(organ_id=RECIPIENT, organ_name="Ở" * 201)

    @pytest.mark.parametrize("wrong", [None, "H53.1", [OrganId("H53.1")], [None], {"a": 1}])
    def test_wrong_types_are_refused(self, wrong: Any) -> None:
        with pytest.raises(InvalidValue, match=r"Manifest\.recipients"):
            a_manifest(recipients=wrong)


class TestFiles:
    @pytest.mark.parametrize("kind", [PackageKind.NEW, PackageKind.REPLACE])
    def test_a_document_has_its_main_file(self, kind: PackageKind) -> None:
        for files in ([], [a_file(role=FileRole.ATTACHMENT)]):
            with pytest.raises(MissingField, match=r"Manifest\.files"):
                a_manifest(kind=kind, files=files)

    @pytest.mark.parametrize("kind", [PackageKind.RECALL, PackageKind.UPDATE])
    def test_a_notice_may_have_none(self, kind: PackageKind) -> None:
        assert a_manifest(kind=kind, files=[]).main_file is None

    def test_there_is_one_main_file(self) -> None:
        with pytest.raises(InvalidValue, match="one main file"):
            a_manifest(files=[a_file(), a_file(name="b.pdf")])

    def test_names_differ(self) -> None:
        with pytest.raises(InvalidValue, match="different names"):
            a_manifest(files=[a_file(), a_file(role=FileRole.ATTACHMENT)])

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("a.pdf", "A.PDF"),
            ("tờ trình.pdf", "tờ trình.pdf"),
            ("a.pdf", "а.pdf"),
            ("a.pdf", "ａ.pdf"),
            ("CV.pdf", "СV.pdf"),
            ("van ban.pdf", "νan ban.pdf"),
            ("a.pdf", ".a.pdf"),
        ],
        ids=["case", "composed", "Cyrillic", "wide", "Cyrillic capital", "Greek", "dot"],
    )
    def test_names_do_not_look_alike(self, one: str, other: str) -> None:
        files = [a_file(name=one), a_file(name=other, role=FileRole.ATTACHMENT)]
        with pytest.raises(InvalidValue, match="looks like another"):
            a_manifest(files=files)

    def test_accents_and_digits_tell_names_apart(self) -> None:
        names = ["tờ trình.pdf", "to trinh.pdf", "phụ lục 1.pdf", "phụ lục I.pdf"]
        roles = [FileRole.MAIN, *[FileRole.ATTACHMENT] * 3]
        files = [a_file(name=name, role=role) for name, role in zip(names, roles, strict=True)]
        assert len(a_manifest(files=files).files) == 4

    def test_the_main_file_is_not_empty(self) -> None:
        with pytest.raises(InvalidValue, match="an empty main file"):
            a_manifest(files=[a_file(size=0)])
        annex = a_file(size=0, name="phu-luc.pdf", role=FileRole.ATTACHMENT)
        assert a_manifest(files=[a_file(), annex]).main_file

    def test_there_are_at_most_20(self) -> None:
        attached = [a_file(name=f"{n}.pdf", role=FileRole.ATTACHMENT) for n in range(20)]
        assert len(a_manifest(files=[a_file(), *attached[:19]]).files) == 20
        with pytest.raises(InvalidValue, match="at most 20 items"):
            a_manifest(files=[a_file(), *attached])

    def test_sizes_and_pages(self) -> None:
        assert a_file(size=0, page_amount=0).size == 0
        assert a_file(size=2**63 - 1, page_amount=99_999).page_amount == 99_999
        for broken in ({"size": -1}, {"size": 2**63}, {"page_amount": 100_000}, {"size": 1.0}):
            with pytest.raises(InvalidValue):
                a_file(**broken)

    @pytest.mark.parametrize(
        "media_type", ["", "pdf", "application/", "/pdf", "a b/c", "application/pdf; x=1", None]
    )
    def test_media_types(self, media_type: Any) -> None:
        with pytest.raises(InvalidValue, match="a media type"):
            a_file(media_type=media_type)
        assert a_file(media_type="application/vnd.ms-excel").media_type

    def test_the_main_file_is_found(self) -> None:
        main = a_file()
        attached = a_file(name="b.pdf", role=FileRole.ATTACHMENT)
        assert a_manifest(files=[attached, main]).main_file == main

    def test_a_hash_is_required(self) -> None:
        with pytest.raises(MissingField, match=r"FileEntry\.sha256"):
            a_file(sha256=None)


class TestTargets:
    @pytest.mark.parametrize("kind", OTHER_KINDS)
    def test_other_kinds_name_target_and_reason(self, kind: PackageKind) -> None:
        with pytest.raises(MissingField, match=r"Manifest\.target"):
            a_manifest(kind=kind, target=None)
        for empty in ("", "  "):
            with pytest.raises(MissingField, match=r"Manifest\.reason"):
                a_manifest(kind=kind, reason=empty)
        with pytest.raises(InvalidValue, match="an earlier package"):
            a_manifest(kind=kind, target=package_id())

    def test_a_new_document_has_no_target(self) -> None:
        with pytest.raises(InvalidValue, match="no target in a new document"):
            a_manifest(target=package_id(2))

    def test_reasons_have_at_most_500_characters(self) -> None:
        assert a_manifest(kind=PackageKind.RECALL, reason="ơ" * 500).reason
        with pytest.raises(InvalidValue):
            a_manifest(kind=PackageKind.RECALL, reason="ơ" * 501)


@pytest.mark.parametrize("name", ["package_id", "sender", "document", "created_at"])
def test_required_parts_of_a_manifest(name: str) -> None:
    with pytest.raises(MissingField, match=f"Manifest.{name}"):
        a_manifest(**{name: None})


@pytest.mark.parametrize("make", [a_manifest, a_statement])
def test_the_audience_is_named(make: Any) -> None:
    with pytest.raises(MissingField):
        make(audience="")
    with pytest.raises(InvalidValue):
        make(audience="a" * 256)
    assert make(audience="a" * 255).audience


class TestStatements:
    @pytest.mark.parametrize("event", REPORTED)
    def test_every_event_has_a_valid_report(self, event: DeliveryEvent) -> None:
        assert a_statement(event).event is event

    @pytest.mark.parametrize("event", [event for event in DeliveryEvent if not event.reported])
    def test_other_events_are_not_reported(self, event: DeliveryEvent) -> None:
        with pytest.raises(InvalidValue, match="an event that organisations report"):
            a_statement(event)

    @pytest.mark.parametrize(
        "event",
        [
            DeliveryEvent.REFUSE,
            DeliveryEvent.REOPEN,
            DeliveryEvent.REQUEST_TAKE_BACK,
            DeliveryEvent.REFUSE_TAKE_BACK,
            DeliveryEvent.REJECT_RECALL,
            DeliveryEvent.REFUSE_UPDATE,
        ],
    )
    def test_every_no_has_its_reason(self, event: DeliveryEvent) -> None:
        with pytest.raises(MissingField, match=r"Statement\.reason"):
            a_statement(event, reason=None)

    @pytest.mark.parametrize("name", ["register", "check"])
    def test_acceptance_brings_number_and_check(self, name: str) -> None:
        with pytest.raises(MissingField, match=f"Statement.{name}"):
            a_statement(DeliveryEvent.ACCEPT, **{name: None})

    @pytest.mark.parametrize(
        ("name", "value", "event"),
        [
            ("register", RegisterEntry(number=1, date=date(2026, 1, 5)), DeliveryEvent.ACCEPT),
            (
                "check",
                CheckSummary(complete=True, intact=True, authentic=True, checked_at=NOW),
                DeliveryEvent.ACCEPT,
            ),
            ("reply", a_reference(), DeliveryEvent.COMPLETE),
            ("information_only", True, DeliveryEvent.COMPLETE),
        ],
    )
    def test_parts_belong_to_their_event(self, name: str, value: Any, event: DeliveryEvent) -> None:
        assert getattr(a_statement(event, **{name: value}), name) == value
        for other in REPORTED:
            if other is not event:
                with pytest.raises(InvalidValue, match=f"Statement.{name}.*only for {event.name}"):
                    a_statement(other, **{name: value})

    def test_forwarding_names_exactly_one_lead(self) -> None:
        lead = Assignment(unit="Phòng A")
        helper = Assignment(unit="Phòng B", role=AssignmentRole.COOPERATE)
        assert a_statement(DeliveryEvent.FORWARD, assignments=[helper, lead]).lead_count == 1
        with pytest.raises(MissingField, match=r"Statement\.assignments"):
            a_statement(DeliveryEvent.FORWARD, assignments=[])
        for wrong in ([helper], [lead, lead]):
            with pytest.raises(InvalidValue, match="exactly one") as caught:
                a_statement(DeliveryEvent.FORWARD, assignments=wrong)
            assert caught.value.facts["clause"] == "NĐ 30/2020 Đ23.2"

    @pytest.mark.parametrize("event", REPORTED)
    def test_work_is_assigned_where_work_begins_or_ends(self, event: DeliveryEvent) -> None:
        given = [Assignment(unit="Phòng A")]
        if event in {DeliveryEvent.FORWARD, DeliveryEvent.START, DeliveryEvent.COMPLETE}:
            assert a_statement(event, assignments=given).lead_count == 1
            return
        with pytest.raises(InvalidValue, match="only when work is assigned"):
            a_statement(event, assignments=given)

    def test_limits(self) -> None:
        lead = Assignment(unit="Phòng A")
        helper = Assignment(unit="Phòng B", role=AssignmentRole.INFORM)
        kept: dict[str, Any] = {
            "note": "ơ" * 500,
            "responsible": "ơ" * 100,
            "assignments": [lead, *[helper] * 99],
        }
        assert a_statement(DeliveryEvent.FORWARD, **kept).note
        broken: dict[str, Any] = {
            "note": "ơ" * 501,
            "responsible": "ơ" * 101,
            "assignments": [lead, *[helper] * 100],
        }
        for name, value in broken.items():
            with pytest.raises(InvalidValue, match=f"Statement.{name}"):
                a_statement(DeliveryEvent.FORWARD, **{name: value})

    @pytest.mark.parametrize(
        "make",
        [
            lambda text: Reason(text=text),
            lambda text: Assignment(unit=text[:200] if len(text) == 500 else text),
        ],
    )
    def test_texts_of_the_parts(self, make: Any) -> None:
        assert make("ơ" * 500)
        for broken in ("", " ", "ơ" * 501):
            with pytest.raises(LienthongError):
                make(broken)

    @pytest.mark.parametrize("number", [0, -1, 10_000_000_000, True, "12", None])
    def test_register_numbers_have_one_to_ten_digits(self, number: Any) -> None:
        with pytest.raises(InvalidValue, match=r"RegisterEntry\.number"):
            RegisterEntry(number=number, date=date(2026, 1, 5))
        assert RegisterEntry(number=9_999_999_999, date=date(2026, 1, 5)).number

    @pytest.mark.parametrize("name", ["complete", "intact", "authentic"])
    def test_a_check_passes_only_as_a_whole(self, name: str) -> None:
        good: Any = CheckSummary(complete=True, intact=True, authentic=True, checked_at=NOW)
        assert good.passed
        assert not attrs.evolve(good, **{name: False}).passed
        for wrong in (1, "true", None):
            with pytest.raises(LienthongError):
                attrs.evolve(good, **{name: wrong})

    @pytest.mark.parametrize("finding", Finding)
    def test_a_check_that_found_a_file_altered_never_passes(self, finding: Finding) -> None:
        found = CheckSummary(
            complete=True,
            intact=True,
            authentic=True,
            checked_at=NOW,
            signatures=signatures(integrity=finding),
        )
        assert found.passed is (finding is not Finding.BAD)

    @pytest.mark.parametrize("code", RefusalCode)
    def test_reasons_have_a_code(self, code: RefusalCode) -> None:
        assert Reason(code=code, text="x").code is code
        with pytest.raises(InvalidValue):
            Reason(code=code.value, text="x")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "name", ["statement_id", "package_id", "recipient", "reporter", "event", "created_at"]
    )
    def test_required_parts(self, name: str) -> None:
        report: Any = a_statement()
        with pytest.raises(MissingField, match=f"Statement.{name}"):
            attrs.evolve(report, **{name: None})


class TestEnvelopes:
    SIGNATURE = Signature(algorithm=SignatureAlgorithm.ED25519, value=b"s", chain=[b"c"])

    def make(self, **changes: Any) -> Envelope:
        given: dict[str, Any] = {
            "payload": b"x",
            "payload_type": MANIFEST_TYPE,
            "signatures": [self.SIGNATURE],
        }
        return Envelope(**(given | changes))

    @pytest.mark.parametrize(
        "changes",
        [
            {"payload": b""},
            {"payload": b"x" * (1024 * 1024 + 1)},
            {"payload": "x"},
            {"payload": bytearray(b"x")},
            {"payload_type": ""},
            {"payload_type": "x" * 101},
            {"signatures": []},
            {"signatures": [SIGNATURE] * 9},
            {"signatures": [b"s"]},
        ],
    )
    def test_refuses_what_breaks_a_limit(self, changes: dict[str, Any]) -> None:
        with pytest.raises(LienthongError, match=f"Envelope.{next(iter(changes))}"):
            self.make(**changes)

    def test_takes_the_limits(self) -> None:
        envelope = self.make(payload=b"x" * 1024 * 1024, signatures=[self.SIGNATURE] * 8)
        assert len(envelope.signatures) == 8

    @pytest.mark.parametrize(
        "changes",
        [
            {"value": b""},
            {"value": b"s" * 2049},
            {"chain": [b"c"] * 6},
            {"chain": [b""]},
            {"chain": [b"c" * (16 * 1024 + 1)]},
            {"chain": b"cc"},
            {"chain": ["c"]},
            {"algorithm": "ED25519"},
            {"algorithm": None},
        ],
    )
    def test_refuses_signatures_beyond_a_limit(self, changes: dict[str, Any]) -> None:
        with pytest.raises(LienthongError, match=f"Signature.{next(iter(changes))}"):
            attrs.evolve(self.SIGNATURE, **changes)

    def test_never_shows_its_bytes(self) -> None:
        assert "b'" not in repr(self.make())


def test_a_delivery_is_what_the_axis_shows() -> None:
    delivery = Delivery(
        package_id=package_id(),
        sender=SENDER,
        recipient=RECIPIENT,
        state=DeliveryState.SENT,
        kind=PackageKind.NEW,
        subject="Kế hoạch",
        number=DocumentNumber("05", "QĐ-UBND"),
        urgency=Urgency.THUONG,
        sent_at=NOW,
        updated_at=NOW,
        updated_index=0,
    )
    for broken in ({"updated_index": -1}, {"state": "SENT"}, {"number": "05/QĐ"}):
        with pytest.raises(InvalidValue):
            attrs.evolve(delivery, **broken)


@pytest.mark.parametrize("kind", [Manifest, Statement, FileEntry, Recipient, Envelope])
def test_values_have_no_open_attributes(kind: type) -> None:
    assert "__dict__" not in {name for base in kind.__mro__ for name in vars(base)} - set(
        vars(object)
    )


def test_hashes_of_equal_values_are_equal() -> None:
    assert hash(a_manifest()) == hash(a_manifest())
    assert a_manifest() != a_manifest(files=[a_file(b"other")])
    assert Sha256.of(b"a") != Sha256.of(b"b")
