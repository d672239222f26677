"""What plugins open: checked, shielded, bounded in time."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest

from lienthong.errors import KeyUnusable, NotSupported, PluginFailed, SecretMissing
from lienthong.model.signing import SignatureAlgorithm

NAMED = "toy of acme-toys 4.2"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("open_toy = lambda uri, secrets: 'key'", "answered str, expected Signer"),
        ("open_toy = lambda uri: ToySigner()", "TypeError"),
        ("def open_toy(uri, secrets): raise OSError('unplugged')", "OSError: unplugged"),
        ("def open_toy(uri, secrets): raise SystemExit", "SystemExit"),
        ("def open_toy(uri, secrets): time.sleep(3)", "no answer within 0.2 s"),
        ("ToySigner.algorithm = SignatureAlgorithm.RSA_PSS_SHA256", "it does not declare"),
        ("ToySigner.algorithm = 'ED25519'", "answered str, expected SignatureAlgorithm"),
    ],
)
def test_failing_factory_is_named(shelf: Any, make_host: Any, body: str, reason: str) -> None:
    shelf.signer(body)
    with pytest.raises(PluginFailed, match=f"{NAMED} failed at") as e:
        make_host(opening=0.2 if "sleep" in body else 10).open_signer("toy:slot")
    assert reason in str(e.value)


def test_error_of_the_contract_passes_unchanged(shelf: Any, make_host: Any) -> None:
    shelf.signer(
        """
        from lienthong.errors import KeyUnusable
        def open_toy(uri, secrets): raise KeyUnusable(key=uri, reason="no such slot")
        """
    )
    with pytest.raises(KeyUnusable, match="the key toy:slot cannot be used: no such slot"):
        make_host().open_signer("toy:slot")


def test_undeclared_algorithm_is_not_supported(shelf: Any, make_host: Any) -> None:
    shelf.signer("def open_toy(uri, secrets): raise AssertionError('opened')")
    with pytest.raises(NotSupported, match="toy does not support ECDSA_P256_SHA256"):
        make_host().open_signer("toy:", algorithm=SignatureAlgorithm.ECDSA_P256_SHA256)


def test_key_of_another_algorithm_is_closed_and_refused(shelf: Any, make_host: Any) -> None:
    shelf.signer("CAPABILITIES = SignerCapabilities(algorithms=set(SignatureAlgorithm))")
    with pytest.raises(NotSupported, match="RSA_PSS_SHA256"):
        make_host().open_signer("toy:", algorithm=SignatureAlgorithm.RSA_PSS_SHA256)


def test_wanted_algorithm_is_opened(shelf: Any, make_host: Any) -> None:
    shelf.signer()
    signer = make_host().open_signer("toy:", algorithm=SignatureAlgorithm.ED25519)
    assert signer.algorithm is SignatureAlgorithm.ED25519


@pytest.mark.parametrize("in_process", [False, True])
@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("raise OSError('unplugged')", "OSError: unplugged"),
        ("raise SystemExit(9)", "SystemExit: 9"),
        ("return 'text'", "it answered str, expected bytes"),
        ("return None", "it answered NoneType, expected bytes"),
        ("raise StopIteration", "StopIteration"),
    ],
)
def test_failing_call_is_named(
    shelf: Any, make_host: Any, sign: str, reason: str, in_process: bool
) -> None:
    shelf.signer(
        f"""
        CAPABILITIES = SignerCapabilities(
            algorithms=set(SignatureAlgorithm), in_process={in_process}
        )
        def sign(self, message): {sign}
        ToySigner.sign = sign
        """
    )
    signer = make_host().open_signer("toy:")
    with pytest.raises(PluginFailed, match=f"plugin {NAMED} failed at sign: ") as e:
        signer.sign(b"m")
    assert reason in str(e.value)
    assert "toy" in repr(signer)


@pytest.mark.parametrize("confirmed", [False, True])
def test_signature_that_a_person_confirms_may_take_longer(
    shelf: Any, make_host: Any, confirmed: bool
) -> None:
    shelf.signer(
        f"""
        CAPABILITIES = SignerCapabilities(
            algorithms=set(SignatureAlgorithm), confirmed={confirmed}
        )
        ToySigner.sign = lambda self, message: time.sleep(0.5) or b"signed"
        """
    )
    signer = make_host(call=0.2).open_signer("toy:")
    if confirmed:
        assert signer.sign(b"") == b"signed"
    else:
        with pytest.raises(PluginFailed, match=r"no answer within 0\.2 s"):
            signer.sign(b"")


def test_call_without_deadline_runs_on_the_callers_thread(shelf: Any, make_host: Any) -> None:
    threads = []
    for in_process in (True, False):
        shelf.signer(
            f"""
            CAPABILITIES = SignerCapabilities(
                algorithms=set(SignatureAlgorithm), in_process={in_process}
            )
            ToySigner.sign = lambda self, message: str(threading.get_ident()).encode()
            """,
            name=f"toy{int(in_process)}",
        )
        threads.append(make_host().open_signer(f"toy{int(in_process)}:").sign(b""))
    here = str(threading.get_ident()).encode()
    assert threads[0] == here != threads[1]


def test_ctrl_c_is_never_taken_for_the_plugins_failure(shelf: Any, make_host: Any) -> None:
    shelf.signer(
        """
        CAPABILITIES = SignerCapabilities(algorithms=set(SignatureAlgorithm), in_process=True)
        def sign(self, message): raise KeyboardInterrupt
        ToySigner.sign = sign
        """
    )
    signer = make_host().open_signer("toy:")
    with pytest.raises(KeyboardInterrupt):
        signer.sign(b"m")


HANGING = """
gate = threading.Event()
def sign(self, message):
    gate.wait(10)
    return b"late"
