"""What all commands share: the data folder, output for people and programs, errors.

Results go to stdout. Errors go to stderr; with ``--json`` they are one object of the same shape as
that of the command ``lienthong``.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

import click

from lienthong.errors import ConfigInvalid, KeyUnusable, Language, LienthongError

P = ParamSpec("P")
T = TypeVar("T")

data_argument = click.argument(
    "data", type=click.Path(file_okay=False, path_type=Path), envvar="LIENTHONG_NODE_DATA"
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on stdout; errors on stderr."
)
checkpoint_option = click.option(
    "--checkpoint",
    "checkpoints",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    multiple=True,
    help="A checkpoint from outside that the journal must continue; repeat.",
)
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class HostType(click.ParamType[str]):
    """A DNS name or an IP address."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not _HOST_NAME.fullmatch(text) and not _is_ip(text):
            self.fail(f"{text!r} is neither a DNS name nor an IP address", param, ctx)
        return text


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


HOST: Final = HostType()
FAILED: Final = 1
USAGE: Final = 2
UNUSABLE_KEY: Final = 3
"""To be started again does not help, and costs a try of a token's PIN."""


def language() -> Language:
    """The language of messages: LIENTHONG_LANG, then the locale, otherwise English."""
    wanted = os.environ.get("LIENTHONG_LANG") or os.environ.get("LANG", "")
    return "vi" if wanted.lower().startswith("vi") else "en"


def reporting(command: Callable[P, T]) -> Callable[P, T]:
    """Show errors as code, sentence and way out, and end with the exit code of ``fail``."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except LienthongError as error:
            fail(error, as_json=bool(kwargs.get("as_json")))
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            fail(_of_machine(error), as_json=bool(kwargs.get("as_json")))

    return wrapped


def _of_machine(error: OSError) -> ConfigInvalid:
    """What the operating system refuses: a place that cannot be written, a full disk."""
    found = f"unusable ({error.strerror or type(error).__name__})"
    place = "the output" if error.filename is None else error.filename
    return ConfigInvalid(file=place, key="the place", found=found, expected="a usable one")


def read_checkpoint(path: Path) -> str:
    """A signed checkpoint; pages and tools that pass it on add empty lines at its end."""
    return path.read_text("utf-8", errors="replace").rstrip() + "\n"


def fail(error: LienthongError, *, as_json: bool) -> NoReturn:
    """Print an error and end with exit code 1, or 3 for a key that cannot be used."""
    tongue = language()
    exit_code = UNUSABLE_KEY if isinstance(error, KeyUnusable) else FAILED
    if as_json:
        report = {
            "code": error.code,
            "message": error.message(tongue),
            "next_step": error.next_step(tongue),
            "owner": error.owner.value,
            "retryable": error.retryable,
            "facts": {name: str(value) for name, value in error.facts.items()},
            "exit_code": exit_code,
        }
        click.echo(json.dumps({"error": report}, ensure_ascii=False), err=True)
    else:
        to_do = "cách xử lý" if tongue == "vi" else "what to do"
        failed = "lỗi" if tongue == "vi" else "error"
        click.echo(f"{failed}[{error.code}]: {error.message(tongue)}", err=True)
        click.echo(f"{to_do}: {error.next_step(tongue)}", err=True)
    sys.exit(exit_code)


def fail_usage(error: click.ClickException) -> NoReturn:
    """Tell a program what is wrong with the options, and end with exit code 2."""
    missing = isinstance(error, click.exceptions.NoArgsIsHelpError)
    message = "Missing command." if missing else " ".join(error.format_message().split())
    report = {"code": "cli.usage", "message": message, "exit_code": USAGE}
    click.echo(json.dumps({"error": report}, ensure_ascii=False), err=True)
    sys.exit(USAGE)


def show(data: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print the outcome, for people or for programs."""
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else text)


@contextmanager
def progress(label: str, *, total: int | None) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on stderr when somebody watches; give it done and, when known, total."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def update(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield update


def _unseen(_done: int, _total: int | None) -> None:
    """Progress that nobody watches."""
