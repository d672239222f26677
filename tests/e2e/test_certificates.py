"""Who gets in, and who may sign: by certificates that are registered, in force and fit."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from attrs import evolve, frozen
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lienthong.client import Profile
from lienthong.errors import (
    CertificateExpired,
    ChainUntrusted,
    CredentialExpired,
    CredentialRevoked,
    CredentialUnknown,
    LienthongError,
    RoleMissing,
    SenderMismatch,
)
from lienthong.model.ids import OrganId
from lienthong.testing.signer import MemorySigner
from lienthong_node.certificates import Authority, KeyKind, PrivateKey, new_key
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import admin_pb2, exchange_pb2, journal_pb2
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.raw import METHODS, Answer, Outcome, Party, call, messages

DAY: Final = timedelta(days=1)
SOON: Final = 5.0
"""Seconds within which an open call must have been cut."""

WHO_AM_I: Final = "/lienthong.axis.v1.Directory/GetOrganisation"


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """A running axis."""
    made = LocalAxis.create(tmp_path_factory.mktemp("axis"), NAMES, disk_reserve_bytes=0)
    with made.running():
        yield made


@pytest.fixture(scope="module")
def operator(axis: LocalAxis) -> Iterator[Party]:
    with Party.opened(axis.data / "operator") as party:
        yield party


@pytest.fixture(scope="module")
def a(axis: LocalAxis) -> Iterator[Party]:
    with Party.opened(axis.profile(A)) as party:
        yield party


@frozen
class Pair:
    """A key with its certificate."""

    key: PrivateKey
    der: bytes
    pem: bytes

    def channel(self, profile: Profile) -> grpc.Channel:
        """A connection that shows this certificate."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        credentials = grpc.ssl_channel_credentials(profile.transport.ca.read_bytes(), key, self.pem)
        return grpc.secure_channel(profile.endpoint, credentials)

    def signer(self) -> MemorySigner:
        return MemorySigner(self.key, (self.der,))


@frozen
class Office:
    """The axis's authority, and one that has nothing to do with it."""

    axis: LocalAxis
    operator: Party

    def issue(
        self,
        *,
        transport: bool,
        begin: datetime | None = None,
        days: int = 1,
        foreign: bool = False,
    ) -> Pair:
        """A certificate of A from *begin* on."""
        now = datetime.now(UTC)
        keys = self.axis.data / "keys"
        authority = (
            Authority.create("Authority of truc.tayninh.example", now)
            if foreign
            else Authority.load(keys / "authority.key", keys / "authority.pem")
        )
        key = new_key(KeyKind.P256)
        made = authority.issue_organisation(
            key, A, NAMES[A], begin or now, days, transport=transport
        )
        return Pair(key, made.public_bytes(Encoding.DER), made.public_bytes(Encoding.PEM))

    def register(self, pair: Pair, use: str, organ: str = A, *roles: str) -> str:
        """Bind a certificate; returns its fingerprint."""
        request = admin_pb2.RegisterCredentialRequest(
            organ_id=organ, certificate_der=pair.der, use=use, roles=roles
        )
        answer = self.operator.ask("Admin/RegisterCredential", request)
        [found] = messages(admin_pb2.RegisterCredentialResponse, answer)
        return str(found.credential.fingerprint)

    def revoke(self, fingerprint: str) -> None:
        request = admin_pb2.RevokeCredentialRequest(fingerprint=fingerprint, reason="thử")
        assert self.operator.ask("Admin/RevokeCredential", request).ok


@pytest.fixture(scope="module")
def office(axis: LocalAxis, operator: Party) -> Office:
    return Office(axis, operator)


def who_am_i(pair: Pair, profile: Profile) -> Answer:
    with pair.channel(profile) as channel:
        return call(channel, WHO_AM_I, [b""])


