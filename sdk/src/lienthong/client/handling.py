"""What a recipient reports after acceptance, and its answers to the sender's requests."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.client.compose import AnyOrgan, AnyPackageId, Parts
from lienthong.client.receiving import ReceivingMethods
from lienthong.client.reporting import as_reason
from lienthong.errors import InvalidValue
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import DocumentReference
from lienthong.model.journal import Receipt
from lienthong.model.report import Assignment, Reason


class RecipientMethods(ReceivingMethods):
    """What a recipient does with what it accepted; see ``AsyncClient``."""

    async def forward(
        self,
        package_id: AnyPackageId,
        *,
        unit: str | None = None,
        assignments: Sequence[Assignment] = (),
        note: str = "",
        responsible: str = "",
        recipient: AnyOrgan | None = None,
    ) -> Receipt:
        """Report who is to handle the document (04; QĐ 52/2019 Đ5.2b; NĐ 30/2020 Đ23).

        Args:
            package_id: which package.
            unit: the unit that leads, when it is the only one.
            assignments: all units, exactly one with LEAD.
            note: at most 500 characters.
            responsible: role of the person who decided.
            recipient: whom it stands for, as office or successor; itself by default.

        Raises:
            MissingField: nobody is named.
            InvalidMove: the delivery was not accepted, or is past that.
        """
        parts = Parts(
            assignments=_assignments(unit, assignments), note=note, responsible=responsible
        )
        return await self._say(DeliveryEvent.FORWARD, package_id, recipient, parts)

    async def start(
        self,
        package_id: AnyPackageId,
        *,
        unit: str | None = None,
        assignments: Sequence[Assignment] = (),
        note: str = "",
        recipient: AnyOrgan | None = None,
    ) -> Receipt:
        """Report that the document is being handled (05; QĐ 28/2018 Đ9.2).

        *unit* and *assignments* as in ``forward``, where that was left out.

        Raises:
            InvalidMove: the delivery was not accepted, or is past that.
        """
        parts = Parts(assignments=_assignments(unit, assignments), note=note)
        return await self._say(DeliveryEvent.START, package_id, recipient, parts)

    async def complete(
        self,
        package_id: AnyPackageId,
        *,
        reply: DocumentReference | None = None,
        information_only: bool = False,
        unit: str | None = None,
        note: str = "",
        recipient: AnyOrgan | None = None,
    ) -> Receipt:
        """Report that the document was handled (06; QĐ 28/2018 Đ9.2; QĐ 52/2019 Đ9.2c).

        Args:
            package_id: which package.
            reply: the reply; required when the sender asked for one.
            information_only: it was received to be informed only ("để biết").
            unit: the unit that led, where none was reported before.
            note: at most 500 characters.
            recipient: whom it stands for, as office or successor; itself by default.

        Raises:
            GuardFailed: nobody leads, or the reply is missing.
            InvalidMove: the delivery cannot be completed in its state.
        """
        parts = Parts(
            reply=reply,
            information_only=information_only,
            assignments=_assignments(unit, ()),
            note=note,
        )
        return await self._say(DeliveryEvent.COMPLETE, package_id, recipient, parts)

    async def reopen(
        self,
        package_id: AnyPackageId,
        *,
        reason: str | Reason,
        recipient: AnyOrgan | None = None,
    ) -> Receipt:
        """Take a completed document up again (05; NĐ 30/2020 Đ24.2).

        Raises:
            InvalidMove: it is not completed.
        """
        parts = Parts(reason=as_reason(reason))
        return await self._say(DeliveryEvent.REOPEN, package_id, recipient, parts)

    async def agree_take_back(
        self, package_id: AnyPackageId, *, note: str = "", recipient: AnyOrgan | None = None
    ) -> Receipt:
        """Give a document back that the sender asked for (15).

        Raises:
            InvalidMove: the sender has not asked for it.
        """
        parts = Parts(note=note)
        return await self._say(DeliveryEvent.AGREE_TAKE_BACK, package_id, recipient, parts)

    async def refuse_take_back(
        self, package_id: AnyPackageId, *, reason: str | Reason, recipient: AnyOrgan | None = None
    ) -> Receipt:
        """Keep a document that the sender asked back (16).

        Raises:
            InvalidMove: the sender has not asked for it.
        """
        parts = Parts(reason=as_reason(reason))
        return await self._say(DeliveryEvent.REFUSE_TAKE_BACK, package_id, recipient, parts)

    async def confirm_recall(
        self, package_id: AnyPackageId, *, note: str = "", recipient: AnyOrgan | None = None
    ) -> Receipt:
        """Report that the recalled document was cancelled, as is a duty (QĐ 52/2019 Đ8.3).

        *package_id* is that of the recalled document, the ``target`` of the recall.

        Raises:
            InvalidMove: it was not recalled.
        """
        parts = Parts(note=note)
        return await self._say(DeliveryEvent.CONFIRM_RECALL, package_id, recipient, parts)

    async def reject_recall(
        self, package_id: AnyPackageId, *, reason: str | Reason, recipient: AnyOrgan | None = None
    ) -> Receipt:
        """Reject a recall that is not valid (QĐ 52/2019 Đ5.1d); *package_id* as above.

        Raises:
            InvalidMove: it was not recalled.
        """
        parts = Parts(reason=as_reason(reason))
        return await self._say(DeliveryEvent.REJECT_RECALL, package_id, recipient, parts)

    async def apply_update(
        self, package_id: AnyPackageId, *, note: str = "", recipient: AnyOrgan | None = None
    ) -> Receipt:
        """Report that an update was applied (15).

        *package_id* is that of the updated document, the ``target`` of the update.

        Raises:
            InvalidMove: no update waits.
        """
        parts = Parts(note=note)
        return await self._say(DeliveryEvent.APPLY_UPDATE, package_id, recipient, parts)

    async def refuse_update(
        self, package_id: AnyPackageId, *, reason: str | Reason, recipient: AnyOrgan | None = None
    ) -> Receipt:
        """Refuse an update (16); *package_id* as above.

        Raises:
            InvalidMove: no update waits.
        """
        parts = Parts(reason=as_reason(reason))
        return await self._say(DeliveryEvent.REFUSE_UPDATE, package_id, recipient, parts)


def _assignments(unit: str | None, assignments: Sequence[Assignment]) -> tuple[Assignment, ...]:
    if unit is None:
        return tuple(assignments)
    if assignments:
        raise InvalidValue(
            field="unit", found=repr(unit), expected="either unit or assignments, not both"
        )
    return (Assignment(unit=unit),)
