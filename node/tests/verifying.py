"""An axis that verifies what arrives, by a scripted verifier, and a clock that stands still."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import define, evolve, field

from lienthong.client.examining import FileExaminer
from lienthong.client.filereports import ReportFolder
from lienthong.codec.signed import load_entry
from lienthong.model.file_signature import Certificates, Finding, LegalValue, SignatureKind
from lienthong.model.ids import PackageId, Sha256
from lienthong.model.journal import VerificationRecord
from lienthong.model.package import FileEntry
from lienthong.model.report import CheckSummary
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.plugins import PluginHost
from lienthong.rules.ruleset import RuleSet
from lienthong.testing.blobs import MemoryBlobStore
from lienthong.testing.pki import Authority
from lienthong.testing.values import signatures
from lienthong.trust import Kept, Kind, StatusFolder, TrustStore
from lienthong.trust.store import add_authority
from lienthong_node.verification.status_watch import StatusWatch
from lienthong_node.verification.worker import FileVerification
from lienthong_node.verification.worklist import Worklist
from node.tests.due import PROVINCE, VIETNAM_DAYS, Axis, registered
from node.tests.support import NOW, A, B, document, file, manifest, submit
from sdk.tests.client.judges import MODULE, scripted_host

WANTING: Final = evolve(PROVINCE, signatures=evolve(PROVINCE.signatures, verified_by_axis=True))
ORIGINAL: Final = LegalValue.ORIGINAL_EQUIVALENT.value
INFORMATION: Final = LegalValue.INFORMATION_ONLY.value
PENDING: Final = LegalValue.PENDING_CHECK.value
REFUSE: Final = LegalValue.REFUSE.value
SIGNED: Final = "signer agency"
"""What the scripted verifier reads in a file."""


def trust_store(folder: Path) -> Path:
    """A trust store with one authority for files."""
    entry = TrustEntry(
        file="ca.pem",
        label="CA chuyên dùng Chính phủ",
        kind=SignatureKind.CONG_VU,
        purposes=[TrustPurpose.FILES],
    )
    add_authority(folder, entry, Authority.root("CA", now=NOW).pem)
    return folder


def read_as(**words: str) -> None:
    """Have the verifier take words of files for others from now on."""
    sys.modules[MODULE].READ_AS.update(words)


@define(eq=False, kw_only=True)
class VerifyingAxis(Axis):
    """As ``Axis``, with what verifies files."""

    folder: Path
    host: PluginHost
    blobs: MemoryBlobStore = field(factory=MemoryBlobStore)
    lacking: str = ""
    sought: int = field(default=0, init=False)
    """How often status was to be fetched soon."""

    work: FileVerification = field(init=False)
    kind: Callable[..., FileVerification] = FileVerification

    def start(self) -> None:
        Axis.start(self)
        if hasattr(self, "work"):
            self.work.stop()
            self.work.close()
        trust = self.folder / "trust"
        self.work = self.kind(
            store=self.store,
            blobs=self.blobs,
            committer=self.committer,
            worklist=Worklist.open(self.folder / "worklist.db"),
            examiner=FileExaminer(self.host, trust, self.folder / "reports", self.clock),
            status=StatusWatch(trust),
            missing=lambda: self.lacking,
            fetch_soon=self._seek,
            answered=self.drive,
        )

    @property
    def reports(self) -> ReportFolder:
        """What the axis keeps of its looks into files."""
        return ReportFolder(self.folder / "reports")

    def _seek(self) -> None:
        self.sought += 1

    def post(self, *recipients: str, words: str = SIGNED, **more: Any) -> PackageId:
        """A of the province sends a file that says *words*."""
        return self.post_files((_named("quyet-dinh.pdf", words),), *recipients, **more)

    def post_files(
        self, contents: tuple[tuple[FileEntry, bytes], ...], *recipients: str, **more: Any
    ) -> PackageId:
        value = manifest(
            *(recipients or (B,)),
            created_at=self.clock(),
            files=[entry for entry, _ in contents],
            document=document(**more),
        )
        self.do(submit(value, contents=tuple(content for _, content in contents)))
        return value.package_id

    def stock(self, content: bytes) -> FileEntry:
        """A file that A has uploaded; it does not lie with the records."""
        entry = file(content)
        self.blobs.put([(entry.sha256.bytes, content)])
        with self.store.write() as tx:
            tx.add_possession(A, entry.sha256.bytes, len(content))
        return entry

    def verify(self) -> int:
        """Let the worker do all that is due; how many packages it took up."""
        count = 0
        while self.work.step(self.clock()):
            count += 1
        return count

    def worth(self, package: PackageId, recipient: str = B) -> str | None:
        found = self.row(package, recipient).legal_value
        return None if found is None else found.value

    def verified(self) -> list[tuple[VerificationRecord, tuple[str, ...]]]:
        """What was told, with whom it was told."""
        with self.store.read() as view:
            rows = view.journal(0, 10_000)
        bodies = ((load_entry(row.entry).body, row.parties) for row in rows)
        return [(body, parties) for body, parties in bodies if isinstance(body, VerificationRecord)]

    def refresh(self, content: bytes) -> None:
        """Put something newer of status into the trust folder."""
        kept = Kept(
            kind=Kind.LIST, url="http://crl.example/ca.crl", certificate=b"", content=content
        )
        StatusFolder(TrustStore.load(self.folder / "trust").status_folder).put(kept)


def _named(name: str, words: str) -> tuple[FileEntry, bytes]:
    content = words.encode()
    return file(content, name, sha256=Sha256.of(content)), content


def checked(**found: Finding | Certificates) -> CheckSummary:
    """What an acceptance says it has checked; of signatures nothing unless something is given."""
    return CheckSummary(
        complete=True,
        intact=True,
        authentic=True,
        checked_at=NOW,
        signatures=signatures(**found) if found else None,
    )


@contextmanager
def verifying(folder: Path, *law: RuleSet, **parts: Any) -> Iterator[VerifyingAxis]:
    """An axis with this law, in a folder of its own."""
    trust_store(folder / "trust")
    with scripted_host() as host:
        axis = VerifyingAxis(registered(), folder=folder, host=host, **parts)
        axis.enter(VIETNAM_DAYS, *law)
        try:
            yield axis
        finally:
            axis.work.close()
