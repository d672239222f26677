"""``lienthong-node serve`` and ``status``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from lienthong.errors import ConfigInvalid
from lienthong_node.cli.common import (
    checkpoint_option,
    data_argument,
    json_option,
    read_checkpoint,
    reporting,
    show,
)


@click.command()
@data_argument
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]),
    default="INFO",
    show_default=True,
)
@checkpoint_option
@reporting
def serve(data: Path, log_level: str, checkpoints: tuple[Path, ...]) -> None:
    """Run the node of DATA until SIGTERM or Ctrl-C; then it drains and stops.

    It does not start on records that go back behind the newest head that it has signed, or behind
    a checkpoint given.

    Logs are JSON lines on stderr; one line on stdout says when it answers.

    \b
    Example:
      lienthong-node serve /var/lib/truc
    """
    from lienthong_node import environment, logs

    environment.prepare()
    logs.configure(log_level)

    from lienthong_node.serve import serve as run
    from lienthong_node.server import Node

    def ready(node: Node) -> None:
        host = node.context.settings.listen.rpartition(":")[0]
        metrics = f", metrics on port {node.metrics_port}" if node.metrics_port else ""
        click.echo(f"serving {node.context.policy.axis} on {host}:{node.port}{metrics}")

    run(data, ready, [read_checkpoint(path) for path in checkpoints])


@click.command()
@data_argument
@json_option
@reporting
def status(data: Path, as_json: bool) -> None:
    """Ask the running node of DATA how it is.

    \b
    Example:
      lienthong-node status /var/lib/truc --json
    """
    from lienthong.model.time import vietnam_date
    from lienthong_node.admin_port import RemoteAdmin, administration
    from lienthong_node.checkpoint_key import lies_in_file
    from lienthong_node.cli.endings import certificates_data, certificates_lines
    from lienthong_node.cli.file_reports import verification_data, verification_line
    from lienthong_node.cli.timestamps import stamps_data, stamps_line
    from lienthong_node.deadline_watch import calendars_end
    from lienthong_node.settings import load_settings

    in_file = lies_in_file(load_settings(data).checkpoint_key)
    with administration(data) as admin:
        if not isinstance(admin, RemoteAdmin):
            to_do = f"a running one: lienthong-node serve {data}"
            raise ConfigInvalid(file=data, key="node", found="not running", expected=to_do)
        found = admin.status()
        now = datetime.now(UTC)
        ends = calendars_end(admin.law(), admin.directory(), vietnam_date(now))
        certificates = certificates_data(data, admin.credentials(), now)
    lines = [
        f"axis       {found.axis} (version {found.version})",
        f"key        {admin.checkpoint_key}{' (in a file)' if in_file else ''}",
        f"accepting  {'yes' if found.accepting else 'NO: ' + found.not_accepting_because}",
        f"journal    {found.journal_size} entries",
        f"directory  version {found.directory_version}",
        f"disk       {found.disk_free_bytes / 1024**3:.1f} GiB free",
        f"open calls {found.open_streams}",
        f"calendar   {f'ends on {ends}' if ends else 'NONE is kept'}",
    ]
    stamps = found.timestamps if found.HasField("timestamps") else None
    if stamps is not None:
        lines.append(f"stamped    {stamps_line(stamps)}")
    verified = found.verification if found.HasField("verification") else None
    if verified is not None:
        lines.append(f"verified   {verification_line(verified)}")
    lines += certificates_lines(certificates)
    plain = [field.name for field in found.DESCRIPTOR.fields if field.message_type is None]
    data_out = {name: getattr(found, name) for name in plain} | {
        "timestamps": None if stamps is None else stamps_data(stamps),
        "verification": None if verified is None else verification_data(verified),
        "checkpoint_key": str(admin.checkpoint_key),
        "checkpoint_key_in_file": in_file,
        "calendar_ends": str(ends or ""),
        **certificates,
    }
    show(data_out, "\n".join(lines), as_json=as_json)
