"""Keys whose owner confirms each signature on a telephone."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from lienthong.errors import Closed, KeyUnreachable, KeyUnusable, LienthongError
from lienthong.pki.algorithms import verify
from lienthong.plugins import PluginHost
from lienthong.testing.pki import TestPKI
from lienthong_signer_csc import open_signer, service
from lienthong_signer_csc import signer as signer_module
from lienthong_signer_csc.credential import FactorKind
from lienthong_signer_csc.deadline import Deadline
from lienthong_signer_csc.signer import RemoteSigner
from lienthong_signer_csc.testing import OTP, PIN, Asks, Phone, RemoteService, Reply

PKI = TestPKI()
OFFICE = PKI.organisation("H53.01")
Serve = Callable[..., RemoteService]
ON_PHONE = {"mobile": FactorKind.CONFIRMED_ON_DEVICE}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "POLL_S", 0.01)


def called(
    serve: Serve, phone: Phone, asks: Asks = Asks.WHILE_AUTHORIZING, **changes: Any
) -> RemoteService:
    """A service that calls the owner's telephone."""
    running = serve(OFFICE, **changes)
    running.phone, running.asks = phone, asks
    return running


@pytest.fixture(params=list(Asks), ids=lambda asks: str(asks.name))
def confirmed(serve: Serve, request: pytest.FixtureRequest) -> Serve:
    """Start a service that asks in one of the ways; the telephone is to be given."""

    def start(phone: Phone, **changes: Any) -> RemoteService:
        kinds = changes.pop("kinds", ON_PHONE)
        running = called(serve, phone, request.param, **({"factors": {"mobile": ""}} | changes))
        running.kinds |= kinds
        return running

    return start


def methods(running: RemoteService) -> list[str]:
    return [method for method, _ in running.calls]


def opened(running: RemoteService) -> RemoteSigner:
    return open_signer(running.uri, running.secrets)


def check_signs(signer: RemoteSigner, message: bytes = b"text") -> None:
    verify(signer.algorithm, signer.public_key, message, signer.sign(message))


def test_signature_comes_when_the_owner_has_confirmed(confirmed: Serve) -> None:
    running = confirmed(Phone(None, None, None, True))
    check_signs(opened(running))


def test_owner_is_asked_for_each_signature_and_sees_what_for(confirmed: Serve) -> None:
    """Not for a hundred signatures beforehand, although the service would allow three."""
    running = confirmed(Phone(True))
    signer = opened(running)
    assert "credentials/authorize" not in methods(running), "asked at opening"
    check_signs(signer, b"one")
    check_signs(signer, b"two")
    asked = [body for method, body in running.calls if method == "credentials/authorize"]
    signed = [body for method, body in running.calls if method == "signatures/signHash"]
    assert [body["numSignatures"] for body in asked] == [1, 1]
    assert [body["hashes"] for body in asked] == [body["hashes"] for body in signed]


def test_refusal_is_final_for_this_signature_only(confirmed: Serve) -> None:
    running = confirmed(Phone(None, False))
    signer = opened(running)
    with pytest.raises(KeyUnusable, match="'access_denied': 'the user has refused'"):
        signer.sign(b"text")
    running.phone = Phone(True)
    check_signs(signer, b"another")


