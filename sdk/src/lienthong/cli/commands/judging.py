"""``judge``: what was accepted while its judgement had to wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from lienthong.cli.base import Session, command, session
from lienthong.cli.failures import ExitCode, as_data, exit_code
from lienthong.cli.output import bad, good, local_time, safe
from lienthong.cli.texts import Words
from lienthong.codec.json import to_data
from lienthong.codec.signed import load_entry
from lienthong.errors import LienthongError
from lienthong.model.file_signature import LegalValue

if TYPE_CHECKING:
    from lienthong.client import Client, JudgedAgain

_MINUTE_S: Final = 60
_EQUIVALENT: Final = frozenset(
    {LegalValue.ORIGINAL_EQUIVALENT, LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH}
)


@command(
    "judge",
    example="""\
lienthong trust refresh /etc/lienthong/trust && lienthong judge
lienthong judge --every 30 --json
lienthong judge --all""",
    parameters=(
        click.option("--all", "everything", is_flag=True, help="Also what is not due yet."),
        click.option(
            "--every",
            type=click.IntRange(1, 1440),
            metavar="MINUTES",
            help="Go on, and look every so many minutes.",
        ),
    ),
)
def judge(everything: bool, every: int | None) -> None:
    """Judge anew what was accepted and had to wait for that.

    Each document is verified with the status that the trust store of the profile has now. Where
    that decides it, the acceptance is repeated with the same number, and the axis records what the
    document is worth; what still waits is judged again later. Exit code 6 where one is to be
    refused, otherwise that of the first error.
    """
    current = session()
    with current.client() as client:
        if every is None:
            found = _round(current, client, everything=everything)
            if not found and not current.as_json:
                current.say(current.words("judged_none"))
            click.get_current_context().exit(_code(found))
        while True:
            try:
                _round(current, client, everything=everything)
            except LienthongError as error:
                if not error.retryable:
                    raise
                current.fail(error)
            time.sleep(every * _MINUTE_S)


def _round(current: Session, client: Client, *, everything: bool) -> list[JudgedAgain]:
    """Judge what is due, each shown as soon as it is judged."""
    found = []
    for judged in client.judge_again(everything=everything):
        show_judged(current, judged)
        found.append(judged)
    return found


def show_judged(current: Session, judged: JudgedAgain) -> None:
    """One outcome: a line of JSON, or a line for people."""
    current.emit(_data(current, judged), lambda: _line(current.words, judged))


def _code(found: list[JudgedAgain]) -> ExitCode:
    if any(one.value is LegalValue.REFUSE for one in found):
        return ExitCode.UNVERIFIED
    errors = (one.error for one in found if one.error is not None)
    return next(map(exit_code, errors), ExitCode.DONE)


def _data(current: Session, judged: JudgedAgain) -> dict[str, Any]:
    receipt, error = judged.receipt, judged.error
    return {
        "about": "judgement",
        "package_id": str(judged.package_id),
        "recipient": str(judged.recipient),
        "value": to_data(judged.value),
        "index": None if receipt is None else load_entry(receipt.entry).index,
        "ended": to_data(judged.ended),
        **({"error": None} if error is None else as_data(error, current.language)),
        "next_at": to_data(judged.next_at),
    }


def _line(words: Words, judged: JudgedAgain) -> RenderableType:
    head = f"{judged.package_id}  {judged.recipient}"
    line = safe("  ".join((head, "; ".join(_said(words, judged)))))
    if judged.error is not None or judged.value is LegalValue.REFUSE:
        return bad(line)
    return good(line) if judged.value in _EQUIVALENT else Text(line)


def _said(words: Words, judged: JudgedAgain) -> Iterator[str]:
    if judged.value is not None:
        yield words.label(judged.value)
    if judged.receipt is not None:
        yield words("judged_told")
    if judged.ended is not None:
        yield words("judged_ended", state=words.label(judged.ended))
    if judged.error is not None:
        yield judged.error.message(words.language)
    elif judged.next_at is not None and judged.value is None:
        yield words("judged_unaccepted")
    if judged.next_at is not None:
        yield words("judged_next", when=local_time(judged.next_at))
