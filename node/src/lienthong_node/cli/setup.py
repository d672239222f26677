"""``lienthong-node init``."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import click

from lienthong.errors import ConfigInvalid
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong_node.admin_port import OPERATOR_PROFILE, administration
from lienthong_node.cli.common import data_argument, json_option, reporting, show
from lienthong_node.core.credentials import Role
from lienthong_node.provision import Holder, create_folder, issue_profile
from lienthong_node.settings import Settings

AXIS_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@click.command()
@data_argument
@click.option("--axis", required=True, help="Name of the axis, e.g. truc.tayninh.gov.vn; for ever.")
@click.option(
    "--listen", default="127.0.0.1:8443", show_default=True, help="Address of the server."
)
@click.option(
    "--host", "hosts", multiple=True, help="Name or address under which clients reach it; repeat."
)
@click.option("--advertise", default="", help="HOST:PORT for profiles, if not the listen address.")
@click.option(
    "--metrics", default="127.0.0.1:9464", show_default=True, help="Prometheus; '' for none."
)
@click.option(
    "--operator", default="000.00.01.H53", show_default=True, help="Code of the operating office."
)
@click.option("--operator-name", default="Văn phòng UBND tỉnh", show_default=True, help="Its name.")
@json_option
@reporting
def init(
    data: Path,
    axis: str,
    listen: str,
    hosts: tuple[str, ...],
    advertise: str,
    metrics: str,
    operator: str,
    operator_name: str,
    as_json: bool,
) -> None:
    """Make the data folder DATA of a new node: keys, directory, operator profile.

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
    settings = Settings(axis=axis, listen=listen, advertise=advertise, metrics_listen=metrics)
    existed = data.exists()
    create_folder(data, settings, _hosts(hosts, settings))
    try:
        key = _enter_operator(data, settings, organ, operator_name)
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        if existed:
            data.mkdir()
        raise
    show(
        {"data": str(data), "axis": axis, "checkpoint_key": key, "operator": str(organ)},
        f"made {data} for the axis {axis}\n"
        f"checkpoint key (publish it): {key}\n"
        f"operator profile: {data / OPERATOR_PROFILE}\n"
        f"next: lienthong-node serve {data}",
        as_json=as_json,
    )


def _hosts(hosts: tuple[str, ...], settings: Settings) -> list[str]:
    """Names of the server certificate: those given, of the addresses, and the machine's own."""
    addresses = (settings.listen, settings.advertise)
    named = [address.rpartition(":")[0].strip("[]") for address in addresses if address]
    unspecified = {"0.0.0.0", "::"}  # noqa: S104 - left out, not bound to
    found = [*hosts, *named, "localhost", "127.0.0.1"]
    return [host for host in dict.fromkeys(found) if host not in unspecified]


def _enter_operator(data: Path, settings: Settings, organ: OrganId, name: str) -> str:
    organisation = Organisation(
        organ_id=organ,
        codes=[OrganCode(scheme=organ.scheme, value=organ)],
        names=[OrganName(value=name)],
    )
    with administration(data) as admin:
        admin.put_organisations([organisation])
        holder = Holder(organ=str(organ), name=name, role=Role.OPERATOR)
        issue_profile(data, settings, holder, data / OPERATOR_PROFILE, admin, admin.checkpoint_key)
        return str(admin.checkpoint_key)
