"""P-01: a node is installed from pins with hashes, and from nothing else."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.supply.conftest import REQUIREMENTS, Pip, index_options
from tests.tiers import SEED, tier

BLOCK: Final = re.compile(r"\n(?=\S)")
PIN: Final = re.compile(r"([a-z0-9-]+)==([^\s;\\]+)")
HASH: Final = re.compile(r"(--hash=sha256:)([0-9a-f])")


def blocks() -> list[str]:
    """One text a pinned package: its version, marker and hashes."""
    return BLOCK.split(REQUIREMENTS.read_text("utf-8").strip())


def altered(block: str) -> str:
    """The same package with another first digit in each of its hashes."""
    return HASH.sub(lambda found: found[1] + format((int(found[2], 16) + 1) % 16, "x"), block)


def install(pip: Pip, bare: Path, folder: Path, block: str, *options: str) -> Any:
    """Let pip choose and check what it would install; nothing is written."""
    wanted = folder / "wanted.txt"
    wanted.write_text(block + "\n", "utf-8")
    return pip(
        "install", "--dry-run", "--no-deps", "--only-binary=:all:", *options, *index_options(),
        "--requirement", wanted, python=bare,
    )  # fmt: skip


def refused(finished: Any) -> bool:
    """Whether pip ended because of a hash and of nothing else."""
    text = finished.stdout + finished.stderr
    return finished.returncode != 0 and "DO NOT MATCH THE HASHES" in text


def sample() -> list[str]:
    """Packages to alter; those that only other platforms install are left aside."""
    here = [block for block in blocks() if ";" not in block.partition("\\")[0]]
    count = min(len(here), tier(commit=2, nightly=len(here)))
    return random.Random(SEED).sample(here, count)


def test_everything_installed_is_pinned(
    environment: Path, wheels: dict[str, Path], pip: Pip, figure: Any
) -> None:
    pins = dict(found for block in blocks() for found in PIN.findall(block.partition("\\")[0]))
    listing = pip("list", "--format=json", python=environment / "bin" / "python")
    found = {
        row["name"].lower().replace("_", "-"): row["version"] for row in json.loads(listing.stdout)
    }
    third = {name: version for name, version in found.items() if name not in wheels}
    pinned = {name for name, version in third.items() if pins.get(name) == version}
    share = f"{len(pinned)} of {len(third)} packages pinned by hash"
    figure("P-01", wanted="100 % pinned, wheels only", found=share)
    assert third.keys() - pinned == set()
    assert len(third) > 10


def test_altered_hash_is_refused(pip: Pip, bare: Path, tmp_path: Path, figure: Any) -> None:
    chosen = sample()
    good = install(pip, bare, tmp_path, chosen[0], "--require-hashes")
    assert good.returncode == 0, good.stderr
    caught = [
        block
        for block in chosen
        if refused(install(pip, bare, tmp_path, altered(block), "--require-hashes"))
    ]
    figure("P-01", wanted="an altered hash fails", found=f"{len(caught)} of {len(chosen)} refused")
    assert caught == chosen, f"seed {SEED}"


@pytest.mark.planted("altered hash accepted")
def test_installer_that_looks_at_no_hash_is_found(pip: Pip, bare: Path, tmp_path: Path) -> None:
    block = altered(sample()[0])
    without = " ".join(PIN.findall(block)[0]).replace(" ", "==")
    assert not refused(install(pip, bare, tmp_path, without))


def test_package_without_a_hash_is_refused(pip: Pip, bare: Path, tmp_path: Path) -> None:
    [(name, version), *_] = PIN.findall(sample()[0])
    finished = install(pip, bare, tmp_path, f"{name}=={version}", "--require-hashes")
    assert finished.returncode != 0
    assert "Hashes are required" in finished.stderr


def test_readme_installs_by_hash() -> None:
    readme = (REQUIREMENTS.parent / "README.md").read_text("utf-8")
    [command] = [line for line in readme.splitlines() if "-r requirements.txt" in line]
    for step in command.split("&&"):
        if "pip install" in step:
            assert "--require-hashes" in step or "--no-deps --no-build-isolation ./" in step
