"""What ``status`` tells of certificates: which end soon, and how fresh their status is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict

from lienthong.model.time import format_vietnam
from lienthong.pki.expiry import days_left, warning
from lienthong.trust import StatusFolder, TrustStore
from lienthong_node.certificate_ends import authority_ends, credential_ends, last_of_each
from lienthong_node.settings import load_settings
from lienthong_node.wire import credential_from

if TYPE_CHECKING:
    from lienthong_proto.axis.v1 import admin_pb2


def certificates_data(
    data: Path, known: Iterable[admin_pb2.Credential], now: datetime
) -> dict[str, Any]:
    """What is to be told of certificates, for scripts.

    Args:
        data: the node's data folder; its trust folder is read from this machine's disk.
        known: the credentials of the directory.
        now: with time zone.

    Raises:
        LienthongError: the settings or the trust store are wrong.
    """
    named = load_settings(data).trust_folder
    store = TrustStore.load(data / named) if named else None
    found = credential_ends(map(credential_from, known))
    if store is not None:
        found += authority_ends(store.trust.authorities)
    ending = [
        asdict(one)
        | {"not_after": one.not_after.isoformat(), "days_left": days_left(one.not_after, now)}
        for one in last_of_each(found)
        if warning(one.not_after, now) is not None
    ]
    kept = StatusFolder(store.status_folder).all() if store is not None else []
    confirmed = [one.confirmed_at for one in kept if one.confirmed_at is not None]
    oldest = min(confirmed, default=None)
    return {
        "certificates_ending": ending,
        "status_oldest": oldest.isoformat() if oldest else "",
        "status_failing": [one.url for one in kept if one.reason],
    }


def certificates_lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    ending = found["certificates_ending"]
    lines = [f"ending     {len(ending) or 'none'} within 60 days"]
    lines += [
        f"           {one['use']} of {one['whose']} in {one['days_left']} days" for one in ending
    ]
    if found["status_oldest"]:
        oldest = format_vietnam(datetime.fromisoformat(found["status_oldest"]))
        lines.append(f"status     of certificates since {oldest}")
    return lines + [f"           NOT FETCHED: {url}" for url in found["status_failing"]]
