"""The root command and the places of all others."""

from __future__ import annotations

from typing import Final

import click

from lienthong import __version__
from lienthong.cli.base import Application, Place

COMMANDS: Final = {
    "send": Place("sending:send", "Send a document to organisations."),
    "inbox": Place("lists:inbox", "List deliveries, newest change first."),
    "show": Place("lists:show", "Show a package."),
    "accept": Place("reports:accept", "Accept and register a document."),
    "judge": Place("judging:judge", "Judge anew what was accepted and had to wait for that."),
    "refuse": Place("reports:refuse", "Refuse a document before acceptance."),
    "forward": Place("reports:forward", "Report who is to handle a document."),
    "start": Place("reports:start", "Report that a document is being handled."),
    "complete": Place("reports:complete", "Report that a document was handled."),
    "reopen": Place("reports:reopen", "Take a completed document up again."),
    "take-back": Place("requests:take_back", "Ask for a document back, or answer that."),
    "recall": Place("requests:recall", "Recall a document, or answer a recall."),
    "update": Place("requests:update", "Change data of a document, or answer that."),
    "replace": Place("sending:replace", "Send a document in place of another."),
    "register": Place("registers:register", "Registers of documents and their numbers."),
    "sign": Place("signing:sign", "Put a digital signature into a PDF file."),
    "verify": Place("verifying:verify", "Verify signatures in files, and say what they are worth."),
    "watch": Place("feeds:watch", "Show what happens, as it happens."),
    "history": Place("lists:history", "Show the history of a package."),
    "download": Place("feeds:download", "Download files of a package."),
    "organisation": Place("directory:organisation", "Show an organisation."),
    "organisations": Place("directory:organisations", "Search the directory."),
    "law": Place("law:law", "Show the rule set and calendar that the axis keeps."),
    "receipt": Place("evidence:receipt", "Receipts: proofs that the axis recorded something."),
    "bundle": Place("evidence:bundle", "Evidence bundles: a whole case in one file."),
    "witness": Place("witnessing:witness", "Keep and compare the axis's checkpoints."),
    "check": Place("checking:check", "Checks of the interconnection: look and record, list them."),
    "trust": Place(
        "trust:trust", "Trust stores: whom to trust, and whether certificates were revoked."
    ),
    "calendar": Place("calendars:calendar", "Calendars: days off and swapped working days."),
    "received-at": Place(
        "working_time:received_at", "When a document that entered at INSTANT counts as received."
    ),
    "send-by": Place(
        "working_time:send_by", "By when a document signed at SIGNED_AT must be sent."
    ),
    "forward-by": Place(
        "working_time:forward_by",
        "By when a document received at RECEIVED_AT must be sent on.",
    ),
    "add-working-days": Place(
        "working_time:add_working_days",
        "The N-th working day after DATE, which itself does not count.",
    ),
    "add-days": Place(
        "working_time:add_days", "The N-th day after DATE; on a day off the next working day."
    ),
    "report-day": Place("working_time:report_day", "The day of a quarterly report."),
    "explain": Place(
        "explaining:explain",
        "Say what the rules ask of a document: fields, paper, worth, deadlines.",
    ),
    "document": Place("documents:document", "The data file of a document."),
    "rules": Place("rules:rules", "Rule sets: what a province has decided, with clauses."),
    "plugins": Place("extending:plugins", "Plugins: signers, stores, verifiers and the rest."),
    "completion": Place("extending:completion", "Print the completion script for a shell."),
}
"""Every command: where it is and its summary, so that help and completion import none of them."""

_HELP: Final = """\
Send and receive signed official documents through an axis (trục liên thông).

Every receipt, signature and file is verified before it is shown as good.
"""
_EXAMPLE: Final = """\
export LIENTHONG_PROFILE=/etc/lienthong/h53-13
lienthong inbox
lienthong send document.toml --file main.pdf --to 000.00.13.H53"""

application: Final = Application(
    "lienthong",
    places=COMMANDS,
    help=_HELP,
    example=_EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
application.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=lambda ctx, _, value: _show_version(ctx) if value else None,
        help="Show the version.",
    )
)


def _show_version(ctx: click.Context) -> None:
    click.echo(f"lienthong {__version__}")
    ctx.exit()
