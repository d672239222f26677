"""A case and its report as pieces of bytes; see ``frames``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from attrs import evolve

from lienthong.errors import LienthongError, Malformed
from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import (
    NO_EVIDENCE,
    StatusEvidence,
    Trust,
    TrustedAuthority,
    TrustPurpose,
)
from lienthong.spi import FileReport
from lienthong.spi.reports import dump_report, load_report
from lienthong_verifier_pdf.case import Case


def pack_trust(trust: Trust) -> list[bytes]:
    heads = [
        {
            "label": one.label,
            "kind": one.kind.value,
            "purposes": sorted(purpose.value for purpose in one.purposes),
        }
        for one in trust.authorities
    ]
    return [_text(heads), *(one.certificate for one in trust.authorities)]


def unpack_trust(pieces: Sequence[bytes]) -> Trust:
    head, *certificates = pieces
    return Trust(
        authorities=[
            TrustedAuthority(
                certificate=certificate,
                label=facts["label"],
                kind=SignatureKind(facts["kind"]),
                purposes=map(TrustPurpose, facts["purposes"]),
            )
            for facts, certificate in zip(json.loads(head), certificates, strict=True)
        ]
    )


def pack_case(case: Case) -> list[bytes]:
    head = {
        "media_type": case.media_type,
        "at": case.at.isoformat(),
        "content": case.content is not None,
    }
    return [_text(head), case.data, case.content or b"", *_pack_evidence(case.evidence)]


def unpack_case(pieces: Sequence[bytes]) -> Case:
    head, data, content, *evidence = pieces
    facts = json.loads(head)
    return Case(
        data=data,
        media_type=facts["media_type"],
        at=datetime.fromisoformat(facts["at"]),
        evidence=_unpack_evidence(evidence),
        content=content if facts["content"] else None,
    )


def pack_report(report: FileReport) -> list[bytes]:
    return [dump_report(evolve(report, evidence=NO_EVIDENCE)), *_pack_evidence(report.evidence)]


def unpack_report(pieces: Sequence[bytes], case: Case) -> FileReport:
    """The report of a worker on *case*.

    Raises:
        Malformed: it is none, or one on something else.
    """
    try:
        head, *evidence = pieces
        report = evolve(load_report(head), evidence=_unpack_evidence(evidence))
    except (LienthongError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise Malformed(what="a worker's report", reason="it is none") from error
    asked = (case.sha256, case.content_sha256, case.at, case.media_type)
    if (report.sha256, report.content_sha256, report.at, report.media_type) != asked:
        raise Malformed(what="a worker's report", reason="it is on something else")
    return report


def _pack_evidence(evidence: StatusEvidence) -> list[bytes]:
    counts = [len(evidence.certificates), len(evidence.lists), len(evidence.responses)]
    parts = (*evidence.certificates, *evidence.lists, *evidence.responses)
    return [_text(counts), *parts]


def _unpack_evidence(pieces: Sequence[bytes]) -> StatusEvidence:
    first, second, _ = json.loads(pieces[0])
    parts = pieces[1:]
    return StatusEvidence(
        certificates=tuple(parts[:first]),
        lists=tuple(parts[first : first + second]),
        responses=tuple(parts[first + second :]),
    )


def _text(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
