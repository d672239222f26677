"""Certificates of authorities that the trust folder names: refused while their status is unknown.

Each row that touches them in the table of what stops and what goes on is here with its limit: an
hour for certificates that sign, a day for those of connections. Others are not concerned.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from cryptography import x509

from lienthong.errors import (
    CertificateRevoked,
    ConfigInvalid,
    CredentialRevoked,
    CredentialStatusUnknown,
    StatusUnknown,
)
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.testing.clock import FixedClock
from lienthong.testing.pki import (
    Authority,
    Identity,
    TestPKI,
    client_extensions,
    signing_extensions,
)
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong.testing.status_server import Reply, StatusServer
from lienthong.trust import Fetcher, TrustStore
from lienthong.trust.store import add_authority
from lienthong_node.certificate_ends import authority_ends, credential_ends, last_of_each
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.certificate_watch import EndingWatch
from lienthong_node.core.credentials import Credential, Credentials, Role, Use
from lienthong_node.identity import Identifier, OpenCalls
from lienthong_node.metrics import Metrics
from node.tests.support import A, B, C, caller, credential

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
END = b"-----END CERTIFICATE-----\n"


class Place:
    """An authority that publishes on loopback, and a node's view of its certificates."""

    def __init__(self, server: StatusServer, folder: Path) -> None:
        self.server, self.clock = server, FixedClock(NOW)
        self.authority = Authority.root("CA công cộng", now=NOW)
        self.revoked: dict[int, Revoked] = {}
        self.signer = self.issue("signer", signing_extensions())
        self.client = self.issue("client", client_extensions())
        self.up()
        add_authority(
            folder,
            TrustEntry(
                file="ca.pem",
                label="CA công cộng",
                kind=SignatureKind.CONG_CONG,
                purposes=[TrustPurpose.ORGANISATIONS],
            ),
            self.authority.certificate,
        )
        fetcher = Fetcher(private_hosts=["127.0.0.1"], connect_s=1, total_s=1)
        self.status = CertificateStatus(TrustStore.load(folder), self.clock, lambda _: fetcher)

    def issue(self, name: str, extensions: list[tuple[x509.ExtensionType, bool]]) -> Identity:
        url = x509.UniformResourceIdentifier(self.server.url("/ca.crl"))
        points = x509.CRLDistributionPoints([x509.DistributionPoint([url], None, None, None)])
        return self.authority.issue(name, extensions=[*extensions, (points, False)])

    def up(self) -> None:
        def made(_: bytes) -> Reply:
            return Reply(content=make_list(self.authority, self.revoked, at=self.clock()))

        self.server.answer("/ca.crl", made)

    def down(self) -> None:
        self.server.answer("/ca.crl", lambda _: Reply(status=503))

    def revoke(self, identity: Identity) -> None:
        self.revoked[serial_of(identity.certificate)] = Revoked(at=self.clock())

    def sign(self) -> None:
        self.status.check_signer([self.signer.certificate, self.authority.certificate])

    def connect(self) -> None:
        self.status.check_peer(self.client.fingerprint.hex(), self.client.chain_pem)

    def learn(self) -> None:
        """Let both be seen, and their status be fetched."""
        for check in (self.sign, self.connect):
            with pytest.raises((StatusUnknown, CredentialStatusUnknown)):
                check()
        self.status.turn()
        self.clock.advance(timedelta(seconds=1))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with StatusServer() as server:
        yield Place(server, tmp_path / "trust")


