"""Authorities of time-stamps that the trust folder names: once revoked, they count no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from attrs import define, evolve, field
from cryptography import x509

from lienthong.errors import TimestampInvalid
from lienthong.evidence.lifetimes import NEVER
from lienthong.evidence.stamps import CHECKPOINT, RENEWAL
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.pki.cms import read_signed_data
from lienthong.pki.trust import TrustEntry
from lienthong.spi.records import StampRow
from lienthong.testing.clock import FixedClock
from lienthong.testing.pki import Authority, Identity, KeyKind, key_usage
from lienthong.testing.status import Revoked, make_list, serial_of
from lienthong.testing.status_server import Reply, StatusServer
from lienthong.testing.tsa import stamping_extensions
from lienthong.trust import Fetcher, TrustStore
from lienthong.trust.store import add_authority
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.stamp_check import check_stamps
from lienthong_node.stamp_proofs import OTHERS, StampProofs
from lienthong_node.stamping import Stamping, nothing_known
from node.tests.committing import KEY
from node.tests.stamped import YEAR, StampedAxis, Stamper

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
COMPROMISED: Final = x509.ReasonFlags.key_compromise
SUPERSEDED: Final = x509.ReasonFlags.superseded


@define(eq=False)
class Published:
    """Two authorities; the first one publishes what it has revoked, on loopback."""

    server: StatusServer
    folder: Path
    clock: FixedClock = field(factory=FixedClock)
    revoked: dict[int, Revoked] = field(factory=dict)
    stampers: list[Stamper] = field(init=False)
    axis: StampedAxis = field(init=False)
    status: CertificateStatus = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stampers = [Stamper(name, self.clock) for name in ("TSA A", "TSA B")]
        first = self.stampers[0]
        first._identities[0] = self.issued_by(first.root(0))
        self.up()
        self.axis = StampedAxis(clock=self.clock, stampers=self.stampers)
        self.name(TrustPurpose.TIME_STAMPS)

    @property
    def root(self) -> Authority:
        return self.stampers[0].root(0)

    @property
    def stamping(self) -> Identity:
        return self.stampers[0]._identities[0]

    @property
    def places(self) -> tuple[x509.ExtensionType, bool]:
        """Where a certificate says that its status is published."""
        url = x509.UniformResourceIdentifier(self.server.url("/tsa.crl"))
        found = [x509.DistributionPoint([url], None, None, None)]
        return x509.CRLDistributionPoints(found), False

    def issued_by(self, authority: Authority) -> Identity:
        return authority.issue(
            "TSA A",
            kind=KeyKind.ED25519,
            extensions=[*stamping_extensions(), self.places],
            period=(self.clock() - timedelta(days=1), self.clock() + 5 * YEAR),
        )

    def name(self, purpose: TrustPurpose) -> None:
        """Let the trust folder name the authority."""
        entry = TrustEntry(
            file="tsa.pem", label="TSA A", kind=SignatureKind.CONG_CONG, purposes=[purpose]
        )
        add_authority(self.folder, entry, self.root.certificate)
        fetcher = Fetcher(private_hosts=["127.0.0.1"], connect_s=1, total_s=1)
        store = TrustStore.load(self.folder)
        self.status = CertificateStatus(store, self.clock, lambda _: fetcher)
        rules = evolve(self.axis.rules, revocations=self.status.stamp_revocations)
        self.axis.stamping.rules = rules

    def up(self) -> None:
        def made(_: bytes) -> Reply:
            return Reply(content=make_list(self.root, self.revoked, at=self.clock()))

        self.server.answer("/tsa.crl", made)

    def revoke(self, reason: x509.ReasonFlags | None = None) -> None:
        number = serial_of(self.stamping.certificate)
        self.revoked[number] = Revoked(at=self.clock(), reason=reason)

    def learn(self) -> None:
        """Fetch what is due."""
        self.clock.advance(HOUR)
        self.status.turn()

    def stamp(self) -> StampRow | None:
        """Have something new stamped."""
        self.axis.send()
        self.clock.advance(MINUTE)
        return self.axis.stamping.step()

    def is_by_first(self, row: StampRow | None) -> bool:
        assert row is not None
        signer = read_signed_data(row.token, what="a time-stamp")
        return self.stamping.certificate in signer.certificates


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    with StatusServer() as server:
        yield Published(server, tmp_path / "trust")


def check_revoked_authority_counts_no_more(published: Published) -> None:
    assert published.is_by_first(published.stamp())
    published.learn()
    published.revoke()
    published.learn()
    for _ in range(3):
        assert not published.is_by_first(published.stamp()), "a revoked authority counts"


def test_revoked_authority_is_passed_over(published: Published) -> None:
    check_revoked_authority_counts_no_more(published)
    assert published.axis.stamping.guard.failing == ""


@pytest.mark.planted("revocation of a time-stamp authority not asked")
def test_not_asking_would_be_noticed(published: Published) -> None:
    stamping = published.axis.stamping
    stamping.rules = evolve(stamping.rules, revocations=nothing_known)
    with pytest.raises(AssertionError, match="a revoked authority counts"):
        check_revoked_authority_counts_no_more(published)


def test_without_another_authority_nothing_is_stamped(published: Published) -> None:
    published.stamp()
    published.learn()
    published.revoke()
    published.learn()
    published.stampers[1].is_down = True
    with pytest.raises(TimestampInvalid, match="was revoked"):
        published.stamp()
    assert "was revoked" in published.axis.stamping.guard.failing


@pytest.mark.parametrize("answer", [Reply(status=503), Reply(content=b"no list")])
def test_journal_goes_on_while_nobody_knows(published: Published, answer: Reply) -> None:
    published.server.answer("/tsa.crl", lambda _: answer)
    for _ in range(4):
        assert published.stamp() is not None
        published.learn()
    assert published.server.asked


def test_list_that_is_stale_stops_nothing(published: Published) -> None:
    published.stamp()
    published.learn()
    published.server.answer("/tsa.crl", lambda _: Reply(status=503))
    published.clock.advance(timedelta(days=30))
    published.status.turn()
    assert [published.is_by_first(published.stamp()) for _ in range(2)] == [False, True]


def test_revocation_that_lies_ahead_changes_nothing_yet(published: Published) -> None:
    number = serial_of(published.stamping.certificate)
    published.revoked[number] = Revoked(at=published.clock() + timedelta(days=1))
    published.stamp()
    published.learn()
    published.stamp()
    assert published.is_by_first(published.stamp())
    published.clock.advance(timedelta(days=1))
    published.stamp()
    assert not published.is_by_first(published.stamp())


@pytest.mark.parametrize(
    ("reason", "counts"), [(None, False), (COMPROMISED, False), (SUPERSEDED, True)]
)
def test_what_it_stamped_before_counts_only_while_its_key_was_safe(
    published: Published, reason: x509.ReasonFlags | None, counts: bool
) -> None:
    """RFC 3161 4: a thief of the key can write any time into a token."""
    rows = [published.stamp() for _ in range(2)]
    assert [published.is_by_first(row) for row in rows] == [True, False]
    published.learn()
    published.revoke(reason)
    published.learn()
    axis = published.axis
    proofs = StampProofs(axis.store, axis.blobs, axis.stamping.rules)
    assert rows[0] is not None
    given = proofs.proof(rows[0].size, [], published.clock()).stamp.token
    assert (given == rows[0].token) is counts


def test_proof_that_was_given_before_is_judged_anew(published: Published) -> None:
    rows = [published.stamp() for _ in range(2)]
    axis = published.axis
    proofs = StampProofs(axis.store, axis.blobs, axis.stamping.rules)
    first, second = rows
    assert first is not None
    assert second is not None
    published.learn()
    assert proofs.proof(first.size, [], published.clock()).stamp.token == first.token
    published.revoke(COMPROMISED)
    published.learn()
    assert proofs.proof(first.size, [], published.clock()).stamp.token == second.token


def test_others_cover_what_a_lost_authority_stamped_last(published: Published) -> None:
    """On an axis where nothing happens any more."""
    axis = published.axis
    assert published.is_by_first(published.stamp())
    published.learn()
    assert axis.stamping.renew() == []
    published.revoke(COMPROMISED)
    published.learn()
    [renewal] = axis.stamping.renew()
    assert renewal.kind == RENEWAL
    assert not published.is_by_first(renewal)
    for _ in range(3):
        published.clock.advance(timedelta(days=2))
        assert axis.stamping.renew() == [], "a renewal every day, for ever"
    assert axis.stamping.ends_at is not None
    assert axis.stamping.ends_at < NEVER


def check_what_was_stamped_last_is_given_anew(published: Published) -> None:
    """On an axis where nothing happens any more, too."""
    axis = published.axis
    last = published.stamp()
    assert published.is_by_first(last)
    assert last is not None
    published.learn()
    published.revoke(COMPROMISED)
    published.learn()
    axis.stamping.renew()
    with axis.store.read() as view:
        anew = view.last_stamp(CHECKPOINT)
    assert anew is not None
    assert not published.is_by_first(anew), "entries that only a lost authority has stamped"
    assert anew.size == last.size
    proofs = StampProofs(axis.store, axis.blobs, axis.stamping.rules)
    assert proofs.proof(last.size, [], published.clock()).stamp.token == anew.token
    for _ in range(3):
        published.clock.advance(HOUR)
        axis.stamping.renew()
        assert axis.stamping.step() is None
        with axis.store.read() as view:
            assert view.last_stamp(CHECKPOINT) == anew, "the same checkpoint every hour, for ever"


def test_what_a_lost_authority_stamped_last_is_given_anew(published: Published) -> None:
    check_what_was_stamped_last_is_given_anew(published)


@pytest.mark.planted("checkpoint under a lost authority's time-stamp alone")
def test_leaving_it_so_would_be_noticed(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Stamping.step

    def forgetful(stamping: Stamping) -> StampRow | None:
        stamping._has_ended = False
        return step(stamping)

    monkeypatch.setattr(Stamping, "step", forgetful)
    with pytest.raises(AssertionError, match="only a lost authority"):
        check_what_was_stamped_last_is_given_anew(published)


def test_proof_passes_over_all_that_a_lost_authority_stamped(published: Published) -> None:
    """However many there are before another one's."""
    second = published.stampers[1]
    second.is_down = True
    rows = [published.stamp() for _ in range(OTHERS + 3)]
    assert all(map(published.is_by_first, rows))
    published.learn()
    published.revoke(COMPROMISED)
    published.learn()
    second.is_down = False
    newest = published.stamp()
    assert rows[0] is not None
    assert newest is not None
    axis = published.axis
    proofs = StampProofs(axis.store, axis.blobs, axis.stamping.rules)
    assert proofs.proof(rows[0].size, [], published.clock()).stamp.token == newest.token


