"""Hypothesis strategies for every value that travels; needs ``hypothesis``.

The values use the whole range that the model allows: empty and longest texts, Vietnamese with and
without composed marks, every code shape, instants of several zones.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import Document, DocumentReference, DocumentSigner, Relation
from lienthong.model.files import skeleton
from lienthong.model.kinds import DocumentKind
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry, Statement
from lienthong.model.signing import (
    MANIFEST_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    SignatureAlgorithm,
)
from lienthong.model.words import (
    AssignmentRole,
    AttachmentKind,
    Authority,
    Circulation,
    CopyForm,
    FileRole,
    IssueForm,
    Origin,
    PaperBasis,
    RecipientRole,
    RefusalCode,
    RelationKind,
    SteeringType,
    Urgency,
)
from lienthong.testing.basic_strategies import (
    LETTERS,
    document_codes,
    document_numbers,
    hashes,
    instants,
    organ_ids,
    package_ids,
    statement_ids,
    texts,
)
from lienthong.testing.journal_strategies import entries, journal_bodies, receipts, signatures

__all__ = [
    "document_codes",
    "document_numbers",
    "documents",
    "entries",
    "envelopes",
    "files",
    "hashes",
    "instants",
    "journal_bodies",
    "manifests",
    "organ_ids",
    "package_ids",
    "receipts",
    "recipients",
    "references",
    "signers",
    "statement_ids",
    "statements",
    "texts",
]

_REASONED: Final = frozenset(
    {
        DeliveryEvent.REFUSE,
        DeliveryEvent.REOPEN,
        DeliveryEvent.REQUEST_TAKE_BACK,
        DeliveryEvent.REFUSE_TAKE_BACK,
        DeliveryEvent.REJECT_RECALL,
        DeliveryEvent.REFUSE_UPDATE,
    }
)


@cache
def references() -> SearchStrategy[DocumentReference]:
    """Other documents by their public data."""
    return st.builds(
        DocumentReference,
        organ_id=organ_ids(),
        number=document_numbers(),
        issued_date=st.dates(),
        document_code=st.none() | document_codes(),
    )


@cache
def signers() -> SearchStrategy[DocumentSigner]:
    """Signers with each authority."""
    return st.builds(
        DocumentSigner,
        full_name=texts(50, required=True),
        position=texts(100, required=True),
        authority=st.sampled_from(Authority),
        delegation_id=texts(100, required=True),
    )


@st.composite
def documents(draw: DrawFn) -> Document:
    """Documents with any of their fields."""
    issued = draw(st.dates(max_value=date(9000, 1, 1)))
    urgency = draw(st.sampled_from(Urgency))
    form = draw(st.sampled_from(IssueForm))
    reply = draw(st.booleans())
    days = st.integers(0, 365).map(lambda count: issued + timedelta(days=count))
    bases = [basis for basis in PaperBasis if basis is not PaperBasis.SECRET]
    return Document(
        issuer_code=draw(organ_ids()),
        issuer_name=draw(texts(200, required=True)),
        number=draw(document_numbers()),
        issued_date=issued,
        kind=draw(st.sampled_from(DocumentKind)),
        subject=draw(texts(500, required=True)),
        signer=draw(signers()),
        urgency=urgency,
        urgent_at=draw(instants()) if urgency is Urgency.HOA_TOC and draw(st.booleans()) else None,
        reply_requested=reply,
        due_date=draw(days if reply else st.none() | days),
        issue_form=form,
        paper_basis=None if form is IssueForm.E_ONLY else draw(st.sampled_from(bases)),
        **draw(_optional_fields()),
    )


@cache
def _optional_fields() -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "document_code": document_codes(),
            "place": texts(100),
            "language": texts(30, required=True),
            "page_amount": st.integers(0, 999),
            "description": texts(500, lines=True),
            "circulation": st.sampled_from(Circulation),
            "field": texts(100),
            "keywords": st.lists(texts(100, required=True), max_size=3),
            "origin": st.sampled_from(Origin),
            "copy_form": st.sampled_from(CopyForm),
            "steering_type": st.sampled_from(SteeringType),
            "to_places": st.lists(texts(200, required=True), max_size=3),
            "issued_amount": st.integers(0, 999),
            "response_for": st.lists(references(), max_size=2),
            "relations": st.lists(
                st.builds(Relation, kind=st.sampled_from(RelationKind), document=references()),
                max_size=2,
            ),
            "signed_at": instants(),
            "issued_at": instants(),
            "extra": st.dictionaries(
                st.text(LETTERS, min_size=1, max_size=20).map("x{}".format),
                texts(100, required=True, lines=True),
                max_size=3,
            ),
        },
    )


@st.composite
def files(draw: DrawFn, role: FileRole = FileRole.MAIN) -> FileEntry:
    """Files with one role."""
    middle = draw(st.text(LETTERS + " -_().", max_size=30))
    return FileEntry(
        name=f"x{middle}.pdf",
        media_type=draw(st.sampled_from(["application/pdf", "image/tiff", "text/plain"])),
        size=draw(st.integers(int(role is FileRole.MAIN), 2**40)),
        sha256=draw(hashes()),
        role=role,
        attachment_kind=draw(st.sampled_from(AttachmentKind)),
        page_amount=draw(st.integers(0, 99_999)),
    )


@cache
def recipients() -> SearchStrategy[Recipient]:
    """Recipients with either role."""
    return st.builds(
        Recipient,
        organ_id=organ_ids(),
        organ_name=texts(200),
        role=st.sampled_from(RecipientRole),
    )


@st.composite
def manifests(draw: DrawFn, kinds: tuple[PackageKind, ...] = tuple(PackageKind)) -> Manifest:
    """Packages of the given kinds."""
    kind = draw(st.sampled_from(kinds))
    named = draw(st.lists(recipients(), min_size=2, max_size=5, unique_by=lambda r: r.organ_id))
    target = None
    package_id = draw(package_ids())
    if kind is not PackageKind.NEW:
        target = draw(package_ids().filter(lambda found: found != package_id))
    return Manifest(
        package_id=package_id,
        kind=kind,
        audience=draw(texts(255, required=True)),
        sender=named[0].organ_id,
        recipients=named[1:],
        document=draw(documents()),
        files=draw(_file_lists(needs_main=kind in {PackageKind.NEW, PackageKind.REPLACE})),
        created_at=draw(instants()),
        target=target,
        reason=draw(texts(500, required=target is not None, lines=True)),
    )


@st.composite
def _file_lists(draw: DrawFn, *, needs_main: bool) -> list[FileEntry]:
    attached = draw(st.lists(files(FileRole.ATTACHMENT), max_size=3))
    main = [draw(files())] if needs_main or draw(st.booleans()) else []
    named = {skeleton(file.name): file for file in [*attached, *main]}
    return list(named.values())


@st.composite
def statements(draw: DrawFn, events: tuple[DeliveryEvent, ...] = ()) -> Statement:
    """Status reports of the given events, or of any."""
    reported = events or tuple(event for event in DeliveryEvent if event.reported)
    event = draw(st.sampled_from(reported))
    organ = draw(organ_ids())
    return Statement(
        statement_id=draw(statement_ids()),
        audience=draw(texts(255, required=True)),
        package_id=draw(package_ids()),
        recipient=organ,
        reporter=draw(organ_ids()) if event is DeliveryEvent.REQUEST_TAKE_BACK else organ,
        event=event,
        created_at=draw(instants()),
        reason=draw(_reasons() if event in _REASONED else st.none() | _reasons()),
        note=draw(texts(500, lines=True)),
        responsible=draw(texts(100)),
        **draw(_parts_of(event)),
    )


@cache
def _reasons() -> SearchStrategy[Reason]:
    text = texts(500, required=True, lines=True)
    return st.builds(Reason, code=st.sampled_from(RefusalCode), text=text)


@cache
def _parts_of(event: DeliveryEvent) -> SearchStrategy[dict[str, Any]]:
    if event is DeliveryEvent.ACCEPT:
        return st.fixed_dictionaries({"register": _registers(), "check": _checks()})
    if event is DeliveryEvent.COMPLETE:
        return st.fixed_dictionaries(
            {"reply": st.none() | references(), "information_only": st.booleans()}
        )
    if event is DeliveryEvent.FORWARD:
        return st.fixed_dictionaries({"assignments": _assignments()})
    return st.just({})


@cache
def _registers() -> SearchStrategy[RegisterEntry]:
    return st.builds(RegisterEntry, number=st.integers(1, 9_999_999_999), date=st.dates())


@cache
def _checks() -> SearchStrategy[CheckSummary]:
    return st.builds(
        CheckSummary,
        complete=st.booleans(),
        intact=st.booleans(),
        authentic=st.booleans(),
        checked_at=instants(),
        checker=texts(100),
        signatures=st.none() | signatures(),
    )


@st.composite
def _assignments(draw: DrawFn) -> list[Assignment]:
    others = st.sampled_from([AssignmentRole.COOPERATE, AssignmentRole.INFORM])
    roles = [AssignmentRole.LEAD, *draw(st.lists(others, max_size=3))]
    return [
        Assignment(
            unit=draw(texts(200, required=True)), role=role, due_date=draw(st.none() | st.dates())
        )
        for role in draw(st.permutations(roles))
    ]


@cache
def envelopes() -> SearchStrategy[Envelope]:
    """Envelopes around any bytes."""
    signature = st.builds(
        Signature,
        algorithm=st.sampled_from(SignatureAlgorithm),
        value=st.binary(min_size=1, max_size=64),
        chain=st.lists(st.binary(min_size=1, max_size=64), max_size=3),
    )
    return st.builds(
        Envelope,
        payload=st.binary(min_size=1, max_size=200),
        payload_type=st.sampled_from([MANIFEST_TYPE, STATEMENT_TYPE]),
        signatures=st.lists(signature, min_size=1, max_size=3),
    )
