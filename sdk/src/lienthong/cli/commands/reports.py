"""What a recipient reports, from ``accept`` to ``reopen``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lienthong.cli.base import command, session
from lienthong.cli.commands.options import (
    DATE,
    loaded_rule_set,
    note_option,
    package_argument,
    reason_option,
    receipt_option,
    recipient_option,
    register_option,
    responsible_option,
    rule_set_option,
    save,
)
from lienthong.codec.json import to_data
from lienthong.codec.signed import dump_receipt
from lienthong.errors import InvalidValue
from lienthong.model.document import DocumentReference
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.model.journal import Receipt
from lienthong.model.report import Assignment
from lienthong.model.time import vietnam_date
from lienthong.model.words import AssignmentRole, RefusalCode

if TYPE_CHECKING:
    from lienthong.client import Client


@command(
    "accept",
    example="""\
lienthong accept 01981f5e-… --number 125 --responsible "Văn thư"
lienthong accept 01981f5e-… --register registers.db""",
    parameters=(
        package_argument,
        click.option(
            "--number",
            type=click.IntRange(1),
            help="Register number (số đến); the next one of --register by default.",
        ),
        click.option("--date", "day", type=DATE, help="Day of the register entry; today."),
        responsible_option,
        note_option,
        recipient_option,
        register_option,
        rule_set_option,
        receipt_option,
    ),
)
def accept(
    package: str,
    number: int | None,
    day: date | None,
    responsible: str,
    note: str,
    recipient: OrganId | None,
    rule_set: str,
    receipt: Path | None,
) -> None:
    """Accept and register a document.

    Signature and every file are checked first. It stands for the arrival, if none was reported.
    """
    current = session()
    if number is None and current.register is None:
        raise click.UsageError("give --number, or --register BOOK to take it from")
    today = vietnam_date(datetime.now(UTC))
    if day is not None and day > today:
        # What was accepted stays accepted, with the number and day that were given.
        expected = f"a day not after {today.isoformat()}"
        raise InvalidValue(field="--date", found=day.isoformat(), expected=expected)
    rules = loaded_rule_set(rule_set) if current.register else None
    with current.client(rules) as client:
        found = client.accept(
            package,
            register_number=number,
            register_date=day,
            responsible=responsible,
            note=note,
            recipient=recipient,
        )
        line = client.arrival(package, recipient=recipient)
    if line is not None:
        text = current.words("arrival_number", number=line.number, day=f"{line.day:%d/%m/%Y}")
        current.say("; ".join((text, *line.entry.notes)))
    _show(found, receipt, {} if line is None else {"register": to_data(line)})


@command(
    "refuse",
    example='lienthong refuse 01981f5e-… --code WRONG_ADDRESSEE --reason "gửi nhầm nơi nhận"',
    parameters=(
        package_argument,
        click.option(
            "--code",
            type=click.Choice([code.value for code in RefusalCode], case_sensitive=False),
            required=True,
            help="Kind of reason.",
        ),
        reason_option(),
        responsible_option,
        recipient_option,
        receipt_option,
    ),
)
def refuse(
    package: str,
    code: str,
    reason: str,
    responsible: str,
    recipient: OrganId | None,
    receipt: Path | None,
) -> None:
    """Refuse a document before acceptance."""
    report(
        lambda client: client.refuse(
            package,
            reason=RefusalCode(code),
            text=reason,
            responsible=responsible,
            recipient=recipient,
        ),
        receipt,
    )


@command(
    "forward",
    example='lienthong forward 01981f5e-… --lead "Phòng CNTT" --cooperate "Phòng TC"',
    parameters=(
        package_argument,
        click.option("--lead", metavar="UNIT", required=True, help="The unit that leads."),
        click.option("--cooperate", metavar="UNIT", multiple=True, help="Repeatable."),
        click.option("--inform", metavar="UNIT", multiple=True, help="Repeatable."),
        click.option("--due", type=DATE, help="Until when."),
        note_option,
        responsible_option,
        recipient_option,
        register_option,
        receipt_option,
    ),
)
def forward(
    package: str,
    lead: str,
    cooperate: tuple[str, ...],
    inform: tuple[str, ...],
    due: date | None,
    note: str,
    responsible: str,
    recipient: OrganId | None,
    receipt: Path | None,
) -> None:
    """Report who is to handle a document."""
    units = (
        ((lead,), AssignmentRole.LEAD),
        (cooperate, AssignmentRole.COOPERATE),
        (inform, AssignmentRole.INFORM),
    )
    assignments = [
        Assignment(unit=unit, role=role, due_date=due) for names, role in units for unit in names
    ]
    report(
        lambda client: client.forward(
            package,
            assignments=assignments,
            note=note,
            responsible=responsible,
            recipient=recipient,
        ),
        receipt,
    )


@command(
    "start",
    example="lienthong start 01981f5e-…",
    parameters=(
        package_argument,
        click.option("--lead", metavar="UNIT", help="Who leads, if that was not reported."),
        note_option,
        recipient_option,
        register_option,
        receipt_option,
    ),
)
def start(
    package: str, lead: str | None, note: str, recipient: OrganId | None, receipt: Path | None
) -> None:
    """Report that a document is being handled."""
    report(lambda client: client.start(package, unit=lead, note=note, recipient=recipient), receipt)


@command(
    "complete",
    example="lienthong complete 01981f5e-… --reply-number 07/TTr-STTTT --reply-date 2026-11-22",
    parameters=(
        package_argument,
        click.option("--reply-number", metavar="NUMBER", help="Number of the reply."),
        click.option("--reply-date", type=DATE, help="Date of the reply."),
        click.option(
            "--information-only", is_flag=True, help='Received to be informed only ("để biết").'
        ),
        click.option("--lead", metavar="UNIT", help="Who led, if that was not reported."),
        note_option,
        recipient_option,
        register_option,
        receipt_option,
    ),
)
def complete(
    package: str,
    reply_number: str | None,
    reply_date: date | None,
    information_only: bool,
    lead: str | None,
    note: str,
    recipient: OrganId | None,
    receipt: Path | None,
) -> None:
    """Report that a document was handled."""
    if (reply_number is None) != (reply_date is None):
        raise click.UsageError("--reply-number and --reply-date belong together")

    def run(client: Client) -> Receipt:
        reply = None
        if reply_number is not None and reply_date is not None:
            reply = DocumentReference(
                organ_id=client.organ,
                number=DocumentNumber.parse(reply_number),
                issued_date=reply_date,
            )
        return client.complete(
            package,
            reply=reply,
            information_only=information_only,
            unit=lead,
            note=note,
            recipient=recipient,
        )

    report(run, receipt)


@command(
    "reopen",
    example='lienthong reopen 01981f5e-… --reason "bổ sung ý kiến"',
    parameters=(
        package_argument,
        reason_option(),
        recipient_option,
        register_option,
        receipt_option,
    ),
)
def reopen(package: str, reason: str, recipient: OrganId | None, receipt: Path | None) -> None:
    """Take a completed document up again."""
    report(lambda client: client.reopen(package, reason=reason, recipient=recipient), receipt)


def report(run: Callable[[Client], Receipt], path: Path | None = None) -> None:
    """Run one call of the client and show its receipt."""
    with session().client() as client:
        found = run(client)
    _show(found, path, {})


def _show(found: Receipt, path: Path | None, more: Mapping[str, Any]) -> None:
    from lienthong.cli import data, views

    current = session()
    if path is not None:
        save(path, dump_receipt(found))
    current.emit(
        data.of_receipt(found) | dict(more), lambda: views.of_receipt(current.words, found)
    )
