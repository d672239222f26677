"""The verdict on a CMS file: content inside (.p7m), or beside it (.p7s)."""

from __future__ import annotations

import hashlib

from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong_verifier_pdf.cms import read_signatures
from lienthong_verifier_pdf.evidence import merged
from lienthong_verifier_pdf.judging import Bench, Sealed


def judge(data: bytes, content: bytes | None, evidence: StatusEvidence, bench: Bench) -> None:
    """Judge every signer of a message.

    Raises:
        Malformed: it is no CMS signature, or more than one value.
    """
    findings = bench.findings
    signatures = read_signatures(data)
    findings.passed("file.structure")
    findings.passed("file.signatures")
    carried = [(one.others, one.lists, one.responses) for one in signatures]
    bench.learn(merged(evidence, *carried))
    inside = signatures[0].content
    if inside is not None and content is not None and inside != content:
        findings.failed("file.content", "content_inside")
        return
    signed = content if inside is None else inside
    if signed is None:
        findings.undecided("file.content", "content_missing")
        return
    for number, one in enumerate(signatures, 1):
        bench.judge(
            Sealed(
                name=f"signer {number}",
                signature=one,
                digest=lambda name: hashlib.new(name, signed).digest(),
                claimed=None,
                unchanged=Finding.GOOD,
            )
        )
    bench.finish(nested=False)
