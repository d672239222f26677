"""Files that are written whole and durably: also by two at once, and never half."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lienthong.client.synced import write_synced
from lienthong.errors import InvalidValue


def test_who_writes_the_same_file_meanwhile_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sync = tmp_path / "list.der", os.fsync

    def meanwhile(number: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        write_synced(path, b"a list")
        sync(number)

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_synced(path, b"a list")
    assert path.read_bytes() == b"a list"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_full_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    write_synced(path, b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidValue, match="no space"):
        write_synced(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
