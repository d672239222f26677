"""What a time-stamp is found to be worth at a moment, in words for people."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from lienthong.errors import (
    AlgorithmUnsupported,
    BundleInvalid,
    CertificateUnfit,
    ChainUntrusted,
    LienthongError,
)
from lienthong.evidence.lifetimes import Lifetimes, default_lifetimes
from lienthong.evidence.parts import (
    STAMPS,
    BundleContents,
    BundleEntry,
    stamp_name,
    stamped_size,
)
from lienthong.evidence.receipt import Recorded, RecordedPackage
from lienthong.evidence.renewal import (
    Held,
    Link,
    OpenedProof,
    Proven,
    check_entry,
    open_proof,
    open_stamp,
)
from lienthong.model.ids import Sha256
from lienthong.model.stamps import Stamp, StampProof
from lienthong.model.time import format_vietnam
from lienthong.pki.chain import TrustAnchors
from lienthong.spi.verifier import Outcome

_NOT_OURS: Final = (ChainUntrusted, CertificateUnfit, AlgorithmUnsupported)
"""Who verifies does not trust this authority: it may still be an honest one."""


@frozen(kw_only=True)
class StampFinding:
    """Whether it is proven that an entry existed at a time."""

    outcome: Outcome
    """INDETERMINATE: there may have been a proof, but there is none any more, or none for those
    who trust only these authorities."""

    proven: Proven | None = None
    """What the proof shows, however old it is; None when it shows nothing."""

    reason: str = ""
    """Empty when it passed."""

    reason_vi: str = ""


NOT_JUDGED: Final = StampFinding(
    outcome=Outcome.INDETERMINATE,
    reason="no time-stamp authority is trusted here",
    reason_vi="chưa khai báo tổ chức cấp dấu thời gian tin cậy",
)
"""Of time-stamps that were not looked at."""


@define(eq=False, kw_only=True)
class StampJudge:
    """Judges time-stamps at a moment; verifies each token once, for one thread."""

    anchors: TrustAnchors
    """Time-stamp authorities that are trusted, those of earlier years among them."""

    at: datetime
    """The moment of verification."""

    lifetimes: Lifetimes = field(factory=default_lifetimes)
    """Of algorithms and authorities, as they are known at that moment."""

    _links: dict[Stamp, Link] = field(factory=dict, init=False)
    _proofs: dict[int, tuple[StampProof, OpenedProof | LienthongError]] = field(
        factory=dict, init=False
    )
    """By the proof's identity: many entries share one."""

    def judge(self, proof: StampProof, held: Held) -> StampFinding:
        """What a proof is worth; that its checkpoint covers the entry was checked before."""
        try:
            proven = check_entry(self._opened_proof(proof), held, self.lifetimes)
        except LienthongError as error:
            ours = not isinstance(error, _NOT_OURS)
            return StampFinding(
                outcome=Outcome.FAILED if ours else Outcome.INDETERMINATE,
                reason=error.message("en"),
                reason_vi=error.message("vi"),
            )
        if proven.ends >= self.at:
            return StampFinding(outcome=Outcome.PASSED, proven=proven)
        ended = format_vietnam(proven.ends)
        return StampFinding(
            outcome=Outcome.INDETERMINATE,
            proven=proven,
            reason=f"no proof of existence: it ended on {ended} and was not renewed before",
            reason_vi=f"không còn bằng chứng tồn tại: hết giá trị {ended} mà chưa được gia hạn",
        )

    def _opened_proof(self, proof: StampProof) -> OpenedProof:
        if id(proof) not in self._proofs:
            try:
                self._proofs[id(proof)] = proof, open_proof(proof, self._opened)
            except LienthongError as error:
                self._proofs[id(proof)] = proof, error
        found = self._proofs[id(proof)][1]
        if isinstance(found, LienthongError):
            raise found
        return found

    def _opened(self, stamp: Stamp) -> Link:
        if stamp not in self._links:
            self._links[stamp] = open_stamp(stamp, self.anchors, self.lifetimes)
        return self._links[stamp]


def judge_entries(
    judge: StampJudge | None,
    contents: BundleContents,
    recorded: Sequence[Recorded],
    digests: Mapping[Sha256, Mapping[str, bytes]],
) -> list[StampFinding | None]:
    """What the time-stamps of a bundle prove of each of its entries; None where none covers it.

    The one that counts for an entry is the first that covers it.

    Args:
        judge: None where no time-stamp authority is trusted.
        contents: of the bundle, in order, whose checkpoints were checked.
        recorded: what the envelopes of its entries hold.
        digests: of the files that are in it, by algorithm.

    Raises:
        BundleInvalid: a time-stamp is false, or is the first one of no entry.
    """
    sizes = [stamped_size(proof) for proof in contents.stamps]
    covering = [bisect_right(sizes, item.receipt.index) for item in contents.entries]
    if set(range(len(sizes))) - set(covering):
        raise BundleInvalid(part=STAMPS, reason="one of them tells nothing of an entry")
    found: list[StampFinding | None] = []
    for item, content, place in zip(contents.entries, recorded, covering, strict=True):
        if place == len(sizes):
            found.append(None)
            continue
        held = _held(item, content, digests)
        finding = judge.judge(contents.stamps[place], held) if judge else NOT_JUDGED
        if finding.outcome is Outcome.FAILED:
            raise BundleInvalid(part=stamp_name(contents.stamps[place]), reason=finding.reason)
        found.append(finding)
    return found


def _held(
    item: BundleEntry, recorded: Recorded, digests: Mapping[Sha256, Mapping[str, bytes]]
) -> Held:
    files = recorded.manifest.files if isinstance(recorded, RecordedPackage) else ()
    return Held(
        index=item.receipt.index,
        entry=item.receipt.entry,
        recorded=item.envelope,
        files=[digests.get(file.sha256, {}) for file in files],
    )
