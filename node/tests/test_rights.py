"""Who may act for whom, with which certificate, and when: each rule at its edges."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest

from lienthong.errors import (
    ClockSkew,
    CredentialExpired,
    CredentialRevoked,
    CredentialUnknown,
    LienthongError,
    RoleMissing,
    SenderMismatch,
    WrongAudience,
)
from lienthong.model.ids import OrganId
from lienthong.model.time import to_us
from lienthong_node.access import RULES, check_role
from lienthong_node.core.checks import (
    acting_organ,
    check_audience,
    check_created,
    check_signer,
    may_act,
    with_representatives,
)
from lienthong_node.core.credentials import Credential, Credentials, Role, Use
from lienthong_node.core.decision import Moment
from lienthong_node.core.facts import RegistryFacts
from node.tests.support import (
    B_NEW_CODE,
    BODY,
    DIRECTORY,
    NOBODY,
    NOW,
    OFFICE,
    POLICY,
    TODAY,
    A,
    B,
    C,
    caller,
    credential,
    signing,
)

SUBMIT: Final = "/lienthong.axis.v1.Exchange/Submit"
STATUS: Final = "/lienthong.axis.v1.Admin/GetStatus"
TICK: Final = timedelta(microseconds=1)
BEFORE, AFTER = NOW - timedelta(days=1), NOW + timedelta(days=365)


def facts(credentials: Credentials) -> RegistryFacts:
    return RegistryFacts(directory=DIRECTORY, credentials=credentials)


def at(now: datetime) -> Moment:
    return Moment(index=1, now=now, now_us=to_us(now), clock=now, directory_version=0)


class TestRoles:
    @pytest.mark.parametrize("role", [Role.AGENCY, Role.GATEWAY, Role.PEER_AXIS])
    def test_parties_exchange(self, role: Role) -> None:
        check_role(SUBMIT, caller(A, role), RULES)
        with pytest.raises(RoleMissing) as refused:
            check_role(STATUS, caller(A, role), RULES)
        assert refused.value.facts == {"method": STATUS, "roles": "operator"}

    def test_operators_do_not(self) -> None:
        check_role(STATUS, caller(A, Role.OPERATOR), RULES)
        with pytest.raises(RoleMissing) as refused:
            check_role(SUBMIT, caller(A, Role.OPERATOR), RULES)
        assert refused.value.facts["roles"] == "agency, gateway, peer_axis"

    def test_a_method_without_a_rule_names_no_role(self) -> None:
        with pytest.raises(RoleMissing) as refused:
            check_role("/x/Y", caller(A), RULES)
        assert refused.value.facts["roles"] == "-"


class TestActing:
    @pytest.mark.parametrize(
        ("organ", "by", "allowed"),
        [(A, A, True), (BODY, OFFICE, True), (OFFICE, BODY, False), (B, A, False)],
    )
    def test_the_organisation_and_its_office_may(self, organ: str, by: str, allowed: bool) -> None:
        assert may_act(caller(by), organ, DIRECTORY, TODAY) is allowed
        if allowed:
            assert acting_organ(OrganId(organ), caller(by), DIRECTORY, TODAY) == organ
        else:
            with pytest.raises(SenderMismatch) as refused:
                acting_organ(OrganId(organ), caller(by), DIRECTORY, TODAY)
            assert refused.value.facts == {"caller": by, "organ": organ}

    def test_other_codes_of_an_organisation_are_its_own(self) -> None:
        assert acting_organ(OrganId(B_NEW_CODE), caller(B), DIRECTORY, TODAY) == B

    def test_an_unknown_organisation_is_answered_alike(self) -> None:
        with pytest.raises(SenderMismatch) as refused:
            acting_organ(OrganId(NOBODY), caller(A), DIRECTORY, TODAY)
        assert refused.value.facts == {"caller": A, "organ": NOBODY}

    def test_offices_are_added_once_behind_those_they_serve(self) -> None:
        assert with_representatives((A, BODY), DIRECTORY, TODAY) == (A, BODY, OFFICE)
        assert with_representatives((OFFICE, BODY), DIRECTORY, TODAY) == (OFFICE, BODY)
        assert with_representatives((), DIRECTORY, TODAY) == ()


class TestContent:
    def test_it_is_for_this_axis(self) -> None:
        check_audience(POLICY.axis, POLICY)
        with pytest.raises(WrongAudience) as refused:
            check_audience("other.axis", POLICY)
        assert refused.value.facts == {"found": "other.axis", "expected": POLICY.axis}

    @pytest.mark.parametrize("edge", [NOW + POLICY.max_clock_ahead, NOW, NOW - POLICY.max_age])
    def test_it_may_be_as_new_and_as_old_as_the_policy_says(self, edge: datetime) -> None:
        check_created(edge, NOW, POLICY)

    @pytest.mark.parametrize(
        ("created", "limit"),
        [
            (NOW + POLICY.max_clock_ahead + TICK, POLICY.max_clock_ahead),
            (NOW - POLICY.max_age - TICK, POLICY.max_age),
        ],
    )
    def test_it_may_not_be_newer_or_older(self, created: datetime, limit: timedelta) -> None:
        with pytest.raises(ClockSkew) as refused:
            check_created(created, NOW, POLICY)
        assert refused.value.facts["limit"] == str(limit)


class TestSigners:
    KNOWN: Final = Credentials([signing(organ) for organ in (A, B, OFFICE)])

    @pytest.mark.parametrize(
        ("holder", "organ", "by"), [(A, A, A), (OFFICE, BODY, OFFICE), (B, B, OFFICE)]
    )
    def test_the_organisation_or_whoever_hands_it_over_has_signed(
        self, holder: str, organ: str, by: str
    ) -> None:
        check_signer(signing(holder).fingerprint, organ, caller(by), facts(self.KNOWN), at(NOW))

    @pytest.mark.parametrize(("holder", "organ", "by"), [(B, A, A), (OFFICE, A, A), (A, BODY, B)])
    def test_nobody_else_has(self, holder: str, organ: str, by: str) -> None:
        with pytest.raises(SenderMismatch) as refused:
            check_signer(signing(holder).fingerprint, organ, caller(by), facts(self.KNOWN), at(NOW))
        assert refused.value.facts == {"caller": holder, "organ": organ}

    def test_a_certificate_of_connections_signs_nothing(self) -> None:
        known = Credentials([credential(A)])
        with pytest.raises(CredentialUnknown):
            check_signer(credential(A).fingerprint, A, caller(A), facts(known), at(NOW))

    def test_it_is_judged_at_the_moment_of_the_entry(self) -> None:
        fingerprint = signing(A).fingerprint
        check_signer(fingerprint, A, caller(A), facts(self.KNOWN), at(AFTER))
        with pytest.raises(CredentialExpired):
            check_signer(fingerprint, A, caller(A), facts(self.KNOWN), at(AFTER + TICK))


class TestCredentials:
    @pytest.mark.parametrize("now", [BEFORE, NOW, AFTER])
    def test_are_usable_from_the_first_to_the_last_instant(self, now: datetime) -> None:
        known = Credentials([credential(A), credential(B)])
        found = known.find(credential(A).fingerprint, Use.TRANSPORT, now)
        assert found == credential(A)
        assert known.can_receive(A, now)

    @pytest.mark.parametrize("now", [BEFORE - TICK, AFTER + TICK])
    def test_are_not_usable_outside(self, now: datetime) -> None:
        known = Credentials([credential(A)])
        with pytest.raises(CredentialExpired) as refused:
            known.find(credential(A).fingerprint, Use.TRANSPORT, now)
        assert refused.value.facts == {
            "fingerprint": credential(A).fingerprint,
            "at": now.isoformat(),
        }
        assert not known.can_receive(A, now)

    @pytest.mark.parametrize(
        ("known", "error"),
        [
            (credential(A, use=Use.SIGNING), CredentialUnknown),
            (credential(B), CredentialUnknown),
            (credential(A, revoked_at=NOW), CredentialRevoked),
        ],
    )
    def test_for_another_use_of_others_or_revoked_are_not(
        self, known: Credential, error: type[LienthongError]
    ) -> None:
        found = Credentials([known])
        with pytest.raises(error) as refused:
            found.find(credential(A).fingerprint, Use.TRANSPORT, NOW)
        assert refused.value.facts == {"fingerprint": credential(A).fingerprint}
        assert not found.can_receive(A, NOW)

    def test_are_found_by_organisation(self) -> None:
        mine = [credential(A), credential(A, use=Use.SIGNING, fingerprint="f" * 64)]
        known = Credentials([*mine, credential(B)])
        assert known.of(A) == tuple(mine)
        assert known.of(C) == ()
