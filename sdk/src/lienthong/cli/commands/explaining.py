"""``explain``: what the rules ask of a document before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen
from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli import views
from lienthong.cli.base import Session, command, session
from lienthong.cli.commands.options import (
    EXISTING,
    ORGAN,
    calendar_option,
    read_text,
    rule_set_option,
)
from lienthong.cli.commands.working_time import Office, office
from lienthong.cli.output import bad, good, safe, table
from lienthong.cli.texts import Words
from lienthong.codec.toml import document_faults, load_document
from lienthong.errors import InputError, MissingField
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.time import format_vietnam, parse_instant
from lienthong.model.words import AttachmentKind, IssueForm
from lienthong.rules.duties import Due, Sent, paper_for, receiving_deadlines, sending_deadlines
from lienthong.rules.paper import PaperDecision

_ISSUER: Final = OrganId("H53")
_UNNAMED: Final = "—"
"""Stand for an issuer that the file leaves to the profile; nothing here depends on them."""

_DUE: Final = {
    "sent_same_day": "due_sent_same_day",
    "sent": "due_sent",
    "sent_decree_30": "due_sent_decree_30",
    "received": "due_received",
    "receipt_notice": "due_receipt_notice",
    "refused": "due_refused",
    "forwarded": "due_forwarded",
    "settled": "due_settled",
    "replied": "due_replied",
}
"""Texts of what is due."""

_ATTACHED: Final = click.Choice([kind.name for kind in AttachmentKind], case_sensitive=False)


@command(
    "explain",
    example="""\
