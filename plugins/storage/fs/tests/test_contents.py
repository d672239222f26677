"""Contents: whole, durable, or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import lienthong_storage_fs as plugin
from lienthong.errors import (
    Closed,
    DataCorrupt,
    DataDirectoryInUse,
    DiskFull,
    HashMismatch,
    InvalidValue,
    LienthongError,
    NotFound,
    StoreFailed,
)
from lienthong_storage_fs.address import folder_path
from lienthong_storage_fs.store import FSBlobStore

Opener = Callable[[], FSBlobStore]
Content = tuple[bytes, bytes]


def content(text: str, size: int = 100) -> Content:
    value = (text * size).encode()[:size]
    return hashlib.sha256(value).digest(), value


BATCH = [content(f"văn bản {number} ", 1_000 + number) for number in range(12)]


def path_of(folder: Path, sha256: bytes) -> Path:
    name = sha256.hex()
    return folder / "sha256" / name[:2] / name


def test_batch_with_one_wrong_hash_shows_nothing(store: FSBlobStore, folder: Path) -> None:
    bad = [*BATCH, (BATCH[0][0], b"other")]
    with pytest.raises(HashMismatch):
        store.put(bad)
    assert list(store.contents()) == []
    assert list((folder / "tmp").iterdir()) == []


def test_reads_back_after_reopening(open_store: Opener) -> None:
    store = open_store()
    store.put([*BATCH, content("", 0), BATCH[0]])
    store.close()
    store = open_store()
    assert {*store.contents()} == {sha256 for sha256, _ in [*BATCH, content("", 0)]}
    for sha256, value in [*BATCH, content("", 0)]:
        assert store.size(sha256) == len(value)
        assert store.read(sha256) == value
        assert store.read(sha256, 3, 10) == value[3:13]
        assert store.read(sha256, len(value)) == b""
        assert store.read(sha256, len(value) + 9, 4) == b""


@pytest.mark.parametrize(("offset", "length"), [(-1, None), (0, -1), (-5, 3)])
def test_negative_pieces_are_refused(store: FSBlobStore, offset: int, length: int | None) -> None:
    store.put(BATCH)
    with pytest.raises(InvalidValue):
        store.read(BATCH[0][0], offset, length)


def test_whole_reads_find_damage_and_storing_again_mends_it(
    store: FSBlobStore, folder: Path
) -> None:
    sha256, value = BATCH[3]
    store.put(BATCH)
    path_of(folder, sha256).write_bytes(value[:-1] + b"?")
    for length in (None, len(value), len(value) + 1):
        with pytest.raises(DataCorrupt):
            store.read(sha256, 0, length)
    path_of(folder, sha256).write_bytes(value[:-1])
    with pytest.raises(DataCorrupt):
        store.read(sha256)
    store.put(BATCH)
    assert store.read(sha256) == value


@pytest.mark.parametrize("sha256", [b"", b"\0" * 31, b"\0" * 33, b"../../../../../../etc/passwd"])
def test_hash_is_never_a_path(store: FSBlobStore, sha256: bytes) -> None:
    for call in (store.size, store.read, store.delete):
        with pytest.raises(InvalidValue):
            call(sha256)


def test_strange_files_are_not_contents(store: FSBlobStore, folder: Path) -> None:
    store.put(BATCH[:1])
    home = path_of(folder, BATCH[0][0]).parent
    for name in ("README", "ab" * 31, "zz" * 32, "00" * 32):
        (home / name).write_bytes(b"x")
    assert list(store.contents()) == [BATCH[0][0]]


def test_deletes_and_stores_again(store: FSBlobStore) -> None:
    sha256, value = BATCH[0]
    store.delete(sha256)
    store.put(BATCH)
    store.delete(sha256)
    assert store.size(sha256) is None
    with pytest.raises(NotFound):
        store.read(sha256)
    store.put([(sha256, value)])
    assert store.read(sha256) == value


def test_many_threads_store_the_same(store: FSBlobStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.put(BATCH), range(24)))
    assert sorted(store.contents()) == sorted(sha256 for sha256, _ in BATCH)


def test_second_opener_is_refused(open_store: Opener) -> None:
    store = open_store()
    for _ in range(20):
        with pytest.raises(DataDirectoryInUse):
            open_store()
    store.put(BATCH)
    store.close()
    open_store()


def test_closed_store_refuses_every_call(store: FSBlobStore) -> None:
    store.put(BATCH)
    staging = store.stage("a")
    store.close()
    store.close()
    calls = (
        lambda: store.stage("b"),
        lambda: store.put(BATCH),
        lambda: store.size(BATCH[0][0]),
        lambda: store.read(BATCH[0][0]),
        lambda: list(store.contents()),
        lambda: store.delete(BATCH[0][0]),
        lambda: store.drop_staging(idle_seconds=0),
    )
    for call in calls:
        with pytest.raises(Closed):
            call()
    staging.suspend()


def test_leftovers_of_a_crash_are_collected(open_store: Opener, folder: Path) -> None:
    open_store().close()
    (folder / "tmp" / "7").write_bytes(b"half")
    store = open_store()
    assert list((folder / "tmp").iterdir()) == []
    store.put(BATCH)


def test_names_of_a_killed_process_are_synced_at_opening(
    open_store: Opener, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "sync", lambda: synced.append(True))
    open_store().close()
    open_store().close()
    assert synced == []
    (folder / "lock").write_bytes(b"open\n")
    open_store()
    assert synced == [True]


class Calls:
    """Stands between the store and the operating system: notes calls, fails the n-th."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, str]] = []
        self.fail: tuple[str, int, int] | None = None
        self.left = 0
        self._wrap(monkeypatch, "write", os)
        self._wrap(monkeypatch, "fsync", os)
        self._wrap(monkeypatch, "replace", Path)
        self._wrap(monkeypatch, "mkdir", Path)

    def arm(self, call: str, turn: int, error: int) -> None:
        self.fail, self.left = (call, turn, error), turn

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, name: str, owner: object) -> None:
        true = getattr(owner, name)

        def wrapped(target: int | Path, *args: object, **named: object) -> object:
            where = (
                Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else target
            )
            self.seen.append((name, str(args[0] if name == "replace" else where)))
            self._strike(name)
            return true(target, *args, **named)

        monkeypatch.setattr(owner, name, wrapped)

    def _strike(self, name: str) -> None:
        if self.fail and self.fail[0] == name:
            self.left -= 1
            if self.left == 0:
                error, self.fail = self.fail[2], None
                raise OSError(error, os.strerror(error))


