"""N-03: certificates of every form, to connect and to sign, end as the tables say."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from attrs import evolve, frozen
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lienthong.errors import LienthongError
from lienthong.pki import chain as chain_rules
from lienthong.testing.signer import MemorySigner
from lienthong_node.core.credentials import Credentials
from lienthong_node.local import LocalAxis
from lienthong_node.security_log import Event
from lienthong_node.settings import load_settings
from lienthong_proto.axis.v1 import admin_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.raw import Party, call
from tests.e2e.spoilt import in_process
from tests.e2e.test_certificates import WHO_AM_I
from tests.hostile.client_forms import CONNECTING, NOBODY
from tests.hostile.forms import Form, Made, root
from tests.hostile.metrics import GENEROUS, security_events
from tests.hostile.signer_forms import SIGNERS


@frozen
class Desk:
    """A running axis that trusts an authority of the test's own."""

    axis: LocalAxis
    top: Made
    a: Party
    operator: Party

    def register(self, made: Made, use: str, organ: str) -> str:
        """What registering is answered."""
        request = admin_pb2.RegisterCredentialRequest(
            organ_id=organ, certificate_der=made.der, use=use
        )
        answer = self.operator.ask("Admin/RegisterCredential", request)
        return "ok" if answer.ok else answer.code

    def revoke(self, made: Made) -> None:
        request = admin_pb2.RevokeCredentialRequest(fingerprint=made.fingerprint)
        assert self.operator.ask("Admin/RevokeCredential", request).ok

    def connect(self, made: Made, shown: tuple[bytes, ...]) -> str:
        """What a call with this client certificate is answered."""
        profile = self.a.profile
        key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem = "".join(map(ssl.DER_cert_to_PEM_cert, shown)).encode()
        ca = profile.transport.ca.read_bytes()
        credentials = grpc.ssl_channel_credentials(ca, key, pem)
        with grpc.secure_channel(profile.endpoint, credentials) as channel:
            answer = call(channel, WHO_AM_I, [b""])
        if answer.ok:
            assert C.encode() in answer.data[0]
            assert A.encode() not in answer.data[0]
            return "ok"
        return answer.code or NOBODY

    def sign(self, made: Made, shown: tuple[bytes, ...]) -> str:
        """What a package that is signed so is answered."""
        submission = self.a.submission(self.a.manifest(B))
        envelope = _signed(submission.envelope.payload, made, shown, self.a)
        submission.envelope.CopyFrom(envelope)
        [outcome] = self.a.submit(submission)
        return outcome.code if isinstance(outcome, LienthongError) else "ok"


def _signed(payload: bytes, made: Made, shown: tuple[bytes, ...], a: Party) -> Any:
    """An envelope; a key of which we make no signatures leaves A's under its certificate."""
    try:
        signer = MemorySigner(made.key, shown)
        return evolve(a, signer=signer).sealed(payload)
    except (LienthongError, TypeError, AttributeError, KeyError):
        envelope = a.sealed(payload)
        del envelope.signatures[0].chain[:]
        envelope.signatures[0].chain.extend(shown)
        return envelope


def _trusting(folder: Path, top: Made) -> LocalAxis:
    """An axis that trusts *top* for connections and signatures."""
    axis = LocalAxis.create(folder, NAMES, **GENEROUS)
    settings = load_settings(axis.data)
    pem = top.certificate.public_bytes(Encoding.PEM)
    for name in {settings.client_authorities, settings.signing_anchors}:
        path = axis.data / name
        path.write_bytes(path.read_bytes() + pem)
    return axis


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    top = root()
    axis = _trusting(tmp_path_factory.mktemp("forms"), top)
    with (
        axis.running(),
        Party.opened(axis.profile(A)) as a,
        Party.opened(axis.data / "operator") as operator,
    ):
        yield Desk(axis, top, a, operator)


