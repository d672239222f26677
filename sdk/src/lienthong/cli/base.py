"""What all commands share: common options, the session, lazy loading."""

from __future__ import annotations

import errno
import importlib
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import define, field, frozen
from click.shell_completion import CompletionItem

from lienthong.cli import failures
from lienthong.cli.failures import ExitCode
from lienthong.cli.texts import Words, language_of
from lienthong.errors import LANGUAGES, Language, LienthongError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lienthong.client import Client, Profile
    from lienthong.registers import RegisterBook
    from lienthong.rules.ruleset import RuleSet

_NEGATIVE: Final = re.compile(r"-[0-9]+")
_HELP: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@define(eq=False)
class Session:
    """What one run of the command line was asked for."""

    profile: str | None = None
    as_json: bool = False
    language: Language = field(factory=language_of)
    register: Path | None = None
    """The register book that a command was given."""

    @property
    def words(self) -> Words:
        return Words(self.language)

    def emit(self, data: Mapping[str, Any], render: Callable[[], RenderableType]) -> None:
        """Show one result: a line of JSON, or what people read."""
        if self.as_json:
            click.echo(json.dumps(data, ensure_ascii=False))
            return
        from lienthong.cli.output import show

        show(render())

    def emit_rows(
        self, rows: Iterator[Mapping[str, Any]], render: Callable[[list[Any]], RenderableType]
    ) -> None:
        """Show many results: JSON lines as they come, or one table."""
        if self.as_json:
            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))
            return
        from lienthong.cli.output import show

        show(render(list(rows)))

    def say(self, text: str) -> None:
        """Tell a person something that is no result."""
        if not self.as_json:
            click.echo(text, err=True)

    def fail(self, error: LienthongError) -> ExitCode:
        """Show an error on stderr; returns the exit code."""
        if self.as_json:
            text = json.dumps(failures.as_data(error, self.language), ensure_ascii=False)
        else:
            text = failures.as_text(error, self.language)
        click.echo(text, err=True)
        return failures.exit_code(error)

    def interrupted(self) -> ExitCode:
        """Say that somebody pressed Ctrl-C; returns the exit code."""
        text = self.words("interrupted")
        if self.as_json:
            text = failures.as_report("cli.interrupted", text, ExitCode.INTERRUPTED)
        click.echo(text, err=True)
        return ExitCode.INTERRUPTED

    @contextmanager
    def client(self, rule_set: RuleSet | None = None) -> Iterator[Client]:
        """A client of the profile, which keeps the register book by a rule set."""
        from lienthong.client import Client, RegisterWarning

        with self._book(rule_set) as book:
            profile = self.load_profile()
            with (
                Client(profile, secrets=self.ask_secret, registers=book) as client,
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("always", RegisterWarning)
                warnings.showwarning = self.warn
                yield client

    def warn(self, message: Warning | str, *_: Any, **__: Any) -> None:
        """Say at once, also with ``--json``, what a person should know and is no error."""
        if self.as_json:
            click.echo(json.dumps({"warning": str(message)}, ensure_ascii=False), err=True)
        else:
            click.echo(f"{self.words('warning')}: {message}", err=True)

    @contextmanager
    def _book(self, rule_set: RuleSet | None) -> Iterator[RegisterBook | None]:
        if self.register is None:
            yield None
            return
        from lienthong.registers import RegisterBook

        numbering = None if rule_set is None else rule_set.numbering
        with RegisterBook(self.register, numbering) as book:
            yield book

    def load_profile(self) -> Profile:
        """The profile that was asked for; warnings about it go to stderr."""
        from lienthong.client import Profile

        if self.profile is None:
            raise click.UsageError(self.words("profile_missing"))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            profile = Profile.load(self.profile)
        for warning in caught:
            self.say(f"{self.words('warning')}: {warning.message}")
        return profile

    def ask_secret(self, name: str) -> str:
        """Ask a person for a passphrase or PIN by its name; nobody is asked in a pipe.

        Raises:
            SecretMissing: there is no terminal.
        """
        from lienthong.plugins import refuse_secrets

        if not sys.stdin.isatty():
            return refuse_secrets(name)
        prompt = self.words("secret_needed", name=self.words.secret(name))
        return str(click.prompt(prompt, hide_input=True, err=True))


def session() -> Session:
    """The session of the command that runs."""
    found = click.get_current_context().find_root().obj
    assert isinstance(found, Session)  # noqa: S101 - made by the application
    return found


class _Commented(click.Command):
    """A command that shows an example and has the common options."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.extend(common_options())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.example:
            with formatter.section("Example"):
                for line in self.example.splitlines():
                    formatter.write(f"  {line}\n")


class Command(_Commented):
    """One command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # No option is called by a digit: a number below zero is a value, for a rule to refuse.
        ctx.ignore_unknown_options = any(map(_NEGATIVE.fullmatch, args))
        return super().parse_args(ctx, args)


class Group(_Commented, click.Group):
    """A group of commands."""

    command_class = Command


@frozen
class Place:
    """Where a command is, without importing it."""

    path: str
    """Module and name below ``lienthong.cli.commands``."""

    summary: str


class LazyGroup(Group):
    """Imports the module of a command when the command is called."""

    def __init__(self, *args: Any, places: Mapping[str, Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.path.partition(":")
        found: click.Command = getattr(
            importlib.import_module(f"lienthong.cli.commands.{module}"), name
        )
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in self._places.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = [
            CompletionItem(name, help=place.summary)
            for name, place in self._places.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


class Application(LazyGroup):
    """The root: shows errors and turns them into exit codes."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run; what is wrong with the options themselves is told as JSON too, if that is wanted."""
        arguments = list(sys.argv[1:] if args is None else args)
        if "--json" not in arguments:
            return super().main(arguments, *rest, **extra)
        try:
            code = super().main(arguments, *rest, **(extra | {"standalone_mode": False}))
        except click.ClickException as error:
            code = ExitCode.USAGE
            click.echo(failures.as_report("cli.usage", _one_line(error), code), err=True)
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)

    def invoke(self, ctx: click.Context) -> Any:
        current: Session = ctx.obj
        try:
            with _logged(current):
                return super().invoke(ctx)
        except LienthongError as error:
            ctx.exit(current.fail(error))
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            ctx.exit(current.fail(failures.of_machine(error)))
        except (KeyboardInterrupt, click.Abort):
            ctx.exit(current.interrupted())


class _Told(logging.Handler):
    """Tells warnings of logs as a session tells its own, so that stderr can be read as JSON."""

    def __init__(self, session: Session) -> None:
        super().__init__(logging.WARNING)
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = "".join(sign if sign.isprintable() else " " for sign in record.getMessage())
            self._session.warn(text)
        except Exception:  # noqa: BLE001 - a log line never ends the work that it tells of
            self.handleError(record)


@contextmanager
def _logged(session: Session) -> Iterator[None]:
    handler, root = _Told(session), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def _one_line(error: click.ClickException) -> str:
    """What is wrong; where a command is missing click would show all of the help instead."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return "Missing command."
    return " ".join(error.format_message().split())


def common_options() -> list[click.Option]:
    """Options that every command takes, before or after its name."""
    return [
        click.Option(
            ["--profile"],
            metavar="DIR",
            expose_value=False,
            callback=_set("profile"),
            help="Folder with profile.toml.  [env var: LIENTHONG_PROFILE]",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_set("as_json"),
            help="One JSON object, or JSON lines, on stdout and nothing else.",
        ),
        click.Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            expose_value=False,
            callback=_set("language"),
            help="Language of messages.  [env var: LIENTHONG_LANG; default: the locale's]",
        ),
    ]


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        del parameter
        root = ctx.find_root()
        if root.obj is None:
            root.obj = Session(profile=os.environ.get("LIENTHONG_PROFILE") or None)
        if value:
            setattr(root.obj, name, value)

    return callback


def command(
    name: str, *, example: str, parameters: Sequence[Callable[[Any], Any]] = ()
) -> Callable[[Callable[..., None]], Command]:
    """Make a function a command; *parameters* are click decorators, first to last."""

    def decorate(function: Callable[..., None]) -> Command:
        for decorator in reversed(parameters):
            function = decorator(function)
        made = click.command(name, cls=Command, example=example, context_settings=_HELP)
        return made(function)

    return decorate


def group(name: str, help_text: str) -> Group:
    """A group of commands."""
    return Group(name, help=help_text, context_settings=_HELP)
