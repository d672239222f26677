"""What all commands share: the data folder, output for people and programs, errors."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from lienthong.errors import Language, LienthongError

P = ParamSpec("P")
T = TypeVar("T")

data_argument = click.argument(
    "data", type=click.Path(file_okay=False, path_type=Path), envvar="LIENTHONG_NODE_DATA"
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def language() -> Language:
    """The language of messages: LIENTHONG_LANG, then the locale, otherwise English."""
    wanted = os.environ.get("LIENTHONG_LANG") or os.environ.get("LANG", "")
    return "vi" if wanted.lower().startswith("vi") else "en"


def reporting(command: Callable[P, T]) -> Callable[P, T]:
    """Show errors as code, sentence and way out, and end with exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except LienthongError as error:
            fail(error, as_json=bool(kwargs.get("as_json")))

    return wrapped


def fail(error: LienthongError, *, as_json: bool) -> NoReturn:
    """Print an error and end with exit code 1."""
    tongue = language()
    if as_json:
        report = {
            "code": error.code,
            "message": error.message(tongue),
            "next": error.next_step(tongue),
            "retryable": error.retryable,
            "facts": {name: str(value) for name, value in error.facts.items()},
        }
        click.echo(json.dumps({"error": report}, ensure_ascii=False))
    else:
        to_do = "cách xử lý" if tongue == "vi" else "what to do"
        failed = "lỗi" if tongue == "vi" else "error"
        click.echo(f"{failed}[{error.code}]: {error.message(tongue)}", err=True)
        click.echo(f"{to_do}: {error.next_step(tongue)}", err=True)
    sys.exit(1)


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
