"""A program in another language, with nothing but the definitions and a client certificate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lienthong.client import Client
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document
from lienthong.model.ids import PackageId
from lienthong_node.local import LocalAxis

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/how-to/nodejs"
A = "000.00.00.H53"
B = "000.00.13.H53"
SECONDS = 120

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None,
    reason="Node.js with npm is not installed",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the documentation with its two packages, outside the repository."""
    folder = tmp_path_factory.mktemp("nodejs") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
    installed = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if installed.returncode != 0 and "ENOTFOUND" in installed.stderr + installed.stdout:
        pytest.skip("the npm registry cannot be reached")
    assert installed.returncode == 0, installed.stderr
    return folder / "client.mjs"


def run(program: Path, profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["node", str(program), str(ROOT / "proto/src"), str(profile), *arguments]
    environment = os.environ | {"NODE_NO_WARNINGS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment
    )


def answer(program: Path, profile: Path, *arguments: str) -> dict[str, Any]:
    finished = run(program, profile, *arguments)
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def state_of(client: Client, package_id: PackageId) -> DeliveryState:
    return client.get_package(package_id).deliveries[0].state


def test_what_it_sends_is_accepted_by_the_sdk(
    program: Path, axis: LocalAxis, clients: dict[str, Client], pdf: Path
) -> None:
    sent = answer(program, axis.profile(A), "send", str(pdf), B)
    package_id = PackageId(bytes.fromhex(sent["packageId"]))
    item = next(item for item in clients[B].feed() if item.entry.index == sent["index"])
    assert item.manifest is not None
    assert item.manifest.document.subject == "Văn bản gửi từ Node.js"
    clients[B].accept(package_id, register_number=1)
    assert state_of(clients[A], package_id) is DeliveryState.ACCEPTED


def test_it_accepts_what_the_sdk_sends(
    program: Path, axis: LocalAxis, document: Any, pdf: Path
) -> None:
    profile = axis.profile(B)
    sent: Document = document()
    with Client(axis.profile(A)) as sender:
        receipt = sender.send(sent, [pdf], [B])
        accepted = answer(program, profile, "accept", "125", str(receipt.index))
        package_id = PackageId(bytes.fromhex(accepted["packageId"]))
        assert accepted["subject"] == sent.subject
        assert state_of(sender, package_id) is DeliveryState.ACCEPTED


def test_its_errors_carry_the_stable_code(program: Path, axis: LocalAxis, pdf: Path) -> None:
    refused = run(program, axis.profile(A), "send", str(pdf), "000.00.77.H53")
    assert refused.returncode != 0
    assert "exchange.unknown_recipient" in refused.stderr
