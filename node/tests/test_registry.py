"""Changes of the directory and of credentials."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    CodeTaken,
    CredentialExpired,
    CredentialRevoked,
    CredentialUnknown,
    DirectoryChanged,
    InvalidValue,
    OrganisationUnknown,
)
from lienthong.model.ids import OrganId
from lienthong.model.journal import DirectoryRecord
from lienthong.model.organisation import Directory, Organisation, OrganLink
from lienthong.model.time import to_us
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.directory import DirectoryRules
from lienthong_node.core.commands import PutCredential, PutOrganisations
from lienthong_node.core.credentials import Credential, Credentials, Role, Use
from lienthong_node.core.decision import Accepted, Moment
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.law import Kept, Law
from lienthong_node.core.registry import (
    decide_credential,
    decide_organisations,
    load_credential,
    load_organisation,
)
from node.tests.support import (
    B_NEW_CODE,
    CLOSED,
    DIRECTORY,
    HEIR,
    NOBODY,
    NOW,
    A,
    B,
    C,
    caller,
    credential,
    organisation,
)

MOMENT = Moment(index=7, now=NOW, now_us=to_us(NOW), clock=NOW, directory_version=40)
OPERATOR = caller("000.00.01.H53", Role.OPERATOR)


def put(*organisations: Organisation, directory: Directory = DIRECTORY) -> Accepted:
    command = PutOrganisations(caller=OPERATOR, organisations=organisations)
    facts = RegistryFacts(directory=directory, credentials=Credentials())
    return decide_organisations(command, facts, MOMENT)


def bind(value: Credential, *known: Credential) -> Accepted:
    command = PutCredential(caller=OPERATOR, credential=value)
    facts = RegistryFacts(directory=DIRECTORY, credentials=Credentials(known))
    return decide_credential(command, facts, MOMENT)


class TestCodesOfTheLaw:
    """What a rule set says of an organisation is found by its own code alone."""

    NAMING = RuleSet(
        name="naming",
        title="Naming",
        directory=DirectoryRules(not_ready=(OrganId(B_NEW_CODE), OrganId(B))),
    )
    LAW = Law().after([Kept(organ_id="", value=NAMING, version=1)])

    def put(self, value: Organisation, *known: Organisation) -> Accepted:
        command = PutOrganisations(caller=OPERATOR, organisations=(value,))
        facts = RegistryFacts(directory=Directory(known), credentials=Credentials(), law=self.LAW)
        return decide_organisations(command, facts, MOMENT)

    def test_a_second_code_that_a_rule_set_names_is_refused(self) -> None:
        with pytest.raises(InvalidValue, match=r"directory\.not_ready of naming") as caught:
            self.put(organisation(B, aliases=(B_NEW_CODE,)), organisation(B))
        assert caught.value.facts["found"] == B_NEW_CODE

    def test_what_was_so_before_stops_nobody(self) -> None:
        known = organisation(B, aliases=(B_NEW_CODE,))
        assert self.put(organisation(C), known).organisations
        assert self.put(evolve(known, in_charge="ai đó"), known).organisations

    def test_the_code_of_its_own_is_let_in(self) -> None:
        assert self.put(organisation(B_NEW_CODE)).organisations
        assert self.put(organisation(B)).organisations


class TestOrganisations:
    def test_each_change_gets_a_version_of_its_own(self) -> None:
        decision = put(organisation(NOBODY), organisation("000.00.98.H53"))
        assert [row.version for row in decision.organisations] == [41, 42]
        assert isinstance(decision.body, DirectoryRecord)
        assert decision.body.version == 42
        assert decision.parties == (NOBODY, "000.00.98.H53")
        assert load_organisation(decision.organisations[0]).version == 41

    def test_the_record_is_bound_to_what_was_written(self) -> None:
        first, second = put(organisation(NOBODY)), put(organisation(NOBODY, in_charge="ai đó"))
        assert isinstance(first.body, DirectoryRecord)
        assert isinstance(second.body, DirectoryRecord)
        assert first.body.change_sha256 != second.body.change_sha256

    @pytest.mark.parametrize("code", [B, B_NEW_CODE])
    def test_a_code_of_another_organisation_is_not_taken(self, code: str) -> None:
        with pytest.raises(CodeTaken):
            put(organisation(NOBODY, aliases=(code,)))

    def test_two_newcomers_do_not_share_a_code(self) -> None:
        with pytest.raises(CodeTaken):
            put(organisation(NOBODY, aliases=("H53.9",)), organisation("H53.9"))

    def test_an_organisation_keeps_its_own_codes(self) -> None:
        decision = put(organisation(B, aliases=(B_NEW_CODE, "H53.13.1")))
        assert len(load_organisation(decision.organisations[0]).codes) == 3

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("parent", OrganId(NOBODY)),
            ("successors", [OrganId(NOBODY)]),
            ("contact_point_of", [OrganId(NOBODY)]),
            ("former_parents", [OrganLink(organ_id=OrganId(NOBODY))]),
            ("acting_for", [OrganLink(organ_id=OrganId(NOBODY))]),
        ],
    )
    def test_what_it_refers_to_must_exist(self, name: str, value: Any) -> None:
        with pytest.raises(OrganisationUnknown):
            put(organisation("000.00.98.H53", **{name: value}))

    def test_a_change_made_from_an_older_directory_is_refused(self) -> None:
        known = Directory([organisation(A, version=7), organisation(B, version=9)])
        facts = RegistryFacts(directory=known, credentials=Credentials())
        change = PutOrganisations(
            caller=OPERATOR, organisations=(organisation(A),), expected_version=9
        )
        assert decide_organisations(change, facts, MOMENT).directory_changes == 1
        for expected in (0, 8, 10):
            with pytest.raises(DirectoryChanged) as caught:
                decide_organisations(evolve(change, expected_version=expected), facts, MOMENT)
            assert caught.value.facts == {"found": 9, "expected": expected}

    def test_newcomers_may_refer_to_each_other(self) -> None:
        child = organisation("000.01.99.H53", parent=OrganId(NOBODY))
        assert put(child, organisation(NOBODY)).directory_changes == 2

    def test_a_closed_one_names_its_successors(self) -> None:
        assert DIRECTORY.resolve(OrganId(CLOSED)).successors == (OrganId(HEIR),)


class TestCredentials:
    def test_binding_names_the_canonical_code(self) -> None:
        decision = bind(credential(B_NEW_CODE))
        assert decision.credential is not None
        assert decision.credential.organ_id == B
        assert load_credential(decision.credential).organ_id == B
        assert decision.parties == (B,)
        assert decision.directory_changes == 1

    def test_refuses_an_unknown_organisation(self) -> None:
        with pytest.raises(OrganisationUnknown):
            bind(credential(NOBODY))

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"organ_id": C},
            {"use": Use.SIGNING, "roles": ()},
            {"roles": (Role.AGENCY, Role.GATEWAY)},
            {"revoked_at": NOW, "organ_id": C},
        ],
    )
    def test_a_certificate_is_never_bound_twice(self, change: dict[str, Any]) -> None:
        known = credential(A)
        with pytest.raises(InvalidValue, match=f"bound to {A} for transport"):
            bind(evolve(known, **change), known)

    def test_a_revocation_only_adds_when_and_why(self) -> None:
        known = credential(A)
        ended = evolve(known, revoked_at=NOW, revocation_reason="mất máy")
        decision = bind(ended, known)
        assert decision.credential is not None
        assert load_credential(decision.credential) == ended

    @pytest.mark.parametrize("change", [{"revoked_at": None}, {"revoked_at": NOW}])
    def test_what_was_revoked_stays_revoked(self, change: dict[str, Any]) -> None:
        known = credential(A, revoked_at=NOW - timedelta(days=1))
        with pytest.raises(InvalidValue, match="revoked"):
            bind(evolve(known, **change), known)


class TestUse:
    CREDENTIALS = Credentials(
        (
            credential(A),
            credential(B, revoked_at=NOW),
            credential(C, not_after=NOW),
            credential("SIGNER", use=Use.SIGNING, roles=(), organ_id=A),
        )
    )

    def find(self, organ: str, use: Use = Use.TRANSPORT, at: timedelta = timedelta()) -> Credential:
        return self.CREDENTIALS.find(credential(organ).fingerprint, use, NOW + at)

    def test_finds_what_is_in_force(self) -> None:
        assert self.find(A).organ_id == A
        assert self.find("SIGNER", Use.SIGNING).organ_id == A
        assert self.find(C).organ_id == C

    @pytest.mark.parametrize(
        ("organ", "use", "at", "error"),
        [
            (NOBODY, Use.TRANSPORT, timedelta(), CredentialUnknown),
            (A, Use.SIGNING, timedelta(), CredentialUnknown),
            ("SIGNER", Use.TRANSPORT, timedelta(), CredentialUnknown),
            (B, Use.TRANSPORT, timedelta(), CredentialRevoked),
            (C, Use.TRANSPORT, timedelta(seconds=1), CredentialExpired),
            (A, Use.TRANSPORT, -timedelta(days=2), CredentialExpired),
        ],
    )
    def test_refuses(self, organ: str, use: Use, at: timedelta, error: type[Exception]) -> None:
        with pytest.raises(error):
            self.find(organ, use, at)

    def test_who_has_no_usable_transport_credential_cannot_receive(self) -> None:
        later = NOW + timedelta(seconds=1)
        receiving = [o for o in (A, B, C) if self.CREDENTIALS.can_receive(o, later)]
        assert receiving == [A]
