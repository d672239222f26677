"""Any case that an axis records gives bundles that verify, and that claim nothing false."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.codec.signed import dump_statement_content, load_entry
from lienthong.errors import LienthongError
from lienthong.evidence.bundle import BundleReport, dump_bundle, verify_bundle
from lienthong.flow.delivery import Actor, Context, Outcome, Step, step
from lienthong.flow.packages import (
    CARRIES_DOCUMENT,
    EVENT_AT_TARGET,
    context_of,
    names_lead,
    step_at_target,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import DocumentReference
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, StatementId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.package import PackageKind
from lienthong.model.report import Assignment, Statement
from lienthong.testing.case import SENDER, CaseBuilder
from lienthong.testing.pki import KeyKind, TestPKI

E, S = DeliveryEvent, DeliveryState
ORGANS = tuple(OrganId(f"G22.99.0{number}") for number in (2, 3, 4))
PKI = TestPKI(CaseBuilder().clock())
REPORTED = tuple(event for event in DeliveryEvent if event.reported)
REPLY = DocumentReference(
    organ_id=ORGANS[0], number=DocumentNumber("07", "TTr"), issued_date=date(2026, 3, 2)
)
VARIANTS: tuple[tuple[DeliveryEvent, dict[str, Any]], ...] = (
    *((event, {}) for event in REPORTED),
    (E.START, {"assignments": (Assignment(unit="Phòng Tổng hợp"),)}),
    (E.COMPLETE, {"information_only": True}),
    (E.COMPLETE, {"reply": REPLY}),
    (E.COMPLETE, {"information_only": True, "reply": REPLY}),
)
Name: TypeAlias = tuple[PackageId, OrganId]
Action: TypeAlias = Callable[[], None]


@define(kw_only=True, eq=False)
class Delivery:
    state: DeliveryState = S.SENT
    resume_state: DeliveryState | None = None
    has_lead: bool = False
    reports: dict[DeliveryEvent, bytes] = field(factory=dict)


class Axis:
    """Decides and records as a node does; ``effects`` is what every entry really changed."""

    def __init__(self) -> None:
        self.case = CaseBuilder(pki=PKI, key_kind=KeyKind.ED25519)
        self.packages: dict[PackageId, tuple[PackageKind, PackageId | None, bool]] = {}
        self.deliveries: dict[Name, Delivery] = {}
        self.effects: dict[int, list[Effect]] = {}

    def send(
        self, kind: PackageKind, target: PackageId | None, organs: list[OrganId], *, reply: bool
    ) -> None:
        moves = {} if target is None else self._at_target(kind, target, organs)
        document = {"reply_requested": True, "due_date": date(2026, 4, 1)} if reply else {}
        contents = [os.urandom(8)] if kind in CARRIES_DOCUMENT else []
        package = self.case.send(
            *contents, kind=kind, target=target, recipients=organs, document=document
        )
        self.packages[package] = (kind, target, reply)
        changed = [self._move(name, found) for name, found in moves.items()]
        if kind in CARRIES_DOCUMENT:
            self.deliveries |= {(package, organ): Delivery() for organ in organs}
            changed += [Effect(package_id=package, recipient=o, to_state=S.SENT) for o in organs]
        self._note(changed)

    def report(self, name: Name, event: DeliveryEvent, parts: dict[str, Any]) -> None:
        statement = self._statement(name, event, parts)
        context, found = self._decide(statement, name)
        delivery = self.deliveries[name]
        changed = []
        if found.outcome is Outcome.MOVED:
            changed.append(self._move(name, found))
            if found.move is not None and found.move.target is S.ACCEPTED:
                changed += self._replace(name)
        delivery.has_lead = delivery.has_lead or names_lead(found, context)
        delivery.reports[event] = dump_statement_content(statement)
        self.case.record_report(statement, changed)
        self._note(changed)

    def may_send(self, kind: PackageKind, target: PackageId, organs: list[OrganId]) -> bool:
        if kind is not PackageKind.REPLACE and any(
            (target, organ) not in self.deliveries for organ in organs
        ):
            return False
        return _succeeds(lambda: self._at_target(kind, target, organs))

    def may_report(self, name: Name, event: DeliveryEvent, parts: dict[str, Any]) -> bool:
        statement = self._statement(name, event, parts)
        return _succeeds(lambda: self._decide(statement, name))

    def _at_target(
        self, kind: PackageKind, target: PackageId, organs: list[OrganId]
    ) -> dict[Name, Step]:
        found = {}
        for organ in organs:
            delivery = self.deliveries.get((target, organ))
            if delivery is not None:
                outcome = step_at_target(kind, delivery.state, delivery.resume_state)
                if outcome is not None:
                    found[target, organ] = outcome
        return found

    def _decide(self, statement: Statement, name: Name) -> tuple[Context, Step]:
        delivery = self.deliveries[name]
        earlier = delivery.reports.get(statement.event)
        context = context_of(
            statement,
            actor=Actor.SENDER if statement.reporter == SENDER else Actor.RECIPIENT,
            reply_requested=self.packages[name[0]][2],
            has_lead=delivery.has_lead,
            same_content=None if earlier is None else earlier == dump_statement_content(statement),
            resume_state=delivery.resume_state,
        )
        return context, step(delivery.state, statement.event, context)

    def _replace(self, name: Name) -> list[Effect]:
        target = self.packages[name[0]][1]
        if target is None or (target, name[1]) not in self.deliveries:
            return []
        old = (target, name[1])
        found = step(self.deliveries[old].state, E.REPLACE, Context(actor=Actor.AXIS))
        return [self._move(old, found)] if found.outcome is Outcome.MOVED else []

    def _move(self, name: Name, found: Step) -> Effect:
        delivery = self.deliveries[name]
        before, delivery.state = delivery.state, found.state
        delivery.resume_state = found.resume_state
        return Effect(
            package_id=name[0], recipient=name[1], from_state=before, to_state=found.state
        )

    def _note(self, changed: list[Effect]) -> None:
        self.effects[self.case.entries[-1].receipt.index] = changed

    def _statement(self, name: Name, event: DeliveryEvent, parts: dict[str, Any]) -> Statement:
        now = self.case.clock()
        return Statement(
            statement_id=StatementId.new(now, os.urandom(10)),
            audience=self.case.journal.axis,
            package_id=name[0],
            recipient=name[1],
            reporter=SENDER if event is E.REQUEST_TAKE_BACK else name[1],
            event=event,
            created_at=now,
            **(self.case.parts_of(event) | parts),
        )


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except LienthongError:
        return False
    return True


def packages(axis: Axis, organs: list[OrganId], *, reply: bool) -> Iterator[Action]:
    """Every package about an earlier one that the axis would take over now."""
    for package, (kind, _, _) in axis.packages.items():
        for follower in EVENT_AT_TARGET if kind in CARRIES_DOCUMENT else ():
            if axis.may_send(follower, package, organs):
                yield partial(axis.send, follower, package, organs, reply=reply)


def reports(axis: Axis) -> Iterator[Action]:
    """Every report that the axis would take over now."""
    for name in axis.deliveries:
        for event, parts in VARIANTS:
            if axis.may_report(name, event, parts):
                yield partial(axis.report, name, event, parts)


def visible_to(axis: Axis, organ: OrganId) -> CaseBuilder:
    """The entries that an axis shows to a recipient."""
    part = CaseBuilder(pki=PKI)
    part.journal = axis.case.journal
    part.files = axis.case.files
    for item in axis.case.entries:
        body = load_entry(item.receipt.entry).body
        assert isinstance(body, PackageRecord | StatementRecord)
        seen = body.recipients if isinstance(body, PackageRecord) else (body.recipient,)
        if organ in seen:
            part.entries.append(item)
    return part


def verified(axis: Axis, case: CaseBuilder) -> BundleReport:
    data = dump_bundle(case.contents(with_files=False))
    report = verify_bundle(BytesIO(data), axis.case.journal.key, PKI.anchors)
    for entry in report.timeline:
        assert set(entry.effects) <= set(axis.effects[entry.index])
    return report


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_case_gives_bundles_that_verify(data: st.DataObject) -> None:
    axis = Axis()
    some_organs = st.lists(st.sampled_from(ORGANS), min_size=1, max_size=3, unique=True)
    axis.send(PackageKind.NEW, None, data.draw(some_organs), reply=data.draw(st.booleans()))
    for is_report in data.draw(
        st.lists(st.sampled_from([True, True, True, False]), min_size=6, max_size=20)
    ):
        found = list(
            reports(axis)
            if is_report
            else packages(axis, data.draw(some_organs), reply=data.draw(st.booleans()))
        )
        if found:
            data.draw(st.sampled_from(found))()
    reporting = {name[1] for name, one in axis.deliveries.items() if one.reports}

    whole = verified(axis, axis.case)
    assert {(one.package_id, one.recipient) for one in whole.deliveries} == set(axis.deliveries)
    for one in whole.deliveries:
        assert one.state is axis.deliveries[one.package_id, one.recipient].state
        assert one.complete or one.recipient not in reporting
    for organ in ORGANS:
        part = visible_to(axis, organ)
        if part.entries:
            own = [one for one in verified(axis, part).deliveries if one.recipient == organ]
            for one in own:
                assert one.state is axis.deliveries[one.package_id, organ].state
                assert one.complete or organ not in reporting
