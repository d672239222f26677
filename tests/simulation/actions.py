"""What clients do, honestly and otherwise, from a step's own randomness."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong.client.compose import Parts
from lienthong.client.files import PreparedFile
from lienthong.errors import LienthongError
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document, DocumentReference, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, Sha256
from lienthong.model.kinds import DocumentKind
from lienthong.model.package import FileEntry, Manifest, PackageKind
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry, Statement
from lienthong.model.signing import Envelope
from lienthong.model.words import FileRole
from tests.simulation.client import Item, SimClient

DAY: Final = date(2026, 3, 2)
REPORTED: Final = tuple(event for event in DeliveryEvent if event.reported)
WAY: Final = {
    DeliveryState.SENT: (DeliveryEvent.ARRIVE, DeliveryEvent.ACCEPT),
    DeliveryState.ARRIVED: (DeliveryEvent.ACCEPT,),
    DeliveryState.ACCEPTED: (DeliveryEvent.FORWARD,),
    DeliveryState.FORWARDED: (DeliveryEvent.START,),
    DeliveryState.IN_PROGRESS: (DeliveryEvent.COMPLETE,),
    DeliveryState.TAKE_BACK_PENDING: (DeliveryEvent.AGREE_TAKE_BACK,),
    DeliveryState.RECALL_PENDING: (DeliveryEvent.CONFIRM_RECALL,),
    DeliveryState.UPDATE_PENDING: (DeliveryEvent.APPLY_UPDATE,),
}
"""What an ordinary recipient says next; anything else is said too."""

ORDINARY: Final = 0.8
OWN: Final = 0.2
"""Share of reports that are about what one has sent oneself."""

UPLOADED: Final = 0.2


@frozen(kw_only=True)
class Seen:
    """A package that somebody has, as its sender or from its feed."""

    manifest: Manifest
    envelope: Envelope
    contents: tuple[bytes, ...] = ()


@define(eq=False)
class Desk:
    """A client's own records: what it sent and what it received."""

    client: SimClient
    sent: list[Seen] = field(factory=list)
    received: list[Seen] = field(factory=list)
    register: int = 0


def document(code: str, number: int) -> Document:
    return Document(
        issuer_code=OrganId(code),
        issuer_name="Cơ quan gửi",
        number=DocumentNumber(f"{number:02d}", "2026/QĐ-UBND"),
        issued_date=DAY,
        kind=DocumentKind.QUYET_DINH,
        subject=f"Văn bản số {number}",
        signer=DocumentSigner(full_name="Chủ tịch", position="Chủ tịch"),
    )


def send(desk: Desk, others: Sequence[str], chance: random.Random) -> Item:
    """A new document to one or more of the others."""
    to = chance.sample(others, chance.randint(1, min(2, len(others))))
    return _package(desk, PackageKind.NEW, to, chance)


def follow_up(desk: Desk, chance: random.Random) -> Item | None:
    """Recall, update or replace something that was sent, whatever has become of it."""
    targets = [one for one in desk.sent if one.manifest.target is None]
    if not targets:
        return None
    target = chance.choice(targets).manifest
    to = [str(one.organ_id) for one in target.recipients]
    kind = chance.choice((PackageKind.RECALL, PackageKind.UPDATE, PackageKind.REPLACE))
    return _package(desk, kind, chance.sample(to, chance.randint(1, len(to))), chance, target)


def _package(
    desk: Desk,
    kind: PackageKind,
    to: Sequence[str],
    chance: random.Random,
    target: Manifest | None = None,
) -> Item:
    role = FileRole.ATTACHMENT if kind is PackageKind.UPDATE else FileRole.MAIN
    contents = () if kind is PackageKind.RECALL else (chance.randbytes(chance.randint(8, 60)),)
    manifest = desk.client.composer.manifest(
        kind,
        document(desk.client.code, chance.randint(1, 999)),
        [_prepared(content, role) for content in contents],
        to,
        target=target.package_id if target else None,
        reason="" if kind is PackageKind.NEW else "ban hành nhầm",
    )
    item = desk.client.package(manifest, contents, uploads=chance.random() < UPLOADED)
    desk.sent.append(Seen(manifest=manifest, envelope=item.envelope, contents=contents))
    return item


def _prepared(content: bytes, role: FileRole) -> PreparedFile:
    entry = FileEntry(
        name="van-ban.pdf",
        media_type="application/pdf",
        size=len(content),
        sha256=Sha256(hashlib.sha256(content).digest()),
        role=role,
    )
    return PreparedFile(entry=entry, content=content)


def report(desk: Desk, chance: random.Random) -> Item | None:
    """A report about a package that was received or sent; often one that is not allowed."""
    mine = [*desk.sent, *desk.received]
    if chance.random() < OWN:
        mine = desk.sent
    if not mine:
        return None
    # What came last is worked on most.
    package = mine[-1 - min(int(chance.expovariate(0.5)), len(mine) - 1)].manifest
    own = package.sender == desk.client.composer._organ
    recipient = chance.choice(package.recipients).organ_id if own else OrganId(desk.client.code)
    state = desk.client.states.get((package.package_id, recipient), DeliveryState.SENT)
    ordinary = not own and chance.random() < ORDINARY
    usual = WAY.get(state, REPORTED) if ordinary else REPORTED
    return _statement(desk, package.package_id, recipient, chance.choice(usual), chance)


