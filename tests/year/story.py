"""What happens in the year: made up before anything is played, and written down as lives.

The same seed gives the same story. Lives know nothing of entries, states and rules; a recount and
an oracle work from them alone.
"""

from __future__ import annotations

import enum
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong.model.document import Document, DocumentReference, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.kinds import DocumentKind
from lienthong.model.time import vietnam_date
from lienthong.model.words import IssueForm, PaperBasis, RefusalCode, Urgency
from sdk.tests.reports.generated import Generated, Issue, Life
from tests.year.province import HEIRS, MERGED_AT, NEIGHBOURS, ORGANS, name_of

FIRST: Final = datetime(2026, 1, 4, 17, tzinfo=UTC)
"""Midnight in Vietnam before the first Monday."""

LAST: Final = datetime(2026, 12, 24, 17, tzinfo=UTC)
"""What is due after it still lies in the calendar."""

DAYS: Final = 340
"""In which documents are signed."""

GRACE: Final = timedelta(days=90)
SWAPPED_EVE: Final = datetime(2026, 8, 21, 2, tzinfo=UTC)
"""Friday morning before a Saturday on which people work."""

_MINUTE: Final = timedelta(minutes=1)


class Deed(enum.Enum):
    """What somebody does."""

    SEND = "SEND"
    ARRIVE = "ARRIVE"
    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"
    FORWARD = "FORWARD"
    START = "START"
    COMPLETE = "COMPLETE"
    ASK_BACK = "ASK_BACK"
    GIVE_BACK = "GIVE_BACK"
    RECALL = "RECALL"
    CONFIRM_RECALL = "CONFIRM_RECALL"


@frozen(kw_only=True)
class Act:
    """One deed at one instant; all deeds of an instant are done at once, by different people."""

    at: datetime
    deed: Deed
    by: OrganId
    package_id: PackageId
    recipient: OrganId
    """Whose delivery; for SEND the first recipient."""

    document: Document
    addressed: tuple[OrganId, ...] = ()
    """For SEND: whom the document names."""

    other_id: PackageId | None = None
    """For RECALL: the package of the notice."""

    number: int = 0
    """For ACCEPT: in the register."""

    reason: RefusalCode = RefusalCode.OTHER


@define
class Story:
    """The acts of a year in their order, and the truth about them."""

    truth: Generated = field(factory=Generated)
    acts: list[Act] = field(factory=list)

    @property
    def instants(self) -> list[datetime]:
        """When anything happens, in order."""
        return sorted({act.at for act in self.acts})


@define
class _Teller:
    chance: random.Random
    step: timedelta
    """Things happen at whole steps only, so that many may happen at once."""

    story: Story = field(factory=Story)

    def round(self, at: datetime) -> datetime:
        """The next whole step."""
        return at + (FIRST - at) % self.step

    def id_at(self, at: datetime) -> PackageId:
        return PackageId.new(at, self.chance.randbytes(10))


def tell(seed: int, packages: int, step: timedelta = _MINUTE) -> Story:
    """A year of so many packages."""
    teller = _Teller(random.Random(seed), step)
    for number in range(1, packages + 1):
        _package(teller, number)
    # Whatever chance brings: something left the province, and something lay over a swapped day.
    _package(teller, packages + 1, to=NEIGHBOURS[0], way="worked")
    _package(teller, packages + 2, issued=SWAPPED_EVE, way="worked")
    story = teller.story
    story.acts.sort(key=lambda act: act.at)
    _enter_registers(story)
    return story


def acting_for(organ: OrganId, at: datetime) -> OrganId:
    """Who speaks for an organisation: after July its heir."""
    return HEIRS.get(organ, organ) if at >= MERGED_AT else organ


def _enter_registers(story: Story) -> None:
    """Numbers follow each other without a gap in the register of each recipient."""
    lives = {(life.package_id, life.recipient): life for life in story.truth.lives}
    last: Counter[OrganId] = Counter()
    for position, act in enumerate(story.acts):
        if act.deed is Deed.ACCEPT:
            last[act.by] += 1
            story.acts[position] = evolve(act, number=last[act.by])
            lives[act.package_id, act.recipient].number = last[act.by]