class TestConnecting:
    def test_a_registered_certificate_opens_the_door(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=True)
        office.register(pair, "transport")
        assert who_am_i(pair, a.profile).ok

    def test_one_of_the_right_authority_that_nobody_registered(
        self, a: Party, office: Office
    ) -> None:
        answer = who_am_i(office.issue(transport=True), a.profile)
        assert (answer.status, answer.code) == ("UNAUTHENTICATED", CredentialUnknown.code)

    @pytest.mark.parametrize("foreign", [True, False], ids=["foreign", "none"])
    def test_one_of_another_authority_or_none_gets_no_connection(
        self, a: Party, office: Office, *, foreign: bool
    ) -> None:
        """Also when it bears our names and was registered by mistake."""
        if foreign:
            pair = office.issue(transport=True, foreign=True)
            office.register(pair, "transport")
            answer = who_am_i(pair, a.profile)
        else:
            credentials = grpc.ssl_channel_credentials(a.profile.transport.ca.read_bytes())
            with grpc.secure_channel(a.profile.endpoint, credentials) as channel:
                answer = call(channel, WHO_AM_I, [b""])
        assert (answer.status, answer.code) == ("UNAVAILABLE", "")

    @pytest.mark.parametrize(
        ("begin", "days"), [(-40 * DAY, 30), (10 * DAY, 30)], ids=["expired", "not yet valid"]
    )
    def test_one_that_is_not_in_force_gets_no_connection(
        self, a: Party, office: Office, begin: timedelta, days: int
    ) -> None:
        pair = office.issue(transport=True, begin=datetime.now(UTC) + begin, days=days)
        office.register(pair, "transport")
        answer = who_am_i(pair, a.profile)
        assert answer.status in {"UNAVAILABLE", "UNAUTHENTICATED"}
        assert answer.code in {"", CredentialExpired.code}

    def test_a_revoked_one(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=True)
        fingerprint = office.register(pair, "transport")
        with pair.channel(a.profile) as channel:
            assert call(channel, WHO_AM_I, [b""]).ok
            office.revoke(fingerprint)
            answer = call(channel, WHO_AM_I, [b""])
        assert (answer.status, answer.code) == ("UNAUTHENTICATED", CredentialRevoked.code)

    def test_a_signing_certificate_does_not_connect(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=False)
        office.register(pair, "signing")
        answer = who_am_i(pair, a.profile)
        assert (answer.status, answer.code) == ("UNAUTHENTICATED", CredentialUnknown.code)

    def test_a_certificate_speaks_for_the_organisation_that_it_is_bound_to(
        self, a: Party, office: Office
    ) -> None:
        """What stands in the certificate counts for nothing: this one names A."""
        pair = office.issue(transport=True)
        office.register(pair, "transport", C)
        with pair.channel(a.profile) as channel:
            answer = call(channel, WHO_AM_I, [b""])
        assert C.encode() in answer.data[0]
        assert A.encode() not in answer.data[0]


class TestTLS:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_only_the_newest_version_is_spoken(self, a: Party, version: ssl.TLSVersion) -> None:
        files = a.profile.transport
        context = ssl.create_default_context(cafile=str(files.ca))
        context.load_cert_chain(files.certificate, files.key)
        context.set_alpn_protocols(["h2"])
        context.maximum_version = version
        host, _, port = a.profile.endpoint.rpartition(":")
        with socket.create_connection((host, int(port)), SOON) as line:
            if version is ssl.TLSVersion.TLSv1_3:
                with context.wrap_socket(line, server_hostname=host) as secured:
                    assert secured.version() == "TLSv1.3"
                return
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(line, server_hostname=host)

    def test_nobody_is_answered_in_the_clear(self, a: Party) -> None:
        with grpc.insecure_channel(a.profile.endpoint) as channel:
            assert call(channel, WHO_AM_I, [b""]).status == "UNAVAILABLE"


class Follower:
    """Follows the feed on a thread until it is cut."""

    def __init__(self, channel: grpc.Channel) -> None:
        request = exchange_pb2.SubscribeRequest(follow=True).SerializeToString()
        self.answer: Answer | None = None
        self._call = threading.Thread(target=self._follow, args=(channel, request), daemon=True)
        self._call.start()

    def _follow(self, channel: grpc.Channel, request: bytes) -> None:
        path = "/lienthong.axis.v1.Exchange/Subscribe"
        self.answer = call(channel, path, [request], server_streaming=True, seconds=60)

    def cut_within(self, seconds: float) -> Answer | None:
        self._call.join(seconds)
        return self.answer


class TestOpenCalls:
    def test_a_revocation_cuts_them_and_no_others(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=True)
        fingerprint = office.register(pair, "transport")
        with pair.channel(a.profile) as channel:
            cut, stays = Follower(channel), Follower(a.channel)
            time.sleep(0.5)
            assert cut.answer is None
            office.revoke(fingerprint)
            answer = cut.cut_within(SOON)
        assert answer is not None
        assert (answer.status, answer.code) == ("UNAUTHENTICATED", CredentialRevoked.code)
        assert stays.answer is None

    def test_the_end_of_a_certificate_cuts_them(self, a: Party, office: Office) -> None:
        end = datetime.now(UTC) + timedelta(seconds=3)
        pair = office.issue(transport=True, begin=end - DAY, days=1)
        office.register(pair, "transport")
        with pair.channel(a.profile) as channel:
            follower = Follower(channel)
            time.sleep(0.5)
            assert follower.answer is None
            answer = follower.cut_within(3 + SOON)
        assert answer is not None
        assert (answer.status, answer.code) == ("UNAUTHENTICATED", CredentialExpired.code)


