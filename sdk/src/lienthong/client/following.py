"""What a sender does with a document that was sent: recall, update, replace, take back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from lienthong.client.compose import AnyOrgan, AnyPackageId, AnyRecipient, Parts, as_organ
from lienthong.client.files import AnyFile, ProgressCallback
from lienthong.client.reading import PackageView
from lienthong.client.reporting import as_reason
from lienthong.client.sending import SendingMethods
from lienthong.errors import GuardFailed, InvalidMove, NotFound
from lienthong.flow.delivery import Context, step
from lienthong.flow.machine import Actor
from lienthong.flow.packages import EVENT_AT_TARGET
from lienthong.model.delivery import Delivery, DeliveryEvent, DeliveryState
from lienthong.model.document import Document
from lienthong.model.journal import PackageRecord, Receipt
from lienthong.model.package import PackageKind, Recipient
from lienthong.model.report import Reason


class SenderMethods(SendingMethods):
    """What a sender does with what was sent; see ``AsyncClient``."""

    async def recall(
        self,
        target: AnyPackageId,
        *,
        reason: str,
        recipients: Iterable[AnyRecipient] | None = None,
        document: Document | None = None,
        files: Iterable[AnyFile] = (),
        package_id: AnyPackageId | None = None,
    ) -> Receipt:
        """Recall a document (QĐ 52/2019 Đ8.3; NĐ 30/2020 Đ18.4b).

        Where it was not yet accepted it is recalled at once; otherwise the recipient must cancel it
        and confirm.

        Args:
            target: the package that carried the document.
            reason: why, at most 500 characters.
            recipients: from whom; all by default whose delivery can be recalled.
            document: data of the recall notice; those of the recalled document by default.
            files: the recall notice.
            package_id: chosen by the caller, a UUIDv7: as with ``send``, the call may be repeated
                after a crash and gives the first receipt again; a new one by default.

        Raises:
            NotFound: there is no such package, or it concerns others.
            TargetUnknown: this organisation has not sent it to a recipient.
            InvalidMove: a delivery cannot be recalled in its state.
            LienthongError: as ``send``.
        """
        return await self._follow_up(
            PackageKind.RECALL, target, document, files, recipients, reason, package_id
        )

    async def update(
        self,
        target: AnyPackageId,
        document: Document,
        files: Iterable[AnyFile] = (),
        *,
        reason: str,
        recipients: Iterable[AnyRecipient] | None = None,
        package_id: AnyPackageId | None = None,
    ) -> Receipt:
        """Change data of a document that was sent, never its signed main file (NĐ 30/2020 Đ18.3).

        Args:
            target: the package that carried the document.
            document: the data as they should be.
            files: attachments that were missing.
            reason: why, at most 500 characters.
            recipients: at whom; all by default whose delivery can be updated.
            package_id: chosen by the caller, a UUIDv7: as with ``send``, the call may be repeated
                after a crash and gives the first receipt again; a new one by default.

        Raises:
            MainFileChanged: another main file is given; use ``replace``.
            NotFound: there is no such package, or it concerns others.
            TargetUnknown: this organisation has not sent it.
            InvalidMove: a delivery cannot be updated in its state.
            LienthongError: as ``send``.
        """
        return await self._follow_up(
            PackageKind.UPDATE, target, document, files, recipients, reason, package_id
        )

    async def replace(
        self,
        target: AnyPackageId,
        document: Document,
        files: Iterable[AnyFile],
        recipients: Iterable[AnyRecipient],
        *,
        reason: str,
        package_id: AnyPackageId | None = None,
        sender: AnyOrgan | None = None,
        progress: ProgressCallback | None = None,
    ) -> Receipt:
        """Send a document in place of an earlier one (NĐ 30/2020 Đ18.3).

        Where the earlier one was not yet accepted it is replaced at once, otherwise when the new
        one is accepted.

        Args:
            target: the package that carried the earlier document.
            document: data of the new document.
            files: as in ``send``.
            recipients: as in ``send``; they need not have received the earlier document.
            reason: why, at most 500 characters.
            package_id: chosen by the caller, a UUIDv7: as with ``send``, the call may be repeated
                after a crash and gives the first receipt again; a new one by default.
            sender: in whose name; that of the earlier document by default. A successor replaces
                what an organisation sent that has ended in its own name.
            progress: told how uploads go.

        Raises:
            NotFound: there is no such package, or it concerns others.
            TargetUnknown: this organisation has not sent it.
            LienthongError: as ``send``.
        """
        view = await self.get_package(target)
        prepared = await self._prepare(
            PackageKind.REPLACE,
            document,
            files,
            recipients,
            package_id=package_id,
            target=view.manifest.package_id,
            reason=reason,
            sender=view.manifest.sender if sender is None else sender,
        )
        receipt = await self._send(prepared, package_id, progress=progress)
        await self._registers.sent_replacement(view.manifest.document, document)
        return receipt

    async def take_back(
        self,
        package_id: AnyPackageId,
        recipients: Iterable[AnyOrgan] | None = None,
        *,
        reason: str | Reason,
    ) -> tuple[Receipt, ...]:
        """Ask for a document back that was not yet accepted; one request for each recipient.

        Args:
            package_id: of the package that carried the document.
            recipients: from whom; all by default whose delivery can be taken back.
            reason: why.

        Returns:
            The receipts of the requests, in the order of the recipients.

        Raises:
            InvalidMove: a delivery was accepted already; use ``recall``. The requests to others
                have been made.
        """
        view = await self.get_package(package_id)
        event = DeliveryEvent.REQUEST_TAKE_BACK
        if recipients is None:
            organs = [one.recipient for one in _open_to(view, event)]
        else:
            organs = [as_organ(one) for one in recipients]
        parts = Parts(reason=as_reason(reason))
        sender = view.manifest.sender
        outcomes = await asyncio.gather(
            *(self._report(event, view.manifest.package_id, o, sender, parts) for o in organs),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return tuple(one for one in outcomes if isinstance(one, Receipt))

    async def _follow_up(
        self,
        kind: PackageKind,
        target: AnyPackageId,
        document: Document | None,
        files: Iterable[AnyFile],
        recipients: Iterable[AnyRecipient] | None,
        reason: str,
        package_id: AnyPackageId | None,
    ) -> Receipt:
        """A package about the deliveries of an earlier one."""
        view = await self.get_package(target)
        whole = recipients is None
        if recipients is None and package_id is not None:
            recipients = await self._earlier_recipients(package_id)
        if recipients is None:
            recipients = _recipients_of(view, _open_to(view, EVENT_AT_TARGET[kind]))
        prepared = await self._prepare(
            kind,
            document or view.manifest.document,
            files,
            recipients,
            package_id=package_id,
            target=view.manifest.package_id,
            reason=reason,
            sender=view.manifest.sender,
        )
        receipt = await self._send(prepared, package_id)
        if kind is PackageKind.RECALL:
            await self._registers.sent_recall(view.manifest.document, reason, whole=whole)
        if kind is PackageKind.UPDATE and document is not None:
            await self._registers.sent_update(view.manifest.document, document)
        return receipt

    async def _earlier_recipients(self, package_id: AnyPackageId) -> tuple[Recipient, ...] | None:
        """Whom an earlier run has named; its package has moved their deliveries since."""
        try:
            return (await self.get_package(package_id)).manifest.recipients
        except NotFound:
            return None


def _open_to(view: PackageView, event: DeliveryEvent) -> list[Delivery]:
    """The deliveries of a package for which its sender may cause *event* now.

    Raises:
        InvalidMove: there is none.
    """
    found = [one for one in view.deliveries if _allows(one.state, event)]
    if not found and view.deliveries:
        # The machine says best why not.
        step(view.deliveries[0].state, event, Context(actor=Actor.SENDER))
    return found


def _allows(state: DeliveryState, event: DeliveryEvent) -> bool:
    try:
        step(state, event, Context(actor=Actor.SENDER))
    except (InvalidMove, GuardFailed):
        return False
    return True


def _recipients_of(view: PackageView, deliveries: Iterable[Delivery]) -> list[Recipient]:
    """The recipients of these deliveries as the manifest names them."""
    body = view.entry.body
    assert isinstance(body, PackageRecord)  # noqa: S101 - the entry of a manifest
    named = dict(zip(body.recipients, view.manifest.recipients, strict=True))
    return [named.get(one.recipient) or Recipient(organ_id=one.recipient) for one in deliveries]
