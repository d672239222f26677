"""The main job: plays to its end, and its evidence does not survive the change of any byte."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import BundleInvalid, LienthongError
from lienthong.evidence.bundle import verify_bundle
from lienthong.evidence.note import VerifierKey
from lienthong.pki.chain import TrustAnchors

SHARED = Path(os.environ.get("LIENTHONG_SHARED", Path(__file__).parents[3] / "shared"))
REGULATION = SHARED / "data/documents/52-2019-QD-UBND.pdf"
SAMPLES = 3000
"""Positions of the bundle that are changed, spread over all of it."""


def command(*arguments: str, language: str = "en") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=os.environ | {"LIENTHONG_LANG": language},
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder that a demonstration leaves, and what it says."""
    out = tmp_path_factory.mktemp("demo") / "out"
    finished = command("lienthong_node", "demo", "--json", "--out", str(out))
    assert finished.returncode == 0, finished.stderr
    return out, json.loads(finished.stdout)


def verify(out: Path, bundle: Path) -> subprocess.CompletedProcess[str]:
    keys = ["--axis-key", str(out / "axis.key"), "--anchors", str(out / "anchors.pem")]
    return command("lienthong", "--json", "bundle", "verify", str(bundle), *keys)


def trusted(out: Path) -> tuple[VerifierKey, TrustAnchors]:
    """What a verifier must know beforehand."""
    key = VerifierKey.parse((out / "axis.key").read_text("utf-8").strip())
    return key, TrustAnchors.from_pem((out / "anchors.pem").read_bytes())


def test_timeline_tells_the_whole_life(played: tuple[Path, dict[str, Any]]) -> None:
    out, said = played
    timeline = said["timeline"]
    assert timeline == json.loads((out / "timeline.json").read_text("utf-8"))
    reached = " ".join(step["states"] for step in timeline)
    for state in (
        "B COMPLETED",
        "C REFUSED",
        "D RECALL_PENDING",
        "D RECALLED",
        "B ACCEPTED, B REPLACED",
    ):
        assert state in reached
    indexes = [step["receipt"] for step in timeline]
    assert indexes == sorted(set(indexes))
    assert all(step["time"].endswith("+07:00") for step in timeline)


def test_evidence_verifies_in_a_process_of_its_own(played: tuple[Path, dict[str, Any]]) -> None:
    out, _ = played
    finished = verify(out, out / "evidence.bundle")
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_any_changed_byte_is_found_and_its_part_named(
    played: tuple[Path, dict[str, Any]],
) -> None:
    out, _ = played
    key, anchors = trusted(out)
    whole = (out / "evidence.bundle").read_bytes()
    verify_bundle(io.BytesIO(whole), key, anchors)
    for position in range(0, len(whole), max(1, len(whole) // SAMPLES)):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        with pytest.raises(LienthongError) as found:
            verify_bundle(io.BytesIO(bytes(changed)), key, anchors)
        assert found.value.code == "evidence.bundle_invalid"
        assert found.value.facts["part"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_command_names_the_part_of_a_changed_bundle(
    played: tuple[Path, dict[str, Any]], tmp_path: Path, share: float
) -> None:
    out, _ = played
    changed = bytearray((out / "evidence.bundle").read_bytes())
    changed[int(share * (len(changed) - 1))] ^= 0x20
    bundle = tmp_path / "changed.bundle"
    bundle.write_bytes(changed)
    finished = verify(out, bundle)
    assert finished.returncode != 0
    error = json.loads(finished.stderr)["error"]
    assert error["code"] == "evidence.bundle_invalid"
    assert error["facts"]["part"]


@pytest.mark.parametrize("change", ["cut", "longer", "empty"])
def test_bundle_of_another_length_is_refused(
    played: tuple[Path, dict[str, Any]], change: str
) -> None:
    out, _ = played
    key, anchors = trusted(out)
    whole = (out / "evidence.bundle").read_bytes()
    altered = {"cut": whole[:-1], "longer": whole + b"\0", "empty": b""}[change]
    with pytest.raises(BundleInvalid):
        verify_bundle(io.BytesIO(altered), key, anchors)


def test_another_axis_key_is_not_enough(
    played: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """The proof is against the published key, not against whatever comes with the bundle."""
    out, _ = played
    name = (out / "axis.key").read_text("utf-8").partition("+")[0]
    from lienthong.testing.signer import MemorySigner

    other = VerifierKey.of_signer(name, MemorySigner.checkpoint(bytes(32)))
    anchors = TrustAnchors.from_pem((out / "anchors.pem").read_bytes())
    with pytest.raises(LienthongError):
        verify_bundle(io.BytesIO((out / "evidence.bundle").read_bytes()), other, anchors)


def test_people_get_a_table_and_a_command_to_check_it(tmp_path: Path) -> None:
    out = tmp_path / "bằng chứng"
    finished = command("lienthong_node", "demo", "--out", str(out), language="vi")
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    steps = [line for line in lines if re.match(r" *[0-9]+ +[0-9-]{10} [0-9:]{8}  ", line)]
    timeline = json.loads((out / "timeline.json").read_text("utf-8"))
    assert [int(line.split()[0]) for line in steps] == [step["receipt"] for step in timeline]
    for line, step in zip(steps, timeline, strict=True):
        assert step["time"][:19].replace("T", " ") in line
        assert step["who"] in line
        assert step["what"] in line
        # The columns stand below each other.
        assert line.index(step["who"]) == lines[0].index("cơ quan")
    assert "01/2026/QĐ-UBND   đã được thay thế   từ chối tiếp nhận   đã thu hồi" in [
        re.sub(r"/20[0-9]{2}/", "/2026/", line).rstrip() for line in lines
    ]
    assert "khởi động nút" in finished.stderr
    assert "… B Sở Thông tin và Truyền thông: xử lý xong" in finished.stderr
    assert subprocess.run(shlex.split(lines[-1]), check=False, capture_output=True).returncode == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "anchors.pem",
        "axis.key",
        "evidence.bundle",
        "timeline.json",
    ]


def test_failure_keeps_the_log_of_the_node(tmp_path: Path) -> None:
    bad = tmp_path / "\u202efdp.exe"
    bad.write_bytes(b"x")
    out = tmp_path / "out"
    finished = command("lienthong_node", "demo", "--file", str(bad), "--out", str(out))
    assert finished.returncode == 1
    assert "error[model.invalid_value]" in finished.stderr
    assert f"the node's log is in {out / 'node.log'}" in finished.stderr
    assert (out / "node.log").exists()
    assert finished.stdout == ""


@pytest.mark.skipif(not REGULATION.exists(), reason="the real documents are not here")
def test_a_real_document(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["--file", str(REGULATION), "--out", str(out)]
    finished = command("lienthong_node", "demo", *arguments)
    assert finished.returncode == 0, finished.stderr
    assert "52-2019-QD-UBND" in finished.stdout + finished.stderr
    assert verify(out, out / "evidence.bundle").returncode == 0


def test_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    finished = command("lienthong_node", "demo", "--out", str(tmp_path))
    assert finished.returncode == 1
    assert "config.invalid" in finished.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
