"""One CMS signature: who made it, over which digest, and whether it fits.

Imported by workers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, core, x509
from attrs import field, frozen
from pyhanko.sign.general import NonexistentAttributeError, find_unique_cms_attribute
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts, validate_sig_integrity
from pyhanko.sign.validation.utils import DEFAULT_ALGORITHM_USAGE_POLICY

from lienthong.errors import Malformed

MAX_SIGNERS: Final = 20
MAX_EMBEDDED: Final = 200
DIGESTS: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
"""Accepted digests, by the names of asn1crypto and of ``lienthong.pki.timestamp``."""

_WHAT: Final = "a CMS signature"
Digest = Callable[[str], bytes]


@frozen(kw_only=True, eq=False)
class Signature:
    """One signer's part of a CMS message."""

    info: cms.SignerInfo = field(repr=False)
    certificate: x509.Certificate = field(repr=False)
    others: tuple[bytes, ...] = field(repr=False)
    """All certificates that came with it, DER."""

    lists: tuple[bytes, ...] = field(repr=False)
    responses: tuple[bytes, ...] = field(repr=False)
    content_type: str
    content: bytes | None = field(repr=False)
    """What lies inside; None for detached signatures."""

    @property
    def value(self) -> bytes:
        """The signature itself: what a signature time-stamp is about."""
        found: bytes = self.info["signature"].native
        return found

    @property
    def claimed(self) -> datetime | None:
        """When the signer says to have signed."""
        return extract_self_reported_ts(self.info)

    @property
    def digest_name(self) -> str:
        """As asn1crypto names it."""
        name: str = self.info["digest_algorithm"]["algorithm"].native
        return name

    @property
    def tokens(self) -> tuple[bytes, ...]:
        """Time-stamps of the signature value, DER (RFC 3161 appendix A)."""
        unsigned = self.info["unsigned_attrs"]
        if isinstance(unsigned, core.Void):
            return ()
        return tuple(
            token.dump()
            for attribute in unsigned
            if attribute["type"].native == "signature_time_stamp_token"
            for token in attribute["values"]
        )

    def refused_algorithm(self) -> str:
        """Why its algorithms are not accepted; empty when they are."""
        if self.digest_name not in DIGESTS:
            return self.digest_name
        policy = DEFAULT_ALGORITHM_USAGE_POLICY
        signing, digest = self.info["signature_algorithm"], self.info["digest_algorithm"]
        for answer in (
            policy.signature_algorithm_allowed(signing, None, self.certificate.public_key),
            policy.digest_combination_allowed(signing, digest, None),
        ):
            if not answer:
                return str(answer.failure_reason or signing["algorithm"].native)
        return ""

    def fits(self, digest: Digest) -> tuple[bool, bool]:
        """Whether the digest is the signed one, and the signature that of the key.

        The signed attributes must name the signer's certificate where they name one at all
        (RFC 5035), and say what kind of content they are about.

        Raises:
            Malformed: it signs no attributes.
        """
        if isinstance(self.info["signed_attrs"], core.Void):
            raise Malformed(what=_WHAT, reason="it has no signed attributes")
        actual = digest(self.digest_name)
        return validate_sig_integrity(self.info, self.certificate, self.content_type, actual)


def read_signatures(message: bytes) -> list[Signature]:
    """The signatures of a CMS message, one a signer.

    Raises:
        Malformed: it is no signed data, has no signer or too many, or lacks a certificate.
    """
    info = cms.ContentInfo.load(message, strict=True)
    if info["content_type"].native != "signed_data":
        raise Malformed(what=_WHAT, reason="it is no signed data")
    data = info["content"]
    signers = list(data["signer_infos"])
    if not 0 < len(signers) <= MAX_SIGNERS:
        raise Malformed(what=_WHAT, reason=f"it has {len(signers)} signers")
    certificates = [one.chosen for one in data["certificates"] if one.name == "certificate"]
    if len(certificates) > MAX_EMBEDDED:
        raise Malformed(what=_WHAT, reason=f"it carries {len(certificates)} certificates")
    inner = data["encap_content_info"]
    content = inner["content"]
    lists, responses = _revocation(data)
    return [
        Signature(
            info=signer,
            certificate=_certificate_of(signer, certificates),
            others=tuple(one.untag().dump() for one in certificates),
            lists=lists + _archived(signer, "crl"),
            responses=responses + _archived(signer, "ocsp"),
            content_type=inner["content_type"].native,
            content=None if isinstance(content, core.Void) else bytes(content),
        )
        for signer in signers
    ]


def _certificate_of(
    signer: cms.SignerInfo, certificates: Iterable[x509.Certificate]
) -> x509.Certificate:
    sid = signer["sid"]
    for certificate in certificates:
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen["issuer"] == certificate.issuer
            if named and sid.chosen["serial_number"].native == certificate.serial_number:
                return certificate.untag()
        elif certificate.key_identifier == sid.chosen.native:
            return certificate.untag()
    raise Malformed(what=_WHAT, reason="the signer's certificate is not in it")


def _revocation(data: cms.SignedData) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Lists and OCSP responses beside the certificates (RFC 5652 10.2.1, RFC 5940)."""
    found = data["crls"]
    if isinstance(found, core.Void):
        return (), ()
    lists = tuple(one.chosen.untag().dump() for one in found if one.name == "certificate_list")
    responses = tuple(
        one.chosen["other_rev_info"].parsed.dump()
        for one in found
        if one.name == "other" and one.chosen["other_rev_info_format"].native == "ocsp_response"
    )
    return lists, responses


def _archived(signer: cms.SignerInfo, kind: str) -> tuple[bytes, ...]:
    """Status that the signer enclosed (adbe-revocationInfoArchival)."""
    try:
        enclosed: Any = find_unique_cms_attribute(
            signer["signed_attrs"], "adobe_revocation_info_archival"
        )
    except NonexistentAttributeError:
        return ()
    values = enclosed[kind]
    return () if isinstance(values, core.Void) else tuple(one.dump() for one in values)
