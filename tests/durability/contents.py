"""A run of the folder blob store as the node makes it, and what must be there after any cut."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from attrs import define, field

from lienthong.errors import DataCorrupt, LienthongError
from lienthong_storage_fs.store import FSBlobStore
from tests.durability.medium import Image, write_image
from tests.durability.recorder import Fault, Killed, Recorder

FOLDER: Final = Path("data", "blobs")
CONTENTS: Final[dict[bytes, bytes]] = {
    hashlib.sha256(value).digest(): value
    for value in (b"content %d " % number * (number * 53 % 230) for number in range(10))
}
HASHES: Final = tuple(CONTENTS)
KEPT, GONE, UNSURE = "kept", "gone", "unsure"
"""What is said of a content: stored for good, deleted for good, or neither yet."""


@define(kw_only=True, eq=False)
class Life:
    """A store that is used, killed and opened again; says every acknowledgement."""

    root: Path
    recorder: Recorder
    chance: random.Random
    kind: type[FSBlobStore] = FSBlobStore
    refused: Callable[[Exception], None] | None = None
    """Called with each error of the store; None: there must be none."""

    store: FSBlobStore = field(init=False)
    _said: dict[bytes, str] = field(factory=dict, init=False)
    _stores: list[FSBlobStore] = field(factory=list, init=False)

    def live(self, uses: int) -> None:
        """Open the store, use it, and close it, unless it is killed."""
        self.open()
        self.use(uses)
        self.store.close()

    def use(self, uses: int) -> None:
        """Make calls as the node does, chosen by chance."""
        kinds = [self.put, self.put, self.upload, self.upload_in_parts, self.delete, self.reopen]
        for _ in range(uses):
            use = self.chance.choice(kinds)
            try:
                use()
            except Exception as error:  # noqa: BLE001 - untyped ones are what is looked for
                self._refuse(error)

    def open_at_last(self, fault: Fault) -> None:
        """Open the store; a node that cannot is started again, when the medium is repaired."""
        try:
            self.open()
        except Exception as error:  # noqa: BLE001 - untyped ones are what is looked for
            self._refuse(error)
            fault.repaired = fault.repaired or fault.lasting
            self.open()

    def open(self) -> None:
        self.store = self.kind(self.root / FOLDER)
        self._stores.append(self.store)

    def end(self) -> None:
        """What the operating system does when it ends a process."""
        self.recorder.end_process()
        for store in self._stores:
            store._writers.shutdown()

    def reopen(self) -> None:
        self.store.close()
        self.open_at_last(self.recorder.fault)

    def say(self, word: str, *hashes: bytes) -> None:
        """Say a word of contents, and remember it."""
        for sha256 in hashes:
            self._said[sha256] = word
            self.recorder.say((word, sha256))

    def begin(self, *hashes: bytes) -> None:
        """From now on contents may be there; those that are kept stay so."""
        self.say(UNSURE, *[sha256 for sha256 in hashes if self._said.get(sha256) != KEPT])

    def put(self) -> None:
        chosen = self.chance.sample(HASHES, self.chance.randrange(1, 5))
        self.begin(*chosen)
        self.store.put([(sha256, CONTENTS[sha256]) for sha256 in chosen])
        self.say(KEPT, *chosen)

    def upload(self) -> None:
        self._publish(self.chance.choice(HASHES), f"{self.chance.randrange(1 << 32):x}")

    def upload_in_parts(self) -> None:
        """Suspend an upload and go on with it."""
        sha256, key = self.chance.choice(HASHES), f"{self.chance.randrange(1 << 32):x}"
        staging = self.store.stage(key)
        try:
            staging.write(CONTENTS[sha256][: len(CONTENTS[sha256]) // 3])
        finally:
            staging.suspend()
        self._publish(sha256, key)

    def _publish(self, sha256: bytes, key: str) -> None:
        self.begin(sha256)
        staging = self.store.stage(key)
        try:
            while piece := CONTENTS[sha256][staging.offset : staging.offset + 1000]:
                staging.write(piece)
        except LienthongError:
            staging.suspend()
            raise
        staging.publish(sha256, len(CONTENTS[sha256]))
        self.say(KEPT, sha256)

    def delete(self) -> None:
        sha256 = self.chance.choice(HASHES)
        self.say(UNSURE, sha256)
        self.store.delete(sha256)
        self.say(GONE, sha256)

    def _refuse(self, error: Exception) -> None:
        if self.refused is None:
            raise error
        self.refused(error)


def live_and_be_killed(life: Life, lives: int, steps: int) -> None:
    """Live several lives, each but the last ended by a kill at a random call."""
    for left in reversed(range(lives)):
        if left:
            life.recorder.kill_after = life.chance.randrange(1, 12 * steps)
        try:
            life.live(steps)
        except Killed:
            life.end()
        life.recorder.kill_after = None


def judge(image: Image, root: Path, target: Path, said: Sequence[object]) -> list[str]:
    """Open what a power cut left, and say what is wrong with it."""
    write_image(image, root, target)
    last = {said_of[1]: said_of[0] for said_of in said if isinstance(said_of, tuple)}
    try:
        with closing(FSBlobStore(target / FOLDER)) as store:
            return [*wrong(store, last), *left_over(store, target / FOLDER)]
    except LienthongError as error:
        return [f"cannot be used: {error}"]


def wrong(store: FSBlobStore, last: dict[object, object]) -> Iterator[str]:
    """Contents that are missing, torn, or there again."""
    shown = set(store.contents())
    for number, (sha256, value) in enumerate(CONTENTS.items()):
        there = store.size(sha256) is not None
        if there != (sha256 in shown):
            yield f"content {number} is there, but not listed, or the other way round"
        if there and not is_whole(store, sha256, value):
            yield f"content {number} is torn"
        if last.get(sha256) == KEPT and not there:
            yield f"content {number} is lost"
        if last.get(sha256) == GONE and there:
            yield f"content {number} was deleted"
    if shown - CONTENTS.keys():
        yield "there are contents that nobody stored"


def is_whole(store: FSBlobStore, sha256: bytes, value: bytes) -> bool:
    try:
        return store.read(sha256) == value
    except DataCorrupt:
        return False


def left_over(store: FSBlobStore, folder: Path) -> Iterator[str]:
    """Files of broken-off writes that the store does not clear away, or that hinder it."""
    store.drop_staging(idle_seconds=-1)
    if files := [*(folder / "tmp").iterdir(), *(folder / "staging").iterdir()]:
        yield f"left over: {files}"
    sha256 = HASHES[-1]
    store.put([(sha256, CONTENTS[sha256])])
    if store.size(sha256) is None:
        yield "does not go on"
