"""Noting what to fetch for certificates that were seen while files were judged."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from lienthong.model.trust import TrustPurpose
from lienthong.pki.status_scope import is_authority
from lienthong.trust.folder import Kept, Kind, StatusFolder
from lienthong.trust.refreshing import places_of
from lienthong.trust.store import TrustStore


def note_places(store: TrustStore, certificates: Iterable[bytes]) -> int:
    """Have the lists fetched from now on that certificates of signers and authorities name.

    Of who leads to no authority that is trusted for files nothing is noted. Responders are asked
    only where a certificate names no list: there are many signers, and few lists.

    Args:
        store: the trust store whose status is to be kept fresh.
        certificates: DER, in any order, as a report's evidence has them.

    Returns:
        How many places are new.

    Raises:
        OSError: the folder cannot be written to.
    """
    above = list(store.trust.certificates(TrustPurpose.FILES))
    below = dict.fromkeys(one for one in certificates if one not in above)
    found: list[Kept] = []
    for issuer in above:
        for child in tuple(below):
            try:
                places = places_of(child, issuer)
                issues = is_authority(x509.load_der_x509_certificate(child))
            except Exception:  # noqa: BLE001, S112 - the parser's own kinds of errors are many
                continue
            del below[child]
            found += [one for one in places if one.kind is Kind.LIST] or places
            if issues:
                # Those whom it has certified come next.
                above.append(child)
    return StatusFolder(store.status_folder).add(found)
