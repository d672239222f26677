"""``lienthong-node init``."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import click
from attrs import evolve

from lienthong.data import DEFAULT_CALENDAR, DEFAULT_RULE_SET
from lienthong.errors import ConfigInvalid
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong.rules.calendar_table import CalendarTable
from lienthong_node.admin_port import OPERATOR_PROFILE, administration
from lienthong_node.cli.common import HOST, data_argument, json_option, reporting, show
from lienthong_node.core.credentials import Role
from lienthong_node.core.law import Value
from lienthong_node.provision import (
    Holder,
    create_folder,
    enter_law,
    first_law,
    issue_profile,
    server_names,
)
from lienthong_node.settings import FILE_NAME, UNSPECIFIED, Settings, parse_settings

AXIS_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@click.command()
@data_argument
@click.option("--axis", required=True, help="Name of the axis, e.g. truc.tayninh.gov.vn; for ever.")
@click.option(
    "--listen", default="127.0.0.1:8443", show_default=True, help="Address of the server."
)
@click.option(
    "--host",
    "hosts",
    type=HOST,
    multiple=True,
    help="Name or address under which clients reach it; repeat.",
)
@click.option(
    "--advertise",
    default="",
    help="HOST:PORT for profiles; else the listen address, or the first --host with its port.",
)
@click.option(
    "--metrics", default="127.0.0.1:9464", show_default=True, help="Prometheus; '' for none."
)
@click.option(
    "--checkpoint-key",
    default="",
    metavar="URI",
    help="Ed25519 key on a token or HSM, 'pkcs11:...'; else a new one in a file.",
)
@click.option(
    "--operator", default="000.00.01.H53", show_default=True, help="Code of the operating office."
)
@click.option("--operator-name", default="Văn phòng UBND tỉnh", show_default=True, help="Its name.")
@click.option(
    "--rule-set",
    default=DEFAULT_RULE_SET,
    show_default=True,
    metavar="NAME|FILE",
    help="Rule set of the axis; later: lienthong-node rules put.",
)
@click.option(
    "--calendar",
    default=DEFAULT_CALENDAR,
    show_default=True,
    metavar="NAME|FILE",
    help="Work calendar of the axis; later: lienthong-node calendar put.",
)
@json_option
@reporting
def init(
    data: Path,
    axis: str,
    listen: str,
    hosts: tuple[str, ...],
    advertise: str,
    metrics: str,
    checkpoint_key: str,
    operator: str,
    operator_name: str,
    rule_set: str,
    calendar: str,
    as_json: bool,
) -> None:
    """Make the data folder DATA of a new node: keys, directory, operator profile, rules, calendar.

    \b
    Example:
      lienthong-node init /var/lib/truc --axis truc.tayninh.gov.vn \\
          --listen 0.0.0.0:8443 --host truc.tayninh.gov.vn
    """
    if not AXIS_NAME.fullmatch(axis):
        raise ConfigInvalid(
            file="--axis", key="axis", found=axis, expected="a name of a-z, 0-9, '.' and '-'"
        )
    organ = OrganId(operator)
    given = {"axis": axis, "listen": listen, "advertise": advertise, "metrics_listen": metrics}
    if checkpoint_key:
        given["checkpoint_key"] = checkpoint_key
    settings = _reachable(parse_settings(given, data / FILE_NAME), hosts)
    rules, table = first_law(rule_set, calendar)
    existed = data.exists()
    create_folder(data, settings, server_names(settings, hosts))
    try:
        key, ended = _enter_operator(data, settings, organ, operator_name, (rules, table))
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        if existed:
            data.mkdir()
        raise
    show(
        {
            "data": str(data),
            "axis": axis,
            "checkpoint_key": key,
            "operator": str(organ),
            "rule_set": rules.version,
            "calendar": None if ended else table.version,
        },
        f"made {data} for the axis {axis}\n"
        f"rule set {rules.version}, calendar {'none' if ended else table.version}\n"
        f"checkpoint key (publish it): {key}\n"
        f"operator profile: {data / OPERATOR_PROFILE}\n"
        f"next: lienthong-node serve {data}",
        as_json=as_json,
    )
    _warn(data, ended)


def _warn(data: Path, ended: Sequence[CalendarTable]) -> None:
    """Say what was left out, and what to do."""
    for table in ended:
        click.echo(
            f"warning: the calendar {table.version} has ended with {table.last_year} and was left "
            "out: no deadline is kept and no missed check told until one is entered: "
            f"lienthong-node calendar put {data} FILE",
            err=True,
        )


def _reachable(settings: Settings, hosts: tuple[str, ...]) -> Settings:
    """The settings with an address that clients can use: a server may listen on all of them."""
    host, _, port = settings.listen.rpartition(":")
    if settings.advertise or host not in UNSPECIFIED:
        return settings
    if not hosts:
        expected = f"the name under which clients reach it, as --listen {settings.listen} has none"
        raise ConfigInvalid(file="options", key="--host", found="missing", expected=expected)
    name = f"[{hosts[0]}]" if ":" in hosts[0] else hosts[0]
    return evolve(settings, advertise=f"{name}:{port}")


def _enter_operator(
    data: Path, settings: Settings, organ: OrganId, name: str, law: Sequence[Value]
) -> tuple[str, tuple[CalendarTable, ...]]:
    organisation = Organisation(
        organ_id=organ,
        codes=[OrganCode(scheme=organ.scheme, value=organ)],
        names=[OrganName(value=name)],
    )
    with administration(data) as admin:
        admin.put_organisations([organisation])
        holder = Holder(organ=str(organ), name=name, role=Role.OPERATOR)
        # Commands here must work before the network knows the node's name.
        local = evolve(settings, advertise=settings.local_endpoint)
        issue_profile(data, local, holder, data / OPERATOR_PROFILE, admin, admin.checkpoint_key)
        ended = enter_law(admin, law)
        return str(admin.checkpoint_key), ended
