"""Install into the running environment from one local store of wheels; tox calls it.

The store is filled once from constraints.txt with whatever index pip is set up to use. After that
no environment touches the network, all of them get the same files, and an install takes a second:
uv, itself from the store, links files where pip would copy them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
BACKEND = ("hatchling", "editables")


def run(*command: str) -> None:
    environment = os.environ | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_CACHE_DIR": str(Path(os.environ["TOX_WORK_DIR"]) / "uv-cache"),
    }
    subprocess.run(command, check=True, env=environment)


def pip(*arguments: str) -> None:
    run(sys.executable, "-I", "-m", "pip", *arguments)


def store(work: Path) -> Path:
    """The wheels of the present constraints for this Python and uv, fetched the first time."""
    tag = f"{sys.implementation.cache_tag}-{sys.platform}".encode()
    digest = hashlib.sha256(tag + CONSTRAINTS.read_bytes()).hexdigest()[:16]
    ready = work / "wheels" / digest
    if not ready.is_dir():
        ready.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ready.parent) as folder:
            print("fetching the wheels of constraints.txt once", flush=True)
            fresh = Path(folder) / "fresh"
            pip("wheel", "--quiet", f"--wheel-dir={fresh}", f"--requirement={CONSTRAINTS}")
            offline = ("--no-index", f"--find-links={fresh}")
            pip("install", "--quiet", *offline, f"--target={fresh / 'tools'}", "uv")
            fresh.rename(ready)
    return ready


def main(arguments: list[str]) -> None:
    wheels = store(Path(os.environ["TOX_WORK_DIR"]))
    common = [
        *(str(wheels / "tools" / "bin" / "uv"), "pip", "install", "--quiet"),
        *("--no-config", "--no-index", f"--find-links={wheels}", f"--python={sys.executable}"),
        f"--constraint={CONSTRAINTS}",
    ]
    if "-e" in arguments:
        # Building in the environment itself saves one environment a member.
        run(*common, *BACKEND)
        common.append("--no-build-isolation")
    run(*common, *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