lienthong explain document.toml --to 000.00.13.H53
lienthong explain document.toml --attach MAP --entered-at 2026-11-13T17:00:00+07:00 --json""",
    parameters=(
        click.argument("document", type=EXISTING, metavar="DOCUMENT.toml"),
        click.option("--to", type=ORGAN, metavar="CODE", multiple=True, help="A recipient."),
        click.option("--attach", type=_ATTACHED, multiple=True, help="What is attached."),
        click.option("--unsigned", is_flag=True, help="Not validly signed by person and agency."),
        click.option("--submission", is_flag=True, help="It belongs to a file that is submitted."),
        click.option("--appraisal", is_flag=True, help="A draft legal document to be appraised."),
        click.option("--entered-at", metavar="INSTANT", help="When it entered at the recipient."),
        rule_set_option,
        calendar_option,
    ),
)
def explain(
    document: Path,
    to: tuple[OrganId, ...],
    attach: tuple[str, ...],
    entered_at: str | None,
    rule_set: str,
    calendar: str,
    **given: bool,
) -> None:
    """Say what the rules ask of a document: fields, paper, deadlines.

    Send-by deadlines need signed_at in the file; those of the recipient need --entered-at. Each
    answer names its clause. What the file leaves out about the issuer is your profile's.
    """
    own, text = office(rule_set, calendar), read_text(document)
    entered = parse_instant(entered_at, field="--entered-at") if entered_at else None
    faults = document_faults(text, str(document), issuer_code=_ISSUER, issuer_name=_UNNAMED)
    found = None
    if not faults:
        found = load_document(text, str(document), issuer_code=_ISSUER, issuer_name=_UNNAMED)
    sent = Sent(
        attachments=[AttachmentKind[kind.upper()] for kind in attach],
        signed_by_both=not given["unsigned"],
        is_submission=given["submission"],
        for_appraisal=given["appraisal"],
    )
    explained = Explained(
        office=own,
        document=found,
        faults=faults,
        papers=_papers(found, to, own, sent),
        due=_due(found, entered, own),
    )
    current = session()
    current.emit(explained.data(current), lambda: explained.view(current.words, current))


@frozen(kw_only=True)
class Paper:
    """The form for one recipient."""

    recipient: OrganId | None
    decision: PaperDecision | MissingField
    """The error where a leader must decide."""

    def data(self, words: Words) -> dict[str, Any]:
        organ = str(self.recipient) if self.recipient else None
        if isinstance(self.decision, MissingField):
            text = self.decision.facts["clause"]
            return {"organ_id": organ, "form": None, "clause": text, "reasons": []}
        decision = self.decision
        return {
            "organ_id": organ,
            "form": decision.form.name,
            "basis": decision.basis.name if decision.basis else None,
            "blocks_printing": decision.blocks_printing,
            "reasons": [
                {"row": row.number, "clause": row.clause, "text": words.of(row.en, row.vi)}
                for row in decision.reasons
            ],
        }

    def lines(self, words: Words) -> Iterable[Text]:
        name = str(self.recipient) if self.recipient else words("any_recipient")
        if isinstance(self.decision, MissingField):
            clause = self.decision.facts["clause"]
            yield bad(words("paper_undecided", who=name, clause=clause))
            return
        line = views.of_paper(words, name, self.decision)
        yield good(line) if self.decision.form is IssueForm.E_ONLY else Text(safe(line), "yellow")
        for row in self.decision.reasons[1:]:
            yield Text(safe(f"  + {words.of(row.en, row.vi)} ({row.clause})"))


@frozen(kw_only=True)
class Explained:
    """Everything that the rules say about one file."""

    office: Office
    document: Document | None
    """None while something is wrong with it."""

    faults: Sequence[InputError]
    papers: Sequence[Paper]
    due: Sequence[Due]

    def data(self, current: Session) -> dict[str, Any]:
        words = current.words
        return {
            "complete": not self.faults,
            "faults": [
                {
                    "code": fault.code,
                    "field": fault.facts.get("key") or fault.facts.get("field"),
                    "line": fault.facts.get("line"),
                    "clause": fault.facts.get("clause"),
                    "missing": isinstance(fault, MissingField),
                    "message": fault.message(current.language),
                }
                for fault in self.faults
            ],
            "paper": [one.data(words) for one in self.papers],
            "deadlines": [
                {
                    "name": one.name,
                    "result": format_vietnam(one.moment.at),
                    "rule": one.moment.rule,
                    "clause": one.moment.clause,
                    "provisional": one.moment.provisional,
                }
                for one in self.due
            ],
            "rule_set": self.office.rules.name,
            "rule_set_version": self.office.rules.version,
            "calendar_version": self.office.calendar.version,
        }

    def view(self, words: Words, current: Session) -> RenderableType:
        lines: list[RenderableType] = [
            bad(fault.message(current.language)) for fault in self.faults
        ] or [good(words("document_complete"))]
        for one in self.papers:
            lines += one.lines(words)
        if self.due:
            lines.append(self._timetable(words))
        elif self.document is not None:
            lines.append(Text(safe(words("no_deadlines"))))
        basis = (self.office.calendar.version, self.office.rules.version)
        return Group(*lines, Text(safe(" · ".join(basis)), style="dim"))

    def _timetable(self, words: Words) -> RenderableType:
        rows = [
            (
                words(_DUE[one.name]),
                words.instant(one.moment.at),
                f"{one.moment.rule} · {one.moment.clause}",
                words("provisional") if one.moment.provisional else "",
            )
            for one in self.due
        ]
        return table(("", words("time"), words("clause"), ""), rows, long=(2, 3))


def _papers(
    document: Document | None, to: Sequence[OrganId], own: Office, sent: Sent
) -> list[Paper]:
    if document is None:
        return []
    found = []
    for recipient in to or (None,):
        try:
            decision = paper_for(document, recipient, own.rules, sent)
            found.append(Paper(recipient=recipient, decision=decision))
        except MissingField as error:
            found.append(Paper(recipient=recipient, decision=error))
    return found


def _due(document: Document | None, entered: datetime | None, own: Office) -> list[Due]:
    if document is None:
        return []
    due: list[Due] = []
    if document.signed_at is not None:
        due += sending_deadlines(document.urgency, document.signed_at, own.rules, own.calendar)
    if entered is not None:
        due += receiving_deadlines(document, entered, own.rules, own.calendar)
    return due
