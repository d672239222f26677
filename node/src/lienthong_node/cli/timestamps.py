"""``lienthong-node timestamps``: how the journal's time-stamps stand, and renewing them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from lienthong.errors import ConfigInvalid, TimestampsEnd
from lienthong.model.time import format_vietnam, from_us
from lienthong_node.cli.auditing import known_key
from lienthong_node.cli.common import data_argument, json_option, reporting, show

if TYPE_CHECKING:
    from lienthong.spi.records import StampRow
    from lienthong_proto.axis.v1.admin_pb2 import TimestampStatus


@click.group()
def timestamps() -> None:
    """Time-stamps of the journal, in a data folder whose node is stopped, or in a backup.

    A running node gets and renews them itself; 'lienthong-node status' shows how they stand.
    """


@timestamps.command("list")
@data_argument
@click.option("--after", type=int, default=0, help="Begin after this number.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
@reporting
def list_(data: Path, after: int, limit: int, as_json: bool) -> None:
    """List the time-stamps of DATA, oldest first; they are not verified here.

    \b
    Example:
      lienthong-node timestamps list /var/lib/truc
    """
    from lienthong_node.opening import plugin_host, under
    from lienthong_node.settings import load_settings

    settings = load_settings(data)
    host = plugin_host(data, settings)
    store = host.open_record_store(under(data, settings.records))
    with closing(store), store.read() as view:
        rows = view.stamps(after, limit)
    lines = [
        f"{row.number:>8}  {row.kind:<10}  {row.size:>10} entries  "
        f"{format_vietnam(from_us(row.stamped_us))}  until {from_us(row.until_us).date()}"
        for row in rows
    ]
    found = {"timestamps": [_row_data(row) for row in rows]}
    show(found, "\n".join(lines) or "no time-stamps", as_json=as_json)


@timestamps.command()
@data_argument
@click.option("--axis-key", metavar="KEY|FILE", help="The axis's verifier key; for backups.")
@click.option(
    "--tsa-anchors",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Trusted time-stamp authorities, PEM; for backups, which hold no keys.",
)
@json_option
@reporting
def check(data: Path, axis_key: str | None, tsa_anchors: Path | None, as_json: bool) -> None:
    """Verify every time-stamp of DATA; fails when they end within 120 days.

    \b
    Example:
      lienthong-node timestamps check /var/lib/truc
    """
    from lienthong.evidence.renewal import WARNING
    from lienthong_node.opening import open_for_audit, utc_now
    from lienthong_node.settings import load_settings
    from lienthong_node.stamp_check import check_stamps
    from lienthong_node.stamp_opening import known_revocations, load_rules

    settings, now = load_settings(data), datetime.now(UTC)
    revocations = known_revocations(data, settings, utc_now)
    rules = evolve(load_rules(data, settings, tsa_anchors), revocations=revocations)
    with open_for_audit(data, known_key(data, axis_key)) as (store, blobs, key):
        found = check_stamps(store, blobs, key, rules, now)
    if found.ends_at - now < WARNING:
        raise TimestampsEnd(ends=found.ends_at.date())
    ends = found.ends_at.date() if found.count else None
    text = f"ok: {found.count} time-stamps verified, {found.renewals} of them renewals"
    text += f"; they end on {ends}" if ends else ""
    text += f"; {found.lost} HAD ENDED before they were renewed" if found.lost else ""
    figures = {"count": found.count, "renewals": found.renewals, "lost": found.lost}
    show({**figures, "ends": str(ends or ""), "ok": True}, text, as_json=as_json)


@timestamps.command()
@data_argument
@json_option
@reporting
def renew(data: Path, as_json: bool) -> None:
    """Have everything that was time-stamped in DATA covered anew, by each authority.

    \b
    Example:
      lienthong-node timestamps renew /var/lib/truc
    """
    from lienthong_node.opening import open_folder, utc_now
    from lienthong_node.stamp_opening import known_revocations, open_stamping

    with closing(open_folder(data)) as opened:
        settings = opened.settings
        stamping = open_stamping(
            data,
            settings,
            opened.host,
            opened.store,
            opened.blobs,
            utc_now,
            known_revocations(data, settings, utc_now),
        )
        if stamping is None:
            expected = "the address of a time-stamp authority"
            raise ConfigInvalid(file=data, key="timestamp_sources", found="none", expected=expected)
        with closing(stamping):
            rows = stamping.renew(wanted=True)
    ends = [from_us(row.until_us).date() for row in rows]
    text = ", ".join(
        f"number {row.number} until {end}" for row, end in zip(rows, ends, strict=True)
    )
    show({"renewals": [_row_data(row) for row in rows]}, f"renewed: {text}", as_json=as_json)


def stamps_line(stamps: TimestampStatus) -> str:
    """How the time-stamps of a running node stand, for people."""
    found = stamps_data(stamps)
    parts = [f"{stamps.covered} entries", f"newest {found['stamped_at'] or 'none yet'}"]
    parts += [f"PENDING since {found['pending_since']}"] if found["pending_since"] else []
    parts += [f"FAILING: {stamps.failing}"] if stamps.failing else []
    parts += [f"end {found['ends_at']}"] if found["ends_at"] else []
    return ", ".join(parts)


def stamps_data(stamps: TimestampStatus) -> dict[str, Any]:
    """The same, for programs."""
    instants = {name: _instant(stamps, name) for name in ("stamped_at", "pending_since", "ends_at")}
    return {"covered": stamps.covered, "failing": stamps.failing, **instants}


def _instant(stamps: TimestampStatus, name: str) -> str | None:
    if not stamps.HasField(name):  # type: ignore[arg-type]  # one of three names of it
        return None
    return format_vietnam(getattr(stamps, name).ToDatetime(UTC))


def _row_data(row: StampRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "size": row.size,
        "algorithm": row.algorithm,
        "stamped_at": format_vietnam(from_us(row.stamped_us)),
        "until": format_vietnam(from_us(row.until_us)),
    }
