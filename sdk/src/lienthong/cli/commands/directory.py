"""``organisation`` and ``organisations``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from lienthong.cli import views
from lienthong.cli.base import command, session
from lienthong.cli.output import facts
from lienthong.codec.json import to_data
from lienthong.model.time import vietnam_date


@command(
    "organisation",
    example="""\
lienthong organisation
lienthong organisation 000.00.13.H53""",
    parameters=(click.argument("code", required=False, metavar="[CODE]"),),
)
def organisation(code: str | None) -> None:
    """Show an organisation.

    By any of its codes, former ones too, with who receives for it today; your own by default.
    """
    current, words = session(), session().words
    with current.client() as client:
        found = client.resolve(code or client.organ)
    today = vietnam_date(datetime.now(UTC))
    subject = found.organisation
    data = {
        "organisation": to_data(subject),
        "current": [str(one.organ_id) for one in found.current],
        "can_receive": found.can_receive,
    }
    codes = ", ".join(f"{one.value} ({one.scheme.value})" for one in subject.codes)
    successors = ", ".join(f"{one.organ_id} {one.name_on(today)}" for one in found.current)
    current.emit(
        data,
        lambda: facts(
            [
                (words("code"), subject.organ_id),
                (words("name"), subject.name_on(today)),
                (words("scheme"), codes),
                (words("successors"), "" if found.current == (subject,) else successors),
            ]
        ),
    )


@command(
    "organisations",
    example="lienthong organisations so tai chinh",
    parameters=(
        click.argument("search", nargs=-1),
        click.option("--closed", is_flag=True, help="Closed ones too."),
    ),
)
def organisations(search: tuple[str, ...], closed: bool) -> None:
    """Search the directory.

    By part of a name or code; case and Vietnamese marks do not matter.
    """
    current = session()
    with current.client() as client:
        found = client.organisations(" ".join(search), include_closed=closed)
    today = vietnam_date(datetime.now(UTC))
    current.emit_rows(
        (to_data(one) for one in found),
        lambda _: views.of_organisations(current.words, found, today),
    )
