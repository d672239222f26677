"""The page about keys on tokens works as printed, with SoftHSM2."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lienthong.client import Client, Profile
from lienthong_node.local import free_port
from tests.e2e.conftest import NAMES, B, MakeDocument

pkcs11 = pytest.importorskip(
    "lienthong_signer_pkcs11.testing", reason="the plugin lienthong-signer-pkcs11 is not installed"
)

PAGE = (Path(__file__).parents[2] / "docs/how-to/keys-on-tokens.md").read_text("utf-8")
BLOCK = re.compile(r"^```sh\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
OFFICE = "000.00.01.H53"
SERVE = "lienthong-node serve truc\n"
LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def script() -> str:
    """The page's commands, but for installing and serving; with an address of the test's own."""
    installing, *blocks = [match["text"] for match in BLOCK.finditer(PAGE)]
    assert "softhsm2" in installing
    text = "".join(blocks)
    assert text.count(SERVE) == 1
    assert text.count("--metrics ''") == 1
    listen = f"--metrics '' --listen 127.0.0.1:{free_port()}"
    return text.replace(SERVE, "").replace("--metrics ''", listen)


@contextmanager
def served(folder: Path) -> Iterator[None]:
    environment = os.environ | {
        "PATH": PATH,
        pkcs11.CONFIGURATION: str(folder / "softhsm2.conf"),
        "LIENTHONG_NODE_PASSPHRASE_FILE": str(folder / "pin"),
    }
    command = SERVE.split()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as node:
        try:
            assert node.stdout is not None
            assert "serving truc.example" in node.stdout.readline()
            yield
            node.send_signal(signal.SIGTERM)
            assert node.wait(60) == 0
        finally:
            node.kill()


def test_works_as_printed(
    tmp_path: Path, document: MakeDocument, pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := pkcs11.soft_hsm_missing():
        pytest.skip(reason)
    if not Path(LIBRARY).exists():
        pytest.skip(f"SoftHSM2 is not at {LIBRARY}")
    folder = tmp_path / "work"
    folder.mkdir()
    environment = os.environ | {"PATH": PATH}
    adding = f'lienthong-node org add truc {B} "{NAMES[B]}"'
    command = ["bash", "-euo", "pipefail", "-c", f"{script()}\n{adding}"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "office/signing.key").exists()
    monkeypatch.setenv(pkcs11.CONFIGURATION, str(folder / "softhsm2.conf"))
    with served(folder), Client(Profile.load(folder / "office"), secrets=lambda _: "472911") as own:
        own.send(document(OFFICE), [pdf], [B])
