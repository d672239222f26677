"""A credential: a remote key with its certificates, as ``credentials/info`` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import AlgorithmUnsupported, CertificateUnfit, KeyUnusable
from lienthong.model.checks import shown
from lienthong.model.signing import MAX_CERTIFICATE_BYTES, SignatureAlgorithm
from lienthong.pki.algorithms import PublicKey, check_public_key
from lienthong.pki.own_key import own_algorithm, own_chain
from lienthong_signer_csc.answer import Answer

MAX_SIGNATURES: Final = 100
"""Signatures that one authorization is asked for at most: it might be stolen."""

_Algorithm = SignatureAlgorithm
_RSA: Final = "1.2.840.113549.1.1.1"
_PSS: Final = "1.2.840.113549.1.1.10"
_EC: Final = "1.2.840.10045.2.1"
_NAMES: Final[Mapping[SignatureAlgorithm, tuple[str, ...]]] = {
    _Algorithm.RSA_PKCS1_SHA256: ("1.2.840.113549.1.1.11", _RSA),
    _Algorithm.RSA_PKCS1_SHA384: ("1.2.840.113549.1.1.12", _RSA),
    _Algorithm.RSA_PSS_SHA256: (_PSS,),
    _Algorithm.RSA_PSS_SHA384: (_PSS,),
    _Algorithm.ECDSA_P256_SHA256: ("1.2.840.10045.4.3.2", _EC),
    _Algorithm.ECDSA_P384_SHA384: ("1.2.840.10045.4.3.3", _EC),
}
"""Object identifiers under which a service may offer an algorithm, the exact one first."""


@frozen(kw_only=True)
class Factor:
    """One thing that the owner of a credential has to tell, such as a PIN."""

    name: str
    """What the service calls it."""

    once: bool
    """It is good for one authorization only."""


@frozen(kw_only=True)
class Credential:
    """What a service says about a key, checked as far as its certificate goes."""

    name: str
    public_key: PublicKey = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    algorithm: SignatureAlgorithm
    offered_as: str
    """The object identifier by which the service knows the algorithm."""

    factors: tuple[Factor, ...]
    """To be told for an authorization; none where the service asks its user by itself."""

    bound: bool
    """An authorization is for given digests only (SCAL 2)."""

    most: int
    """Signatures of one authorization."""

    @classmethod
    def read(
        cls, name: str, answer: Answer, chosen: SignatureAlgorithm | None, *, key: str
    ) -> Credential:
        """Read the answer to ``credentials/info`` (CSC API 11.5).

        Args:
            name: of the credential.
            answer: of the service.
            chosen: the algorithm that the address names.
            key: names the key in errors.

        Raises:
            KeyUnusable: the key or its certificate is not in use, or is not for this.
            KeyUnreachable: the answer is malformed.
        """
        _check_status(answer, key)
        certificates = _certificates(answer)
        public = _public_key(certificates[0], key)
        algorithm = own_algorithm(public, chosen, key=key)
        info = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(
            name=name,
            public_key=public,
            chain=own_chain(info, certificates, key=key),
            algorithm=algorithm,
            offered_as=_offered(answer, algorithm, key),
            factors=_factors(answer, key),
            bound=answer.text("SCAL", "1") != "1",
            most=max(1, min(answer.number("multisign", 1), MAX_SIGNATURES)),
        )


def _check_status(answer: Answer, key: str) -> None:
    status = answer.part("key").text("status")
    if status != "enabled":
        raise KeyUnusable(key=key, reason=f"the service says that it is {shown(status)}")
    status = answer.part("cert").text("status", "valid")
    if status != "valid":
        reason = f"the service says that its certificate is {shown(status)}"
        raise KeyUnusable(key=key, reason=reason)


def _certificates(answer: Answer) -> list[x509.Certificate]:
    found = answer.part("cert").octets("certificates", MAX_CERTIFICATE_BYTES)
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in found]
    except ValueError:
        raise answer.malformed("a certificate cannot be read") from None
    if not certificates:
        raise answer.malformed("no certificates")
    return certificates


def _public_key(certificate: x509.Certificate, key: str) -> PublicKey:
    try:
        return check_public_key(certificate.public_key())
    except (AlgorithmUnsupported, CertificateUnfit) as error:
        raise KeyUnusable(key=key, reason=str(error)) from error
    except Exception as error:
        raise KeyUnusable(key=key, reason="its public key cannot be read") from error


def _offered(answer: Answer, algorithm: SignatureAlgorithm, key: str) -> str:
    offers = answer.part("key").texts("algo")
    found = next((name for name in _NAMES.get(algorithm, ()) if name in offers), None)
    if found is None:
        reason = f"the service does not make {algorithm.value} signatures of digests with it"
        raise KeyUnusable(key=key, reason=reason)
    return found


def _factors(answer: Answer, key: str) -> tuple[Factor, ...]:
    auth = answer.part("auth")
    mode = auth.text("mode", "implicit")
    if mode == "implicit":
        return ()
    objects = auth.parts("objects")
    kinds = {factor.text("type") for factor in objects}
    if mode != "explicit" or not objects or kinds != {"Password"}:
        reason = f"it is authorized by {shown(mode)} {shown(sorted(kinds))}, not by passwords"
        raise KeyUnusable(key=key, reason=reason)
    return tuple(_factor(one) for one in objects)


def _factor(answer: Answer) -> Factor:
    name = answer.text("id")
    if not name.isascii() or not name.isprintable() or not 0 < len(name) <= 40:  # noqa: PLR2004
        raise answer.malformed("the name of a password")
    return Factor(name=name, once=name.upper() == "OTP" or "generator" in answer.values)
