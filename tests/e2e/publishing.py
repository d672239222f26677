"""An authority that publishes its list on loopback, and trust folders that may ask it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.testing.pki import Authority
from lienthong.trust import Fetcher, Refresher, StatusFolder, TrustStore
from lienthong.trust.store import add_authority

SOON: Final = 60.0
"""Seconds within which something must have happened that takes a few."""


def until(ask: Callable[[], Any], wanted: Callable[[Any], bool], *, within: float = SOON) -> Any:
    """Ask again until the answer is wanted; fails where it does not come within so many seconds."""
    end = time.monotonic() + within
    while not wanted(found := ask()) and time.monotonic() < end:
        time.sleep(0.1)
    assert wanted(found), found
    return found


def list_at(url: str) -> tuple[x509.ExtensionType, bool]:
    """The extension that names where a certificate's list is."""
    name = x509.UniformResourceIdentifier(url)
    return x509.CRLDistributionPoints([x509.DistributionPoint([name], None, None, None)]), False


def trusting(
    folder: Path, authority: Authority, label: str, kind: SignatureKind, purpose: TrustPurpose
) -> Path:
    """A trust folder that names the authority and may ask its publisher."""
    entry = TrustEntry(file="ca.pem", label=label, kind=kind, purposes=[purpose])
    add_authority(folder, entry, authority.certificate)
    with (folder / "trust.toml").open("a") as out:
        out.write('\n[fetching]\nprivate_hosts = ["127.0.0.1"]\n')
    return folder


def refresh(folder: Path) -> None:
    """As ``lienthong trust refresh --all`` does."""
    store = TrustStore.load(folder)
    refresher = Refresher(
        store=store,
        folder=StatusFolder(store.status_folder),
        fetcher=Fetcher(private_hosts=store.file.fetching.private_hosts),
        clock=lambda: datetime.now(UTC),
    )
    until(lambda: refresher.refresh(due_only=False), lambda turn: not turn.busy)
