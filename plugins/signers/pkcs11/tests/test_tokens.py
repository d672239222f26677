"""Keys on tokens: which one is found, with which certificates, and what is refused."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from lienthong.errors import Closed, KeyUnreachable, KeyUnusable
from lienthong.model.signing import MANIFEST_TYPE, SignatureAlgorithm
from lienthong.pki.algorithms import verify
from lienthong.pki.envelope import sign_envelope, verify_envelope
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_signer_pkcs11 import lienthong_signer_factory, open_signer
from lienthong_signer_pkcs11.testing import PIN, SoftHSM

PKI = TestPKI()
KINDS = [KeyKind.P256, KeyKind.P384, KeyKind.RSA2048, KeyKind.ED25519]


class Secrets:
    """Answers with one PIN and remembers what it was asked for."""

    def __init__(self, answer: str = PIN) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, name: str) -> str:
        self.asked.append(name)
        return self.answer


def refuse(name: str) -> str:
    raise AssertionError(f"nobody should ask for the {name}")


def put(hsm: SoftHSM, kind: KeyKind = KeyKind.P256, *, public: bool = True) -> str:
    identity = PKI.organisation("H53.01", kind)
    hsm.put("office", identity.key, identity.chain, label="sign", public=public)
    return hsm.uri("office", "sign")


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_on_a_token_signs_envelopes(hsm: SoftHSM, kind: KeyKind, public: bool) -> None:
    """Also where the token does not show the public key: then its certificate is proved."""
    secrets = Secrets()
    signer = open_signer(put(hsm, kind, public=public), secrets)
    identity = PKI.organisation("H53.01", kind)
    assert signer.chain == identity.chain
    envelope = sign_envelope(signer, MANIFEST_TYPE, b"payload")
    found = verify_envelope(envelope, PKI.anchors, PKI.now)
    assert found.fingerprint == identity.fingerprint
    assert len(secrets.asked) == 1
    assert "PIN of the token 'office' (serial" in secrets.asked[0]
    signer.close()


@pytest.mark.parametrize(
    "algorithm", [each for each in SignatureAlgorithm if each.value.startswith("RSA")]
)
def test_an_rsa_key_signs_as_the_address_says(hsm: SoftHSM, algorithm: SignatureAlgorithm) -> None:
    uri = f"{put(hsm, KeyKind.RSA2048)}&algorithm={algorithm.value}"
    signer = open_signer(uri, Secrets())
    assert signer.algorithm is algorithm
    verify(algorithm, signer.public_key, b"text", signer.sign(b"text"))
    signer.close()


def test_a_checkpoint_key_needs_no_certificate(hsm: SoftHSM) -> None:
    """Those of other keys on the token are no concern of it."""
    put(hsm)
    key = PKI.organisation("axis", KeyKind.ED25519).key
    hsm.put("office", key, label="checkpoints", identifier=b"\x02")
    signer = open_signer(hsm.uri("office", "checkpoints"), Secrets())
    assert (signer.chain, signer.algorithm) == ((), SignatureAlgorithm.ED25519)
    verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))
    signer.close()


def test_certificates_may_lie_in_a_file(hsm: SoftHSM, tmp_path: Path) -> None:
    identity = PKI.organisation("H53.01")
    hsm.put("office", identity.key, label="sign")
    chain = identity.write(tmp_path).chain
    signer = open_signer(f"{hsm.uri('office', 'sign')}&cert={quote(str(chain))}", Secrets())
    assert signer.chain == identity.chain
    signer.close()


def test_of_several_keys_one_must_be_named(hsm: SoftHSM) -> None:
    put(hsm)
    other = PKI.organisation("H53.02")
    hsm.put("office", other.key, other.chain, label="seal", identifier=b"\x02")
    uri = f"pkcs11:token=office?module-path={hsm.library}"
    with pytest.raises(KeyUnusable, match=r"'(sign|seal)' \(id 0[12]\), '(sign|seal)' \(id 0[12]"):
        open_signer(uri, Secrets())
    signer = open_signer(uri.replace("office", "office;id=%02"), Secrets())
    assert signer.chain == other.chain
    signer.close()


def test_of_several_tokens_one_must_be_named(hsm: SoftHSM) -> None:
    put(hsm)
    identity = PKI.organisation("H53.02")
    hsm.put("registry", identity.key, identity.chain, label="sign")
    with pytest.raises(KeyUnusable, match=r"several tokens fit.*office.*registry|registry.*office"):
        open_signer(f"pkcs11:object=sign?module-path={hsm.library}", refuse)
    first = open_signer(hsm.uri("office", "sign"), Secrets())
    second = open_signer(hsm.uri("registry", "sign"), Secrets())
    assert first.public_key != second.public_key
    first.close()
    verify(second.algorithm, second.public_key, b"text", second.sign(b"text"))
    second.close()


def test_a_token_that_is_not_there_is_told_before_a_pin_is_asked_for(hsm: SoftHSM) -> None:
    put(hsm)
    with pytest.raises(KeyUnreachable, match="plugged in: 'office'"):
        open_signer(hsm.uri("registry", "sign"), refuse)


def test_a_certificate_of_another_key_is_refused(hsm: SoftHSM) -> None:
    identity, other = PKI.organisation("H53.01"), PKI.organisation("H53.02")
    hsm.put("office", identity.key, other.chain, label="sign")
    with pytest.raises(KeyUnusable, match="no certificate is of this key"):
        open_signer(hsm.uri("office", "sign"), Secrets())


def test_a_certificate_of_another_key_is_refused_where_no_public_key_shows(hsm: SoftHSM) -> None:
    identity, other = PKI.organisation("H53.01"), PKI.organisation("H53.02")
    hsm.put("office", identity.key, other.chain, label="sign", public=False)
    with pytest.raises(KeyUnusable, match="neither the token nor a certificate"):
        open_signer(hsm.uri("office", "sign"), Secrets())


def test_a_weak_key_is_refused(hsm: SoftHSM) -> None:
    weak = PKI.weak()
    hsm.put("office", weak.key, weak.chain, label="sign")
    with pytest.raises(KeyUnusable, match="1024 bits"):
        open_signer(hsm.uri("office", "sign"), Secrets())


def test_a_key_that_wants_its_pin_every_time_is_refused(hsm: SoftHSM) -> None:
    identity = PKI.organisation("H53.01")
    hsm.put("office", identity.key, identity.chain, label="sign", always=True)
    with pytest.raises(KeyUnusable, match="for every signature"):
        open_signer(hsm.uri("office", "sign"), Secrets())


def test_many_threads_and_keys_share_one_token(hsm: SoftHSM) -> None:
    uri = put(hsm)
    signers = [open_signer(uri, Secrets()) for _ in range(3)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        signer = signers[number % 3]
        try:
            for turn in range(20):
                message = b"%d %d" % (number, turn)
                verify(signer.algorithm, signer.public_key, message, signer.sign(message))
        except BaseException as error:  # noqa: BLE001 - reported by the test itself
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for signer in signers:
        signer.close()


def test_closing_one_of_two_does_not_log_the_other_out(hsm: SoftHSM) -> None:
    uri = put(hsm)
    first, second = open_signer(uri, Secrets()), open_signer(uri, Secrets())
    first.close()
    first.close()
    with pytest.raises(Closed):
        first.sign(b"text")
    verify(second.algorithm, second.public_key, b"text", second.sign(b"text"))
    second.close()


def test_a_logged_in_token_does_not_open_with_another_pin(hsm: SoftHSM) -> None:
    """PKCS#11 would not look at it."""
    uri = put(hsm)
    first = open_signer(uri, Secrets())
    with pytest.raises(KeyUnusable, match="PIN is wrong"):
        open_signer(uri, Secrets("another"))
    verify(first.algorithm, first.public_key, b"text", first.sign(b"text"))
    first.close()


def test_the_module_offers_its_scheme_only() -> None:
    assert lienthong_signer_factory("pkcs11") is open_signer
    assert lienthong_signer_factory("softkey") is None
