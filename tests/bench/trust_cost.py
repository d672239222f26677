"""What trust costs: chain, status and signature of a manifest beside the bare public-key operation.

Both sides are measured in turns in the same run, in CPU time, so that other guests of the machine
do not decide.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from lienthong.model.file_signature import Finding
from lienthong.model.signing import MANIFEST_TYPE, SignatureAlgorithm
from lienthong.model.trust import StatusEvidence
from lienthong.pki.chain import ChainCache
from lienthong.pki.dsse import pre_authentication_encoding
from lienthong.pki.envelope import sign_envelope, verify_envelope
from lienthong.pki.revocation import SIGNING, RevocationIndex, StatusCache, path_status, worst
from lienthong.testing.pki import Authority, KeyKind, TestPKI
from lienthong.testing.status import Revoked, make_list
from lienthong.trust import Kept, Kind, StatusBook, StatusFolder
from tests.bench.rows import Row

ENTRIES: Final = 20_000
"""Of the issuer's list, as large public authorities publish them."""

PAYLOAD: Final = bytes(3000)
"""About as long as a manifest with ten recipients."""

TURNS: Final = 40
TIMES: Final = 25
_KINDS: Final = {
    KeyKind.P256: SignatureAlgorithm.ECDSA_P256_SHA256,
    KeyKind.RSA2048: SignatureAlgorithm.RSA_PKCS1_SHA256,
    KeyKind.ED25519: SignatureAlgorithm.ED25519,
}


def rows(folder: Path) -> list[Row]:
    """The cost of trust for each kind of key, and of reading a long list once."""
    pki = TestPKI(datetime.now(UTC))
    lists = _lists(pki)
    found = [_read_once(pki, lists[0])]
    for kind in _KINDS:
        warm, bare = measure(pki, kind, lists, folder / kind.name)
        found.append(
            Row(
                name=f"chain, status and signature of a manifest, {kind.value}",
                value=warm,
                unit="µs of CPU",
                limit=bare,
                limited_by="the same signature, verified by the library alone",
            )
        )
    return found


def measure(
    pki: TestPKI, kind: KeyKind, lists: tuple[bytes, bytes], folder: Path
) -> tuple[float, float]:
    """Microseconds of a whole check with warm caches, and of the bare operation."""
    signer, anchors, chains = (
        pki.organisation(f"signer {kind.name}", kind),
        pki.anchors,
        ChainCache(),
    )
    envelope = sign_envelope(signer.signer(_KINDS[kind]), MANIFEST_TYPE, PAYLOAD)
    book = StatusBook(_kept(pki, lists, folder))
    book.look()
    key = signer.key.public_key()
    message = pre_authentication_encoding(MANIFEST_TYPE, PAYLOAD)
    value = envelope.signatures[0].value

    def check() -> None:
        evidence = verify_envelope(envelope, anchors, pki.now, chains)
        found = worst(book.status(evidence.chain, pki.now, SIGNING))
        if found.finding is not Finding.GOOD:
            raise AssertionError(found)

    def bare() -> None:
        if isinstance(key, Ed25519PublicKey):
            key.verify(value, message)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, message, padding.PKCS1v15(), SHA256())
        else:
            key.verify(value, message, ec.ECDSA(SHA256()))

    check()
    turns = [(_cost(check), _cost(bare)) for _ in range(TURNS)]
    return statistics.median(one for one, _ in turns), statistics.median(two for _, two in turns)


def _lists(pki: TestPKI) -> tuple[bytes, bytes]:
    """A long list of the issuer, and an empty one of the root."""
    at = pki.now - timedelta(minutes=10)
    entries = {2**80 + number * 7919: Revoked(at=at) for number in range(ENTRIES)}
    return make_list(pki.intermediate, entries, at=at), make_list(pki.root, at=at)


def _kept(pki: TestPKI, lists: tuple[bytes, bytes], folder: Path) -> StatusFolder:
    made = StatusFolder(folder)
    authorities: tuple[Authority, Authority] = (pki.intermediate, pki.root)
    for authority, content in zip(authorities, lists, strict=True):
        made.put(
            Kept(
                kind=Kind.LIST,
                url=f"http://crl.example.vn/{authority.name}".replace(" ", "-"),
                certificate=authority.certificate,
                issuer=authority.certificate,
                content=content,
                confirmed_at=pki.now,
            )
        )
    return made


def _read_once(pki: TestPKI, content: bytes) -> Row:
    cache, evidence = StatusCache(), StatusEvidence(lists=[content])
    path = [pki.organisation("reader").certificate, pki.intermediate.certificate]

    def ask() -> float:
        begun = time.process_time()
        found = worst(path_status(path, pki.now, RevocationIndex(evidence, cache)))
        if found.finding is not Finding.GOOD:
            raise AssertionError(found)
        return time.process_time() - begun

    first, again = ask(), ask()
    return Row(
        name=f"asking a list of {ENTRIES} entries again",
        value=again * 1000,
        unit="ms of CPU",
        limit=first * 1000,
        limited_by="asking it the first time: reading it, checking its signature",
    )


def _cost(call: Callable[[], None]) -> float:
    """Microseconds of CPU for one call."""
    begun = time.process_time()
    for _ in range(TIMES):
        call()
    return (time.process_time() - begun) / TIMES * 1e6