def test_confirmation_that_never_comes_ends_at_the_deadline(
    confirmed: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = confirmed(Phone(None))
    signer = opened(running)
    monkeypatch.setattr(signer_module, "CONFIRM_S", 1.0)
    with pytest.raises(KeyUnreachable, match="in time"):
        signer.sign(b"text")


def test_confirmation_after_the_deadline_gives_no_signature(
    confirmed: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was confirmed too late is not used for what comes next either."""
    running = confirmed(Phone(None))
    signer = opened(running)
    monkeypatch.setattr(signer_module, "CONFIRM_S", 1.0)
    with pytest.raises(KeyUnreachable, match="in time"):
        signer.sign(b"text")
    monkeypatch.setattr(signer_module, "CONFIRM_S", 60.0)
    running.phone = Phone(True)
    running.calls.clear()
    check_signs(signer, b"another")
    # The last question about the first one may arrive only now.
    assert "credentials/authorize" in methods(running)


def check_one_deadline_counts(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authorizing used all of the time: nothing is sent to be signed any more."""
    running = serve(OFFICE, factors={"PIN": PIN}, scal="2")
    signer = opened(running)
    monkeypatch.setattr(signer_module, "SIGN_S", 1.0)

    def slow(_: dict[str, Any]) -> None:
        running._over.wait(1.5)

    running.instead["credentials/authorize"] = slow
    with pytest.raises(KeyUnreachable, match="did not answer in time"):
        signer.sign(b"text")
    assert "signatures/signHash" not in methods(running)


def test_one_deadline_counts_for_the_whole_signature(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_one_deadline_counts(serve, monkeypatch)


@pytest.mark.planted("each request to a signing service has the whole time")
def test_deadlines_that_begin_anew_would_be_noticed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadline, "left", property(lambda _: 60.0))
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        check_one_deadline_counts(serve, monkeypatch)


def test_waiting_for_another_thread_counts(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    running = called(serve, Phone(None))
    signer = opened(running)
    first = threading.Thread(target=lambda: suppressed(signer, b"first"))
    first.start()
    while "credentials/authorize" not in methods(running):
        threading.Event().wait(0.01)
    monkeypatch.setattr(signer_module, "CONFIRM_S", 0.2)
    with pytest.raises(KeyUnreachable, match="other signatures took all the time"):
        signer.sign(b"second")
    signer.close()
    running.phone = Phone(False)
    first.join()
    with pytest.raises(Closed):
        signer.sign(b"third")


def suppressed(signer: RemoteSigner, message: bytes) -> None:
    with suppress(LienthongError):
        signer.sign(message)


def reply(values: object, status: int = 200) -> Callable[[dict[str, Any]], Reply]:
    return lambda _: (status, "application/json", json.dumps(values).encode())


GARBAGE: dict[str, Callable[[dict[str, Any]], Reply]] = {
    "nothing": reply({}),
    "a list": reply([]),
    "wrong types": reply({"SAD": 1, "signatures": 1, "handle": 1}),
    "no handle to go on": reply({"handle": None}, 202),
    "no JSON": lambda _: (200, "application/json", b"{"),
    "pending without JSON": lambda _: (202, "text/html", b"<html>"),
    "nothing at all": lambda _: (204, "", b""),
    "two signatures": reply({"signatures": ["AAAA", "AAAA"]}),
    "broken": reply({}, 500),
    "busy": reply({"error": "busy"}, 429),
}


@pytest.mark.parametrize("name", GARBAGE)
@pytest.mark.parametrize(
    ("asks", "method"),
    [
        (Asks.AFTER_AUTHORIZING, "credentials/authorizeCheck"),
        (Asks.WHEN_SIGNING, "signatures/signPolling"),
    ],
)
def test_answers_that_are_none_are_typed_errors(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, asks: Asks, method: str, name: str
) -> None:
    running = called(serve, Phone(True), asks)
    signer = opened(running)
    monkeypatch.setattr(signer_module, "CONFIRM_S", 1.0)
    running.instead[method] = GARBAGE[name]
    with pytest.raises(KeyUnreachable):
        signer.sign(b"text")
    running.instead.clear()
    monkeypatch.setattr(signer_module, "CONFIRM_S", 60.0)
    check_signs(signer)


@pytest.mark.parametrize("order", [None, 5, "", "of somebody else"])
def test_number_of_an_order_that_is_none_is_a_typed_error(serve: Serve, order: object) -> None:
    running = called(serve, Phone(True), Asks.WHEN_SIGNING)
    running.instead["signatures/signHash"] = reply({"responseID": order})
    with pytest.raises((KeyUnreachable, KeyUnusable)):
        opened(running).sign(b"text")


def test_signature_of_another_order_is_not_believed(serve: Serve) -> None:
    running = called(serve, Phone(True), Asks.WHEN_SIGNING)
    signer = opened(running)
    signer.sign(b"another")
    _, first = next(call for call in running.calls if call[0] == "signatures/signHash")
    made = OFFICE.signer().sign(b"another")
    assert first["operationMode"] == "A"
    assert 0 < first["validity_period"] <= signer_module.CONFIRM_S * 1000
    running.instead["signatures/signPolling"] = reply({"signatures": [b64encode(made).decode()]})
    with pytest.raises(KeyUnusable, match="does not fit the certificate"):
        signer.sign(b"text")


def test_poll_without_an_answer_is_repeated(serve: Serve) -> None:
    """A short failure of the network loses no signature that is confirmed already."""
    running = called(serve, Phone(True), Asks.WHEN_SIGNING)
    signer = opened(running)
    failures = [(500, "text/plain", b"")]
    running.instead["signatures/signPolling"] = lambda _: failures.pop() if failures else None
    check_signs(signer)
    assert methods(running).count("signatures/signHash") == 1


@pytest.mark.parametrize("answer", [reply({}, 404), reply({"asynchronousOperationMode": False})])
def test_service_that_does_not_tell_signs_while_one_waits(
    serve: Serve, answer: Callable[[dict[str, Any]], Reply]
) -> None:
    running = called(serve, Phone(True))
    running.instead["info"] = answer
    check_signs(opened(running))
    assert [b["operationMode"] for m, b in running.calls if m == "signatures/signHash"] == ["S"]


def test_pin_is_told_and_confirmed_as_well(confirmed: Serve) -> None:
    kinds = {"mobile": FactorKind.CONFIRMED_ON_DEVICE, "PIN2": FactorKind.PASSWORD_ON_DEVICE}
    running = confirmed(
        Phone(None, True), factors={"PIN": PIN, "mobile": "", "PIN2": ""}, kinds=kinds
    )
    check_signs(opened(running))
    proofs = [b["authData"] for m, b in running.calls if m == "credentials/authorize"]
    assert proofs == [[{"id": "PIN", "value": PIN}, {"id": "mobile"}, {"id": "PIN2"}]]


def test_code_is_sent_before_it_is_asked_for(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN, "OTP": OTP})
    running.kinds["OTP"] = FactorKind.SENT
    sent: list[bool] = []

    def secrets(name: str) -> str:
        if name.startswith("OTP"):
            sent.append("credentials/getChallenge" in methods(running))
        return running.secrets(name)

    signer = open_signer(running.uri, secrets)
    assert sent == [True]
    check_signs(signer)
    for _ in range(running.multisign - 1):
        check_signs(signer)
    with pytest.raises(KeyUnusable, match="one-time password is used up"):
        signer.sign(b"text")


def test_question_that_somebody_has_to_compute_is_refused(serve: Serve) -> None:
    running = serve(OFFICE, factors={"OTP": OTP})
    running.kinds["OTP"] = FactorKind.SENT
    running.instead["credentials/getChallenge"] = reply({"challenge": "9 × 7?"})
    with pytest.raises(KeyUnusable, match="the answer to a question"):
        opened(running)


def test_plugin_host_waits_for_the_owner(confirmed: Serve) -> None:
    running = confirmed(Phone(None, None, True))
    with PluginHost() as host:
        signer = host.open_signer(running.uri, running.secrets)
        verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))
        signer.close()
