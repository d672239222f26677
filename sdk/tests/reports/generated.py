"""Generated journals, and what really happened in them: the same seed, the same journal.

A life is written down as it is made up, before any entry is: a recount from lives knows nothing of
entries, states and projections.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from attrs import define, evolve, field, frozen

from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document
from lienthong.model.ids import OrganId, PackageId, Sha256, StatementId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.package import Manifest, PackageKind, Recipient
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry, Statement
from lienthong.model.time import vietnam_date
from lienthong.model.words import IssueForm, PaperBasis, RefusalCode, Urgency
from sdk.tests.reports.cast import (
    AXIS,
    ELSEWHERE,
    FINANCE,
    OLD_OFFICE,
    ORGANS,
    sample_document,
    sample_manifest,
)

CLOSED_ON: Final = datetime(2026, 6, 30, 17, tzinfo=UTC)
"""Midnight in Vietnam before 1 July."""

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
DAYS: Final = 270
EMPTY: Final = Sha256(b"\0" * 32)
_S = DeliveryState
_E = DeliveryEvent


@define(kw_only=True)
class Life:
    """What happened to one delivery."""

    package_id: PackageId
    sender: OrganId
    recipient: OrganId
    urgency: Urgency
    signed: datetime | None
    sent: datetime
    recorded: datetime
    due: date | None
    wants_reply: bool
    entered: datetime | None = None
    noticed: datetime | None = None
    accepted: datetime | None = None
    refused: datetime | None = None
    noted_refusal: datetime | None = None
    """When the axis recorded it."""

    reason: RefusalCode | None = None
    forwarded: datetime | None = None
    completed: datetime | None = None
    recalled: datetime | None = None
    recall_confirmed: datetime | None = None
    asked_back: datetime | None = None
    given_back: datetime | None = None
    number: int = 0
    """In the register of incoming documents."""


@define(kw_only=True)
class Issue:
    """What happened once, when a document was issued."""

    sender: OrganId
    issued: datetime
    form: IssueForm
    overridden: bool
    answers: bool


@frozen
class Entry:
    """A journal entry with what it is about."""

    recorded_at: datetime
    record: PackageRecord | StatementRecord
    content: Manifest | Statement


@define
class Generated:
    """A journal and the truth behind it."""

    lives: list[Life] = field(factory=list)
    issues: list[Issue] = field(factory=list)
    entries: list[Entry] = field(factory=list)


def generate(seed: int, packages: int) -> Generated:
    """A journal of so many packages, in the order of the journal."""
    made, chance = Generated(), random.Random(seed)
    for number in range(1, packages + 1):
        _package(made, chance, number)
    made.entries.sort(key=lambda entry: entry.recorded_at)
    _number(made)
    return made


def _number(made: Generated) -> None:
    """Give what each recipient accepted its number in the register, one after the other."""
    lives = {(life.package_id, life.recipient): life for life in made.lives}
    last: Counter[OrganId] = Counter()
    for position, entry in enumerate(made.entries):
        content = entry.content
        if isinstance(content, Statement) and content.register is not None:
            last[content.recipient] += 1
            number = last[content.recipient]
            lives[content.package_id, content.recipient].number = number
            register = evolve(content.register, number=number)
            made.entries[position] = evolve(entry, content=evolve(content, register=register))


def _package(made: Generated, chance: random.Random, number: int) -> None:
    signed = START + timedelta(seconds=chance.randrange(DAYS * 86400))
    open_then = [o for o in ORGANS if o != OLD_OFFICE or signed < CLOSED_ON - timedelta(days=30)]
    sender = chance.choice([o for o in open_then if o != ELSEWHERE])
    others = [o for o in open_then if o != sender]
    recipients = chance.sample(others, chance.choice((1, 1, 2, 3)))
    issued = signed + timedelta(minutes=chance.choice((1, 30, 300, 1200, 2000, 5000)))
    recorded = issued + timedelta(seconds=chance.randrange(1, 90))
    form, basis = chance.choice(
        (
            (IssueForm.E_ONLY, None),
            (IssueForm.E_ONLY, None),
            (IssueForm.E_AND_PAPER, PaperBasis.LIST),
            (IssueForm.E_AND_PAPER, PaperBasis.OTHER),
        )
    )
    issued_day = (signed + timedelta(hours=7)).date()
    due = issued_day + timedelta(days=chance.randrange(1, 30)) if chance.random() < 0.6 else None
    knows_signing = chance.random() < 0.9
    answered = chance.random() < 0.3
    document = sample_document(
        sender,
        number,
        issued_date=issued_day,
        urgency=chance.choice((Urgency.THUONG, Urgency.THUONG, Urgency.KHAN, Urgency.HOA_TOC)),
        due_date=due,
        reply_requested=due is not None and chance.random() < 0.5,
        issue_form=form,
        paper_basis=basis,
        signed_at=signed if knows_signing else None,
        issued_at=issued,
        response_for=[sample_document(ELSEWHERE, 1).reference] if answered else [],
    )
    package = PackageId.new(recorded, chance.randbytes(10))
    manifest = sample_manifest(package, sender, recipients, document, created_at=issued)
    made.entries.append(Entry(recorded, package_record(manifest, _S.SENT), manifest))
    made.issues.append(
        Issue(
            sender=sender,
            issued=issued,
            form=form,
            overridden=basis is PaperBasis.OTHER,
            answers=answered,
        )
    )
    _deliver(made, chance, manifest, recorded)
    if not number % 10:
        _send_again(made, random.Random(number), manifest, recorded)


def _send_again(made: Generated, chance: random.Random, first: Manifest, at: datetime) -> None:
    """The same document to one more organisation, or once more: nothing is issued."""
    recorded = at + timedelta(days=chance.randrange(1, 9))
    recipient = chance.choice([o for o in ORGANS if o not in {first.sender, OLD_OFFICE}])
    manifest = evolve(
        first,
        package_id=PackageId.new(recorded, chance.randbytes(10)),
        recipients=[Recipient(organ_id=recipient)],
    )
    made.entries.append(Entry(recorded, package_record(manifest, _S.SENT), manifest))
    _deliver(made, chance, manifest, recorded)


def _deliver(
    made: Generated, chance: random.Random, manifest: Manifest, recorded: datetime
) -> None:
    document = manifest.document
    assert document.issued_at is not None
    for recipient in manifest.recipients:
        life = Life(
            package_id=manifest.package_id,
            sender=manifest.sender,
            recipient=recipient.organ_id,
            urgency=document.urgency,
            signed=document.signed_at,
            sent=document.issued_at,
            recorded=recorded,
            due=document.due_date,
            wants_reply=document.reply_requested,
        )
        made.lives.append(life)
        made.entries.extend(_live(life, chance, document))


def _live(life: Life, chance: random.Random, document: Document) -> Iterator[Entry]:
    """Reports of the recipient, and what the sender asks for, one after the other."""
    now, state = life.recorded, _S.SENT
    way = chance.choice(("ignored", "arrived", "refused", *["worked"] * 7))
    if way == "ignored":
        return

    def say(event: DeliveryEvent, target: DeliveryState, **fields: Any) -> tuple[datetime, Entry]:
        nonlocal now, state
        at = now + timedelta(seconds=chance.choice((5, 600, 9000, 40000, 100000, 300000)))
        now = at + timedelta(seconds=chance.randrange(1, 120))
        entry = statement_entry(life, event, state, target, at, now, chance, **fields)
        state = target
        return at, entry

    if way == "arrived" or chance.random() < 0.7:
        life.entered, entry = say(_E.ARRIVE, _S.ARRIVED)
        life.noticed = now
        yield entry
    if way == "arrived":
        if chance.random() < 0.3:
            yield from _take_back(life, chance, now)
        return
    if way == "refused":
        life.reason = chance.choice(list(RefusalCode))
        life.refused, entry = say(
            _E.REFUSE, _S.REFUSED, reason=Reason(code=life.reason, text="không nhận")
        )
        life.noted_refusal = now
        _answered(life, life.refused, now)
        yield entry
        return
    life.accepted, entry = say(_E.ACCEPT, _S.ACCEPTED, **acceptance(1, now))
    _answered(life, life.accepted, now)
    yield entry
    for event, target, fields in (
        (_E.FORWARD, _S.FORWARDED, {"assignments": [Assignment(unit="Phòng Tổng hợp")]}),
        (_E.START, _S.IN_PROGRESS, {}),
        (_E.COMPLETE, _S.COMPLETED, _completion(document)),
    ):
        if chance.random() < 0.12:
            break
        at, entry = say(event, target, **fields)
        life.forwarded = life.forwarded or at
        life.completed = at if event is _E.COMPLETE else None
        yield entry
    if chance.random() < 0.15:
        yield from _recall(life, chance, document, now, state)


def _answered(life: Life, at: datetime, noted: datetime) -> None:
    """Whoever answers without having reported the arrival reports it by this."""
    if life.entered is None:
        life.entered, life.noticed = at, noted


def _completion(document: Document) -> dict[str, Any]:
    return {"reply": sample_document(FINANCE, 7).reference} if document.reply_requested else {}


def _take_back(life: Life, chance: random.Random, now: datetime) -> Iterator[Entry]:
    at = now + timedelta(seconds=chance.randrange(60, 90000))
    life.asked_back = at
    yield statement_entry(
        life,
        _E.REQUEST_TAKE_BACK,
        _S.ARRIVED,
        _S.TAKE_BACK_PENDING,
        at,
        at,
        chance,
        reporter=life.sender,
        reason=Reason(text="gửi nhầm"),
    )
    if chance.random() < 0.5:
        life.given_back = at + timedelta(hours=2)
        yield statement_entry(
            life,
            _E.AGREE_TAKE_BACK,
            _S.TAKE_BACK_PENDING,
            _S.TAKEN_BACK,
            life.given_back,
            life.given_back,
            chance,
        )


def _recall(
    life: Life, chance: random.Random, document: Document, now: datetime, state: DeliveryState
) -> Iterator[Entry]:
    life.recalled = now + timedelta(seconds=chance.randrange(60, 90000))
    manifest = sample_manifest(
        PackageId.new(life.recalled, chance.randbytes(10)),
        life.sender,
        [life.recipient],
        document,
        created_at=life.recalled,
        kind=PackageKind.RECALL,
        files=[],
        target=life.package_id,
        reason="ban hành nhầm",
    )
    yield Entry(life.recalled, package_record(manifest, None), manifest)
    if chance.random() < 0.6:
        life.recall_confirmed = life.recalled + timedelta(minutes=chance.randrange(5, 5000))
        yield statement_entry(
            life,
            _E.CONFIRM_RECALL,
            _S.RECALL_PENDING,
            _S.RECALLED,
            life.recall_confirmed,
            life.recall_confirmed,
            chance,
        )


def package_record(manifest: Manifest, begun: DeliveryState | None) -> PackageRecord:
    recipients = [recipient.organ_id for recipient in manifest.recipients]
    effects = [
        Effect(package_id=manifest.package_id, recipient=organ, to_state=begun)
        for organ in recipients
        if begun is not None
    ]
    return PackageRecord(
        package_id=manifest.package_id,
        kind=manifest.kind,
        sender=manifest.sender,
        recipients=recipients,
        payload_sha256=EMPTY,
        envelope_sha256=EMPTY,
        target=manifest.target,
        effects=effects,
    )


def acceptance(number: int, at: datetime) -> dict[str, Any]:
    check = CheckSummary(complete=True, intact=True, authentic=True, checked_at=at)
    return {"register": RegisterEntry(number=number, date=vietnam_date(at)), "check": check}


def statement_entry(
    life: Life,
    event: DeliveryEvent,
    source: DeliveryState,
    target: DeliveryState | None,
    at: datetime,
    recorded_at: datetime,
    chance: random.Random,
    **fields: Any,
) -> Entry:
    """The entry of one report; without a target state it is late, and has no effect."""
    values: dict[str, Any] = {
        "statement_id": StatementId.new(at, chance.randbytes(10)),
        "audience": AXIS,
        "package_id": life.package_id,
        "recipient": life.recipient,
        "reporter": life.recipient,
        "event": event,
        "created_at": at,
    }
    statement = Statement(**(values | fields))
    effects = []
    if target is not None:
        effect = Effect(
            package_id=life.package_id,
            recipient=life.recipient,
            from_state=source,
            to_state=target,
        )
        effects.append(effect)
    record = StatementRecord(
        statement_id=statement.statement_id,
        package_id=life.package_id,
        recipient=life.recipient,
        reporter=statement.reporter,
        event=event,
        payload_sha256=EMPTY,
        envelope_sha256=EMPTY,
        effects=effects,
    )
    return Entry(recorded_at, record, statement)
