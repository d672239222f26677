"""P-04: what is released is signed, and nothing else passes for it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
import release_manifest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from release_manifest import MANIFEST, ReleaseInvalid, describe, sign, verify
from sbom import bill, dump

from lienthong.errors import CheckpointInvalid
from lienthong.evidence.note import VerifierKey, open_note, sign_note
from lienthong.plugins import PluginHost
from lienthong.spi.signer import Signer
from tests.supply.conftest import REQUIREMENTS, ROOT
from tests.tiers import SEED, tier

NAME: Final = "release.lienthong.example"
OTHER: Final = "other.example"


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Signer, Signer]]:
    """The release's key, and somebody else's."""
    folder = tmp_path_factory.mktemp("keys")
    for name in (NAME, OTHER):
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / name).write_bytes(pem)
        (folder / name).chmod(0o600)
    with (
        PluginHost() as host,
        closing(host.open_signer(f"softkey:{folder / NAME}")) as own,
        closing(host.open_signer(f"softkey:{folder / OTHER}")) as other,
    ):
        yield own, other


@pytest.fixture
def release(tmp_path: Path, wheels: dict[str, Path], environment: Path) -> Path:
    """What would be released: wheels, pins and the bill of materials."""
    folder = tmp_path / "release"
    folder.mkdir()
    for path in wheels.values():
        shutil.copy(path, folder)
    shutil.copy(REQUIREMENTS, folder)
    (folder / "sbom.cdx.json").write_text(dump(bill(environment)), "utf-8")
    return folder


@pytest.fixture
def signed(release: Path, signers: tuple[Signer, Signer]) -> tuple[Path, str, VerifierKey]:
    own, _ = signers
    return release, sign(release, NAME, own), VerifierKey.of_signer(NAME, own)


def test_release_is_what_was_signed(
    signed: tuple[Path, str, VerifierKey], wheels: dict[str, Path]
) -> None:
    folder, manifest, key = signed
    (folder / MANIFEST).write_text(manifest, "utf-8")
    names = verify(folder, manifest, key)
    assert "sbom.cdx.json" in names
    assert {name for name in names if name.endswith(".whl")} == {
        one.name for one in wheels.values()
    }


def flip(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(folder.iterdir()))
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def append(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(folder.iterdir()))
    path.write_bytes(path.read_bytes() + b"\n")


def add(folder: Path, rng: random.Random) -> None:
    (folder / f"stranger-{rng.randrange(100)}.whl").write_bytes(b"")


def remove(folder: Path, rng: random.Random) -> None:
    rng.choice(sorted(folder.iterdir())).unlink()


def exchange(folder: Path, rng: random.Random) -> None:
    one, other = rng.sample(sorted(folder.iterdir()), 2)
    spare = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(spare)


def link(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(folder.iterdir()))
    target = folder.parent / "elsewhere"
    path.rename(target)
    path.symlink_to(target)


CHANGES: Final = (flip, append, add, remove, exchange, link)


def refusals(folder: Path, check: Callable[[Path], object], count: int) -> tuple[int, list[str]]:
    """How many altered copies of a release are refused, and which pass."""
    rng, refused, passed = random.Random(SEED), 0, []
    for number in range(count):
        copy = folder.with_name("copy")
        shutil.copytree(folder, copy)
        change = CHANGES[number % len(CHANGES)]
        change(copy, rng)
        try:
            check(copy)
            passed.append(change.__name__)
        except ReleaseInvalid:
            refused += 1
        shutil.rmtree(copy)
    return refused, passed


def test_altered_release_is_refused(signed: tuple[Path, str, VerifierKey], figure: Any) -> None:
    folder, manifest, key = signed
    count = tier(commit=102, nightly=1200)
    refused, passed = refusals(folder, lambda copy: verify(copy, manifest, key), count)
    found = f"{refused} of {count} altered releases refused"
    figure("P-04", wanted="every altered release refused", found=found)
    assert passed == [], f"seed {SEED}"


@pytest.mark.planted("manifest without hashes")
def test_verifier_that_compares_names_only_is_found(signed: tuple[Path, str, VerifierKey]) -> None:
    folder, manifest, key = signed
    listed = {line.split()[-1] for line in open_note(manifest, key).splitlines()[1:]}

    def names_only(copy: Path) -> None:
        if {path.name for path in copy.iterdir()} != listed:
            raise ReleaseInvalid("other names")

    _, passed = refusals(folder, names_only, 2 * len(CHANGES))
    assert {"flip", "append", "exchange"} <= set(passed)


def test_altered_manifest_is_refused(signed: tuple[Path, str, VerifierKey]) -> None:
    folder, manifest, key = signed
    rng = random.Random(SEED)
    for _ in range(100):
        at = rng.randrange(len(manifest))
        sign_there = chr(ord(manifest[at]) ^ 1)
        with pytest.raises((CheckpointInvalid, ReleaseInvalid)):
            verify(folder, manifest[:at] + sign_there + manifest[at + 1 :], key)


def test_manifest_of_another_key_is_refused(
    signed: tuple[Path, str, VerifierKey], signers: tuple[Signer, Signer]
) -> None:
    folder, _, key = signed
    _, other = signers
    with pytest.raises(CheckpointInvalid):
        verify(folder, sign(folder, OTHER, other), key)
    with pytest.raises(CheckpointInvalid):
        verify(folder, sign(folder, NAME, other), key)


@pytest.mark.parametrize(
    "text",
    [
        "checkpoint of something else\n",
        "lienthong release manifest v1\nnonsense\n",
        "lienthong release manifest v1\n" + f"{'0' * 64} 1 a\n" * 2,
        "lienthong release manifest v1\n" + f"{'0' * 64} 1 ../a\n",
    ],
)
def test_signed_text_of_another_form_is_refused(
    tmp_path: Path, signers: tuple[Signer, Signer], text: str
) -> None:
    own, _ = signers
    with pytest.raises(ReleaseInvalid):
        verify(tmp_path, sign_note(text, NAME, own), VerifierKey.of_signer(NAME, own))


@pytest.mark.parametrize("name", [".hidden", "with space.whl", "ngày.whl"])
def test_names_that_cannot_be_listed_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ReleaseInvalid, match="cannot be listed"):
        describe(tmp_path)


def test_empty_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseInvalid, match="nothing to release"):
        describe(tmp_path)


def test_command_signs_and_verifies(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "release.key"
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    key.write_bytes(pem)
    key.chmod(0o600)
    release_manifest.main(["sign", str(release), "--name", NAME, "--key", f"softkey:{key}"])
    verifier = capsys.readouterr().out.splitlines()[-1].rpartition(": ")[2]
    release_manifest.main(["verify", str(release), "--key", verifier])
    signed = len([one for one in release.iterdir() if one.name != MANIFEST])
    assert f"ok: {signed} files" in capsys.readouterr().out
    (release / "requirements.txt").write_text("", "utf-8")
    program = ROOT / "tools" / "release_manifest.py"
    finished = subprocess.run(
        [sys.executable, str(program), "verify", str(release), "--key", verifier],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 1
    assert "refused: requirements.txt is not the file that was signed" in finished.stderr
