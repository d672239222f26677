"""Making and handing over status reports."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.client.compose import Parts
from lienthong.client.exchange import hand_over, report_items
from lienthong.client.reading import ReadingMethods
from lienthong.codec.signed import dump_statement
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Receipt
from lienthong.model.report import Reason
from lienthong.model.signing import STATEMENT_TYPE, Envelope
from lienthong.model.words import RefusalCode


class ReportingMethods(ReadingMethods):
    """What both sides need to report; see ``AsyncClient``."""

    async def _report(
        self,
        event: DeliveryEvent,
        package_id: PackageId,
        recipient: OrganId,
        reporter: OrganId,
        parts: Parts,
    ) -> Receipt:
        """Report one event."""
        envelope = await self._signed(event, package_id, recipient, reporter, parts)
        return (await self._hand_over([envelope]))[-1]

    async def _signed(
        self,
        event: DeliveryEvent,
        package_id: PackageId,
        recipient: OrganId,
        reporter: OrganId,
        parts: Parts,
    ) -> Envelope:
        statement = self._composer.statement(event, package_id, recipient, reporter, parts)
        return await self._signer.sign(STATEMENT_TYPE, dump_statement(statement))

    async def _hand_over(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Hand signed reports over, next to each other and in order; check their receipts."""
        answers = await hand_over(self._reports, report_items(envelopes), self._policy)
        return [
            self._noted(self._verifier.receipt_for(answer, envelope)).receipt
            for answer, envelope in zip(answers, envelopes, strict=True)
        ]


def as_reason(reason: str | Reason) -> Reason:
    """Read a reason that may be given as its text alone."""
    return reason if isinstance(reason, Reason) else Reason(code=RefusalCode.OTHER, text=reason)
