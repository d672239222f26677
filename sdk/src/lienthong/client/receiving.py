"""What a recipient does first: read the feed, fetch files, check, accept or refuse."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from attrs import evolve

from lienthong.client.compose import AnyOrgan, AnyPackageId, Parts, as_organ, as_package_id
from lienthong.client.download import download_to_path, download_to_stream
from lienthong.client.exchange import INLINE_LIMIT
from lienthong.client.feed import FeedReader, FeedRequest
from lienthong.client.files import ProgressCallback
from lienthong.client.known import KnownPackage
from lienthong.client.reading import PackageView
from lienthong.client.registering import NOT_ACCEPTED, accepted_as, register_entry
from lienthong.client.rejudging import JudgedCallback, RejudgingMethods
from lienthong.client.retry import pause
from lienthong.errors import LienthongError, NotFound
from lienthong.flow.delivery import Context, step
from lienthong.flow.machine import Actor
from lienthong.model.delivery import Delivery, DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.journal import FeedItem, PackageRecord, Receipt
from lienthong.model.package import FileEntry, PackageKind
from lienthong.model.report import CheckSummary, Reason, RegisterEntry
from lienthong.model.time import vietnam_date
from lienthong.model.words import RefusalCode
from lienthong.registers import Line

FEED_PAGE: Final = 100

_NOT_YET_ACCEPTED: Final = frozenset({DeliveryState.SENT, DeliveryState.ARRIVED})


class ReceivingMethods(RejudgingMethods):
    """What a recipient does with what comes; see ``AsyncClient``.

    Every report names a delivery by the package and the recipient: this organisation, or, with
    *recipient*: a body that its office receives for (QĐ 52/2019 Đ6.3), or what ended into it.
    """

    async def feed(
        self,
        after: int = 0,
        *,
        follow: bool = False,
        inline_limit: int = INLINE_LIMIT,
        page_size: int = FEED_PAGE,
        wait: float = 0.0,
        others_only: bool = False,
        on_judged: JudgedCallback | None = None,
    ) -> AsyncGenerator[FeedItem, None]:
        """What concerns this organisation, in journal order, each item checked before it is given.

        Reading changes nothing at the axis: keep ``item.next_index`` beside what you did with the
        item, in one transaction, and go on from there. Nothing is skipped, nothing comes twice.

        An item that does not verify ends the reading. The error has its ``index`` among its facts,
        and reading again from there ends the same way. Whoever has kept the error as evidence and
        wants to go on without the item reads on with ``after=error.facts["index"] + 1``.

        What a recall has ended before acceptance is entered into ``registers`` before the item is
        given; a book that fails is a ``RegisterWarning``, and reading once more enters it.

        Args:
            after: index of the first entry to be seen: the ``next_index`` of the last item.
            follow: go on for ever, through restarts of the axis; otherwise end at the newest entry.
            inline_limit: bytes up to which files come with their item, at most 256 KiB; 0 for none.
            page_size: entries a message, at most 500.
            wait: seconds to wait for a first entry, without *follow*; at most 60.
            others_only: leave out its own packages and reports, unless it acts for a recipient.
            on_judged: with it, ``judge_again`` is done beside the reading, every minute as far as
                something is due, and each outcome told to it, on the thread of the event loop.

        Raises:
            ReceiptInvalid: an item is not what the axis recorded; also CheckpointInvalid,
                ProofInvalid.
            SignatureInvalid: an item is not what its author signed; also ChainUntrusted,
                CertificateExpired, CertificateUnfit.
            CursorBeyondJournal: the journal has not got so far: the axis lost entries, or *after*
                is of another one.
            ConnectionFailed: the axis cannot be reached, after all tries, without *follow*.
            ConfigInvalid: something is to be judged, and the profile names no trust store.
        """
        request = FeedRequest(
            after=after,
            follow=follow,
            inline_limit=inline_limit,
            page_size=page_size,
            wait=wait,
            others_only=others_only,
        )
        items = FeedReader(self._connection, request).items(self._verifier)
        async with self._judging_beside(on_judged):
            try:
                async for item in items:
                    self._learn(item)
                    await self._note_recall(item, forever=follow)
                    yield item
            finally:
                await items.aclose()

    async def download(
        self,
        package_id: AnyPackageId,
        file: str | Sha256 | None,
        target: str | os.PathLike[str] | BinaryIO,
        *,
        progress: ProgressCallback | None = None,
    ) -> FileEntry:
        """Fetch one file of a package.

        Args:
            package_id: which package.
            file: name or hash of the file; None for the main file.
            target: path of the new file, which appears only when it is complete and verified, or
                an open binary file. What an interrupted download to a path has left is used.
            progress: told how it goes.

        Returns:
            The file's line in the manifest.

        Raises:
            NotFound: there is no such package or file, or it concerns others.
            HashMismatch: the axis sent other bytes than the sender signed.
            LienthongError: as ``get_package``.
        """
        wanted = as_package_id(package_id)
        known = await self._package(wanted)
        entry = _pick(known, file)
        if isinstance(target, str | os.PathLike):
            await download_to_path(self._connection, wanted, entry, Path(target), progress)
        else:
            await download_to_stream(self._connection, wanted, entry, target, progress)
        known.checked.add(entry.sha256)
        return entry

    async def arrived(
        self, package_id: AnyPackageId, *, recipient: AnyOrgan | None = None, note: str = ""
    ) -> Receipt:
        """Report that the recipient's system has the package (01; QĐ 52/2019 Đ10.2).

        Raises:
            NotFound: there is no such delivery, or it concerns others.
        """
        return await self._say(DeliveryEvent.ARRIVE, package_id, recipient, Parts(note=note))

    async def accept(
        self,
        package_id: AnyPackageId,
        *,
        register_number: int | None = None,
        register_date: date | None = None,
        check: CheckSummary | None = None,
        responsible: str = "",
        note: str = "",
        recipient: AnyOrgan | None = None,
    ) -> Receipt:
        """Accept and register a document (03; QĐ 52/2019 Đ8.1; NĐ 30/2020 Đ22).

        It stands for the arrival too, where that was not reported (NĐ 30/2020 Đ21.2c). What counts
        as PENDING_CHECK although a verifier has read it is noted beside the reports, for
        ``judge_again``.

        Args:
            package_id: which package.
            register_number: in the register of incoming documents; where the client was given
                ``registers`` it is the next one by default, and the same one in a repetition.
            register_date: day of the entry; today in Vietnam by default.
            check: the outcome of checks made elsewhere; ``check`` of this client by default.
            responsible: role of the person who answers for it, e.g. "Văn thư".
            note: at most 500 characters.
            recipient: whom it stands for, as office or successor; itself by default.

        Raises:
            GuardFailed: the check has not passed: refuse the document instead; or what was found
                of its signatures needs somebody responsible, who is not named.
            MissingField: there is no number, and no book to take it from.
            NumberTaken: also NumberNotNext, RegisterDayGoesBack, RegisterSealed, RegisterBookFailed
                and other errors of ``registers``; nothing was reported.
            HashMismatch: a file is not the one that the sender signed; also SignatureInvalid and
                the other errors of ``check``. Nothing was reported.
            InvalidValue: what has to be judged again cannot be noted. Nothing was reported.
            InvalidMove: the delivery cannot be accepted in its state.
            ConflictingReport: it was accepted before with another entry.
        """
        found = check if check is not None else await self.check(package_id)
        self._check_worth_accepting(found, responsible)
        package = as_package_id(package_id)
        organ = self.organ if recipient is None else as_organ(recipient)
        parts = Parts(check=found, responsible=responsible, note=note)
        if not self._registers.keeps:
            day = register_date or vietnam_date(self._clock())
            parts = evolve(parts, register=register_entry(register_number, day))
        await self._note_waiting(package, organ, found)
        if self._registers.keeps:
            receipt = await self._accept_by_book(
                package, organ, parts, day=register_date, number=register_number
            )
        else:
            receipt = await self._say(DeliveryEvent.ACCEPT, package, organ, parts)
        await self._forget_waiting(package, organ, found)
        return receipt

    async def arrival(
        self, package_id: AnyPackageId, *, recipient: AnyOrgan | None = None
    ) -> Line | None:
        """The line that a delivery has in the register book; None without one.

        Raises:
            RegisterBookFailed: the book cannot be read now; also RegisterBookUnusable.
        """
        organ = self.organ if recipient is None else as_organ(recipient)
        return await self._registers.arrival(as_package_id(package_id), organ)

    async def refuse(
        self,
        package_id: AnyPackageId,
        *,
        reason: RefusalCode,
        text: str,
        responsible: str = "",
        recipient: AnyOrgan | None = None,
    ) -> Receipt:
        """Refuse a document before acceptance (02; QĐ 52/2019 Đ5.1d, Đ8.1a).

        It stands for the arrival too, where that was not reported (NĐ 30/2020 Đ21.2c).

        Raises:
            InvalidMove: it was accepted already, or ended otherwise.
        """
        parts = Parts(reason=Reason(code=reason, text=text), responsible=responsible)
        return await self._say(DeliveryEvent.REFUSE, package_id, recipient, parts)

    async def _accept_by_book(
        self,
        package: PackageId,
        organ: OrganId,
        parts: Parts,
        *,
        day: date | None,
        number: int | None,
    ) -> Receipt:
        """Accept with a number of the book; it is used, or cancelled if the axis says no."""
        view = await self.get_package(package)
        manifest, organ = view.manifest, await self._recipient_of(view, organ)
        recorded = await self._accepted_as(view, organ)
        if recorded is not None:
            await self._registers.settled(manifest, organ, recorded)
            wanted = register_entry(number or recorded.number, day or recorded.date)
            return await self._say(
                DeliveryEvent.ACCEPT, package, organ, evolve(parts, register=wanted)
            )
        _check_acceptable(view.deliveries, organ)
        line = await self._registers.arriving(manifest, organ, day=day, number=number)
        parts = evolve(parts, register=register_entry(line.number, line.day))
        try:
            receipt = await self._say(DeliveryEvent.ACCEPT, package, organ, parts)
        except NOT_ACCEPTED as error:
            # Whatever keeps it from being settled now, the number stays with this delivery.
            with suppress(LienthongError):
                recorded = accepted_as(await self.history(package), package, organ)
                await self._registers.not_accepted(line, recorded, error)
            raise
        await self._registers.accepted(line, manifest, organ)
        return receipt

    async def _accepted_as(self, view: PackageView, organ: OrganId) -> RegisterEntry | None:
        """The register entry of an acceptance that the axis has already, by whatever system."""
        states = {one.state for one in view.deliveries if one.recipient == organ}
        if states <= _NOT_YET_ACCEPTED:
            return None
        package = view.manifest.package_id
        return accepted_as(await self.history(package), package, organ)

    async def _note_recall(self, item: FeedItem, *, forever: bool) -> None:
        """Enter what this recall has ended before it got a number, of every body of the office."""
        manifest, body = item.manifest, item.entry.body
        if not self._registers.keeps or manifest is None or manifest.target is None:
            return
        if manifest.kind is not PackageKind.RECALL or not isinstance(body, PackageRecord):
            return
        target, named, failures = manifest.target, frozenset(body.recipients), 0
        while True:
            try:
                await self._note_recalled(target, named)
            except LienthongError as error:
                failures += 1
                await pause(self._policy, failures, error, forever=forever)
            else:
                return

    async def _note_recalled(self, target: PackageId, named: frozenset[OrganId]) -> None:
        own = named & {self.organ, *(await self.organisation()).contact_point_of}
        if not own:
            return
        view, history = await self.get_package(target), await self.history(target)
        for delivery in view.deliveries:
            if delivery.recipient in own:
                await self._registers.recalled(view.manifest.document, delivery, history)

    async def _say(
        self,
        event: DeliveryEvent,
        package_id: AnyPackageId,
        recipient: AnyOrgan | None,
        parts: Parts,
    ) -> Receipt:
        """Report as the recipient."""
        package = as_package_id(package_id)
        organ = self.organ if recipient is None else as_organ(recipient)
        receipt = await self._report(event, package, organ, organ, parts)
        await self._registers.reported(event, package, organ, parts)
        return receipt


def _check_acceptable(deliveries: Iterable[Delivery], recipient: OrganId) -> None:
    """Refuse what the axis would refuse, before a number is spent on it.

    An acceptance may cross an update; only the axis knows whether it does.

    Raises:
        InvalidMove: the delivery cannot be accepted in its state.
    """
    known = Context(actor=Actor.RECIPIENT, checked=True, register_number=1)
    for one in deliveries:
        if one.recipient == recipient and one.state is not DeliveryState.UPDATE_PENDING:
            step(one.state, DeliveryEvent.ACCEPT, known)


def _pick(known: KnownPackage, wanted: str | Sha256 | None) -> FileEntry:
    for entry in known.files:
        if wanted in {entry.name, entry.sha256, entry.sha256.hex}:
            return entry
    main = [entry for entry in known.files if entry.role.value == "MAIN"]
    if wanted is None and main:
        return main[0]
    raise NotFound(what=f"the file {wanted or 'that is the main one'} in this package")
