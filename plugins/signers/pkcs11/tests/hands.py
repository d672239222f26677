"""Keys on a soft token, and what is the matter with them."""

from __future__ import annotations

from lienthong.pki.algorithms import verify
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_signer_pkcs11 import open_signer
from lienthong_signer_pkcs11.signer import TokenSigner
from lienthong_signer_pkcs11.testing import PIN, SoftHSM

PKI = TestPKI()
CKR_GENERAL_ERROR = 0x05
CKR_FUNCTION_FAILED = 0x06
CKR_DEVICE_REMOVED = 0x32
CKR_OBJECT_HANDLE_INVALID = 0x82
CKR_PIN_EXPIRED = 0xA3
CKR_PIN_LOCKED = 0xA4
CKR_SESSION_HANDLE_INVALID = 0xB3
CKR_USER_NOT_LOGGED_IN = 0x101
CKR_MECHANISM_INVALID = 0x70


def put(hsm: SoftHSM, kind: KeyKind = KeyKind.P256) -> str:
    identity = PKI.organisation("H53.01", kind)
    hsm.put("office", identity.key, identity.chain, label="sign")
    return hsm.uri("office", "sign")


def put_other(hsm: SoftHSM) -> str:
    """A key on another token."""
    identity = PKI.organisation("H53.02")
    hsm.put("other", identity.key, identity.chain, label="sign")
    return hsm.uri("other", "sign")


def opened(uri: str) -> TokenSigner:
    return open_signer(uri, lambda _: PIN)


def refuse(name: str) -> str:
    raise AssertionError(f"nobody should ask for the {name}")


def check_signs(signer: TokenSigner) -> None:
    verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))
