"""The verdict on a PDF file."""

from __future__ import annotations

from lienthong.errors import Malformed, TooLarge
from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.spi import Outcome
from lienthong_verifier_pdf.cms import Signature, read_signatures
from lienthong_verifier_pdf.evidence import Known, merged
from lienthong_verifier_pdf.holders import AGENCIES
from lienthong_verifier_pdf.judging import Bench, Sealed
from lienthong_verifier_pdf.pdf import HoleRefused, PdfFile, PdfSignature, open_pdf
from lienthong_verifier_pdf.roles import told_role
from lienthong_verifier_pdf.shown import appearance_of
from lienthong_verifier_pdf.stamps import Proof, Stamps
from lienthong_verifier_pdf.turns import worst
from lienthong_verifier_pdf.unnamed import count_unnamed
from lienthong_verifier_pdf.words import cause, subject_of


def judge(data: bytes, evidence: StatusEvidence, bench: Bench) -> None:
    """Judge the file as a whole, then every signature in it: strictly, or else leniently.

    Raises:
        HoleRefused: the space of a signature holds something else.
        Malformed: it cannot be read even leniently, or holds what no rule understands.
        TooLarge: it has too many signatures.
        Exception: the parser's own kinds of errors are many.
    """
    try:
        _judge(open_pdf(data), evidence, bench)
    except (HoleRefused, TooLarge, MemoryError):
        raise
    except Exception as refused:  # noqa: BLE001 - see above
        bench.start_again()
        _judge(open_pdf(data, oddity=cause(refused)), evidence, bench)


def _judge(file: PdfFile, evidence: StatusEvidence, bench: Bench) -> None:
    findings = bench.findings
    if file.oddity:
        findings.undecided("file.structure", "not_conformant", detail=file.oddity)
    else:
        findings.passed("file.structure")
    if all(one.is_time_stamp for one in file.signatures):
        findings.undecided("file.signatures", "no_signatures")
    else:
        findings.passed("file.signatures")
    _judge_form(file, bench)
    if not file.signatures:
        return
    messages = {id(one): _message(one) for one in file.signatures}
    carried = [(one.others, one.lists, one.responses) for one in messages.values()]
    known = bench.learn(merged(evidence, file.store(), *carried))
    unchanged = {
        id(one): _unchanged(file, one, messages[id(one)], bench) for one in file.signatures
    }
    proofs = _proofs(file, unchanged, bench, known)
    for position, one in enumerate(file.signatures):
        if not one.is_time_stamp:
            bench.judge(
                Sealed(
                    name=one.name,
                    signature=messages[id(one)],
                    digest=one.digest,
                    claimed=one.claimed,
                    unchanged=unchanged[id(one)],
                    covered_by=proofs[position],
                    appearance=appearance_of(file, one),
                )
            )
    bench.finish()
    _judge_coverage(file, _belief(file, proofs, bench), bench)


def _judge_form(file: PdfFile, bench: Bench) -> None:
    """Whether the form names every signature that stands in the file."""
    named = [(one.hole.start, one.hole.end) for one in file.signatures]
    if unnamed := count_unnamed(file.data, named):
        bench.findings.undecided("file.form", "unnamed", count=unnamed)
    else:
        bench.findings.passed("file.form")


def _message(one: PdfSignature) -> Signature:
    found = read_signatures(one.hole.message)
    if len(found) != 1:
        raise Malformed(what="a PDF signature", reason=f"it has {len(found)} signers")
    return found[0]


def _belief(file: PdfFile, proofs: list[Proof | None], bench: Bench) -> Finding:
    """Whether the last signature or time-stamp is sound, by somebody who is trusted."""
    last = file.signatures[-1]
    if last.is_time_stamp:
        return Finding.GOOD if proofs[-1] else _told(bench, last.name)
    check = bench.signatures[-1].check
    return worst(check.integrity, check.chain) if check else Finding.UNKNOWN


def _told(bench: Bench, name: str) -> Finding:
    failed = any(
        one.subject == subject_of(name) and one.outcome is Outcome.FAILED
        for one in bench.findings.checks
    )
    return Finding.BAD if failed else Finding.UNKNOWN


def _judge_coverage(file: PdfFile, belief: Finding, bench: Bench) -> None:
    """Whether somebody who is trusted has sealed the file to its last byte.

    Behind the last seal only an update of the DSS may come. A seal that is not believed covers
    nothing: anybody can put one over what they have added.
    """
    name, left = "file.coverage", len(file.data) - file.signatures[-1].hole.covered
    if left and not file.is_tail_harmless():
        bench.findings.failed(name, "tail", count=left)
    elif belief is Finding.BAD:
        bench.findings.failed(name, "seal_bad")
    elif belief is Finding.UNKNOWN:
        bench.findings.undecided(name, "seal_unknown")
    else:
        bench.findings.passed(name, "dss_after" if left else "")


def _unchanged(file: PdfFile, one: PdfSignature, message: Signature, bench: Bench) -> Finding:
    """What came after a signature, and what stands in its own space.

    Number and date come between the competent person and the agency (NĐ 30/2020 Đ32.2d); what an
    agency has sealed is closed.
    """
    findings = bench.findings
    finding = Finding.GOOD
    if one.hole.oddity:
        findings.undecided("signature.contents", "hole_form", one.name, detail=one.hole.oddity)
        finding = Finding.UNKNOWN
    else:
        findings.passed("signature.contents", subject=one.name)
    closing = told_role(one.name, message.certificate.dump()) in AGENCIES
    level, refused = file.changes_after(one, closing=closing)
    if refused:
        findings.failed("signature.modifications", "changed_after", one.name, detail=refused)
        return Finding.BAD
    findings.passed("signature.modifications", "modified", one.name, level=level)
    return finding


def _proofs(
    file: PdfFile, unchanged: dict[int, Finding], bench: Bench, known: Known
) -> list[Proof | None]:
    """For each place in the file, the earliest believed document time-stamp at it or behind it.

    They are judged from the last one back: each is judged for the time of the one after it.
    """
    stamps, earliest = Stamps.of(bench.trust), None
    found: list[Proof | None] = []
    for one in reversed(file.signatures):
        if one.is_time_stamp and unchanged[id(one)] is not Finding.BAD:
            moment = earliest.instant if earliest else bench.at
            token = one.hole.message
            proof = stamps.judge(token, one.digest, moment, known, bench.findings, one.name)
            earliest = proof or earliest
        found.append(earliest)
    return found[::-1]
