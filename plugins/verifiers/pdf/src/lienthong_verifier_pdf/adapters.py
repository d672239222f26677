"""Our keys and time-stamp authorities as pyHanko takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from asn1crypto import algos, cms, x509
from attrs import field, frozen
from pyhanko.sign.signers.pdf_cms import Signer as CMSSigner
from pyhanko.sign.timestamps.api import TimeStamper as Stamps
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.errors import KeyUnusable, SignatureInvalid
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import PublicKey, verify
from lienthong.spi import Signer, TimeStamper

_DIGESTS: Final = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: "sha256",
    SignatureAlgorithm.RSA_PKCS1_SHA384: "sha384",
    SignatureAlgorithm.RSA_PSS_SHA256: "sha256",
    SignatureAlgorithm.RSA_PSS_SHA384: "sha384",
    SignatureAlgorithm.ECDSA_P256_SHA256: "sha256",
    SignatureAlgorithm.ECDSA_P384_SHA384: "sha384",
    SignatureAlgorithm.ED25519: "sha512",  # RFC 8419 3.1
}
_HASHES: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_SALT: Final = {"sha256": 32, "sha384": 48}


def digest_of(algorithm: SignatureAlgorithm) -> str:
    """The hash of the document that goes with a key's algorithm, in pyHanko's spelling."""
    return _DIGESTS[algorithm]


class Key(CMSSigner):
    """A key of a signer plugin. It signs once, and what comes back is verified."""

    def __init__(self, signer: Signer, public_key: PublicKey) -> None:
        """Adapt a key.

        Args:
            signer: has certificates.
            public_key: of its own certificate.
        """
        own, *others = map(x509.Certificate.load, signer.chain)
        super().__init__(
            signing_cert=own,
            # pyHanko adds its own certificate to these, and does not see that it is there already.
            cert_registry=SimpleCertificateStore.from_certs(others),
            signature_mechanism=_mechanism(signer.algorithm),
            embed_roots=False,
        )
        self._signer = signer
        self._public_key = public_key

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - pyHanko's signature
    ) -> bytes:
        """Sign the attributes of a CMS signature; the plugin hashes them itself."""
        del digest_algorithm, dry_run
        value = self._signer.sign(data)
        try:
            verify(self._signer.algorithm, self._public_key, data, value)
        except SignatureInvalid as error:
            reason = "its signature does not fit its certificate"
            raise KeyUnusable(key="that signs", reason=reason) from error
        return value


@frozen(kw_only=True)
class Stamped:
    """A token with what was stamped."""

    digest: bytes
    algorithm: str
    token: bytes = field(repr=False)
    at: datetime
    """When, as the token says."""


class Authority(Stamps):
    """A time-stamp authority.

    Attributes:
        given: its tokens, in order.
    """

    def __init__(self, stamper: TimeStamper) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._stamper = stamper
        self.given: list[Stamped] = []

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token, which the plugin has verified."""
        algorithm = _HASHES[md_algorithm]
        token = self._stamper.stamp(message_digest, algorithm)
        content = cms.ContentInfo.load(token)
        at = content["content"]["encap_content_info"]["content"].parsed["gen_time"].native
        self.given.append(Stamped(digest=message_digest, algorithm=algorithm, token=token, at=at))
        return content


def _mechanism(algorithm: SignatureAlgorithm) -> algos.SignedDigestAlgorithm:
    digest = _DIGESTS[algorithm]
    match algorithm.value.split("_"):
        case ["RSA", "PSS", _]:
            return algos.SignedDigestAlgorithm(_pss(digest))
        case ["RSA", "PKCS1", _]:
            return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_rsa"})
        case ["ECDSA", *_]:
            return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_ecdsa"})
    return algos.SignedDigestAlgorithm({"algorithm": "ed25519"})


def _pss(digest: str) -> dict[str, Any]:
    hashing = {"algorithm": digest}
    masking = {"algorithm": "mgf1", "parameters": hashing}
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": hashing,
            "mask_gen_algorithm": masking,
            "salt_length": _SALT[digest],
        }
    )
    return {"algorithm": "rsassa_pss", "parameters": parameters}
