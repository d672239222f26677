"""What certificates of signers name is fetched from then on, if they lead to whom is trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from lienthong.model.file_signature import SignatureKind
from lienthong.model.trust import TrustPurpose
from lienthong.pki.trust import TrustEntry
from lienthong.testing.pki import Authority, Identity, key_usage, signing_extensions
from lienthong.trust import StatusFolder, TrustStore, note_places
from lienthong.trust.store import add_authority
from sdk.tests.trust.publisher import NOW, PKI


def naming(url: str) -> tuple[x509.ExtensionType, bool]:
    place = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([place]), False


def signer_of(authority: Authority, url: str = "http://crl.example.vn/signers.crl") -> Identity:
    return authority.issue("signer", extensions=[*signing_extensions(), naming(url)])


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    entry = TrustEntry(
        file="root.pem",
        label="Root",
        kind=SignatureKind.CONG_VU,
        purposes=[TrustPurpose.FILES],
    )
    add_authority(tmp_path, entry, PKI.root.certificate)
    return TrustStore.load(tmp_path)


def noted(store: TrustStore) -> set[str]:
    return {one.url for one in StatusFolder(store.status_folder).all()}


def test_lists_of_signers_and_of_authorities_between_are_noted(store: TrustStore) -> None:
    between = PKI.root.authority(
        "Between",
        extensions=[
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (key_usage(key_cert_sign=True), True),
            naming("http://crl.example.vn/root.crl"),
        ],
    )
    signer = signer_of(between)
    seen = [signer.certificate, between.certificate]
    assert note_places(store, seen) == 2
    assert noted(store) == {f"http://crl.example.vn/{name}.crl" for name in ("root", "signers")}
    assert note_places(store, reversed(seen)) == 0


def test_nothing_of_who_leads_to_nobody_trusted_is_noted(store: TrustStore) -> None:
    stranger = Authority.root(PKI.root.name, now=NOW)
    assert note_places(store, [signer_of(stranger).certificate, stranger.certificate, b"x"]) == 0
    assert noted(store) == set()
