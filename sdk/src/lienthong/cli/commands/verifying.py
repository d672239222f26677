"""``verify``: what the signatures in files are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click
from attrs import frozen
from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli import data
from lienthong.cli.base import command, session
from lienthong.cli.commands.options import EXISTING
from lienthong.cli.commands.stores import chosen_store, read_store
from lienthong.cli.failures import ExitCode, of_machine
from lienthong.cli.output import bad, facts, good, local_time, safe, table
from lienthong.cli.texts import Words
from lienthong.codec.json import to_data
from lienthong.errors import InputError, InvalidValue, LienthongError
from lienthong.model.file_signature import Finding, SignatureKind, SignatureRole
from lienthong.model.ids import Sha256
from lienthong.model.time import parse_instant
from lienthong.model.trust import StatusEvidence, Trust
from lienthong.model.words import CopyForm, Origin
from lienthong.rules.legal_facts import Facts
from lienthong.rules.legal_value import Judgement, judge
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi.verifier import FileCheck, FileReport, FileVerifier, Outcome

if TYPE_CHECKING:
    from lienthong.plugins import PluginHost

_PDF: Final = "application/pdf"
_DETACHED: Final = "application/pkcs7-signature"
_ENCLOSED: Final = "application/pkcs7-mime"
_SUFFIX: Final = ".p7s"
_HEAD: Final = 1024
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
"""The object identifier with which a CMS signature begins (RFC 5652 5.1)."""

_ROLES: Final = {
    SignatureRole.SIGNER: ("competent person", "người có thẩm quyền"),
    SignatureRole.AGENCY: ("agency", "cơ quan"),
    SignatureRole.ATTACHMENT_AGENCY: ("agency, on an attachment", "cơ quan, trên phụ lục"),
    SignatureRole.COPY_AGENCY: ("agency, on a copy", "cơ quan, trên bản sao"),
}
_KINDS: Final = {
    SignatureKind.CONG_VU: ("official", "chuyên dùng công vụ"),
    SignatureKind.CONG_CONG: ("public", "công cộng"),
    SignatureKind.CHUYEN_DUNG: ("special", "chuyên dùng"),
}
_OUTCOMES: Final = {
    Outcome.PASSED: ("passed", "đạt"),
    Outcome.INDETERMINATE: ("undecided", "chưa xác định"),
    Outcome.FAILED: ("FAILED", "KHÔNG ĐẠT"),
}
_FINDINGS: Final = {
    Finding.GOOD: _OUTCOMES[Outcome.PASSED],
    Finding.UNKNOWN: _OUTCOMES[Outcome.INDETERMINATE],
    Finding.BAD: _OUTCOMES[Outcome.FAILED],
}
_COPIES: Final = {
    "sao-y": CopyForm.SAO_Y,
    "sao-luc": CopyForm.SAO_LUC,
    "trich-sao": CopyForm.TRICH_SAO,
}


@command(
    "verify",
    example="""\
