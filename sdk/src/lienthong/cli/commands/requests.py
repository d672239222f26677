"""A sender's requests and a recipient's answers: ``take-back``, ``recall``, ``update``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lienthong.cli.base import command, session
from lienthong.cli.commands.options import (
    CONTENT,
    EXISTING,
    ORGAN,
    note_option,
    package_argument,
    package_id_option,
    reason_option,
    receipt_option,
    recipient_option,
    register_option,
)
from lienthong.cli.commands.reports import report
from lienthong.cli.commands.sending import load_file

if TYPE_CHECKING:
    from lienthong.client import Client
    from lienthong.model.ids import OrganId, PackageId

_from_option: Final = click.option(
    "--from",
    "organs",
    type=ORGAN,
    metavar="CODE",
    multiple=True,
    help="Only this recipient; repeatable. All by default.",
)


def _answers(yes: str, no: str, help_yes: str, help_no: str) -> tuple[object, ...]:
    return (
        click.option(f"--{yes}", "yes", is_flag=True, help=help_yes),
        click.option(f"--{no}", "no", is_flag=True, help=help_no),
    )


@command(
    "take-back",
    example="""\
lienthong take-back 01981f5e-… --reason "gửi nhầm tệp"      (sender)
lienthong take-back 01981f5e-… --agree                       (recipient)
lienthong take-back 01981f5e-… --refuse --reason "đã xử lý"  (recipient)""",
    parameters=(
        package_argument,
        _from_option,
        *_answers("agree", "refuse", "Recipient: give it back.", "Recipient: keep it."),  # type: ignore[arg-type]
        reason_option(required=False),
        note_option,
        recipient_option,
    ),
)
def take_back(
    package: str,
    organs: tuple[OrganId, ...],
    yes: bool,
    no: bool,
    reason: str | None,
    note: str,
    recipient: OrganId | None,
) -> None:
    """Ask for a document back, or answer that.

    Only before acceptance; afterwards the sender recalls it.
    """
    _one_answer(yes, no)
    if yes:
        report(lambda client: client.agree_take_back(package, note=note, recipient=recipient))
        return
    why = _required(reason)
    if no:
        report(lambda client: client.refuse_take_back(package, reason=why, recipient=recipient))
        return
    _ask_back(package, organs, why)


def _ask_back(package: str, organs: tuple[OrganId, ...], reason: str) -> None:
    from lienthong.cli import data, views

    current = session()
    with current.client() as client:
        receipts = client.take_back(package, organs or None, reason=reason)
    for receipt in receipts:
        current.emit(data.of_receipt(receipt), partial(views.of_receipt, current.words, receipt))


@command(
    "recall",
    example="""\
lienthong recall 01981f5e-… --reason "ban hành sai thẩm quyền"  (sender)
lienthong recall 01981f5e-… --confirm                            (recipient)
lienthong recall 01981f5e-… --reject --reason "không hợp lệ"     (recipient)""",
    parameters=(
        package_argument,
        _from_option,
        click.option("--document", type=EXISTING, help="Data of the recall notice, TOML."),
        click.option("--file", "files", type=CONTENT, multiple=True, help="The recall notice."),
        *_answers("confirm", "reject", "Recipient: it is cancelled.", "Recipient: not valid."),  # type: ignore[arg-type]
        reason_option(required=False),
        note_option,
        recipient_option,
        package_id_option,
        register_option,
        receipt_option,
    ),
)
def recall(
    package: str,
    organs: tuple[OrganId, ...],
    document: Path | None,
    files: tuple[Path, ...],
    yes: bool,
    no: bool,
    reason: str | None,
    note: str,
    recipient: OrganId | None,
    package_id: str | None,
    receipt: Path | None,
) -> None:
    """Recall a document, or answer a recall.

    In an answer PACKAGE may be the document's or the recall's.
    """
    _one_answer(yes, no)
    if yes:
        report(
            lambda client: client.confirm_recall(
                _target(client, package), note=note, recipient=recipient
            ),
            receipt,
        )
        return
    why = _required(reason)
    if no:
        report(
            lambda client: client.reject_recall(
                _target(client, package), reason=why, recipient=recipient
            ),
            receipt,
        )
        return
    report(
        lambda client: client.recall(
            package,
            reason=why,
            recipients=organs or None,
            package_id=package_id,
            document=load_file(client, document) if document else None,
            files=files,
        ),
        receipt,
    )


@command(
    "update",
    example="""\
lienthong update 01981f5e-… new.toml --attach annex.pdf --reason "thiếu"  (sender)
lienthong update 01981f5e-… --apply                                       (recipient)
lienthong update 01981f5e-… --refuse --reason "đã xử lý"                  (recipient)""",
    parameters=(
        package_argument,
        click.argument("document", type=EXISTING, required=False, metavar="[DOCUMENT.toml]"),
        click.option("--attach", "files", type=CONTENT, multiple=True, help="An attachment."),
        _from_option,
        *_answers("apply", "refuse", "Recipient: apply it.", "Recipient: do not."),  # type: ignore[arg-type]
        reason_option(required=False),
        note_option,
        recipient_option,
        package_id_option,
        receipt_option,
    ),
)
def update(
    package: str,
    document: Path | None,
    files: tuple[Path, ...],
    organs: tuple[OrganId, ...],
    yes: bool,
    no: bool,
    reason: str | None,
    note: str,
    recipient: OrganId | None,
    package_id: str | None,
    receipt: Path | None,
) -> None:
    """Change data of a document, or answer that.

    Never its signed main file: use "replace" for that.
    """
    _one_answer(yes, no)
    if yes:
        report(
            lambda client: client.apply_update(
                _target(client, package), note=note, recipient=recipient
            ),
            receipt,
        )
        return
    why = _required(reason)
    if no:
        report(
            lambda client: client.refuse_update(
                _target(client, package), reason=why, recipient=recipient
            ),
            receipt,
        )
        return
    if document is None:
        raise click.UsageError("DOCUMENT.toml is missing")
    report(
        lambda client: client.update(
            package,
            load_file(client, document),
            files,
            reason=why,
            recipients=organs or None,
            package_id=package_id,
        ),
        receipt,
    )


def _one_answer(yes: bool, no: bool) -> None:
    if yes and no:
        raise click.UsageError("give one answer, not both")


def _required(reason: str | None) -> str:
    if not reason:
        raise click.UsageError("--reason is missing")
    return reason


def _target(client: Client, package: str) -> PackageId:
    """The package that a recall or update is about, whichever of both is named."""
    manifest = client.get_package(package).manifest
    if manifest.target is not None and manifest.kind.value in {"RECALL", "UPDATE"}:
        return manifest.target
    return manifest.package_id
