"""``lienthong-node org``: the directory."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from lienthong.errors import ImportInvalid
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganLink, OrganName
from lienthong.model.time import vietnam_date
from lienthong_node.admin_port import administration
from lienthong_node.cli.common import data_argument, json_option, reporting, show
from lienthong_node.cli.reorganising import merge
from lienthong_node.opening import utc_now
from lienthong_node.org_import import merged, read_organisations

SHOWN_PROBLEMS = 20


@click.group()
def org() -> None:
    """Organisations of the axis; works while the node runs and while it does not."""


@org.command(name="import")
@data_argument
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--skip-invalid", is_flag=True, help="Import the good lines, report the others.")
@click.option("--dry-run", is_flag=True, help="Only say what would be imported.")
@json_option
@reporting
def import_(data: Path, file: Path, skip_invalid: bool, dry_run: bool, as_json: bool) -> None:
    """Import organisations from the CSV FILE (UTF-8; columns code, name, level, parent …).

    \b
    Example:
      lienthong-node org import /var/lib/truc tayninh.csv --skip-invalid
    """
    with administration(data) as admin:
        known = admin.directory()
        table = read_organisations(file, known, _today())
        if table.problems and not skip_invalid:
            for problem in () if as_json else table.problems[:SHOWN_PROBLEMS]:
                click.echo(f"{file} line {problem.line}: {problem.reason}", err=True)
            first = table.problems[0]
            raise ImportInvalid(
                file=file,
                line=first.line,
                reason=f"{first.reason}; {len(table.problems)} lines in all"
                " (--skip-invalid imports the rest)",
            )
        changed = [o for o in table.organisations if _differs(o, known)]
        if changed and not dry_run:
            admin.put_organisations(changed, known)
    skipped = [{"line": p.line, "reason": p.reason} for p in table.problems]
    notes = [note.reason for note in table.notes]
    verb = "would import" if dry_run else "imported"
    as_before = len(table.organisations) - len(changed)
    lines = [f"{verb} {len(table.organisations)} organisations, {as_before} of them as before"]
    lines += [f"skipped line {p.line}: {p.reason}" for p in table.problems]
    lines += [f"note: {note}" for note in notes]
    outcome = {
        "imported": len(table.organisations),
        "as_before": as_before,
        "skipped": skipped,
        "notes": notes,
    }
    show(outcome | {"dry_run": dry_run}, "\n".join(lines), as_json=as_json)


@org.command()
@data_argument
@click.argument("code")
@click.argument("name")
@click.option("--alias", "aliases", multiple=True, help="Another code of it; repeat.")
@click.option("--parent", help="Code of the organisation above it.")
@click.option("--level", type=click.IntRange(0, 9), default=0)
@click.option("--serves", multiple=True, help="A body whose contact point it is; repeat.")
@json_option
@reporting
def add(
    data: Path,
    code: str,
    name: str,
    aliases: tuple[str, ...],
    parent: str | None,
    level: int,
    serves: tuple[str, ...],
    as_json: bool,
) -> None:
    """Enter one organisation, or change it; what is not said about it stays.

    \b
    Example:
      lienthong-node org add /var/lib/truc 000.00.13.H53 "Sở Thông tin và Truyền thông" \\
          --alias H53.13 --parent 000.00.00.H53
    """
    organ_id = OrganId(code)
    codes = [organ_id, *map(OrganId, aliases)]
    organisation = Organisation(
        organ_id=organ_id,
        codes=[OrganCode(scheme=value.scheme, value=value) for value in codes],
        names=[OrganName(value=name)],
        level=level,
        parent=OrganId(parent) if parent else None,
        contact_point_of=[OrganId(body) for body in serves],
    )
    with administration(data) as admin:
        known = admin.directory()
        version = admin.put_organisations([merged(organisation, known, _today())], known)
    show(
        {"organ_id": str(organ_id), "directory_version": version},
        f"entered {organ_id} {name} (directory version {version})",
        as_json=as_json,
    )


@org.command()
@data_argument
@click.argument("code")
@click.option(
    "--on",
    "closed_on",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="First day on which it no longer exists.",
)
@click.option("--successor", "successors", multiple=True, help="Who takes over; repeat.")
@json_option
@reporting
def close(
    data: Path, code: str, closed_on: datetime, successors: tuple[str, ...], as_json: bool
) -> None:
    """Close an organisation: from that day on nothing is sent to it, and its successors are named.

    \b
    Example:
      lienthong-node org close /var/lib/truc 000.00.31.H53 --on 2025-07-01 \\
          --successor 000.00.00.H53
    """
    with administration(data) as admin:
        directory = admin.directory()
        known = directory.resolve(OrganId(code))
        heirs = [OrganId(heir) for heir in successors] or known.successors
        closed = evolve(known, valid_to=closed_on.date(), successors=heirs)
        version = admin.put_organisations([closed], directory)
    named = ", ".join(map(str, heirs)) or "-"
    show(
        {
            "organ_id": str(known.organ_id),
            "valid_to": closed_on.date().isoformat(),
            "successors": [str(heir) for heir in heirs],
            "directory_version": version,
        },
        f"{known.organ_id} is closed from {closed_on.date()} on, successors {named}",
        as_json=as_json,
    )


@org.command(name="show")
@data_argument
@click.argument("search", required=False, default="")
@json_option
@reporting
def show_(data: Path, search: str, as_json: bool) -> None:
    """Show organisations whose code or name contains SEARCH; marks and case do not matter.

    \b
    Example:
      lienthong-node org show /var/lib/truc "so tai chinh"
    """
    with administration(data) as admin:
        directory = admin.directory()
    found = directory.search(search) if search else directory.organisations
    ordered = sorted(found, key=lambda organisation: str(organisation.organ_id))
    today = _today()
    lines = [f"{o.organ_id!s:<20} {o.name_on(today)}{_closed(o)}" for o in ordered]
    lines.append(f"{len(ordered)} of {len(directory)} organisations")
    found_data = [_data(o, today) for o in ordered]
    show({"organisations": found_data}, "\n".join(lines), as_json=as_json)


org.add_command(merge)


def _differs(organisation: Organisation, known: Directory) -> bool:
    """Whether entering it would change anything: a repeated import leaves no trace."""
    organ_id = organisation.organ_id
    return organ_id not in known or known.resolve(organ_id) != organisation


def _today() -> date:
    return vietnam_date(utc_now())


def _closed(organisation: Organisation) -> str:
    if organisation.valid_to is None:
        return ""
    heirs = ", ".join(map(str, organisation.successors)) or "-"
    return f"  (closed {organisation.valid_to}, successors {heirs})"


def _data(organisation: Organisation, today: date) -> dict[str, Any]:
    parent, later = organisation.parent_on(today), organisation.parent
    return {
        "organ_id": str(organisation.organ_id),
        "name": organisation.name_on(today),
        "later_name": organisation.names[-1].value,
        "codes": [str(code) for code in organisation.all_codes()],
        "level": organisation.level,
        "parent": str(parent) if parent else None,
        "later_parent": str(later) if later else None,
        "valid_from": organisation.valid_from.isoformat() if organisation.valid_from else None,
        "valid_to": organisation.valid_to.isoformat() if organisation.valid_to else None,
        "successors": [str(code) for code in organisation.successors],
        "contact_point_of": [str(code) for code in organisation.contact_point_of],
        "acting_for": [_link(link) for link in organisation.acting_for],
        "former_parents": [_link(link) for link in organisation.former_parents],
    }


def _link(link: OrganLink) -> dict[str, str | None]:
    return {
        "organ_id": str(link.organ_id),
        "valid_from": link.valid_from.isoformat() if link.valid_from else None,
        "valid_to": link.valid_to.isoformat() if link.valid_to else None,
    }
