"""What the axis itself found of the signatures in the files of a delivery (QĐ 52/2019 Đ8.1).

Who asks is the axis, never somebody on the wire. It tells what changes the worth of the document
and nothing else: what a recipient has found stands above it.
"""

from __future__ import annotations

from typing import Final

from lienthong.errors import NotFound
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import VerificationRecord
from lienthong.model.time import vietnam_date
from lienthong_node.core.checks import with_representatives
from lienthong_node.core.commands import TellVerified
from lienthong_node.core.decision import Accepted, Decision, Moment, Repeated
from lienthong_node.core.deliveries import changed
from lienthong_node.core.facts import VerificationFacts

SIDES: Final = 2
"""The first parties of such an entry: recipient and sender."""


def decide_verified(command: TellVerified, facts: VerificationFacts, moment: Moment) -> Decision:
    """Tell what was found in the files of a delivery, where that changes what it is worth.

    Raises:
        NotFound: there is no such delivery.
    """
    row = facts.delivery
    if row is None:
        what = f"the delivery of {command.package_id.hex()} to {command.recipient}"
        raise NotFound(what=what)
    judged = facts.rulings.verified(row, command.found)
    if judged is None:
        return Repeated(index=row.updated_index)
    sides = (row.recipient, row.sender)
    return Accepted(
        body=VerificationRecord(
            package_id=PackageId(row.package_id),
            recipient=OrganId(row.recipient),
            found=command.found,
            value=LegalValue(judged.value),
            rule_set=judged.rule_set,
            checked_at=command.checked_at,
            checker=command.checker,
        ),
        subject_id=row.recipient.encode(),
        package_id=row.package_id,
        parties=with_representatives(sides, facts.directory, vietnam_date(moment.now)),
        deliveries=(changed(row, legal_value=judged),),
    )
