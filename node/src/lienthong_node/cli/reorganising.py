"""``lienthong-node org merge``: carry out a reorganisation of the directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from lienthong.errors import TooLarge
from lienthong.model.ids import OrganId
from lienthong.model.time import vietnam_date
from lienthong_node.admin_port import BATCH, Running, administration
from lienthong_node.cli.common import data_argument, json_option, reporting, show
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.plan import Plan
from lienthong_node.core.registry import directory_with
from lienthong_node.core.routing import Route, left_to_do, routes
from lienthong_node.opening import utc_now
from lienthong_node.org_plan import read_plan
from lienthong_node.wire import credential_from


@click.command()
@data_argument
@click.argument("plan", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be routed where.")
@json_option
@reporting
def merge(data: Path, plan: Path, dry_run: bool, as_json: bool) -> None:
    """Carry out the reorganisation of the TOML file PLAN: mergers, splits, renamings, moves.

    All of it or nothing; done again it changes nothing. It may be entered before its day: until
    then everything goes on as before.

    \b
    Example:
      lienthong-node org merge /var/lib/truc thang-7-2025.toml --dry-run
    """
    file = read_plan(plan)
    day, today = file.plan.effective, vietnam_date(utc_now())
    with administration(data) as admin:
        before = admin.directory()
        changed = file.applied_to(before)
        if len(changed) > BATCH:
            raise TooLarge(what=f"{plan}: changed organisations", found=len(changed), limit=BATCH)
        after = directory_with(before, changed)
        credentials = Credentials(map(credential_from, admin.credentials()))
        found = routes(changed, before, after, credentials, day=day, law=admin.law())
        running = admin.running_deliveries([route.organ_id for route in found if route.ends])
        if changed and not dry_run:
            admin.put_organisations(changed, before)
    outcome = _Outcome(
        plan=file.plan,
        routes=found,
        running=running,
        todo=left_to_do(found, before, after, credentials, day=day, today=today),
        dry_run=dry_run,
    )
    show(_data(outcome), "\n".join(_lines(outcome)), as_json=as_json)


@frozen(kw_only=True)
class _Outcome:
    """What was done, or would be."""

    plan: Plan
    routes: tuple[Route, ...]
    running: Mapping[OrganId, Running]
    todo: tuple[str, ...]
    dry_run: bool


def _lines(outcome: _Outcome) -> Iterator[str]:
    plan, verb = outcome.plan, "would change" if outcome.dry_run else "changed"
    yield f"{plan.title} ({plan.basis}), from {plan.effective} on"
    yield f"{verb} {len(outcome.routes)} organisations"
    for route in outcome.routes:
        yield ""
        yield f"{route.organ_id} {route.name}"
        texts = _ended(outcome, route) if route.ends else _lasting(plan, route)
        yield from (f"  {what:<19}{text}" for what, text in texts)
    if outcome.todo:
        yield ""
        yield "left to do"
        yield from (f"  - {text}" for text in outcome.todo)


def _lasting(plan: Plan, route: Route) -> Iterator[tuple[str, str]]:
    """What changes for an organisation that exists on the day, as lines for people."""
    if route.begins:
        yield "begins", f"{plan.effective}; its registers begin with number 1"
    yield "under", str(route.parent or "-")
    yield "contact points", _codes(route.contact_points)
    for link in route.serves:
        end = f" until {link.valid_to}" if link.valid_to else ""
        yield "serves", f"{link.organ_id}{end}"


def _ended(outcome: _Outcome, route: Route) -> Iterator[tuple[str, str]]:
    """What becomes of what was an organisation's, as lines for people."""
    heirs, running = _codes(route.successors), outcome.running[route.organ_id]
    yield "ends", f"{outcome.plan.effective}; nothing is entered in its registers any more"
    if route.forwarded_until:
        yield "new documents", f"forwarded to {heirs} until {route.forwarded_until}, then refused"
    else:
        yield "new documents", f"refused, naming {heirs}"
    yield "running deliveries", f"{running.incoming} to it, handled by {heirs}"
    yield "reports", f"on {running.outgoing} running deliveries of it, to {heirs}"
    yield "old records", heirs
    yield "contact points", _codes(route.contact_points)
    yield "certificates", f"{len(route.lapsed)} sign nothing any more"


def _codes(organs: Iterable[OrganId]) -> str:
    return ", ".join(map(str, organs)) or "-"


def _data(outcome: _Outcome) -> dict[str, Any]:
    return {
        "title": outcome.plan.title,
        "basis": outcome.plan.basis,
        "effective": outcome.plan.effective.isoformat(),
        "routes": [_route_data(outcome, route) for route in outcome.routes],
        "to_do": list(outcome.todo),
        "dry_run": outcome.dry_run,
    }


def _route_data(outcome: _Outcome, route: Route) -> dict[str, Any]:
    until, running = route.forwarded_until, outcome.running.get(route.organ_id)
    return {
        "organ_id": str(route.organ_id),
        "name": route.name,
        "begins": route.begins,
        "ends": route.ends,
        "successors": [str(code) for code in route.successors],
        "forwarded_until": until.isoformat() if until else None,
        "running_to_it": running.incoming if running else None,
        "running_of_it": running.outgoing if running else None,
        "parent": str(route.parent) if route.parent else None,
        "contact_points": [str(code) for code in route.contact_points],
        "serves": [str(link.organ_id) for link in route.serves],
        "lapsed_certificates": list(route.lapsed),
    }