def _package(
    teller: _Teller,
    number: int,
    *,
    issued: datetime | None = None,
    to: OrganId | None = None,
    way: str = "",
) -> None:
    """A document and what becomes of it; what is not given chance decides."""
    chance = teller.chance
    signed = FIRST + timedelta(seconds=chance.randrange(DAYS * 86_400))
    pause = chance.choice((1, 30, 300, 1200, 2000, 5000)) * _MINUTE
    if issued is None:
        issued = teller.round(signed + pause)
    else:
        signed = issued - pause
    senders = [o for o in ORGANS if o not in NEIGHBOURS and _is_open(o, issued)]
    sender = chance.choice(senders)
    addressed = chance.sample(_addressees(sender, issued), chance.choice((1, 1, 2, 3)))
    addressed = addressed if to is None else [to]
    form, basis = chance.choice(
        (
            (IssueForm.E_ONLY, None),
            (IssueForm.E_ONLY, None),
            (IssueForm.E_AND_PAPER, PaperBasis.LIST),
            (IssueForm.E_AND_PAPER, PaperBasis.OTHER),
        )
    )
    document = _document(chance, sender, number, signed, issued, form, basis)
    teller.story.truth.issues.append(
        Issue(
            sender=sender,
            issued=issued,
            form=form,
            overridden=basis is PaperBasis.OTHER,
            answers=bool(document.response_for),
        )
    )
    _send(teller, document, issued, addressed, way)


def _send(
    teller: _Teller, document: Document, at: datetime, addressed: Sequence[OrganId], way: str
) -> None:
    """Send a document, and let its deliveries live."""
    package_id = teller.id_at(at)
    recipients = [acting_for(organ, at) for organ in addressed]
    teller.story.acts.append(
        Act(
            at=at,
            deed=Deed.SEND,
            by=document.issuer_code,
            package_id=package_id,
            recipient=recipients[0],
            document=document,
            addressed=tuple(addressed),
        )
    )
    for recipient in recipients:
        life = Life(
            package_id=package_id,
            sender=document.issuer_code,
            recipient=recipient,
            urgency=document.urgency,
            signed=document.signed_at,
            sent=at,
            recorded=at,
            due=document.due_date,
            wants_reply=document.reply_requested,
        )
        teller.story.truth.lives.append(life)
        delivery = _Delivery(teller, life, document, life.recorded)
        teller.story.acts.extend(delivery.lived(way))


def _is_open(organ: OrganId, at: datetime) -> bool:
    return organ not in HEIRS or at < MERGED_AT


def _addressees(sender: OrganId, at: datetime) -> list[OrganId]:
    """Also closed ones while their codes still lead to their heirs, and then no heir beside."""
    if not MERGED_AT <= at < MERGED_AT + GRACE:
        return [o for o in ORGANS if o != sender and _is_open(o, at)]
    heirs = {HEIRS[source]: source for source in HEIRS}
    former = {source for heir, source in heirs.items() if heir != sender}
    replaced = {HEIRS[source] for source in former}
    return [
        o
        for o in ORGANS
        if o != sender and (o in former or (_is_open(o, at) and o not in replaced))
    ]


def _document(
    chance: random.Random,
    sender: OrganId,
    number: int,
    signed: datetime,
    issued: datetime,
    form: IssueForm,
    basis: PaperBasis | None,
) -> Document:
    day = vietnam_date(signed)
    urgency = chance.choice((Urgency.THUONG, Urgency.THUONG, Urgency.KHAN, Urgency.HOA_TOC))
    # The recount knows no time to settle of its own: what is urgent names its day.
    has_day = chance.random() < 0.6 or urgency is not Urgency.THUONG
    due = day + timedelta(days=chance.randrange(1, 30)) if has_day else None
    knows_signing, answers = chance.random() < 0.9, chance.random() < 0.3
    return Document(
        issuer_code=sender,
        issuer_name=name_of(sender),
        number=DocumentNumber(f"{number:02}", "CV-VP"),
        issued_date=day,
        kind=DocumentKind.CONG_VAN,
        subject=f"Về việc số {number} của năm",
        signer=DocumentSigner(full_name="Chánh Văn phòng", position="TL. Chủ tịch"),
        urgency=urgency,
        due_date=due,
        reply_requested=due is not None and chance.random() < 0.5,
        issue_form=form,
        paper_basis=basis,
        signed_at=signed if knows_signing else None,
        issued_at=issued,
        response_for=[reference_to(number)] if answers else [],
    )


