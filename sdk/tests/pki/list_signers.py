"""Keys that sign lists beside the issuer's own; for the tests of who may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509

from lienthong.model.trust import StatusEvidence
from lienthong.pki.revocation import Revocation, RevocationIndex, path_status
from lienthong.testing.pki import Authority, Identity
from lienthong.testing.status import HOUR, Revoked, make_list
from sdk.tests.pki.statuses import CA, NOW, PKI, SIGNER

ROOT: Final = PKI.root
PATH: Final = (SIGNER.certificate, CA.certificate, ROOT.certificate)
CA_IS_GOOD: Final = make_list(ROOT, at=NOW - HOUR)


def list_keys(*, crl_sign: bool = True) -> list[tuple[x509.ExtensionType, bool]]:
    """What the certificate of a key for lists says."""
    usage = x509.KeyUsage(
        digital_signature=not crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
    return [(x509.BasicConstraints(ca=False, path_length=None), True), (usage, True)]


def second_key(issuer: Authority = ROOT, name: str = CA.name, **changed: object) -> Identity:
    """Another key of the issuing authority, for lists alone."""
    given = {"extensions": list_keys()} | changed
    return issuer.issue(name, **given)  # type: ignore[arg-type]


def ask(
    lists: Sequence[bytes],
    certificates: Sequence[bytes] = (),
    *,
    at: datetime = NOW,
    path: Sequence[bytes] = PATH,
) -> Revocation:
    evidence = StatusEvidence(lists=[*lists, CA_IS_GOOD], certificates=certificates)
    return path_status(path, at, RevocationIndex(evidence))[0]


def by(key: Identity, entries: dict[int, Revoked] | None = None, at: datetime = NOW) -> bytes:
    """A list in the name of the issuing authority."""
    return make_list(CA, entries, at=at, key=key.key)


def again(key: Identity, period: tuple[datetime, datetime]) -> bytes:
    """Another certificate of such a key."""
    return ROOT._sign(CA.name, key.key, period, list_keys())
