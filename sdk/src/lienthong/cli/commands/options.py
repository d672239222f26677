"""Options and values that several commands take."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from lienthong.data import DEFAULT_CALENDAR, DEFAULT_RULE_SET
from lienthong.errors import InvalidValue, LienthongError
from lienthong.model.ids import OrganId
from lienthong.model.time import parse_date

if TYPE_CHECKING:
    from lienthong.rules.ruleset import RuleSet


class DateType(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        del param, ctx
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return parse_date(str(value), field="the date")
        except LienthongError as error:
            self.fail(str(error), param, ctx)


class OrganType(click.ParamType[OrganId]):
    """A code of an organisation."""

    name = "code"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> OrganId:
        del ctx
        try:
            return OrganId(str(value))
        except InvalidValue as error:
            if param is None:
                raise
            raise InvalidValue(**(error.facts | {"field": param.opts[0]})) from error


class RuleSetType(click.ParamType[str]):
    """The name of a rule set, or the path of a file that ends in .toml; completes both."""

    name = "rule set"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        from lienthong.plugins import PluginHost
        from lienthong.plugins.rule_sets import rule_set_names

        with PluginHost() as host:
            names = [name for name in rule_set_names(host) if name.startswith(incomplete)]
        return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


class CalendarType(click.ParamType[str]):
    """A calendar by its name, or its file."""

    name = "calendar"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        from lienthong.plugins.calendars import calendar_names

        names = [name for name in calendar_names() if name.startswith(incomplete)]
        return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


class ContentType(click.Path):
    """A file that is to travel: it is read more than once, so it cannot be a pipe or device."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.is_file():
            self.fail(f"{path} is no regular file", param, ctx)
        return path


DATE: Final = DateType()
RULE_SET: Final = RuleSetType()
CALENDAR: Final = CalendarType()
CONTENT: Final = ContentType()
ORGAN: Final = OrganType()
EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
PLACE: Final = click.Path(dir_okay=False, path_type=Path)
REGISTER: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A book that does not exist is no empty one: a typing error would begin at 01."""

package_argument: Final = click.argument("package", metavar="PACKAGE")
responsible_option: Final = click.option(
    "--responsible", metavar="ROLE", default="", help='Who answers for it, e.g. "Văn thư".'
)
note_option: Final = click.option("--note", default="", help="At most 500 characters.")
recipient_option: Final = click.option(
    "--for",
    "recipient",
    type=ORGAN,
    metavar="CODE",
    help="Whom it stands for, as office or successor; itself by default.",
)
package_id_option: Final = click.option(
    "--package-id", metavar="ID", help="Chosen by you, a UUIDv7: repeat safely."
)
receipt_option: Final = click.option(
    "--receipt", type=PLACE, help="Save the receipt, with its proof, to this file."
)


rule_set_option: Final = click.option(
    "--rule-set",
    type=RULE_SET,
    metavar="NAME|FILE",
    default=DEFAULT_RULE_SET,
    show_default=True,
    help="What the province has decided.",
)


calendar_option: Final = click.option(
    "--calendar",
    type=CALENDAR,
    metavar="NAME|FILE",
    default=DEFAULT_CALENDAR,
    show_default=True,
    help="Days off and swapped working days.",
)


submission_option: Final = click.option(
    "--submission", is_flag=True, help="It belongs to a file that is submitted (hồ sơ trình)."
)
appraisal_option: Final = click.option(
    "--appraisal", is_flag=True, help="It asks to appraise a draft of a legal document."
)


def _set_register(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    del parameter
    ctx.find_root().obj.register = value


register_option: Final = click.option(
    "--register",
    type=REGISTER,
    metavar="BOOK",
    envvar="LIENTHONG_REGISTER",
    show_envvar=True,
    expose_value=False,
    callback=_set_register,
    help="Enter it into this register book.",
)


def loaded_rule_set(name: str) -> RuleSet:
    """The rule set of that name or file.

    Raises:
        RuleSetUnknown: there is none of that name.
        InputError: the file is wrong.
    """
    from lienthong.plugins import PluginHost
    from lienthong.plugins.rule_sets import find_rule_set

    with PluginHost() as host:
        return find_rule_set(name, host)


def reason_option(*, required: bool = True) -> Callable[[Any], Any]:
    """The reason of a report."""
    return click.option("--reason", metavar="TEXT", required=required, help="Why.")


def read_text(path: Path) -> str:
    """As ``lienthong.plugins.texts``, which is loaded only where a command reads a file."""
    from lienthong.plugins.texts import read_text as read

    return read(path)


def read_cursor(path: Path) -> int:
    """The journal index in a file that ``watch`` keeps.

    Raises:
        InvalidValue: there is none in it.
    """
    text = read_text(path).strip()
    if not text.isdecimal():
        raise InvalidValue(field=str(path), found=repr(text[:40]), expected="a journal index")
    return int(text)


def save(path: Path, content: bytes) -> None:
    """Write a small file.

    Raises:
        InvalidValue: the place cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        found = f"not writable ({error.strerror or type(error).__name__})"
        raise InvalidValue(field=str(path), found=found, expected="a writable place") from error
