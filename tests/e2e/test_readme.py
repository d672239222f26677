"""The README tells the truth: its example runs as printed, its two commands are one line each."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from lienthong_node.local import LocalAxis

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
B = "000.00.13.H53"


def blocks(language: str) -> list[str]:
    return [match["text"] for match in BLOCK.finditer(README) if match["language"] == language]


def test_example_runs_as_printed(axis: LocalAxis, pdf: Path, tmp_path: Path) -> None:
    [example] = blocks("python")
    work = tmp_path / "work"
    work.mkdir()
    shutil.copytree(axis.profile(B), work / "so-tttt")
    shutil.copyfile(pdf, work / "decision.pdf")
    (work / "example.py").write_text(example, "utf-8")
    finished = subprocess.run(
        [sys.executable, "example.py"],
        cwd=work,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert re.fullmatch(r"sent, receipt \d+", lines[0])
    assert any(line.endswith("PackageRecord") for line in lines[1:])


def test_example_has_about_twenty_lines() -> None:
    [example] = blocks("python")
    assert len(example.strip().splitlines()) <= 24


def test_two_commands_are_one_line_each_and_name_what_exists() -> None:
    commands = [block for block in blocks("sh") if block.startswith("python3 -m venv")]
    assert len(commands) == 2
    for command in commands:
        assert len(command.strip().splitlines()) == 1
        for path in re.findall(r"(?:-r|-c) (\S+)|\s(\./\S+)", command):
            name = next(filter(None, path))
            assert (ROOT / name).exists(), name
    assert "lienthong-node demo" in commands[0]
    assert "bin/tox" in commands[1]
