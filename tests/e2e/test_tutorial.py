"""The tutorial works as printed: its programs and commands, against a real node."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from lienthong_node.local import LocalAxis

PAGE = (Path(__file__).parents[2] / "docs/tutorial/first-document.md").read_text("utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
PROFILES = {
    "ubnd": ("000.00.00.H53", "UBND tỉnh Tây Ninh"),
    "so-tttt": ("000.00.13.H53", "Sở Thông tin và Truyền thông"),
    "so-tc": ("000.00.11.H53", "Sở Tài chính"),
    "so-tp": ("000.00.14.H53", "Sở Tư pháp"),
}
REFUSED = "so-tttt refuse"
"""The one command that is to fail, as the page says."""


def blocks(language: str) -> list[str]:
    return [match["text"] for match in BLOCK.finditer(PAGE) if match["language"] == language]


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "LIENTHONG_LANG": "en"}
    command = ["sh", "-c", line]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_setting_up_names_what_the_test_sets_up() -> None:
    [setup, *_] = blocks("sh")
    for profile, (code, name) in PROFILES.items():
        assert f'lienthong-node org add axis {code} "{name}"\n' in setup
        assert f"lienthong-node credential issue axis {code} --out {profile}\n" in setup


def test_works_as_printed(tmp_path: Path, pdf: Path) -> None:
    axis = LocalAxis.create(tmp_path / "axis", dict(PROFILES.values()), disk_reserve_bytes=0)
    work = tmp_path / "work"
    work.mkdir()
    for profile, (code, _) in PROFILES.items():
        shutil.copytree(axis.profile(code), work / profile)
    shutil.copyfile(pdf, work / "quyet-dinh.pdf")
    for name, program in zip(("send.py", "receive.py"), blocks("python"), strict=True):
        assert f"`{name}`" in PAGE
        (work / name).write_text(program, "utf-8")
    with axis.running():
        for line in [line for block in blocks("sh")[1:] for line in block.strip().splitlines()]:
            finished = run(line, work)
            assert finished.returncode == (1 if REFUSED in line else 0), (line, finished.stderr)
        shown = run("lienthong --profile ubnd show --json $(cat package-id.txt)", work)
    states = {one["recipient"]: one["state"] for one in json.loads(shown.stdout)["deliveries"]}
    assert states == {
        "000.00.13.H53": "ACCEPTED",
        "000.00.11.H53": "REFUSED",
        "000.00.14.H53": "RECALLED",
    }
