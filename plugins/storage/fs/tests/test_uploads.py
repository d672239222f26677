"""Uploads that are cut off and go on."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.errors import Closed, HashMismatch, InvalidValue, NotFound, SizeMismatch, StoreFailed
from lienthong_storage_fs.store import FSBlobStore

Opener = Callable[[], FSBlobStore]
CHUNK = 4_096
CONTENT = random.Random(13).randbytes(40 * CHUNK + 123)
HASH = hashlib.sha256(CONTENT).digest()


def send(store: FSBlobStore, key: str, stop: int, *, suspend: bool) -> int:
    """Send chunks like a client that is cut off at offset *stop*; returns how much was sent."""
    staging = store.stage(key)
    begin = staging.offset
    while staging.offset + CHUNK <= stop:
        staging.write(CONTENT[staging.offset : staging.offset + CHUNK])
    if suspend:
        staging.suspend()
    return staging.offset - begin


def assert_invisible(store: FSBlobStore) -> None:
    assert store.size(HASH) is None
    assert list(store.contents()) == []
    with pytest.raises(NotFound):
        store.read(HASH)


def test_cut_at_each_of_a_thousand_offsets(open_store: Opener) -> None:
    store = open_store()
    chance = random.Random(1_000)
    for number in range(1_000):
        cut = chance.randrange(len(CONTENT))
        key = f"{number:x}"
        died = number % 20 == 0
        sent = send(store, key, cut, suspend=not died)
        assert_invisible(store)
        if died:  # the node dies without suspending anything
            store.close()
            store = open_store()
            assert_invisible(store)
        staging = store.stage(key)
        assert cut - staging.offset < CHUNK
        assert staging.offset == sent
        staging.write(CONTENT[staging.offset :])
        assert_invisible(store)
        staging.publish(HASH, len(CONTENT))
        assert store.read(HASH) == CONTENT
        store.delete(HASH)
    assert store.drop_staging(idle_seconds=0) == 0


def test_goes_on_over_several_cuts(open_store: Opener) -> None:
    store = open_store()
    for stop in (CHUNK, CHUNK, 9 * CHUNK, 9 * CHUNK + 1, 30 * CHUNK):
        send(store, "a", stop, suspend=True)
    staging = store.stage("a")
    assert staging.offset == 30 * CHUNK
    staging.write(CONTENT[staging.offset :])
    staging.publish(HASH, len(CONTENT))
    assert store.read(HASH) == CONTENT


def test_changed_prefix_is_refused_at_publication(open_store: Opener, folder: Path) -> None:
    store = open_store()
    send(store, "a", 10 * CHUNK, suspend=True)
    staged = folder / "staging" / "a"
    staged.write_bytes(b"\0" + staged.read_bytes()[1:])
    staging = store.stage("a")
    staging.write(CONTENT[staging.offset :])
    with pytest.raises(HashMismatch):
        staging.publish(HASH, len(CONTENT))
    assert_invisible(store)
    assert store.stage("a").offset == 0


@pytest.mark.parametrize("size", [0, len(CONTENT) - 1, len(CONTENT) + 1])
def test_wrong_size_is_refused_and_dropped(store: FSBlobStore, size: int) -> None:
    staging = store.stage("a")
    staging.write(CONTENT)
    with pytest.raises(SizeMismatch):
        staging.publish(HASH, size)
    assert_invisible(store)
    assert store.stage("a").offset == 0


@pytest.mark.parametrize(
    "key", ["", "..", "../a", "a/b", "A", "a\n", "a\0", "g", "a" * 129, "/etc/passwd", "à"]
)
def test_key_is_never_a_path(store: FSBlobStore, folder: Path, key: str) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(InvalidValue):
        store.stage(key)
    assert sorted(folder.rglob("*")) == before


def test_upload_does_not_follow_links(store: FSBlobStore, folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (folder / "staging" / "a").symlink_to(victim)
    with pytest.raises(StoreFailed):
        store.stage("a")
    assert victim.read_bytes() == b"precious"


def test_one_open_upload_a_key(store: FSBlobStore) -> None:
    staging = store.stage("a")
    for _ in range(3):
        with pytest.raises(StoreFailed, match="open already"):
            store.stage("a")
    staging.suspend()
    store.stage("a").suspend()


def test_ended_upload_refuses_every_call(store: FSBlobStore) -> None:
    staging = store.stage("a")
    staging.write(CONTENT)
    staging.publish(HASH, len(CONTENT))
    with pytest.raises(Closed):
        staging.write(b"more")
    with pytest.raises(Closed):
        staging.publish(HASH, len(CONTENT))
    with pytest.raises(Closed):
        staging.suspend()
    assert store.read(HASH) == CONTENT


def test_drops_only_uploads_that_are_idle_long_enough(store: FSBlobStore, folder: Path) -> None:
    for key in ("a1", "a2", "b1"):
        send(store, key, CHUNK, suspend=True)
    is_open = store.stage("c1")
    for key in ("a1", "a2", "c1"):
        os.utime(folder / "staging" / key, (0, 0))
    assert store.drop_staging(idle_seconds=3_600) == 2
    assert store.stage("a1").offset == 0
    assert store.stage("b1").offset == CHUNK
    is_open.write(b"still usable")


def test_two_uploads_of_the_same_content(store: FSBlobStore) -> None:
    first, second = store.stage("a"), store.stage("b")
    for staging in (first, second):
        staging.write(CONTENT)
    first.publish(HASH, len(CONTENT))
    second.publish(HASH, len(CONTENT))
    assert store.read(HASH) == CONTENT
    assert list(store.contents()) == [HASH]


SCRIPT = """
import hashlib, os, sys
from pathlib import Path
from lienthong_storage_fs.store import FSBlobStore
store = FSBlobStore(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    batch = [os.urandom(9_000) for _ in range(5)]
    store.put([(hashlib.sha256(content).digest(), content) for content in batch])
    staging = store.stage(f"{number:x}")
    content = os.urandom(300_000)
    for at in range(0, len(content), 4_096):
        staging.write(content[at : at + 4_096])
    staging.publish(hashlib.sha256(content).digest(), len(content))
    print(*(hashlib.sha256(content).hexdigest() for content in (*batch, content)), flush=True)
    number += 1
"""


def test_killed_process_leaves_whole_contents_only(open_store: Opener, folder: Path) -> None:
    chance = random.Random(9)
    acknowledged: set[str] = set()
    for _ in range(5):
        command = [sys.executable, "-c", SCRIPT, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(2, 25)):
                acknowledged.update(process.stdout.readline().split())
            process.kill()
            acknowledged.update(*map(str.split, process.stdout.read().split("\n")[:-1]))
        acknowledged.discard("ready")
        store = open_store()
        stored = {sha256.hex() for sha256 in store.contents()}
        assert acknowledged <= stored
        for name in stored:
            store.read(bytes.fromhex(name))  # verifies the hash
        assert list((folder / "tmp").iterdir()) == []
        store.close()
    assert acknowledged


def test_upload_that_cannot_be_removed_is_empty_and_not_open(
    store: FSBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a failed sync has lost must not be gone on from, although it can still be read."""

    def broken(*args: object, **named: object) -> None:
        raise OSError(errno.EIO, "broken")

    staging = store.stage("a")
    staging.write(CONTENT)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        patch.setattr(Path, "unlink", broken)
        with pytest.raises(StoreFailed):
            staging.publish(HASH, len(CONTENT))
    again = store.stage("a")
    assert again.offset == 0
    again.write(CONTENT)
    again.publish(HASH, len(CONTENT))
    assert store.read(HASH) == CONTENT
