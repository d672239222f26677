"""What verifying signed files costs: one core, two, and beside the submissions of a node."""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from lienthong.model.file_signature import SignatureKind, SignatureRole
from lienthong.model.trust import StatusEvidence, Trust, TrustedAuthority, TrustPurpose
from lienthong.plugins import PluginHost
from lienthong.spi import FileVerifier, Outcome, SigningOrder
from lienthong.testing.pki import TestPKI
from lienthong.testing.status import make_list
from tests.bench import latency
from tests.bench.rows import Row, percentile
from tests.bench.samples import make_axis

PDF: Final = "application/pdf"
LINES: Final = 14_000
"""Of text on the pages: about 1 MB."""

ROUNDS: Final = 40
HALF: Final = 0.5
RATES: Final = (1, 2, 4, 8)
"""Files a second beside the submissions."""

SLOWER: Final = 1.2
"""How much slower a submission may become (p99)."""

NEARLY: Final = 0.9
"""Of the files of a second, that many have to be verified in it."""

WORKERS: Final = 2
NOW: Final = datetime.now(UTC)


class Office:
    """A signed file, and whoever can judge it."""

    def __init__(self, host: PluginHost) -> None:
        self._host = host
        pki = TestPKI(NOW)
        authority = TrustedAuthority(
            certificate=pki.root.certificate,
            label="bench",
            kind=SignatureKind.CONG_VU,
            purposes=[TrustPurpose.FILES],
        )
        lists = [
            make_list(one, at=NOW - timedelta(minutes=5)) for one in (pki.root, pki.intermediate)
        ]
        self.content, self.evidence = _signed(host, pki), StatusEvidence(lists=lists)
        self._trust = Trust(authorities=[authority])

    @contextmanager
    def opened(self, *, background: bool = False) -> Iterator[FileVerifier]:
        """A verifier, whose workers have started; as a node has it, in the background."""
        verifier = self._host.open_file_verifier(PDF, self._trust, background=background)
        try:
            _many(self, verifier, WORKERS, 4)
            yield verifier
        finally:
            verifier.close()

    def judge(self, verifier: FileVerifier) -> bool:
        """Verify the file once; whether that was done in time."""
        found = verifier.verify(io.BytesIO(self.content), PDF, NOW, self.evidence)
        if found.outcome is Outcome.FAILED:
            raise RuntimeError(f"the file does not verify: {found.checks}")
        return found.outcome is Outcome.PASSED


def rows(folder: Path, highest: float, seconds: float) -> list[Row]:
    """Verifications of a file of 1 MB with two signatures."""
    with PluginHost() as host:
        office = Office(host)
        size = f"{len(office.content) / 1e6:.1f} MB, two signatures"
        with office.opened() as verifier:
            alone, both = (_many(office, verifier, workers, ROUNDS) for workers in (1, WORKERS))
        found = [
            Row(name=f"file verified, {size}", value=1000 / alone, unit="ms on one core"),
            Row(name=f"files verified, {size}, two workers", value=both, unit="1/s"),
        ]
        with office.opened(background=True) as verifier:
            found += _beside(folder, office, verifier, highest * HALF, seconds)
    return found


def _beside(
    folder: Path, office: Office, verifier: FileVerifier, rate: float, seconds: float
) -> list[Row]:
    """How many files a second leave submissions at half load almost as quick as without."""
    axis, found, sustained, base = make_axis(folder), [], 0, 0.0
    with axis.running():
        for files in (0, *RATES):
            begun = time.perf_counter()
            with _verifying(office, verifier, files) as verified:
                times = latency.measure(axis, rate, seconds)
                reached = len(verified) / (time.perf_counter() - begun)
            p99 = percentile(times.submit, 0.99)
            base = base or p99
            name = f"submit p99 at half load, {files} files verified a second"
            found.append(Row(name=name, value=p99, unit="ms", limit=base * SLOWER))
            # Workers that give way may be given nothing: then submissions are quick for no merit.
            if p99 > base * SLOWER or reached < files * NEARLY:
                break
            sustained = files
    name = f"files verified beside submissions, p99 within {SLOWER} x"
    return [*found, Row(name=name, value=sustained, unit="1/s")]


@contextmanager
def _verifying(office: Office, verifier: FileVerifier, rate: int) -> Iterator[list[float]]:
    """Verify so many files a second meanwhile; gives when each was, as far as it went."""
    ended, verified = threading.Event(), list[float]()

    def verify() -> None:
        due = time.perf_counter()
        while rate and not ended.is_set():
            if office.judge(verifier):
                verified.append(time.perf_counter())
            due += WORKERS / rate
            ended.wait(max(0.0, due - time.perf_counter()))

    with ThreadPoolExecutor(WORKERS) as threads:
        running = [threads.submit(verify) for _ in range(WORKERS)]
        try:
            yield verified
        finally:
            ended.set()
        for one in running:
            one.result()


def _many(office: Office, verifier: FileVerifier, workers: int, rounds: int) -> float:
    """Verifications a second by so many workers at once."""

    def verify() -> None:
        for _ in range(rounds):
            if not office.judge(verifier):
                raise RuntimeError("the machine is too busy to verify files")

    begun = time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        running = [threads.submit(verify) for _ in range(workers)]
    for one in running:
        one.result()
    return workers * rounds / (time.perf_counter() - begun)


def _signed(host: PluginHost, pki: TestPKI) -> bytes:
    content = _pages()
    for role in (SignatureRole.SIGNER, SignatureRole.AGENCY):
        source, target = io.BytesIO(content), io.BytesIO()
        signer = pki.organisation(role.name).signer()
        order = SigningOrder(role=role, at=NOW)
        host.open_file_signer(PDF).sign(source, target, order, signer)
        content = target.getvalue()
    return content


def _pages() -> bytes:
    """About 1 MB of text that does not compress well."""
    from reportlab.pdfgen.canvas import Canvas

    made, chance = io.BytesIO(), random.Random(1)
    canvas = Canvas(made, pdfVersion=(1, 7), invariant=1, pageCompression=0)
    for line in range(LINES):
        canvas.drawString(60, 800 - line % 70 * 11, f"{chance.getrandbits(128):032x}")
        if line % 70 == 69:
            canvas.showPage()
    canvas.save()
    return made.getvalue()
