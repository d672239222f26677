"""Key files that are exchanged while the node runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lienthong.errors import ConfigInvalid, LienthongError
from lienthong.testing.pki import TestPKI
from lienthong_node.keyfiles import KeyFiles
from lienthong_node.settings import Settings
from node.tests.support import NOW

PKI = TestPKI(NOW)
ANCHORS = PKI.root.pem
MORE = ANCHORS + TestPKI(NOW).root.pem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of signing anchors."""
    (tmp_path / "keys").mkdir()
    path = tmp_path / "keys/signing-anchors.pem"
    path.write_bytes(ANCHORS)
    return path


@pytest.fixture
def keys(tmp_path: Path, file: Path) -> KeyFiles:
    return KeyFiles(tmp_path, Settings(axis="truc.example"))


def test_nothing_new_is_nothing(keys: KeyFiles) -> None:
    assert len(keys.anchors()) == 1
    assert keys.renewed_anchors() is None


def test_a_longer_file_is_taken_up_once(keys: KeyFiles, file: Path) -> None:
    keys.anchors()
    file.write_bytes(MORE)
    renewed = keys.renewed_anchors()
    assert renewed is not None
    assert len(renewed) == 2
    assert keys.renewed_anchors() is None


def test_a_file_with_the_time_and_size_of_the_old_one_is_another_one(
    keys: KeyFiles, file: Path
) -> None:
    keys.anchors()
    state, part = file.stat(), file.with_suffix(".part")
    part.write_bytes(ANCHORS)
    os.utime(part, ns=(state.st_atime_ns, state.st_mtime_ns))
    part.rename(file)
    assert keys.renewed_anchors() is not None


@pytest.mark.parametrize("content", [b"", b" \n", b"no certificate", None])
def test_a_broken_file_changes_nothing_until_it_is_whole(
    keys: KeyFiles, file: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    keys.anchors()
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert keys.renewed_anchors() is None
    assert keys.renewed_anchors() is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    file.write_bytes(MORE)
    assert keys.renewed_anchors() is not None


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_node_does_not_start_with_a_broken_file(
    keys: KeyFiles, file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    with pytest.raises(LienthongError):
        keys.anchors()


def test_a_missing_key_is_named(keys: KeyFiles) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        keys.credentials()
    assert caught.value.facts["key"] == "keys/server.key"