ToySigner.sign = sign
"""


def test_hanging_call_is_cut_off_and_others_go_on(shelf: Any, make_host: Any) -> None:
    shelf.signer(HANGING)
    signer = make_host(call=0.5).open_signer("toy:")
    with pytest.raises(PluginFailed, match=r"failed at sign: no answer within 0\.5 s"):
        signer.sign(b"m")
    assert signer.public_key == b"key"


def test_plugin_with_too_many_hanging_calls_is_left_alone_until_one_ends(
    shelf: Any, make_host: Any
) -> None:
    module = shelf.signer(HANGING)
    signer = make_host(call=0.05).open_signer("toy:")
    for _ in range(4):
        with pytest.raises(PluginFailed, match="no answer"):
            signer.sign(b"m")
    with pytest.raises(PluginFailed, match="4 earlier calls have not come back"):
        signer.sign(b"m")
    sys.modules[module].gate.set()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            assert signer.sign(b"m") == b"late"
        except PluginFailed:
            time.sleep(0.01)
        else:
            return
    pytest.fail("the plugin was not taken up again")


def test_signer_that_is_opened_too_late_is_closed(shelf: Any, make_host: Any) -> None:
    module = shelf.signer(
        "def open_toy(uri, secrets):\n    time.sleep(0.3)\n    return ToySigner()"
    )
    with pytest.raises(PluginFailed, match="no answer"):
        make_host(opening=0.05).open_signer("toy:")
    end = time.monotonic() + 5
    toy = sys.modules[module].ToySigner
    while toy.closed == 0 and time.monotonic() < end:
        time.sleep(0.01)
    assert toy.closed == 1


def test_many_threads_share_one_signer(shelf: Any, make_host: Any) -> None:
    shelf.signer("CAPABILITIES = SignerCapabilities(algorithms=set(SignatureAlgorithm))")
    signer = make_host().open_signer("toy:")
    answers: list[bytes] = []

    def work(number: int) -> None:
        answers.extend(signer.sign(f"{number}.{i}".encode()) for i in range(20))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(
        f"signed {n}.{i}".encode() for n in range(8) for i in range(20)
    )


ASKING = """
def open_toy(uri, secrets):
    signer = ToySigner()
    signer.sign = lambda message: secret.encode()
    secret = secrets("PIN of slot 1")
    return signer
"""


def test_secret_is_asked_on_the_callers_thread_without_hurry(shelf: Any, make_host: Any) -> None:
    shelf.signer(ASKING)
    asked = []

    def secrets(name: str) -> str:
        asked.append((name, threading.get_ident()))
        time.sleep(0.8)
        return "1234"

    signer = make_host(opening=0.5).open_signer("toy:", secrets)
    assert signer.sign(b"") == b"1234"
    assert asked == [("PIN of slot 1", threading.get_ident())]


def test_refused_secret_reaches_the_caller_as_it_was(shelf: Any, make_host: Any) -> None:
    shelf.signer(ASKING)

    class Aborted(Exception):
        pass

    def secrets(name: str) -> str:
        raise Aborted(name)

    with pytest.raises(Aborted, match="PIN of slot 1"):
        make_host().open_signer("toy:", secrets)


def test_program_without_secrets_says_so(shelf: Any, make_host: Any) -> None:
    shelf.signer(ASKING)
    with pytest.raises(SecretMissing, match="nobody can be asked here for the PIN of slot 1"):
        make_host().open_signer("toy:")


def test_secret_is_given_once_only(shelf: Any, make_host: Any) -> None:
    shelf.signer(
        """
        def open_toy(uri, secrets):
            secrets("PIN")
            secrets("PIN")
        """
    )
    asked: list[str] = []

    def secrets(name: str) -> str:
        asked.append(name)
        return "0000"

    with pytest.raises(PluginFailed, match="asked for the secret 'PIN' twice"):
        make_host().open_signer("toy:", secrets)
    assert asked == ["PIN"]


@pytest.mark.parametrize(
    "raising",
    [
        "raise ValueError('wrong PIN ' + pin)",
        "try: int(pin)\n    except ValueError as error: raise OSError('login') from error",
    ],
)
def test_secret_never_shows_in_an_error(shelf: Any, make_host: Any, raising: str) -> None:
    shelf.signer(f"def open_toy(uri, secrets):\n    pin = secrets('PIN')\n    {raising}")
    with pytest.raises(PluginFailed, match="an error that shows a secret") as e:
        make_host().open_signer("toy:", lambda _: "s3cr3t-pin")
    shown = [e.value, e.value.__cause__]
    assert "s3cr3t-pin" not in "".join(map(repr, shown))
    assert e.value.__cause__ is None


def test_secret_asked_for_after_the_deadline_is_not_given(shelf: Any, make_host: Any) -> None:
    module = shelf.signer(
        """
        outcome = []
        def open_toy(uri, secrets):
            time.sleep(0.3)
            try:
                outcome.append(secrets("PIN"))
            except Exception as error:
                outcome.append(type(error).__name__)
        """
    )
    with pytest.raises(PluginFailed, match="no answer"):
        make_host(opening=0.05).open_signer("toy:", lambda _: "1234")
    outcome = sys.modules[module].outcome
    end = time.monotonic() + 5
    while not outcome and time.monotonic() < end:
        time.sleep(0.01)
    assert outcome == ["GivenUp"]