def outcome(desk: Desk, form: Form, use: str) -> tuple[str, str]:
    """What registering and using a form are answered."""
    made = form.made(desk.top)
    organ = C if use == "transport" else A
    registered = desk.register(made, use, organ) if form.registered else ""
    if form.prepare == "revoke":
        desk.revoke(made)
    shown = form.chain(made)
    used = desk.connect(made, shown) if use == "transport" else desk.sign(made, shown)
    return registered, used


def disagreements(desk: Desk) -> list[str]:
    """Forms that do not end as the tables say."""
    found = []
    for use, forms in (("transport", CONNECTING), ("signing", SIGNERS)):
        for form in forms:
            got = outcome(desk, form, use)
            if got != (form.registered, form.used):
                found.append(f"{use}, {form.name}: {got}, expected {form.registered, form.used}")
    return found


def test_every_form_ends_as_its_table_says(desk: Desk, figure: Figure) -> None:
    count = len(CONNECTING) + len(SIGNERS)
    wrong = disagreements(desk)
    figure(
        "N-03",
        wanted=f"{count} forms of certificates (>= 60) accepted or refused as tabled",
        found=f"{count - len(wrong)} of {count}",
    )
    assert not wrong, "\n".join(wrong)
    assert count >= 60
    events = security_events(desk.axis)
    refused = {
        (line["event"], line["outcome"].split()[0])
        for line in events
        if line["event"] in {Event.CREDENTIAL_REFUSED.value, Event.SIGNATURE_REFUSED.value}
    }
    expected = {form.used for form in CONNECTING} - {"ok", NOBODY}
    assert {code for event, code in refused if event == Event.CREDENTIAL_REFUSED.value} >= expected
    expected = {form.used for form in SIGNERS if form.used.startswith("pki.")}
    assert {code for event, code in refused if event == Event.SIGNATURE_REFUSED.value} >= expected


def test_every_refusal_is_logged_with_its_reason(desk: Desk) -> None:
    """With who, which certificate and why.

    What TLS itself refuses never becomes a call, and gRPC tells the node nothing of it.
    """
    new = [form for form in SIGNERS if form.made(desk.top) is not desk.top]
    refused = [form for form in new if form.used.startswith("pki.")]
    for form in refused:
        made = form.made(desk.top)
        shown = form.chain(made)
        if not shown:
            continue
        before = len(security_events(desk.axis))
        assert desk.sign(made, shown) == form.used
        assert [
            line
            for line in security_events(desk.axis)[before:]
            if line["certificate"] == hashlib.sha256(shown[0]).hexdigest()
            and (line["outcome"], line["who"]) == (form.used, A)
        ], form.name
    assert len(refused) >= 20


# The check itself: an axis in this process whose code is spoilt.


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    top = root()
    axis = _trusting(tmp_path_factory.mktemp("spoilt"), top)
    with (
        in_process(axis),
        Party.opened(axis.profile(A)) as a,
        Party.opened(axis.data / "operator") as operator,
    ):
        yield Desk(axis, top, a, operator)


def _wrong_names(desk: Desk) -> set[str]:
    return {line.partition(":")[0] for line in disagreements(desk)}


@pytest.mark.planted("purpose of certificates not checked")
def test_an_unchecked_purpose_is_noticed(spoilt: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_rules, "_check_leaf", lambda *_: None)
    assert "signing, for time-stamping only" in _wrong_names(spoilt)


@pytest.mark.planted("credentials found by name")
def test_a_credential_of_any_certificate_is_noticed(
    spoilt: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a certificate of the right authority is somebody who is registered."""
    inner = Credentials.find

    def first(self: Credentials, fingerprint: str, use: Any, now: Any) -> Any:
        known = self.by_fingerprint.get(fingerprint)
        if known is None:
            fingerprint = next(c.fingerprint for c in self.of(C) if c.use is use)
        return inner(self, fingerprint, use, now)

    monkeypatch.setattr(Credentials, "find", first)
    assert "transport, unregistered" in _wrong_names(spoilt)
