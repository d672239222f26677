"""Making and handing over status reports."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from lienthong.client.compose import Parts
from lienthong.client.exchange import hand_over, report_items
from lienthong.client.reading import ReadingMethods
from lienthong.codec.signed import dump_statement
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Receipt
from lienthong.model.report import Reason, Statement
from lienthong.model.signing import STATEMENT_TYPE, Envelope
from lienthong.model.words import RefusalCode


@frozen(kw_only=True)
class SignedReport:
    """A status report and its signed bytes."""

    statement: Statement
    envelope: Envelope


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
        report = await self._signed(event, package_id, recipient, reporter, parts)
        return (await self._hand_over([report]))[-1]

    async def _signed(
        self,
        event: DeliveryEvent,
        package_id: PackageId,
        recipient: OrganId,
        reporter: OrganId,
        parts: Parts,
    ) -> SignedReport:
        statement = self._composer.statement(event, package_id, recipient, reporter, parts)
        envelope = await self._signer.sign(STATEMENT_TYPE, dump_statement(statement))
        return SignedReport(statement=statement, envelope=envelope)

    async def _hand_over(self, reports: Sequence[SignedReport]) -> list[Receipt]:
        """Hand signed reports over, next to each other and in order; check their receipts."""
        items = report_items(report.envelope for report in reports)
        answers = await hand_over(self._reports, items, self._policy)
        return [
            self._noted(
                self._verifier.receipt_for(answer, report.envelope, report.statement)
            ).receipt
            for answer, report in zip(answers, reports, strict=True)
        ]


def as_reason(reason: str | Reason) -> Reason:
    """Read a reason that may be given as its text alone."""
    return reason if isinstance(reason, Reason) else Reason(code=RefusalCode.OTHER, text=reason)
