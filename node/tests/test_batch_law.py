"""What the entries of one batch share of the law is what each of them would find alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Final, TypeAlias

import pytest
from attrs import evolve

from lienthong.model.ids import OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.package import FileEntry, Manifest
from lienthong.model.time import to_us
from lienthong.model.words import AttachmentKind, FileRole, Urgency
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.law import Law
from lienthong.rules.sections.paper import Bodies
from lienthong.spi.records import DeliveryRow, JudgementRow
from lienthong_node.core.deadlines import Bound
from lienthong_node.core.decision import Moment
from lienthong_node.core.law_change import entered
from lienthong_node.core.rulings import Rulings
from lienthong_node.core.submit import new_deliveries
from lienthong_node.stores import Registry
from node.tests.due import PROVINCE, VIETNAM_DAYS
from node.tests.support import ANNEX, DIRECTORY, NOW, A, B, C, D, document, file, manifest

BODIES: Final = Bodies(GOVERNMENT=[OrganId(B)], COMMITTEE=[OrganId(C)])
RULES: Final = evolve(PROVINCE, paper=evolve(PROVINCE.paper, bodies=BODIES))
ITS_OWN: Final = evolve(find_rule_set("bac-lieu-2019"), inherits="")
LAW: Final = Law().after(
    [
        entered("", RULES, DIRECTORY, 1),
        entered("", VIETNAM_DAYS, DIRECTORY, 2),
        entered(D, ITS_OWN, DIRECTORY, 3),
    ]
)
MOMENT: Final = Moment(index=7, now=NOW, now_us=to_us(NOW), clock=NOW, directory_version=2)
Sent: TypeAlias = tuple[DeliveryRow, Manifest]


def alone() -> Rulings:
    return Rulings(law=LAW, directory=DIRECTORY, now=NOW)


def batch() -> Iterator[Sent]:
    """New deliveries that differ in all that the law may look at."""
    dues = ((None, False), (date(2026, 4, 1), False), (date(2026, 4, 1), True))
    kinds = (DocumentKind.TO_TRINH, DocumentKind.CONG_VAN)
    extras = ((), (file(ANNEX, "b.pdf", role=FileRole.ATTACHMENT),), (a_map(),))
    for urgency, (due, reply), kind, extra in product(Urgency, dues, kinds, extras):
        about = document(urgency=urgency, due_date=due, reply_requested=reply, kind=kind)
        sent = manifest(B, C, D, document=about, files=[file(), *extra])
        for row in new_deliveries(sent, A, (B, C, D), MOMENT):
            yield row, sent


def a_map() -> FileEntry:
    kind = AttachmentKind.MAP
    return file(ANNEX, "b.pdf", role=FileRole.ATTACHMENT, attachment_kind=kind)


def check(shared: Rulings) -> None:
    """Twice: the second time all is known."""
    sent = list(batch())
    for row, value in [*sent, *sent]:
        assert shared.sent(row, value) == alone().sent(row, value)


def test_shared_is_as_alone() -> None:
    check(alone())
    forms = {alone().sent(row, value).paper for row, value in batch()}
    assert len(forms) > 2
    laws = {one.rule_set for row, value in batch() for one in alone().sent(row, value).deadlines}
    assert {RULES.version, ITS_OWN.version} <= laws


class OfTheFirst(Rulings):
    """It takes the form of the first document for that of all."""

    def _paper(self, row: DeliveryRow, manifest: Manifest) -> JudgementRow | None:
        known = self._papers.get("first") or super()._paper(row, manifest)
        if known is not None:
            self._papers["first"] = known
        return known


class UntilTheFirst(Rulings):
    """It takes the deadlines of the first document for those of all."""

    def sent(self, row: DeliveryRow, manifest: Manifest) -> DeliveryRow:
        found = super().sent(row, manifest)
        known = next(iter(self._begun.values()))
        return evolve(found, deadlines=known.deadlines, look_us=known.look_us)


class OfTheFirstRecipient(Rulings):
    """It takes the law of the first recipient of a package for that of all its recipients."""

    def _bound(self, row: DeliveryRow) -> Bound:
        return super()._bound(evolve(row, recipient=B))


@pytest.mark.parametrize("wrong", [OfTheFirst, UntilTheFirst, OfTheFirstRecipient])
def test_what_is_shared_too_far_is_found(wrong: Callable[..., Rulings]) -> None:
    with pytest.raises(AssertionError):
        check(wrong(law=LAW, directory=DIRECTORY, now=NOW))


def test_each_instant_and_each_law_has_its_own() -> None:
    registry = Registry(directory=DIRECTORY, law=LAW)
    found = registry.rulings(NOW)
    assert registry.rulings(NOW) is found
    later = registry.rulings(NOW + timedelta(days=1))
    assert later is not found
    assert later.now == NOW + timedelta(days=1)
    assert registry.rulings(NOW) == alone()
    assert Registry(directory=DIRECTORY).rulings(NOW).law == Law()