def refused(party: Party, **fields: Any) -> LienthongError:
    outcome = outcome_of(party, **fields)
    assert isinstance(outcome, LienthongError), outcome
    return outcome


def outcome_of(party: Party, **fields: Any) -> Outcome:
    [outcome] = party.submit(party.submission(party.manifest(B, **fields)))
    return outcome


class TestSigning:
    def test_a_registered_certificate_signs(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=False)
        office.register(pair, "signing")
        assert isinstance(outcome_of(evolve(a, signer=pair.signer())), journal_pb2.Receipt)

    def test_one_that_nobody_registered(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=False)
        assert isinstance(refused(evolve(a, signer=pair.signer())), CredentialUnknown)

    def test_one_of_another_authority(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=False, foreign=True)
        office.register(pair, "signing")
        assert isinstance(refused(evolve(a, signer=pair.signer())), ChainUntrusted)

    @pytest.mark.parametrize(
        ("begin", "days"), [(-40 * DAY, 30), (10 * DAY, 30)], ids=["expired", "not yet valid"]
    )
    def test_one_that_is_not_in_force(
        self, a: Party, office: Office, begin: timedelta, days: int
    ) -> None:
        pair = office.issue(transport=False, begin=datetime.now(UTC) + begin, days=days)
        office.register(pair, "signing")
        assert isinstance(refused(evolve(a, signer=pair.signer())), CertificateExpired)

    def test_a_revoked_one(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=False)
        fingerprint = office.register(pair, "signing")
        party = evolve(a, signer=pair.signer())
        assert isinstance(outcome_of(party), journal_pb2.Receipt)
        office.revoke(fingerprint)
        assert isinstance(refused(party), CredentialRevoked)

    def test_a_transport_certificate_does_not_sign(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=True)
        office.register(pair, "transport")
        found = refused(evolve(a, signer=pair.signer()))
        assert found.code in {CredentialUnknown.code, "pki.certificate_unfit"}

    def test_one_of_another_organisation(self, axis: LocalAxis, a: Party) -> None:
        with Party.opened(axis.profile(C)) as c:
            found = refused(evolve(a, signer=c.signer))
            assert isinstance(found, SenderMismatch)
            assert found.facts["organ"] == A
            found = refused(evolve(a, signer=c.signer), sender=OrganId(C))
            assert isinstance(found, SenderMismatch)

    def test_an_expired_signature_is_not_revived_by_an_old_creation_time(
        self, a: Party, office: Office
    ) -> None:
        """Validity is judged at the axis's time, not at the one that the signer claims."""
        begin = datetime.now(UTC) - 3 * DAY
        pair = office.issue(transport=False, begin=begin, days=2)
        office.register(pair, "signing")
        found = refused(evolve(a, signer=pair.signer()), created_at=begin + DAY)
        assert isinstance(found, CertificateExpired)


class TestRoles:
    @pytest.mark.parametrize("name", [name for name in METHODS if name.startswith("Admin/")])
    def test_an_agency_does_not_administer(self, a: Party, name: str) -> None:
        answer = a.ask(name, b"")
        assert (answer.status, answer.code) == ("PERMISSION_DENIED", RoleMissing.code)

    @pytest.mark.parametrize("name", [name for name in METHODS if name.startswith("Exchange/")])
    def test_an_operator_exchanges_nothing(self, operator: Party, name: str) -> None:
        answer = operator.ask(name, b"")
        if name == "Exchange/RecordCheck":
            # It is who must check the interconnection (QĐ 52/2019 Đ12.6); an empty check is none.
            assert answer.status == "INVALID_ARGUMENT"
        else:
            assert (answer.status, answer.code) == ("PERMISSION_DENIED", RoleMissing.code)

    def test_an_operator_reads_no_receipts(self, operator: Party) -> None:
        assert operator.ask("Evidence/GetReceipt", b"").code == RoleMissing.code

    def test_who_has_both_roles_may_do_both(self, a: Party, office: Office) -> None:
        pair = office.issue(transport=True)
        office.register(pair, "transport", A, "agency", "operator")
        with pair.channel(a.profile) as channel:
            party = evolve(a, channel=channel)
            assert party.ask("Admin/GetStatus", b"").ok
            assert party.ask("Exchange/ListDeliveries", b"\x08\x01").ok


def test_refusals_are_logged_with_who_and_why(axis: LocalAxis) -> None:
    log = Path(axis.log).read_text("utf-8")
    for code in (CredentialUnknown, CredentialRevoked, RoleMissing):
        assert f'"outcome": "{code.code}"' in log
    assert f'"organ": "{A}", "outcome": "{RoleMissing.code}"' in log
