"""The document: every limit just kept and just broken, and the rules between fields."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest

from lienthong.errors import InvalidValue, LienthongError, MissingField
from lienthong.model.document import Document, DocumentReference, DocumentSigner, Relation
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.words import (
    Authority,
    IssueForm,
    PaperBasis,
    RelationKind,
    Urgency,
)
from lienthong.testing.values import a_document, a_reference, a_signer

TEXT_LIMITS = [
    ("issuer_name", 200, True),
    ("subject", 500, True),
    ("place", 100, False),
    ("language", 30, True),
    ("description", 500, False),
    ("field", 100, False),
]
NUMBER_LIMITS = [("page_amount", 0, 999), ("issued_amount", 0, 999)]


@pytest.mark.parametrize(("name", "limit", "required"), TEXT_LIMITS)
def test_texts_up_to_their_limit(name: str, limit: int, required: bool) -> None:
    longest = "Ể" * limit
    assert getattr(a_document(**{name: longest}), name) == longest
    with pytest.raises(InvalidValue) as caught:
        a_document(**{name: longest + "Ể"})
    assert caught.value.facts["field"] == f"Document.{name}"
    assert caught.value.facts["found"] == f"{limit + 1} characters long"
    assert caught.value.facts["clause"]
    for empty in ("", " ", "\u3000"):
        if required:
            with pytest.raises(MissingField, match=f"Document.{name} is missing"):
                a_document(**{name: empty})
        else:
            assert getattr(a_document(**{name: empty}), name) == empty


@pytest.mark.parametrize("name", [name for name, _, _ in TEXT_LIMITS])
@pytest.mark.parametrize("text", ["a\0b", "a\x1b[31m", "a\x7f", "a\ud800", None, 5, b"a", ["a"]])
def test_texts_hold_no_control_characters(name: str, text: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        a_document(**{name: text})
    assert caught.value.facts["field"] == f"Document.{name}"


def test_only_free_texts_have_lines() -> None:
    assert a_document(description="một\n\thai").description == "một\n\thai"
    with pytest.raises(InvalidValue):
        a_document(subject="một\nhai")


@pytest.mark.parametrize(("name", "low", "high"), NUMBER_LIMITS)
def test_numbers_within_their_range(name: str, low: int, high: int) -> None:
    for kept in (low, high):
        assert getattr(a_document(**{name: kept}), name) == kept
    for broken in (low - 1, high + 1, True, 1.0, "1", None):
        with pytest.raises(InvalidValue, match=f"a whole number from {low} to {high}"):
            a_document(**{name: broken})


REQUIRED = ["issuer_code", "number", "issued_date", "kind", "signer"]


@pytest.mark.parametrize("name", REQUIRED)
def test_required_values_are_named_with_their_clause(name: str) -> None:
    with pytest.raises(MissingField) as caught:
        a_document(**{name: None})
    assert caught.value.facts["field"] == f"Document.{name}"
    assert str(caught.value.facts["clause"]).startswith("QĐ 52/2019 Đ7.2")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("issuer_code", "H53"),
        ("number", "05/QĐ-UBND"),
        ("issued_date", "2026-01-05"),
        ("issued_date", datetime(2026, 1, 5, tzinfo=UTC)),
        ("kind", "QUYET_DINH"),
        ("kind", Urgency.KHAN),
        ("signer", "Chánh Văn phòng"),
        ("urgency", "KHAN"),
        ("origin", "BORN_DIGITAL"),
        ("copy_form", ""),
        ("steering_type", 1),
        ("issue_form", "E_ONLY"),
        ("paper_basis", "LIST"),
        ("reply_requested", 1),
        ("reply_requested", "false"),
        ("due_date", datetime(2026, 2, 1, tzinfo=UTC)),
        ("document_code", "H53.2026.5"),
        ("signed_at", "2026-01-05T08:00:00Z"),
        ("keywords", "từ khóa"),
        ("keywords", [1]),
        ("keywords", {"a": "b"}),
        ("to_places", "Lưu"),
        ("response_for", [None]),
        ("response_for", "x"),
        ("relations", [a_reference()]),
        ("extra", "ab"),
        ("extra", ["ab"]),
        ("extra", [("a", 5)]),
        ("extra", {5: "a"}),
        ("extra", None),
    ],
)
def test_wrong_types_are_refused(name: str, wrong: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        a_document(**{name: wrong})
    assert caught.value.facts["field"] == f"Document.{name}"


def test_an_unknown_word_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidValue, match="expected one of THUONG, KHAN, THUONG_KHAN, HOA_TOC"):
        a_document(urgency="GẤP")


def test_lists_are_frozen_and_bounded() -> None:
    document = a_document(keywords=["a"] * 20, relations=[], extra={"b": "2", "a": "1"})
    assert document.keywords == ("a",) * 20
    assert document.extra == (("a", "1"), ("b", "2"))
    assert hash(document) == hash(attrs.evolve(document))
    for name, item, limit in (
        ("keywords", "a", 20),
        ("response_for", a_reference(), 20),
        ("relations", Relation(kind=RelationKind.REPLACES, document=a_reference()), 20),
        ("to_places", "a", 200),
    ):
        assert len(getattr(a_document(**{name: [item] * limit}), name)) == limit
        with pytest.raises(InvalidValue, match=f"at most {limit} items"):
            a_document(**{name: [item] * (limit + 1)})


def test_places_are_limited_together() -> None:
    assert a_document(to_places=["a" * 500, "b" * 500]).to_places[0] == "a" * 500
    with pytest.raises(InvalidValue, match="at most 1000 characters together"):
        a_document(to_places=["a" * 500, "b" * 501])


def test_extra_is_bounded_and_never_ambiguous() -> None:
    assert len(a_document(extra={f"k{n}": "v" for n in range(50)}).extra) == 50
    assert a_document(extra={"k" * 100: "v" * 1000}).extra
    broken: list[Any] = [
        {f"k{n}": "v" for n in range(51)},
        {"k" * 101: "v"},
        {"k": "v" * 1001},
        {"": "v"},
        {"k": ""},
        [("k", "1"), ("k", "2")],
    ]
    for extra in broken:
        with pytest.raises(LienthongError, match=r"Document\.extra"):
            a_document(extra=extra)


def test_a_requested_reply_needs_its_date() -> None:
    with pytest.raises(MissingField) as caught:
        a_document(reply_requested=True)
    assert caught.value.facts == {"field": "Document.due_date", "clause": "QĐ 52/2019 Đ9.2b"}
    assert a_document(reply_requested=True, due_date=date(2026, 1, 5)).reply_requested


def test_the_date_of_the_reply_is_not_before_the_document() -> None:
    with pytest.raises(InvalidValue, match="a day not before 2026-01-05"):
        a_document(due_date=date(2026, 1, 4))


def test_an_appointed_hour_is_only_for_the_most_urgent() -> None:
    hour = datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert a_document(urgency=Urgency.HOA_TOC, urgent_at=hour).urgent_at == hour
    with pytest.raises(InvalidValue, match="HOA_TOC"):
        a_document(urgency=Urgency.THUONG_KHAN, urgent_at=hour)


@pytest.mark.parametrize("form", [IssueForm.E_AND_PAPER, IssueForm.PAPER_ONLY])
def test_paper_needs_its_basis(form: IssueForm) -> None:
    with pytest.raises(MissingField) as caught:
        a_document(issue_form=form)
    assert caught.value.facts["clause"] == "QĐ 52/2019 Đ6.2"
    assert a_document(issue_form=form, paper_basis=PaperBasis.LIST).issue_form is form


@pytest.mark.parametrize("authority", Authority)
def test_a_delegated_signature_names_the_delegation(authority: Authority) -> None:
    if authority in {Authority.TL, Authority.TUQ}:
        for empty in ("", "  "):
            with pytest.raises(MissingField) as caught:
                a_signer(authority=authority, delegation_id=empty)
            assert caught.value.facts["clause"] == "NĐ 30/2020 Đ13.3-4"
    assert a_signer(authority=authority, delegation_id="12/GUQ-UBND").authority is authority


@pytest.mark.parametrize(("name", "limit"), [("full_name", 50), ("position", 100)])
def test_limits_of_the_signer(name: str, limit: int) -> None:
    assert getattr(a_signer(**{name: "Ư" * limit}), name) == "Ư" * limit
    with pytest.raises(InvalidValue, match=f"DocumentSigner.{name}"):
        a_signer(**{name: "Ư" * (limit + 1)})
    with pytest.raises(MissingField, match=f"DocumentSigner.{name}"):
        a_signer(**{name: ""})


@pytest.mark.parametrize("name", ["organ_id", "number", "issued_date"])
def test_references_are_complete(name: str) -> None:
    with pytest.raises(MissingField, match=f"DocumentReference.{name}"):
        a_reference(**{name: None})


def test_a_document_names_itself() -> None:
    document = a_document(
        issuer_code=OrganId("H53.12"),
        number=DocumentNumber.parse("52/2019/QĐ-UBND"),
        issued_date=date(2019, 12, 31),
        document_code=DocumentCode(OrganId("H53.12"), 2019, 52),
    )
    assert document.wire_document_id == "H53.12,2019/12/31,52/2019/QĐ-UBND"
    assert document.reference == DocumentReference(
        organ_id=OrganId("H53.12"),
        number=DocumentNumber("52", "2019/QĐ-UBND"),
        issued_date=date(2019, 12, 31),
        document_code=DocumentCode(OrganId("H53.12"), 2019, 52),
    )


def test_values_are_frozen_and_checked_when_evolved() -> None:
    document = a_document()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        document.subject = "khác"  # type: ignore[misc]
    with pytest.raises(MissingField):
        attrs.evolve(document, subject="")
    assert not hasattr(document, "__dict__")


def test_text_of_a_framework_is_text() -> None:
    class SafeString(str):
        __slots__ = ()

    assert a_document(subject=SafeString("Kế hoạch")).subject == "Kế hoạch"


def test_every_field_has_its_clause_or_reason() -> None:
    source = Document.__doc__
    assert source is not None
    assert {item.name for item in attrs.fields(Document)} >= {"secrecy", "extra", "due_date"}
    assert len(attrs.fields(Document)) == 32
    assert len(attrs.fields(DocumentSigner)) == 4
