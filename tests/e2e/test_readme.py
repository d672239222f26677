"""The README tells the truth: its example runs as printed, its two commands are one line each."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from lienthong_node.local import LocalAxis, free_port

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
B = "000.00.13.H53"
ORGANISATIONS = f"""code,name,level,parent
000.00.00.H53,UBND tỉnh Tây Ninh,1,
{B},Sở Thông tin và Truyền thông,2,000.00.00.H53
"""


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


def test_commands_of_the_operator_run_as_printed(tmp_path: Path) -> None:
    [block] = [block for block in blocks("sh") if "lienthong-node init" in block]
    (tmp_path / "organisations.csv").write_text(ORGANISATIONS, "utf-8")
    *commands, serving = [shlex.split(line, comments=True) for line in block.splitlines()]
    for command in commands:
        finished = operator(tmp_path, command)
        assert finished.returncode == 0, f"{command}: {finished.stderr}"
    assert (tmp_path / "so-tttt" / "profile.toml").exists()
    # The default ports may be in use here.
    with (tmp_path / "DATA" / "node.toml").open("a") as settings:
        settings.write(f'listen = "127.0.0.1:{free_port()}"\nmetrics_listen = ""\n')
    with subprocess.Popen(
        program(serving), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as node:
        assert node.stdout is not None
        line = node.stdout.readline()
        node.terminate()
        _, errors = node.communicate(timeout=60)
    assert line.startswith("serving truc.example on 127.0.0.1:"), errors
    assert node.returncode == 0, errors


def program(command: list[str]) -> list[str]:
    assert command[0] == "lienthong-node"
    return [sys.executable, "-m", "lienthong_node", *command[1:]]


def operator(folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program(command), cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
