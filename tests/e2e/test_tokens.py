"""Keys on tokens in a real life: the axis's checkpoint key, and an organisation's signing key."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from grpc_health.v1 import health_pb2, health_pb2_grpc

from lienthong.client import Client, Profile, RetryPolicy
from lienthong.errors import KeyUnreachable, KeyUnusable, SigningStopped
from lienthong.model.ids import PackageId
from lienthong.pki.certificate import load_pem_chain
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_node.local import LocalAxis
from lienthong_node.opening import PASSPHRASE_FILE
from lienthong_node.server import HEALTH_SERVICE
from tests.conftest import Figure
from tests.e2e.commands import asked
from tests.e2e.conftest import NAMES, A, B, MakeDocument, package_of
from tests.e2e.raw import Party

pkcs11 = pytest.importorskip(
    "lienthong_signer_pkcs11.testing", reason="the plugin lienthong-signer-pkcs11 is not installed"
)

TOKEN: Final = "HSM của trục"
SECONDS: Final = 60.0
"""After that, somebody hangs."""

AT_ONCE: Final = RetryPolicy(attempts=1)


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tokens that this process and the node reach, with the PIN in the node's file."""
    if reason := pkcs11.soft_hsm_missing():
        pytest.skip(reason)
    made = pkcs11.SoftHSM.create(tmp_path / "hsm")
    pin = tmp_path / "pin"
    pin.write_text(pkcs11.PIN)
    monkeypatch.setenv(pkcs11.CONFIGURATION, str(made.configuration))
    monkeypatch.setenv(PASSPHRASE_FILE, str(pin))
    return made


@pytest.fixture
def axis(hsm: Any, tmp_path: Path) -> Iterator[LocalAxis]:
    """A running axis whose checkpoint key is on a token."""
    hsm.put(TOKEN, TestPKI().organisation("axis", KeyKind.ED25519).key, label="checkpoints")
    made = LocalAxis.create(
        tmp_path / "axis",
        {A: NAMES[A], B: NAMES[B]},
        checkpoint_key=hsm.uri(TOKEN, "checkpoints"),
        disk_reserve_bytes=0,
    )
    assert not (made.data / "keys/checkpoint.key").exists()
    with made.running():
        yield made


def move_to_token(hsm: Any, profile: Path) -> None:
    """Move the signing key of a profile from its file to a token."""
    key = load_pem_private_key((profile / "signing.key").read_bytes(), None)
    hsm.put("văn thư", key, load_pem_chain((profile / "signing.pem").read_bytes()), label="sign")
    (profile / "signing.key").unlink()
    text = (profile / "profile.toml").read_text("utf-8")
    address = hsm.uri("văn thư", "sign")
    changed = text.replace("softkey:signing.key?cert=signing.pem", address)
    (profile / "profile.toml").write_text(changed, "utf-8")


def fed(client: Client) -> list[PackageId]:
    """What the feed brings."""
    return [item.manifest.package_id for item in client.feed() if item.manifest is not None]


def waited_for(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + SECONDS
    while not holds() and time.monotonic() < ends:
        time.sleep(0.1)
    return holds()


def test_an_axis_and_an_organisation_sign_with_tokens(
    axis: LocalAxis, hsm: Any, document: MakeDocument, pdf: Path
) -> None:
    move_to_token(hsm, axis.profile(A))
    names: list[str] = []

    def ask(name: str) -> str:
        names.append(name)
        return str(pkcs11.PIN)

    with Client(Profile.load(axis.profile(A)), secrets=ask) as sender:
        sent = [package_of(sender.send(document(), [pdf], [B])) for _ in range(2)]
    assert len(names) == 1
    assert "văn thư" in names[0]
    with Client(Profile.load(axis.profile(B))) as receiver:
        assert fed(receiver) == sent
    log = axis.log.read_text("utf-8")
    assert "lies in a file" not in log
    assert asked("status", axis.data)["checkpoint_key_in_file"] is False
    assert pkcs11.PIN not in log


def test_a_sender_with_a_wrong_pin_sends_nothing(
    axis: LocalAxis, hsm: Any, document: MakeDocument, pdf: Path
) -> None:
    move_to_token(hsm, axis.profile(A))
    asked_for: list[str] = []

    def ask(name: str) -> str:
        asked_for.append(name)
        return "000000"

    with (
        Client(Profile.load(axis.profile(A)), secrets=ask) as sender,
    ):
        for _ in range(3):
            with pytest.raises(KeyUnusable, match="it was not tried again"):
                sender.send(document(), [pdf], [B])
    assert len(asked_for) == 1


def at_terminal(command: list[str], answer: str) -> tuple[int, str]:
    """Run a command at a terminal where somebody types an answer; exit code and what it shows."""
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        # A terminal that nobody has open any more is an error to read.
        with suppress(OSError):
            while b"PIN" not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, f"{answer}\n".encode())
            while True:
                shown += os.read(ours, 4096)
        code = process.wait(SECONDS)
    os.close(ours)
    return code, shown.decode()


