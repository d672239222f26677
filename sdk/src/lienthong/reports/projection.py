"""From journal entries to facts: what each entry changes (regulations §13c, §13f).

Pure, and so the same for the node's journal and for the feed of a vendor. Entries are taken in the
order of the journal; an entry about a package that is not known changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from attrs import evolve, frozen

from lienthong.flow.packages import EVENT_AT_TARGET, step_at_target
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document, DocumentReference
from lienthong.model.file_signature import Certificates, Finding
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import InterconnectionRecord, PackageRecord, StatementRecord
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.model.time import vietnam_date
from lienthong.model.words import AssignmentRole, PaperBasis
from lienthong.reports.facts import (
    WITHDRAWN,
    CheckFacts,
    DeliveryFacts,
    DocumentFacts,
    Request,
    RequestKind,
)
from lienthong.reports.terms import (
    Terms,
    accepted,
    end_of,
    entered,
    notice_by,
    recall_by,
    send_deadlines,
    sent_when_issued,
    take_by,
    worked_minutes,
)

_E = DeliveryEvent
_SOUND: Final = frozenset({Certificates.GOOD, Certificates.EXPIRED_SINCE})
_UNDECIDED: Final = frozenset({Certificates.UNAVAILABLE, Certificates.TIME_UNPROVABLE})


class Known(Protocol):
    """The facts so far."""

    def delivery(self, package_id: PackageId, recipient: OrganId) -> DeliveryFacts | None: ...

    def document(self, reference: str, code: str = "") -> DocumentFacts | None:
        """A document as it was sent first: the one of a code (QĐ 52/2019 Đ7.2b), where it has one.

        Otherwise, or where the document that is known has none, the one of a reference.
        """

    def brought_by(self, package_id: PackageId) -> DocumentFacts | None:
        """The document that a package brings."""


@frozen(kw_only=True)
class Changes:
    """Facts that are new or changed."""

    deliveries: tuple[DeliveryFacts, ...] = ()
    documents: tuple[DocumentFacts, ...] = ()
    checks: tuple[CheckFacts, ...] = ()
    """New ones: what was checked never changes."""


def project_package(
    record: PackageRecord, manifest: Manifest, recorded_at: datetime, known: Known, terms: Terms
) -> Changes:
    """What the entry of a package changes."""
    if record.target is not None:
        old = [known.delivery(record.target, recipient) for recipient in record.recipients]
        asked = tuple(_asked(one, record.kind, recorded_at, terms) for one in old if one)
    else:
        asked = ()
    if not record.effects:
        return Changes(deliveries=asked)
    begun = tuple(
        _begun(record, effect.recipient, manifest.document, recorded_at, terms)
        for effect in record.effects
        if not terms.own or not terms.own.isdisjoint((record.sender, effect.recipient))
    )
    document = _document(record, manifest, recorded_at, known)
    return Changes(deliveries=(*asked, *begun), documents=(document,))


def project_statement(
    record: StatementRecord, statement: Statement, recorded_at: datetime, known: Known, terms: Terms
) -> Changes:
    """What the entry of a report changes."""
    facts = known.delivery(record.package_id, record.recipient)
    if facts is None:
        return Changes()
    changed: list[DeliveryFacts] = []
    for effect in record.effects:
        if effect.package_id != record.package_id:
            old = known.delivery(effect.package_id, effect.recipient)
            if old is not None:
                answered = _answered(old, RequestKind.REPLACE, recorded_at)
                changed.append(_moved(answered, effect.to_state, recorded_at))
        else:
            facts = _moved(facts, effect.to_state, recorded_at)
    if record.effects:
        facts = _reported(facts, statement, recorded_at, terms)
    documents = (*_named_reply(statement, known), *_examined(record, statement, known))
    return Changes(deliveries=(*changed, facts), documents=documents)


def project_check(record: InterconnectionRecord, recorded_at: datetime) -> Changes:
    """What the entry of a check of the interconnection changes."""
    missed = record.missed_at is not None
    checked_at = record.missed_at or recorded_at
    return Changes(
        checks=(CheckFacts(organ_id=record.organ_id, checked_at=checked_at, missed=missed),)
    )


def reference_of(document: DocumentReference) -> str:
    """How documents name each other: ``H53.12,2019/12/31,52/2019/QĐ-UBND``."""
    return f"{document.organ_id},{document.issued_date:%Y/%m/%d},{document.number}"


def _names(document: DocumentReference) -> tuple[str, str]:
    return reference_of(document), str(document.document_code or "")


def _document(
    record: PackageRecord, manifest: Manifest, recorded_at: datetime, known: Known
) -> DocumentFacts:
    document, signer = manifest.document, manifest.document.signer
    reference, code = _names(document.reference)
    resent = known.document(reference, code) is not None
    return DocumentFacts(
        package_id=record.package_id,
        sender=record.sender,
        issued_at=recorded_at if resent else _not_after(document.issued_at, recorded_at),
        resent=resent,
        reference=reference,
        code=code,
        issue_form=document.issue_form,
        overridden=document.paper_basis is PaperBasis.OTHER,
        links_request=bool(document.response_for),
        number=str(document.number),
        issued_date=document.issued_date,
        kind=document.kind.label_vi,
        subject=document.subject,
        issuer=document.issuer_name,
        signer=", ".join(filter(None, (signer.position, signer.full_name)))[:200],
    )


def _begun(
    record: PackageRecord,
    recipient: OrganId,
    document: Document,
    recorded_at: datetime,
    terms: Terms,
) -> DeliveryFacts:
    sent_at = recorded_at
    if sent_when_issued(record.sender, recorded_at, terms):
        sent_at = _not_after(document.issued_at, recorded_at)
    by, decree = send_deadlines(record.sender, document, recorded_at, terms)
    reply_by = document.due_date if document.reply_requested else None
    return DeliveryFacts(
        package_id=record.package_id,
        recipient=recipient,
        sender=record.sender,
        state=DeliveryState.SENT,
        urgency=document.urgency,
        outside=terms.is_outside(record.sender, recipient, vietnam_date(recorded_at)),
        signed_at=document.signed_at,
        recorded_at=recorded_at,
        sent_at=sent_at,
        send_by=by,
        send_by_decree=decree,
        notice_by=notice_by(recipient, recorded_at, terms),
        take_by=take_by(recipient, recorded_at, terms),
        due_at=end_of(document.due_date),
        reply_requested=document.reply_requested,
        reply_by=end_of(reply_by),
    )


def _asked(facts: DeliveryFacts, kind: PackageKind, at: datetime, terms: Terms) -> DeliveryFacts:
    """A recall, update or replacement asks for something at a delivery of its target."""
    request = Request(kind=RequestKind(EVENT_AT_TARGET[kind].value), asked_at=at)
    found = step_at_target(kind, facts.state)
    if found is not None:
        if found.state in {DeliveryState.RECALLED, DeliveryState.REPLACED}:
            request = evolve(request, answered_at=at)
        elif kind is PackageKind.RECALL:
            facts = evolve(facts, recall_by=recall_by(facts.recipient, at, terms))
        facts = _moved(facts, found.state, at)
    return evolve(facts, requests=(*facts.requests, request))


def _moved(facts: DeliveryFacts, state: DeliveryState, at: datetime) -> DeliveryFacts:
    withdrawn_at = (facts.withdrawn_at or at) if state in WITHDRAWN else None
    return evolve(facts, state=state, withdrawn_at=withdrawn_at)


def _answered(
    facts: DeliveryFacts, kind: RequestKind, at: datetime, *, refused: bool = False
) -> DeliveryFacts:
    """The newest open request of a kind has its answer."""
    requests = list(facts.requests)
    for position in range(len(requests) - 1, -1, -1):
        if requests[position].kind is kind and requests[position].answered_at is None:
            requests[position] = evolve(requests[position], answered_at=at, refused=refused)
            break
    return evolve(facts, requests=tuple(requests))


_ANSWERS: Final = {
    _E.AGREE_TAKE_BACK: RequestKind.TAKE_BACK,
    _E.REFUSE_TAKE_BACK: RequestKind.TAKE_BACK,
    _E.CONFIRM_RECALL: RequestKind.RECALL,
    _E.REJECT_RECALL: RequestKind.RECALL,
    _E.APPLY_UPDATE: RequestKind.UPDATE,
    _E.REFUSE_UPDATE: RequestKind.UPDATE,
}
_NO: Final = frozenset({_E.REFUSE_TAKE_BACK, _E.REJECT_RECALL, _E.REFUSE_UPDATE})
_WORK: Final = frozenset({_E.FORWARD, _E.START, _E.COMPLETE})


def _reported(
    facts: DeliveryFacts, statement: Statement, recorded_at: datetime, terms: Terms
) -> DeliveryFacts:
    """What a report that took effect says."""
    event = statement.event
    if event is _E.REQUEST_TAKE_BACK:
        request = Request(kind=RequestKind.TAKE_BACK, asked_at=recorded_at)
        return evolve(facts, requests=(*facts.requests, request))
    at = _reported_at(facts, statement, recorded_at)
    if facts.entered_at is None:
        facts = evolve(entered(facts, at, recorded_at, terms), noticed_at=recorded_at)
    if event in _ANSWERS:
        return _answered(facts, _ANSWERS[event], recorded_at, refused=event in _NO)
    if event is _E.REFUSE:
        code = statement.reason.code if statement.reason else None
        return evolve(facts, refused_at=at, refusal=code)
    if event is _E.ACCEPT:
        return _accepted(accepted(facts, at, recorded_at, terms), statement, at)
    if event is _E.REOPEN:
        return evolve(facts, completed_at=None, worked_minutes=None)
    return _worked(facts, statement, at, recorded_at, terms) if event in _WORK else facts


def _accepted(facts: DeliveryFacts, statement: Statement, at: datetime) -> DeliveryFacts:
    """An acceptance also says no to a request to take back that it crossed (D16)."""
    register = statement.register
    facts = evolve(
        facts,
        register_number=register.number if register else None,
        register_date=register.date if register else None,
    )
    return _answered(facts, RequestKind.TAKE_BACK, at, refused=True)


def _worked(
    facts: DeliveryFacts, statement: Statement, at: datetime, recorded_at: datetime, terms: Terms
) -> DeliveryFacts:
    if facts.forwarded_at is None:
        facts = evolve(facts, forwarded_at=at)
    for assignment in statement.assignments:
        if assignment.role is AssignmentRole.LEAD:
            due_at = end_of(assignment.due_date) or facts.due_at
            facts = evolve(facts, unit=assignment.unit, due_at=due_at)
    if statement.event is not _E.COMPLETE:
        return facts
    reply = str(statement.reply.number) if statement.reply else ""
    worked = worked_minutes(facts, at, recorded_at, terms)
    return evolve(facts, completed_at=at, reply=reply, worked_minutes=worked)


def _named_reply(statement: Statement, known: Known) -> tuple[DocumentFacts, ...]:
    """What a recipient names as its reply is one, whether it says so itself or not."""
    if statement.reply is None:
        return ()
    reply = known.document(*_names(statement.reply))
    return () if reply is None or reply.is_reply else (evolve(reply, is_reply=True),)


def _examined(
    record: StatementRecord, statement: Statement, known: Known
) -> tuple[DocumentFacts, ...]:
    """What the first recipient that could tell has found of the signatures in the files (M3)."""
    found = None if statement.check is None else statement.check.signatures
    if found is None or found.certificates in _UNDECIDED:
        return ()
    if Finding.UNKNOWN in {found.integrity, found.signer, found.agency}:
        return ()
    facts = known.brought_by(record.package_id)
    if facts is None or facts.signer_valid is not None:
        return ()
    sound = found.integrity is Finding.GOOD and found.certificates in _SOUND
    return (
        evolve(
            facts,
            signer_valid=sound and found.signer is Finding.GOOD,
            agency_valid=sound and found.agency is Finding.GOOD,
        ),
    )


def _reported_at(facts: DeliveryFacts, statement: Statement, recorded_at: datetime) -> datetime:
    """When it happened: as its reporter signed it, within what the axis saw.

    That is, from when the package was recorded to when the report was: no clock makes a time
    negative (T13).
    """
    earliest = facts.recorded_at or recorded_at
    return min(max(statement.created_at, earliest), recorded_at)


def _not_after(at: datetime | None, recorded_at: datetime) -> datetime:
    return recorded_at if at is None else min(at, recorded_at)
