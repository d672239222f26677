"""Which trust store a command uses, and what stands in it."""

from __future__ import annotations

from pathlib import Path

import click

from lienthong.cli.base import session
from lienthong.model.trust import StatusEvidence, Trust


def chosen_store(given: Path | None) -> Path | None:
    """The one that was given, or else that of the profile; None where there is neither."""
    current = session()
    if given is None and current.profile is not None:
        return current.load_profile().trust
    return given


def read_store(store: Path) -> tuple[Trust, StatusEvidence]:
    """Whom a trust store trusts, and what it knows of certificates' status.

    Raises:
        UsageError: the folder is no trust store.
        LienthongError: as ``lienthong.trust.TrustStore.load``.
    """
    from lienthong.pki.trust import FILE_NAME
    from lienthong.trust import StatusFolder, TrustStore

    if not (store / FILE_NAME).exists():
        raise click.UsageError(session().words("store_missing", store=store))
    found = TrustStore.load(store)
    return found.trust, StatusFolder(found.status_folder).evidence()
