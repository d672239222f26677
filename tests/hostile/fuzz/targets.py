"""Entry points that read foreign bytes: ``python targets.py NAME SECONDS SEED FOLDER`` (atheris).

Only errors of ``lienthong.errors`` may come out. The folder holds examples to begin with.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

atheris: Any = importlib.import_module("atheris")  # it has no annotations

with atheris.instrument_imports(include=["lienthong", "lienthong_verifier_pdf", "asn1crypto"]):
    from lienthong.errors import LienthongError
    from lienthong.model.trust import Trust
    from lienthong.pki.certificate import Certificate
    from lienthong.pki.chain import TrustAnchors
    from lienthong.pki.revocation import StatusCache
    from lienthong.pki.status_list import RevocationList
    from lienthong.pki.status_response import StatusResponse
    from lienthong.pki.timestamp import read_reply, verify_token
    from lienthong.testing.pki import TestPKI
    from lienthong_verifier_pdf.case import Case
    from lienthong_verifier_pdf.cases import unpack_report
    from lienthong_verifier_pdf.judge import Judge
    from lienthong_verifier_pdf.media import DETACHED, ENCLOSED, PDF

AT: Final = datetime(2026, 11, 22, 8, tzinfo=UTC)
_JUDGE: Final = Judge(trust=Trust(), cache=StatusCache())
_CASE: Final = Case(data=b"", media_type=PDF, at=AT)


def judged(media_type: str) -> Callable[[bytes], object]:
    """A whole file: its report has to come, whatever it is."""
    return lambda data: _JUDGE.judge(
        Case(data=data, media_type=media_type, at=AT, content=b"content")
    )


def token(anchors: TrustAnchors) -> Callable[[bytes], object]:
    return lambda data: verify_token(data, bytes(32), anchors)


def targets() -> Mapping[str, Callable[[bytes], object]]:
    anchors = TestPKI(AT).anchors
    return {
        "careless": lambda data: {b"example": 1}[data],
        "cms-detached": judged(DETACHED),
        "cms-enclosed": judged(ENCLOSED),
        "crl": RevocationList.load,
        "ocsp": StatusResponse.load,
        "pdf": judged(PDF),
        "report": lambda data: unpack_report([data, b"[0, 0, 0]"], _CASE),
        "tsp-reply": read_reply,
        "tsp-token": token(anchors),
        "x509": Certificate.load,
    }


def main(name: str, seconds: str, seed: str, folder: str) -> None:
    """Run one target; ends with a traceback when something else than an error of ours came out."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    target = targets()[name]

    def once(data: bytes) -> None:
        try:
            target(data)
        except LienthongError:
            return

    options = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        "-rss_limit_mb=1024",
        "-timeout=10",
        "-max_len=65536",
        f"-artifact_prefix={folder}/",
        folder,
    ]
    atheris.Setup(options, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
