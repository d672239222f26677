"""Whose duty the checks of the interconnection were in a period (M11).

Others may check, too; what they leave out is nobody's to miss.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, time
from pathlib import Path

from lienthong.errors import ConfigInvalid, ConnectionFailed, DataDirectoryInUse
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM, vietnam_date
from lienthong.reports.period import Period
from lienthong_node import wire
from lienthong_node.admin_port import administration
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.interconnection import bound_to_check
from lienthong_node.opening import plugin_host, under
from lienthong_node.settings import load_settings
from lienthong_node.stores import Registry, load_registry


def bound_in(period: Period, facts: RegistryFacts, as_of: datetime) -> frozenset[OrganId]:
    """Canonical codes of who had to check on any day of a period, up to an instant."""
    last = vietnam_date(as_of)
    noons = (datetime.combine(day, time(12), VIETNAM) for day in period.days(last))
    return frozenset(OrganId(organ) for noon in noons for organ in bound_to_check(facts, noon))


def credentials_of(data: Path) -> Credentials:
    """The credentials of a data folder, or of the running node that has it in use.

    Nobody's where the node cannot be asked: then what was missed tells alone whose duty it was.

    Raises:
        LienthongError: the records cannot be read.
    """
    settings = load_settings(data)
    try:
        store = plugin_host(data, settings).open_record_store(under(data, settings.records))
    except DataDirectoryInUse:
        return _told(data)
    with closing(store), store.read() as view:
        return load_registry(view, Registry()).credentials


def _told(data: Path) -> Credentials:
    try:
        with administration(data) as admin:
            return Credentials(map(wire.credential_from, admin.credentials()))
    except (ConfigInvalid, ConnectionFailed):
        return Credentials()
