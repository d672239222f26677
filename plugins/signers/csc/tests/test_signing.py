"""Signing with a remote key: authorizations, passwords, tokens."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from lienthong.errors import Closed, InvalidValue, KeyUnreachable, KeyUnusable, LienthongError
from lienthong.model.signing import MANIFEST_TYPE, SignatureAlgorithm
from lienthong.pki.algorithms import verify
from lienthong.pki.envelope import sign_envelope, verify_envelope
from lienthong.plugins import PluginHost
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_signer_csc import access, lienthong_signer_factory, open_signer, service
from lienthong_signer_csc.signer import RemoteSigner
from lienthong_signer_csc.testing import CLIENT, CLIENT_SECRET, OTP, PIN, TOKEN, RemoteService

PKI = TestPKI()
OFFICE = PKI.organisation("H53.01")
Serve = Callable[..., RemoteService]


class Secrets:
    """Answers as the service expects it, but for some names; remembers the questions."""

    def __init__(self, running: RemoteService, **others: str) -> None:
        self._running = running
        self._others = others
        self.asked: list[str] = []

    def __call__(self, name: str) -> str:
        self.asked.append(name)
        return self._others.get(name.split(maxsplit=1)[0], self._running.secrets(name))


def methods(running: RemoteService) -> list[str]:
    return [method for method, _ in running.calls]


def check_signs(signer: RemoteSigner, times: int = 1) -> None:
    for number in range(times):
        message = b"text %d" % number
        verify(signer.algorithm, signer.public_key, message, signer.sign(message))


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384, KeyKind.RSA2048])
def test_a_remote_key_signs_envelopes(serve: Serve, kind: KeyKind) -> None:
    identity = PKI.organisation("H53.01", kind)
    signer = open_signer((running := serve(identity)).uri, running.secrets)
    assert signer.chain == identity.chain
    envelope = sign_envelope(signer, MANIFEST_TYPE, b"payload")
    assert verify_envelope(envelope, PKI.anchors, PKI.now).fingerprint == identity.fingerprint


def test_the_root_and_the_order_of_the_services_list_do_not_matter(serve: Serve) -> None:
    chain = (*OFFICE.chain, PKI.root.certificate)
    running = serve(OFFICE, chain=chain)
    assert open_signer(running.uri, running.secrets).chain == OFFICE.chain


def test_an_authorization_is_used_for_as_many_signatures_as_it_allows(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN}, multisign=3)
    secrets = Secrets(running)
    signer = open_signer(running.uri, secrets)
    check_signs(signer, 7)
    assert methods(running).count("credentials/authorize") == 3
    assert methods(running).count("signatures/signHash") == 7
    assert len(secrets.asked) == 2


def test_an_authorization_that_has_expired_is_not_used(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN}, expires=access.MARGIN_S)
    check_signs(open_signer(running.uri, running.secrets), 2)
    assert methods(running).count("credentials/authorize") == 3


def test_an_authorization_is_bound_to_the_digest_where_the_service_wants_it(serve: Serve) -> None:
    running = serve(OFFICE, scal="2", factors={"PIN": PIN}, multisign=10)
    check_signs(open_signer(running.uri, running.secrets), 2)
    calls = [body for method, body in running.calls if method == "credentials/authorize"]
    signed = [body for method, body in running.calls if method == "signatures/signHash"]
    assert [body["hashes"] for body in calls] == [body["hashes"] for body in signed]
    assert {body["numSignatures"] for body in calls} == {1}


def check_a_wrong_password_is_told_once(running: RemoteService, name: str) -> None:
    secrets = Secrets(running, **{name: "000000"})
    with pytest.raises(KeyUnusable, match="the service refuses credentials/authorize"):
        open_signer(running.uri, secrets)
    assert methods(running).count("credentials/authorize") == 1, "the password was told again"
    assert sum(question.startswith(name) for question in secrets.asked) == 1


@pytest.mark.parametrize("name", ["PIN", "OTP"])
def test_a_wrong_password_is_told_once(serve: Serve, name: str) -> None:
    running = serve(OFFICE, factors={"PIN": PIN, "OTP": OTP})
    check_a_wrong_password_is_told_once(running, name)


@pytest.mark.parametrize("name", ["PIN", "OTP"])
def test_a_wrong_password_shows_at_the_first_signature_that_it_is_bound_to(
    serve: Serve, name: str
) -> None:
    running = serve(OFFICE, factors={"PIN": PIN, "OTP": OTP}, scal="2")
    signer = open_signer(running.uri, Secrets(running, **{name: "000000"}))
    with pytest.raises(KeyUnusable, match="the service refuses credentials/authorize"):
        signer.sign(b"text")
    for _ in range(3):
        with pytest.raises(KeyUnusable, match="not told again; open the key again"):
            signer.sign(b"text")
    assert methods(running).count("credentials/authorize") == 1


def test_a_password_that_got_no_answer_is_not_told_again(serve: Serve) -> None:
    """Nobody knows whether it was counted as a wrong one."""
    running = serve(OFFICE, factors={"PIN": PIN}, scal="2")
    signer = open_signer(running.uri, Secrets(running, PIN="000000"))
    running.instead["credentials/authorize"] = lambda _: (500, "text/plain", b"")
    with pytest.raises(KeyUnreachable):
        signer.sign(b"text")
    running.instead.clear()
    with pytest.raises(KeyUnusable, match="nobody knows whether the password is right"):
        signer.sign(b"text")
    assert methods(running).count("credentials/authorize") == 1


def test_a_password_that_was_right_once_is_told_again_after_a_failure(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN}, scal="2")
    signer = open_signer(running.uri, running.secrets)
    check_signs(signer)
    running.instead["credentials/authorize"] = lambda _: (500, "text/plain", b"")
    with pytest.raises(KeyUnreachable):
        signer.sign(b"text")
    running.instead.clear()
    check_signs(signer)


@pytest.mark.planted("wrong one-time password told again")
def test_telling_it_again_would_be_noticed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    authorize = service.Service.authorize

    def stubborn(*arguments: Any, **named: Any) -> Any:
        try:
            return authorize(*arguments, **named)
        except KeyUnusable:
            return authorize(*arguments, **named)

    monkeypatch.setattr(service.Service, "authorize", stubborn)
    running = serve(OFFICE, factors={"OTP": OTP})
    with pytest.raises(AssertionError, match="told again"):
        check_a_wrong_password_is_told_once(running, "OTP")


def test_a_one_time_password_is_good_for_one_authorization(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN, "OTP": OTP}, multisign=2)
    signer = open_signer(running.uri, running.secrets)
    check_signs(signer, 2)
    with pytest.raises(KeyUnusable, match="one-time password is used up; open the key again"):
        signer.sign(b"text")
    assert methods(running).count("credentials/authorize") == 1


def test_a_token_is_fetched_for_a_client_and_again_when_it_expires(serve: Serve) -> None:
    running = serve(OFFICE)
    signer = open_signer(f"{running.uri}&client={CLIENT}", running.secrets)
    check_signs(signer, 2)
    assert methods(running).count("oauth2/token") == 1
    running.expires = 0
    running.calls.clear()
    check_signs(open_signer(f"{running.uri}&client={CLIENT}", running.secrets))
    assert methods(running).count("oauth2/token") == 4


def test_a_token_that_was_withdrawn_is_fetched_again(serve: Serve) -> None:
    running = serve(OFFICE)
    signer = open_signer(f"{running.uri}&client={CLIENT}", running.secrets)
    body = b'{"error": "invalid_token"}'
    running.instead["credentials/authorize"] = lambda _: (401, "application/json", body)
    with pytest.raises(KeyUnusable, match="invalid_token"):
        signer.sign(b"text")
    running.instead.clear()
    check_signs(signer)
    assert methods(running).count("oauth2/token") == 2


def withdraw(running: RemoteService) -> None:
    """Have the service no longer know its access tokens, as after a restart."""
    body = b'{"error": "invalid_token"}'
    running.instead["credentials/authorize"] = lambda _: (401, "application/json", body)


def test_a_token_that_was_withdrawn_costs_no_password_that_was_right(serve: Serve) -> None:
    """A program that signs at night has nobody to open the key again."""
    running = serve(OFFICE, factors={"PIN": PIN}, scal="2")
    signer = open_signer(f"{running.uri}&client={CLIENT}", running.secrets)
    check_signs(signer)
    withdraw(running)
    with pytest.raises(KeyUnusable, match="invalid_token"):
        signer.sign(b"text")
    running.instead.clear()
    check_signs(signer)


def test_a_password_that_was_never_right_is_not_told_again_with_another_token(
    serve: Serve,
) -> None:
    running = serve(OFFICE, factors={"PIN": PIN}, scal="2")
    signer = open_signer(f"{running.uri}&client={CLIENT}", running.secrets)
    withdraw(running)
    for _ in range(2):
        with pytest.raises(KeyUnusable):
            signer.sign(b"text")
    assert methods(running).count("credentials/authorize") == 1


@pytest.mark.parametrize("secret", ["", "wrong", "mật khẩu", "a\r\nX-Other: 1"])
@pytest.mark.parametrize("client", ["", f"&client={CLIENT}"])
def test_an_unknown_caller_is_refused(serve: Serve, secret: str, client: str) -> None:
    running = serve(OFFICE)
    with pytest.raises(KeyUnusable):
        open_signer(f"{running.uri}{client}", lambda _: secret)
    assert methods(running).count("oauth2/token") <= 1


def test_of_several_credentials_one_must_be_named(serve: Serve) -> None:
    running = serve(OFFICE)
    body = b'{"credentialIDs": ["one", "two\\u001b[31m"]}'
    running.instead["credentials/list"] = lambda _: (200, "application/json", body)
    with pytest.raises(KeyUnusable, match=r"2 credentials, name one: 'one', 'two\\x1b\[31m'"):
        open_signer(running.base, running.secrets)


@pytest.mark.parametrize("name", ["", "x" * 256, "\u202eone"])
def test_a_name_that_cannot_be_shown_is_no_credential(serve: Serve, name: str) -> None:
    running = serve(OFFICE)
    body = json.dumps({"credentialIDs": [name]}).encode()
    running.instead["credentials/list"] = lambda _: (200, "application/json", body)
    with pytest.raises(KeyUnreachable, match="name of the credential"):
        open_signer(running.base, running.secrets)


def test_a_closed_signer_signs_nothing(serve: Serve) -> None:
    running = serve(OFFICE)
    signer = open_signer(running.uri, running.secrets)
    signer.close()
    signer.close()
    with pytest.raises(Closed):
        signer.sign(b"text")
    with pytest.raises(InvalidValue):
        signer.sign("text")  # type: ignore[arg-type]


def test_no_secret_shows_in_pictures_or_errors(serve: Serve) -> None:
    """Not even when the service repeats it."""
    running = serve(OFFICE, factors={"PIN": PIN})
    signer = open_signer(running.uri, running.secrets)
    shown = [repr(signer), repr(vars(signer)), str(vars(signer)["_leave"])]
    wrong = "wrong-pin-1187"
    for secrets in (Secrets(running, PIN=wrong), lambda _: "wrong-token-3391"):
        with pytest.raises(LienthongError) as caught:
            open_signer(running.uri, secrets)
        shown += ["".join(traceback.format_exception(caught.value)), repr(caught.value.facts)]
    running.instead["signatures/signHash"] = lambda body: (
        400,
        "application/json",
        f'{{"error": "no", "error_description": "{TOKEN} {body["SAD"]}"}}'.encode(),
    )
    with pytest.raises(KeyUnusable) as refused:
        signer.sign(b"text")
    shown += ["".join(traceback.format_exception(refused.value))]
    sads = [body["SAD"] for method, body in running.calls if method == "signatures/signHash"]
    for secret in (PIN, TOKEN, CLIENT_SECRET, wrong, *sads):
        assert not any(secret in text for text in shown), secret


def test_a_secret_in_another_one_does_not_show_the_rest(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": TOKEN[:8]})
    told = json.dumps({"error": "no", "error_description": f"of {TOKEN}"}).encode()
    running.instead["credentials/authorize"] = lambda _: (400, "application/json", told)
    with pytest.raises(KeyUnusable, match="'of …'"):
        open_signer(running.uri, running.secrets)


def test_the_plugin_host_opens_and_shields_a_key(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN})
    with PluginHost() as host:
        wanted = SignatureAlgorithm.ECDSA_P256_SHA256
        signer = host.open_signer(running.uri, running.secrets, algorithm=wanted)
        verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))
        signer.close()


def test_the_module_offers_its_scheme_only() -> None:
    assert lienthong_signer_factory("csc") is open_signer
    assert lienthong_signer_factory("softkey") is None
