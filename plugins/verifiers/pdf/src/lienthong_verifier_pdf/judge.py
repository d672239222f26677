"""From bytes to a report: the verdict on one file. Runs in workers."""

from __future__ import annotations

from attrs import frozen

from lienthong.errors import LienthongError
from lienthong.model.trust import Trust
from lienthong.pki.revocation import StatusCache
from lienthong.spi import FileReport
from lienthong_verifier_pdf import judge_cms, judge_pdf
from lienthong_verifier_pdf.case import Case
from lienthong_verifier_pdf.judging import Bench
from lienthong_verifier_pdf.media import PDF, VERIFIER
from lienthong_verifier_pdf.words import Findings, cause


@frozen(kw_only=True, eq=False)
class Judge:
    """Judges files by whom it trusts; keeps revocation lists that it has read."""

    trust: Trust
    cache: StatusCache

    def judge(self, case: Case) -> FileReport:
        """The report on a file, whatever it is; only a lack of memory is not told in one."""
        findings = Findings()
        bench = Bench(trust=self.trust, cache=self.cache, findings=findings, at=case.at)
        try:
            if case.media_type == PDF:
                judge_pdf.judge(case.data, case.evidence, bench)
            else:
                judge_cms.judge(case.data, case.content, case.evidence, bench)
        except MemoryError:
            raise
        except LienthongError as error:
            findings.failed("file.structure", "malformed", detail=error)
        except Exception as error:  # noqa: BLE001 - parsers of hostile files raise anything
            findings.failed("file.structure", "malformed", detail=cause(error))
        return FileReport(
            media_type=case.media_type,
            at=case.at,
            sha256=case.sha256,
            content_sha256=case.content_sha256,
            verifier=VERIFIER,
            checks=findings.checks,
            signatures=tuple(bench.signatures),
            evidence=bench.rested_on(),
        )
