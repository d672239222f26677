"""Pin every third-party package: constraints.txt for development, requirements.txt for running.

``tox -e lock`` keeps the pins that still fit; ``tox -e lock -- --upgrade`` takes the newest. What
is pinned is what the members' pyproject.toml and the root's dependency groups name. The generator
of the wire contract pins itself, as old as possible (group ``proto``), and is left out.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
REQUIREMENTS = ROOT / "requirements.txt"
OWN = "lienthong"
NODE = "lienthong-node"
SELF_PINNED = {"proto"}
NODE_EXTRAS = {"cli"}
"""Extras that the node asks for."""

COMPILE = (
    "uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11",
    "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
)  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def members() -> list[Path]:
    patterns = read(ROOT / "pyproject.toml")["tool"]["uv"]["workspace"]["members"]
    return sorted(path for pattern in patterns for path in ROOT.glob(f"{pattern}/pyproject.toml"))


def of_node() -> list[Path]:
    """The members that come with a node: itself and what it names, which names no others."""
    paths = {read(path)["project"]["name"]: path for path in members()}
    named = read(paths[NODE])["project"]["dependencies"]
    wanted = {re.split(r"[^\w-]", line)[0] for line in named} | {NODE}
    return [path for name, path in paths.items() if name in wanted]


def third_party(requirements: Iterable[str]) -> set[str]:
    return {line for line in requirements if not line.startswith(OWN)}


def of_members(paths: Iterable[Path], *, extras: set[str] | None = None) -> set[str]:
    """What members need at run time, with all their extras or only these."""
    wanted: set[str] = set()
    for path in paths:
        project = read(path)["project"]
        wanted |= third_party(project["dependencies"])
        for name, extra in project.get("optional-dependencies", {}).items():
            if extras is None or name in extras:
                wanted |= third_party(extra)
    return wanted


def of_groups() -> set[str]:
    groups = read(ROOT / "pyproject.toml")["dependency-groups"]
    return {line for name, lines in groups.items() if name not in SELF_PINNED for line in lines}


def of_building() -> set[str]:
    return {line for path in members() for line in read(path)["build-system"]["requires"]}


def compile_pins(wanted: Iterable[str], target: Path, *options: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "wanted.in"
        source.write_text("\n".join(sorted(wanted)) + "\n", "utf-8")
        arguments = [*COMPILE, *options, f"--output-file={target}", str(source)]
        subprocess.run(arguments, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    compile_pins(of_members(members()) | of_groups() | of_building(), CONSTRAINTS, *upgrade)
    # The node and what it needs, with the build backend, so that `pip install
    # --no-build-isolation` can install the members themselves.
    wanted = of_members(of_node(), extras=NODE_EXTRAS) | of_building()
    options = (f"--constraint={CONSTRAINTS}", "--generate-hashes", "--upgrade")
    compile_pins(wanted, REQUIREMENTS, *options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
