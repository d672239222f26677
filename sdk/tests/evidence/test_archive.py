"""The canonical ZIP: any tool reads it, and no byte of it can be otherwise."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO, RawIOBase
from pathlib import Path
from zlib import crc32

import pytest

from lienthong.errors import BundleInvalid
from lienthong.evidence.archive import CHUNK_SIZE, ArchiveWriter, read_archive

MEMBERS = {"index.json": b"{}\n", "a/empty": b"", "a/text": b"some text", "b": bytes(1000)}


def archive(members: dict[str, bytes]) -> bytes:
    target = BytesIO()
    writer = ArchiveWriter(target)
    for name, data in members.items():
        writer.add(name, data)
    writer.finish()
    return target.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    return {each.name: each.read(10_000) for each in read_archive(BytesIO(data))}


GOOD = archive(MEMBERS)


def test_members_come_back() -> None:
    assert read(GOOD) == MEMBERS
    assert read(archive({})) == {}


def test_ordinary_tools_open_it() -> None:
    with zipfile.ZipFile(BytesIO(GOOD)) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == MEMBERS


def test_no_byte_can_change() -> None:
    accepted = []
    for at in range(len(GOOD)):
        for mask in (0x01, 0x80, 0xFF):
            altered = GOOD[:at] + bytes([GOOD[at] ^ mask]) + GOOD[at + 1 :]
            try:
                read(altered)
            except BundleInvalid:
                continue
            accepted.append((at, mask))
    assert accepted == []


def test_no_byte_can_be_missing_or_added() -> None:
    for at in range(len(GOOD)):
        for altered in (GOOD[:at], GOOD[:at] + GOOD[at + 1 :], GOOD[:at] + b"\x00" + GOOD[at:]):
            with pytest.raises(BundleInvalid):
                read(altered)
    with pytest.raises(BundleInvalid):
        read(GOOD + b"\x00")


def test_archives_of_other_writers_are_refused() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("index.json", b"{}\n")
    with pytest.raises(BundleInvalid):
        read(target.getvalue())


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all", bytes(200)])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(BundleInvalid):
        read(data)


def test_a_member_beyond_its_limit_is_not_read_into_memory() -> None:
    with pytest.raises(BundleInvalid, match="limit is 10"):
        [each.read(10) for each in read_archive(BytesIO(GOOD))]


def test_a_skipped_member_is_still_checked() -> None:
    assert [each.name for each in read_archive(BytesIO(GOOD))] == list(MEMBERS)
    at = GOOD.index(b"some text")
    altered = GOOD[:at] + b"S" + GOOD[at + 1 :]
    with pytest.raises(BundleInvalid, match="a/text"):
        [each.name for each in read_archive(BytesIO(altered))]


def test_a_content_that_changes_while_it_is_written_is_refused() -> None:
    writer = ArchiveWriter(BytesIO())
    with pytest.raises(BundleInvalid, match="changed"):
        writer.add_stream("a", lambda: BytesIO(b"other"), size=4, crc=crc32(b"some"))


class Zeros(RawIOBase):
    """Many zeros that need no memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        count = min(len(view), self.left)
        view[:count] = bytes(count)
        self.left -= count
        return count


def test_memory_stays_flat_for_large_members(tmp_path: Path) -> None:
    size = 48 * 1024 * 1024
    crc = 0
    for _ in range(size // CHUNK_SIZE):
        crc = crc32(bytes(CHUNK_SIZE), crc)
    path = tmp_path / "large.zip"
    tracemalloc.start()
    try:
        with path.open("wb") as target:
            writer = ArchiveWriter(target)
            writer.add_stream("large", lambda: Zeros(size), size=size, crc=crc)  # type: ignore[arg-type, return-value]
            writer.finish()
        with path.open("rb") as source:
            total = sum(len(chunk) for each in read_archive(source) for chunk in each.chunks)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == size
    assert peak < 4 * 1024 * 1024