lienthong verify qd-52.pdf --trust /etc/lienthong/trust
lienthong verify scan.pdf --copy-form sao-y --trust trust --at 2026-11-22T08:00:00+07:00 --json
lienthong verify phu-luc.xlsx.p7s --trust trust""",
    parameters=(
        click.argument("files", type=EXISTING, nargs=-1, required=True, metavar="FILE…"),
        click.option(
            "--trust",
            "store",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            metavar="DIR",
            help="Trust store: who is trusted, and what is known of certificates' status; that of"
            " the profile by default.",
        ),
        click.option("--at", metavar="INSTANT", help="The moment to judge for; now by default."),
        click.option("--copy-form", type=click.Choice(list(_COPIES)), help="It is a copy."),
        click.option("--digitised", is_flag=True, help="It was scanned from paper."),
        click.option("--from-outside", is_flag=True, help="Sent by no state agency: a citizen."),
    ),
)
def verify(files: tuple[Path, ...], store: Path | None, at: str | None, **given: Any) -> None:
    """Verify signatures in files, and say what they are worth.

    Those in PDF files and CMS signatures, offline. What a file is, is seen from its content. A .p7s
    file is over the file of the same name without that ending, if there is one. Which lists are
    wanted is noted in the trust store, if it can be written to: 'lienthong trust refresh' fetches
    them. The exit code is 6 unless every check of every file has passed, 3 where the others passed
    and one is no such file.
    """
    from lienthong.plugins import PluginHost

    current = session()
    known = chosen_store(store)
    if known is None:
        raise click.UsageError(current.words("trust_missing"))
    trust, evidence = read_store(known)
    moment = parse_instant(at, field="--at") if at else datetime.now(UTC)
    with PluginHost() as host, ExitStack() as stack:
        # One for a media type: each has processes of its own.
        opened = cache(lambda media_type: _opened(host, media_type, trust, stack))
        found = [(path, _report_or_error(opened, path, evidence, moment)) for path in files]
    refused = [one for _, one in found if isinstance(one, LienthongError)]
    judged = [
        Verified(path=path, report=one, worth=_worth(one, **given))
        for path, one in found
        if isinstance(one, FileReport)
    ]
    rows = iter([one.data(current.words) for one in judged])
    current.emit_rows(rows, lambda _: Group(*(one.view(current.words) for one in judged)))
    _note(known, [one.report for one in judged])
    codes = [current.fail(error) for error in refused]
    if any(one.report.outcome is not Outcome.PASSED for one in judged):
        codes.insert(0, ExitCode.UNVERIFIED)
    if codes:
        click.get_current_context().exit(codes[0])


@frozen(kw_only=True)
class Verified:
    """One file and what was found."""

    path: Path
    report: FileReport
    worth: Judgement

    def data(self, words: Words) -> dict[str, Any]:
        """As ``--json`` prints it: all but the evidence itself."""
        report, evidence = self.report, self.report.evidence
        return {
            "file": str(self.path),
            "sha256": str(report.sha256),
            "content_sha256": report.content_sha256 and str(report.content_sha256),
            "media_type": report.media_type,
            "at": report.at.isoformat(),
            "verifier": report.verifier,
            "outcome": report.outcome.value,
            "checks": [to_data(one) for one in report.checks],
            "signatures": [to_data(one) for one in report.signatures],
            "evidence": {
                "certificates": len(evidence.certificates),
                "lists": len(evidence.lists),
                "responses": len(evidence.responses),
            },
            "legal_value": self.worth.value.name,
            "legal_reasons": data.of_reasons(words, self.worth.reasons),
            "legal_facts": self.worth.facts.words(),
        }

    def view(self, words: Words) -> RenderableType:
        """For people: who signed, what is wrong, what it is worth and by which clause."""
        shown = [
            facts(list(self._about(words))),
            _signatures(words, self.report),
            *_remarks(words, self.report.checks),
            *self._conclusion(words),
            Text(),
        ]
        return Group(*shown)

    def _about(self, words: Words) -> Iterator[tuple[str, object]]:
        yield words("file"), self.path
        yield "SHA-256", self.report.sha256
        if self.report.content_sha256 is not None:
            yield words("signed_content"), self.report.content_sha256

    def _conclusion(self, words: Words) -> Iterator[Text]:
        outcome = words.of(*_OUTCOMES[self.report.outcome])
        passed = self.report.outcome is Outcome.PASSED
        yield good(outcome) if passed else bad(outcome)
        label = words.label(self.worth.value)
        head, *others = self.worth.reasons
        yield Text(safe(f"{label}: {words.of(head.en, head.vi)} ({head.clause})"), "bold")
        for row in others:
            yield Text(safe(f"  + {words.of(row.en, row.vi)} ({row.clause})"))


def _signatures(words: Words, report: FileReport) -> RenderableType:
    columns = [
        words("signature"),
        words("signed_by"),
        words("kind"),
        words("time"),
        words("status"),
    ]
    rows = [
        (
            words.of(*_ROLES[one.role]),
            one.subject,
            words.of(*_KINDS[one.kind]),
            local_time(one.signed_at),
            words.of(*_FINDINGS[_worst(one)]),
        )
        for one in report.signatures
    ]
    return table(columns, rows, long=(1,))


def _worst(signature: Any) -> Finding:
    check = signature.check
    if check is None:
        return Finding.UNKNOWN
    found = (check.integrity, check.chain, check.revocation, check.time, check.order)
    return next((one for one in (Finding.BAD, Finding.UNKNOWN) if one in found), Finding.GOOD)


def _remarks(words: Words, checks: Sequence[FileCheck]) -> Iterator[Text]:
    """Every check that did not pass, with its reason."""
    for one in checks:
        if one.outcome is not Outcome.PASSED:
            reason = words.of(one.reason, one.reason_vi or one.reason)
            about = f"{one.name} {one.subject}".rstrip()
            line = safe(f"{words.of(*_OUTCOMES[one.outcome])}: {about}: {reason}")
            yield bad(line) if one.outcome is Outcome.FAILED else Text(line, "yellow")


def _opened(host: PluginHost, media_type: str, trust: Trust, stack: ExitStack) -> FileVerifier:
    """The verifier of a media type, to be closed with the *stack*."""
    verifier = host.open_file_verifier(media_type, trust, revocation=True)
    stack.callback(verifier.close)
    return verifier


def _report(
    opened: Callable[[str], FileVerifier], path: Path, evidence: StatusEvidence, at: datetime
) -> FileReport:
    """The report on one file, by the verifier of what it is."""
    with ExitStack() as stack:
        stream = stack.enter_context(path.open("rb"))
        media_type, beside = _kind(path, stream)
        content = stack.enter_context(beside.open("rb")) if beside else None
        return opened(media_type).verify(stream, media_type, at, evidence, content=content)


def _report_or_error(
    opened: Callable[[str], FileVerifier], path: Path, evidence: StatusEvidence, at: datetime
) -> FileReport | LienthongError:
    """A file that cannot be judged does not hide the verdict on others."""
    try:
        return _report(opened, path, evidence, at)
    except InputError as error:
        return error
    except OSError as error:
        return of_machine(error)


def _note(store: Path, reports: Sequence[FileReport]) -> None:
    """Have the status fetched that was missing, or will be the next time."""
    from lienthong.trust.noting import note_places
    from lienthong.trust.store import TrustStore

    seen = [one for report in reports for one in report.evidence.certificates]
    # Whoever verifies need not be who keeps the store.
    with suppress(OSError, LienthongError):
        note_places(TrustStore.load(store), seen)


def _kind(path: Path, stream: BinaryIO) -> tuple[str, Path | None]:
    """What a file is by its content, and the content beside a detached signature."""
    head = stream.read(_HEAD)
    stream.seek(0)
    if b"%PDF-" in head:
        return _PDF, None
    if not (head.startswith(b"0") and _SIGNED_DATA in head[:32]):
        expected = "a PDF file, or a CMS signature in DER (.p7s, .p7m)"
        raise InvalidValue(field=str(path), found="something else", expected=expected)
    if path.suffix == _SUFFIX:
        beside = path.with_suffix("")
        return _DETACHED, beside if beside.is_file() else None
    return _ENCLOSED, None


def _worth(
    report: FileReport, *, copy_form: str | None, digitised: bool, from_outside: bool
) -> Judgement:
    """What a document of these signatures is worth, if it is what the options say (§13e)."""
    found = signatures_found(
        report,
        report=Sha256.of(report.sha256.bytes),
        copy_form=_COPIES[copy_form] if copy_form else CopyForm.ORIGINAL,
        origin=Origin.DIGITISED if digitised else Origin.BORN_DIGITAL,
    )
    return judge(Facts.of(found, from_agency=not from_outside))
