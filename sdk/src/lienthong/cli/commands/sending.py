"""``send`` and ``replace``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import evolve

from lienthong.cli.base import Session, command, session
from lienthong.cli.commands.options import (
    CONTENT,
    DATE,
    EXISTING,
    ORGAN,
    appraisal_option,
    loaded_rule_set,
    package_argument,
    package_id_option,
    read_text,
    reason_option,
    receipt_option,
    register_option,
    rule_set_option,
    save,
    submission_option,
)
from lienthong.codec.signed import dump_receipt, load_entry
from lienthong.codec.toml import load_document
from lienthong.errors import InputError, InvalidValue
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.journal import PackageRecord, Receipt
from lienthong.model.package import Recipient
from lienthong.model.words import AttachmentKind, FileRole, RecipientRole

if TYPE_CHECKING:
    from lienthong.client import Client, FileSource
    from lienthong.rules.duties import Sent
    from lienthong.rules.paper import PaperDecision
    from lienthong.rules.ruleset import RuleSet

_OPTIONS: Final = "options"
_UNNAMED: Final = "—"
"""Stands for the issuer's name until the directory is asked; never sent."""

_ATTACHED: Final = {
    AttachmentKind.NORMAL: ("--attach", "An attachment; repeatable."),
    AttachmentKind.APPENDIX: ("--appendix", "An appendix; repeatable."),
    AttachmentKind.MAP: ("--map", "A map that is attached; repeatable."),
    AttachmentKind.SPECIALISED: ("--specialised", "Specialised material; repeatable."),
    AttachmentKind.DRAFT_LAW: ("--draft-law", "A draft of a legal document; repeatable."),
}
_FILES: Final = (
    click.option("--file", "main", type=CONTENT, required=True, help="The document itself."),
    *(
        click.option(name, kind.name, type=CONTENT, multiple=True, help=told)
        for kind, (name, told) in _ATTACHED.items()
    ),
    submission_option,
    appraisal_option,
)
_RECIPIENTS: Final = (
    click.option(
        "--to",
        type=ORGAN,
        metavar="CODE",
        multiple=True,
        required=True,
        help="A recipient; repeatable.",
    ),
    click.option(
        "--copy-to",
        type=ORGAN,
        metavar="CODE",
        multiple=True,
        help="A recipient for information; repeatable.",
    ),
)
_DATA: Final = (
    click.option("--number", metavar="NUMBER", help="Number and notation: 52/2019/QĐ-UBND."),
    click.option("--kind", metavar="KIND", help="Kind of document: QUYET_DINH or Quyết định."),
    click.option("--subject", metavar="TEXT", help="Trích yếu, at most 500 characters."),
    click.option("--date", "issued_date", type=DATE, help="Date of the document."),
    click.option("--signer", metavar="NAME", help="Who signed."),
    click.option("--position", metavar="TEXT", help="The signer's position."),
    click.option("--urgency", metavar="WORD", help="THUONG, KHAN, THUONG_KHAN, HOA_TOC."),
    click.option("--due-date", type=DATE, help="Ask for a reply until this day."),
)
_sender_option: Final = click.option(
    "--as",
    "sender",
    type=ORGAN,
    metavar="CODE",
    help="In whose name: a body that this office sends for.",
)
_document_argument: Final = click.argument(
    "document", type=EXISTING, required=False, metavar="[DOCUMENT.toml]"
)


@command(
    "send",
    example="""\
lienthong send document.toml --file main.pdf --attach annex.xlsx --to 000.00.13.H53
lienthong send document.toml --file main.pdf --map plan.pdf --to 000.00.13.H53 --submission
lienthong send --file main.pdf --to 000.00.13.H53 --number 52/QĐ-UBND --kind QUYET_DINH \\
    --date 2026-11-20 --subject "Về việc …" --signer "Chánh Văn phòng" --position "Chủ tịch\"""",
    parameters=(
        _document_argument,
        *_FILES,
        *_RECIPIENTS,
        package_id_option,
        _sender_option,
        receipt_option,
        register_option,
        rule_set_option,
        *_DATA,
    ),
)
def send(
    document: Path | None,
    main: Path,
    to: tuple[OrganId, ...],
    copy_to: tuple[OrganId, ...],
    package_id: str | None,
    sender: OrganId | None,
    receipt: Path | None,
    rule_set: str,
    **given: Any,
) -> None:
    """Send a document to organisations.

    Its data come from DOCUMENT.toml ("lienthong document new" prints an example), or from options.
    Says before sending who must get paper too, and why.
    """
    current, files = session(), _files(main, given)
    sent = _sent(files, given)
    rules, recipients = loaded_rule_set(rule_set), _recipients(to, copy_to)
    with current.client(rules) as client, _bars(current) as progress:
        described = _document(client, document, given)
        papers = _papers(described, sent, recipients, rules)
        _say_paper(current, papers)
        found = client.send(
            described,
            files,
            recipients,
            package_id=package_id,
            sender=sender,
            progress=progress,
        )
    _show(current, found, receipt, papers)


@command(
    "replace",
    example='lienthong replace 019… new.toml --file new.pdf --to 000.00.13.H53 --reason "sai"',
    parameters=(
        package_argument,
        _document_argument,
        *_FILES,
        *_RECIPIENTS,
        reason_option(),
        package_id_option,
        _sender_option,
        receipt_option,
        register_option,
        rule_set_option,
        *_DATA,
    ),
)
def replace(
    package: str,
    document: Path | None,
    main: Path,
    to: tuple[OrganId, ...],
    copy_to: tuple[OrganId, ...],
    reason: str,
    package_id: str | None,
    sender: OrganId | None,
    receipt: Path | None,
    rule_set: str,
    **given: Any,
) -> None:
    """Send a document in place of another."""
    current, files = session(), _files(main, given)
    sent = _sent(files, given)
    rules, recipients = loaded_rule_set(rule_set), _recipients(to, copy_to)
    with current.client(rules) as client, _bars(current) as progress:
        described = _document(client, document, given)
        papers = _papers(described, sent, recipients, rules)
        _say_paper(current, papers)
        found = client.replace(
            package,
            described,
            files,
            recipients,
            reason=reason,
            package_id=package_id,
            sender=sender,
            progress=progress,
        )
    _show(current, found, receipt, papers)


