"""A credential: a remote key with its certificates, as ``credentials/info`` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
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

MAX_FACTOR_NAME: Final = 40
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


class FactorKind(Enum):
    """How the owner of a credential proves to be there (CSC API 8.3.1), by the API's names."""

    PASSWORD = "Password"  # noqa: S105 - a word of the protocol
    """Told through us, such as a PIN."""

    SENT = "ChallengeResponse"
    """Sent to the owner when it is asked for, and then told through us, such as a code by SMS."""

    PASSWORD_ON_DEVICE = "PasswordOOB"  # noqa: S105 - a word of the protocol
    """Entered on a device of the owner's."""

    CONFIRMED_ON_DEVICE = "ChallengeResponseOOB"
    """Confirmed on a device of the owner's, such as in an app."""


_KINDS: Final = {kind.value for kind in FactorKind}
_ON_DEVICE: Final = {FactorKind.PASSWORD_ON_DEVICE, FactorKind.CONFIRMED_ON_DEVICE}


@frozen(kw_only=True)
class Factor:
    """One proof that the owner of a credential has to give."""

    name: str
    """What the service calls it."""

    kind: FactorKind
    once: bool
    """It is good for one authorization only."""

    @property
    def told(self) -> bool:
        """The owner tells it to us; otherwise to the service, on a device of their own."""
        return self.kind not in _ON_DEVICE


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
    """For an authorization; none where the service finds out by itself."""

    confirmed: bool
    """The owner may have to confirm each authorization on a device, which takes its time."""

    bound: bool
    """An authorization is for given digests only: the service wants it so (SCAL 2), or the owner is
    asked and is to see what for."""

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
        factors = _factors(answer, key)
        confirmed = not factors or not all(factor.told for factor in factors)
        return cls(
            name=name,
            public_key=public,
            chain=own_chain(info, certificates, key=key),
            algorithm=algorithm,
            offered_as=_offered(answer, algorithm, key),
            factors=factors,
            confirmed=confirmed,
            bound=confirmed or answer.text("SCAL", "1") != "1",
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
    if mode not in {"implicit", "explicit"}:
        reason = f"it is authorized by {shown(mode)}, which needs a browser"
        raise KeyUnusable(key=key, reason=reason)
    found = tuple(_factor(one, key) for one in auth.parts("objects")) if mode == "explicit" else ()
    if len({factor.name for factor in found}) != len(found):
        raise auth.malformed("a factor twice")
    return found


def _factor(answer: Answer, key: str) -> Factor:
    name, kind = answer.text("id"), answer.text("type")
    if not name.isascii() or not name.isprintable() or not 0 < len(name) <= MAX_FACTOR_NAME:
        raise answer.malformed("the name of a factor")
    if kind not in _KINDS:
        raise KeyUnusable(key=key, reason=f"it is authorized by {shown(kind)}, which is unknown")
    once = name.upper() == "OTP" or "generator" in answer.values or kind == FactorKind.SENT.value
    return Factor(name=name, kind=FactorKind(kind), once=once)
