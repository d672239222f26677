"""Trust on disk: the store of authorities, and what is known of certificates' status.

Nothing here is used while a signature is judged: status is fetched beforehand, kept in a folder,
and judged from there by ``lienthong.pki.revocation``.
"""

from __future__ import annotations

from lienthong.trust.book import StatusBook
from lienthong.trust.fetching import Fetcher
from lienthong.trust.folder import Kept, Kind, StatusFolder
from lienthong.trust.noting import note_places
from lienthong.trust.refreshing import Refresher, Turn
from lienthong.trust.store import TrustStore

__all__ = [
    "Fetcher",
    "Kept",
    "Kind",
    "Refresher",
    "StatusBook",
    "StatusFolder",
    "TrustStore",
    "Turn",
    "note_places",
]
