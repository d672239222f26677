"""The process in which files are read: ``python -m lienthong_verifier_pdf.worker``.

It is told whom to trust, encloses itself, and then answers one case after another until its input
ends. It is not to be called by anybody but ``pool``.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import BinaryIO

from lienthong.pki.revocation import StatusCache
from lienthong_verifier_pdf.cases import pack_report, unpack_case, unpack_trust
from lienthong_verifier_pdf.frames import read_frames, write_frames
from lienthong_verifier_pdf.judge import Judge
from lienthong_verifier_pdf.sandbox import allow_one_document, enclose

READY = b"ready"
_FULL = 3
"""Exit status after a lack of memory."""


def main() -> int:
    """Serve until the input ends; the exit status says why it did."""
    source, target = _pipes()
    logging.disable(logging.CRITICAL)
    trust = read_frames(source)
    if trust is None:
        return 0
    judge = Judge(trust=unpack_trust(trust), cache=StatusCache())
    enclose()
    write_frames(target, [READY])
    while (pieces := read_frames(source)) is not None:
        allow_one_document()
        try:
            answer = pack_report(judge.judge(unpack_case(pieces)))
        except MemoryError:
            return _FULL
        write_frames(target, answer)
    return 0


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the pool; what else is printed goes nowhere."""
    target = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return sys.stdin.buffer, target


if __name__ == "__main__":
    sys.exit(main())