def _statement(
    desk: Desk,
    package: PackageId,
    recipient: OrganId,
    event: DeliveryEvent,
    chance: random.Random,
    *,
    honest: bool = True,
) -> Item | None:
    desk.register += 1
    composer = desk.client.composer
    me = OrganId(desk.client.code)
    try:
        statement: Statement = composer.statement(
            event, package, recipient, me, _parts(event, desk, chance)
        )
    except LienthongError:
        return None
    return desk.client.report(statement, honest)


def _parts(event: DeliveryEvent, desk: Desk, chance: random.Random) -> Parts:
    """What an event demands; now and then what it does not."""
    reason = Reason(text="lý do") if event in _REASONED else None
    if event is DeliveryEvent.ACCEPT:
        return Parts(
            register=RegisterEntry(number=desk.register, date=DAY),
            check=CheckSummary(
                complete=True,
                intact=chance.random() < 0.95,
                authentic=True,
                checked_at=desk.client.time(),
            ),
        )
    if event is DeliveryEvent.FORWARD:
        return Parts(assignments=(Assignment(unit="Phòng CNTT"),))
    if event is DeliveryEvent.COMPLETE:
        return Parts(information_only=chance.random() < 0.5, reply=_reply(desk, chance))
    return Parts(reason=reason)


def _reply(desk: Desk, chance: random.Random) -> DocumentReference | None:
    if chance.random() < 0.5:
        return None
    code = OrganId(desk.client.code)
    number = DocumentNumber("07", "2026/CV")
    return DocumentReference(organ_id=code, number=number, issued_date=DAY)


_REASONED: Final = frozenset(
    {
        DeliveryEvent.REFUSE,
        DeliveryEvent.REQUEST_TAKE_BACK,
        DeliveryEvent.REFUSE_TAKE_BACK,
        DeliveryEvent.REJECT_RECALL,
        DeliveryEvent.REFUSE_UPDATE,
        DeliveryEvent.REOPEN,
    }
)


def attack(desk: Desk, others: Sequence[str], chance: random.Random) -> Item | None:
    """Something that is to be refused, whoever asks."""
    return chance.choice((_forge, _replay, _reuse, _take_id, _meddle))(desk, others, chance)


def _forge(desk: Desk, others: Sequence[str], chance: random.Random) -> Item:
    """A package in the name of somebody else, signed with one's own key."""
    content = chance.randbytes(20)
    manifest = desk.client.composer.manifest(
        PackageKind.NEW,
        document(desk.client.code, 1),
        [_prepared(content, FileRole.MAIN)],
        [desk.client.code],
        sender=chance.choice(others),
    )
    return desk.client.package(manifest, (content,), uploads=False, honest=False)


def _replay(desk: Desk, others: Sequence[str], chance: random.Random) -> Item | None:
    """Somebody else's package, as it came, handed over by its recipient."""
    if not desk.received:
        return None
    seen = chance.choice(desk.received)
    return desk.client.signed_package(seen.manifest, seen.envelope, seen.contents, honest=False)


def _reuse(desk: Desk, others: Sequence[str], chance: random.Random) -> Item | None:
    """Other content under an identifier of one's own that was used."""
    done = [one for one in desk.sent if str(one.manifest.package_id) not in desk.client.outbox]
    if not done:
        return None
    seen = chance.choice(done)
    number = document(desk.client.code, 1000 + chance.randint(1, 999))
    manifest = evolve(seen.manifest, document=number)
    return desk.client.package(manifest, seen.contents, uploads=False)


def _take_id(desk: Desk, others: Sequence[str], chance: random.Random) -> Item | None:
    """One's own content under an identifier of somebody else."""
    if not desk.received:
        return None
    content = chance.randbytes(20)
    seen = chance.choice(desk.received)
    manifest = desk.client.composer.manifest(
        PackageKind.NEW,
        document(desk.client.code, 1),
        [_prepared(content, FileRole.MAIN)],
        [chance.choice(others)],
        package_id=seen.manifest.package_id,
    )
    return desk.client.package(manifest, (content,), uploads=False, honest=False)


def _meddle(desk: Desk, others: Sequence[str], chance: random.Random) -> Item | None:
    """A report about somebody else's delivery."""
    if not desk.received:
        return None
    seen = chance.choice(desk.received).manifest
    strangers = [
        code for code in others if code not in {str(one.organ_id) for one in seen.recipients}
    ]
    if not strangers:
        return None
    recipient = OrganId(chance.choice(strangers))
    event = chance.choice((DeliveryEvent.ARRIVE, DeliveryEvent.START))
    return _statement(desk, seen.package_id, recipient, event, chance, honest=False)


def skews() -> tuple[timedelta, ...]:
    """How wrong clients' clocks are; the last ones are refused."""
    minutes = (0, 0, 1, -3, 4, -60, 6, 24 * 60, -24 * 60 * 8)
    return tuple(timedelta(minutes=minute) for minute in minutes)
