"""Time-stamps against the programs of others: each accepts what the other one makes."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from cryptography import x509

from lienthong.errors import InputError, TimestampRefused
from lienthong.pki.timestamp import make_request, read_reply, verify_token
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong.testing.tsa import TestTSA

DATA = b"52/2019/QD-UBND"
MAKERS = {"SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512}
NONCE = 0x1234_5678_9ABC

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="asks openssl ts")

CONFIGURATION = """
[tsa]
default_tsa = test
[test]
serial = {folder}/serial
signer_cert = {certificate}
certs = {certificate}
signer_key = {key}
signer_digest = {digest}
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_chain = {chain}
ess_cert_id_alg = {named_by}
clock_precision_digits = 6
"""


@frozen
class OpenSSL:
    """openssl ts as an authority and as a verifier."""

    folder: Path
    tsa: TestTSA

    def run(self, *arguments: str) -> str:
        command = ("openssl", "ts", *arguments)
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, check=False, timeout=60
        )
        return done.stdout.decode() + done.stderr.decode()

    def reply(self, algorithm: str, **settings: str) -> bytes:
        files = self.tsa.identity.write(self.folder)
        (self.folder / "serial").write_text("01\n")
        chosen = {"digest": "sha256", "chain": "no", "named_by": "sha256", **settings}
        text = CONFIGURATION.format(
            folder=self.folder, certificate=files.chain, key=files.key, **chosen
        )
        (self.folder / "tsa.cnf").write_text(text)
        request = make_request(MAKERS[algorithm](DATA).digest(), algorithm=algorithm, nonce=NONCE)
        (self.folder / "request").write_bytes(request)
        said = self.run("-reply", "-config", "tsa.cnf", "-queryfile", "request", "-out", "reply")
        assert (self.folder / "reply").exists(), said
        return (self.folder / "reply").read_bytes()

    def verify(self, request: bytes, reply: bytes) -> str:
        self.tsa.pki.write(self.folder)
        (self.folder / "request").write_bytes(request)
        (self.folder / "reply").write_bytes(reply)
        return self.run("-verify", "-queryfile", "request", "-in", "reply", "-CAfile", "root.pem")


@needs_openssl
@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256])
@pytest.mark.parametrize("algorithm", list(MAKERS))
@pytest.mark.parametrize(
    "settings",
    [{}, {"named_by": "sha1"}, {"named_by": "sha512", "chain": "yes"}, {"digest": "sha512"}],
)
def test_tokens_of_openssl_are_accepted(
    tmp_path: Path, kind: KeyKind, algorithm: str, settings: dict[str, str]
) -> None:
    """Its certificates stand in the order of the file, not in that of DER."""
    tsa = TestTSA(TestPKI(), kind=kind)
    token = read_reply(OpenSSL(tmp_path, tsa).reply(algorithm, **settings))
    digest = MAKERS[algorithm](DATA).digest()
    found = verify_token(token, digest, tsa.pki.anchors, algorithm=algorithm, nonce=NONCE)
    assert (found.policy, found.algorithm, found.serial) == ("1.2.3.4", algorithm, 2)
    assert found.accuracy == timedelta(seconds=1, milliseconds=500, microseconds=100)
    assert abs(found.gen_time - datetime.now(UTC)) < timedelta(minutes=5)
    with pytest.raises(InputError):
        verify_token(token, digest, tsa.pki.anchors, algorithm=algorithm, nonce=NONCE + 1)


@needs_openssl
def test_a_refusal_of_openssl_is_told(tmp_path: Path) -> None:
    server = OpenSSL(tmp_path, TestTSA(TestPKI()))
    server.reply("SHA-256")
    request = make_request(sha256(DATA).digest(), nonce=1, policy="1.2.3.99")
    (tmp_path / "request").write_bytes(request)
    server.run("-reply", "-config", "tsa.cnf", "-queryfile", "request", "-out", "reply")
    with pytest.raises(TimestampRefused, match="unacceptedPolicy"):
        read_reply((tmp_path / "reply").read_bytes())


@needs_openssl
@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256])
def test_openssl_accepts_the_test_authority(tmp_path: Path, kind: KeyKind) -> None:
    tsa = TestTSA(TestPKI(), kind=kind)
    request = make_request(sha256(DATA).digest(), nonce=NONCE)
    server = OpenSSL(tmp_path, tsa)
    assert "Verification: OK" in server.verify(request, tsa.reply(request))
    other = make_request(sha256(DATA).digest(), nonce=NONCE + 1)
    assert "Verification: FAILED" in server.verify(other, tsa.reply(request))


@pytest.fixture
def client() -> Any:
    """An independent client of RFC 3161."""
    return pytest.importorskip("rfc3161_client", reason="rfc3161-client is not installed")


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256])
def test_an_independent_client_agrees(client: Any, kind: KeyKind) -> None:
    tsa = TestTSA(TestPKI(), kind=kind)
    request = client.TimestampRequestBuilder().data(DATA).build()
    reply = client.decode_timestamp_response(tsa.reply(request.as_bytes()))
    token = read_reply(reply.as_bytes())
    digest = MAKERS["SHA-512"](DATA).digest()
    found = verify_token(token, digest, tsa.pki.anchors, algorithm="SHA-512", nonce=request.nonce)
    assert _verifier(client, tsa, request.nonce).verify_message(reply, DATA)
    read = reply.tst_info
    assert (read.serial_number, read.nonce) == (found.serial, found.nonce)
    assert read.policy.dotted_string == found.policy
    # It leaves fractions of a second out.
    assert read.gen_time == found.gen_time.replace(microsecond=0)


def test_an_independent_client_refuses_another_nonce(client: Any) -> None:
    tsa = TestTSA(TestPKI())
    request = make_request(sha256(DATA).digest(), nonce=NONCE)
    reply = client.decode_timestamp_response(tsa.reply(request))
    assert _verifier(client, tsa, NONCE).verify_message(reply, DATA)
    with pytest.raises(client.VerificationError):
        _verifier(client, tsa, NONCE + 1).verify_message(reply, DATA)


def _verifier(client: Any, tsa: TestTSA, nonce: int) -> Any:
    builder = client.VerifierBuilder().nonce(nonce)
    builder = builder.add_root_certificate(_loaded(tsa.pki.root.certificate))
    for link in tsa.identity.chain[1:]:
        builder = builder.add_intermediate_certificate(_loaded(link))
    return builder.build()


def _loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)