class TestSigning:
    def test_what_is_not_known_yet_is_refused_and_fetched(self, place: Place) -> None:
        with pytest.raises(StatusUnknown) as caught:
            place.sign()
        assert caught.value.retryable
        assert place.server.asked == []
        place.status.turn()
        place.sign()
        assert place.server.asked == ["/ca.crl"]

    def test_a_revoked_certificate_is_refused(self, place: Place) -> None:
        place.learn()
        place.sign()
        place.revoke(place.signer)
        place.clock.advance(HOUR / 2)
        place.status.turn()
        with pytest.raises(CertificateRevoked, match="signer"):
            place.sign()

    def test_it_stops_an_hour_after_the_publisher_died_and_goes_on_by_itself(
        self, place: Place
    ) -> None:
        place.learn()
        place.down()
        place.clock.advance(HOUR - timedelta(seconds=1))
        place.status.turn()
        place.sign()
        place.clock.advance(timedelta(seconds=1))
        with pytest.raises(StatusUnknown, match="stale"):
            place.sign()
        place.connect()
        place.up()
        place.clock.advance(HOUR / 2)
        place.status.turn()
        place.sign()

    @pytest.mark.planted("unknown status lets a package in")
    def test_letting_it_in_is_noticed(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(CertificateStatus, "check_signer", lambda *_: None)
        with pytest.raises(pytest.fail.Exception):
            self.test_it_stops_an_hour_after_the_publisher_died_and_goes_on_by_itself(place)


class TestConnecting:
    def test_it_stops_a_day_after_the_publisher_died(self, place: Place) -> None:
        place.learn()
        place.down()
        place.clock.advance(DAY - timedelta(seconds=1))
        place.connect()
        place.clock.advance(timedelta(seconds=2))
        with pytest.raises(CredentialStatusUnknown) as caught:
            place.connect()
        assert caught.value.retryable

    def test_a_revoked_certificate_opens_nothing_and_its_calls_are_cut(self, place: Place) -> None:
        place.learn()
        fingerprint = place.client.fingerprint.hex()
        known = credential(
            A, fingerprint=fingerprint, roles=(Role.AGENCY,), not_after=NOW + 300 * DAY
        )
        peer = _peer(place.client)
        found = Identifier(lambda: Credentials([known]), place.clock, place.status)
        assert found.caller(peer).organ == A
        place.revoke(place.client)
        place.clock.advance(HOUR / 2)
        place.status.turn()
        with pytest.raises(CredentialRevoked):
            found.caller(peer)

        async def cut() -> int:
            calls = OpenCalls()

            async def handle() -> None:
                who = evolve(caller(A), fingerprint=place.client.fingerprint)
                with calls.handling(who):
                    await asyncio.sleep(60)

            task = asyncio.create_task(handle())
            await asyncio.sleep(0)
            count = calls.cut_unusable(Credentials([known]), place.clock(), place.status)
            with pytest.raises(asyncio.CancelledError):
                await task
            return count

        assert asyncio.run(cut()) == 1

    def test_a_verdict_is_not_made_anew_for_every_call(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place.learn()
        asked: list[object] = []
        judge = CertificateStatus._status

        def counted(self: CertificateStatus, *given: Any) -> Any:
            asked.append(given)
            return judge(self, *given)

        monkeypatch.setattr(CertificateStatus, "_status", counted)
        for _ in range(100):
            place.connect()
        assert len(asked) == 1

    def test_a_chain_with_authorities_between_is_followed(self, tmp_path: Path) -> None:
        with StatusServer() as server:
            place = Place(server, tmp_path / "trust")
            below = place.authority.authority("CA cấp dưới")
            client = below.issue("client", extensions=client_extensions())
            with pytest.raises(CredentialStatusUnknown):
                place.status.check_peer(client.fingerprint.hex(), client.chain_pem)

    def test_what_is_shown_beside_a_certificate_hides_nothing(self, tmp_path: Path) -> None:
        with StatusServer() as server:
            place = Place(server, tmp_path / "trust")
            below = place.authority.authority("CA cấp dưới")
            client = below.issue("client", extensions=client_extensions())
            own = client.chain_pem.partition(END)[0] + END
            others = [PKI.client(A).chain_pem, b"-----BEGIN CERTIFICATE-----\nx\n" + END]
            for shown in ([below.pem, below.pem], [*others * 5, below.pem], []):
                status = CertificateStatus(
                    place.status.store, place.clock, authorities=lambda: below.pem
                )
                with pytest.raises(CredentialStatusUnknown):
                    status.check_peer(client.fingerprint.hex(), own + b"".join(shown))

    def test_a_changed_store_concerns_calls_that_are_open(self, place: Place) -> None:
        client = PKI.client(A)
        place.status.check_peer(client.fingerprint.hex(), client.chain_pem)
        entry = TrustEntry(
            file="new.pem",
            label="Mới",
            kind=SignatureKind.CONG_VU,
            purposes=[TrustPurpose.ORGANISATIONS],
        )
        add_authority(place.status.store.folder, entry, PKI.root.certificate)
        place.status.turn()
        with pytest.raises(CredentialStatusUnknown):
            place.status.check_again(client.fingerprint.hex())


class TestOthers:
    def test_the_node_s_own_authority_is_not_concerned(self, place: Place) -> None:
        own, client = PKI.organisation(A), PKI.client(A)
        place.status.check_signer([*own.chain, PKI.root.certificate])
        place.status.check_peer(client.fingerprint.hex(), client.chain_pem)
        place.status.turn()
        assert place.server.asked == []

    def test_a_node_that_trusts_an_authority_between_is_concerned_too(self, place: Place) -> None:
        below = place.authority.authority("CA cấp dưới")
        signer = below.issue("signer", extensions=signing_extensions())
        with pytest.raises(StatusUnknown):
            place.status.check_signer([signer.certificate, below.certificate])

    def test_an_impostor_of_the_authority_is_never_asked_about(self, place: Place) -> None:
        impostor = Authority.root(place.authority.name, now=NOW)
        forged = impostor.issue("client", extensions=client_extensions())
        place.status.check_peer(forged.fingerprint.hex(), forged.chain_pem)
        place.status.check_peer("00" * 32, b"no certificate")
        place.status.turn()
        assert place.server.asked == []

    def test_a_trust_folder_that_is_wrong_stops_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigInvalid):
            CertificateStatus.open(tmp_path, lambda: NOW)

    def test_a_store_that_changes_is_taken_up_and_one_that_is_wrong_is_not(
        self, place: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        signer = PKI.organisation("H53.09")
        path = [*signer.chain, PKI.root.certificate]
        place.status.check_signer(path)
        folder = place.status.store.folder
        purposes = [TrustPurpose.ORGANISATIONS]
        entry = TrustEntry(
            file="new.pem", label="Mới", kind=SignatureKind.CONG_VU, purposes=purposes
        )
        add_authority(folder, entry, PKI.root.certificate)
        place.status.turn()
        with pytest.raises(StatusUnknown):
            place.status.check_signer(path)
        (folder / "trust.toml").write_text("[[authority]]\nfile = 5\n")
        place.status.turn()
        assert "stays as it was" in caplog.text
        with pytest.raises(StatusUnknown):
            place.status.check_signer(path)

    def test_the_memory_is_bounded(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lienthong_node.certificate_status.MAX_REMEMBERED", 5)
        for number in range(20):
            place.status.check_peer(f"{number:064}", PKI.client(A).chain_pem)
        assert len(place.status._shown) <= 5


class TestEndings:
    def credential(self, organ: str, days: int, **more: Any) -> Credential:
        fingerprint = f"{organ}{days}".encode().hex().ljust(64, "0")
        not_after = NOW + timedelta(days=days)
        return credential(organ, fingerprint=fingerprint, not_after=not_after, **more)

    def test_each_warning_is_told_once(
        self, place: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        watch, metrics = EndingWatch(), Metrics()
        told = []
        for days_ahead in range(70, -2, -1):
            found = last_of_each(credential_ends([self.credential(A, 70)]))
            with caplog.at_level(logging.WARNING):
                caplog.clear()
                for _ in range(2):
                    watch.look(found, metrics, NOW + timedelta(days=70 - days_ahead))
            told += [days_ahead for _ in caplog.records]
        assert told == [60, 30, 7, -1]

    def test_what_was_renewed_or_revoked_is_not_warned_of(self) -> None:
        known = [
            self.credential(A, 5),
            self.credential(A, 300),
            self.credential(B, 3, revoked_at=NOW),
        ]
        (one,) = last_of_each(credential_ends(known))
        assert (one.whose, one.not_after) == (A, NOW + 300 * DAY)

    def test_authorities_end_too(self, place: Place) -> None:
        (one,) = authority_ends(place.status.store.trust.authorities)
        assert (one.use, one.whose) == ("authority", "CA công cộng")

    def test_the_figures_say_when_and_not_who(self) -> None:
        metrics = Metrics()
        known = [self.credential(organ, days) for organ, days in ((A, 20), (B, 90), (C, -3))]
        found = last_of_each(credential_ends(known))
        EndingWatch().look(found, metrics, NOW)
        value = metrics.registry.get_sample_value
        ends = "lienthong_certificate_ends_timestamp_seconds"
        use = Use.TRANSPORT.value
        assert value(ends, {"use": use}) == (NOW + 20 * DAY).timestamp()
        for within, count in {"60": 0, "30": 1, "7": 0, "0": 1}.items():
            assert value("lienthong_certificates_ending", {"within_days": within}) == count


def _peer(identity: Identity) -> dict[str, list[bytes]]:
    return {"x509_pem_cert": [identity.chain_pem], "ssl_tls_version": [b"TLSv1.3"]}