def reference_to(number: int) -> DocumentReference:
    """Another document, of somebody else's."""
    return DocumentReference(
        organ_id=NEIGHBOURS[0],
        number=DocumentNumber(f"{number:02}", "UBND-VP"),
        issued_date=date(2026, 1, 2),
    )


_WAYS: Final = ("ignored", "arrived", "refused", *["worked"] * 7)


@define
class _Delivery:
    """What the recipient does, and what the sender asks for, one after the other."""

    teller: _Teller
    life: Life
    document: Document
    now: datetime

    def lived(self, way: str) -> Iterator[Act]:
        """All of it, in one of the ways that a delivery may go; any when none is named."""
        life = self.life
        way = way or self.teller.chance.choice(_WAYS)
        if way == "ignored":
            return
        if way != "arrived" and self.teller.chance.random() < 0.3:
            yield from self.answered(way)
            return
        for act in self.act(Deed.ARRIVE):
            life.entered = life.noticed = self.now
            yield act
            if way == "arrived":
                yield from self.asked_back()
            else:
                yield from self.answered(way)

    def act(self, deed: Deed, by: OrganId | None = None, after: float = 0) -> Iterator[Act]:
        """The next deed, after a while; none when the year is over before."""
        pause = after or self.teller.chance.choice((5, 600, 9000, 40_000, 100_000, 300_000))
        self.now = self.teller.round(self.now + timedelta(seconds=pause))
        if self.now <= LAST:
            yield Act(
                at=self.now,
                deed=deed,
                by=acting_for(by or self.life.recipient, self.now),
                package_id=self.life.package_id,
                recipient=self.life.recipient,
                document=self.document,
            )

    def asked_back(self) -> Iterator[Act]:
        if self.teller.chance.random() < 0.7:
            return
        for act in self.act(Deed.ASK_BACK, self.life.sender):
            self.life.asked_back = self.now
            yield act
            if self.teller.chance.random() < 0.5:
                for answer in self.act(Deed.GIVE_BACK, after=7200):
                    self.life.given_back = self.now
                    yield answer

    def answered(self, way: str) -> Iterator[Act]:
        """Whoever answers without having reported the arrival reports it by this."""
        for act in self.refused() if way == "refused" else self.worked():
            self.life.entered = self.life.entered or act.at
            self.life.noticed = self.life.noticed or act.at
            yield act

    def refused(self) -> Iterator[Act]:
        for act in self.act(Deed.REFUSE):
            self.life.reason = self.teller.chance.choice(list(RefusalCode))
            self.life.refused = self.life.noted_refusal = self.now
            yield evolve(act, reason=self.life.reason)

    def worked(self) -> Iterator[Act]:
        for act in self.act(Deed.ACCEPT):
            self.life.accepted = self.now
            yield act
            yield from self.handled()
            if self.teller.chance.random() < 0.15:
                yield from self.recalled()

    def handled(self) -> Iterator[Act]:
        for deed in (Deed.FORWARD, Deed.START, Deed.COMPLETE):
            if self.teller.chance.random() < 0.12:
                return
            for act in self.act(deed):
                self.life.forwarded = self.life.forwarded or self.now
                self.life.completed = self.now if deed is Deed.COMPLETE else None
                yield act

    def recalled(self) -> Iterator[Act]:
        for act in self.act(Deed.RECALL, self.life.sender):
            self.life.recalled = self.now
            yield evolve(act, other_id=self.teller.id_at(self.now))
            if self.teller.chance.random() < 0.6:
                for answer in self.act(Deed.CONFIRM_RECALL):
                    self.life.recall_confirmed = self.now
                    yield answer
