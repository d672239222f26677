"""Keys and certificates of the simulated organisations: the same bytes each time."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from lienthong.evidence.note import VerifierKey
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong.pki.chain import TrustAnchors
from lienthong.testing.clock import START
from lienthong.testing.pki import key_usage, signing_extensions
from lienthong.testing.signer import MemorySigner
from lienthong_node import wire
from lienthong_node.core.commands import Caller
from lienthong_node.core.credentials import Credential, Role, Use
from lienthong_node.core.policy import Policy

AXIS: Final = "truc.tayninh.gov.vn"
POLICY: Final = Policy(axis=AXIS)
NAMES: Final = {
    "000.00.00.H53": "UBND tỉnh Tây Ninh",
    "000.00.13.H53": "Sở Thông tin và Truyền thông",
    "000.00.11.H53": "Sở Tài chính",
    "000.00.14.H53": "Sở Tư pháp",
    "000.00.01.H53": "Văn phòng UBND tỉnh",
}
CODES: Final = tuple(NAMES)
YEARS: Final = timedelta(days=3650)
BEGIN: Final = START - timedelta(days=30)

OPERATOR: Final = Caller(
    organ=CODES[-1], roles=frozenset({Role.OPERATOR.value}), fingerprint=b"\0" * 32
)
CHECKPOINT: Final = MemorySigner.checkpoint(b"\7" * 32)
KEY: Final = VerifierKey.of_signer(AXIS, CHECKPOINT)


def _key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def _certify(name: str, extensions: list[tuple[x509.ExtensionType, bool]]) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("root"))
        .public_key(_key(name).public_key())
        .serial_number(int.from_bytes(hashlib.sha256(name.encode()).digest()[:15]))
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + YEARS)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(_key("root"), None).public_bytes(Encoding.DER)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@cache
def anchors() -> TrustAnchors:
    """The one authority that everybody trusts."""
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    usage = key_usage(key_cert_sign=True)
    return TrustAnchors([_certify("root", [(constraints, True), (usage, True)])])


@cache
def certificate(code: str) -> bytes:
    """The signing certificate of an organisation, DER."""
    return _certify(code, signing_extensions())


@cache
def signer(code: str) -> MemorySigner:
    """The signing key of an organisation."""
    return MemorySigner(_key(code), (certificate(code),))


def fingerprint(code: str) -> str:
    """Of the certificate with which an organisation's system calls; TLS takes no part here."""
    return hashlib.sha256(f"transport {code}".encode()).hexdigest()


def credentials(code: str, now: datetime) -> tuple[Credential, ...]:
    """What is registered for an organisation: to sign, and to call."""
    signing = wire.credential_of(certificate(code), code, Use.SIGNING, (), now)
    transport = Credential(
        fingerprint=fingerprint(code),
        organ_id=code,
        use=Use.TRANSPORT,
        roles=(Role.AGENCY,),
        subject=f"CN={code}",
        not_before=BEGIN,
        not_after=BEGIN + YEARS,
        registered_at=now,
    )
    return signing, transport


def organisations() -> tuple[Organisation, ...]:
    """The directory."""
    return tuple(
        Organisation(
            organ_id=OrganId(code),
            codes=[OrganCode(scheme=OrganId(code).scheme, value=OrganId(code))],
            names=[OrganName(value=name)],
        )
        for code, name in NAMES.items()
    )
