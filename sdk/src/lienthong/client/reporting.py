"""Making and handing over status reports."""

from __future__ import annotations

from lienthong.client.compose import Parts
from lienthong.client.exchange import hand_over
from lienthong.client.reading import ReadingMethods
from lienthong.codec.signed import dump_statement, envelope_to_message
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Receipt
from lienthong.model.report import Reason
from lienthong.model.signing import STATEMENT_TYPE
from lienthong.model.words import RefusalCode
from lienthong_proto.axis.v1 import exchange_pb2


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
        """Sign a report, hand it over and check its receipt."""
        statement = self._composer.statement(event, package_id, recipient, reporter, parts)
        envelope = await self._signer.sign(STATEMENT_TYPE, dump_statement(statement))
        self._verifier.signed(envelope, statement)
        item = exchange_pb2.ReportItem(envelope=envelope_to_message(envelope))
        answer = await hand_over(self._reports, item, self._policy)
        return self._verifier.receipt_for(answer, envelope, statement).receipt


def as_reason(reason: str | Reason) -> Reason:
    """Read a reason that may be given as its text alone."""
    return reason if isinstance(reason, Reason) else Reason(code=RefusalCode.OTHER, text=reason)
