"""What a signer finds out about its own key: how it signs, and the chain of its certificate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import KeyUnusable
from lienthong.model.signing import MAX_CHAIN, SignatureAlgorithm
from lienthong.pki.algorithms import PublicKey, algorithms_of


def own_algorithm(
    public_key: PublicKey, chosen: SignatureAlgorithm | None, *, key: object
) -> SignatureAlgorithm:
    """What a key is to sign with: as chosen, else PKCS#1 for RSA and the only one for others.

    Args:
        public_key: of the key.
        chosen: by the key's address; None for the usual one.
        key: names the key in an error.

    Raises:
        KeyUnusable: the key does not make such signatures.
    """
    possible = algorithms_of(public_key)
    if chosen is None:
        return possible[0]
    if chosen not in possible:
        raise KeyUnusable(key=key, reason=f"it does not make {chosen.value} signatures")
    return chosen


def own_chain(
    public_key: bytes, certificates: Iterable[x509.Certificate], *, key: object
) -> tuple[bytes, ...]:
    """The certificate of a key followed by its issuers, without a self-signed end.

    Of several certificates of the key, the one that began last counts: it is the renewed one.

    Args:
        public_key: SubjectPublicKeyInfo, DER.
        certificates: as found, in any order; those that do not belong to the path are left out.
        key: names the key in an error.

    Returns:
        DER, the key's own first.

    Raises:
        KeyUnusable: no certificate is of this key, or the path is too long.
    """
    found = list(certificates)
    own = [one for one in found if public_key_of(one) == public_key]
    if not own:
        raise KeyUnusable(key=key, reason="no certificate is of this key")
    path = [max(own, key=lambda one: one.not_valid_before_utc)]
    while (issuer := _issuer(path[-1], [one for one in found if one not in path])) is not None:
        path.append(issuer)
    if len(path) > MAX_CHAIN:
        raise KeyUnusable(key=key, reason=f"its chain has more than {MAX_CHAIN} parts")
    return tuple(one.public_bytes(Encoding.DER) for one in path)


def public_key_of(certificate: x509.Certificate) -> bytes | None:
    """SubjectPublicKeyInfo (DER) of a certificate; None for a key that nobody can read."""
    try:
        key = certificate.public_key()
    except Exception:  # noqa: BLE001 - an unreadable key is nobody's
        return None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _issuer(of: x509.Certificate, among: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """Who signed it, unless that is an anchor, which everybody keeps for themselves."""
    return next((one for one in among if not _is_anchor(one) and _has_issued(one, of)), None)


def _is_anchor(certificate: x509.Certificate) -> bool:
    try:
        return certificate.subject == certificate.issuer
    except ValueError:
        return False  # names that cannot be read: parsing is lazy


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """By signature: an authority that was renewed has several certificates of one name."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - other names, other keys and unknown algorithms alike
        return False
    return True
