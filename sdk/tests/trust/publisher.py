"""An authority that publishes status on loopback, and who fetches it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.pki.revocation import SIGNING, Revocation, worst
from lienthong.pki.trust import Fetching, TrustEntry, TrustFile, build_trust
from lienthong.testing.clock import FixedClock
from lienthong.testing.pki import Authority, Identity, TestPKI, signing_extensions
from lienthong.testing.status import HOUR, Answer, Revoked, make_list, make_response, serial_of
from lienthong.testing.status_server import Reply, StatusServer
from lienthong.trust import Fetcher, Kept, Kind, Refresher, StatusBook, StatusFolder, TrustStore

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
MINUTE = timedelta(minutes=1)
KEY_COMPROMISE = x509.ReasonFlags.key_compromise


class Publisher:
    """An authority on loopback, with a signer whose certificate names its places."""

    def __init__(self, server: StatusServer, folder: Path) -> None:
        self.server, self.clock = server, FixedClock(NOW)
        self.root: Authority = PKI.root
        self.list_url, self.ocsp_url = server.url("/ca.crl"), server.url("/ocsp")
        self.signer = self.issue("signer")
        self.revoked: Revoked | None = None
        self.made_at = NOW
        self.up()
        self.folder = StatusFolder(folder)
        self.book = StatusBook(self.folder)
        self.refresher = Refresher(
            store=self.store(),
            folder=self.folder,
            fetcher=Fetcher(private_hosts=["127.0.0.1"], connect_s=1, total_s=1),
            clock=self.clock,
            spread=lambda: 1.0,
        )

    def issue(self, name: str) -> Identity:
        point = x509.DistributionPoint(
            [x509.UniformResourceIdentifier(self.list_url)], None, None, None
        )
        responder = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(self.ocsp_url)
        )
        return self.root.issue(
            name,
            extensions=[
                *signing_extensions(),
                (x509.CRLDistributionPoints([point]), False),
                (x509.AuthorityInformationAccess([responder]), False),
            ],
        )

    def store(self) -> TrustStore:
        entry = TrustEntry(
            file="root.pem",
            label="Root",
            kind=SignatureKind.CONG_CONG,
            purposes=[TrustPurpose.ORGANISATIONS],
        )
        file = TrustFile(authority=[entry], fetching=Fetching())
        trust = build_trust(file, lambda _: self.root.pem)
        return TrustStore(folder=Path("store"), file=file, trust=trust)

    def up(self) -> None:
        self.server.answer("/ca.crl", lambda _: Reply(content=self.make_list()))
        self.server.answer("/ocsp", self._responds)

    def make_list(self) -> bytes:
        entries = {serial_of(self.signer.certificate): self.revoked} if self.revoked else {}
        return make_list(self.root, entries, at=self.made_at)

    def _responds(self, question: bytes) -> Reply:
        asked = ocsp.load_der_ocsp_request(question)
        said = Answer(
            certificate=self.signer.certificate,
            revoked=self.revoked,
            this_update=self.made_at,
            next_update=self.made_at + HOUR,
        )
        extensions = [(one.value, False) for one in asked.extensions]
        return Reply(content=make_response(self.root, said, extensions=extensions))

    @property
    def path(self) -> Sequence[bytes]:
        return [self.signer.certificate, self.root.certificate]

    def refresh(self, *, due_only: bool = False) -> tuple[int, dict[Kind, str]]:
        turn = self.refresher.refresh(due_only=due_only)
        return turn.fetched, {one.kind: one.reason for one in turn.failed}

    def status(self) -> Revocation:
        self.book.look()
        return worst(self.book.status(self.path, self.clock(), SIGNING))

    def kept(self, kind: Kind) -> Kept:
        return next(one for one in self.folder.all() if one.kind is kind)

    def pass_time(self, time: timedelta, *, published: bool = True) -> None:
        self.clock.advance(time)
        if published:
            self.made_at = self.clock()
