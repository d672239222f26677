"""``inbox``, ``show`` and ``history``."""

from __future__ import annotations

import click

from lienthong.cli import data, views
from lienthong.cli.base import command, session
from lienthong.cli.commands.options import package_argument
from lienthong.codec.json import to_data
from lienthong.model.delivery import Delivery, DeliveryState


@command(
    "inbox",
    example="""\
lienthong inbox --state SENT --state ARRIVED
lienthong inbox --overdue
lienthong inbox --outgoing --json | jq -r .package_id""",
    parameters=(
        click.option("--outgoing", is_flag=True, help="What this organisation sent instead."),
        click.option(
            "--state",
            "states",
            type=click.Choice([state.value for state in DeliveryState], case_sensitive=False),
            multiple=True,
            help="Only deliveries in this state; repeatable.",
        ),
        click.option("--overdue", is_flag=True, help="Only those with something that is late."),
        click.option(
            "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most."
        ),
    ),
)
def inbox(outgoing: bool, states: tuple[str, ...], overdue: bool, limit: int) -> None:
    """List deliveries, newest change first."""
    from lienthong.client import Direction

    current = session()
    direction = Direction.OUTGOING if outgoing else Direction.INCOMING
    found: list[Delivery] = []
    with current.client() as client:
        own = client.organ
        wanted = [DeliveryState(state) for state in states]
        for delivery in client.list_deliveries(direction, wanted, page_size=min(limit, 500)):
            if delivery.is_overdue or not overdue:
                found.append(delivery)
            if len(found) == limit:
                break
    current.emit_rows(
        (to_data(one) for one in found), lambda _: views.of_deliveries(current.words, found, own)
    )


@command(
    "show",
    example="lienthong show 01981f5e-…",
    parameters=(package_argument,),
)
def show(package: str) -> None:
    """Show a package.

    Its document, files and deliveries; signature and receipt are verified.
    """
    current = session()
    with current.client() as client:
        view = client.get_package(package)
    current.emit(data.of_package(view), lambda: views.of_package(current.words, view))


@command(
    "history",
    example="lienthong history 01981f5e-… --json",
    parameters=(package_argument,),
)
def history(package: str) -> None:
    """Show the history of a package.

    All that the journal says about it, oldest first; every entry is verified.
    """
    current = session()
    with current.client() as client:
        items = client.history(package)
    current.emit_rows(
        (data.of_item(item) for item in items), lambda _: views.of_items(current.words, items)
    )
