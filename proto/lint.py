"""Lint the wire contract with buf, and refuse changes that break programs in use.

``python proto/lint.py`` compares with the definitions of the last release (git tag ``v*``), or
with the frozen image while there is none. ``--freeze`` writes the image anew: only for a contract
that nobody uses yet, or right before a release of a new major version.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PROTO = Path(__file__).parent
ROOT = PROTO.parent
IMAGE = PROTO / "frozen" / "axis-v1.binpb"


def buf(*arguments: str) -> int:
    print("buf", *arguments, flush=True)
    return subprocess.run(["buf", *arguments], cwd=ROOT, check=False).returncode


def last_release() -> str | None:
    """The newest release tag before this commit; None without one, or outside a repository."""
    try:
        found = subprocess.run(
            ["git", "describe", "--tags", "--abbrev=0", "--match=v*"],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


def against() -> str:
    tag = last_release()
    if tag is None:
        return str(IMAGE.relative_to(ROOT))
    return f".git#tag={tag},subdir=proto"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--freeze", action="store_true", help="write the frozen image anew")
    if parser.parse_args().freeze:
        IMAGE.parent.mkdir(exist_ok=True)
        return buf("build", "proto", f"--output={IMAGE}", "--exclude-source-info")
    return buf("lint", "proto") or buf("breaking", "proto", f"--against={against()}")


if __name__ == "__main__":
    sys.exit(main())
