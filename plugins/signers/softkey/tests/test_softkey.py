"""Keys in files: what opens, what is refused, and that no secret ever shows."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
    pkcs12,
)

import lienthong_signer_softkey as plugin
from lienthong.errors import Closed, InvalidValue, KeyUnusable, LienthongError
from lienthong.model.signing import MANIFEST_TYPE, SignatureAlgorithm
from lienthong.pki.algorithms import verify
from lienthong.pki.envelope import sign_envelope, verify_envelope
from lienthong.spi import SPI_VERSION
from lienthong.testing.pki import Identity, KeyKind, TestPKI
from lienthong_signer_softkey import SoftSigner, lienthong_signer_factory, open_signer

PKI = TestPKI()
PASSPHRASE = "correct horse battery staple"


class Secrets:
    """Answers with one secret and remembers what it was asked for."""

    def __init__(self, answer: str = PASSPHRASE) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, name: str) -> str:
        self.asked.append(name)
        return self.answer


def refuse(name: str) -> str:
    raise AssertionError(f"nobody should ask for the {name}")


def pkcs12_of(
    identity: Identity, passphrase: str | None, *, shuffled: bool = False, root: bool = False
) -> bytes:
    links = [x509.load_der_x509_certificate(der) for der in identity.chain[1:]]
    if root:
        links.append(x509.load_der_x509_certificate(PKI.root.certificate))
    if shuffled:
        links.reverse()
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    leaf = x509.load_der_x509_certificate(identity.certificate)
    key = identity.key
    assert not isinstance(key, Ed25519PrivateKey)
    return pkcs12.serialize_key_and_certificates(b"name", key, leaf, links, protection)


def write(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


# --- What opens --------------------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.RSA1024])
def test_a_pem_key_signs_envelopes(tmp_path: Path, kind: KeyKind, passphrase: str | None) -> None:
    identity = PKI.organisation("H53.01", kind)
    files = identity.write(tmp_path, passphrase=passphrase)
    secrets = Secrets()
    signer = open_signer(files.uri, secrets)
    assert secrets.asked == ([f"passphrase of {files.key}"] if passphrase else [])
    assert signer.chain == identity.chain
    envelope = sign_envelope(signer, MANIFEST_TYPE, b"payload")
    found = verify_envelope(envelope, PKI.anchors, PKI.now)
    assert found.fingerprint == identity.fingerprint


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384, KeyKind.RSA2048])
def test_a_pkcs12_key_signs_envelopes(
    tmp_path: Path, kind: KeyKind, passphrase: str | None
) -> None:
    identity = PKI.organisation("H53.01", kind)
    path = write(tmp_path / "id.p12", pkcs12_of(identity, passphrase, shuffled=True, root=True))
    secrets = Secrets()
    signer = open_signer(f"softkey:{path}", secrets)
    assert len(secrets.asked) == (1 if passphrase else 0)
    assert signer.chain == identity.chain
    verify_envelope(sign_envelope(signer, MANIFEST_TYPE, b"payload"), PKI.anchors, PKI.now)


def test_a_checkpoint_key_needs_no_certificate(tmp_path: Path) -> None:
    identity = PKI.organisation("axis", KeyKind.ED25519)
    files = identity.write(tmp_path)
    signer = open_signer(f"softkey:{files.key}", refuse)
    assert (signer.chain, signer.algorithm) == ((), SignatureAlgorithm.ED25519)
    verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))


@pytest.mark.parametrize(
    "algorithm", [each for each in SignatureAlgorithm if each.value.startswith("RSA")]
)
def test_an_rsa_key_signs_as_the_address_says(
    tmp_path: Path, algorithm: SignatureAlgorithm
) -> None:
    files = PKI.organisation("H53.01", KeyKind.RSA2048).write(tmp_path)
    signer = open_signer(f"{files.uri}&algorithm={algorithm.value}", refuse)
    assert signer.algorithm is algorithm
    verify(algorithm, signer.public_key, b"text", signer.sign(b"text"))


def test_the_root_at_the_end_of_the_chain_is_left_out(tmp_path: Path) -> None:
    identity = PKI.organisation("H53.01")
    files = identity.write(tmp_path)
    files.chain.write_bytes(PKI.root.pem + identity.chain_pem)
    assert open_signer(files.uri, refuse).chain == identity.chain


def test_paths_with_odd_characters_open(tmp_path: Path) -> None:
    folder = tmp_path / "khóa & số+1 100%?"
    files = PKI.organisation("H53.01").write(folder)
    assert open_signer(files.uri, refuse).chain


def test_the_file_is_read_once(tmp_path: Path) -> None:
    files = PKI.organisation("H53.01").write(tmp_path)
    signer = open_signer(files.uri, refuse)
    files.key.unlink()
    files.chain.unlink()
    verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))


def test_threads_may_share_a_signer(tmp_path: Path) -> None:
    signer = open_signer(PKI.organisation("H53.01").write(tmp_path).uri, refuse)
    public = load_der_public_key(signer.public_key)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(50):
                message = b"%d %d" % (number, turn)
                verify(signer.algorithm, public, message, signer.sign(message))  # type: ignore[arg-type]
        except BaseException as error:  # noqa: BLE001 - reported by the test itself
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# --- What is refused ---------------------------------------------------------------------------


def other_certificate(folder: Path) -> str:
    key = PKI.organisation("H53.01").write(folder).key
    return f"softkey:{key}?cert={PKI.organisation('H53.02').write(folder).chain}"


def no_certificate(folder: Path) -> str:
    return f"softkey:{PKI.organisation('H53.01').write(folder).key}"


def missing_key(folder: Path) -> str:
    return f"softkey:{folder / 'missing.pem'}"


def missing_chain(folder: Path) -> str:
    return f"softkey:{PKI.organisation('H53.01').write(folder).key}?cert={folder / 'no.pem'}"


def empty_chain(folder: Path) -> str:
    key = PKI.organisation("H53.01").write(folder).key
    return f"softkey:{key}?cert={write(folder / 'empty.pem', b'')}"


def no_key_in_the_file(folder: Path) -> str:
    return f"softkey:{PKI.organisation('H53.01').write(folder).chain}"


def rubbish(folder: Path) -> str:
    return f"softkey:{write(folder / 'rubbish', b'rubbish' * 100)}"


def broken_pem(folder: Path) -> str:
    text = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    return f"softkey:{write(folder / 'broken.pem', text)}"


def huge(folder: Path) -> str:
    return f"softkey:{write(folder / 'huge', bytes(1024 * 1024 + 1))}"


def a_folder(folder: Path) -> str:
    return f"softkey:{folder}"


def short_rsa_key(folder: Path) -> str:
    return PKI.weak().write(folder).uri


def p521_key(folder: Path) -> str:
    return f"softkey:{write(folder / 'k.pem', pem(ec.generate_private_key(ec.SECP521R1())))}"


def dsa_key(folder: Path) -> str:
    return f"softkey:{write(folder / 'k.pem', pem(dsa.generate_private_key(2048)))}"


def wrong_algorithm(folder: Path) -> str:
    return f"{PKI.organisation('H53.01').write(folder).uri}&algorithm=ED25519"


def pem(key: ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "make",
    [
        other_certificate,
        no_certificate,
        missing_key,
        missing_chain,
        empty_chain,
        no_key_in_the_file,
        rubbish,
        broken_pem,
        huge,
        a_folder,
        short_rsa_key,
        p521_key,
        dsa_key,
        wrong_algorithm,
    ],
)
def test_unusable_keys_are_refused(tmp_path: Path, make: Callable[[Path], str]) -> None:
    with pytest.raises(KeyUnusable):
        open_signer(make(tmp_path), Secrets())


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    import os

    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(KeyUnusable, match="regular file"):
        open_signer(f"softkey:{path}", refuse)


@pytest.mark.parametrize("form", ["pem", "p12"])
def test_a_wrong_passphrase_is_refused_and_not_asked_again(tmp_path: Path, form: str) -> None:
    identity = PKI.organisation("H53.01")
    uri = identity.write(tmp_path, passphrase=PASSPHRASE).uri
    if form == "p12":
        uri = f"softkey:{write(tmp_path / 'id.p12', pkcs12_of(identity, PASSPHRASE))}"
    secrets = Secrets("wrong")
    with pytest.raises(KeyUnusable, match="passphrase"):
        open_signer(uri, secrets)
    assert len(secrets.asked) == 1


def test_refusing_to_tell_the_secret_ends_the_opening(tmp_path: Path) -> None:
    class NoSecret(Exception):
        pass

    def none(name: str) -> str:
        raise NoSecret(name)

    uri = PKI.organisation("H53.01").write(tmp_path, passphrase=PASSPHRASE).uri
    with pytest.raises(NoSecret):
        open_signer(uri, none)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "softkey",
        "softkey:",
        "softkey:?cert=a.pem",
        "pkcs11:key.pem",
        "softkey:key.pem?passphrase=secret-in-the-address",
        "softkey:key.pem?cert=",
        "softkey:key.pem?cert=a.pem&cert=secret-in-the-address",
        "softkey:key.pem?cert",
        "softkey:key.pem?algorithm=secret-in-the-address",
    ],
)
def test_malformed_addresses_are_refused_without_repeating_them(uri: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        open_signer(uri, refuse)
    assert "secret-in-the-address" not in str(caught.value)


def test_a_closed_signer_signs_nothing(tmp_path: Path) -> None:
    signer = open_signer(PKI.organisation("H53.01").write(tmp_path).uri, refuse)
    signer.close()
    signer.close()
    with pytest.raises(Closed):
        signer.sign(b"text")


# --- Care with secrets -------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604])
def test_a_key_that_others_can_read_gives_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    files = PKI.organisation("H53.01").write(tmp_path)
    files.key.chmod(mode)
    with caplog.at_level(logging.WARNING):
        open_signer(files.uri, refuse)
    assert [record.name for record in caplog.records] == ["lienthong_signer_softkey"]
    assert str(files.key) in caplog.text


def test_a_private_key_file_gives_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = PKI.organisation("H53.01").write(tmp_path)
    files.chain.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        open_signer(files.uri, refuse)
    assert caplog.records == []


def test_no_secret_shows_in_pictures_or_errors(tmp_path: Path) -> None:
    identity = PKI.organisation("H53.01")
    uri = identity.write(tmp_path, passphrase=PASSPHRASE).uri
    signer = open_signer(uri, Secrets())
    shown = [repr(signer), str(signer), str(vars(signer).get("_path"))]
    for secret in ("secret-one", PASSPHRASE + "."):
        try:
            open_signer(uri, Secrets(secret))
        except LienthongError as error:
            shown.append("".join(traceback.format_exception(error)) + repr(error.facts))
            assert secret not in shown[-1]
    secret_lines = [line for line in identity.key_pem().decode().splitlines() if "-" not in line]
    for text in shown:
        assert PASSPHRASE not in text
        assert not any(line in text for line in secret_lines)


# --- The entry-point module --------------------------------------------------------------------


def test_the_module_offers_its_scheme_only() -> None:
    assert lienthong_signer_factory("softkey") is open_signer
    assert lienthong_signer_factory("pkcs11") is None
    assert plugin.SPI_VERSION == SPI_VERSION
    assert plugin.CAPABILITIES.algorithms == frozenset(SignatureAlgorithm)


def test_the_host_can_register_the_module() -> None:
    import pluggy

    from lienthong.spi import hookspecs

    host = pluggy.PluginManager("lienthong")
    host.add_hookspecs(hookspecs)
    host.register(plugin)
    host.check_pending()
    assert host.hook.lienthong_signer_factory(scheme="softkey") is open_signer
    assert host.hook.lienthong_signer_factory(scheme="other") is None


def test_the_signer_is_what_the_contract_says(tmp_path: Path) -> None:
    signer = open_signer(PKI.organisation("H53.01").write(tmp_path).uri, refuse)
    assert isinstance(signer, SoftSigner)
    assert repr(signer).startswith("SoftSigner(")
