"""Time-stamps of a case: what a bundle with them proves, and when it stops to."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime, timedelta
from hashlib import sha512
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

from lienthong.codec.stamps import dump_stamp_proof, load_stamp_proof
from lienthong.errors import BundleInvalid, LienthongError
from lienthong.evidence import renewal
from lienthong.evidence.bundle import dump_bundle, verify_bundle
from lienthong.evidence.findings import BundleReport
from lienthong.evidence.hashtree import leaf_of, root_of
from lienthong.evidence.lifetimes import Lifetimes
from lienthong.evidence.parts import BundleContents, ConsistencyProof, consistency_pairs
from lienthong.evidence.stamp_findings import StampJudge
from lienthong.evidence.stamps import Covered, Statement, entry_content, stamp_content
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.stamps import EntryPlace, Place, Renewal, Stamp, StampProof
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.cms import read_signed_data
from lienthong.pki.timestamp import verify_token
from lienthong.pki.tst_info import read_tst_info
from lienthong.spi.verifier import Outcome
from lienthong.testing.case import CaseBuilder
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA

CONTENT: Final = b"%PDF-1.7 quyet dinh"
CASE: Final = CaseBuilder()
TSA: Final = TestTSA(CASE.pki, clock=CASE.clock)


def _play() -> tuple[Stamp, datetime]:
    """A package, its time-stamp, and a report that no time-stamp covers."""
    package = CASE.send(CONTENT)
    stamp = stamped(CASE.journal.checkpoint)
    at = CASE.clock()
    CASE.clock.advance(timedelta(minutes=5))
    CASE.report(DeliveryEvent.ARRIVE, package, DeliveryState.SENT, DeliveryState.ARRIVED)
    return stamp, at


def stamped(text: str, tsa: TestTSA = TSA, algorithm: str = "SHA-512") -> Stamp:
    digest = {"SHA-512": sha512}[algorithm](text.encode()).digest()
    return Stamp(text=text, algorithm=algorithm, token=tsa.issue(digest, algorithm=algorithm))


STAMP, STAMPED_AT = _play()
CERTIFICATES_END: Final = CASE.pki.now + timedelta(days=365)


def contents(*proofs: StampProof) -> BundleContents:
    plain = CASE.contents()
    pairs = consistency_pairs((item.receipt for item in plain.entries), plain.checkpoint, proofs)
    consistency = [
        ConsistencyProof(old_size=old, new_size=new, hashes=CASE.journal.prove(old, new))
        for old, new in pairs
    ]
    return evolve(plain, stamps=proofs, consistency=tuple(consistency))


def verify(made: BundleContents, judge: StampJudge | None = None) -> BundleReport:
    return verify_bundle(BytesIO(dump_bundle(made)), CASE.journal.key, CASE.pki.anchors, judge)


def verified(
    *proofs: StampProof, anchors: TrustAnchors | None = None, **judging: Any
) -> BundleReport:
    values: dict[str, Any] = {"anchors": anchors or CASE.pki.anchors, "at": CASE.clock()}
    return verify(contents(*proofs), StampJudge(**(values | judging)))


def renewed(stamp: Stamp = STAMP, *, with_entries: bool = True, **changes: Any) -> Renewal:
    """A renewal of a time-stamp; fields of its statement can be given."""
    digest = lambda data: sha512(data).digest()  # noqa: E731 - as the tables of digests have it
    leaf = leaf_of(stamp_content(stamp), digest)
    files = [sha512(CONTENT).digest()]
    entry = CASE.entries[0]
    content = entry_content(entry.receipt.entry, entry.envelope, files, "SHA-512")
    entries = [leaf_of(content, digest), leaf_of(b"another entry", digest)]
    values: dict[str, Any] = {
        "axis": CASE.journal.axis,
        "algorithm": "SHA-512",
        "stamps": Covered(size=1, root=root_of([leaf], digest)),
        "entries": Covered(size=2, root=root_of(entries, digest)) if with_entries else None,
    }
    place = EntryPlace(index=0, files=files, path=[entries[1]])
    return Renewal(
        stamp=stamped(Statement(**(values | changes)).dump()),
        stamps=[Place(index=0, path=[])],
        entries=[place] if with_entries else [],
    )


def test_bundle_tells_when_what_was_time_stamped_and_what_waits() -> None:
    first, second = verified(StampProof(stamp=STAMP)).timeline
    assert first.stamp is not None
    assert first.stamp.outcome is Outcome.PASSED
    assert first.stamp.proven is not None
    assert first.stamp.proven.stamped_at == STAMPED_AT
    assert second.stamp is None


def test_proof_is_read_back_as_it_was_written() -> None:
    proof = StampProof(stamp=STAMP, renewals=[renewed(), renewed(with_entries=False)])
    assert load_stamp_proof(dump_stamp_proof(proof)) == proof


def test_time_stamp_that_is_the_first_of_no_entry_is_refused() -> None:
    first, second = (stamped(note) for note in CASE.journal.checkpoints.values())
    both = contents(StampProof(stamp=first), StampProof(stamp=second))
    assert len(verify(both).timeline) == 2
    with pytest.raises(BundleInvalid, match="tells nothing"):
        verify(evolve(both, entries=both.entries[:1]))


def test_bundle_without_time_stamps_is_as_it_was() -> None:
    assert dump_bundle(contents()) == dump_bundle(CASE.contents())
    assert [entry.stamp for entry in verified().timeline] == [None, None]


def test_nobody_is_trusted_until_somebody_says_so() -> None:
    data = dump_bundle(contents(StampProof(stamp=STAMP)))
    report = verify_bundle(BytesIO(data), CASE.journal.key, CASE.pki.anchors)
    assert report.timeline[0].stamp is not None
    assert report.timeline[0].stamp.outcome is Outcome.INDETERMINATE


def test_unknown_authority_proves_nothing_and_refuses_nothing() -> None:
    report = verified(StampProof(stamp=STAMP), anchors=TestPKI().anchors)
    assert report.timeline[0].stamp is not None
    assert report.timeline[0].stamp.outcome is Outcome.INDETERMINATE
    assert report.timeline[0].stamp.reason_vi


def test_what_ended_is_no_proof_of_existence_any_more() -> None:
    found = verified(StampProof(stamp=STAMP), at=CERTIFICATES_END + timedelta(seconds=1))
    stamp = found.timeline[0].stamp
    assert stamp is not None
    assert stamp.outcome is Outcome.INDETERMINATE
    assert "no proof of existence" in stamp.reason


@pytest.mark.parametrize("retired", ["SHA-512", "SHA-256", "P-256"])
def test_retired_algorithm_ends_the_proof(retired: str) -> None:
    lifetimes = Lifetimes(algorithms={retired: CASE.clock() + timedelta(days=9)})
    proof = StampProof(stamp=STAMP)
    soon = verified(proof, lifetimes=lifetimes, at=CASE.clock() + timedelta(days=8))
    late = verified(proof, lifetimes=lifetimes, at=CASE.clock() + timedelta(days=10))
    outcomes = [one.timeline[0].stamp and one.timeline[0].stamp.outcome for one in (soon, late)]
    assert outcomes == [Outcome.PASSED, Outcome.INDETERMINATE]


def test_renewal_by_another_digest_outlives_the_first_one() -> None:
    lifetimes = Lifetimes(algorithms={"SHA-256": CASE.clock() + timedelta(days=9)})
    proof = StampProof(stamp=STAMP, renewals=[renewed()])
    stamp = verified(proof, lifetimes=lifetimes).timeline[0].stamp
    assert stamp is not None
    assert stamp.proven is not None
    assert stamp.proven.renewals == 1


FALSE: Final = {
    "another axis": lambda: renewed(axis="axis.other"),
    "another stamp": lambda: renewed(evolve(STAMP, text=STAMP.text + " ")),
    "another size": lambda: renewed(stamps=Covered(size=2, root=bytes(64))),
    "no place": lambda: evolve(renewed(), stamps=[]),
    "place twice": lambda: evolve(renewed(), stamps=[Place(index=0, path=[])] * 2),
    "long path": lambda: evolve(renewed(), stamps=[Place(index=0, path=[bytes(64)])]),
    "short hash": lambda: evolve(renewed(), stamps=[Place(index=0, path=[bytes(32)])]),
    "no such leaf": lambda: evolve(renewed(), stamps=[Place(index=1, path=[])]),
    "another entry": lambda: renewed(entries=Covered(size=2, root=bytes(64))),
    "another file": lambda: evolve(
        renewed(),
        entries=[evolve(renewed().entries[0], files=[sha512(b"swapped").digest()])],
    ),
    "no file": lambda: evolve(renewed(), entries=[evolve(renewed().entries[0], files=[])]),
    "token of another text": lambda: evolve(
        renewed(), stamp=evolve(renewed().stamp, token=STAMP.token)
    ),
    "no token": lambda: evolve(renewed(), stamp=evolve(renewed().stamp, token=b"")),
    "other text": lambda: evolve(renewed(), stamp=stamped("lienthong-renewal/1\nno\n")),
    "two first lines": lambda: evolve(renewed(), stamp=stamped(CASE.journal.checkpoint)),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_renewal_refuses_the_bundle(name: str) -> None:
    with pytest.raises(BundleInvalid):
        verified(StampProof(stamp=STAMP, renewals=[FALSE[name]()]))


def other_text() -> StampProof:
    """The token of the first checkpoint, moved to the newest one."""
    return StampProof(stamp=evolve(STAMP, text=CASE.journal.checkpoint))


def test_token_of_another_checkpoint_refuses_the_bundle() -> None:
    with pytest.raises(BundleInvalid, match="another digest"):
        verified(other_text())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees_about_the_token(tmp_path: Path) -> None:
    files = {"data": STAMP.text.encode(), "in": STAMP.token, "CAfile": CASE.pki.root.pem}
    arguments = [
        "openssl",
        "ts",
        "-verify",
        "-token_in",
        "-attime",
        f"{STAMPED_AT.timestamp():.0f}",
    ]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        arguments += [f"-{name}", str(tmp_path / name)]
    found = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert "Verification: OK" in found.stdout + found.stderr, found


@pytest.mark.planted("token not compared with the checkpoint")
def test_token_that_is_not_compared_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(token: bytes, _digest: bytes, anchors: TrustAnchors, **asked: Any) -> object:
        signed = read_signed_data(token, what="token")
        own = read_tst_info(signed.content, what="token").imprint
        return verify_token(token, own, anchors, **asked)

    monkeypatch.setattr(renewal, "verify_token", careless)
    verified(other_text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lienthong-renewal/1\n",
        renewed().stamp.text.replace("SHA-512", "SHA-1"),
        renewed().stamp.text.replace("stamps 1 ", "stamps 01 "),
        renewed().stamp.text.replace("stamps 1 ", "stamps -1 "),
        renewed().stamp.text.replace("stamps", "entries"),
        renewed().stamp.text + "more\n",
        renewed().stamp.text.rstrip("\n"),
        renewed().stamp.text.replace("axis.test", ""),
        renewed().stamp.text.replace("=", ""),
    ],
)
def test_statement_has_one_form(text: str) -> None:
    with pytest.raises(LienthongError):
        Statement.parse(text)


@pytest.mark.parametrize("data", [b"\x00", b"\x0a\x01", b"\x9a\x06\x01x"])
def test_bytes_that_are_no_proof_are_refused(data: bytes) -> None:
    with pytest.raises(LienthongError):
        load_stamp_proof(data)


def test_time_stamp_that_is_newer_than_the_checkpoint_is_refused() -> None:
    short = CASE.entries[0].receipt.checkpoint
    plain = evolve(CASE.contents(), entries=tuple(CASE.entries[:1]), checkpoint=short)
    proof = StampProof(stamp=stamped(CASE.journal.checkpoint))
    pairs = consistency_pairs([CASE.entries[0].receipt], short, [proof])
    consistency = tuple(
        ConsistencyProof(old_size=old, new_size=new, hashes=CASE.journal.prove(old, new))
        for old, new in pairs
    )
    data = dump_bundle(evolve(plain, stamps=(proof,), consistency=consistency))
    with pytest.raises(BundleInvalid, match="newer"):
        verify_bundle(BytesIO(data), CASE.journal.key, CASE.pki.anchors)


def test_lifetimes_are_read_strictly() -> None:
    found = Lifetimes.parse('[[algorithm]]\nname = "SHA-1"\nends = 2013-12-31\n', "file")
    assert found.of(["SHA-1", "SHA-512"]).year == 2014
    for text in ("x", "[[other]]\na = 1", '[[algorithm]]\nname = "x"', "algorithm = 1"):
        with pytest.raises(LienthongError):
            Lifetimes.parse(text, "file")