def test_check_counts_what_a_lost_authority_stamped_and_tells_when_the_others_end(
    published: Published,
) -> None:
    rows = [published.stamp() for _ in range(2)]
    assert [published.is_by_first(row) for row in rows] == [True, False]
    published.learn()
    published.revoke(COMPROMISED)
    published.learn()
    axis = published.axis
    parts = axis.store, axis.blobs, KEY, axis.stamping.rules
    found = check_stamps(*parts, published.clock())
    assert (found.count, found.lost) == (2, 1)
    assert found.ends_at > published.clock() + YEAR


def test_check_tells_when_nothing_but_a_lost_authority_covers_the_newest(
    published: Published,
) -> None:
    assert published.is_by_first(published.stamp())
    published.learn()
    published.revoke(COMPROMISED)
    published.learn()
    axis = published.axis
    parts = axis.store, axis.blobs, KEY, axis.stamping.rules
    assert check_stamps(*parts, published.clock()).ends_at < published.clock()


def test_authority_between_that_was_revoked_counts_as_well(published: Published) -> None:
    is_authority = x509.BasicConstraints(ca=True, path_length=None), True
    signs = key_usage(key_cert_sign=True), True
    between = published.root.authority("TSA CA", extensions=[is_authority, signs, published.places])
    published.stampers[0]._identities[0] = published.issued_by(between)
    assert published.is_by_first(published.stamp())
    published.revoked[serial_of(between.certificate)] = Revoked(at=published.clock())
    published.learn()
    published.stamp()
    assert not published.is_by_first(published.stamp())


@pytest.mark.parametrize("purpose", [TrustPurpose.FILES, TrustPurpose.ORGANISATIONS])
def test_authority_of_another_purpose_is_not_asked(tmp_path: Path, purpose: TrustPurpose) -> None:
    with StatusServer() as server:
        published = Published(server, tmp_path / "trust")
        published.folder = tmp_path / "other"
        published.name(purpose)
        published.stamp()
        published.learn()
        assert server.asked == []
