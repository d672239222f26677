"""``lienthong witness``: what people and scripts see, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.testing.journal import MemoryJournal

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

Run = Callable[..., Result]
BODY = DirectoryRecord(
    version=1, subject="organisation", organ_id=OrganId("H53"), change_sha256=Sha256(bytes(32))
)


@pytest.fixture
def key(axis: ScriptedAxis, tmp_path: Path) -> Path:
    path = tmp_path / "axis.key"
    path.write_text(f"{axis.journal.key}\n")
    return path


def grow(axis: ScriptedAxis, size: int) -> None:
    while len(axis.journal) < size:
        axis.journal.commit([BODY])


def rewrite(axis: ScriptedAxis, size: int) -> None:
    signer = axis.journal.signer
    axis.journal = MemoryJournal(signer=signer, clock=lambda: axis.pki.now)
    grow(axis, size)


def test_keeping(axis: ScriptedAxis, as_sender: Run, tmp_path: Path) -> None:
    grow(axis, 3)
    result = as_sender("witness", "keep", tmp_path / "kept.jsonl")
    assert result.exit_code == 0, result.stderr
    assert "kept: axis.test continues its journal, now of 3 entries" in result.stdout
    assert "is kept already" in as_sender("witness", "keep", tmp_path / "kept.jsonl").stdout
    grow(axis, 5)
    found = json.loads(as_sender("witness", "keep", tmp_path / "kept.jsonl", "--json").stdout)
    assert (found["added"], found["kept"], found["size"]) == (True, 2, 5)
    assert len(found["root"]) == 64


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_fork_is_an_error_with_evidence(
    axis: ScriptedAxis, as_sender: Run, run: Run, key: Path, tmp_path: Path, language: str
) -> None:
    grow(axis, 3)
    as_sender("witness", "keep", tmp_path / "kept.jsonl")
    rewrite(axis, 6)
    evidence = tmp_path / "kept.jsonl.fork.json"
    result = as_sender("--lang", language, "witness", "keep", tmp_path / "kept.jsonl")
    assert result.exit_code == 6
    assert "evidence.journal_forked" in result.stderr
    assert str(evidence) in result.stderr
    shown = run("--lang", language, "witness", "verify", evidence, "--axis-key", key)
    assert shown.exit_code == 0, shown.stderr
    assert {"en": "exclude each other", "vi": "loại trừ nhau"}[language] in shown.stdout
    found = json.loads(run("witness", "verify", evidence, "--axis-key", key, "--json").stdout)
    assert (found["kind"], found["conclusive"]) == ("CONTRADICTION", True)


def test_altered_evidence_is_refused(
    axis: ScriptedAxis, as_sender: Run, run: Run, key: Path, tmp_path: Path
) -> None:
    grow(axis, 3)
    as_sender("witness", "keep", tmp_path / "kept.jsonl")
    rewrite(axis, 6)
    evidence = tmp_path / "kept.jsonl.fork.json"
    as_sender("witness", "keep", tmp_path / "kept.jsonl")
    found = json.loads(evidence.read_text())
    evidence.write_text(json.dumps(found | {"newer": found["older"]}))
    result = run("witness", "verify", evidence, "--axis-key", key)
    assert result.exit_code == 6
    assert "evidence.fork_unproven" in result.stderr


def test_comparing_offline(
    axis: ScriptedAxis, as_sender: Run, as_recipient: Run, run: Run, key: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    for size, who, path in ((3, as_sender, one), (5, as_recipient, other), (8, as_sender, one)):
        grow(axis, size)
        assert who("witness", "keep", path).exit_code == 0
    (tmp_path / "cut.jsonl").touch()
    cut = run("witness", "compare", one, tmp_path / "cut.jsonl", "--axis-key", key)
    assert cut.exit_code not in {0, 5}
    open_result = run("witness", "compare", one, other, "--axis-key", key)
    assert open_result.exit_code == 5
    assert "no proof that these lead to the newest, of size 8: 5" in open_result.stdout
    asked = as_sender("witness", "compare", one, other, "--json")
    assert json.loads(asked.stdout) == {
        "agreed": True,
        "checkpoints": 3,
        "size": 8,
        "unproven": [],
    }
    as_recipient("witness", "keep", other)
    assert "all 3 checkpoints are of one history" in run(
        "witness", "compare", one, other, "--axis-key", key
    ).stdout.replace("\n", " ")


def test_comparing_finds_two_histories_offline(
    axis: ScriptedAxis, as_sender: Run, as_recipient: Run, run: Run, key: Path, tmp_path: Path
) -> None:
    grow(axis, 5)
    as_sender("witness", "keep", tmp_path / "one.jsonl")
    rewrite(axis, 5)
    as_recipient("witness", "keep", tmp_path / "other.jsonl")
    files = [tmp_path / "one.jsonl", tmp_path / "other.jsonl"]
    evidence = tmp_path / "chosen.json"
    result = run("witness", "compare", *files, "--axis-key", key, "--evidence", evidence, "--json")
    assert result.exit_code == 6
    assert json.loads(result.stderr)["error"]["facts"]["kind"] == "CONTRADICTION"
    assert run("witness", "verify", evidence, "--axis-key", key).exit_code == 0
    published = tmp_path / "gazette.txt"
    published.write_text(axis.journal.checkpoint + "\n\n")
    assert run("witness", "compare", files[0], published, "--axis-key", key).exit_code == 6
    assert as_sender("witness", "compare", files[0], published, "--offline").exit_code == 6


def test_a_key_is_needed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text("")
    result = run("witness", "compare", tmp_path / "one.jsonl")
    assert result.exit_code == 2
    assert "--axis-key" in result.stderr
