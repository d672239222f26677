"""The records that never travel: outgoing, incoming, files of a matter, legal signatures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest

from lienthong.codec import json
from lienthong.errors import InvalidValue, LienthongError, MissingField
from lienthong.model.delivery import DeliveryState
from lienthong.model.file_signature import (
    Appearance,
    Conversion,
    FileSignature,
    Finding,
    LegalJudgement,
    LegalValue,
    SignatureCheck,
    SignatureImage,
    SignatureKind,
    SignatureRole,
)
from lienthong.model.incoming import (
    ArrivalSource,
    HistoryItem,
    IncomingDocument,
    PaperCopy,
    ReceivedFile,
    Refusal,
    TraceItem,
    WorkAssignment,
)
from lienthong.model.outgoing import (
    Attachment,
    CheckRecord,
    DeliveryRecord,
    NationalCode,
    OutgoingDocument,
    Person,
)
from lienthong.model.package import Recipient
from lienthong.model.record import FileCode, Record, RecordLink
from lienthong.model.report import Reason
from lienthong.model.words import AssignmentRole, FileRole, Origin
from lienthong.testing.values import (
    NOW,
    RECIPIENT,
    SENDER,
    a_document,
    a_file,
    package_id,
)

KEY = UUID("00000000-0000-4000-8000-000000000001")
HOUR = timedelta(hours=1)
PERSON = Person(person_id="u1", full_name="Trần Thị Bình", unit="Văn phòng")
SIGNATURE = FileSignature(
    role=SignatureRole.SIGNER,
    kind=SignatureKind.CONG_VU,
    subject="CN=Chánh Văn phòng",
    issuer="CN=Ban Cơ yếu",
    serial="0a",
    not_before=NOW,
    not_after=NOW + 8760 * HOUR,
    signed_at=NOW,
    appearance=Appearance(page=1, x=0, y=0, image=SignatureImage.SIGNATURE_BLUE),
)
CHECK = SignatureCheck(
    integrity=Finding.GOOD,
    chain=Finding.GOOD,
    revocation=Finding.GOOD,
    time=Finding.GOOD,
    order=Finding.GOOD,
    checked_at=NOW,
)
MARK = Conversion(by_org=SENDER, converted_at=NOW, mark="Số hóa bởi Văn phòng")
REGISTERED: dict[str, Any] = {"arrival_number": 12, "arrival_date": date(2026, 1, 5)}
ISSUED: dict[str, Any] = {
    "main_file": a_file(),
    "recipients": [Recipient(organ_id=RECIPIENT)],
    "approved_at": NOW,
    "signed_at": NOW + HOUR,
    "numbered_at": NOW + 2 * HOUR,
    "sealed_at": NOW + 3 * HOUR,
    "issued_at": NOW + 4 * HOUR,
}


def outgoing(**changes: Any) -> OutgoingDocument:
    given: dict[str, Any] = {
        "id": KEY,
        "document": a_document(),
        "sender_org": SENDER,
        "sender_contact_point": SENDER,
        "drafter": PERSON,
        "drafting_unit": "Phòng Tổng hợp",
    }
    return OutgoingDocument(**(given | changes))


def incoming(**changes: Any) -> IncomingDocument:
    given: dict[str, Any] = {
        "id": KEY,
        "document": a_document(),
        "entered_at": NOW,
        "received_at": NOW,
        "source": ArrivalSource.AXIS_LOCAL,
        "status": DeliveryState.ARRIVED,
    }
    return IncomingDocument(**(given | changes))


def record(**changes: Any) -> Record:
    given: dict[str, Any] = {
        "file_code": FileCode(organ_id=SENDER, file_catalog=2026, file_notation="01/QĐ"),
        "title": "Kế hoạch 2026",
        "maintenance": "Vĩnh viễn",
        "creator": "Trần Thị Bình",
    }
    return Record(**(given | changes))


class TestOutgoing:
    def test_a_draft_needs_little(self) -> None:
        assert outgoing().issued_at is None

    def test_an_issued_document_has_everything(self) -> None:
        made = outgoing(
            **ISSUED,
            signatures=[SIGNATURE],
            content_check=CheckRecord(checker=PERSON, checked_at=NOW),
            form_check=CheckRecord(checker=PERSON, checked_at=NOW),
            national=NationalCode(wire_document_id="H53,2026/01/05,05/QĐ-UBND", wire_type=2),
            deliveries=[
                DeliveryRecord(
                    recipient=RECIPIENT,
                    package_id=package_id(),
                    status=DeliveryState.SENT,
                    sent_at=NOW,
                )
            ],
            attachments=[Attachment(title="Phụ lục", same_file=True)],
            legal_value=LegalJudgement(
                value=LegalValue.ORIGINAL_EQUIVALENT, reason="hai chữ ký hợp lệ", judged_at=NOW
            ),
        )
        assert made.legal_value is not None
        assert not made.legal_value.overridden

    @pytest.mark.parametrize(
        ("changes", "field", "clause"),
        [
            ({"recipients": []}, "recipients", "QĐ 52/2019 Đ7.2m"),
            (
                {"recipients": [Recipient(organ_id=RECIPIENT)] * 2},
                "recipients",
                "QĐ 52/2019 Đ7.2m",
            ),
            ({"main_file": a_file(media_type="text/plain")}, "main_file", "NĐ 30/2020 PL I"),
            ({"sealed_at": None}, "sealed_at", "NĐ 30/2020 Đ18"),
            ({"sealed_at": NOW}, "sealed_at", "NĐ 30/2020 Đ32.2d"),
            ({"signed_at": None}, "sealed_at", "NĐ 30/2020 Đ32.2d"),
            ({"issued_at": NOW}, "issued_at", "NĐ 30/2020 Đ14"),
            ({"drafting_unit": ""}, "drafting_unit", "QĐ 52/2019 Đ9.2d"),
            ({"drafter": None}, "drafter", "QĐ 52/2019 Đ9.2d"),
            ({"sender_org": None}, "sender_org", "QĐ 52/2019 Đ7.2l"),
            ({"sender_contact_point": None}, "sender_contact_point", "QĐ 52/2019 Đ6.3"),
            ({"document": a_document(origin=Origin.DIGITISED)}, "conversion", "NĐ 137/2024 Đ4"),
        ],
    )
    def test_refusals_name_field_and_clause(
        self, changes: dict[str, Any], field: str, clause: str
    ) -> None:
        with pytest.raises(LienthongError) as caught:
            outgoing(**(ISSUED | changes))
        assert caught.value.facts["field"] == f"OutgoingDocument.{field}"
        assert caught.value.facts["clause"] == clause

    def test_the_main_file_has_its_role(self) -> None:
        with pytest.raises(InvalidValue, match="the role MAIN"):
            outgoing(main_file=a_file(role=FileRole.ATTACHMENT))

    def test_a_digitised_document_has_its_mark_and_no_other_has(self) -> None:
        digitised = a_document(origin=Origin.DIGITISED)
        assert outgoing(document=digitised, conversion=MARK).conversion == MARK
        with pytest.raises(InvalidValue, match="no conversion"):
            outgoing(conversion=MARK)

    def test_an_attachment_is_a_file_or_part_of_the_main_file(self) -> None:
        with pytest.raises(MissingField, match=r"Attachment\.file"):
            Attachment(title="Phụ lục")
        with pytest.raises(InvalidValue, match=r"Attachment\.file"):
            Attachment(title="Phụ lục", same_file=True, file=a_file())
        assert Attachment(title="Phụ lục", file=a_file()).file == a_file()

    @pytest.mark.parametrize("changes", [{"wire_type": -1}, {"wire_type_detail": "18"}])
    def test_types_of_the_national_axis_are_numbers(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidValue, match=next(iter(changes))):
            NationalCode(wire_document_id="x", **changes)


class TestIncoming:
    LEAD = WorkAssignment(
        unit="Phòng A", role=AssignmentRole.LEAD, assigned_by=PERSON, assigned_at=NOW
    )

    def test_an_accepted_document_has_everything(self) -> None:
        made = incoming(
            **REGISTERED,
            status=DeliveryState.FORWARDED,
            package_id=package_id(),
            files=[ReceivedFile(name="a.pdf", sha256=a_file().sha256, signatures=[SIGNATURE])],
            assignments=[self.LEAD],
            trace=[TraceItem(at=NOW, organ_id=RECIPIENT, person=PERSON, opinion="Giao phòng A")],
            history=[HistoryItem(at=NOW, state=DeliveryState.ARRIVED, by=RECIPIENT)],
            paper_copy=PaperCopy(expected=True),
            extra={"tủ": "3"},
        )
        assert made.extra == (("tủ", "3"),)

    @pytest.mark.parametrize(
        ("changes", "field", "clause"),
        [
            ({"received_at": NOW - HOUR}, "received_at", "QĐ 52/2019 Đ10.2"),
            ({"arrival_number": 1}, "arrival_date", "NĐ 30/2020 PL VI II.12"),
            ({"arrival_date": date(2026, 1, 4)}, "arrival_date", "NĐ 30/2020 PL VI II.12"),
            ({"arrival_number": 0}, "arrival_number", "NĐ 30/2020 PL VI II.13"),
            ({"arrival_number": 10**10}, "arrival_number", "NĐ 30/2020 PL VI II.13"),
            ({"assignments": [LEAD, LEAD]}, "assignments", "NĐ 30/2020 Đ23"),
            ({"assignments": [LEAD]}, "arrival_number", "NĐ 30/2020 Đ22.1"),
            ({"status": DeliveryState.REFUSED}, "refusal", "QĐ 52/2019 Đ5.1d"),
            ({"source": None}, "source", "QĐ 52/2019 Đ8.2c"),
        ],
    )
    def test_refusals_name_field_and_clause(
        self, changes: dict[str, Any], field: str, clause: str
    ) -> None:
        with pytest.raises(LienthongError) as caught:
            incoming(**changes)
        assert caught.value.facts["field"] == f"IncomingDocument.{field}"
        assert caught.value.facts["clause"] == clause

    def test_the_day_of_arrival_is_the_vietnamese_one(self) -> None:
        late = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)
        made = incoming(
            entered_at=late, received_at=late, arrival_number=1, arrival_date=date(2026, 1, 6)
        )
        assert made.arrival_date == date(2026, 1, 6)

    def test_a_refused_document_says_why(self) -> None:
        refusal = Refusal(reason=Reason(text="Nhầm"), refused_by=PERSON, refused_at=NOW)
        assert incoming(status=DeliveryState.REFUSED, refusal=refusal).refusal == refusal


class TestRecords:
    def test_a_record_has_its_code(self) -> None:
        assert str(record().file_code) == "H53.99.2026.01/QĐ"
        assert record().language == "Tiếng Việt"

    @pytest.mark.parametrize(
        ("name", "limit"),
        [
            ("title", 500),
            ("maintenance", 30),
            ("rights", 30),
            ("creator", 30),
            ("language", 50),
            ("description", 500),
        ],
    )
    def test_limits(self, name: str, limit: int) -> None:
        assert len(getattr(record(**{name: "ư" * limit}), name)) == limit
        with pytest.raises(InvalidValue, match=f"Record.{name}"):
            record(**{name: "ư" * (limit + 1)})

    @pytest.mark.parametrize("name", ["title", "maintenance", "creator"])
    def test_required_fields(self, name: str) -> None:
        with pytest.raises(MissingField, match=f"Record.{name}"):
            record(**{name: ""})

    @pytest.mark.parametrize(
        "changes",
        [
            {"doc_total": 10_000},
            {"page_total": -1},
            {"start_date": date(2026, 2, 1), "end_date": date(2026, 1, 1)},
            {"documents": [RecordLink(document_id=KEY, doc_ordinal=1)] * 2},
            {"documents": [KEY]},
            {"file_code": "H53.2026.1"},
        ],
    )
    def test_refuses_what_breaks_its_definition(self, changes: dict[str, Any]) -> None:
        with pytest.raises(LienthongError, match="Record"):
            record(**changes)

    @pytest.mark.parametrize(
        "changes", [{"file_catalog": 999}, {"file_notation": "x" * 21}, {"file_notation": ""}]
    )
    def test_limits_of_the_code(self, changes: dict[str, Any]) -> None:
        code: Any = FileCode(organ_id=SENDER, file_catalog=2026, file_notation="x" * 20)
        with pytest.raises(LienthongError, match="FileCode"):
            attrs.evolve(code, **changes)

    @pytest.mark.parametrize("ordinal", [0, 1000])
    def test_ordinals_have_three_digits(self, ordinal: int) -> None:
        with pytest.raises(InvalidValue):
            RecordLink(document_id=KEY, doc_ordinal=ordinal)


class TestSignatures:
    @pytest.mark.parametrize("name", ["integrity", "chain", "revocation", "time", "order"])
    @pytest.mark.parametrize("finding", [Finding.BAD, Finding.UNKNOWN])
    def test_what_is_undecided_is_never_good(self, name: str, finding: Finding) -> None:
        check: Any = CHECK
        assert check.good
        assert not attrs.evolve(check, **{name: finding}).good

    def test_a_certificate_ends_after_it_begins(self) -> None:
        with pytest.raises(InvalidValue, match=r"FileSignature\.not_after"):
            attrs.evolve(SIGNATURE, not_after=NOW - HOUR)

    def test_an_overridden_judgement_says_by_whom(self) -> None:
        judged = LegalJudgement(
            value=LegalValue.REVIEW, reason="x", judged_at=NOW, overridden_by="Chánh Văn phòng"
        )
        assert judged.overridden
        for changes in ({"by_rules": LegalValue.REVIEW}, {"override_reason": "đã đối chiếu"}):
            values: dict[str, Any] = {"value": LegalValue.REVIEW, "reason": "x", "judged_at": NOW}
            with pytest.raises(MissingField, match="overridden_by"):
                LegalJudgement(**values | changes)

    def test_a_judgement_is_read_as_it_was_written(self) -> None:
        judged = LegalJudgement(
            value=LegalValue.REVIEW,
            reason="x",
            judged_at=NOW,
            inputs={"signer": "GOOD", "channel": "EMAIL"},
            by_rules=LegalValue.PENDING_CHECK,
            overridden_by="Chánh Văn phòng",
            override_reason="đã đối chiếu",
        )
        assert json.load(LegalJudgement, json.dump(judged)) == judged
        with pytest.raises(InvalidValue, match="inputs"):
            attrs.evolve(judged, inputs=[("signer", 1)])  # type: ignore[list-item]

    @pytest.mark.parametrize("changes", [{"page": 0}, {"x": -1}, {"image": "SEAL_RED"}])
    def test_places_are_on_a_page(self, changes: dict[str, Any]) -> None:
        place: Any = SIGNATURE.appearance
        with pytest.raises(LienthongError, match="Appearance"):
            attrs.evolve(place, **changes)