@pytest.mark.parametrize(("pin", "code"), [(pkcs11.PIN, 0), ("000000", 3)])
def test_the_command_line_asks_for_the_pin(
    axis: LocalAxis, hsm: Any, document: MakeDocument, pdf: Path, pin: str, code: int
) -> None:
    profile = axis.profile(A)
    with Client(Profile.load(profile)) as sender:
        package = package_of(sender.send(document(), [pdf], [B]))
    move_to_token(hsm, profile)
    words = ["recall", str(package), "--from", B, "--reason", "nhầm"]
    command = [sys.executable, "-m", "lienthong", "--profile", str(profile), *words]
    found, shown = at_terminal(command, pin)
    assert found == code, shown
    assert shown.count("PIN of the token 'văn thư'") == 1
    assert pin not in shown
    assert ("it was not tried again" in shown) == (code != 0)


def test_an_axis_without_its_token_stops_accepting_until_it_is_back(
    axis: LocalAxis, hsm: Any, document: MakeDocument, pdf: Path, tmp_path: Path, figure: Figure
) -> None:
    """Fail table: HSM down. Stored documents are delivered, nothing new is taken, no restart."""
    away = tmp_path / "away"
    with (
        Client(Profile.load(axis.profile(A)), retry=AT_ONCE) as sender,
        Client(Profile.load(axis.profile(B))) as receiver,
        Party.opened(axis.data / "operator") as operator,
    ):

        def serving() -> bool:
            stub: Any = health_pb2_grpc.HealthStub(operator.channel)
            request = health_pb2.HealthCheckRequest(service=HEALTH_SERVICE)
            answer = stub.Check(request, timeout=SECONDS)
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        first = package_of(sender.send(document(), [pdf], [B]))
        pid = axis.pid
        shutil.move(hsm.folder, away)
        for _ in range(3):
            with pytest.raises(SigningStopped) as caught:
                sender.send(document(), [pdf], [B])
            assert (caught.value.retryable, "token" in str(caught.value)) == (True, False)
        assert waited_for(lambda: not serving())
        assert asked("status", axis.data)["accepting"] is False
        assert fed(receiver) == [first]
        shutil.move(away, hsm.folder)
        assert waited_for(serving)
        second = package_of(sender.send(document(), [pdf], [B]))
        assert fed(receiver) == [first, second]
        assert axis.pid == pid
    figure(
        "S-17",
        wanted="HSM gone: 3 sends refused as UNAVAILABLE, deliveries go on; back: no restart",
        found="3 refused, 1 delivered meanwhile, 1 accepted after the token came back",
    )
    log = axis.log.read_text("utf-8")
    assert "checkpoints cannot be signed" in log
    assert "the checkpoint key signs again" in log
    assert pkcs11.PIN not in log


def test_an_axis_with_a_wrong_pin_ends_so_that_no_supervisor_starts_it_again(
    axis: LocalAxis, tmp_path: Path
) -> None:
    """systemd's RestartPreventExitStatus: each start would cost a try of the PIN."""
    axis.stop()
    (tmp_path / "pin").write_text("000000")
    command = [sys.executable, "-m", "lienthong_node", "serve", str(axis.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    (tmp_path / "pin").write_text(pkcs11.PIN)
    axis.start()
    assert done.returncode == 3
    assert "it was not tried again" in done.stderr
    page = (Path(__file__).parents[2] / "docs/how-to/run-a-node.md").read_text("utf-8")
    assert "RestartPreventExitStatus=3" in page


def test_an_axis_does_not_start_without_its_token(
    axis: LocalAxis, hsm: Any, tmp_path: Path
) -> None:
    from lienthong_node.opening import open_folder

    axis.stop()
    shutil.move(hsm.folder, tmp_path / "away")
    with pytest.raises((KeyUnreachable, KeyUnusable)):
        open_folder(axis.data)
    shutil.move(tmp_path / "away", hsm.folder)
    axis.start()
