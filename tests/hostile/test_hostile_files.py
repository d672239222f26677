"""S-06: files that bomb, loop and lie cost their own verdict, and code in them reaches nothing."""

from __future__ import annotations

import io
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lienthong.spi import Outcome
from lienthong_verifier_pdf import FileSignatureVerifier
from lienthong_verifier_pdf.media import PDF
from lienthong_verifier_pdf.pool import PoolLimits, WorkerPool
from plugins.verifiers.pdf.tests import taken_over
from plugins.verifiers.pdf.tests.bombs import HOSTILE
from plugins.verifiers.pdf.tests.signed import Office, person, plain_pdf
from tests.conftest import Figure

NOW: Final = datetime(2026, 11, 22, 8, tzinfo=UTC)
LIMITS: Final = PoolLimits(workers=1, call_seconds=120, document_seconds=60)
OUTSIDE: Final = ("connect", "fork", "execute", "write", "create", "files", "hoard")
"""What code in a worker tries; see ``taken_over``."""


def test_hostile_files_cost_their_own_verdict(figure: Figure) -> None:
    office = Office.at(NOW)
    sound = office.sign(plain_pdf(), person(office.pki, "An"), "lienthong-SIGNER-1")
    verifier = FileSignatureVerifier(office.trust, LIMITS)

    def outcome(data: bytes) -> Outcome:
        return verifier.verify(io.BytesIO(data), PDF, NOW, office.evidence()).outcome

    seen = Counter(outcome(data).value for data in HOSTILE.values())
    after = outcome(sound)
    verifier.close()
    told = _tried()
    found = f"{dict(seen)} of {len(HOSTILE)}, next one {after.value}, tried: {dict(told)}"
    figure("S-06", wanted="0 passed, 0 escapes, the next file is judged", found=found)
    assert seen[Outcome.PASSED.value] == 0
    assert after is Outcome.PASSED
    assert set(told) <= {"Forbidden", "OSError", "MemoryError", "BlockingIOError"}
    assert sum(told.values()) == len(OUTSIDE)


def _tried() -> Counter[str]:
    """How a worker that was taken over fares."""
    command = (sys.executable, str(Path(str(taken_over.__file__))))
    pool = WorkerPool(lambda: [b"hello"], LIMITS, command)
    told = Counter(pool.ask([b"", one.encode()], list)[0].decode() for one in OUTSIDE)
    pool.close()
    return told
