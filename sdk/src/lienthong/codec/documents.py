"""The document part of a manifest between message and model."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypedDict

from lienthong.codec.scalars import (
    bound,
    read_date,
    read_instant,
    read_maybe_code,
    read_maybe_date,
    read_number_text,
    read_organ,
    read_word,
    read_word_or,
    words,
    write_date,
    write_maybe_instant,
)
from lienthong.errors import MissingField
from lienthong.model.document import (
    DEFAULT_LANGUAGE,
    MAX_RELATED,
    Document,
    DocumentReference,
    DocumentSigner,
    Relation,
)
from lienthong.model.ids import DocumentNumber
from lienthong.model.kinds import DocumentKind
from lienthong.model.secrecy import refuse_state_secret
from lienthong.model.words import (
    Authority,
    Circulation,
    CopyForm,
    IssueForm,
    Origin,
    PaperBasis,
    RelationKind,
    Secrecy,
    SteeringType,
    Urgency,
)
from lienthong_proto.axis.v1 import package_pb2

_KINDS: Final = words(DocumentKind)
_URGENCIES: Final = words(Urgency)
_CIRCULATIONS: Final = words(Circulation)
_ORIGINS: Final = words(Origin)
_COPY_FORMS: Final = words(CopyForm)
_STEERINGS: Final = words(SteeringType)
_ISSUE_FORMS: Final = words(IssueForm)
_PAPER_BASES: Final = words(PaperBasis)
_AUTHORITIES: Final = words(Authority)
_RELATIONS: Final = words(RelationKind)
_MAX_TEXTS: Final = 1000


def write_document(value: Document) -> package_pb2.Document:
    """The message of a document."""
    code, basis = value.document_code, value.paper_basis
    return package_pb2.Document(
        issuer_code=value.issuer_code.value,
        issuer_name=value.issuer_name,
        document_code="" if code is None else str(code),
        code_number=value.number.number,
        code_notation=value.number.notation,
        issued_date=value.issued_date.isoformat(),
        place=value.place,
        kind=value.kind.value,
        subject=value.subject,
        language=value.language,
        page_amount=value.page_amount,
        description=value.description,
        signer=_write_signer(value.signer),
        urgency=value.urgency.value,
        urgent_at=write_maybe_instant(value.urgent_at),
        secrecy=value.secrecy.value,
        circulation=value.circulation.value,
        field=value.field,
        keywords=value.keywords,
        origin=value.origin.value,
        copy_form=value.copy_form.value,
        steering_type=value.steering_type.value,
        to_places=value.to_places,
        issued_amount=value.issued_amount,
        reply_requested=value.reply_requested,
        due_date=write_date(value.due_date),
        response_for=[write_reference(item) for item in value.response_for],
        relations=[_write_relation(item) for item in value.relations],
        issue_form=value.issue_form.value,
        paper_basis="" if basis is None else basis.value,
        signed_at=write_maybe_instant(value.signed_at),
        issued_at=write_maybe_instant(value.issued_at),
        extra=dict(value.extra),
    )


def read_document(message: package_pb2.Document) -> Document:
    """The document of a message.

    Raises:
        StateSecret: it is marked as a state secret.
        InputError: a field is missing or breaks its definition.
    """
    if not message.secrecy:
        raise MissingField(field="Document.secrecy", clause="QĐ 52/2019 Đ1.2")
    if message.secrecy != Secrecy.NONE.value:
        refuse_state_secret(message.secrecy or "?", field="Document.secrecy")
    return Document(
        issuer_code=read_organ(message.issuer_code, field="Document.issuer_code"),
        issuer_name=message.issuer_name,
        document_code=read_maybe_code(message.document_code),
        number=_read_number(message),
        issued_date=read_date(
            message.issued_date, field="Document.issued_date", clause="QĐ 52/2019 Đ7.2d"
        ),
        place=message.place,
        subject=message.subject,
        language=message.language or DEFAULT_LANGUAGE,
        page_amount=message.page_amount,
        description=message.description,
        signer=_read_signer(message),
        field=message.field,
        issued_amount=message.issued_amount,
        reply_requested=message.reply_requested,
        due_date=read_maybe_date(message.due_date, field="Document.due_date"),
        **_read_words(message),
        **_read_instants(message),
        **_read_lists(message),
    )


class _Words(TypedDict):
    kind: DocumentKind
    urgency: Urgency
    circulation: Circulation
    origin: Origin
    copy_form: CopyForm
    steering_type: SteeringType
    issue_form: IssueForm
    paper_basis: PaperBasis | None


def _read_words(message: package_pb2.Document) -> _Words:
    basis = message.paper_basis
    return {
        "kind": read_word(_KINDS, message.kind, field="Document.kind", clause="QĐ 52/2019 Đ7.2đ"),
        "urgency": read_word(
            _URGENCIES, message.urgency, field="Document.urgency", clause="QĐ 52/2019 Đ7.2k"
        ),
        "circulation": read_word_or(
            _CIRCULATIONS, message.circulation, Circulation.NONE, field="Document.circulation"
        ),
        "origin": read_word(_ORIGINS, message.origin, field="Document.origin"),
        "copy_form": read_word(_COPY_FORMS, message.copy_form, field="Document.copy_form"),
        "steering_type": read_word_or(
            _STEERINGS,
            message.steering_type,
            SteeringType.KHONG_CHI_DAO,
            field="Document.steering_type",
        ),
        "issue_form": read_word(_ISSUE_FORMS, message.issue_form, field="Document.issue_form"),
        "paper_basis": (
            read_word(_PAPER_BASES, basis, field="Document.paper_basis") if basis else None
        ),
    }


class _Instants(TypedDict, total=False):
    urgent_at: datetime
    signed_at: datetime
    issued_at: datetime


def _read_instants(message: package_pb2.Document) -> _Instants:
    found: _Instants = {}
    if message.HasField("urgent_at"):
        found["urgent_at"] = read_instant(message.urgent_at, field="Document.urgent_at")
    if message.HasField("signed_at"):
        found["signed_at"] = read_instant(message.signed_at, field="Document.signed_at")
    if message.HasField("issued_at"):
        found["issued_at"] = read_instant(message.issued_at, field="Document.issued_at")
    return found


class _Lists(TypedDict, total=False):
    keywords: tuple[str, ...]
    to_places: tuple[str, ...]
    response_for: tuple[DocumentReference, ...]
    relations: tuple[Relation, ...]
    extra: tuple[tuple[str, str], ...]


def _read_lists(message: package_pb2.Document) -> _Lists:
    """The repeated fields that hold something; most documents have none."""
    found: _Lists = {}
    if texts := message.keywords:
        bound(texts, most=_MAX_TEXTS, field="Document.keywords")
        found["keywords"] = tuple(texts)
    if texts := message.to_places:
        bound(texts, most=_MAX_TEXTS, field="Document.to_places")
        found["to_places"] = tuple(texts)
    if references := message.response_for:
        bound(references, most=MAX_RELATED, field="Document.response_for")
        found["response_for"] = tuple(
            [read_reference(item, field="Document.response_for") for item in references]
        )
    if relations := message.relations:
        bound(relations, most=MAX_RELATED, field="Document.relations")
        found["relations"] = tuple([_read_relation(item) for item in relations])
    if extra := message.extra:
        bound(extra, most=_MAX_TEXTS, field="Document.extra")
        found["extra"] = tuple(extra.items())
    return found


def _read_number(message: package_pb2.Document) -> DocumentNumber:
    if not message.code_number:
        raise MissingField(field="Document.code_number", clause="QĐ 52/2019 Đ7.2c")
    return DocumentNumber(message.code_number, message.code_notation)


def _write_signer(value: DocumentSigner) -> package_pb2.DocumentSigner:
    return package_pb2.DocumentSigner(
        full_name=value.full_name,
        position=value.position,
        authority=value.authority.value,
        delegation_id=value.delegation_id,
    )


def _read_signer(message: package_pb2.Document) -> DocumentSigner:
    if not message.HasField("signer"):
        raise MissingField(field="Document.signer", clause="QĐ 52/2019 Đ7.2i")
    signer = message.signer
    return DocumentSigner(
        full_name=signer.full_name,
        position=signer.position,
        authority=read_word(
            _AUTHORITIES,
            signer.authority,
            field="DocumentSigner.authority",
            clause="NĐ 30/2020 Đ13",
        ),
        delegation_id=signer.delegation_id,
    )


def write_reference(value: DocumentReference) -> package_pb2.DocumentReference:
    """The message of a reference to another document."""
    return package_pb2.DocumentReference(
        organ_id=value.organ_id.value,
        number=str(value.number),
        issued_date=value.issued_date.isoformat(),
        document_code="" if value.document_code is None else str(value.document_code),
    )


def read_reference(message: package_pb2.DocumentReference, *, field: str) -> DocumentReference:
    """The reference of a message.

    Raises:
        InputError: a part is missing or wrong.
    """
    return DocumentReference(
        organ_id=read_organ(message.organ_id, field=f"{field}.organ_id"),
        number=read_number_text(message.number, field=f"{field}.number"),
        issued_date=read_date(
            message.issued_date, field=f"{field}.issued_date", clause="QĐ 52/2019 Đ9.2c"
        ),
        document_code=read_maybe_code(message.document_code),
    )


def _write_relation(value: Relation) -> package_pb2.Relation:
    return package_pb2.Relation(kind=value.kind.value, document=write_reference(value.document))


def _read_relation(message: package_pb2.Relation) -> Relation:
    if not message.HasField("document"):
        raise MissingField(field="Relation.document", clause="NĐ 30/2020 Đ18.3-4")
    return Relation(
        kind=read_word(_RELATIONS, message.kind, field="Relation.kind"),
        document=read_reference(message.document, field="Relation.document"),
    )
