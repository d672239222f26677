"""Finding a private key on a token, with its public half and its certificates."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pkcs11 import Attribute, KeyType, ObjectClass, exceptions, types

from lienthong.errors import KeyUnusable, LienthongError
from lienthong.model.checks import shown
from lienthong.model.signing import MAX_CERTIFICATE_BYTES
from lienthong.pki.algorithms import PublicKey, check_public_key
from lienthong_signer_pkcs11.address import TokenAddress

MAX_OBJECTS: Final = 256
"""Objects of one kind that are looked at; a token that has more is asked for nothing further."""

_CURVES: Final[Mapping[bytes, ec.EllipticCurve]] = {
    bytes.fromhex("06082a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("06052b81040022"): ec.SECP384R1(),
}
_ED25519: Final = frozenset({bytes.fromhex("06032b6570"), b"\x13\x0cedwards25519"})
"""EC_PARAMS of Ed25519 keys: the object identifier (RFC 8410) or the name (PKCS#11 3.0)."""

_RSA_PARTS: Final = (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT)
_ED25519_BYTES: Final = 32
_OCTET_STRING: Final = 0x04
SigningKey: TypeAlias = types.SignMixin
_UNREADABLE: Final = (exceptions.PKCS11Error, ValueError, TypeError, KeyError, struct.error)


@frozen(kw_only=True)
class TokenObjects:
    """What a token holds about one key."""

    private: SigningKey = field(repr=False)
    edwards: bool
    """Whether it is an Ed25519 key."""

    public: PublicKey | None = field(repr=False)
    """None where the token shows it only inside certificates."""

    certificates: tuple[x509.Certificate, ...] = field(repr=False)
    """All of the token, in no particular order."""


def find_objects(session: types.Session, address: TokenAddress) -> TokenObjects:
    """The one private key that fits, and what belongs to it.

    Raises:
        KeyUnusable: none fits, several do (the error lists them), or it is not for signing.
    """
    private = _private_key(session, address)
    if _get(private, Attribute.ALWAYS_AUTHENTICATE):
        reason = "it wants its PIN for every signature, which is asked for only at opening"
        raise KeyUnusable(key=address.shown, reason=reason)
    public = _public_key(session, private)
    if public is not None:
        try:
            check_public_key(public)
        except LienthongError as error:
            raise KeyUnusable(key=address.shown, reason=str(error)) from error
    return TokenObjects(
        private=private,
        edwards=_get(private, Attribute.KEY_TYPE) is KeyType.EC_EDWARDS,
        public=public,
        certificates=tuple(_certificates(session)),
    )


def _private_key(session: types.Session, address: TokenAddress) -> SigningKey:
    wanted: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    if address.label is not None:
        wanted[Attribute.LABEL] = address.label
    if address.key_id is not None:
        wanted[Attribute.ID] = address.key_id
    found = list(islice(session.get_objects(wanted), MAX_OBJECTS))
    if not found:
        raise KeyUnusable(key=address.shown, reason="the token holds no such private key")
    if len(found) > 1:
        names = ", ".join(map(_name, found))
        raise KeyUnusable(key=address.shown, reason=f"several keys fit, name one: {names}")
    [key] = found
    if not isinstance(key, types.SignMixin):
        raise KeyUnusable(key=address.shown, reason="it is not for signing")
    return key


def _public_key(session: types.Session, private: SigningKey) -> PublicKey | None:
    """From the private key itself where it tells, else from the object with the same identifier."""
    own = _read_public(private)
    identifier = _get(private, Attribute.ID)
    if own is not None or not identifier:
        return own
    wanted = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: identifier}
    beside = islice(session.get_objects(wanted), MAX_OBJECTS)
    return next((key for key in map(_read_public, beside) if key is not None), None)


def _read_public(key: Any) -> PublicKey | None:
    """The public key of an object; None if it does not tell, or is of another kind."""
    try:
        if key.key_type is KeyType.RSA:
            parts = [int.from_bytes(key[name], "big") for name in _RSA_PARTS]
            return rsa.RSAPublicNumbers(n=parts[0], e=parts[1]).public_key()
        parameters, point = key[Attribute.EC_PARAMS], key[Attribute.EC_POINT]
        if parameters in _ED25519:
            return Ed25519PublicKey.from_public_bytes(_unwrapped(point, _ED25519_BYTES))
        curve = _CURVES[bytes(parameters)]
        size = 1 + 2 * ((curve.key_size + 7) // 8)
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, _unwrapped(point, size))
    except _UNREADABLE:
        return None


def _unwrapped(point: bytes, size: int) -> bytes:
    """The point itself: PKCS#11 wraps it into an octet string, and some tokens forget to."""
    if len(point) == size + 2 and point[0] == _OCTET_STRING:
        return point[2:]
    return point


def _certificates(session: types.Session) -> Iterator[x509.Certificate]:
    """The certificates of the token that can be read; others are no concern of this key."""
    wanted = {Attribute.CLASS: ObjectClass.CERTIFICATE}
    for found in islice(session.get_objects(wanted), MAX_OBJECTS):
        der = _get(found, Attribute.VALUE) or b""
        if len(der) > MAX_CERTIFICATE_BYTES:
            continue
        try:
            yield x509.load_der_x509_certificate(der)
        except ValueError:
            continue


def _get(thing: Any, attribute: Attribute) -> Any:
    """An attribute; None where the token does not tell."""
    try:
        return thing[attribute]
    except _UNREADABLE:
        return None


def _name(key: Any) -> str:
    identifier = (_get(key, Attribute.ID) or b"").hex()
    return f"{shown(_get(key, Attribute.LABEL) or '')} (id {identifier or 'none'})"
