"""Build every wheel, install those very files into fresh environments, and try them.

Editable installs prove behaviour; this proves packaging: generated modules, ``py.typed``, the
licence, entry points and declared dependencies. Files are installed by path: by name, an index
could answer with a stranger's package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Final

from install import CONSTRAINTS, ROOT, store
from lock import members

SDK_BRINGS: Final = {
    "attrs", "cattrs", "cryptography", "grpcio", "pluggy", "protobuf",
    # what these bring themselves
    "cffi", "pycparser", "typing-extensions",
}  # fmt: skip

LISTING: Final = """
import json
from importlib.metadata import distributions
print(json.dumps(sorted(d.metadata["Name"].lower().replace("_", "-") for d in distributions())))
"""

SMOKE: Final = """
import sys, lienthong
heavy = {"grpc", "google.protobuf", "cryptography"} & set(sys.modules)
assert not heavy, heavy
from lienthong.plugins import PluginHost, PluginState
broken = [i for i in PluginHost().listing(probe=True) if i.state is not PluginState.READY]
assert not broken, broken
"""


def run(*command: str | Path) -> str:
    print("$", *command, flush=True)
    found = subprocess.run([*map(str, command)], check=False, text=True, stdout=subprocess.PIPE)
    if found.returncode:
        sys.exit(f"{command[0]} ended with {found.returncode}\n{found.stdout}")
    return found.stdout


def build(target: Path) -> dict[str, Path]:
    """One wheel a member, by the name of the distribution."""
    for path in members():
        options = ("--wheel", "--no-isolation", f"--outdir={target}")
        run(sys.executable, "-m", "build", *options, path.parent)
    wheels = {path.name.split("-")[0].replace("_", "-"): path for path in target.glob("*.whl")}
    if len(wheels) != len(members()):
        sys.exit(f"{len(members())} members, but wheels of {sorted(wheels)}")
    return wheels


def check_contents(wheel: Path) -> None:
    """Everything that users need is inside, and nothing that only we need."""
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("/py.typed", "/licenses/LICENSE"):
        if not any(name.endswith(wanted) for name in names):
            sys.exit(f"{wheel.name} has no {wanted}")
    for foreign in ("tests/", "conformance/test_"):
        if any(name.startswith(foreign) for name in names):
            sys.exit(f"{wheel.name} carries {foreign}")
    if wheel.name.startswith("lienthong_proto"):
        for suffix in (".proto", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py"):
            if not any(name.endswith(suffix) for name in names):
                sys.exit(f"{wheel.name} has no {suffix}")


def environment(folder: Path, *wheels: str) -> Path:
    """A fresh environment with these files and their dependencies; returns its programs."""
    venv.create(folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    work = Path(os.environ["TOX_WORK_DIR"])
    run(
        sys.executable, "-m", "pip", f"--python={programs / 'python'}", "install", "--quiet",
        "--no-index", f"--find-links={store(work)}", f"--constraint={CONSTRAINTS}", *wheels,
    )  # fmt: skip
    return programs


def check_sdk(folder: Path, wheels: dict[str, Path]) -> None:
    """The SDK alone brings its six dependencies and nothing else."""
    programs = environment(folder, str(wheels["lienthong-proto"]), str(wheels["lienthong"]))
    installed = set(json.loads(run(programs / "python", "-c", LISTING)))
    surplus = installed - SDK_BRINGS - {"lienthong", "lienthong-proto", "pip", "setuptools"}
    if surplus:
        sys.exit(f"the SDK brings more than it may: {sorted(surplus)}")
    run(programs / "python", "-c", "import lienthong.client")


def check_all(folder: Path, wheels: dict[str, Path]) -> None:
    """Everything together: the commands answer and every plugin loads."""
    sdk = f"{wheels['lienthong']}[cli]"
    others = [str(path) for name, path in wheels.items() if name != "lienthong"]
    programs = environment(folder, sdk, *others)
    run(programs / "python", "-c", SMOKE)
    for command in ("lienthong", "lienthong-node"):
        print(run(programs / command, "--version").strip())
    run(programs / "lienthong", "plugins", "list", "--json")


def main(target: Path) -> None:
    print("members:", *(path.parent.relative_to(ROOT) for path in members()))
    wheels = build(target / "dist")
    for wheel in wheels.values():
        check_contents(wheel)
    check_sdk(target / "sdk", wheels)
    check_all(target / "all", wheels)
    print(f"{len(wheels)} wheels built, installed and tried")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