@pytest.fixture
def calls(store: FSBlobStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    with monkeypatch.context() as patch:
        yield Calls(patch)


def test_every_step_is_synced_before_the_next(
    store: FSBlobStore, calls: Calls, folder: Path
) -> None:
    store.put(BATCH)
    names = [str(path_of(folder, sha256)) for sha256, _ in BATCH]
    renames = [i for i, (call, _) in enumerate(calls.seen) if call == "replace"]
    assert sorted(calls.seen[i][1] for i in renames) == sorted(names)
    before = [where for call, where in calls.seen[: renames[0]] if call == "fsync"]
    after = [where for call, where in calls.seen[renames[-1] :] if call == "fsync"]
    assert len([where for where in before if Path(where).parent.name == "tmp"]) == len(BATCH)
    assert {str(Path(name).parent) for name in names} <= set(after)
    assert str(folder / "sha256") in after


def test_folders_are_synced_once_a_batch(store: FSBlobStore, calls: Calls, folder: Path) -> None:
    store.put(BATCH)
    folders = [w for call, w in calls.seen if call == "fsync" and w.startswith(f"{folder}/sha256")]
    assert len(folders) == len(set(folders))


@pytest.mark.parametrize("turn", range(1, 13))
@pytest.mark.parametrize("call", ["write", "fsync", "replace", "mkdir"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_failing_call_is_never_an_acknowledgement(
    store: FSBlobStore, calls: Calls, folder: Path, call: str, turn: int, error: int
) -> None:
    calls.arm(call, turn, error)
    expected = DiskFull if error == errno.ENOSPC and call != "fsync" else StoreFailed
    with pytest.raises(expected):
        store.put(BATCH)
    assert list(store.contents()) == []
    assert all(store.size(sha256) is None for sha256, _ in BATCH)
    assert list((folder / "tmp").iterdir()) == []
    store.put(BATCH)
    assert len(list(store.contents())) == len(BATCH)


def test_failed_sync_of_a_folder_shows_nothing_until_it_is_synced(
    store: FSBlobStore, calls: Calls
) -> None:
    calls.arm("fsync", len(BATCH) + 1, errno.EIO)
    with pytest.raises(StoreFailed):
        store.put(BATCH)
    assert list(store.contents()) == []
    calls.arm("fsync", len(BATCH) + 1, errno.EIO)
    with pytest.raises(StoreFailed, match="again"):
        store.put(BATCH)
    assert list(store.contents()) == []
    calls.seen.clear()
    store.put(BATCH[:1])
    folders = {str(path_of(store._layout.contents.parent, sha256).parent) for sha256, _ in BATCH}
    assert folders <= {where for call, where in calls.seen if call == "fsync"}
    assert list(store.contents()) == [BATCH[0][0]]
    store.put(BATCH)
    assert len(list(store.contents())) == len(BATCH)


def test_failed_sync_of_a_folder_fails_who_names_at_the_same_time(
    store: FSBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system tells one of two that a folder could not be synced."""
    true, failed, go_on = os.fsync, threading.Event(), threading.Event()

    def fsync(descriptor: int) -> None:
        target = Path(f"/proc/self/fd/{descriptor}").readlink()
        if target.parent.name == "sha256" and threading.current_thread().name.startswith("first"):
            go_on.set()
            assert failed.wait(10)
        elif target.parent.name == "sha256":
            raise OSError(errno.EIO, "lost")
        true(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with ThreadPoolExecutor(1, thread_name_prefix="first") as pool:
        first = pool.submit(store.put, BATCH[:1])
        assert go_on.wait(10)
        with pytest.raises(StoreFailed):
            store.put(BATCH[1:])
        with pytest.raises(StoreFailed):
            store.put(BATCH[2:])
        failed.set()
        with pytest.raises(StoreFailed):
            first.result()
    assert list(store.contents()) == []
    monkeypatch.undo()
    store.put(BATCH)
    assert len(list(store.contents())) == len(BATCH)


def test_closing_gives_the_folder_back_whatever_fails(
    open_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int, size: int) -> None:
        raise OSError(errno.EIO, "broken")

    store = open_store()
    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", broken)
        store.close()
    open_store()


def test_leftover_that_cannot_be_removed_is_no_failure(
    open_store: Opener, store: FSBlobStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", broken)
        store.put(BATCH)
    assert len(list(store.contents())) == len(BATCH)
    (folder / "tmp" / "1").write_bytes(b"left")
    store.close()
    open_store()
    assert list((folder / "tmp").iterdir()) == []


def test_full_medium_keeps_what_was_staged(store: FSBlobStore, calls: Calls) -> None:
    sha256, value = content("x", 10_000)
    staging = store.stage("a")
    staging.write(value[:6_000])
    for _ in range(3):
        calls.arm("write", 1, errno.ENOSPC)
        with pytest.raises(DiskFull):
            staging.write(value[6_000:])
        assert staging.offset == 6_000
    staging.suspend()
    staging = store.stage("a")
    assert staging.offset == 6_000
    staging.write(value[6_000:])
    staging.publish(sha256, len(value))
    assert store.read(sha256) == value


def test_part_of_a_chunk_on_a_full_medium_does_not_count(
    store: FSBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256, value = content("y", 10_000)
    staging = store.stage("a")
    true = os.write
    answers = iter([lambda fd, rest: true(fd, bytes(rest)[:1_000]), None])

    def short(descriptor: int, rest: bytes) -> int:
        answer = next(answers)
        if answer is None:
            raise OSError(errno.ENOSPC, "full")
        return answer(descriptor, rest)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", short)
        with pytest.raises(DiskFull):
            staging.write(value)
    assert staging.offset == 0
    staging.write(value)
    staging.publish(sha256, len(value))
    assert store.read(sha256) == value


def test_failed_sync_drops_the_upload(store: FSBlobStore, calls: Calls) -> None:
    sha256, value = content("z", 10_000)
    staging = store.stage("a")
    staging.write(value)
    calls.arm("fsync", 1, errno.EIO)
    with pytest.raises(StoreFailed):
        staging.publish(sha256, len(value))
    assert store.size(sha256) is None
    assert store.stage("a").offset == 0


def test_nothing_is_visible_before_its_folder_is_synced(
    store: FSBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256, value = BATCH[0]
    renamed, go_on = threading.Event(), threading.Event()
    true = Path.replace

    def replace(path: Path, target: Path) -> Path:
        result = true(path, target)
        renamed.set()
        assert go_on.wait(10)
        return result

    monkeypatch.setattr(Path, "replace", replace)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(store.put, [(sha256, value)])
        assert renamed.wait(10)
        assert store.size(sha256) is None
        assert list(store.contents()) == []
        with pytest.raises(NotFound):
            store.read(sha256)
        go_on.set()
        done.result()
    assert store.read(sha256) == value


def test_any_order_of_calls_leaves_whole_contents(open_store: Opener) -> None:
    chance = random.Random(4)
    store = open_store()
    expected: dict[bytes, bytes] = {}
    for _ in range(300):
        sha256, value = chance.choice(BATCH)
        match chance.randrange(4):
            case 0:
                store.put([(sha256, value)])
                expected[sha256] = value
            case 1:
                store.delete(sha256)
                expected.pop(sha256, None)
            case 2:
                assert store.size(sha256) == (len(value) if sha256 in expected else None)
            case _:
                with pytest.raises(LienthongError):
                    store.put([(sha256, value + b"!")])
    assert {name: store.read(name) for name in store.contents()} == expected


@pytest.mark.parametrize("uri", ["fs:", "fs://host/a", "fs:/a?x=1", "sqlite:/a", "fs:/a%00", "/a"])
def test_refuses_addresses_that_are_not_a_folder(uri: str) -> None:
    with pytest.raises(InvalidValue):
        folder_path(uri)


def test_hook_offers_the_store_for_its_scheme_only(folder: Path) -> None:
    factory = plugin.lienthong_blob_store_factory(scheme="fs")
    assert factory is not None
    store = factory(f"fs:{folder}")
    assert store.free_bytes() > 0
    store.close()
    assert plugin.lienthong_blob_store_factory(scheme="s3") is None
    assert plugin.SPI_VERSION == 1
