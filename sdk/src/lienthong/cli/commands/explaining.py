"""``explain``: what the rules ask of a document before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
from attrs import frozen
from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli import data, views
from lienthong.cli.base import Session, command, session
from lienthong.cli.commands.options import (
    EXISTING,
    ORGAN,
    appraisal_option,
    calendar_option,
    read_text,
    rule_set_option,
    submission_option,
)
from lienthong.cli.commands.working_time import Office, office
from lienthong.cli.failures import ExitCode
from lienthong.cli.output import bad, good, safe, table
from lienthong.cli.texts import Words
from lienthong.codec.toml import examine_document
from lienthong.errors import InputError, LienthongError, MissingField, OutsideCalendar
from lienthong.model.document import Document
from lienthong.model.file_signature import Certificates, Finding
from lienthong.model.ids import OrganId
from lienthong.model.time import format_vietnam, parse_instant
from lienthong.model.words import AttachmentKind, IssueForm
from lienthong.rules.calendar_table import calendar_of
from lienthong.rules.duties import Due, Sent, paper_for, receiving_deadlines, sending_deadlines
from lienthong.rules.legal_facts import Facts
from lienthong.rules.legal_value import Judgement, judge
from lienthong.rules.paper import PaperDecision

_NOBODY: Final = OrganId("0")
_UNNAMED: Final = "—"
"""Stand for an issuer that is not known: no rule set has this code."""

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
        submission_option,
        appraisal_option,
        click.option("--from-outside", is_flag=True, help="Sent by no state agency: a citizen."),
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
    """Say what the rules ask of a document: fields, paper, worth, deadlines.

    Its worth is that of one whose files and signatures are found good, or with --unsigned missing.
    Send-by deadlines need signed_at in the file; those of the recipient need --entered-at. Each
    answer names its clause; exit code 3 where something is missing or wrong. The issuer is that of
    the file, or your profile's.
    """
    current, own = session(), office(rule_set, calendar)
    entered = parse_instant(entered_at, field="--entered-at") if entered_at else None
    issuer = _NOBODY if current.profile is None else current.load_profile().organ
    found = examine_document(
        read_text(document), str(document), issuer_code=issuer, issuer_name=_UNNAMED
    )
    sent = Sent(
        attachments=[AttachmentKind[kind.upper()] for kind in attach],
        signed_by_both=not given["unsigned"],
        is_submission=given["submission"],
        for_appraisal=given["appraisal"],
    )
    due, beyond = _due(found.document, entered, own, to)
    explained = Explained(
        office=own,
        faults=found.faults,
        papers=_papers(found.document, to, own, sent) if "kind" in found.given else [],
        worth=_worth(found.document, own, sent, is_outside=given["from_outside"]),
        due=due,
        beyond=beyond,
    )
    current.emit(explained.data(current), lambda: explained.view(current.words, current))
    if found.faults or beyond:
        click.get_current_context().exit(ExitCode.INPUT)


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
        return data.of_paper(words, organ, self.decision)

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
    faults: Sequence[InputError]
    papers: Sequence[Paper]
    worth: Judgement | None
    """None where nothing can be told of the document."""

    due: Sequence[tuple[OrganId | None, Due]]
    """With the recipient, where it has office hours of its own."""

    beyond: Sequence[OutsideCalendar]
    """Why there are no others: the calendar does not have their days."""

    def data(self, current: Session) -> dict[str, Any]:
        words = current.words
        return {
            "complete": not self.faults,
            "faults": [_fault(fault, current) for fault in self.faults],
            "paper": [one.data(words) for one in self.papers],
            "legal_value": None if self.worth is None else self.worth.value.name,
            "legal_reasons": data.of_reasons(words, self.worth.reasons if self.worth else ()),
            "deadlines": [
                {
                    "organ_id": str(organ) if organ else None,
                    "name": one.name,
                    "result": format_vietnam(one.moment.at),
                    "rule": one.moment.rule,
                    "clause": one.moment.clause,
                    "provisional": one.moment.provisional,
                }
                for organ, one in self.due
            ],
            "outside_calendar": [_fault(fault, current) for fault in self.beyond],
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
        if self.worth is not None:
            lines.append(Text(safe(views.of_worth(words, self.worth))))
        if self.due:
            lines.append(self._timetable(words))
        elif not self.faults and not self.beyond:
            lines.append(Text(safe(words("no_deadlines"))))
        lines += [bad(fault.message(current.language)) for fault in self.beyond]
        basis = (self.office.calendar.version, self.office.rules.version)
        return Group(*lines, Text(safe(" · ".join(basis)), style="dim"))

    def _timetable(self, words: Words) -> RenderableType:
        rows = [
            (
                " ".join(filter(None, (str(organ or ""), words(_DUE[one.name])))),
                words.instant(one.moment.at),
                f"{one.moment.rule} · {one.moment.clause}",
                words("provisional") if one.moment.provisional else "",
            )
            for organ, one in self.due
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


def _worth(
    document: Document | None, own: Office, sent: Sent, *, is_outside: bool
) -> Judgement | None:
    """What a recipient may take the document for, if all that is said of it is so (§13e)."""
    if document is None:
        return None
    signed = Finding.GOOD if sent.signed_by_both else Finding.BAD
    facts = Facts(
        copy_form=document.copy_form,
        origin=document.origin,
        from_agency=not is_outside,
        integrity=Finding.GOOD,
        signer=signed,
        agency=signed,
        certificates=Certificates.GOOD,
    )
    return judge(facts, own.rules.signatures.practice)


def _fault(fault: LienthongError, current: Session) -> dict[str, Any]:
    return {
        "code": fault.code,
        "field": fault.facts.get("key") or fault.facts.get("field"),
        "line": fault.facts.get("line"),
        "clause": fault.facts.get("clause"),
        "missing": isinstance(fault, MissingField),
        "message": fault.message(current.language),
    }


def _due(
    document: Document | None, entered: datetime | None, own: Office, to: Sequence[OrganId]
) -> tuple[list[tuple[OrganId | None, Due]], list[OutsideCalendar]]:
    """What is due, for each recipient with hours of its own and once for all others.

    With what cannot be told, as the calendar does not have its days: the rest is told all the same.
    """
    due: list[tuple[OrganId | None, Due]] = []
    beyond: list[OutsideCalendar] = []
    for organ, found in _asked(document, entered, own, to):
        try:
            due += [(organ, one) for one in found()]
        except OutsideCalendar as error:
            beyond.append(error)
    return due, beyond


def _asked(
    document: Document | None, entered: datetime | None, own: Office, to: Sequence[OrganId]
) -> Iterator[tuple[OrganId | None, Callable[[], Sequence[Due]]]]:
    """Whose deadlines are asked for, and what finds them."""
    if document is None:
        return
    rules, signed = own.rules, document.signed_at
    if signed is not None:
        yield None, partial(sending_deadlines, document.urgency, signed, rules, own.calendar)
    if entered is not None:
        special = {one.organisation for one in rules.office.own_hours}
        for organ in dict.fromkeys(one if one in special else None for one in to or (None,)):
            calendar = calendar_of(own.table, rules, organ)
            yield organ, partial(receiving_deadlines, document, entered, rules, calendar)
