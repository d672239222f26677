"""What the commands ``calendar`` and ``rules`` share: the law of a node, looked at and changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from lienthong.errors import NotFound
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import vietnam_date
from lienthong_node.admin_port import AdminPort, administration
from lienthong_node.cli.common import show
from lienthong_node.core.law import WHOLE_AXIS, Kept, Law, Subject, Value, write_value
from lienthong_node.core.law_change import LawChange, entered
from lienthong_node.opening import utc_now

given_argument = click.argument("given", metavar="NAME|FILE")
org_option = click.option(
    "--org",
    "organ",
    default="",
    metavar="CODE",
    help="Of this organisation and all under it; else of the whole axis.",
)
expected_option = click.option(
    "--expected-version",
    type=click.IntRange(min=0),
    help="Refuse if the axis keeps another version by now; 0: if it keeps any.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would change.")


@frozen(kw_only=True)
class Books:
    """The law of a node, and who is under whom."""

    admin: AdminPort
    law: Law
    directory: Directory
    today: date

    def organ(self, code: str) -> str:
        """Canonical code; the whole axis stays itself. Raises OrganisationUnknown."""
        return str(self.directory.resolve(OrganId(code)).organ_id) if code else WHOLE_AXIS

    def find(self, subject: Subject, code: str, name: str) -> Kept:
        """What was entered under a name. Raises NotFound."""
        kept = self.law.kept.get((subject, self.organ(code), name))
        if kept is None:
            raise NotFound(what=f"{subject.value} {name} of {whose(self.organ(code))}")
        return kept

    def change(self, value: Value, code: str, expected: int | None) -> Change:
        """What entering something changes.

        Raises:
            LawChanged, InputError: it cannot be entered.
        """
        made = LawChange(
            wanted=entered(code, value, self.directory, self.law.version + 1),
            before=self.law,
            directory=self.directory,
            today=self.today,
        )
        if made.is_new:
            made.check(expected)
        return Change(books=self, law=made)


@frozen(kw_only=True)
class Change:
    """What a change of the law is about, and whom it concerns."""

    books: Books
    law: LawChange

    @property
    def wanted(self) -> Kept:
        return self.law.wanted

    @property
    def after(self) -> Law:
        return self.law.after

    @cached_property
    def concerned(self) -> tuple[OrganId, ...]:
        """The organisations whose deadlines are computed by something else from now on."""
        found = (one.organ_id for one in self.books.directory.organisations)
        return tuple(organ for organ in found if self._differs(str(organ)))

    def enter(self, expected: int | None) -> int:
        """Carry it out; its version.

        What somebody else enters at the same moment is not overwritten.

        Raises:
            LawChanged: that has happened.
        """
        known = self.law.known
        seen = known.version if known is not None else 0
        wanted = expected if expected is not None else seen
        return self.books.admin.put_law(self.wanted.value, self.wanted.organ_id, wanted)

    def told(self, *, dry_run: bool, expected: int | None) -> dict[str, Any]:
        """Carry it out unless it is only tried, and say what it is about."""
        done = self.law.is_new and not dry_run
        return {
            "subject": self.wanted.subject.value,
            "organ_id": self.wanted.organ_id or None,
            "name": self.wanted.value.name,
            "content_version": self.wanted.value.version,
            "version": self.enter(expected) if done else self._version(),
            "entered": done,
            "dry_run": dry_run,
            "organisations": len(self.concerned),
            "running_deliveries": self._running() if dry_run else None,
        }

    def _running(self) -> int:
        """How many deliveries to the organisations have not ended."""
        running = self.books.admin.running_deliveries(self.concerned)
        return sum(one.incoming for one in running.values())

    def _version(self) -> int | None:
        known = self.law.known
        return known.version if known is not None else None

    def _differs(self, organ: str) -> bool:
        directory, today = self.books.directory, self.books.today
        versions = []
        for law in (self.books.law, self.after):
            rules, calendar = (
                law.rules(organ, directory, today),
                law.calendar(organ, directory, today),
            )
            versions.append((rules and rules.version, calendar and calendar.version))
        return versions[0] != versions[1]


@contextmanager
def books(data: Path) -> Iterator[Books]:
    """The law of a data folder's node, running or not."""
    with administration(data) as admin:
        yield Books(
            admin=admin,
            law=admin.law(),
            directory=admin.directory(),
            today=vietnam_date(utc_now()),
        )


def whose(organ: str) -> str:
    """An organisation, or the whole axis, in words."""
    return organ or "the whole axis"


def sentence(told: dict[str, Any]) -> str:
    """What was done, for people."""
    name = f"{told['subject'].replace('_', ' ')} {told['content_version']}"
    if not told["entered"] and not told["dry_run"]:
        return f"{name} is kept already for {whose(told['organ_id'] or '')}; nothing was changed"
    verb = "would enter" if told["dry_run"] else "entered"
    known = "" if told["version"] is None or told["dry_run"] else f" (version {told['version']})"
    count = f": {told['running_deliveries']}" if told["dry_run"] else ""
    return (
        f"{verb} {name} for {whose(told['organ_id'] or '')}{known}\n"
        f"organisations that follow something else from now on: {told['organisations']}\n"
        f"running deliveries to them, whose open deadlines are computed anew{count}\n"
        "deadlines that have passed stay"
    )


def show_all(data: Path, subject: Subject, plural: str, *, as_json: bool) -> None:
    """Print what is kept of a subject, and whose it is."""
    with books(data) as known:
        found = [kept for kept in known.law.ordered if kept.subject is subject]
    rows = [_row(kept.organ_id, kept.value, kept.version) for kept in found]
    lines = [
        f"{whose(kept.organ_id):<20} {kept.value.version:<45} version {kept.version}"
        for kept in found
    ]
    text = "\n".join([*lines, f"{plural}: {len(found)}"])
    show({plural.replace(" ", "_"): rows}, text, as_json=as_json)


def show_entered(kept: Kept, *, as_json: bool) -> None:
    """Print the text of something as it was entered."""
    _show_text(kept.organ_id, kept.value, write_value(kept.value), kept.version, as_json=as_json)


def show_held(known: Books, code: str, value: Value, text: str, *, as_json: bool) -> None:
    """Print the text of what holds today."""
    _show_text(known.organ(code), value, text, None, as_json=as_json)


def _show_text(organ: str, value: Value, text: str, version: int | None, *, as_json: bool) -> None:
    show(_row(organ, value, version) | {"text": text}, text.rstrip(), as_json=as_json)


def _row(organ: str, value: Value, version: int | None) -> dict[str, Any]:
    return {
        "organ_id": organ or None,
        "name": value.name,
        "content_version": value.version,
        "version": version,
    }