def _papers(
    document: Document, sent: Sent, recipients: Sequence[Recipient], rules: RuleSet
) -> Mapping[OrganId, PaperDecision]:
    """For whom the rules want another form than the document has (QĐ 52/2019 Đ6)."""
    from lienthong.rules.duties import paper_for

    wanted = {one.organ_id: paper_for(document, one.organ_id, rules, sent) for one in recipients}
    return {who: one for who, one in wanted.items() if one.form is not document.issue_form}


def _say_paper(current: Session, papers: Mapping[OrganId, PaperDecision]) -> None:
    """Tell people before it is sent; programs have it in the result."""
    from lienthong.cli import views

    for organ, decision in papers.items():
        said = views.of_paper(current.words, str(organ), decision)
        current.say(f"{current.words('warning')}: {said}")


def _bars(current: Session) -> Any:
    from lienthong.cli.output import progress

    return progress(shown=not current.as_json)


def _show(
    current: Session,
    receipt: Receipt,
    path: Path | None,
    papers: Mapping[OrganId, PaperDecision],
) -> None:
    from lienthong.cli import data, views

    if path is not None:
        save(path, dump_receipt(receipt))
    body = load_entry(receipt.entry).body
    if isinstance(body, PackageRecord):
        current.say(current.words("sent", package=body.package_id))
    wanted = [data.of_paper(current.words, str(who), one) for who, one in papers.items()]
    told = data.of_receipt(receipt) | {"paper": wanted}
    current.emit(told, lambda: views.of_receipt(current.words, receipt))


def _document(client: Client, path: Path | None, given: Mapping[str, Any]) -> Document:
    """The document, from a file or from options."""
    options = {name: value for name, value in given.items() if value is not None}
    if (path is None) == (not options):
        raise click.UsageError("give either DOCUMENT.toml or --number, --kind, --subject …")
    return _from_options(client, options) if path is None else load_file(client, path)


def _from_options(client: Client, options: Mapping[str, Any]) -> Document:
    try:
        return _load(client, _as_toml(options), _OPTIONS)
    except InputError as error:
        if error.facts.get("file") != _OPTIONS:
            raise
        option = _option(str(error.facts["key"]))
        raise type(error)(**(error.facts | {"field": option, "key": option})) from error


def _option(key: str) -> str:
    """The option that fills a key of the data file."""
    names = {"issued_date": "date", "signer.full_name": "signer", "signer.position": "position"}
    return "--" + names.get(key, key).replace("_", "-")


def load_file(client: Client, path: Path) -> Document:
    """The document that a TOML file describes; what it leaves out about the issuer is looked up."""
    return _load(client, read_text(path), str(path))


def _load(client: Client, text: str, name: str) -> Document:
    # Read and refused before anything is asked of the axis.
    document = load_document(text, name, issuer_code=client.organ, issuer_name=_UNNAMED)
    if document.issuer_name != _UNNAMED:
        return document
    organisation = client.organisation(document.issuer_code)
    return evolve(document, issuer_name=organisation.name_on(document.issued_date))


def _as_toml(options: Mapping[str, Any]) -> str:
    signer = {"full_name": options.get("signer"), "position": options.get("position")}
    values = {name: one for name, one in options.items() if name not in {"signer", "position"}}
    if "due_date" in values:
        values["reply_requested"] = True
    lines = [*_lines(values), "[signer]", *_lines(signer)]
    return "\n".join(lines)


def _lines(values: Mapping[str, Any]) -> Iterable[str]:
    for name, value in values.items():
        if isinstance(value, date):
            yield f"{name} = {value.isoformat()}"
        elif isinstance(value, bool):
            yield f"{name} = {str(value).lower()}"
        elif value is not None:
            # JSON's escapes are TOML's.
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _files(main: Path, given: dict[str, Any]) -> list[FileSource]:
    """The files of all options, which are taken out of what was given."""
    from lienthong.client import FileSource

    if main.stat().st_size == 0:
        raise InvalidValue(field=f"the file {main}", found="empty", expected="a document")
    attached = [(kind, path) for kind in _ATTACHED for path in given.pop(kind.name)]
    return [
        evolve(FileSource.of(main), role=FileRole.MAIN),
        *(
            evolve(FileSource.of(path), role=FileRole.ATTACHMENT, attachment_kind=kind)
            for kind, path in attached
        ),
    ]


def _sent(files: Sequence[FileSource], given: dict[str, Any]) -> Sent:
    """What paper depends on beside the document's data; its options are taken out likewise."""
    from lienthong.rules.duties import Sent

    # What the files' own signatures are worth is not known here.
    return Sent(
        attachments=[one.attachment_kind for one in files],
        is_submission=given.pop("submission"),
        for_appraisal=given.pop("appraisal"),
    )


def _recipients(to: Iterable[OrganId], copy_to: Iterable[OrganId]) -> list[Recipient]:
    return [
        Recipient(organ_id=code, role=role)
        for codes, role in ((to, RecipientRole.MAIN), (copy_to, RecipientRole.COPY))
        for code in codes
    ]
