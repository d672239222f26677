"""P-04: a plugin that is not exactly the reviewed one is refused before its code is imported."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.supply import alterations
from tests.tiers import SEED, tier


@pytest.fixture(scope="module")
def spare(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the node's environment, to be altered."""
    folder = tmp_path_factory.mktemp("spare") / "node"
    shutil.copytree(environment, folder, symlinks=True)
    return folder


def altered(environment: Path, count: int, fault: str = "none") -> dict[str, Any]:
    """What the host makes of so many altered plugins."""
    program = alterations.__file__
    assert program is not None
    python = str(environment / "bin" / "python")
    command = [python, "-B", program, str(count), str(SEED), "--planted", fault]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def test_altered_plugins_are_refused(spare: Path, figure: Any) -> None:
    count = tier(commit=110, nightly=2200)
    found = altered(spare, count)
    figure(
        "P-04",
        wanted="every altered or unknown plugin refused before its import",
        found=f"{found['refused']} of {count} alterations refused",
    )
    assert found["others"] == [], f"seed {SEED}"
    assert found["refused"] == count
    assert set(found["untouched"]) == {"ready"}


@pytest.mark.planted("altered plugin loaded")
@pytest.mark.parametrize("fault", ["no-list", "names-only"])
def test_host_that_lets_altered_plugins_in_is_found(spare: Path, fault: str) -> None:
    found = altered(spare, 2 * len(alterations.CHANGES), fault)
    assert found["others"]
    assert any({"ready", "opened"} & set(other["found"]) for other in found["others"])


def node(environment: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(environment / "bin" / "lienthong-node"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_operator_locks_and_checks(environment: Path, tmp_path: Path) -> None:
    data = tmp_path / "node"
    made = node(environment, "init", data, "--axis", "truc.example", "--host", "localhost")
    assert made.returncode == 0, made.stderr
    locked = node(environment, "plugins", "lock", data, "--json")
    assert locked.returncode == 0, locked.stderr
    with (data / "node.toml").open("a", encoding="utf-8") as settings:
        settings.write('plugin_allow_list = "plugins.toml"\n')
    checked = node(environment, "plugins", "check", data, "--json")
    assert json.loads(checked.stdout)["ok"] is True
    text = (data / "plugins.toml").read_text("utf-8")
    for entry in json.loads(locked.stdout)["locked"]:
        assert entry["sha256"] in text
    used = (one for one in json.loads(locked.stdout)["locked"] if "sqlite" in json.dumps(one))
    digest = next(used)["sha256"]
    (data / "plugins.toml").write_text(text.replace(digest, "0" * 64), "utf-8")
    refused = node(environment, "audit", "verify", data, "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stderr)["error"]["code"] == "plugin.not_allowed"
