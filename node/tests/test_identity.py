"""Who is calling, and calls that end with their credential."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import CredentialExpired, CredentialRevoked, CredentialUnknown, RoleMissing
from lienthong.testing.clock import FixedClock
from lienthong.testing.pki import TestPKI
from lienthong_node import identity
from lienthong_node.access import HEALTH_CHECK, RULES, check_complete, check_role, methods
from lienthong_node.core.credentials import Credential, Credentials, Role, Use
from lienthong_node.identity import Identifier, OpenCalls, current_caller
from node.tests.support import NOW, A, B, caller, credential

PKI = TestPKI(NOW)
CLIENT = PKI.client("client")
BOUND = credential(A, fingerprint=CLIENT.fingerprint.hex(), roles=(Role.AGENCY, Role.GATEWAY))


def peer(pem: bytes = CLIENT.chain_pem, **more: list[bytes]) -> dict[str, Any]:
    """What gRPC says about the other side of a connection."""
    first = pem[: pem.index(b"-----END CERTIFICATE-----")] + b"-----END CERTIFICATE-----\n"
    return {"x509_pem_cert": [first], "ssl_tls_version": [b"TLSv1.3"]} | more


def identifier(*known: Credential, clock: FixedClock | None = None) -> Identifier:
    return Identifier(lambda: Credentials(known), clock or FixedClock(NOW))


class TestIdentifier:
    def test_the_certificate_says_who_and_with_which_roles(self) -> None:
        found = identifier(BOUND).caller(peer())
        assert found.organ == A
        assert found.roles == {"agency", "gateway"}
        assert found.fingerprint == hashlib.sha256(CLIENT.certificate).digest()

    @pytest.mark.parametrize(
        "context",
        [
            pytest.param({}, id="no certificate"),
            pytest.param({"x509_pem_cert": []}, id="an empty list"),
            pytest.param({"x509_pem_cert": [b""]}, id="an empty certificate"),
            pytest.param({"x509_pem_cert": [b"-----BEGIN CERTIFICATE-----"]}, id="junk"),
            pytest.param(peer(PKI.client("other").chain_pem), id="not registered"),
            pytest.param(peer(ssl_tls_version=[b"TLSv1.2"]), id="old TLS"),
        ],
    )
    def test_nobody_else_is_known(self, context: dict[str, Any]) -> None:
        with pytest.raises(CredentialUnknown):
            identifier(BOUND).caller(context)

    def test_a_name_in_the_certificate_counts_for_nothing(self) -> None:
        """Only the bytes do: another certificate of the same subject is another one."""
        twin = TestPKI(NOW).client("client")
        with pytest.raises(CredentialUnknown):
            identifier(BOUND).caller(peer(twin.chain_pem))

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"use": Use.SIGNING, "roles": ()}, CredentialUnknown),
            ({"revoked_at": NOW}, CredentialRevoked),
            ({"not_after": NOW - timedelta(seconds=1)}, CredentialExpired),
            ({"not_before": NOW + timedelta(seconds=1)}, CredentialExpired),
        ],
    )
    def test_refuses(self, change: dict[str, Any], error: type[Exception]) -> None:
        with pytest.raises(error):
            identifier(evolve(BOUND, **change)).caller(peer())

    def test_an_open_connection_is_asked_again_at_every_call(self) -> None:
        clock = FixedClock(NOW)
        found = identifier(BOUND, clock=clock)
        found.caller(peer())
        clock.set(BOUND.not_after + timedelta(seconds=1))
        with pytest.raises(CredentialExpired):
            found.caller(peer())

    def test_remembers_a_bounded_number_of_certificates(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(identity, "MAX_REMEMBERED", 2)
        found = identifier(BOUND)
        for name in ("one", "two", "three", "four"):
            with pytest.raises(CredentialUnknown):
                found.caller(peer(PKI.client(name).chain_pem))
        assert len(found._fingerprints) <= 2
        assert found.caller(peer()).organ == A


class TestOpenCalls:
    async def test_a_revocation_cuts_the_calls_of_that_credential_and_no_others(self) -> None:
        calls = OpenCalls()
        outcome: dict[str, object] = {}

        async def follow(organ: str) -> None:
            with calls.handling(caller(organ)):
                assert current_caller().organ == organ
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    outcome[organ] = calls.cut_because()
                    raise

        tasks = {organ: asyncio.create_task(follow(organ)) for organ in (A, B)}
        await asyncio.sleep(0)
        known = Credentials((credential(A, revoked_at=NOW), credential(B)))
        assert calls.cut_unusable(known, NOW) == 1
        await asyncio.wait([tasks[A]], timeout=5)
        assert tasks[A].cancelled()
        assert isinstance(outcome[A], CredentialRevoked)
        assert not tasks[B].done()
        tasks[B].cancel()
        await asyncio.wait([tasks[B]], timeout=5)
        assert outcome[B] is None
        assert (calls._tasks, calls._cut) == ({}, {})

    @pytest.mark.parametrize(
        ("known", "reason"),
        [
            ((), CredentialUnknown),
            ((credential(A, not_after=NOW - timedelta(days=1)),), CredentialExpired),
        ],
    )
    async def test_says_why(self, known: tuple[Credential, ...], reason: type[Exception]) -> None:
        calls = OpenCalls()
        with calls.handling(caller(A)):
            assert calls.cut_unusable(Credentials(known), NOW) == 1
            assert isinstance(calls.cut_because(), reason)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()


class TestAccess:
    def test_every_method_of_the_contract_has_a_rule(self) -> None:
        check_complete()
        assert len(methods()) >= 20

    @pytest.mark.parametrize("method", methods())
    def test_a_method_without_a_rule_keeps_the_node_down(self, method: str) -> None:
        rest = {name: roles for name, roles in RULES.items() if name != method}
        with pytest.raises(RuntimeError, match=method):
            check_complete(rest)

    def test_no_rule_is_left_over(self) -> None:
        health = {name for name in RULES if name.startswith("/grpc.health.v1.Health/")}
        assert set(RULES) - health == set(methods())
        assert HEALTH_CHECK in health

    @pytest.mark.parametrize("method", methods())
    def test_operators_administer_and_exchange_nothing(self, method: str) -> None:
        """Neither may do what the other may; but both say that they have checked (Đ12.6)."""
        operator, agency = caller(A, Role.OPERATOR), caller(A, Role.AGENCY)
        if method.endswith("/RecordCheck"):
            check_role(method, agency, RULES)
            check_role(method, operator, RULES)
            return
        if ".Admin/" in method:
            check_role(method, operator, RULES)
            with pytest.raises(RoleMissing):
                check_role(method, agency, RULES)
        elif ".Exchange/" in method:
            check_role(method, agency, RULES)
            with pytest.raises(RoleMissing):
                check_role(method, operator, RULES)
        else:
            check_role(method, agency, RULES)

    def test_a_method_that_nobody_declared_is_for_nobody(self) -> None:
        for role in Role:
            with pytest.raises(RoleMissing):
                check_role("/lienthong.axis.v1.Exchange/New", caller(A, role), RULES)
