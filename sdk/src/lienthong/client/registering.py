"""What a client writes into its organisation's registers, where it was given a book."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from typing import Final

from attrs import evolve, frozen

from lienthong.client.clock import Clock
from lienthong.client.compose import Parts
from lienthong.errors import (
    ConflictingReport,
    GuardFailed,
    InvalidMove,
    LienthongError,
    LineClosed,
    MissingField,
    NotFound,
    NumberTaken,
    RegisterSealed,
)
from lienthong.flow.delivery import BY_RECIPIENT
from lienthong.model.delivery import Delivery, DeliveryEvent, DeliveryState
from lienthong.model.document import Document
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import FeedItem, StatementRecord
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import RegisterEntry
from lienthong.model.time import vietnam_date
from lienthong.registers import Entry, Line, LineState, Register, RegisterBook
from lienthong.registers.lines import entry_of

NOT_ACCEPTED: Final[tuple[type[LienthongError], ...]] = (
    ConflictingReport,
    GuardFailed,
    InvalidMove,
    NotFound,
    NumberTaken,
    RegisterSealed,
)
"""With these the axis says that an acceptance did not take place; with others it may have."""

MAX_UNITS: Final = 2000
"""Characters that a register keeps of the units of a document."""

_ISSUED: Final = frozenset({PackageKind.NEW, PackageKind.REPLACE})
_PROGRESS: Final = {
    DeliveryEvent.FORWARD: DeliveryState.FORWARDED,
    DeliveryEvent.START: DeliveryState.IN_PROGRESS,
    DeliveryEvent.COMPLETE: DeliveryState.COMPLETED,
    DeliveryEvent.REOPEN: DeliveryState.IN_PROGRESS,
}
_ORDER: Final = (
    DeliveryState.ACCEPTED,
    DeliveryState.FORWARDED,
    DeliveryState.IN_PROGRESS,
    DeliveryState.COMPLETED,
)


class RegisterWarning(UserWarning):
    """Something was done at the axis, and the book could not be told."""


@frozen(kw_only=True)
class Entered:
    """What stands in the register of a document that is about to be sent."""

    line: Line | None = None
    fresh: bool = False
    """It was entered for this sending, and for none before."""


class RegisterKeeper:
    """Enters what a client does into the book; does nothing without one."""

    def __init__(self, book: RegisterBook | None, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    @property
    def keeps(self) -> bool:
        """Whether there is a book."""
        return self._book is not None

    async def entering(self, manifest: Manifest) -> Entered:
        """The line of a document that is about to be sent; only what the sender itself issued."""
        book, document = self._book, manifest.document
        if book is None or manifest.kind not in _ISSUED or document.issuer_code != manifest.sender:
            return Entered()
        line, fresh = await asyncio.to_thread(book.begin_sending, document, on=self._clock())
        return Entered(line=line, fresh=fresh)

    async def refused(self, entered: Entered) -> None:
        """The axis has certainly not got the document: its number is reserved for it again."""
        if self._book is not None and entered.line is not None and entered.fresh:
            with suppress(LienthongError):
                await asyncio.to_thread(self._book.not_sent, entered.line)

    async def sent(self, entered: Entered, manifest: Manifest) -> None:
        """Write when the document went out, and to whom."""
        if self._book is None:
            return
        names = [one.organ_name or str(one.organ_id) for one in manifest.recipients]
        with _done_anyway(manifest.document):
            if entered.line is not None:
                # Another sending of it may have been refused meanwhile.
                await asyncio.to_thread(self._book.use, entered.line, on=self._clock())
            await self._amend(entered.line, partial(_sent, names=names, today=self._today()))

    async def sent_before(self, manifest: Manifest) -> None:
        """As ``entering`` and ``sent``, for what the axis has had since an earlier run."""
        with _done_anyway(manifest.document), suppress(LineClosed, NumberTaken):
            await self.sent(await self.entering(manifest), manifest)

    async def sent_recall(self, document: Document, reason: str, *, whole: bool) -> None:
        """Mark a document that was recalled, from everybody or only from some."""
        note = f"Thu hồi ngày {self._today():%d/%m/%Y}: {reason}"
        with _done_anyway(document):
            line = await self._line_of(document)
            if not whole:
                await self._amend(line, lambda entry: entry.noted(f"{note} (một số nơi nhận)"))
            elif self._book is not None and line is not None and line.state is LineState.USED:
                await asyncio.to_thread(self._book.recall, line, note)

    async def sent_replacement(self, old: Document, new: Document) -> None:
        """Mark a document in whose place another was sent; its number stays used."""
        note = _replaced_by(new)
        with _done_anyway(old):
            await self._amend(await self._line_of(old), lambda entry: entry.noted(note))

    async def sent_update(self, old: Document, new: Document) -> None:
        """Write what a document says now that its data were changed."""
        with _done_anyway(old):
            line = await self._line_of(old)
            if line is not None and line.entry.is_of(old):
                await self._amend(line, partial(_updated, new=new))

    async def arrival(self, package_id: PackageId, recipient: OrganId) -> Line | None:
        """The line of a delivery, if it has one."""
        if self._book is None:
            return None
        key = _key(package_id, recipient)
        return await asyncio.to_thread(self._book.find, Register.INCOMING, key, recipient)

    async def arriving(
        self,
        manifest: Manifest,
        recipient: OrganId,
        *,
        day: date | None,
        number: int | None,
    ) -> Line:
        """The line of a document that is about to be accepted, with its number.

        One that was reserved before the register was sealed, and that the axis has not got, is
        given up for one of the successor's.
        """
        assert self._book is not None  # noqa: S101 - asked only where there is one
        take = partial(
            self._book.take_arrival,
            _key(manifest.package_id, recipient),
            organ=recipient,
            document=manifest.document,
            on=self._clock(),
            day=day,
            number=number,
        )
        try:
            return await asyncio.to_thread(take)
        except RegisterSealed:
            line = await self.arrival(manifest.package_id, recipient)
            if line is None or line.state is not LineState.RESERVED:
                raise
            await asyncio.to_thread(self._book.cancel, line, "Sổ đã khóa trước khi tiếp nhận")
            return await asyncio.to_thread(take)

    async def settled(self, manifest: Manifest, recipient: OrganId, entry: RegisterEntry) -> None:
        """Enter an acceptance that the axis has already, whoever has reported it."""
        assert self._book is not None  # noqa: S101 - asked only where there is one
        with _done_anyway(manifest.document):
            line = await asyncio.to_thread(
                self._book.settle_arrival,
                _key(manifest.package_id, recipient),
                organ=recipient,
                document=manifest.document,
                entry=entry,
            )
            await self._progress(line, manifest, recipient)

    async def accepted(self, line: Line, manifest: Manifest, recipient: OrganId) -> None:
        """The axis has recorded the acceptance."""
        assert self._book is not None  # noqa: S101 - it gave the line
        await asyncio.to_thread(self._book.use, line, on=self._clock())
        await self._progress(line, manifest, recipient)

    async def _progress(self, line: Line, manifest: Manifest, recipient: OrganId) -> None:
        """Write that a document was accepted, and on the line of one that it replaces."""
        await self._amend(line, partial(_moved_on, state=DeliveryState.ACCEPTED))
        if manifest.kind is PackageKind.REPLACE and manifest.target is not None:
            note = _replaced_by(manifest.document)
            await self._amend(
                await self.arrival(manifest.target, recipient), lambda entry: entry.noted(note)
            )

    async def not_accepted(
        self, line: Line, recorded: RegisterEntry | None, error: LienthongError
    ) -> None:
        """The axis has refused the acceptance: the number is cancelled, unless it stands there."""
        assert self._book is not None  # noqa: S101 - it gave the line
        if line.state is not LineState.RESERVED:
            return
        if register_entry(line.number, line.day) == recorded:
            await asyncio.to_thread(self._book.use, line, on=self._clock())
        else:
            await asyncio.to_thread(self._book.cancel, line, f"Không tiếp nhận: {error.code}")

    async def reported(
        self, event: DeliveryEvent, package_id: PackageId, recipient: OrganId, parts: Parts
    ) -> None:
        """Write what became of an accepted document."""
        if self._book is None:
            return
        if event is DeliveryEvent.CONFIRM_RECALL:
            line = await self.arrival(package_id, recipient)
            if line is not None and line.state is LineState.USED:
                note = f"Đã hủy bỏ theo thông báo thu hồi ngày {self._today():%d/%m/%Y}"
                await asyncio.to_thread(self._book.recall, line, note)
        elif event is DeliveryEvent.REFUSE:
            line = await self.arrival(package_id, recipient)
            if line is not None and line.state is LineState.RESERVED:
                await asyncio.to_thread(self._book.cancel, line, "Không tiếp nhận: đã từ chối")
        elif event in _PROGRESS:
            line = await self.arrival(package_id, recipient)
            await self._amend(
                line, partial(_progressed, event=event, parts=parts, today=self._today())
            )

    async def recalled(
        self, document: Document, delivery: Delivery, history: Iterable[FeedItem]
    ) -> None:
        """Enter what was recalled before acceptance; it has no number (regulations §13b D20)."""
        assert self._book is not None  # noqa: S101 - asked only where there is one
        day = recalled_untaken(delivery, history)
        if day is None:
            return
        with _done_anyway(document):
            await asyncio.to_thread(
                self._book.note_unregistered,
                _key(delivery.package_id, delivery.recipient),
                organ=delivery.recipient,
                document=document,
                day=day,
            )

    def _today(self) -> date:
        return vietnam_date(self._clock())

    async def _line_of(self, document: Document) -> Line | None:
        if self._book is None:
            return None
        return await asyncio.to_thread(self._book.find_document, document)

    async def _amend(self, line: Line | None, change: Callable[[Entry], Entry]) -> None:
        if self._book is not None and line is not None:
            await asyncio.to_thread(self._book.amend, line, change)


def register_entry(number: int | None, day: date) -> RegisterEntry:
    """What an acceptance says about the register.

    Raises:
        MissingField: there is no number.
    """
    if number is None:
        raise MissingField(field="register_number", clause="NĐ 30/2020 Đ22.2")
    return RegisterEntry(number=number, date=day)


@contextmanager
def _done_anyway(document: Document) -> Iterator[None]:
    """An error would have the caller do it once more: what cannot be entered is a warning now."""
    try:
        yield
    except LienthongError as error:
        text = f"{document.number} of {document.issued_date}: done, but not noted: {error}"
        warnings.warn(text, RegisterWarning, stacklevel=2)


def _key(package_id: PackageId, recipient: OrganId) -> str:
    """Names a delivery: an office may receive one package for several bodies."""
    return f"{package_id} {recipient}"


def _sent(entry: Entry, *, names: Iterable[str], today: date) -> Entry:
    recipients = dict.fromkeys((*entry.recipients, *names))
    return evolve(entry, recipients=tuple(recipients), moved_on=entry.moved_on or today)


def _progressed(entry: Entry, *, event: DeliveryEvent, parts: Parts, today: date) -> Entry:
    changed = _moved_on(entry, state=_PROGRESS[event])
    if parts.assignments:
        unit = "; ".join(one.unit for one in parts.assignments)
        due = [one.due_date for one in parts.assignments if one.due_date is not None]
        moved_on, due_on = changed.moved_on or today, min(due, default=changed.due_on)
        changed = evolve(changed, unit=unit[:MAX_UNITS], moved_on=moved_on, due_on=due_on)
    if event is DeliveryEvent.COMPLETE:
        reply = changed.reply if parts.reply is None else str(parts.reply.number)
        changed = evolve(changed, settled_on=today, reply=reply)
    if event is DeliveryEvent.REOPEN:
        changed = evolve(changed, progress=_PROGRESS[event], settled_on=None)
    return changed


def _moved_on(entry: Entry, *, state: DeliveryState) -> Entry:
    """A report that comes again, or late, does not take a document back."""
    before = -1 if entry.progress is None else _ORDER.index(entry.progress)
    return entry if _ORDER.index(state) < before else evolve(entry, progress=state)


def _replaced_by(new: Document) -> str:
    return f"Đã được thay thế bởi {new.number} ngày {new.issued_date:%d/%m/%Y}"


def accepted_as(
    history: Iterable[FeedItem], package_id: PackageId, recipient: OrganId
) -> RegisterEntry | None:
    """The register entry with which a recipient has accepted a package; None if it has not."""
    said = acceptance(history, package_id, recipient)
    return None if said is None or said.statement is None else said.statement.register


def acceptance(
    history: Iterable[FeedItem], package_id: PackageId, recipient: OrganId
) -> FeedItem | None:
    """With what a recipient has accepted a package; None if it has not."""
    return next(_reports(history, package_id, recipient, {DeliveryEvent.ACCEPT}), None)


def recalled_untaken(delivery: Delivery, history: Iterable[FeedItem]) -> date | None:
    """The day on which a document arrived that was recalled before acceptance (§13b D20).

    Whatever its recipient reported first shows that it has. None if it was accepted first, never
    arrived, or was not recalled.
    """
    if delivery.state is not DeliveryState.RECALLED:
        return None
    items = tuple(history)
    package_id, recipient = delivery.package_id, delivery.recipient
    if any(_reports(items, package_id, recipient, {DeliveryEvent.ACCEPT})):
        return None
    answers = _reports(items, package_id, recipient, BY_RECIPIENT)
    return next((vietnam_date(one.entry.recorded_at) for one in answers), None)


def _reports(
    history: Iterable[FeedItem],
    package_id: PackageId,
    recipient: OrganId,
    events: Container[DeliveryEvent],
) -> Iterator[FeedItem]:
    """The reports of a recipient that moved its delivery, oldest first.

    The history also has those about packages that recall, update or replace this one.
    """
    for one in history:
        body = one.entry.body
        if not isinstance(body, StatementRecord) or not body.effects:
            continue
        about = body.package_id, body.recipient
        if about == (package_id, recipient) and body.event in events:
            yield one


def _updated(entry: Entry, *, new: Document) -> Entry:
    """As the document is now; its number and code stay."""
    now = entry_of(new)
    return evolve(
        entry, subject=now.subject, kind=now.kind, signer=now.signer, issued_date=now.issued_date
    )
