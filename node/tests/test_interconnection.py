"""Checks of the interconnection: who may record them, and who must."""

from __future__ import annotations

from datetime import datetime

import pytest
from attrs import evolve

from lienthong.errors import (
    ClosedSender,
    DiskFull,
    InvalidValue,
    LienthongError,
    MissingField,
    OrganisationUnknown,
    RoleMissing,
    TooLarge,
)
from lienthong.model.ids import OrganId
from lienthong.rules.sections.directory import Duty, DutyHolder
from lienthong_node import wire
from lienthong_node.access import RULES, check_role
from lienthong_node.core.commands import (
    PutCredential,
)
from lienthong_node.core.credentials import Role
from lienthong_node.core.interconnection import bound_to_check, operators
from lienthong_node.services.visibility import concerns
from lienthong_node.stores import registry_facts
from lienthong_proto.axis.v1 import journal_pb2
from node.tests.committing import OPERATOR, make
from node.tests.desk import (
    DAY,
    METHOD,
    PROVINCE,
    Desk,
    at,
    close,
    desk,
    missing,
    named,
    of,
)
from node.tests.support import (
    BODY,
    CLOSED,
    NOBODY,
    OFFICE,
    TODAY,
    A,
    B,
    C,
    caller,
    credential,
)

__all__ = ["desk"]


class TestRecording:
    def test_it_is_told_to_its_organisation_its_office_and_the_operators(self, desk: Desk) -> None:
        [check] = desk.done(of(BODY))
        assert check.row.parties == (BODY, OFFICE)
        [check] = desk.done(of(A))
        assert check.row.parties == (A, OFFICE)
        assert check.row.envelope == check.row.package_id == b""
        assert desk.journal(B) == []

    def test_it_is_shown_to_whom_it_was_told_and_who_represents_its_organisation(
        self, desk: Desk
    ) -> None:
        [check] = desk.done(of(BODY))
        directory = desk.committer.registry.directory
        seen = [
            organ
            for organ in (A, B, BODY, OFFICE)
            if concerns(check.row, caller(organ), directory, TODAY)
        ]
        assert seen == [BODY, OFFICE]
        # Who represents an operator is told nothing of others' checks.
        told = evolve(check.row, parties=(A, BODY))
        assert not concerns(told, caller(OFFICE), directory, TODAY)

    def test_two_that_are_alike_are_two_checks(self, desk: Desk) -> None:
        first, second = desk.done(of(A), of(A))
        assert first.row.index != second.row.index

    def test_none_is_made_past_the_reserve_of_the_disk(self, desk: Desk) -> None:
        """That one was missed is told all the same: the axis says it once."""
        desk.committer = make(desk.store, clock=desk.clock, reserve_reached=lambda: True)
        [outcome] = desk.ask(of(A))
        assert isinstance(outcome, DiskFull)
        desk.done(missing(OFFICE, at("08:00")))

    def test_who_has_ended_or_is_unknown_checks_nothing(self, desk: Desk) -> None:
        outcomes = desk.ask(of(CLOSED), of(NOBODY))
        assert [type(one) for one in outcomes] == [ClosedSender, OrganisationUnknown]

    def test_what_can_still_be_made_was_not_missed(self, desk: Desk) -> None:
        [outcome] = desk.ask(missing(OFFICE, at("14:00")))
        assert isinstance(outcome, InvalidValue)

    def test_every_role_may_and_nobody_without_one(self) -> None:
        for role in Role:
            check_role(METHOD, caller(A, role), RULES)
        with pytest.raises(RoleMissing):
            check_role(METHOD, evolve(caller(A), roles=frozenset()), RULES)

    @pytest.mark.parametrize(
        ("results", "error"),
        [
            ([], MissingField),
            ([journal_pb2.CheckResult(name="feed")] * 51, TooLarge),
            ([journal_pb2.CheckResult(name="")], LienthongError),
            ([journal_pb2.CheckResult(name="a" * 51)], InvalidValue),
            ([journal_pb2.CheckResult(name="feed", note="a" * 201)], InvalidValue),
            ([journal_pb2.CheckResult(name="fe\x1bed")], InvalidValue),
            ([journal_pb2.CheckResult(name="feed", note="a\nb")], InvalidValue),
        ],
    )
    def test_hostile_results_are_refused(
        self, results: list[journal_pb2.CheckResult], error: type[LienthongError]
    ) -> None:
        with pytest.raises(error):
            wire.check_results(results)


class TestWhoseDuty:
    def duty(self, desk: Desk, when: datetime | None = None) -> tuple[str, ...]:
        return bound_to_check(registry_facts(desk.committer.registry), when or desk.clock())

    def test_it_is_the_operators(self, desk: Desk) -> None:
        assert self.duty(desk) == (OFFICE,)

    @pytest.mark.parametrize(
        "changes",
        [{"revoked_at": at("08:00")}, {"not_after": at("08:00")}],
        ids=["revoked", "over"],
    )
    def test_a_credential_that_has_ended_makes_no_operator(
        self, changes: dict[str, datetime]
    ) -> None:
        desk = Desk()
        ended = credential(A, roles=(Role.OPERATOR,), fingerprint="cd" * 32, **changes)
        desk.done(PutCredential(caller=OPERATOR, credential=ended))
        credentials = desk.committer.registry.credentials
        assert operators(credentials, desk.clock()) == (OFFICE,)
        assert operators(credentials, at("07:59")) == ()

    def test_nobody_operates_before_the_certificate_is_entered(self) -> None:
        desk = Desk()
        desk.clock.set(at("15:00"))
        new = credential(
            A, roles=(Role.OPERATOR,), fingerprint="cd" * 32, registered_at=at("15:00")
        )
        desk.done(PutCredential(caller=OPERATOR, credential=new))
        assert self.duty(desk, at("14:59")) == (OFFICE,)
        assert self.duty(desk, at("15:00")) == (A, OFFICE)

    def test_whom_the_rule_set_names_goes_before(self, desk: Desk) -> None:
        until = TODAY + DAY
        first = DutyHolder(
            duty=Duty.AXIS_OPERATOR, name="B", organisation=OrganId(B), valid_to=until
        )
        then = evolve(first, organisation=OrganId(C), valid_from=until, valid_to=None)
        settings = evolve(PROVINCE.directory, duties=(first, then))
        desk.keep(evolve(PROVINCE, directory=settings))
        assert self.duty(desk) == (B,)
        assert self.duty(desk, at("00:00", 1)) == (C,)

    def test_who_has_ended_has_no_duty(self, desk: Desk) -> None:
        desk.keep(named(C))
        assert self.duty(desk) == (C,)
        close(desk, C, TODAY + DAY)
        assert self.duty(desk, at("23:59")) == (C,)
        assert self.duty(desk, at("00:00", 1)) == (OFFICE,)

    def test_without_a_rule_set_nothing_is_missed(self) -> None:
        desk = Desk()
        assert desk.look(at("12:00", 3)) == []
